"""The lock: many readers or one writer, over processes and inside one, and whose it is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store import lock as locks
from polyhop.store.collection import Collection, Options
from polyhop.store.lock import CollectionLock, LockedError
from polyhop.store.record import put
from tests import corpus

CHILD = Path(__file__).with_name("lock_child.py")
NEW = Document("new", "The Elbe ends in the North Sea.")

# From Python 3.12 on each fork of a process with threads is warned of; here forks are what is tested.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Make a collection and close it."""
    corpus.collection(tmp_path, embedder).close()
    return tmp_path


@contextmanager
def holding(home: Path, doing: str) -> Iterator[subprocess.Popen[str]]:
    """Run another process that holds the collection."""
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, str(CHILD), str(home), doing], stdin=pipe, stdout=pipe, text=True)
    try:
        assert child.stdout is not None
        assert "holding\n" == child.stdout.readline()
        yield child
    finally:
        child.kill()
        child.communicate()


def opened(home: Path, embedder: Encoder, wait: float = 0.1) -> Collection:
    """Open the collection without waiting long for the lock."""
    return Collection.open(home, "films", embedder=embedder, options=Options(wait=wait))


@pytest.mark.slow
def test_a_writing_process_keeps_others_out_and_is_named(home: Path, embedder: Encoder) -> None:
    """While another process writes nobody opens the collection, and the error says which process that is."""
    with holding(home, "write") as child, pytest.raises(LockedError, match=rf"process {child.pid} .*writing since"):
        opened(home, embedder)


@pytest.mark.slow
def test_a_reading_process_shares_and_keeps_writers_out(home: Path, embedder: Encoder) -> None:
    """Beside a reading process one can read and cannot write; afterwards one can."""
    with opened(home, embedder) as collection:
        with holding(home, "read") as child:
            assert len(corpus.DOCUMENTS) == len(collection.keys())
            with pytest.raises(LockedError, match=rf"cannot write.*process {child.pid} .*reading since.*--home"):
                collection.add([NEW])
            assert 3 == len(collection.lexical("film director", 3))
        assert 1 == collection.add([NEW]).added
        assert [] == collection.verify()


@pytest.mark.slow
@pytest.mark.parametrize("doing", ["read", "write"])
def test_a_killed_holder_does_not_block(doing: str, home: Path, embedder: Encoder) -> None:
    """After a holder was killed the next one opens, repairs what is to repair, and writes."""
    with holding(home, doing) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        with opened(home, embedder) as collection:
            assert 1 == collection.add([NEW]).added
            assert [] == collection.verify()


def test_two_open_collections_of_one_process_keep_each_other_from_writing(home: Path, embedder: Encoder) -> None:
    """The rule for processes holds inside one: both read, neither writes until the other is closed."""
    with opened(home, embedder) as first, opened(home, embedder) as second:
        for collection in (first, second):
            with pytest.raises(LockedError, match="held by process"):
                collection.add([NEW])
        second.close()
        assert 1 == first.add([NEW]).added


def test_a_refused_writer_reads_what_it_read_before(home: Path, embedder: Encoder) -> None:
    """Of two that try to write in the same moment neither slips past the other's reading."""
    outcomes: list[object] = []
    with opened(home, embedder, 0.4) as first, opened(home, embedder, 0.4) as second:

        def write(collection: Collection) -> None:
            try:
                outcomes.append(collection.add([NEW]))
            except LockedError as error:
                outcomes.append(error)

        threads = [threading.Thread(target=write, args=(one,)) for one in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [LockedError, LockedError] == [type(outcome) for outcome in outcomes]
        assert [] == first.verify() == second.verify()


def test_threads_of_one_collection_write_one_after_the_other(home: Path, embedder: Encoder) -> None:
    """Threads that share a collection queue for the lock instead of refusing each other."""
    with opened(home, embedder) as collection:
        threads = [
            threading.Thread(target=collection.add, args=([Document(f"new {n}", f"Text number {n}.")],))
            for n in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(corpus.DOCUMENTS) + 6 == len(collection.keys())
        assert [] == collection.verify()


def test_a_waiting_writer_gets_its_turn(home: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waits for a reader writes as soon as that has closed."""
    reader, waited = opened(home, embedder), list[float]()

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            reader.close()

    with opened(home, embedder) as writer:
        monkeypatch.setattr(locks, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=sleep, strftime=time.strftime))
        assert 1 == writer.add([NEW]).added
    assert [locks.POLL] * 3 == waited


def test_locks_nest_and_close_twice(tmp_path: Path) -> None:
    """Whoever holds the lock alone may ask again, and closing a second time does no harm."""
    lock = CollectionLock(tmp_path, wait=0.1)
    with lock.exclusive(), lock.exclusive(), lock.when(lambda: "repair") as reason:
        assert "repair" == reason
    lock.close()
    with lock_of(tmp_path):
        lock.close()


@contextmanager
def lock_of(folder: Path) -> Iterator[None]:
    """Hold a lock alone for a moment."""
    lock = CollectionLock(folder, wait=0.1)
    with lock.exclusive():
        yield
    lock.close()


def test_an_opener_without_a_reason_stays_a_reader(tmp_path: Path) -> None:
    """Nothing to repair, nothing to hold: a second reader is not disturbed."""
    first, second = CollectionLock(tmp_path, wait=0.1), CollectionLock(tmp_path, wait=0.1)
    with first.when(lambda: "") as reason:
        assert "" == reason
    with pytest.raises(LockedError), second.exclusive():
        pass
    first.close()
    second.close()


def in_fork(work: Callable[[], object]) -> str:
    """Return what `work` returns in a forked process, or the error that it raises, as text."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        try:
            said = repr(work())
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    assert 0 == os.waitpid(pid, 0)[1]
    return said


def test_a_fork_cannot_use_its_parents_collection(home: Path, embedder: Encoder) -> None:
    """Instead of waiting for threads that it lacks a fork is told what to do; the parent reads and writes on."""
    vectors = embedder.encode_queries(["a film director"])
    with opened(home, embedder) as collection:
        expected = collection.dense(vectors, 3)
        for use in (collection.keys, lambda: collection.dense(vectors, 3), lambda: collection.add([NEW])):
            assert re.match(rf"CallerError: .*opened by process {os.getpid()}.*after the fork", in_fork(use))
        assert re.match(r"IndexUnavailable: .*by spawning", in_fork(lambda: opened(home, embedder)))
        assert "None" == in_fork(collection.close)
        assert expected == collection.dense(vectors, 3)
        assert 1 == collection.add([NEW]).added


def test_a_fork_reads_words_with_connections_of_its_own(home: Path, embedder: Encoder) -> None:
    """What it opens itself without the vector index can be searched by words beside the parent."""

    def search() -> int:
        with Collection.open(home, "films", embedder=embedder, options=Options(lazy=True)) as own:
            return len(own.lexical("film director", 3))

    with opened(home, embedder):
        assert "3" == in_fork(search)


def test_a_writer_stays_alone_beside_its_fork(tmp_path: Path) -> None:
    """A fork neither has its parent's lock nor releases it, whether it goes on inside the session or closes it."""
    lock = CollectionLock(tmp_path, wait=0.1)

    def leaves() -> None:
        lock.close()
        lock._lower()

    with lock.exclusive():
        assert "CallerError" in in_fork(lambda: lock.exclusive().__enter__())
        assert "None" == in_fork(leaves)
        with pytest.raises(LockedError):
            CollectionLock(tmp_path, wait=0.1)
    lock.close()


def test_a_fork_does_not_keep_its_parents_lock(tmp_path: Path) -> None:
    """When the parent has closed a collection another may write, also while a fork from before lives on."""
    lock = CollectionLock(tmp_path, wait=0.1)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    try:
        lock.close()
        with lock_of(tmp_path):
            pass
    finally:
        os.close(writing)
        os.close(reading)
        os.waitpid(pid, 0)


def test_a_fork_does_not_commit_what_its_parent_writes(home: Path, embedder: Encoder) -> None:
    """A fork that goes on inside a transaction gets an error at its end; the transaction is the parent's to commit."""
    with opened(home, embedder) as collection:
        transaction = collection.record.writing()
        put(transaction.__enter__(), mark="parent")
        assert "CallerError" in in_fork(lambda: transaction.__exit__(None, None, None))
        transaction.__exit__(None, None, None)
        assert "parent" == collection.record.get("mark")
