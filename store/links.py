"""The links that authors wrote, kept per passage, and what they lead to, looked up when somebody asks.

Nothing here looks at another document when one is written: a document brings its addresses, its anchors and the
targets of its links, and takes them away when it goes. Both ends meet in a join.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from ..core.types import Document, Layout, LinkKind, ResolvedLink
from .addresses import ANYWHERE, LONGEST_ANCHOR, addresses_of, anchor_key, own_address, tail, targets_of
from .sites import Site, meant_by, written_as
from .spoken import MOST_SPOKEN, anchors_of, spoken, titled

PER_PASSAGE = 200  # rows
PER_DOCUMENT = 5_000  # rows of links, and of anchors
#: documents of one address, or with one anchor, that are looked at, and of those that a filter lets pass how many
LOOKED_AT, CONSIDERED = 500, 8
_MARK = re.compile(r"\s*(?:[-*•]|\d+[.)])?\s*")

AnchorRow = tuple[str, int]
LinkRow = tuple[int, int, int, str, str, str]


class Part(NamedTuple):
    """A passage of a document, as far as links go."""

    text: str
    layout: Layout | None


class LinkTable(NamedTuple):
    """What the tables hold of one document: addresses, anchors by the number of their passage, links of each passage.

    A link is (kind, start, end, target, suffix, anchor).
    """

    addresses: list[tuple[str, int, str]]
    anchors: list[AnchorRow]
    links: list[list[LinkRow]]


NOTHING = LinkTable([], [], [])


def rows_of(document: Document, parts: Sequence[Part]) -> LinkTable:
    """Return what a document brings to the tables, of which the parts are the passages in their order."""
    key = document.key
    found = addresses_of(key, document.title, document.source, document.metadata)
    addresses = [(one, int(kind), tail(one)) for one, kind in found.items()]
    anchors: dict[str, int] = {}
    notes: set[str] = set()
    for number, part in enumerate(parts):
        for anchor in part.layout.anchors if part.layout else ():
            name = anchor_key(anchor.name)
            if name and name not in anchors:
                anchors[name] = number
                block = part.layout.block(anchor.at) if part.layout else None
                notes.update([name] if block and block.kind == "footnote" else [])
    _add_spoken(anchors, document.title, parts)
    own = own_address(key)[0]
    links: list[list[LinkRow]] = []
    left = PER_DOCUMENT
    for part in parts:
        links.append(list(islice(_links(part, key, (own, notes)), min(left, PER_PASSAGE))))
        left -= len(links[-1])
    return LinkTable(addresses, list(islice(anchors.items(), PER_DOCUMENT)), links)


def _add_spoken(anchors: dict[str, int], title: str, parts: Sequence[Part]) -> None:
    """Add the numbers of sections and the identifiers that a document defines."""
    for name in titled(title):
        anchors.setdefault(name, 0)
    for number, part in enumerate(parts):
        for name in anchors_of(part.text, part.layout.blocks if part.layout else ()):
            anchors.setdefault(name[:LONGEST_ANCHOR], number)


def _links(part: Part, key: str, notes: tuple[str, set[str]]) -> Iterable[LinkRow]:
    own, names = notes
    written = part.layout.links if part.layout else ()
    for link in written:
        targets = targets_of(link.target, key)
        if not targets:
            continue
        kind = LinkKind.LISTED if _is_alone(part, link.start, link.end) else LinkKind.HYPERLINK
        for address, suffix, anchor in targets:
            note = address == own and anchor in names
            yield int(LinkKind.FOOTNOTE if note else kind), link.start, link.end, address, suffix, anchor
    inside = [(link.start, link.end) for link in written]
    for row in islice(spoken(part.text, own), MOST_SPOKEN):
        if not any(start < row[2] and row[1] < end for start, end in inside):
            yield (int(row[0]), *row[1:])


def _is_alone(part: Part, start: int, end: int) -> bool:
    """Tell whether nothing else stands in the item or cell."""
    block = part.layout.block(start) if part.layout else None
    if block is None or block.kind not in ("list", "table"):
        return False
    text = part.text
    before = text[max(text.rfind("\n", 0, start), text.rfind(" | ", 0, start) + 2, -1) + 1 : start]
    after = text[end : end + 3]
    return (not after.strip() or after[0] == "\n" or after == " | ") and _MARK.fullmatch(before) is not None


# In the caller's transaction.


def insert(connection: sqlite3.Connection, doc: int, passages: Sequence[int], rows: LinkTable) -> None:
    """Put the rows of a document into the tables; `passages` are the `row` of each of its passages."""
    connection.executemany(
        "INSERT INTO addresses VALUES (?, ?, ?, ?)", ((one, kind, doc, last) for one, kind, last in rows.addresses)
    )
    connection.executemany(
        "INSERT INTO anchors VALUES (?, ?, ?)", ((name, doc, passages[number]) for name, number in rows.anchors)
    )
    connection.executemany(
        "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (passage, number, *row)
            for passage, own in zip(passages, rows.links, strict=True)
            for number, row in enumerate(own)
        ),
    )


def delete(connection: sqlite3.Connection, doc: int, passages: Iterable[int]) -> None:
    """Take the rows of a document out of the tables."""
    connection.execute("DELETE FROM addresses WHERE doc = ?", (doc,))
    connection.execute("DELETE FROM anchors WHERE doc = ?", (doc,))
    connection.executemany("DELETE FROM links WHERE passage = ?", ((passage,) for passage in passages))


def stored(connection: sqlite3.Connection, doc: int, passages: Sequence[int]) -> LinkTable:
    """Return the rows of a document as the tables have them, for comparison."""
    number = {passage: place for place, passage in enumerate(passages)}
    anchors = connection.execute("SELECT name, passage FROM anchors WHERE doc = ?", (doc,)).fetchall()
    link = "SELECT kind, start, end, target, suffix, anchor FROM links WHERE passage = ? ORDER BY number"
    return LinkTable(
        connection.execute("SELECT address, kind, tail FROM addresses WHERE doc = ?", (doc,)).fetchall(),
        [(name, number.get(passage, -1)) for name, passage in anchors],
        [connection.execute(link, (passage,)).fetchall() for passage in passages],
    )


def different(expected: LinkTable, found: LinkTable) -> bool:
    """Say whether a document's rows are not those that it should have."""
    if expected is NOTHING:
        return bool(found.addresses or found.anchors or any(found.links))
    same = sorted(expected.addresses) == sorted(found.addresses) and sorted(expected.anchors) == sorted(found.anchors)
    return not same or expected.links != found.links


# Looking up. A filter is (condition on `d.id`, its parameters).

Check = tuple[str, Sequence[object]]


class MeantDocument(NamedTuple):
    """A document that may be meant; `passage` is that of the anchor, or ""."""

    kind: int
    doc: int
    key: str
    passage: str


class WrittenLink(NamedTuple):
    """A link as it stands in a passage."""

    passage: str
    doc: int
    key: str
    kind: int
    start: int
    end: int
    target: str
    suffix: str
    anchor: str


def linked(
    connection: sqlite3.Connection, ids: Sequence[str], most: int, *, check: Check, sites: Sequence[Site]
) -> dict[str, list[ResolvedLink]]:
    """Return where the links of each passage lead, in the order of the text, `most` for each passage."""
    condition, values = check
    sql = (
        "SELECT c.id, d.id, d.key, l.kind, l.start, l.end, l.target, l.suffix, l.anchor FROM json_each(?) j"
        " CROSS JOIN chunks c ON c.id = j.value CROSS JOIN documents d ON d.id = c.doc AND d.live = c.version"
        f" CROSS JOIN links l ON l.passage = c.row WHERE {condition} ORDER BY j.key, l.start, l.number"
    )
    written = [WrittenLink(*row) for row in connection.execute(sql, (json.dumps(list(dict.fromkeys(ids))), *values))]
    documents = documents_meant(connection, {(one.target, one.anchor) for one in written}, check, sites)
    found: dict[str, dict[tuple[int, int], ResolvedLink]] = defaultdict(dict)
    for one in written:
        own = found[one.passage]
        place = (one.start, one.end)
        if len(own) >= most or place in own:
            continue
        meant = best(one, documents[one.target, one.anchor])
        if meant is not None and meant.passage != one.passage and (meant.passage or meant.doc != one.doc):
            own[place] = ResolvedLink(LinkKind(one.kind), one.start, one.end, meant.key, meant.passage)
    return {name: list(own.values()) for name, own in found.items() if own}


def best(link: WrittenLink, found: Sequence[MeantDocument]) -> MeantDocument | None:
    """Choose among documents of one address: the link's own, the surest, that with the suffix, the nearest."""

    def order(one: MeantDocument) -> tuple[bool, int, bool, int, str]:
        misfit = bool(link.suffix) and not one.key.casefold().endswith(link.suffix)
        return one.doc != link.doc, one.kind, misfit, -_shared(one.key, link.key), one.key

    return min(found, key=order, default=None)


def _shared(first: str, second: str) -> int:
    """Count the folders that two keys share."""
    pairs = zip(first.split("/")[:-1], second.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def documents_meant(
    connection: sqlite3.Connection, wanted: Iterable[tuple[str, str]], check: Check, sites: Sequence[Site]
) -> dict[tuple[str, str], list[MeantDocument]]:
    """Return for each (target, anchor) the documents that may be meant."""
    condition, values = check
    asked = [
        (target, anchor, address)
        for target, anchor in sorted(wanted)
        for address in (meant_by(target, sites) if target != ANYWHERE else [])
    ]
    by_address = (
        "SELECT value ->> 0, value ->> 1, a.kind, d.id, d.key, coalesce(c.id, '') FROM json_each(?)"
        " CROSS JOIN addresses a ON a.address = value ->> 2 CROSS JOIN documents d ON d.id = a.doc"
        " LEFT JOIN anchors n ON n.name = value ->> 1 AND n.doc = d.id LEFT JOIN chunks c ON c.row = n.passage"
        " WHERE (a.kind, a.doc) IN (SELECT x.kind, d.id FROM"
        f" (SELECT kind, doc FROM addresses WHERE address = value ->> 2 LIMIT {LOOKED_AT}) x"
        f" CROSS JOIN documents d ON d.id = x.doc WHERE {condition} LIMIT {CONSIDERED})"
    )
    by_anchor = (
        "SELECT ?, value, 0, d.id, d.key, c.id FROM json_each(?) CROSS JOIN anchors n ON n.name = value"
        " CROSS JOIN documents d ON d.id = n.doc CROSS JOIN chunks c ON c.row = n.passage WHERE n.doc IN"
        f" (SELECT d.id FROM (SELECT doc FROM anchors WHERE name = value LIMIT {LOOKED_AT}) x"
        f" CROSS JOIN documents d ON d.id = x.doc WHERE {condition} LIMIT {CONSIDERED})"
    )
    anchors = sorted(anchor for target, anchor in wanted if target == ANYWHERE)
    rows = connection.execute(by_address, (json.dumps(asked), *values)).fetchall() if asked else []
    rows += connection.execute(by_anchor, (ANYWHERE, json.dumps(anchors), *values)).fetchall() if anchors else []
    found: dict[tuple[str, str], list[MeantDocument]] = defaultdict(list)
    for target, anchor, *document in rows:
        found[target, anchor].append(MeantDocument(*document))
    return found


def linking(
    connection: sqlite3.Connection, ids: Sequence[str], most: int, *, check: Check, sites: Sequence[Site]
) -> dict[str, list[str]]:
    """Return the ids of the passages that link to each passage, `most` for each, in the order of their writing.

    A link without an anchor leads to its document's first passage.
    """
    condition, values = check
    sql = (
        "SELECT c.id, c.ord, a.address, (SELECT json_group_array(name) FROM anchors n WHERE n.doc = d.id"
        " AND n.passage = c.row) FROM json_each(?) j CROSS JOIN chunks c ON c.id = j.value"
        " CROSS JOIN documents d ON d.id = c.doc AND d.live = c.version"
        f" CROSS JOIN addresses a ON a.doc = d.id WHERE {condition} ORDER BY j.key"
    )
    asked: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for name, place, address, names in connection.execute(
        sql, (json.dumps(list(dict.fromkeys(ids))), *values)
    ).fetchall():
        anchors = json.loads(names)
        placed = [anchor for anchor in anchors if anchor[0] not in "=~"] + ([""] if place == 0 else [])
        asked += [(name, target, anchor) for target in written_as(address, sites) for anchor in placed]
        asked += [(name, ANYWHERE, anchor) for anchor in anchors if anchor[0] != ":"] if name not in seen else []
        seen.add(name)
    fetch = (
        "SELECT value ->> 0, o.id FROM json_each(?) CROSS JOIN links l ON l.target = value ->> 1"
        " AND l.anchor = value ->> 2 CROSS JOIN chunks o ON o.row = l.passage CROSS JOIN documents d ON d.id = o.doc"
        " AND d.live = o.version WHERE l.passage IN (SELECT x.passage FROM (SELECT passage FROM links WHERE"
        f" target = value ->> 1 AND anchor = value ->> 2 LIMIT {LOOKED_AT}) x CROSS JOIN chunks o ON o.row = x.passage"
        f" CROSS JOIN documents d ON d.id = o.doc AND d.live = o.version WHERE {condition} LIMIT ?) ORDER BY l.passage"
    )
    rows = connection.execute(fetch, (json.dumps(asked), *values, most + 1)).fetchall() if asked else []
    return _leading_back(connection, rows, most, check=check, sites=sites)


def _leading_back(
    connection: sqlite3.Connection,
    rows: Iterable[tuple[str, str]],
    most: int,
    *,
    check: Check,
    sites: Sequence[Site],
) -> dict[str, list[str]]:
    """Keep the pairs of (passage, one that may link to it) where the other does: an address may have two documents."""
    candidates: dict[str, list[str]] = defaultdict(list)
    for name, other in rows:
        if other != name and other not in candidates[name]:
            candidates[name].append(other)
    kept = {name: others[: most + 1] for name, others in candidates.items()}
    others = list(dict.fromkeys(other for found in kept.values() for other in found))
    leads = linked(connection, others, PER_PASSAGE, check=check, sites=sites)
    heads = _heads(connection, {one.document for found in leads.values() for one in found if not one.passage})
    ends = {other: {one.passage or heads.get(one.document, "") for one in found} for other, found in leads.items()}
    made = {name: [one for one in found if name in ends.get(one, ())][:most] for name, found in kept.items()}
    return {name: found for name, found in made.items() if found}


def _heads(connection: sqlite3.Connection, documents: Iterable[str]) -> Mapping[str, str]:
    sql = (
        "SELECT d.key, c.id FROM json_each(?) j CROSS JOIN documents d ON d.key = j.value"
        " CROSS JOIN chunks c ON c.doc = d.id AND c.version = d.live AND c.ord = 0"
    )
    return dict(connection.execute(sql, (json.dumps(sorted(documents)),)).fetchall())
