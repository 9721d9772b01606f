"""Where agents use the selection of tools: a LangChain toolkit, a LangGraph agent, and a proxy before MCP servers.

from polyhop.agent import LangChainTools, ToolSelector
from polyhop.agent.toolbox import tool_agent
"""

from __future__ import annotations

from .loop import Limits, tool_agent
from .offer import Found, Offer
from .proxy import Proxy
from .reach import Reach
from .serve import over_http, over_stdio
from .toolkit import SearchToolkit

__all__ = [
    "Found",
    "Limits",
    "Offer",
    "Proxy",
    "Reach",
    "SearchToolkit",
    "over_http",
    "over_stdio",
    "tool_agent",
]
