"""Where agents use the selection of tools: a LangChain toolkit, a LangGraph agent, and a proxy before MCP servers."""
