"""Resources and prompts of the MCP servers behind a proxy, as those of one server."""

from __future__ import annotations

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from ...core.errors import CallerError
from ...core.logs import get_logger
from ...tools.follow import Follower
from ...tools.importers.mcp import ServerConnection
from .search import NotOffered

if TYPE_CHECKING:
    from mcp_types import (
        GetPromptResult,
        ListPromptsResult,
        ListResourcesResult,
        ListResourceTemplatesResult,
        ReadResourceResult,
    )

log = get_logger(__name__)
#: rows of a page, rows taken of one server, and pages asked of it
PAGE, MOST, PAGES = 200, 5_000, 100
#: seconds for which what was listed counts, and that a server may take to list
KEPT, SECONDS = 30.0, 10.0
#: an address that says whose it is, for one that several servers have
OWN = "polyhop-proxy://"
#: servers that a message names
NAMED = 8
_EXPRESSION = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A resource, a template or a prompt, and the owner of its server; `names` are all that patterns may mean."""

    owner: str
    row: Any
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return what it is asked for by: an address, a template or a name."""
        return self.names[0]


class ServerListings:
    """Lists what all servers have, and asks the right one.

    An address is shown as its server has it; one that several servers have is shown behind the name of each, as
    `polyhop-proxy://SERVER/ADDRESS`, which is understood for every address. Prompts are called `SERVER/NAME`. A server
    that is away or slow has none.

    Args:
        servers: their names by their owners.
        shows: says whether something of a server's that bears some names may be shown.
        everything: whether nothing is denied; only then an address is passed on that no server lists, since it may be
            another word for one that is denied.
        seconds: that a reading may take.
    """

    def __init__(
        self,
        follower: Follower,
        servers: Mapping[str, str],
        shows: Callable[[str, Sequence[str]], bool],
        *,
        everything: bool,
        seconds: float,
    ) -> None:
        self._follower, self._servers, self._shows, self._seconds = follower, servers, shows, seconds
        self._everything = everything
        self._kept: dict[str, tuple[float, list[ListedRow]]] = {}

    async def resources(self, cursor: str | None) -> ListResourcesResult:
        """Return a page of the resources.

        Raises:
            CallerError: for what is no cursor.
        """
        from mcp_types import ListResourcesResult

        shown = self._addressed(await self._visible("resources", anew=not cursor))
        rows = [one.row.model_copy(update={"uri": address}) for address, one in shown]
        page, following = _page(rows, cursor)
        return ListResourcesResult(resources=page, next_cursor=following)

    async def templates(self, cursor: str | None) -> ListResourceTemplatesResult:
        """Return a page of the templates of addresses.

        Raises:
            CallerError: for what is no cursor.
        """
        from mcp_types import ListResourceTemplatesResult

        shown = self._addressed(await self._visible("resource_templates", anew=not cursor))
        rows = [one.row.model_copy(update={"uri_template": address}) for address, one in shown]
        page, following = _page(rows, cursor)
        return ListResourceTemplatesResult(resource_templates=page, next_cursor=following)

    async def prompts(self, cursor: str | None) -> ListPromptsResult:
        """Return a page of the prompts.

        Raises:
            CallerError: for what is no cursor.
        """
        from mcp_types import ListPromptsResult

        rows = [
            one.row.model_copy(update={"name": self._called(one)})
            for one in await self._visible("prompts", anew=not cursor)
        ]
        page, following = _page(rows, cursor)
        return ListPromptsResult(prompts=page, next_cursor=following)

    async def read(self, address: str) -> ReadResourceResult:
        """Read a resource of the server that has it.

        Raises:
            NotOffered: where none has it, or several, or it may not be shown.
            MCPError: as the server says it.
        """
        owner, own = await self._whose(address)

        async def work(link: ServerConnection) -> ReadResourceResult:
            return await link.client.session.read_resource(own)

        result: ReadResourceResult = await self._asked(owner, work)
        return result

    async def prompt(self, name: str, arguments: Mapping[str, str] | None) -> GetPromptResult:
        """Return a prompt of the server that has it.

        Raises:
            NotOffered: where none has it, or several.
            MCPError: as the server says it.
        """
        rows = await self._visible("prompts", anew=False)
        meant = [one for one in rows if self._called(one) == name] or [one for one in rows if one.name == name]
        owner = self._one({one.owner for one in meant}, f"prompt {name!r:.200}", lambda server: f"{server}/{name}")
        own = meant[0].name

        async def work(link: ServerConnection) -> GetPromptResult:
            return await link.client.session.get_prompt(own, dict(arguments or {}))

        result: GetPromptResult = await self._asked(owner, work)
        return result

    async def _whose(self, address: str) -> tuple[str, str]:
        """Return the owner of the server that is meant, and the address as that one has it."""
        rows, templates = await self._rows("resources", anew=False), await self._rows("resource_templates", anew=False)
        own, owners = address, set(self._servers)
        if address.startswith(OWN):
            server, _, rest = address.removeprefix(OWN).partition("/")
            own, owners = unquote(rest), {owner for owner, name in self._servers.items() if name == unquote(server)}
        else:
            has = {one.owner for one in rows if one.name == own and self._may(one)}
            has = has or {one.owner for one in templates if _made_of(one.name, own) and self._may(one)}
            owners = has or (owners if len(owners) == 1 else set())
        owner = self._one(owners, f"resource {address!r:.200}", lambda server: _qualified(server, own))
        known = [one for one in rows if one.owner == owner and one.name == own]
        known = known or [one for one in templates if one.owner == owner and _made_of(one.name, own)]
        shown = all(self._shows(owner, (*one.names, own)) for one in known) if known else self._everything
        if not shown:
            raise NotOffered(f"there is no resource {address!r:.200}; list what there is")
        return owner, own

    def _one(self, owners: set[str], what: str, qualified: Callable[[str], str]) -> str:
        if len(owners) == 1:
            return owners.pop()
        if owners:
            names = ", ".join(repr(qualified(self._servers[owner])) for owner in sorted(owners)[:NAMED])
            raise NotOffered(f"{len(owners)} servers have the {what}; ask for one of {names}")
        raise NotOffered(f"there is no {what}; list what there is")

    async def _asked(self, owner: str, work: Callable[[ServerConnection], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(self._seconds):
            result = await asyncio.wrap_future(self._follower.ask(owner, work))
        return result.model_copy(update={"meta": unstamped(result.meta)})

    async def _visible(self, what: str, *, anew: bool) -> list[ListedRow]:
        return [one for one in await self._rows(what, anew=anew) if self._may(one)]

    def _may(self, one: ListedRow) -> bool:
        return self._shows(one.owner, one.names)

    async def _rows(self, what: str, *, anew: bool) -> list[ListedRow]:
        """Return what all servers have, the hidden with it; lists that are younger than `KEPT` do unless `anew`."""
        at, rows = self._kept.get(what, (0.0, []))
        if anew or time.monotonic() - at > KEPT or not at:
            lists = await asyncio.gather(*(self._listed(owner, what) for owner in self._servers))
            rows = [one for some in lists for one in some]
            self._kept[what] = time.monotonic(), rows
        return rows

    async def _listed(self, owner: str, what: str) -> list[ListedRow]:
        async def work(link: ServerConnection) -> list[Any]:
            return await _all_pages(link, what)

        try:
            async with asyncio.timeout(SECONDS):
                found = await asyncio.wrap_future(self._follower.ask(owner, work))
        except Exception as error:  # it is away, is slow, has none, or breaks the protocol
            log.debug("mcp proxy", server=self._servers[owner], lists=what, error=repr(error))
            return []
        return [ListedRow(owner, row, _names(row, what)) for row in found]

    def _addressed(self, rows: Iterable[ListedRow]) -> list[tuple[str, ListedRow]]:
        """Return what each is shown as: its own address where that is one server's alone."""
        owners: dict[str, dict[str, ListedRow]] = defaultdict(dict)
        for one in rows:
            owners[one.name].setdefault(one.owner, one)
        return [
            (own if len(has) == 1 else _qualified(self._servers[owner], own), one)
            for own, has in owners.items()
            for owner, one in has.items()
        ]

    def _called(self, one: ListedRow) -> str:
        return f"{self._servers[one.owner]}/{one.name}"


async def _all_pages(link: ServerConnection, what: str) -> list[Any]:
    from mcp_types import PaginatedRequestParams

    asked = getattr(link.client.session, f"list_{what}")
    rows: list[Any] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await asked(params=PaginatedRequestParams(cursor=cursor))
        rows += getattr(page, what)
        cursor = page.next_cursor
        if cursor is None or len(rows) >= MOST:
            break
    return rows[:MOST]


def unstamped(meta: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return what a server says of a result, without what its SDK says of the server."""
    kept = {name: value for name, value in (meta or {}).items() if not name.startswith("io.modelcontextprotocol/")}
    return kept or None


def _names(row: Any, what: str) -> tuple[str, ...]:
    address = {"resources": "uri", "resource_templates": "uri_template"}.get(what)
    return (str(getattr(row, address)), row.name) if address else (row.name,)


def _qualified(server: str, address: str) -> str:
    return f"{OWN}{quote(server, safe='')}/{quote(address, safe='{}')}"


def _made_of(template: str, address: str) -> bool:
    """Say whether an address may be one of a template, whose fixed parts must stand in it; without a scheme none is.

    A template comes from whoever runs a server: this takes no longer than the two are long.
    """
    first, *rest = _EXPRESSION.split(template)
    if not rest or ":" not in first or not address.startswith(first):
        return False
    at = len(first)
    for part in rest[:-1]:
        at = address.find(part, at) + len(part)
        if at < len(first) + len(part):
            return False
    return address.endswith(rest[-1]) and len(address) - len(rest[-1]) >= at


def _page(rows: Sequence[Any], cursor: str | None) -> tuple[list[Any], str | None]:
    if cursor and not (cursor.isdecimal() and cursor.isascii() and len(cursor) < 10):
        raise CallerError("the cursor is none of this server's; list from the start, without one")
    begin = int(cursor or 0)
    end = begin + PAGE
    return list(rows[begin:end]), str(end) if end < len(rows) else None
