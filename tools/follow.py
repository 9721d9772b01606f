"""Keeping a catalogue in step with MCP servers, as long as they run."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from ..core.errors import PolyhopError
from ..core.logs import get_logger
from .catalogue import Catalogue
from .importers.mcp import McpServer, ServerConnection, connected
from .importers.role import SourceAway, Tools
from .tool import Note, SyncReport, Tool

log = get_logger(__name__)
T = TypeVar("T")

CONNECTING, IN_STEP, AWAY, GIVEN_UP = "connecting", "in step", "away", "given up"
SETTLE = 0.2
# Doublings of a pause; more would leave the range of a float, and any longest pause is met before.
DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try: tries that fail in a row, and seconds of the first and the longest pause.

    A connection that held for `steady` seconds makes the count begin anew. `every` is how often a list is read again
    without being told to, for servers that change and do not say so.
    """

    tries: int = 6
    pause: float = 0.5
    longest: float = 30.0
    steady: float = 30.0
    every: float = 300.0

    def after(self, failed: int) -> float:
        """Return the seconds to pause after so many tries that failed in a row, however many these are."""
        return min(self.longest, self.pause * 2.0 ** min(max(0, failed - 1), DOUBLINGS))


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The status of a server: its state, why, and what the last sync did."""

    owner: str
    state: str = CONNECTING
    reason: str = ""
    syncs: int = 0
    report: SyncReport | None = None


class Follower:
    """Reads servers again whenever they say that their tools changed, in a thread of its own.

    A server that dies is connected to again, with growing pauses and only so often; one that hangs holds up nobody.
    Its tools stay in the catalogue meanwhile. It is a context manager. `accepts` says which tools are taken at all.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        servers: Sequence[McpServer],
        *,
        patience: Patience | None = None,
        accepts: Callable[[Tool], bool] | None = None,
    ) -> None:
        # Modules that import each other cannot be loaded by two threads at once.
        import mcp  # noqa: F401

        self._catalogue = catalogue
        self._patience = patience or Patience()
        self._accepts = accepts
        self._links: dict[str, ServerConnection] = {}
        self._statuses = {server.owner: ServerStatus(server.owner) for server in servers}
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task[None]] = []
        self._thread = threading.Thread(target=self._run, args=(list(servers),), name="polyhop follower", daemon=True)
        self._thread.start()

    @property
    def statuses(self) -> tuple[ServerStatus, ...]:
        """Return the status of each server."""
        with self._news:
            return tuple(self._statuses.values())

    def wait(self, seconds: float, *, syncs: int = 1) -> bool:
        """Wait until each server was read so often, or is given up; return whether that is so."""
        with self._news:
            return self._news.wait_for(lambda: all(_done(one, syncs) for one in self._statuses.values()), seconds)

    def wait_until_tried(self, seconds: float) -> bool:
        """Wait until each server was read or failed once; return whether that is so."""
        with self._news:
            return self._news.wait_for(lambda: all(one.state != CONNECTING for one in self.statuses), seconds)

    def ask(self, owner: str, work: Callable[[ServerConnection], Awaitable[T]]) -> Future[T]:
        """Do something over the connection to a server, beside the following, and return what will come of it.

        Raises:
            SourceAway: through the future, while there is no connection.
        """

        async def asked() -> T:
            link = self._links.get(owner)
            if link is None:
                reason = self._statuses[owner].reason if owner in self._statuses else "it is not followed"
                raise SourceAway(reason or f"MCP server {owner!r} is not connected yet; try again in a moment")
            return await work(link)

        return asyncio.run_coroutine_threadsafe(asked(), self._loop)

    def close(self) -> None:
        """Leave the servers; closing twice does no harm."""
        if self._thread.is_alive():
            with suppress(RuntimeError):  # the loop may end at this very moment
                self._loop.call_soon_threadsafe(self._cancel)
            self._thread.join(30)

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _run(self, servers: Sequence[McpServer]) -> None:
        async def follow() -> None:
            self._tasks = [asyncio.create_task(self._follow(server)) for server in servers]
            for end in await asyncio.gather(*self._tasks, return_exceptions=True):
                if isinstance(end, BaseException) and not isinstance(end, asyncio.CancelledError):
                    log.error("mcp follower ended", error=repr(end))

        try:
            self._loop.run_until_complete(follow())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _follow(self, server: McpServer) -> None:
        patience, failed = self._patience, 0
        while failed < patience.tries:
            began = time.monotonic()
            try:
                async with connected(server) as link:
                    await self._keep(link)
            except Exception as error:  # one that nobody expects is no reason to leave a server either
                failed = 1 if time.monotonic() - began > patience.steady else failed + 1
                reason = str(error) if isinstance(error, PolyhopError) else f"it cannot be followed ({error!r:.200})"
                self._tell(server, state=AWAY, reason=reason)
                log.warning("mcp server", owner=server.owner, away=reason)
            await asyncio.sleep(patience.after(failed))
        self._tell(server, state=GIVEN_UP)

    async def _keep(self, link: ServerConnection) -> None:
        """Read the list, and again after each change, until the connection ends."""
        async with self._lent(link), link.watching():
            while True:
                link.changed.clear()
                items = [one for one in await link.listed() if self._takes(one)]
                report = await asyncio.to_thread(self._catalogue.sync, Tools(items, link.server.owner))
                before = self._statuses[link.server.owner]
                self._tell(link.server, state=IN_STEP, reason=report.failed, syncs=before.syncs + 1, report=report)
                with suppress(TimeoutError):
                    await asyncio.wait_for(link.changed.wait(), self._patience.every)
                    await asyncio.sleep(SETTLE)  # changes come in flocks
                link.check()

    @asynccontextmanager
    async def _lent(self, link: ServerConnection) -> AsyncIterator[None]:
        """Let others ask over a connection as long as it holds."""
        self._links[link.server.owner] = link
        try:
            yield
        finally:
            del self._links[link.server.owner]

    def _takes(self, item: Tool | Note) -> bool:
        return self._accepts is None or isinstance(item, Note) or self._accepts(item)

    def _tell(self, server: McpServer, **changed: object) -> None:
        with self._news:
            self._statuses[server.owner] = replace(self._statuses[server.owner], **changed)  # type: ignore[arg-type]
            self._news.notify_all()


def _done(one: ServerStatus, syncs: int) -> bool:
    return one.state == GIVEN_UP or one.syncs >= syncs
