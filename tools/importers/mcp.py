"""MCP servers, over stdio and streamable HTTP: what they list, as they list it."""

from __future__ import annotations

import asyncio
import shlex
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ...core.errors import PolyhopError
from ..tidy import OWNER, SERVER, checked, line
from ..tool import Note, Tool
from .definitions import draft_of
from .role import SourceAway, SourceError

if TYPE_CHECKING:
    from mcp import Client
    from mcp.client import IncomingMessage

PAGES = 1_000
# Seconds beyond its own that a server's process may take to be stopped: it is asked, told and then killed.
GRACE = 10.0


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server that is started by a command, or answers at an address.

    `seconds` bound connecting, and each listing. `env` and `headers` may hold secrets: they are not shown, and a
    catalogue does not remember a source that has them.
    """

    command: Sequence[str] = ()
    url: str = ""
    name: str = ""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    seconds: float = 30.0

    def __post_init__(self) -> None:
        if isinstance(self.command, str) or bool(self.command) == bool(self.url):
            raise SourceError(
                f"an MCP server has a command, a list of words, or a url; here they are {self.command!r} and "
                f"{self.url!r}"
            )
        object.__setattr__(self, "command", tuple(self.command))

    @property
    def owner(self) -> str:
        """Return the name that was given, or what the server is reached by."""
        owner = f"mcp:{self.name or self.url or shlex.join(self.command)}"
        if len(owner) <= OWNER:
            return owner
        return f"{owner[: OWNER - 33]}~{blake2b(owner.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"

    def read(self) -> Iterator[Tool | Note]:
        """Yield what the server lists now.

        Raises:
            SourceAway: if it does not start, does not answer in time, or dies.
        """
        return iter(_apart(self._listed(), self))

    async def _listed(self) -> list[Tool | Note]:
        async with connected(self) as link:
            return await link.listed()


@dataclass(slots=True)
class ServerConnection:
    """A connection to a server; `changed` is set when the server says that its tools are others now."""

    server: McpServer
    client: Client
    pages: list[list[Any]]
    changed: asyncio.Event
    lost: str = ""

    def lose(self, reason: str) -> None:
        """Note that the connection is gone, for whoever waits for changes."""
        self.lost = self.lost or reason
        self.changed.set()

    def check(self) -> None:
        """Raise `SourceAway` if the connection is gone."""
        if self.lost:
            raise SourceAway(_reason(self.server, ConnectionError(self.lost), ""))

    async def listed(self) -> list[Tool | Note]:
        """Return all tools, within the seconds of the server."""
        async with asyncio.timeout(self.server.seconds):
            return await self.tools()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Hear of changes: by a stream of its own where the server has that, otherwise by its notifications."""
        from mcp import MCPError
        from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost

        async with AsyncExitStack() as stack:
            with suppress(ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
                events = await stack.enter_async_context(self.client.listen(tools_list_changed=True))
                task = asyncio.create_task(self._hear(events))
                stack.push_async_callback(_ended, task)
            yield

    async def _hear(self, events: Any) -> None:
        from mcp.client.subscriptions import SubscriptionLost

        with suppress(SubscriptionLost):
            async for _ in events:
                self.changed.set()
        self.lose("it closed its stream of changes")

    async def tools(self) -> list[Tool | Note]:
        """Return all tools that the server lists, page by page."""
        info = self.client.server_info
        server = self.server.name or line(getattr(info, "name", ""), SERVER) or self.server.owner
        found: list[Tool | Note] = []
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(PAGES):
            self.pages.clear()
            page = await self.client.list_tools(cursor=cursor)
            rows = [row for rows in self.pages for row in rows]
            found += [item for row in rows for item in self._read(row, server)]
            cursor = page.next_cursor
            if cursor is None:
                return found
            if cursor in seen:
                break
            seen.add(cursor)
        what = f"its list does not end ({len(seen)} pages)"
        return [*found, Note(self.server.owner, server, what, "taken so far; mend its paging", lost=True)]

    def _read(self, row: Any, server: str) -> Iterator[Tool | Note]:
        if isinstance(row, Mapping):
            yield from checked(draft_of(row, kind="mcp", server=server), self.server.owner)
        else:
            what = f"it lists a {type(row).__name__} among its tools"
            yield Note(self.server.owner, server, what, "left out; mend the server", lost=True)


@asynccontextmanager
async def connected(server: McpServer) -> AsyncIterator[ServerConnection]:
    """Connect to a server and lend the link; what goes wrong inside is a `SourceAway` that says how to mend it."""
    with tempfile.TemporaryFile("w+") as said:
        try:
            async with AsyncExitStack() as stack:
                yield await _link(server, said, stack)
        except Exception as error:
            inner = _innermost(error)
            if isinstance(inner, PolyhopError):
                raise inner from error
            raise SourceAway(_reason(server, error, _last_line(said))) from error


async def _link(server: McpServer, said: Any, stack: AsyncExitStack) -> ServerConnection:
    from mcp import Client

    pages: list[list[Any]] = []
    changed, ended = asyncio.Event(), asyncio.Event()
    transport = _recorded(_transport(server, said, stack), pages, ended)
    hear = _listening(changed)
    client = Client(transport, cache=None, read_timeout_seconds=2 * server.seconds, message_handler=hear)
    async with asyncio.timeout(server.seconds):
        await stack.enter_async_context(client)
    link = ServerConnection(server, client, pages, changed)
    stack.push_async_callback(_ended, asyncio.create_task(_lost(link, ended)))
    return link


async def _lost(link: ServerConnection, ended: asyncio.Event) -> None:
    await ended.wait()
    link.lose("it ended the connection")


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _transport(server: McpServer, said: Any, stack: AsyncExitStack) -> Any:
    if server.command:
        from mcp.client.stdio import StdioServerParameters, stdio_client

        first, *rest = server.command
        parameters = StdioServerParameters(command=first, args=rest, env=dict(server.env), cwd=server.cwd or None)
        return stdio_client(parameters, errlog=said)
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    client = create_mcp_http_client(headers=dict(server.headers))
    stack.push_async_callback(client.aclose)
    return streamable_http_client(server.url, http_client=client)


def _listening(changed: asyncio.Event) -> Any:
    async def hear(message: IncomingMessage) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            changed.set()

    return hear


def _apart(work: Any, server: McpServer) -> list[Tool | Note]:
    """Run a coroutine in a loop and a thread of its own, so that a caller with a loop may wait for it too."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(asyncio.wait_for(work, 2 * server.seconds + GRACE)))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run, name=f"polyhop {server.owner[:40]}", daemon=True)
    thread.start()
    thread.join(2 * server.seconds + 2 * GRACE)
    if not outcome:
        raise SourceAway(_reason(server, TimeoutError("its process does not stop"), ""))
    if isinstance(outcome[0], PolyhopError):
        raise outcome[0]
    if isinstance(outcome[0], BaseException):
        raise SourceAway(_reason(server, outcome[0], "")) from outcome[0]
    found: list[Tool | Note] = outcome[0]
    return found


def _reason(server: McpServer, error: BaseException, said: str) -> str:
    error = _innermost(error)
    what = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, TimeoutError):
        what = f"it does not answer within {server.seconds:g} s" + (f": {what}" if str(error) else "")
    if isinstance(error, FileNotFoundError):
        what = f"there is no {server.command[0]!r}"
    last = f"; it said: {said}" if said else ""
    return f"MCP server {server.owner!r} cannot be read ({what}{last}); see that it runs, then sync again"


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _last_line(said: Any) -> str:
    """Return the last line that a server wrote to standard error."""
    try:
        said.seek(0, 2)
        said.seek(max(0, said.tell() - 4_000))
        lines = [one.strip() for one in said.read().splitlines() if one.strip()]
    except (OSError, ValueError):
        return ""
    return lines[-1][:200] if lines else ""


@asynccontextmanager
async def _recorded(transport: Any, pages: list[list[Any]], ended: asyncio.Event) -> AsyncIterator[tuple[Any, Any]]:
    """Lend a transport that keeps the listed tools as they came, and lets the client see an empty list.

    One tool that is not as the protocol wants it would otherwise cost all the others of its page. `ended` is set when
    the server ends the connection.
    """
    async with transport as (read, write):
        yield _RecordedStream(read, pages, ended), write


class _RecordedStream:
    """The messages of a transport, whose lists of tools are kept aside."""

    def __init__(self, stream: Any, pages: list[list[Any]], ended: asyncio.Event) -> None:
        self._stream = stream
        self._pages = pages
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> _RecordedStream:
        return self

    async def __anext__(self) -> Any:
        try:
            return self._record(await self._stream.__anext__())
        except StopAsyncIteration:
            self._ended.set()
            raise

    async def receive(self) -> Any:
        """Return the next message."""
        return self._record(await self._stream.receive())

    async def __aenter__(self) -> _RecordedStream:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        return await self._stream.__aexit__(*error)

    def _record(self, item: Any) -> Any:
        result = getattr(getattr(item, "message", None), "result", None)
        if isinstance(result, dict) and isinstance(result.get("tools"), list):
            self._pages.append(result["tools"])
            result["tools"] = []
        return item
