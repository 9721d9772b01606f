"""An MCP server that stands before others: an agent sees a search and a call in place of thousands of tools."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ...core.errors import CallerError, OperatorError
from ...core.logs import get_logger
from ...tools.follow import IN_STEP, Follower, Patience
from ...tools.importers.mcp import McpServer, ServerConnection
from ...tools.tool import Tool
from ..mcp.progress import Tell, progress
from ..selection import ToolSelector
from .arguments import faults, parsed
from .listings import ServerListings, unstamped
from .search import CALL, MOST, SEARCH, SEARCHES, Permissions, ToolSearch, caseless, plain

if TYPE_CHECKING:
    from mcp.server import Server
    from mcp_types import (
        CallToolRequest,
        CallToolRequestParams,
        CallToolResult,
        GetPromptRequestParams,
        GetPromptResult,
        ListPromptsResult,
        ListResourcesResult,
        ListResourceTemplatesResult,
        ListToolsResult,
        PaginatedRequestParams,
        ReadResourceRequestParams,
        ReadResourceResult,
    )

log = get_logger(__name__)
T = TypeVar("T")

# A proxy may run for weeks: it never gives a server up.
PATIENCE = Patience(tries=10**9, longest=60.0)
# Seconds after the start for which what is asked waits for servers that are still connecting.
FIRST = 10.0
# From this protocol on structured content may be any JSON; before, clients take objects only.
ANY_JSON = "2026-07-28"
# Seconds that a call may take, and those beyond for the answer to come through.
SECONDS = 120.0
GRACE = 5.0
CALLS = f"Call a tool that {SEARCH} has shown, by its name and with the arguments that its parameters ask for."
HOW = f"Many tools stand behind this server. Find those you need with {SEARCH}, then call them with {CALL}."

_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    SEARCH: {
        "type": "object",
        "properties": {
            "request": {"type": "string", "description": "what has to be done, in plain words"},
            "k": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 5, "description": "tools to return"},
        },
        "required": ["request"],
    },
    CALL: {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": f"the name of the tool as {SEARCH} shows it"},
            "arguments": {"type": "object", "description": "its arguments, by its parameters"},
        },
        "required": ["name"],
    },
}


class Proxy:
    """Follows MCP servers and passes calls on to them; it is a context manager.

    A call reaches only what a search may show: tools of these servers that `permissions` allow. Arguments are passed on
    as they are, for the server to judge, and what it answers comes back: content, structured content, progress.
    Whatever goes wrong at a server comes back as an error of the tool, and one that is away, or hangs, holds up no
    other: a call to it ends after `seconds`. Resources and prompts are passed on too, by the same permissions.

    Args:
        selector: keeps the tools; best over a catalogue of its own.
        servers: each with a name, by which patterns go.

    Raises:
        CallerError: for servers without names, or with the same.
    """

    def __init__(
        self,
        selector: ToolSelector,
        servers: Sequence[McpServer],
        *,
        permissions: Permissions = Permissions(),  # noqa: B008 - frozen
        seconds: float = SECONDS,
        patience: Patience = PATIENCE,
    ) -> None:
        names = [server.name for server in servers]
        read = {plain(name) for name in names}
        if not all(read) or len(read) < len(names):
            raise CallerError(f"the servers are called {names!r}; give each a name of its own, as patterns go by it")
        self._owners = {server.owner: server.name for server in servers}
        self._permissions = permissions
        self.tool_search = ToolSearch(selector, has=self._takes, meant=self._meant)
        self._seconds = seconds
        self._until = time.monotonic() + FIRST
        self._follower = Follower(selector.catalogue, servers, patience=patience, accepts=self._keeps)
        self._listings = ServerListings(
            self._follower,
            self._owners,
            self._shows,
            everything=permissions == Permissions(),
            seconds=seconds + GRACE,
        )

    @property
    def follower(self) -> Follower:
        """Return what keeps the connections."""
        return self._follower

    def server(self) -> Server[Any]:
        """Return the server, to be run over any transport; two may run at a time."""
        from mcp.server import Server

        async def tools(_: Any, __: Any) -> ListToolsResult:
            return _listed()

        async def call(context: Any, asked: CallToolRequestParams) -> CallToolResult:
            async with progress(context) as tell:
                result = await self.answer(asked.name, asked.arguments or {}, tell)
            kept = result.structured_content
            older = context.protocol_version < ANY_JSON and not isinstance(kept, dict)
            return result.model_copy(update={"structured_content": None}) if older else result

        async def resources(_: Any, asked: PaginatedRequestParams | None) -> ListResourcesResult:
            return await self._beside(lambda: self._listings.resources(asked.cursor if asked else None))

        async def templates(_: Any, asked: PaginatedRequestParams | None) -> ListResourceTemplatesResult:
            return await self._beside(lambda: self._listings.templates(asked.cursor if asked else None))

        async def read(_: Any, asked: ReadResourceRequestParams) -> ReadResourceResult:
            return await self._beside(lambda: self._listings.read(asked.uri))

        async def prompts(_: Any, asked: PaginatedRequestParams | None) -> ListPromptsResult:
            return await self._beside(lambda: self._listings.prompts(asked.cursor if asked else None))

        async def prompt(_: Any, asked: GetPromptRequestParams) -> GetPromptResult:
            return await self._beside(lambda: self._listings.prompt(asked.name, asked.arguments))

        return Server(
            "polyhop",
            instructions=HOW,
            on_list_tools=tools,
            on_call_tool=call,
            on_list_resources=resources,
            on_list_resource_templates=templates,
            on_read_resource=read,
            on_list_prompts=prompts,
            on_get_prompt=prompt,
        )

    async def answer(self, name: str, given: Mapping[str, Any], tell: Tell | None = None) -> CallToolResult:
        """Return the result of one of the two tools; mistakes are results, too. `tell` hears the progress of a call."""
        if name not in _SCHEMAS:
            return _said(f"there is no tool {name!r:.80}; there are {SEARCH} and {CALL}", failed=True)
        arguments = {**given, "arguments": parsed(given.get("arguments") or {})} if name == CALL else given
        wrong = faults(_SCHEMAS[name], arguments)
        if wrong:
            return _said("; ".join(wrong), failed=True)
        await self._tried()
        try:
            if name == SEARCH:
                return await self._search(arguments["request"], arguments.get("k", 5))
            return await self._call(arguments["name"], arguments["arguments"], tell)
        except CallerError as error:
            return _said(str(error), failed=True)
        except Exception as error:  # whatever a server does, or breaks
            log.warning("mcp proxy", tool=str(arguments.get("name", name)), error=repr(error))
            return _said(f"it failed: {_reason(error, self._seconds)}", failed=True)

    def close(self) -> None:
        """Leave the servers."""
        self._follower.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    async def _search(self, request: str, k: int) -> CallToolResult:
        found = await asyncio.to_thread(self.tool_search.search, request, k)
        said: dict[str, Any] = {"tools": found.rows()}
        if found.why:
            said["note"] = found.why
        away = [one.owner for one in self._follower.statuses if one.state != IN_STEP]
        if away:
            said["away"] = [self._owners[owner] for owner in away]
        return _said(json.dumps(said, ensure_ascii=False))

    async def _call(self, name: str, arguments: Mapping[str, Any], tell: Tell | None) -> CallToolResult:
        from mcp_types import CallToolRequest, CallToolRequestParams

        tool = await asyncio.to_thread(self.tool_search.named, name)
        request = CallToolRequest(params=CallToolRequestParams(name=tool.name, arguments=dict(arguments)))
        seconds = self._seconds

        async def work(link: ServerConnection) -> CallToolResult:
            return await _passed_on(link, request, seconds, tell)

        async with asyncio.timeout(seconds + GRACE):
            return await asyncio.wrap_future(self._follower.ask(tool.owner, work))

    async def _tried(self) -> None:
        """Wait for servers that are still connecting, in the first seconds."""
        await asyncio.to_thread(self._follower.wait_until_tried, max(0.0, self._until - time.monotonic()))

    async def _beside(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what is asked beside the tools; what goes wrong is an error of the request."""
        from mcp.shared.exceptions import MCPError
        from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

        await self._tried()
        try:
            return await work()
        except MCPError as error:
            raise MCPError(error.code, error.message, error.data) from error  # as the server said it
        except CallerError as error:
            raise MCPError(INVALID_PARAMS, str(error)) from error
        except Exception as error:
            log.warning("mcp proxy", error=repr(error))
            raise MCPError(INTERNAL_ERROR, f"it failed: {_reason(error, self._seconds)}") from error

    def _shows(self, owner: str, names: Sequence[str]) -> bool:
        """Say whether a resource or a prompt may be shown; patterns may mean it by any of its names."""
        server = self._owners[owner]
        taken = any(self._taken_for(name, server) for name in names)
        return self._permissions.passes(server, names) and not taken

    def _takes(self, tool: Tool) -> bool:
        """Say whether a tool is of these servers, permitted by its server's own name, and no other's by its name."""
        server = self._owners.get(tool.owner)
        return server is not None and self._permissions.permits(tool, server) and not self._taken_for(tool.name, server)

    def _keeps(self, tool: Tool) -> bool:
        server = self._owners[tool.owner]
        if other := self._taken_for(tool.name, server):
            why = f"patterns cannot tell it from a tool of {other!r}; rename one of the servers"
            log.warning("mcp proxy", hidden=tool.name, server=server, why=why)
        return self._takes(tool)

    def _taken_for(self, name: str, server: str) -> str:
        """Return another server whose tool this one seems to be, written behind its own; such as `a` `b/c`, `a/b`."""
        if "/" not in plain(name):
            return ""
        written = caseless(f"{server}/{name}")
        longer = (one for one in self._owners.values() if caseless(one).startswith(f"{caseless(server)}/"))
        return next((one for one in longer if written.startswith(f"{caseless(one)}/")), "")

    def _meant(self, name: str, tool: Tool) -> bool:
        """Say whether a name may be this tool's: one behind a server's name is of that server, whoever is away."""
        asked = caseless(name)
        named = [owner for owner, one in self._owners.items() if asked.startswith(f"{caseless(one)}/")]
        return name == tool.id or not named or tool.owner in named


async def _passed_on(
    link: ServerConnection, request: CallToolRequest, seconds: float, tell: Tell | None
) -> CallToolResult:
    """Return what a server answers to a call, and tell on how far it is.

    The session is asked itself: the client would list all tools again before each result to check it by a schema.
    """
    from mcp_types import CallToolResult

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        assert tell is not None
        tell(progress, total, message)

    result = await link.client.session.send_request(
        request,
        CallToolResult,
        request_read_timeout_seconds=seconds,
        progress_callback=heard if tell is not None else None,
    )
    return result.model_copy(update={"meta": unstamped(result.meta)})


def _listed() -> ListToolsResult:
    from mcp_types import ListToolsResult
    from mcp_types import Tool as Shown

    about = {SEARCH: SEARCHES, CALL: CALLS}
    return ListToolsResult(
        tools=[Shown(name=name, description=about[name], input_schema=dict(_SCHEMAS[name])) for name in about]
    )


def _said(text: str, *, failed: bool = False) -> CallToolResult:
    from mcp_types import CallToolResult, TextContent

    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)


def _reason(error: Exception, seconds: float) -> str:
    from mcp_types import REQUEST_TIMEOUT

    late = getattr(getattr(error, "error", None), "code", None) == REQUEST_TIMEOUT
    if late or isinstance(error, TimeoutError):
        return f"its server does not answer within {seconds:g} s"
    return " ".join(str(error).split())[:1_000] or type(error).__name__


LOCAL = ("127.0.0.1", "localhost", "::1")


async def over_stdio(proxy: Proxy) -> None:
    """Serve whoever started this process, until it closes the standard input."""
    from mcp.server.stdio import stdio_server

    server = proxy.server()
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def over_http(proxy: Proxy, place: str, *, ready: Callable[[str], None] | None = None) -> None:
    """Serve at `HOST:PORT`, path `/mcp`, until the process is stopped; port 0 takes a free one.

    `ready` is told the address. Whoever reaches the address may call the tools, so that it is one of this machine.

    Raises:
        CallerError: for any other host.
        OperatorError: if the port is taken.
    """
    import uvicorn

    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    if host not in LOCAL or not port.isdecimal() or int(port) > 65_535:
        raise CallerError(
            f"{place!r} is no address of this machine, such as '127.0.0.1:8765'; to be reached from others, put a "
            "server before it that asks who they are"
        )
    with _listening(host, int(port)) as listening:
        config = uvicorn.Config(proxy.server().streamable_http_app(host=host), log_level="warning", ws="none")
        if ready is not None:
            at = listening.getsockname()[1]
            ready(f"http://{f'[{host}]' if ':' in host else host}:{at}/mcp")
        await uvicorn.Server(config).serve(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OperatorError(f"cannot serve at {host}:{port} ({error}); choose another port, such as 0") from error
