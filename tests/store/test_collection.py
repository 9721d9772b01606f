"""A collection's life: documents in, changed, out; vectors of one's own; opening, closing, deleting."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.types import Document, Vectors
from polyhop.encoders import Encoder
from polyhop.store import collection as store
from polyhop.store.collection import Collection, Options
from polyhop.store.write import AddReport
from tests import corpus


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages for writing."""
    with corpus.collection(tmp_path, embedder) as opened:
        yield opened


@pytest.fixture
def empty(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open a collection without documents."""
    with corpus.collection(tmp_path, embedder, documents=[]) as opened:
        yield opened


def document(key: str = "danube", text: str = "The Danube ends in the Black Sea.", **fields: object) -> Document:
    """Return a document with defaults."""
    return Document(key, text, **fields)  # type: ignore[arg-type]


def keys(opened: Collection, text: str, k: int = 3, where: str = "") -> list[str]:
    """Return the documents nearest to a text."""
    (hits,) = opened.dense(opened.embedder.encode_queries([text]), k, where=where)
    passages = opened.passages([hit.id for hit in hits])
    return [passages[hit.id].document for hit in hits]


def counts(report: AddReport) -> tuple[int, int, int, int]:
    """Return the numbers of documents that were added, changed, unchanged, and of texts embedded."""
    return report.added, report.changed, report.unchanged, report.embedded


def test_documents_are_found_and_come_back_whole(films: Collection) -> None:
    """What was added is searchable at once and read back with everything that was given."""
    (hit,) = films.dense(films.embedder.encode_queries(["the river of the Austrian capital"]), 1)[0]
    passage = films.passages([hit.id])[hit.id]
    given = next(one for one in corpus.DOCUMENTS if one.key == passage.document)

    assert (given.text, given.title, given.metadata, "") == (
        passage.text,
        passage.title,
        passage.metadata,
        passage.source,
    )
    assert [] == films.verify()


def test_the_same_again_costs_nothing(films: Collection) -> None:
    """Documents that are there already are unchanged and nothing is embedded."""
    assert (0, 0, len(corpus.DOCUMENTS), 0) == counts(films.add(corpus.DOCUMENTS))


def test_a_changed_text_replaces_the_old_one(films: Collection) -> None:
    """After a change only the new text is found, under the same key."""
    old = corpus.DOCUMENTS[0]
    report = films.add([replace(old, text="Jaws is the part of a skull that holds the teeth.")])

    assert (0, 1, 0, 1) == counts(report)
    assert old.key == keys(films, "bones of the head with teeth", 1)[0]
    assert [] == films.lexical("thriller", 5)
    assert len(corpus.DOCUMENTS) == films.status()["passages"]
    assert [] == films.verify()


def test_a_change_of_metadata_embeds_nothing(films: Collection) -> None:
    """New metadata and sources hold at once, with the vectors that are there."""
    old = corpus.DOCUMENTS[0]
    report = films.add([replace(old, metadata={"kind": "poster"}, source="wall")])

    assert (0, 1, 0, 0) == counts(report)
    assert [old.key] == films.keys("kind = 'poster' and source = 'wall'")
    assert [] == films.verify()


def test_removed_documents_leave_nothing(films: Collection) -> None:
    """Documents are removed by key and by filter; keys that are not there are not counted."""
    assert 2 == films.remove(["Vienna.md", "Danube.md", "Atlantis.md"])
    assert 3 == films.remove(where="kind = 'film'")
    assert 0 == films.remove([])
    assert len(corpus.DOCUMENTS) - 5 == films.status()["documents"]
    assert {} == films.bearers(["vienna", "danube"], 60)
    assert [] == films.verify()


def test_a_key_is_not_taken_for_a_list_of_keys(films: Collection) -> None:
    """A single string given for the keys is refused instead of being read letter by letter."""
    with pytest.raises(CallerError, match="brackets"):
        films.remove("Vienna.md")


def test_equal_texts_of_two_documents_live_apart(empty: Collection) -> None:
    """Documents of the same text have passages of their own and one embedding; removing one leaves the other."""
    assert (2, 0, 0, 1) == counts(empty.add([document("a"), document("b")]))
    assert ["a", "b"] == sorted(keys(empty, "Danube"))
    empty.remove(["a"])
    assert ["b"] == keys(empty, "Danube")
    empty.add([document("b", "Something else.")])
    assert [] == empty.lexical("Danube", 5)
    assert [] == empty.verify()


def test_equal_chunks_within_a_document_are_kept(empty: Collection) -> None:
    """A document that says the same twice has both passages."""
    part = "The Danube flows east. " * 60
    empty.add([document(text=f"# A\n\n{part}\n\n# A\n\n{part}")])
    texts = [passage.text for passage in empty.passages(empty.record.live_ids()).values()]

    assert len(texts) > len(set(texts))
    assert [] == empty.verify()


def test_the_last_document_of_a_key_wins(empty: Collection) -> None:
    """A key that comes twice in one call ends with the later text."""
    report = empty.add([document(text="first"), document(text="second")])

    assert (1, 1) == (report.added, report.changed)
    assert ["second"] == [passage.text for passage in empty.passages(empty.record.live_ids()).values()]


def test_ties_are_broken_by_id(empty: Collection) -> None:
    """Of many equal passages the same few are returned, by both halves, whatever the history of the collection."""
    everyone = [document(f"copy {number}") for number in range(40)]
    empty.add(everyone)
    vector = empty.embedder.encode_queries(["The Danube"])
    expected = sorted(empty.record.live_ids())[:4]

    for _ in range(2):
        assert expected == [hit.id for hit in empty.dense(vector, 4)[0]]
        assert expected == [hit.id for hit in empty.lexical("Danube", 4)]
        assert expected == [hit.id for hit in empty.lexical("Danube", 4, where="key like 'copy*'")]
        empty.remove([one.key for one in everyone[:20]])
        empty.add(everyone[:20][::-1])


BAD_VECTORS = {
    "not a number": ([float("nan")] + [0.1] * 383, "NaN"),
    "infinite": ([float("inf")] + [0.1] * 383, "infinity"),
    "zero": ([0.0] * 384, "is zero"),
    "short": ([1.0] * 3, "384 dimensions"),
    "empty": ([], "384 dimensions"),
    "text": (["a"] * 384, "numbers"),
    "nested": ([[1.0] * 384, [1.0] * 384], "shape"),
}


@pytest.mark.parametrize(("vector", "said"), BAD_VECTORS.values(), ids=BAD_VECTORS)
def test_a_bad_vector_skips_its_document_alone(vector: list[float], said: str, empty: Collection) -> None:
    """A document with an unusable vector is on the report with the reason and its neighbours are stored."""
    report = empty.add([document("good"), document("bad", vector=tuple(vector)), document("also good")])

    assert ["bad"] == [key for key, _ in report.skipped]
    assert said in report.skipped[0][1]
    assert ["also good", "good"] == empty.keys()
    assert [] == empty.verify()


@pytest.mark.parametrize("kind", [tuple, list, np.array], ids=["tuple", "list", "array"])
def test_own_vectors_are_taken_as_they_come(kind: object, empty: Collection) -> None:
    """Any sequence of numbers is taken, of any length but zero; the search goes by it and not by the text."""
    east, north = np.eye(384, dtype=np.float32)[:2] * 5
    given = [document("east", vector=kind(east)), document("north", vector=kind(north))]  # type: ignore[operator]
    empty.add(given)

    (hits,) = empty.dense([east], 2)
    assert [1.0, 0.0] == pytest.approx([hit.score for hit in hits], abs=1e-6)
    assert (0, 0, 2, 0) == counts(empty.add(given))
    assert [] == empty.verify()


def test_own_and_computed_vectors_of_one_text_stay_apart(empty: Collection) -> None:
    """The same text with and without a vector of its own has two vectors."""
    own = tuple(np.eye(384)[0].tolist())
    empty.add([document("own", vector=own), document("computed")])

    assert ["own", "computed"] == [empty.passages([hit.id])[hit.id].document for hit in empty.dense([own], 2)[0]]
    assert 1.0 == pytest.approx(empty.dense(empty.embedder.encode_queries([document().text]), 1)[0][0].score, abs=1e-5)


UNFIT = {
    "empty key": (document(""), "key"),
    "long key": (document("k" * 5_000), "key"),
    "key with nul": (document("a\0b"), "NUL"),
    "key is a number": (document(7), "key"),  # type: ignore[arg-type]
    "no text": (document(text=" \n"), "no text"),
    "text is bytes": (document(text=b"x"), "no text"),  # type: ignore[arg-type]
    "lone surrogate": (document(text="\ud800"), "surrogates"),
    "title is missing": (document(title=None), "strings"),
    "metadata is missing": (document(metadata=None), "mapping"),
    "metadata with none": (document(metadata={"a": None}), "leave the key out"),
    "metadata nested": (document(metadata={"a": {"b": 1}}), "flatten"),
    "metadata nan": (document(metadata={"a": float("nan")}), "JSON"),
    "metadata huge": (document(metadata={"a": 2**80}), "64 bits"),
    "metadata key": (document(metadata={3: "x"}), "3"),
}


@pytest.mark.parametrize(("bad", "said"), UNFIT.values(), ids=UNFIT)
def test_an_unfit_document_is_reported_with_its_reason(bad: Document, said: str, empty: Collection) -> None:
    """What cannot be stored is skipped for a reason that names what is wrong."""
    report = empty.add([bad, document("good")])

    assert (1, 1) == (report.added, len(report.skipped))
    assert said in report.skipped[0][1]


@pytest.mark.parametrize(
    "text", ["a\0b Danube", "Дунай Δούναβης 多瑙河", "\u202eebunaD", "🏞️" * 300, "x" * 40_000, "\ufeff \u200bword"]
)
def test_odd_texts_are_stored_and_proven(text: str, empty: Collection) -> None:
    """Any text at all is stored, survives a change, and is gone without a trace after its removal."""
    empty.add([document(text=text)])
    assert [] == empty.verify()
    empty.add([document(text=text + " more")])
    assert [] == empty.verify()
    empty.remove(["danube"])
    assert ([], 0) == (empty.verify(), empty.status()["passages"])


@pytest.mark.parametrize("item", [{"key": "a", "text": "b"}, "text", None, ("a", "b")])
def test_what_is_no_document_is_refused(item: object, empty: Collection) -> None:
    """Something that is no document at all is the caller's error."""
    with pytest.raises(CallerError, match="is no Document"):
        empty.add([item])  # type: ignore[list-item]
    assert [] == empty.verify()


def test_an_empty_collection_answers(empty: Collection) -> None:
    """Nothing is found where nothing is, by any method, and that is no error."""
    vector = empty.embedder.encode_queries(["anything"])

    assert [[]] == empty.dense(vector, 5)
    assert [[]] == empty.dense(vector, 5, where="kind = 'film'")
    assert [] == empty.lexical("anything", 5)
    assert ({"anything": 0}, 0) == empty.frequency(["anything"])
    assert ([], [], []) == (list(empty.documents()), empty.keys(), empty.verify())


def test_a_collection_opens_with_what_it_held(tmp_path: Path, embedder: Encoder) -> None:
    """Closing and opening changes nothing, and closing twice does no harm."""
    with corpus.collection(tmp_path, embedder) as opened:
        before = keys(opened, corpus.QUESTION, 5)
        opened.close()
    with Collection.open(tmp_path, "films", embedder=embedder) as again:
        assert before == keys(again, corpus.QUESTION, 5)
        assert [] == again.notices


def test_a_closed_collection_says_so(films: Collection) -> None:
    """Every use after closing is the caller's error, not one of SQLite's."""
    films.close()
    for use in (films.keys, films.status, films.verify, lambda: films.lexical("a", 1), lambda: films.add([document()])):
        with pytest.raises(CallerError, match="closed"):
            use()


def test_a_missing_collection_lists_the_others(tmp_path: Path, embedder: Encoder) -> None:
    """The error for a collection that is not there names those that are."""
    with pytest.raises(store.NoCollection, match=r"'films'.*none yet.*polyhop index"):
        Collection.open(tmp_path, "films")
    corpus.collection(tmp_path, embedder, documents=[], name="books").close()
    with pytest.raises(store.NoCollection, match=r"there: books"):
        Collection.open(tmp_path, "films")


@pytest.mark.parametrize("name", ["", "Films", "a/b", "..", ".hidden", "a b", "x" * 64, "naïve"])
def test_a_name_that_is_no_plain_file_name_is_refused(name: str, tmp_path: Path, embedder: Encoder) -> None:
    """A name can never point outside its home."""
    with pytest.raises(CallerError, match="is no name for a collection"):
        Collection.create(tmp_path, name, embedder=embedder)


def test_another_embedder_is_refused(tmp_path: Path, embedder: Encoder) -> None:
    """A collection opens with the embedder it was made with and no other; the error says what to run."""
    corpus.collection(tmp_path, embedder, documents=[]).close()
    with pytest.raises(store.WrongEmbedder, match=r"all-MiniLM-L6-v2.*not 'mirror'.*reindex --embedder mirror"):
        Collection.open(tmp_path, "films", embedder=Mirror(embedder))
    Collection.open(tmp_path, "films", embedder=embedder).close()


class Mirror:
    """Another embedder: the real one with its components in reverse."""

    name = "mirror"
    dimension = 384
    max_tokens = 254

    def __init__(self, inner: Encoder) -> None:
        self._inner = inner

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return reversed vectors."""
        return np.ascontiguousarray(self._inner.encode_passages(texts)[:, ::-1])

    encode_queries = encode_passages

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count as the real one does."""
        return self._inner.count_tokens(texts)


def test_reindexing_changes_the_embedder_for_good(films: Collection, embedder: Encoder) -> None:
    """With another embedder every passage has a new vector, the results are its results, and the old one is refused."""
    before = keys(films, corpus.QUESTION, 5)
    assert len(corpus.DOCUMENTS) == films.reindex(Mirror(embedder))
    assert (before, []) == (keys(films, corpus.QUESTION, 5), films.verify())
    films.close()
    with pytest.raises(store.WrongEmbedder):
        Collection.open(films.folder.parent, "films", embedder=embedder)
    with Collection.open(films.folder.parent, "films", embedder=Mirror(embedder)) as again:
        assert before == keys(again, corpus.QUESTION, 5)


def test_a_deleted_collection_is_gone(tmp_path: Path, embedder: Encoder) -> None:
    """Deleting removes the folder, and one that is in use is not deleted."""
    with corpus.collection(tmp_path, embedder), pytest.raises(OperatorError, match="held by"):
        store.delete(tmp_path, "films", options=Options(wait=0.0))
    store.delete(tmp_path, "films")
    assert ([], []) == (store.names(tmp_path), list(tmp_path.iterdir()))


def test_a_record_of_another_format_is_refused(films: Collection) -> None:
    """A collection of another on-disk format is not touched; the error says what to do."""
    films.record.put(format=99)
    films.close()
    with pytest.raises(OperatorError, match=r"on-disk format 99.*export"):
        Collection.open(films.folder.parent, "films")


def test_a_file_that_is_no_record_is_refused(films: Collection) -> None:
    """A damaged record is the operator's matter and the message names the file."""
    films.close()
    (films.folder / "record.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(OperatorError, match=r"record\.sqlite"):
        Collection.open(films.folder.parent, "films")


def test_a_maker_that_died_leaves_a_usable_collection(tmp_path: Path, embedder: Encoder) -> None:
    """A record that does not name its embedder yet is completed by the next one to create it."""
    corpus.collection(tmp_path, embedder, documents=[]).close()
    with Collection.open(tmp_path, "films", embedder=embedder) as opened, opened.record.writing() as connection:
        connection.execute("DELETE FROM meta WHERE key IN ('embedder', 'dimension')")
    with corpus.collection(tmp_path, embedder) as opened:
        assert len(corpus.DOCUMENTS) == opened.status()["documents"]


def test_two_can_make_the_same_collection_at_once(tmp_path: Path, embedder: Encoder) -> None:
    """Of several that create one collection in the same moment, each gets it."""
    outcomes: list[object] = []
    gate = threading.Barrier(4)

    def make() -> None:
        gate.wait()
        try:
            Collection.create(tmp_path, "films", embedder=embedder, options=Options(wait=60.0)).close()
        except BaseException as error:  # any error is looked at below, a panic of Chroma's among them
            outcomes.append(error)
        else:
            outcomes.append("made")

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert ["made"] * 4 == outcomes
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert [] == opened.verify()


@pytest.mark.slow
def test_readers_go_on_while_a_thread_writes(films: Collection) -> None:
    """Every search during edits, additions and removals returns k whole passages and no error."""
    wrong: list[object] = []
    done = threading.Event()
    vector = films.embedder.encode_queries([corpus.QUESTION])
    stable = [one for one in corpus.DOCUMENTS if one.metadata["kind"] == "person"]

    def read() -> None:
        while not done.is_set():
            for where, least in (("", 5), ("kind = 'person'", len(stable))):
                (hits,) = films.dense(vector, 5, where=where)
                if len(hits) < min(5, least):
                    wrong.append((where, hits))
            films.lexical("film director", 5)
            films.passages([hit.id for hit in hits])

    def guarded() -> None:
        try:
            read()
        except Exception as error:  # any error is looked at below
            wrong.append(error)

    readers = [threading.Thread(target=guarded) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(6):
            films.add(
                [replace(one, text=f"{one.text} Edition {turn}.") for one in corpus.DOCUMENTS if one not in stable]
            )
            films.add([document(f"extra {turn}")])
            films.remove([f"extra {turn}"])
    finally:
        done.set()
        for reader in readers:
            reader.join()

    assert [] == wrong
    assert [] == films.verify()
