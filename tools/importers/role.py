"""The role of a source of tools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from ...core.errors import CallerError, OperatorError
from ..tool import Note, Tool


class ToolSource(Protocol):
    """Something that offers tools; `owner` is what its tools are known to belong to."""

    @property
    def owner(self) -> str:
        """Return the name under which the tools are kept, and by which they are removed."""
        ...

    def read(self) -> Iterator[Tool | Note]:
        """Yield all tools, and notes on what is wrong with some.

        Raises:
            SourceError: if it cannot be read at all.
        """
        ...


class SourceError(CallerError):
    """A source that cannot be read because it is not what was said."""


class SourceAway(OperatorError):
    """A source that is not there now: a server that does not answer, or dies."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Tools that are at hand already, and notes on them."""

    tools: Iterable[Tool | Note]
    owner: str

    def read(self) -> Iterator[Tool | Note]:
        """Yield them."""
        return iter(self.tools)
