"""LangChain tools, toolkits, and whatever else LangChain turns into a tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..tidy import Draft, checked
from ..tool import Note, Tool


@dataclass(frozen=True, slots=True)
class LangChainTools:
    """Tools of LangChain's, or toolkits of them; arguments that it injects by itself are no inputs."""

    tools: Iterable[Any]
    owner: str = "langchain"
    server: str = ""

    def read(self) -> Iterator[Tool | Note]:
        """Yield the tools; one whose schema LangChain cannot make is noted."""
        for item in self.tools:
            bundle = getattr(item, "get_tools", None)
            for tool in bundle() if callable(bundle) else (item,):
                yield from self._tool(tool)

    def _tool(self, tool: Any) -> Iterator[Tool | Note]:
        from langchain_core.utils.function_calling import convert_to_openai_tool

        name = getattr(tool, "name", None) or getattr(tool, "__name__", None)
        try:
            made = convert_to_openai_tool(tool)["function"]
        except Exception as error:  # of whatever kind a tool's own schema raises
            reason = f"LangChain cannot describe it ({type(error).__name__}: {error!s:.120})"
            made = {"name": name, "description": getattr(tool, "description", "")}
            yield Note(self.owner, f"{name!s:.80}", reason, "taken without inputs; mend its args_schema")
        draft = Draft(
            name=made.get("name") or name,
            description=made.get("description"),
            parameters=made.get("parameters"),
            server=self.server,
            tags=getattr(tool, "tags", None) or (),
            kind="langchain",
            place=f"{tool!r:.80}",
        )
        yield from checked(draft, self.owner)
