"""The worker process in which files are read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polyhop.core.types import Document
from polyhop.ingest import worker
from polyhop.ingest.documents import FileProgress, Skipped
from polyhop.ingest.readers import READERS
from polyhop.ingest.worker import ReadingLimits, end_workers, read_apart
from tests.ingest import wild_readers

LIMITS = ReadingLimits(seconds=60)


@pytest.fixture(autouse=True)
def wild(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add a format for each wild reader, and leave no worker."""
    monkeypatch.setattr(READERS, "_known", dict(READERS._known))
    for reader in (
        wild_readers.leave,
        wild_readers.crash,
        wild_readers.hang,
        wild_readers.spin,
        wild_readers.swell,
        wild_readers.grab,
        wild_readers.flood,
        wild_readers.vanish,
        wild_readers.plod,
        wild_readers.who,
    ):
        READERS.add(f".{reader.__name__}", reader)
    yield
    end_workers()


def file(folder: Path, name: str, text: str = "text") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def reasons(path: Path, limits: ReadingLimits = LIMITS) -> list[str]:
    return [item.reason for item in read_apart(path, limits=limits) if isinstance(item, Skipped)]


def reading(folder: Path) -> int:
    """Return the process that reads next."""
    (item,) = read_apart(file(folder, "a.who"), limits=LIMITS)
    assert isinstance(item, Document)
    return int(item.text)


def until(true: Callable[[], bool]) -> bool:
    """Wait up to ten seconds for something to become true."""
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def gone(process: int) -> bool:
    """Tell whether a process has ended; one that nobody has waited for yet has, too."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except OSError:
        return True


def test_a_worker_lives_on_from_file_to_file(tmp_path: Path) -> None:
    """Files are read in another process, which stays the same until it has read its number of files."""
    first = reading(tmp_path)

    assert os.getpid() != first
    assert first == reading(tmp_path)
    few = ReadingLimits(files=1)
    (one,), (two,) = (list(read_apart(tmp_path / "a.who", limits=few)) for _ in range(2))
    assert one != two


@pytest.mark.parametrize(
    ("name", "limits", "reason"),
    [
        ("a.leave", LIMITS, "the reader ended with exit code 3"),
        ("a.crash", LIMITS, "the reader crashed (signal 11)"),
        ("a.hang", ReadingLimits(seconds=1), "the reader was ended: it took longer than 1 s"),
        ("a.spin", ReadingLimits(seconds=2), "the reader was ended: it took longer than 2 s"),
        ("a.swell", ReadingLimits(memory=400_000_000), "the reader was ended: more than 0.4 GB of memory"),
        ("a.grab", ReadingLimits(memory=1_000_000_000), "the reader was ended: more than 1 GB of memory"),
    ],
)
def test_a_bad_reader_harms_its_file_alone(tmp_path: Path, name: str, limits: ReadingLimits, reason: str) -> None:
    """However reading ends, it is one reason, and the next file is read."""
    assert [reason] == reasons(file(tmp_path, name), limits)
    assert reading(tmp_path)


def test_documents_before_a_crash_are_kept(tmp_path: Path) -> None:
    """What came before the end may be lost with its batch, but never the reason; nothing printed is an answer."""
    items = list(read_apart(file(tmp_path, "a.leave"), limits=LIMITS))

    assert Skipped(str(tmp_path / "a.leave"), "the reader ended with exit code 3") == items[-1]


def test_a_big_file_does_not_pile_up(tmp_path: Path) -> None:
    """A worker waits while nobody takes its documents, and ends when nobody wants the rest."""
    stream = read_apart(file(tmp_path, "a.flood"), limits=LIMITS)
    first = next(stream)
    time.sleep(0.5)

    assert isinstance(first, Document)
    assert int((tmp_path / "a.count").read_text()) < 20
    stream.close()
    assert not worker._idle


@pytest.mark.slow
def test_time_without_waiting_does_not_count(tmp_path: Path) -> None:
    """A caller that takes long over a document takes nothing from the reader's time."""
    stream = read_apart(file(tmp_path, "a.flood"), limits=ReadingLimits(seconds=1.5))
    next(stream)
    time.sleep(7)

    assert 299 == sum(isinstance(item, Document) for item in stream)


@pytest.mark.slow
def test_a_reader_that_goes_on_is_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress comes when it is told, and gives a large file more time, though not for ever without a document."""
    path = file(tmp_path, "a.plod", "6")
    *told, last = read_apart(path, limits=ReadingLimits(seconds=2))

    assert [FileProgress(str(path), page, 6, "pages") for page in range(1, 7)] == told
    assert isinstance(last, Document)
    monkeypatch.setattr(worker, "PATIENCE", 2)
    assert ["the reader was ended: it took longer than 2 s"] == reasons(
        file(tmp_path, "b.plod", "100"), ReadingLimits(seconds=1)
    )


def test_a_file_that_vanishes_is_a_reason(tmp_path: Path) -> None:
    """A file that goes away while it is read, or before, is skipped."""
    path = file(tmp_path, "a.vanish")

    assert ["no such file or directory"] == reasons(path)
    assert ["no such file or directory"] == reasons(path)


def test_odd_names_are_read(tmp_path: Path) -> None:
    """Line breaks and bytes that are not UTF-8 in a name do no harm."""
    for name in ("a\nb.who", os.fsdecode(b"a\xff.who")):
        (item,) = read_apart(file(tmp_path, name), limits=LIMITS)
        assert isinstance(item, Document)
        assert str(tmp_path / name) == item.key


def test_small_plain_files_are_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is started for a small text file, but for a large one."""
    assert [] == reasons(file(tmp_path, "a.txt"))
    assert not worker._idle
    monkeypatch.setattr(worker, "SMALL", 3)
    assert [] == reasons(file(tmp_path, "a.txt"))
    assert 1 == len(worker._idle)


def test_a_reader_that_cannot_be_imported_is_asked_here(tmp_path: Path) -> None:
    """A function inside a function, or of a script, has no name by which a worker could find it."""
    READERS.add(".own", lambda path: iter([Document(str(path), str(os.getpid()))]))
    (item,) = read_apart(file(tmp_path, "a.own"))

    assert isinstance(item, Document)
    assert str(os.getpid()) == item.text


def test_threads_have_a_worker_each(tmp_path: Path) -> None:
    """Threads that read at the same time do not meet."""
    found: list[list[str]] = []
    paths = [file(tmp_path, f"{number}.flood") for number in range(3)]

    def read(path: Path) -> None:
        found.append([item.key for item in read_apart(path, limits=LIMITS) if isinstance(item, Document)])

    threads = [threading.Thread(target=read, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted([f"{path}#{n}" for n in range(300)] for path in paths) == sorted(found)


# A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from polyhop.ingest.readers import READERS
from polyhop.ingest.worker import read_apart
READERS.add(".who", "tests.ingest.wild_readers:who")
READERS.add(".hang", "tests.ingest.wild_readers:hang")
for path in sys.argv[1:]:
    for item in read_apart(path):
        print(getattr(item, "text", item), flush=True)
"""


def script(*paths: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path)}
    command = [sys.executable, "-c", SCRIPT, *map(str, paths)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_worker_ends_with_its_parent(tmp_path: Path, sent: signal.Signals) -> None:
    """A script without a guard can read; when it is killed or interrupted the worker ends, even a busy one."""
    with script(file(tmp_path, "a.who"), file(tmp_path, "b.who")) as process:
        assert process.stdout
        children = {int(process.stdout.readline()), int(process.stdout.readline())}
        process.wait()
    assert 1 == len(children)
    assert until(lambda: gone(*children))

    with script(file(tmp_path, "a.who"), file(tmp_path, "b.hang")) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        process.send_signal(sent)
        try:
            process.wait(100)
        finally:
            process.kill()  # or leaving the block would wait for it again, without end
    assert until(lambda: gone(child))  # though it holds the interpreter


def test_large_markdown_is_read_apart(tmp_path: Path) -> None:
    """A file of brackets alone takes its parser seconds, which have a limit only in a process of its own."""
    path = tmp_path / "open.md"
    path.write_text("# Title\n\nSome words.\n" + "[" * 40_000)
    limits = ReadingLimits(seconds=0.5)
    assert ["it took longer than 0.5 s"] == [
        item.reason.rpartition(": ")[2] for item in read_apart(path, limits=limits) if isinstance(item, Skipped)
    ]
