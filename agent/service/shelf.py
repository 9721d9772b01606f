"""The open collections of all tenants.

A tenant is a home of its own. Its collections, and with them record, indexes, links, names, caches and uploads, lie in
folders that no path of another tenant leads to, so that no filter has to keep them apart.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, cast

from ...core.errors import CallerError
from ...core.settings import Settings
from ...encoders import Encoder
from ...retrieval.retriever import MultiRetriever
from ...store.collection import Collection, NoCollection, WrongEmbedder, delete, names
from ...store.location import RECORD, Options, folder_of
from ...tools.catalogue import Catalogue, holds_tools
from ..agent import Agent
from ..selection import ToolSelector
from .keys import DEFAULT, home_of

Profile = Literal["fast", "quality", "auto"]
#: collections that stay open while nobody asks them; each holds its vectors in memory
KEPT = 32
#: agents that stay ready: a few hundred bytes each, but one that may ask a language model has a file open
AGENTS = 256


class ShelfItem(Protocol):
    """Something that is open."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(slots=True)
class Held:
    """Something open, and how many requests use it; `idle` is set while none does."""

    thing: ShelfItem
    users: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class AgentWish:
    """How a question is to be searched for; what is None is as the server's settings say."""

    profile: Profile | None = None
    hops: int | None = None
    stop: str | None = None

    def over(self, settings: Settings) -> Settings:
        """Return the settings with what is wished."""
        named = {"profile": self.profile, "max_hops": self.hops, "stop": self.stop}
        return settings.model_copy(update={name: value for name, value in named.items() if value is not None})


@dataclass(frozen=True, slots=True)
class ShelfPlace:
    """Where a collection of a tenant is; a catalogue of tools is opened otherwise than a collection of documents."""

    tenant: str
    name: str
    tools: bool = False


class Shelf:
    """Opens what is asked for, keeps it open, and shares it between requests. Used in one event loop.

    Args:
        quiet: waits until the threads have done what they are at; nothing is closed that one of them may still read.
    """

    def __init__(self, settings: Settings, embedder: Encoder, quiet: Callable[[], Awaitable[None]]) -> None:
        self.settings, self.embedder, self._quiet = settings, embedder, quiet
        self._closing: set[asyncio.Task[None]] = set()
        self._held: OrderedDict[ShelfPlace, Held] = OrderedDict()
        self._opening: dict[ShelfPlace, asyncio.Lock] = {}
        self._agents: OrderedDict[tuple[tuple[ShelfPlace, ...], AgentWish], Agent] = OrderedDict()

    def home(self, tenant: str) -> Path:
        """Return the folder of a tenant's collections."""
        return home_of(self.settings.home, tenant)

    def names(self, tenant: str) -> list[str]:
        """Return the names of a tenant's collections, sorted."""
        return names(self.home(tenant))

    @asynccontextmanager
    async def collection(self, tenant: str, name: str, *, create: bool = False) -> AsyncIterator[Collection]:
        """Lend a collection; with `create` a missing one is made.

        Raises:
            NoCollection: where there is none.
            OperatorError: where it cannot be opened.
        """
        async with self._lent(ShelfPlace(tenant, name), self._create if create else self._open) as thing:
            yield cast(Collection, thing)

    @asynccontextmanager
    async def documents(self, tenant: str, name: str, *, create: bool = False) -> AsyncIterator[Collection]:
        """Lend a collection of documents, to be written to.

        Raises:
            CallerError: for a catalogue of tools.
        """
        async with self.collection(tenant, name, create=create) as collection:
            if await asyncio.to_thread(holds_tools, collection.record, empty=False):
                raise CallerError(f"collection {name!r} holds tools; `polyhop tools` writes to it")
            yield collection

    @asynccontextmanager
    async def tools(self, tenant: str, name: str) -> AsyncIterator[ToolSelector]:
        """Lend the selector of a catalogue.

        Raises:
            NoCollection: where there is none.
            CallerError: for a collection of documents.
        """
        async with self._lent(ShelfPlace(tenant, name, tools=True), self._open_tools) as thing:
            yield cast(ToolSelector, thing)

    @asynccontextmanager
    async def agent(self, tenant: str, collections: Sequence[str], wish: AgentWish) -> AsyncIterator[Agent]:
        """Lend an agent over collections.

        Raises:
            NoCollection: for one that is not there.
            CallerError: for collections of different embedders.
        """
        key = tuple(ShelfPlace(tenant, name) for name in dict.fromkeys(collections)), wish
        async with AsyncExitStack() as stack:
            lent = [await stack.enter_async_context(self.collection(tenant, place.name)) for place in key[0]]
            if key not in self._agents:
                agent = await asyncio.to_thread(self._agent, tenant, lent, wish)
                self._agents.setdefault(key, agent)
            self._agents.move_to_end(key)
            while len(self._agents) > AGENTS:  # its collections and its replies stay open for those who use it
                self._agents.popitem(last=False)
            yield self._agents[key]

    async def delete(self, tenant: str, name: str) -> None:
        """Delete a collection once nobody uses it.

        Raises:
            NoCollection: where there is none.
            LockedError: where another process has it.
        """
        async with AsyncExitStack() as stack:
            for tools in (False, True):
                place = ShelfPlace(tenant, name, tools)
                await stack.enter_async_context(self._lock(place))
                await self._let_go(place)
            if not self._there(ShelfPlace(tenant, name)):
                raise _missing(name)
            options = Options(index=self.settings.index, lease=True)
            await asyncio.to_thread(delete, self.home(tenant), name, options=options)

    async def close(self) -> None:
        """Close everything; nobody may use it any more."""
        for place in list(self._held):
            await self._let_go(place)
        await asyncio.gather(*self._closing)
        for agent in self._agents.values():
            agent.close()

    @asynccontextmanager
    async def _lent(self, place: ShelfPlace, opening: Callable[[ShelfPlace], ShelfItem]) -> AsyncIterator[ShelfItem]:
        if opening != self._create and not self._there(place):
            raise _missing(place.name)
        async with self._lock(place):
            held = self._held.get(place)
            if held is None:
                held = self._held[place] = Held(await asyncio.to_thread(opening, place))
            self._held.move_to_end(place)
            held.users += 1
            held.idle.clear()
        try:
            yield held.thing
        finally:
            held.users -= 1
            if not held.users:
                held.idle.set()
            self._close_some()

    def _lock(self, place: ShelfPlace) -> asyncio.Lock:
        return self._opening.setdefault(place, asyncio.Lock())

    async def _let_go(self, place: ShelfPlace) -> None:
        """Close a collection once nobody uses it; nobody new comes, for its lock is held or the server ends."""
        held = self._held.get(place)
        if held is None:
            return
        if held.users:
            await held.idle.wait()
        await self._close(place, self._held.pop(place))

    def _close_some(self) -> None:
        """Close those that were asked for the longest ago, where too many are open."""
        spare = [place for place, held in self._held.items() if not held.users and not self._lock(place).locked()]
        for place in spare[: max(0, len(self._held) - KEPT)]:
            closing = asyncio.ensure_future(self._close(place, self._held.pop(place)))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _close(self, place: ShelfPlace, held: Held) -> None:
        agents = [self._agents.pop(key) for key in [one for one in self._agents if place in one[0]]]
        await self._quiet()
        for agent in agents:
            agent.close()
        held.thing.close()

    def _there(self, place: ShelfPlace) -> bool:
        return (folder_of(self.home(place.tenant), place.name) / RECORD).is_file()

    def _options(self) -> Options:
        chosen = self.settings
        return Options(
            index=chosen.index,
            embedder=chosen.embedder,
            query_transform=chosen.query_transform,
            chunk_tokens=chosen.chunk_tokens or 0,
            lazy=True,
            lease=True,
        )

    def _open(self, place: ShelfPlace) -> ShelfItem:
        if not self._there(place):  # deleted while this request waited
            raise _missing(place.name)
        home, options = self.home(place.tenant), self._options()
        try:
            # That of the settings is loaded once for all collections.
            return Collection.open(home, place.name, embedder=self.embedder, options=options)
        except WrongEmbedder:
            return Collection.open(home, place.name, options=options)

    def _create(self, place: ShelfPlace) -> ShelfItem:
        if self._there(place):
            return self._open(place)
        return Collection.create(self.home(place.tenant), place.name, embedder=self.embedder, options=self._options())

    def _open_tools(self, place: ShelfPlace) -> ShelfItem:
        if not self._there(place):
            raise _missing(place.name)
        return ToolSelector(Catalogue.open(self.home(place.tenant), place.name, options=self._options()))

    def _agent(self, tenant: str, lent: Sequence[Collection], wish: AgentWish) -> Agent:
        # The replies of language models are kept for each tenant by itself.
        cache = self.settings.cache if tenant == DEFAULT else self.home(tenant) / "_cache"
        chosen = wish.over(self.settings).model_copy(update={"cache": cache})
        return Agent(lent[0] if len(lent) == 1 else MultiRetriever(lent), settings=chosen)


def _missing(name: str) -> NoCollection:
    return NoCollection(f"there is no collection {name!r}")
