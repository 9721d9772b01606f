"""Locks on lease: writers write between the searches of those who have the collection open."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.types import Document, Vectors
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection, Options, delete
from polyhop.store.lock import LockedError
from tests import corpus
from tests.documents import environment

from .test_collection import Mirror

LEASE = Options(wait=0.2, lease=True)
NEW = Document("new", "The Elbe ends in the North Sea.")


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Make a collection and close it."""
    corpus.collection(tmp_path, embedder).close()
    return tmp_path


@pytest.fixture
def reader(home: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open it on lease, and let it search once."""
    with Collection.open(home, "films", embedder=embedder, options=LEASE) as opened:
        assert "Elbe" not in nearest(opened, embedder)
        yield opened


def nearest(opened: Collection, embedder: Encoder, question: str = "Where does the Elbe end?") -> str:
    """Return the text of the passage nearest to a question."""
    ((hit,),) = opened.dense(embedder.encode_queries([question]), 1)
    return opened.passages([hit.id])[hit.id].text


def test_another_writes_between_two_searches(home: Path, reader: Collection, embedder: Encoder) -> None:
    """And the next search finds what was written, or no longer finds what was removed."""
    with Collection.open(home, "films", embedder=embedder, options=LEASE) as writer:
        assert 1 == writer.add([NEW]).added
        assert NEW.text == nearest(reader, embedder) == nearest(writer, embedder)
        assert 1 == reader.remove(["new"])
        assert "Elbe" not in nearest(writer, embedder)
        assert [] == writer.verify() == reader.verify()


def test_one_who_holds_on_keeps_writers_out(home: Path, reader: Collection, embedder: Encoder) -> None:
    """A collection that was opened without a lease is not written to while it is open; those on lease read beside."""
    with Collection.open(home, "films", embedder=embedder, options=Options(wait=0.2)):
        with pytest.raises(LockedError, match="held by process"):
            reader.add([NEW])
        assert "Elbe" not in nearest(reader, embedder)
    assert 1 == reader.add([NEW]).added


def test_readers_go_on_while_batches_are_written(home: Path, reader: Collection, embedder: Encoder) -> None:
    """Threads search without pause; no search fails, no batch is lost, and the writer is not starved."""
    done, errors, searches = threading.Event(), list[BaseException](), [0]

    def search() -> None:
        try:
            while not done.is_set():
                nearest(reader, embedder, "Who directed Jaws?")
                searches[0] += 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    options = Options(wait=20, lease=True)
    with Collection.open(home, "films", embedder=embedder, options=options) as writer:
        for number in range(6):
            assert 1 == writer.add([Document(f"new {number}", f"Text number {number}.")]).added
        done.set()
        for thread in threads:
            thread.join()
        assert [] == errors and searches[0] > 0
        assert len(corpus.DOCUMENTS) + 6 == len(reader.keys())
        assert [] == writer.verify() == reader.verify()


def test_readers_go_on_while_a_thread_of_theirs_indexes(reader: Collection, embedder: Encoder) -> None:
    """In one open collection: a search neither waits for the session to end nor disturbs it."""
    with reader.intake() as intake:
        found = list[str]()
        thread = threading.Thread(target=lambda: found.append(nearest(reader, embedder)))
        thread.start()
        thread.join(20)
        assert 1 == len(found)
        intake.put(NEW)
        intake.flush()
    assert NEW.text == nearest(reader, embedder)
    assert [] == reader.verify()


def test_a_deleted_collection_is_told(home: Path, reader: Collection, embedder: Encoder) -> None:
    """By an error that says so."""
    delete(home, "films", options=LEASE)
    with pytest.raises(CallerError, match="deleted meanwhile"):
        nearest(reader, embedder)


def test_another_embedder_is_told(home: Path, reader: Collection, embedder: Encoder) -> None:
    """Vectors of another embedder cannot be searched with the one that was opened."""
    with Collection.open(home, "films", embedder=embedder, options=LEASE) as writer:
        writer.record.put(embedder="another")
    with pytest.raises(OperatorError, match="embedded again with 'another'"):
        nearest(reader, embedder)


KILLED = """
import os, signal, sys
from polyhop.core.types import Document, Vectors
from polyhop.store.collection import Collection, Options
def observe(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
with Collection.open(sys.argv[1], "films", options=Options(lease=True, observe=observe)) as collection:
    collection.add([Document("new", "The Elbe ends in the North Sea.")])
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", ["embedded", "pending", "upserted", "flipped", "pruned"])
def test_readers_outlive_a_killed_writer(step: str, home: Path, reader: Collection, embedder: Encoder) -> None:
    """Whatever the step, those who have the collection open mend it with their next search and go on."""
    child = [sys.executable, "-c", KILLED, str(home), step]
    assert -signal.SIGKILL == subprocess.run(child, env=environment(), check=False).returncode

    assert (step in ("flipped", "pruned")) == ("Elbe" in nearest(reader, embedder))
    assert [] == reader.verify()
    assert 0 <= reader.add([NEW]).unchanged
    assert NEW.text == nearest(reader, embedder)


SLOW = """
import sys, time
from polyhop.core.types import Document, Vectors
from polyhop.store.collection import Collection, Options
def observe(step):
    if step == "pending":
        print("alone", flush=True)
        time.sleep(4)
with Collection.open(sys.argv[1], "films", options=Options(lease=True, observe=observe)) as collection:
    collection.add([Document("new", "The Elbe ends in the North Sea.")])
"""


@pytest.mark.slow
def test_who_opens_waits_as_who_searches_does(home: Path, embedder: Encoder) -> None:
    """A batch of a thousand documents may take seconds to become searchable; nobody is sent away meanwhile."""
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(home)], env=environment(), stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None and "alone\n" == child.stdout.readline()
        with Collection.open(home, "films", embedder=embedder, options=LEASE) as opened:
            assert NEW.text == nearest(opened, embedder)


def test_a_writer_is_patient_once_it_has_begun(home: Path, reader: Collection, embedder: Encoder) -> None:
    """A long search, or a proof of all indexes, ends no run of hours; others read while the writer waits for it."""
    held, done = threading.Event(), threading.Event()
    found: list[str] = []

    def hold() -> None:
        with reader._derived.reading():
            held.set()
            done.wait(20)

    def search() -> None:
        try:
            time.sleep(1)
            found.append(nearest(third, embedder))
        finally:
            done.set()

    with (
        Collection.open(home, "films", embedder=embedder, options=LEASE) as writer,
        Collection.open(home, "films", embedder=embedder, options=LEASE) as third,
    ):
        threads = [threading.Thread(target=hold), threading.Thread(target=search)]
        with writer.intake(batch=1) as intake:
            intake.put(NEW)
            threads[0].start()
            assert held.wait(20)
            threads[1].start()
            intake.put(Document("more", "The Oder ends in the Baltic Sea."))
            assert done.is_set() and [NEW.text] == found
        assert "Oder" in nearest(third, embedder, "Where does the Oder end?")
        for thread in threads:
            thread.join()


def test_a_second_writer_is_told_of_the_first(home: Path, reader: Collection, embedder: Encoder) -> None:
    """Also while the first reads and embeds, when it does not keep others from reading."""
    with Collection.open(home, "films", embedder=embedder, options=LEASE) as writer, writer.intake():
        with pytest.raises(LockedError, match=r"held by process \d+ .*writing since"):
            reader.add([NEW])
        assert "Elbe" not in nearest(reader, embedder)
    assert 1 == reader.add([NEW]).added


def test_others_read_while_everything_is_embedded_again(home: Path, reader: Collection, embedder: Encoder) -> None:
    """That may take hours; only the change itself is a moment in which nobody reads."""
    found: list[str] = []

    class Asking(Mirror):
        """Searches elsewhere while it embeds."""

        def encode_passages(self, texts: Sequence[str]) -> Vectors:
            found.append(nearest(reader, embedder, "Who directed Jaws?"))
            return super().encode_passages(texts)

    began = time.monotonic()
    with Collection.open(home, "films", embedder=embedder, options=LEASE) as writer:
        assert 12 == writer.reindex(Asking(embedder))
        assert [] == writer.verify()
    assert found and all("Jaws" in text for text in found) and time.monotonic() - began < 20
    with pytest.raises(OperatorError, match="embedded again with 'mirror'"):
        nearest(reader, embedder)
