"""Things that a passage puts side by side: the items of a list, the rows of a table, the rows of a file.

A group is there only if it is known to be whole: what a list or table has in other passages, or a file in rows that
were not found, could change a count or a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ...core.types import Block, Passage
from ...core.words import content_words, sentences, word_key
from ...retrieval.query.fields import joined, quoted
from ...retrieval.run import LoadedPassage, Run
from ..quoted import orders
from .quotable import bare
from .statements import cells, items, table_lines

#: Members a group has at most.
MANY = 20
#: Where a clause of a sentence ends. Before a number it goes on, as in "between 3 and 5".
_CLAUSE = re.compile(r"[;:,] (?!\d)| (?:and|but|while) (?!\d)|[.!?](?:\s|$)")
_FOLLOWING = re.compile(r"\b(?:following|these)((?:\W+\w+){1,3})", re.IGNORECASE)


class LabelledPart(NamedTuple):
    """A cell with the name of its column, or a clause without one."""

    label: str
    text: str


class Member(NamedTuple):
    """One thing of a group: what is told of it, its words in the passage at a place of the ranking, and its parts."""

    shown: str
    quote: str
    passage: int
    parts: Sequence[LabelledPart]

    @property
    def keys(self) -> frozenset[str]:
        """Return the keys of its words, without the names of columns."""
        return kinds_of(" ".join(part.text for part in self.parts))


class Group(NamedTuple):
    """Things side by side. The keys of what they are called, of the names of their columns, of all that stands above.

    They are called by the heading right above, what leads to them, the first column, or the file.
    """

    called: frozenset[str]
    columns: frozenset[str]
    above: frozenset[str]
    members: Sequence[Member]


def groups(known: Sequence[LoadedPassage], run: Run) -> list[Group]:
    """Return the whole groups of the passages of a ranking."""
    found = [group for place, one in enumerate(known) for group in _of_passage(one.passage, place, run)]
    return [one for one in [*found, *_of_files(known, run)] if 1 < len(one.members) <= MANY]


def kind_key(word: str) -> str:
    """Return the key of a word under which one thing and several are the same: `plan` and `plans`."""
    return word_key(word[:-1] if len(word) > 3 and word[-1] == "s" != word[-2] else word)


def kinds_of(text: str) -> frozenset[str]:
    """Return the keys, by `kind_key`, of a text's content words."""
    return frozenset(map(kind_key, content_words(text)))


def clauses(text: str) -> list[LabelledPart]:
    """Return the clauses of a sentence."""
    return [LabelledPart("", one) for one in _CLAUSE.split(text) if one.strip()]


def _of_passage(passage: Passage, place: int, run: Run) -> Iterator[Group]:
    blocks = passage.layout.blocks if passage.layout else ()
    lead = ""
    for number, block in enumerate(blocks):
        said = passage.text[block.start : block.end]
        if block.kind in ("list", "table") and not _cut(passage, number, run):
            made = (_listed if block.kind == "list" else _tabled)(said, block, lead, place)
            if made is not None:
                yield made._replace(above=made.above | kinds_of(bare(passage.title)))
        lead = said if block.kind == "paragraph" else ""


def _listed(said: str, block: Block, lead: str, place: int) -> Group | None:
    """Return the items of a list; None if some of them are below others, or orders to a model."""
    found = items(said)
    if found is None or any(map(orders, found)):
        return None
    members = [Member(one, one, place, clauses(one)) for one in found]
    called = _called(lead) | kinds_of(" ".join(block.trail[-1:]))
    return Group(called, frozenset(), kinds_of(f"{lead} {' '.join(block.trail)}"), members)


def _called(lead: str) -> frozenset[str]:
    """Return what a sentence that ends with a colon calls the things behind it, the words after "following" if any."""
    if not lead.rstrip().endswith(":"):
        return frozenset()
    last = sentences(lead)[-1]
    return kinds_of(found[1] if (found := _FOLLOWING.search(last)) else last)


def _tabled(said: str, block: Block, lead: str, place: int) -> Group | None:
    """Return the rows of a table whose columns have names; None if some of them say nothing, or orders to a model."""
    table = table_lines(said, block.head)
    lines = [line for line in said[block.head :].split("\n") if line.strip(" |")]
    if not table.names or len(lines) != len(table.rows) or any(orders(row.text) for row in table.rows):
        return None
    members = [
        Member(
            row.shown, row.text, place, [LabelledPart(*one) for one in zip(table.names, cells(row.text), strict=False)]
        )
        for row in table.rows
    ]
    called = _called(lead) | kinds_of(" ".join([table.caption, table.names[0], *block.trail[-1:]]))
    above = kinds_of(" ".join([table.caption, lead, *block.trail]))
    return Group(called, kinds_of(" ".join(table.names)), above | called, members)


def _cut(passage: Passage, number: int, run: Run) -> bool:
    """Say whether a block goes on in the passage before or behind."""
    layout = passage.layout
    if layout is None or passage.whole:
        return False
    near = [passage.place - 1] * (number == 0) + [passage.place + 1] * (number == len(layout.blocks) - 1)
    if not near:
        return False
    if layout.lead and number == 0:
        return True
    ids = run.retriever.heads([passage.document], passage.place + 2).get(passage.document, ())
    block = layout.blocks[number]
    for place in near:
        other = run.known(ids[place]) if 0 <= place < len(ids) else None
        blocks = other.passage.layout.blocks if other is not None and other.passage.layout else ()
        edge = blocks[0 if place > passage.place else -1] if blocks else None
        if edge is not None and (edge.kind, edge.trail) == (block.kind, block.trail):
            return True
    return False


def _of_files(known: Sequence[LoadedPassage], run: Run) -> Iterator[Group]:
    """Yield the rows of each file that has a document for each, where all of them were found."""
    files: dict[str, list[Member]] = {}
    for place, one in enumerate(known):
        member = _row(one.passage, place)
        if member is not None:
            files.setdefault(one.passage.source, []).append(member)
    for source, members in files.items():
        if len(members) == 1:
            continue
        where = joined(run.where, f"source = {quoted(source)}")
        (rows,) = run.retriever.dense(run.vector[None], len(members) + 1, where=where)
        if len(rows) == len(members):
            name = kinds_of(PurePosixPath(source).stem)
            columns = kinds_of(" ".join(part.label for member in members for part in member.parts))
            yield Group(name, columns, name, members)


def _row(passage: Passage, place: int) -> Member | None:
    """Return the row of a file that is a document by itself, made of `column: value` alone; None for all others."""
    blocks = passage.layout.blocks if passage.layout else ()
    if not passage.whole or "#" not in passage.document or [block.kind for block in blocks] != ["list"]:
        return None
    lines = passage.text.split("\n")
    parts = [LabelledPart(*line.split(": ", 1)) for line in lines if ": " in line]
    if len(parts) < len(lines) or orders(passage.text):
        return None
    return Member("; ".join(lines), passage.text, place, parts)
