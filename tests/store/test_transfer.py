"""Export and import, with files that are whole, damaged and cut short, and adopting a Chroma collection."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings as ChromaSettings

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.ingest.index import index_paths
from polyhop.store.chroma import adopt
from polyhop.store.collection import Collection
from polyhop.store.transfer import MAX_LINE, export, import_file
from tests import corpus

from .test_collection import Mirror

LONG = Document(
    "long.md", "# Source\n\n" + "The Danube rises in the Black Forest. " * 80, "Long", {"tags": ["a", 2, True]}
)
OWN = Document("own", corpus.DOCUMENTS[7].text, corpus.DOCUMENTS[7].title, vector=tuple(np.eye(384)[3].tolist()))


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection with documents of one and of several passages, and one with a vector of its own."""
    with corpus.collection(tmp_path / "home", embedder, documents=[*corpus.DOCUMENTS, LONG, OWN]) as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open an empty collection."""
    with corpus.collection(tmp_path / "other", embedder, documents=[], name="other") as opened:
        yield opened


def content(opened: Collection) -> list[object]:
    """Return everything that can be read of a collection."""
    passages = opened.passages(opened.record.live_ids())
    vectors = opened.vectors(list(passages))
    return [passages, {name: vector.tobytes() for name, vector in vectors.items()}]


@pytest.mark.parametrize("name", ["films.jsonl", "films.jsonl.gz"])
def test_a_trusted_export_is_imported_whole(name: str, tmp_path: Path, films: Collection, other: Collection) -> None:
    """Passages, ids, metadata and vectors come back bit by bit, without embedding; the same again changes nothing."""
    assert 14 == export(films, tmp_path / name)
    report = import_file(other, tmp_path / name, trusted=True)

    assert (14, 0, []) == (report.added, report.embedded, report.skipped)
    assert content(films) == content(other)
    assert [] == other.verify()
    assert 14 == import_file(other, tmp_path / name, trusted=True).unchanged
    assert [tmp_path / name] == [path for path in tmp_path.iterdir() if path.is_file()]


def test_imported_documents_are_recognised_by_the_files_they_came_from(
    tmp_path: Path, films: Collection, other: Collection
) -> None:
    """Adding the original documents after an import of their owner's finds them unchanged."""
    export(films, tmp_path / "films.jsonl")
    import_file(other, tmp_path / "films.jsonl", trusted=True)
    assert 14 == other.add([*corpus.DOCUMENTS, LONG, OWN]).unchanged


def test_folders_and_files_go_along(tmp_path: Path, other: Collection, embedder: Encoder) -> None:
    """Indexing the folder after an import reads nothing, also where it is elsewhere on another machine."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "elbe.txt").write_text("The Elbe ends in the North Sea.")
    (docs / "rows.csv").write_text("id,text\n7,The Oder.\n8,The Rhine.\n")
    with corpus.collection(tmp_path / "first", embedder, documents=[]) as first:
        index_paths(first, [docs])
        export(first, tmp_path / "docs.jsonl")
        assert 0 == import_file(first, tmp_path / "docs.jsonl", trusted=True).added
        assert 2 == index_paths(first, [docs]).unchanged
    import_file(other, tmp_path / "docs.jsonl", trusted=True)
    assert [str(docs)] == other.status()["folders"]
    docs.rename(tmp_path / "papers")
    report = index_paths(other, [tmp_path / "papers"])
    assert (2, 0, 0) == (report.unchanged, report.indexed, report.embedded)
    assert "papers/elbe.txt" in [source for _, _, source in other.documents()]


def test_folders_of_another_collection_take_no_name(tmp_path: Path, other: Collection, embedder: Encoder) -> None:
    """Two folders of one name: the documents come, the files are read when their folder is indexed."""
    for place in ("one", "two"):
        (tmp_path / place / "docs").mkdir(parents=True)
        (tmp_path / place / "docs" / f"{place}.txt").write_text(f"Text number {place}.")
    with corpus.collection(tmp_path / "first", embedder, documents=[]) as first:
        index_paths(first, [tmp_path / "one" / "docs"])
        export(first, tmp_path / "docs.jsonl")
    index_paths(other, [tmp_path / "two" / "docs"])
    assert 1 == import_file(other, tmp_path / "docs.jsonl", trusted=True).added
    assert [str(tmp_path / "two" / "docs")] == other.status()["folders"]
    assert 1 == index_paths(other, [tmp_path / "two" / "docs"]).unchanged
    assert [] == other.verify()


def test_a_file_cut_short_takes_down_no_files(tmp_path: Path, other: Collection, embedder: Encoder) -> None:
    """Rows that are missing are read when the folder is indexed."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "rows.csv").write_text("id,text\n7,The Oder.\n8,The Rhine.\n")
    with corpus.collection(tmp_path / "first", embedder, documents=[]) as first:
        index_paths(first, [docs])
        export(first, tmp_path / "docs.jsonl")
    lines = (tmp_path / "docs.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "docs.jsonl").write_text("".join(lines[:2]))
    with pytest.raises(CallerError, match="ends too early"):
        import_file(other, tmp_path / "docs.jsonl", trusted=True)
    assert [] == other.status()["folders"]
    index_paths(other, [docs])
    assert ["rows.csv#7", "rows.csv#8"] == other.keys()


def test_an_import_for_another_embedder_embeds(tmp_path: Path, films: Collection, embedder: Encoder) -> None:
    """Vectors of another embedder are not taken over; the texts are embedded again."""
    export(films, tmp_path / "films.jsonl")
    with corpus.collection(tmp_path / "m", Mirror(embedder), documents=[]) as mirrored:
        report = import_file(mirrored, tmp_path / "films.jsonl")
        assert (14, True) == (report.added, report.embedded > 0)
        assert [] == mirrored.verify()


def lines(path: Path) -> list[str]:
    """Return the lines of an export."""
    return path.read_text("utf-8").splitlines(keepends=True)


def cut(path: Path) -> None:
    """Cut the file in the middle of its sixth line."""
    parts = lines(path)
    path.write_text("".join(parts[:5]) + parts[5][:100], "utf-8")


def lose_the_end(path: Path) -> None:
    """Lose the last lines, at the end of a line."""
    path.write_text("".join(lines(path)[:6]), "utf-8")


def lose_a_line(path: Path) -> None:
    """Lose a line in the middle."""
    parts = lines(path)
    path.write_text("".join(parts[:3] + parts[4:]), "utf-8")


def break_json(path: Path) -> None:
    """Break the fifth line."""
    parts = lines(path)
    path.write_text("".join([*parts[:4], "{broken\n", *parts[5:]]), "utf-8")


def lose_a_field(path: Path) -> None:
    """Rename a field of the fifth line."""
    parts = lines(path)
    path.write_text("".join([*parts[:4], parts[4].replace('"chunks"', '"chunk"'), *parts[5:]]), "utf-8")


def break_a_vector(path: Path) -> None:
    """Make a vector of the fifth line zero."""
    parts = lines(path)
    start = parts[4].index('"vector": "') + len('"vector": "')
    path.write_text(
        "".join([*parts[:4], parts[4][:start] + "A" * 2048 + parts[4][start + 2048 :], *parts[5:]]), "utf-8"
    )


def no_utf8(path: Path) -> None:
    """Put bytes into the file that are no UTF-8."""
    parts = [line.encode() for line in lines(path)]
    path.write_bytes(b"".join(parts[:4]) + b'{"key": "\xff\xfe"}\n')


DAMAGE = {
    cut: r"no JSON|ends too early",
    lose_the_end: "ends too early",
    lose_a_line: "ends too early",
    break_json: "line 5 is no JSON",
    lose_a_field: "damaged at line 5",
    break_a_vector: "damaged at line 5.*unit length",
    no_utf8: "damaged or no export",
}


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_refused_whole(
    damage: Any, tmp_path: Path, films: Collection, other: Collection, *, trusted: bool
) -> None:
    """The error says where the damage is, and nothing that stood before it is stored."""
    path = tmp_path / "films.jsonl"
    export(films, path)
    damage(path)
    with pytest.raises(CallerError, match=DAMAGE[damage]):
        import_file(other, path, trusted=trusted)

    assert 0 == other.status()["documents"]
    assert [] == other.verify()


def forged(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Change the first document of an export, in its place."""
    parts = lines(path)
    row = json.loads(parts[1])
    change(row)
    path.write_text("".join([parts[0], json.dumps(row) + "\n", *parts[2:]]), "utf-8")
    return path


def coded(vector: Any) -> str:
    """Return a vector as exports write it."""
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()


HONEST = corpus.DOCUMENTS[0]
FORGERIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "the hash of another text": lambda row: row.update(key="evil") or row["chunks"][0].update(text="Something else."),
    "another vector": lambda row: row.update(key="evil") or row["chunks"][0].update(vector=coded(np.eye(384)[9])),
    "the digest of another text": lambda row: row["chunks"][0].update(text="FORGED"),
    "its own key, another vector": lambda row: row["chunks"][0].update(vector=coded(np.eye(384)[9])),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_nothing_that_an_import_says_reaches_an_honest_document(
    forgery: str, tmp_path: Path, films: Collection, other: Collection, embedder: Encoder
) -> None:
    """A document that is added afterwards has its own text and the vector that the embedder makes of it."""
    export(films, tmp_path / "films.jsonl")
    import_file(other, forged(tmp_path / "films.jsonl", FORGERIES[forgery]))
    other.add([HONEST])

    (ids,) = [[name] for name, one in other.passages(other.record.live_ids()).items() if one.document == HONEST.key]
    passage = other.passages(ids)[ids[0]]
    own = embedder.encode_passages([f"{HONEST.title}\n{HONEST.text}"])[0]
    assert HONEST.text == passage.text
    assert 1.0 == pytest.approx(float(other.vectors(ids)[ids[0]] @ own), abs=1e-3)
    assert [] == other.verify()


def test_an_import_takes_no_files_lengths_or_calibration(
    tmp_path: Path, films: Collection, other: Collection, embedder: Encoder
) -> None:
    """Files that an export claims to know would never be read; so their folder is read, and nothing is embedded."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "elbe.txt").write_text("The Elbe ends in the North Sea.")
    index_paths(films, [tmp_path / "docs"])
    films.record.put(calibration="{}", chunk_tokens=30)
    export(films, tmp_path / "films.jsonl")
    report = import_file(other, tmp_path / "films.jsonl")

    assert (15, 0) == (report.added, report.embedded)
    assert ([], None) == (other.status()["folders"], other.status()["chunk_tokens"])
    assert "" == other.record.get("calibration", "")
    assert 15 == import_file(other, tmp_path / "films.jsonl").unchanged
    assert [] == other.verify()


def _layout(*blocks: Any, links: Any = ()) -> str:
    return json.dumps([[0, 9, 0, 0], [["A"]], list(blocks), list(links)])


ODD: dict[str, dict[str, Any]] = {
    "three dimensions": {"vector": coded([1, 0, 0])},
    "no number": {"vector": coded([float("nan")] * 384)},
    "too long": {"vector": coded([3e38] * 384)},
    "no base64": {"vector": "*" * 2048},
    "text that is none": {"text": 7},
    "a lone surrogate": {"text": "\ud800"},
    "a layout out of the passage": {"layout": _layout([0, 10**9, "paragraph", 0, 0, 0, []])},
    "a block of no kind": {"layout": _layout([0, 3, "evil", 0, 0, 0, []])},
    "a link to a list": {"layout": _layout(links=[[0, 1, ["x"]]])},
    "a deep layout": {"layout": "[" * 100_000},
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("trusted", [False, True])
def test_what_cannot_be_right_is_refused_whole(
    odd: str, tmp_path: Path, films: Collection, other: Collection, *, trusted: bool
) -> None:
    """The error names the line, the collection stays as it was, and no disk is blamed."""
    export(films, tmp_path / "films.jsonl")
    path = forged(tmp_path / "films.jsonl", lambda row: row["chunks"][0].update(ODD[odd]))
    with pytest.raises(CallerError, match="damaged at line 2") as raised:
        import_file(other, path, trusted=trusted)
    assert "disk" not in str(raised.value)
    assert (0, []) == (other.status()["documents"], other.verify())


@pytest.mark.parametrize("line", ['{"key": ' + "[" * 200_000 + "]" * 200_000 + "}", '{"chunks": []}'])
def test_odd_lines_are_refused(line: str, tmp_path: Path, films: Collection, other: Collection) -> None:
    """Brackets without end, and a document without passages, are the caller's errors."""
    export(films, tmp_path / "films.jsonl")
    parts = lines(tmp_path / "films.jsonl")
    (tmp_path / "films.jsonl").write_text("".join([parts[0], line + "\n", *parts[1:]]), "utf-8")
    with pytest.raises(CallerError, match="line 2"):
        import_file(other, tmp_path / "films.jsonl")
    assert 0 == other.status()["documents"]


def test_a_line_without_end_is_not_read_to_its_end(tmp_path: Path, other: Collection) -> None:
    """A small compressed file of one huge line takes the memory of the longest line that is allowed, not of its own."""
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"polyhop": 1, "embedder": "all-MiniLM-L6-v2"}\n{"key": "')
        for _ in range(200):
            file.write(b"a" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(CallerError, match="--trusted"):
        import_file(other, path)
    assert tracemalloc.get_traced_memory()[1] < 3 * MAX_LINE
    tracemalloc.stop()


def test_a_truncated_gzip_is_refused(tmp_path: Path, films: Collection, other: Collection) -> None:
    """A gzip file that was cut is the caller's error."""
    path = tmp_path / "films.jsonl.gz"
    export(films, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(CallerError, match=r"ends too early|damaged"):
        import_file(other, path)
    assert [] == other.verify()


@pytest.mark.parametrize("data", [b"", b"\n", b"[1]\n", b'{"a": 1}\n', b"PK\x03\x04", b'{"polyhop": 99}\n'])
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_what_is_no_export_is_refused(data: bytes, suffix: str, tmp_path: Path, other: Collection) -> None:
    """Other files, empty ones and files that only claim to be gzip are the caller's error."""
    path = tmp_path / f"file{suffix}"
    path.write_bytes(data)
    with pytest.raises(CallerError, match="export"):
        import_file(other, path)
    assert 0 == other.status()["documents"]


def test_missing_files_and_places_are_said(tmp_path: Path, films: Collection) -> None:
    """A file that is not there is the caller's error, a place that cannot be written to the operator's."""
    with pytest.raises(CallerError, match="check the path"):
        import_file(films, tmp_path / "none.jsonl")
    with pytest.raises((OperatorError, CallerError), match="nowhere"):
        export(films, tmp_path / "nowhere" / "films.jsonl")


def test_a_failed_export_leaves_the_old_file(
    tmp_path: Path, films: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export appears whole or not at all; the file that was there stays."""
    path = tmp_path / "films.jsonl"
    export(films, path)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", _full_disk)
    with pytest.raises(OperatorError, match="No space"):
        export(films, path)
    assert (before, ["films.jsonl"]) == (path.read_bytes(), [one.name for one in tmp_path.iterdir() if one.is_file()])


def _full_disk(*names: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.fixture
def chroma(tmp_path: Path) -> Iterator[Any]:
    """Run a Chroma of somebody else's."""
    client: Any = chromadb.PersistentClient(
        str(tmp_path / "chroma"), settings=ChromaSettings(anonymized_telemetry=False)
    )
    yield client
    client.close()


def fill(client: Any, embedder: Encoder, name: str = "theirs", *, turn: int = 1) -> None:
    """Make a Chroma collection of the known passages; `turn` -1 reverses the vectors."""
    theirs = client.create_collection(name, embedding_function=None)
    texts = [document.text for document in corpus.DOCUMENTS]
    theirs.add(
        ids=[document.key for document in corpus.DOCUMENTS],
        documents=texts,
        embeddings=embedder.encode_passages(texts)[:, ::turn] * 2,
        metadatas=[{"title": document.title, "year": document.metadata["year"]} for document in corpus.DOCUMENTS],
    )


def test_a_chroma_collection_is_adopted(tmp_path: Path, chroma: Any, embedder: Encoder, other: Collection) -> None:
    """Its texts, titles and metadata come with its vectors, at unit length, and nothing of it is changed."""
    fill(chroma, embedder)
    report = adopt(other, str(tmp_path / "chroma"), "theirs")

    assert (12, 0, []) == (report.added, report.embedded, report.skipped)
    assert ["Jaws (film).md"] == other.keys("year = 1975")
    vector = embedder.encode_queries([corpus.DOCUMENTS[0].text])
    hit = other.dense(vector, 1)[0][0]
    assert "Jaws (film)" == other.passages([hit.id])[hit.id].title
    assert 1.0 == pytest.approx(hit.score, abs=1e-4)
    assert [] == other.verify()
    assert 12 == adopt(other, str(tmp_path / "chroma"), "theirs").unchanged
    assert 12 == chroma.get_collection("theirs", embedding_function=None).count()


def test_vectors_of_another_model_are_not_adopted(
    tmp_path: Path, chroma: Any, embedder: Encoder, other: Collection
) -> None:
    """Vectors that this embedder would not give for the texts are refused, and so is another dimension."""
    fill(chroma, embedder, turn=-1)
    with pytest.raises(CallerError, match=r"mean cosine.*--embedder"):
        adopt(other, str(tmp_path / "chroma"), "theirs")
    small = chroma.create_collection("small", embedding_function=None)
    small.add(ids=["a"], documents=["text"], embeddings=[[1.0, 0.0]])
    with pytest.raises(CallerError, match="2 dimensions"):
        adopt(other, str(tmp_path / "chroma"), "small")
    assert 0 == other.status()["documents"]


def test_empty_and_textless_collections_are_adopted_as_far_as_they_go(
    tmp_path: Path, chroma: Any, other: Collection
) -> None:
    """Nothing comes of an empty collection, and rows without a text are reported."""
    chroma.create_collection("empty", embedding_function=None)
    assert 0 == adopt(other, str(tmp_path / "chroma"), "empty").added
    bare = chroma.create_collection("bare", embedding_function=None)
    bare.add(ids=["a"], embeddings=[np.eye(384)[0].tolist()])
    assert [("a", "it has no text")] == adopt(other, str(tmp_path / "chroma"), "bare").skipped


def test_what_is_not_there_to_adopt_is_said(tmp_path: Path, chroma: Any, embedder: Encoder, other: Collection) -> None:
    """A wrong folder is the caller's error, and for a wrong name those that are there are listed."""
    fill(chroma, embedder)
    with pytest.raises(CallerError, match=r"chroma\.sqlite3"):
        adopt(other, str(tmp_path), "theirs")
    with pytest.raises(CallerError, match=r"no collection 'ours' \(there: theirs\)"):
        adopt(other, str(tmp_path / "chroma"), "ours")
