"""The links of one document as a table: what its author wrote, whether it leads anywhere here or not.

A search asks `links.py`, which tells only what leads somewhere. Whoever looks at a document wants the rest too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from ..core.types import LinkKind
from .links import Check, WrittenLink, best, documents_meant
from .sites import Site, written_as

#: places with a link that may lead to a document which are looked at
MOST_INCOMING = 5_000
#: a place of a text that holds a link, with a row for each meaning, the likeliest first
_FIELDS = "c.id, d.id, d.key, l.kind, l.start, l.end, l.target, l.suffix, l.anchor"


class TableLink(NamedTuple):
    """A link: characters `start` to `end` of a passage, the address and the anchor that they name, and where it leads.

    `document` and `to_document` are keys, `passage` and `to_passage` ids. `to_document` is "" where no document has the
    address, `to_passage` where the document as such is meant.
    """

    kind: LinkKind
    document: str
    passage: str
    start: int
    end: int
    address: str
    anchor: str
    to_document: str
    to_passage: str


def outgoing(connection: sqlite3.Connection, key: str, *, check: Check, sites: Sequence[Site]) -> list[TableLink]:
    """Return the links that stand in a document, in the order of its text; none where it does not pass the filter."""
    condition, values = check
    sql = (
        f"SELECT {_FIELDS} FROM documents d CROSS JOIN chunks c ON c.doc = d.id AND c.version = d.live"
        f" CROSS JOIN links l ON l.passage = c.row WHERE d.key = ? AND {condition} ORDER BY c.ord, l.start, l.number"
    )
    rows = [WrittenLink(*row) for row in connection.execute(sql, (key, *values))]
    return list(_led(connection, rows, check, sites))


def incoming(connection: sqlite3.Connection, key: str, *, check: Check, sites: Sequence[Site]) -> list[TableLink]:
    """Return the links of other documents that lead to a document, by the keys of these; both ends pass the filter.

    Of very many the first `MOST_INCOMING` are looked at.
    """
    condition, values = check
    addresses = connection.execute(
        f"SELECT a.address FROM documents d CROSS JOIN addresses a ON a.doc = d.id WHERE d.key = ? AND {condition}",
        (key, *values),
    ).fetchall()
    anchors = connection.execute(
        "SELECT n.name FROM documents d CROSS JOIN anchors n ON n.doc = d.id WHERE d.key = ? AND substr(n.name, 1, 1)"
        f" <> ':' AND {condition}",
        (key, *values),
    ).fetchall()
    targets = {target for (address,) in addresses for target in written_as(address, sites)}
    sql = (
        f"SELECT {_FIELDS} FROM (SELECT passage, start, end FROM links WHERE target IN (SELECT value FROM json_each(?))"
        " UNION SELECT passage, start, end FROM links WHERE target = '#' AND anchor IN (SELECT value FROM json_each(?))"
        " LIMIT ?) x CROSS JOIN links l ON l.passage = x.passage AND l.start = x.start AND l.end = x.end"
        " CROSS JOIN chunks c ON c.row = l.passage CROSS JOIN documents d ON d.id = c.doc AND d.live = c.version"
        f" WHERE d.key <> ? AND {condition} ORDER BY d.key, c.ord, l.start, l.number"
    )
    asked = (json.dumps(sorted(targets)), json.dumps([name for (name,) in anchors]), MOST_INCOMING, key, *values)
    rows = [WrittenLink(*row) for row in connection.execute(sql, asked)]
    return [one for one in _led(connection, rows, check, sites) if one.to_document == key]


def _led(
    connection: sqlite3.Connection, rows: Sequence[WrittenLink], check: Check, sites: Sequence[Site]
) -> Iterable[TableLink]:
    """Yield a link for each place, with the likeliest of its meanings that leads somewhere."""
    meant = documents_meant(connection, {(row.target, row.anchor) for row in rows}, check, sites)
    for _, group in groupby(rows, lambda row: (row.passage, row.start, row.end)):
        meanings = list(group)
        led = [(row, found) for row in meanings if (found := best(row, meant[row.target, row.anchor]))]
        row, found = led[0] if led else (meanings[0], None)
        kind, to = LinkKind(row.kind), (found.key, found.passage) if found else ("", "")
        yield TableLink(kind, row.key, row.passage, row.start, row.end, row.target, row.anchor, *to)
