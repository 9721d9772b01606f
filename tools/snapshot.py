"""All tools of a catalogue in memory, in one state of the record."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..core.types import Vectors
from ..store.record import LIVE, Record
from .tool import Tool, folded

# A word that can only be meant as a name: two parts joined by a mark, or a hump as in `getStats`.
_NAME = re.compile(r"[^\W_](?:[\w.\-/:~]*[^\W_])?")
_JOINED = re.compile(r"[_\-./:~]|[a-z0-9][A-Z]")
_QUOTED = re.compile(r"[`\"'“‘«]([^`\"'”’»\n]{1,200})[`\"'”’»]")
# Fields of a tool that filters may ask for as they are.
_PLAIN = ("name", "server", "owner", "kind", "number")


@dataclass(frozen=True, slots=True)
class ToolMention:
    """A name that stands in a text, and the rows of the tools that bear it."""

    start: int
    end: int
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Snapshot:
    """The tools in the order of their ids, with a passage and a unit vector each."""

    tools: tuple[Tool, ...]
    passages: tuple[str, ...]
    vectors: Vectors
    generation: int = field(default=0)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Return the ids."""
        return tuple(tool.id for tool in self.tools)

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Return the row of each id."""
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def passage_row(self) -> Mapping[str, int]:
        """Return the row of each passage."""
        return {name: row for row, name in enumerate(self.passages)}

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Return for each row the shortest name that is its alone: the name, the server's before it, or the id.

        A name that looks like one behind a server's stands behind its own, so that none passes for another server's.
        """
        return tuple(
            next((name for name in _names(tool) if self._exact[name] == (row,)), tool.id)
            for row, tool in enumerate(self.tools)
        )

    def by_name(self, name: str) -> tuple[int, ...]:
        """Return the rows of the tools of this id or name; if there is none, of those that differ in writing only.

        A name behind a server's and the same as a bare name are both meant.
        """
        return self._exact.get(name) or self._folded.get(folded(name), ()) if name else ()

    def mentioned(self, text: str) -> list[ToolMention]:
        """Return the names that stand in a text, in order, as names: joined by marks, humped, called or quoted.

        A name that is a plain word, such as `search`, is one only between quotes or before a bracket.
        """
        found: dict[tuple[int, int], tuple[int, ...]] = {}
        for match in _QUOTED.finditer(text):
            if rows := self.by_name(match[1].strip().removesuffix("()")):
                found[match.span(1)] = rows
        for match in _NAME.finditer(text):
            called = text[match.end() : match.end() + 1] == "("
            if called or _JOINED.search(match[0]):
                rows = self.by_name(match[0]) if called else self._meant(match[0])
                if rows and not any(start <= match.start() < end for start, end in found):
                    found[match.span()] = rows
        return [ToolMention(*span, rows) for span, rows in sorted(found.items())]

    def _meant(self, name: str) -> tuple[int, ...]:
        """Return the rows of a joined word: written otherwise, as in `e-mail`, only names of several words count."""
        spelled = self._folded.get(folded(name), ())
        return self._exact.get(name) or tuple(row for row in spelled if " " in self.tools[row].title)

    @cached_property
    def _exact(self) -> dict[str, tuple[int, ...]]:
        every = _rows({tool.name, tool.qualified} for tool in self.tools)
        return {**every, **{tool.id: (row,) for row, tool in enumerate(self.tools)}}

    @cached_property
    def _folded(self) -> dict[str, tuple[int, ...]]:
        return {name: rows for name, rows in _rows({folded(tool.name)} for tool in self.tools).items() if name}


def _names(tool: Tool) -> tuple[str, ...]:
    """Return the names that a tool may be shown by, the shortest first."""
    return (tool.qualified,) if tool.server and "/" in tool.name else (tool.name, tool.qualified)


def load(record: Record, embedder: str, dimension: int, generation: int) -> Snapshot:
    """Read all tools; documents that somebody put among them are passed over."""
    sql = (
        f"SELECT c.id, d.metadata, v.vector FROM {LIVE} JOIN vectors v ON v.hash = c.hash AND v.embedder = ?"
        " WHERE c.ord = 0 ORDER BY d.key"
    )
    with record.reading() as connection:
        rows = connection.execute(sql, (embedder,)).fetchall()
    said = [(name, json.loads(text), vector) for name, text, vector in rows]
    found = [one for one in said if "definition" in one[1]]
    vectors = np.frombuffer(b"".join(one[2] for one in found), np.float32).reshape(len(found), dimension)
    return Snapshot(tuple(kept(one[1]) for one in found), tuple(one[0] for one in found), vectors, generation)


def kept(metadata: Mapping[str, Any]) -> Tool:
    """Return the tool that a document's metadata describes."""
    plain = {name: metadata[name] for name in _PLAIN}
    return Tool(**plain, tags=tuple(metadata["tags"]), **json.loads(metadata["definition"]))


def metadata(tool: Tool) -> dict[str, Any]:
    """Return what the record keeps of a tool: what filters may ask for, and the rest as JSON."""
    plain = {name: getattr(tool, name) for name in _PLAIN}
    lists = {name: list(getattr(tool, name)) for name in ("tags", "required", "optional", "outputs")}
    rest = {name: getattr(tool, name) for name in ("description", "parameters", "output", "extras")}
    return {**plain, **lists, "definition": json.dumps(rest, ensure_ascii=False, separators=(",", ":"))}


def _rows(names: Iterable[set[str]]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for row, some in enumerate(names):
        for name in some:
            found.setdefault(name, []).append(row)
    return {name: tuple(rows) for name, rows in found.items()}


def best(scores: Vectors, ids: Sequence[str], k: int) -> list[tuple[str, float]]:
    """Return the k best (id, score) pairs, ties by id; ids are sorted, scores compared to six decimals."""
    rounded = np.round(scores, 6)
    k = min(k, len(ids))
    least = np.partition(rounded, len(ids) - k)[len(ids) - k] if k else np.inf
    rows = np.flatnonzero(rounded >= least)
    order = rows[np.argsort(-rounded[rows], kind="stable")][:k]
    return [(ids[row], float(scores[row])) for row in order]
