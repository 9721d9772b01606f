"""Where agents use the selection of tools: a LangChain toolkit, a LangGraph agent, and a proxy before MCP servers.

from polyhop.agent import LangChainTools, ToolSelector
from polyhop.agent.toolbox import tool_agent
"""

from __future__ import annotations

from .loop import Limits, tool_agent
from .proxy import Proxy, over_http, over_stdio
from .search import FoundTools, Permissions, ToolSearch
from .toolkit import SearchToolkit

__all__ = [
    "FoundTools",
    "Limits",
    "Permissions",
    "Proxy",
    "SearchToolkit",
    "ToolSearch",
    "over_http",
    "over_stdio",
    "tool_agent",
]
