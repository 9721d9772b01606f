"""Verification notices every kind of damage, one test each, and rebuilding mends what is derived."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from polyhop.core.errors import OperatorError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store import derived
from polyhop.store.collection import Collection
from polyhop.store.write import lexical_row
from tests import corpus

#: Passages of the same length, whose words can be exchanged without changing any sum.
TWINS = [Document("ash", "a red fox", "Ash"), Document("elm", "a blue owl", "Elm")]


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open a sound collection."""
    with corpus.collection(tmp_path, embedder) as opened:
        opened.add(TWINS)
        assert [] == opened.verify()
        yield opened


def change(collection: Collection, sql: str, *values: object) -> None:
    """Change the record behind its back."""
    with collection.record.writing() as connection:
        connection.execute(sql, values)


def row(collection: Collection, title: str) -> tuple[int, str, str, str, str]:
    """Return (row, id, title, heading, text) of the passage with a title."""
    with collection.record.reading() as connection:
        sql = "SELECT row, id, title, heading, text FROM chunks WHERE title = ?"
        return connection.execute(sql, (title,)).fetchone()  # type: ignore[no-any-return]


def drop_lexical(collection: Collection) -> None:
    """Take one passage out of FTS5."""
    values = lexical_row(row(collection, "Vienna"))
    change(collection, "INSERT INTO lexical (lexical, rowid, title, body) VALUES ('delete', ?, ?, ?)", *values)


def add_lexical(collection: Collection) -> None:
    """Put a passage into FTS5 that the record has not."""
    change(collection, "INSERT INTO lexical (rowid, title, body) VALUES (9999, 'ghost', 'nothing')")


def swap_lexical(collection: Collection) -> None:
    """Give two passages each other's words, so that all sums stay the same."""
    first, second = (lexical_row(row(collection, title)) for title in ("Ash", "Elm"))
    for number, title, body in (first, second):
        values = (number, title, body)
        change(collection, "INSERT INTO lexical (lexical, rowid, title, body) VALUES ('delete', ?, ?, ?)", *values)
    for number, (_, title, body) in ((first[0], second), (second[0], first)):
        change(collection, "INSERT INTO lexical (rowid, title, body) VALUES (?, ?, ?)", number, title, body)


def turn_vector(collection: Collection) -> None:
    """Change a stored vector to another one of unit length."""
    other = np.eye(384, dtype="<f4")[5].tobytes()
    change(collection, "UPDATE vectors SET vector = ? WHERE row = (SELECT min(row) FROM vectors)", other)


def stretch_vector(collection: Collection) -> None:
    """Change a stored vector to one of another length."""
    other = (np.eye(384, dtype="<f4")[5] * 3).tobytes()
    change(collection, "UPDATE vectors SET vector = ? WHERE row = (SELECT min(row) FROM vectors)", other)


def cut_vector(collection: Collection) -> None:
    """Cut a stored vector short."""
    change(collection, "UPDATE vectors SET vector = substr(vector, 1, 1001) WHERE row = (SELECT min(row) FROM vectors)")


def drop_vector(collection: Collection) -> None:
    """Delete a stored vector."""
    change(collection, "DELETE FROM vectors WHERE row = (SELECT min(row) FROM vectors)")


def drop_indexed(collection: Collection) -> None:
    """Delete a row of Chroma's."""
    collection._derived.index.delete(collection.record.live_ids()[:1])


def add_indexed(collection: Collection) -> None:
    """Put a row into Chroma that the record has not."""
    collection._derived.index.upsert(["f" * 32], np.eye(384, dtype=np.float32)[:1], [])


def change_indexed(collection: Collection) -> None:
    """Change a vector in Chroma."""
    collection._derived.index.upsert(collection.record.live_ids()[:1], np.eye(384, dtype=np.float32)[:1], [])


def drop_attribute(collection: Collection) -> None:
    """Delete an attribute row."""
    change(collection, "DELETE FROM attributes WHERE key = 'year' AND value = 1975")


def change_attribute(collection: Collection) -> None:
    """Change an attribute's value."""
    change(collection, "UPDATE attributes SET value = 1976 WHERE key = 'year' AND value = 1975")


def drop_name(collection: Collection) -> None:
    """Delete a row of the link index."""
    change(collection, "DELETE FROM names WHERE name = 'vienna'")


def add_name(collection: Collection) -> None:
    """Put a name into the link index that belongs to no document."""
    change(collection, "INSERT INTO names VALUES ('ghost', 9999, 0)")


def leave_pending(collection: Collection) -> None:
    """Leave a chunk of a version that never became live."""
    change(
        collection,
        "INSERT INTO chunks (id, doc, version, ord, title, heading, text, hash)"
        " SELECT 'x', doc, version + 1, ord, title, heading, text, hash FROM chunks LIMIT 1",
    )


def orphan(collection: Collection) -> None:
    """Delete a document under its chunks."""
    change(collection, "DELETE FROM documents WHERE key = 'Vienna.md'")


def edit_text(collection: Collection) -> None:
    """Change a passage's text under its index."""
    change(collection, "UPDATE chunks SET text = 'Vienna is small.' WHERE title = 'Vienna'")


DAMAGE: dict[Callable[[Collection], None], str] = {
    drop_lexical: "FTS5",
    add_lexical: "FTS5",
    swap_lexical: "in other places",
    turn_vector: "vector index: 1 vectors differ",
    stretch_vector: "1 vectors are not of unit length",
    cut_vector: "1 vectors are of the wrong size",
    drop_vector: "1 live chunks have no vector",
    drop_indexed: "lacks 1 rows",
    add_indexed: "unknown 1 rows",
    change_indexed: "vector index: 1 vectors differ",
    drop_attribute: "attributes: 1 documents differ",
    change_attribute: "attributes: 1 documents differ",
    drop_name: "names: 1 documents differ",
    add_name: "1 rows belong to none",
    leave_pending: "1 pending chunks",
    orphan: "1 chunks without a document",
    edit_text: "FTS5",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_noticed(damage: Callable[[Collection], None], films: Collection) -> None:
    """Each kind of damage is said, with what is damaged."""
    damage(films)
    said = films.verify()
    assert any(DAMAGE[damage] in line for line in said), said


def test_damaged_pages_are_noticed(films: Collection, embedder: Encoder) -> None:
    """An index of SQLite's that does not fit its table is found by the check of the file itself."""
    films.close()
    file = films.folder / "record.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'names_by_doc'").fetchone()[0]
    whole = bytearray(file.read_bytes())
    whole[page * size - 40 : page * size] = bytes(40)
    file.write_bytes(whole)
    with Collection.open(films.folder.parent, "films", embedder=embedder) as damaged:
        assert any(line.startswith("record:") for line in damaged.verify())


@pytest.mark.parametrize("damage", [drop_indexed, add_indexed, change_indexed], ids=lambda damage: damage.__name__)
def test_a_rebuilt_vector_index_is_sound(damage: Callable[[Collection], None], films: Collection) -> None:
    """Rebuilding needs the record alone and embeds nothing."""
    vector = films.embedder.encode_queries([corpus.QUESTION])
    before = films.dense(vector, 5)
    damage(films)
    films.rebuild()

    assert [] == films.verify()
    assert [hit.id for hit in before[0]] == [hit.id for hit in films.dense(vector, 5)[0]]
    assert any("rebuilt" in notice for notice in films.notices)


@pytest.mark.parametrize("damage", [drop_indexed, add_indexed, change_indexed], ids=lambda damage: damage.__name__)
def test_what_a_dead_writer_left_is_not_read(
    damage: Callable[[Collection], None], films: Collection, embedder: Encoder
) -> None:
    """After a writer died the vector index is made from the record; its files may be torn, so nobody opens them."""
    damage(films)
    films.record.put(dirty="writing")
    films.close()
    with Collection.open(films.folder.parent, "films", embedder=embedder) as again:
        assert ["the last writer was interrupted"] == [notice.split(": ")[-1] for notice in again.notices]
        assert [] == again.verify()


def test_a_lost_row_of_chroma_is_noticed_on_opening(films: Collection, embedder: Encoder) -> None:
    """An index of another size than the record is rebuilt by the next one to open it."""
    drop_indexed(films)
    films.close()
    with Collection.open(films.folder.parent, "films", embedder=embedder) as again:
        assert any("rebuilt" in notice for notice in again.notices)
        assert [] == again.verify()


def test_a_long_rebuild_is_announced(films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for many rows is told before, and nobody for a few."""
    rows = films.record.count()[1]
    with capture_logs() as few:
        films.rebuild()
    monkeypatch.setattr(derived, "LONG", rows)
    with capture_logs() as many:
        films.rebuild()

    assert [] == [line for line in few if "begun" in line]
    assert f"rebuilding {rows} rows" in many[0]["begun"]


def test_verifying_twice_and_beside_writes_is_sound(films: Collection) -> None:
    """Verification leaves nothing behind that a later one or a write would meet."""
    for number in range(3):
        assert [] == films.verify()
        films.add([Document(f"new {number}", f"The Elbe has {number} names.")])
    assert [] == films.verify()


def test_a_damaged_page_is_told_with_all_that_is_still_found(tmp_path: Path, embedder: Encoder) -> None:
    """Verification goes on behind what it cannot read, and says how the collection comes back."""
    with corpus.collection(tmp_path, embedder) as opened:
        with opened.record.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            sql = "SELECT rootpage FROM sqlite_master WHERE name = 'names'"
            (page,) = connection.execute(sql).fetchone()
            (size,) = connection.execute("PRAGMA page_size").fetchone()
        drop_lexical(opened)
        with opened.record.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.record._drop()  # what the connections keep in memory is sound
        with opened.record.path.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        problems = opened.verify()

    assert any("FTS5" in problem for problem in problems)
    assert any("is damaged" in problem and "restore the folder from a copy" in problem for problem in problems)
    assert not any("--verify" in problem or "disk space" in problem for problem in problems)


def test_a_record_that_was_emptied_is_not_taken_for_a_new_one(tmp_path: Path, embedder: Encoder) -> None:
    """Neither opening nor making it goes on without a word; a collection that was hardly begun can be made."""
    corpus.collection(tmp_path, embedder).close()
    record = tmp_path / "films" / "record.sqlite"
    record.write_bytes(b"")
    for opening in (Collection.open, Collection.create):
        with pytest.raises(OperatorError, match="restore the folder from a copy"):
            opening(tmp_path, "films", embedder=embedder)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "record.sqlite").write_bytes(b"")
    Collection.create(tmp_path, "begun", embedder=embedder).close()
