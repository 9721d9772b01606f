"""Proving that record, FTS5 and vector index say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest

import numpy as np

from ..core.types import Document
from . import layout, links
from .filter import attribute_rows
from .names import names_of
from .record import LIVE, Record, RecordDamaged, attributes
from .vector_index import VectorIndex
from .write import lexical_row

PIECE = 2_000
SHOWN = 5
TOLERANCE = 1e-4

_LIVE_CHUNKS = f"SELECT c.row, c.id, c.title, c.heading, c.text FROM {LIVE} ORDER BY c.row"
_EXPECTED = """
CREATE VIRTUAL TABLE temp.expected USING fts5 (
    title, body, content='', tokenize="porter unicode61 remove_diacritics 2"
);
CREATE VIRTUAL TABLE temp.expected_terms USING fts5vocab(temp, expected, col);
CREATE VIRTUAL TABLE temp.found_terms USING fts5vocab(main, lexical, col);
CREATE VIRTUAL TABLE temp.expected_places USING fts5vocab(temp, expected, instance);
CREATE VIRTUAL TABLE temp.found_places USING fts5vocab(main, lexical, instance);
"""
_PLACES = "SELECT term, doc, col, offset FROM temp."
_TERMS = ("SELECT term, col, doc, cnt FROM temp.found_terms", "SELECT term, col, doc, cnt FROM temp.expected_terms")
_LENGTHS = ("SELECT id, sz FROM main.lexical_docsize", "SELECT id, sz FROM temp.expected_docsize")
_COMPARISONS = (
    ("terms too many", *_TERMS),
    ("terms missing", *_TERMS[::-1]),
    ("chunk lengths too many", *_LENGTHS),
    ("chunk lengths missing", *_LENGTHS[::-1]),
)
_DROP = "".join(
    f"DROP TABLE temp.{table};"
    for table in ("expected_places", "found_places", "expected_terms", "found_terms", "expected")
)


def verify(record: Record, index: VectorIndex, embedder: str) -> list[str]:
    """Return what differs between the record and what is derived from it; an empty list proves them equal.

    Reads everything: the file's pages, each chunk's terms, names, links and attributes against what they were made
    from, and each vector of the index against the stored one.
    """
    problems: list[str] = []

    def found(part: Iterator[str]) -> int:
        """Take over what a part finds, and go on behind what it cannot read."""
        before = len(problems)
        try:
            problems.extend(part)
        except RecordDamaged as damage:
            problems.append(f"record: {damage}")
        return len(problems) - before

    for part in (_file, _leftovers, _lexical, _names, _links, _attributes):
        found(part(record))
    if not found(_sizes(record, embedder)):
        found(_vectors(record, embedder))
        found(_index(record, index, embedder))
    return list(dict.fromkeys(problems))


def _file(record: Record) -> Iterator[str]:
    with record.reading() as connection:
        for (said,) in connection.execute("PRAGMA integrity_check(5)"):
            if said != "ok":
                yield f"record: {said}"


def _leftovers(record: Record) -> Iterator[str]:
    pending = "SELECT count(*) FROM chunks c JOIN documents d ON d.id = c.doc WHERE d.live IS NOT c.version"
    checks = {
        "pending chunks": pending,
        "chunks without a document": "SELECT count(*) FROM chunks WHERE doc NOT IN (SELECT id FROM documents)",
        "documents without a chunk": f"SELECT count(*) FROM documents WHERE id NOT IN (SELECT c.doc FROM {LIVE})",
        "stale ids": "SELECT count(*) FROM stale",
    }
    with record.reading() as connection:
        for what, sql in checks.items():
            if number := connection.execute(sql).fetchone()[0]:
                yield f"record: {number} {what}"


def _lexical(record: Record) -> Iterator[str]:
    """Index the live chunks anew beside the FTS5 index; compare each term's counts, each chunk's length, each place."""
    with record.reading() as connection:
        connection.executescript(_EXPECTED)
        connection.execute("BEGIN")
        rows = connection.execute(_LIVE_CHUNKS)
        insert = "INSERT INTO temp.expected (rowid, title, body) VALUES (?, ?, ?)"
        while piece := rows.fetchmany(PIECE):
            connection.executemany(insert, map(lexical_row, piece))
        connection.execute("COMMIT")
        for what, first, second in _COMPARISONS:
            number = connection.execute(f"SELECT count(*) FROM ({first} EXCEPT {second})").fetchone()[0]
            if number:
                yield f"FTS5: {number} {what}"
        pairs = zip_longest(*(connection.execute(_PLACES + side) for side in ("expected_places", "found_places")))
        if number := next((place for place, (expected, found) in enumerate(pairs, start=1) if expected != found), 0):
            yield f"FTS5: terms stand in other places than in the texts, from the {number:,}. on"
        del pairs
        connection.executescript(_DROP)


def _names(record: Record) -> Iterator[str]:
    with record.reading() as connection:
        rows = connection.execute(f"SELECT d.id, d.title, c.text, c.layout FROM {LIVE} WHERE c.ord = 0").fetchall()
        wrong = 0
        for doc, title, text, written in rows:
            found = set(connection.execute("SELECT name, kind FROM names WHERE doc = ?", (doc,)))
            place = layout.read(written)
            wrong += set(names_of(title, text, place.blocks if place else ())) != found
        alien = connection.execute("SELECT count(*) FROM names WHERE doc NOT IN (SELECT id FROM documents)").fetchone()[
            0
        ]
    if wrong or alien:
        yield f"names: {wrong} documents differ, {alien} rows belong to none"


def _links(record: Record) -> Iterator[str]:
    """Make the rows of each document anew; those that an earlier format wrote have none."""
    head = "SELECT id, live, key, title, source, metadata FROM documents WHERE live IS NOT NULL"
    body = "SELECT row, text, layout FROM chunks WHERE doc = ? AND version = ? ORDER BY ord"
    wrong, passages, unlinked = 0, set[int](), int(record.get("unlinked", 0))
    with record.reading() as connection:
        for doc, live, key, title, source, metadata in connection.execute(head).fetchall():
            chunks = connection.execute(body, (doc, live)).fetchall()
            numbers = [row[0] for row in chunks]
            passages.update(numbers)
            parts = [links.Part(text, layout.read(written)) for _, text, written in chunks]
            expected = links.rows_of(Document(key, "", title, json.loads(metadata), source), parts)
            found = links.stored(connection, doc, numbers)
            wrong += links.different(links.NOTHING if live <= unlinked else expected, found)
        alien = sum(row[0] not in passages for row in connection.execute("SELECT DISTINCT passage FROM links"))
        for table in ("addresses", "anchors"):
            sql = f"SELECT count(*) FROM {table} WHERE doc NOT IN (SELECT id FROM documents)"
            alien += connection.execute(sql).fetchone()[0]
    if wrong or alien:
        yield f"links: {wrong} documents differ, {alien} rows belong to none"


def _attributes(record: Record) -> Iterator[str]:
    with record.reading() as connection:
        rows = connection.execute(
            "SELECT id, key, title, source, metadata FROM documents WHERE live IS NOT NULL"
        ).fetchall()
        wrong = 0
        for doc, key, title, source, metadata in rows:
            expected = sorted(attribute_rows(attributes(json.loads(metadata), key, title, source)), key=repr)
            found = sorted(
                connection.execute("SELECT key, kind, value FROM attributes WHERE doc = ?", (doc,)), key=repr
            )
            wrong += expected != found
    if wrong:
        yield f"attributes: {wrong} documents differ"


def _sizes(record: Record, embedder: str) -> Iterator[str]:
    sql = "SELECT count(*) FROM vectors WHERE embedder = ? AND length(vector) <> ?"
    with record.reading() as connection:
        number = connection.execute(sql, (embedder, 4 * int(record.get("dimension")))).fetchone()[0]
    if number:
        yield f"record: {number} vectors are of the wrong size"


def _vectors(record: Record, embedder: str) -> Iterator[str]:
    seen = 0
    for ids, vectors in record.live_vectors(embedder):
        seen += len(ids)
        lengths = np.linalg.norm(vectors, axis=1)
        if not np.allclose(lengths, 1, atol=1e-3):
            yield f"record: {int((~np.isclose(lengths, 1, atol=1e-3)).sum())} vectors are not of unit length"
    if seen != record.count()[1]:
        yield f"record: {record.count()[1] - seen} live chunks have no vector"


def _index(record: Record, index: VectorIndex, embedder: str) -> Iterator[str]:
    have, live = set(index.ids()), set(record.live_ids())
    for what, odd in (("lacks", live - have), ("has unknown", have - live)):
        if odd:
            yield f"vector index: {what} {len(odd)} rows, such as {', '.join(sorted(odd)[:SHOWN])}"
    different = 0
    for ids, vectors in record.live_vectors(embedder):
        found, stored = index.get([name for name in ids if name in have])
        if found:
            position = {name: place for place, name in enumerate(ids)}
            expected = vectors[[position[name] for name in found]]
            different += int((~np.isclose(stored, expected, atol=TOLERANCE).all(axis=1)).sum())
    if different:
        yield f"vector index: {different} vectors differ"
