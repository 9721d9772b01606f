"""The tools that LangChain can call, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.tools import tool as made

from ...core.errors import CallerError
from ...tools.catalogue import Catalogue
from ...tools.importers.langchain import LangChainTools


def hands(tools: Iterable[BaseTool | Callable[..., Any]]) -> Mapping[str, BaseTool]:
    """Return tools by name; plain functions become tools.

    Raises:
        CallerError: if two are called the same, since a model could not tell them apart.
    """
    found: dict[str, BaseTool] = {}
    for item in tools:
        one = item if isinstance(item, BaseTool) else made(item)
        if one.name in found:
            raise CallerError(f"two tools are called {one.name!r}; rename one, since a model calls them by name")
        found[one.name] = one
    return found


def check_known(tools: Mapping[str, BaseTool], catalogue: Catalogue) -> None:
    """Raise `CallerError` if a catalogue does not know some of the tools, which could never be selected."""
    known = {tool.name for tool in catalogue.tools()}
    missing = sorted(name for name in tools if name not in known)
    if missing:
        names = ", ".join(map(repr, missing[:5]))
        raise CallerError(
            f"the catalogue does not know {len(missing)} of the tools ({names}); "
            f"first `selector.sync({LangChainTools.__name__}(tools))`"
        )
