"""An MCP server over collections: tools that search and answer, documents and passages as resources, the hop tree."""
