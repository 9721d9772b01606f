"""Files are read in a process of their own, so that one that crashes, hangs or eats memory takes nothing with it.

`read_apart` asks a worker process for a file's documents. A worker lives on from file to file, is replaced after a
crash and after some hundreds of files (parsers written in C leak), and ends with its parent, or when nothing was asked
of it for a while. Documents come through a pipe in batches; a full pipe makes the worker wait, so a big file does not
pile up.

Not `multiprocessing`: that would import the program's main module again, which a script without a guard does not
survive, and a fork would take over the locks of other threads. Small files of the plain formats are read in the calling
process: their parsers are Python code of ours and linear, and starting a worker would take longer than reading them.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import OperatorError
from ..core.types import Document
from .documents import FileProgress, Item, Skipped
from .readers import MAX_BYTES, OUT_OF_MEMORY, READERS, read_file

MARKDOWN = frozenset([".md", ".markdown"])
PLAIN = frozenset([*MARKDOWN, ".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".log"])
SMALL = 1_000_000  # bytes
# Markdown's parser looks far ahead at each bracket: a quarter of a millisecond that a hostile file may ask for by byte.
SMALL_MARKDOWN = 20_000
BATCH_ITEMS, BATCH_CHARACTERS = 200, 200_000
TICK = 0.1  # seconds between two looks at a worker's memory
IDLE = 60.0  # seconds until a worker without work ends
KEPT = 2  # idle workers
PATIENCE = 12
_END = b""  # the frame behind the last batch of a file
_HEADER = 4  # bytes of a frame's length


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading a file may take.

    Args:
        seconds: of processor time without a document or a word of progress, or a quarter of the time that the caller
            waits for the worker: on a busy machine a file is not to blame. While the caller does something else with
            the documents no time counts. A large file may so take as long as it needs, but without a document it ends
            after `PATIENCE` times as long, however much progress is told.
        memory: bytes that the worker may hold.
        files: after so many a worker is replaced.
    """

    seconds: float = 300.0
    memory: int = 2_000_000_000
    files: int = 300


LIMITS = ReadingLimits()


def read_apart(
    path: str | Path, *, max_bytes: int = MAX_BYTES, limits: ReadingLimits = LIMITS
) -> Generator[Item, None, None]:
    """Yield what `read_file` yields, read in a worker process where the format or the size asks for one.

    A reader that a program has added is asked there too if it can be imported, else here.

    Raises:
        OperatorError: if no worker can be started.
    """
    path = Path(path)
    own = _references()
    if _harmless(path) or own.get(path.suffix.lower(), "") is None:
        yield from read_file(path, max_bytes=max_bytes)
        return
    worker = _taken(limits)
    try:
        yield from worker.read(path, max_bytes, {suffix: name for suffix, name in own.items() if name})
    finally:
        _given_back(worker)


def _harmless(path: Path) -> bool:
    """Tell whether a file is small and of a plain format, or not there; a reader of one's own is never harmless."""
    suffix = path.suffix.lower()
    try:
        small = SMALL_MARKDOWN if suffix in MARKDOWN else SMALL
        return suffix in PLAIN and suffix not in READERS.added() and path.stat().st_size <= small
    except OSError:
        return True  # `read_file` says why


def _references() -> dict[str, str | None]:
    """Return how a worker can import the readers that the program has added; None for one that it cannot."""
    return {suffix: part if isinstance(part, str) else _reference(part) for suffix, part in READERS.added().items()}


def _reference(part: Any) -> str | None:
    module, name = getattr(part, "__module__", None), getattr(part, "__qualname__", "")
    if not module or module == "__main__" or getattr(sys.modules.get(module), name, None) is not part:
        return None
    return f"{module}:{name}"


class _Failed(Exception):
    """The worker could not finish a file; the message is the reason."""


class _Clock:
    """Measures what a worker takes since a start: processor time, and the time that was waited for it."""

    def __init__(self, worked: Callable[[], float]) -> None:
        self._worked = worked
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self.waited, self._from = 0.0, self._worked()

    def over(self, seconds: float) -> bool:
        """Tell whether it took longer; the system is asked only where that is possible."""
        return self.waited > seconds and max(self._worked() - self._from, self.waited / 4) > seconds


class _Worker:
    """A worker process as its parent sees it."""

    def __init__(self, limits: ReadingLimits) -> None:
        self.limits = limits
        self.parent = os.getpid()
        self._files = 0
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the worker)
        paths = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # it imports what this process imports
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(limits.memory), str(limits.seconds)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, "PYTHONPATH": paths},
                bufsize=0,
                process_group=0,  # Ctrl-C is for the parent, and whatever the worker starts ends with it
            )
        except OSError as error:
            raise OperatorError(f"cannot start a process to read files in: {error}") from error

    @property
    def usable(self) -> bool:
        """Tell whether it may be asked for another file."""
        return self._process.poll() is None and self._files < self.limits.files

    def read(self, path: Path, max_bytes: int, readers: dict[str, str]) -> Iterator[Item]:
        """Yield what the worker finds in a file, and a `Skipped` if it does not come to the end of it."""
        self._files += 1
        finished = False
        try:
            self._ask(pickle.dumps((str(path), max_bytes, readers)))
            for batch in self._batches():
                yield from (self._named(item) for item in batch)
            finished = True
        except _Failed as failed:
            yield Skipped(str(path), str(failed))
        finally:
            if not finished:
                self.end()

    def end(self) -> None:
        """End the process and whatever it has started."""
        if self.parent != os.getpid():
            return
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream:
                with suppress(OSError):
                    stream.close()

    def _named(self, item: Item) -> Item:
        """Say how much memory a reader may have, which it does not know itself."""
        if isinstance(item, Skipped) and item.reason == OUT_OF_MEMORY:
            return Skipped(item.path, self._too_much())
        return item

    def _too_much(self) -> str:
        return f"the reader was ended: more than {self.limits.memory / 1e9:g} GB of memory"

    def _ask(self, question: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(_framed(question))
        except OSError as error:
            raise _Failed(self._ended()) from error

    def _batches(self) -> Iterator[Sequence[Item]]:
        seconds = self.limits.seconds
        data, step, whole = bytearray(), _Clock(self._worked), _Clock(self._worked)
        while True:
            while (frame := _unframed(data)) is None:
                began = time.monotonic()
                data += self._more()
                for clock in (step, whole):
                    clock.waited += time.monotonic() - began
                if step.over(seconds) or whole.over(PATIENCE * seconds):
                    limit = seconds if step.over(seconds) else PATIENCE * seconds
                    raise _Failed(f"the reader was ended: it took longer than {limit:g} s")
            if frame == _END:
                return
            batch = pickle.loads(frame)
            step.start()
            if any(isinstance(item, Document) for item in batch):
                whole.start()
            yield batch

    def _more(self) -> bytes:
        """Return what has come from the worker, nothing if that takes longer than a tick."""
        assert self._process.stdout
        file = self._process.stdout.fileno()
        if select.select([file], [], [], TICK)[0]:
            if block := os.read(file, 1 << 20):
                return block
            raise _Failed(self._ended())
        if self._memory() > self.limits.memory:
            raise _Failed(self._too_much())
        return b""

    def _memory(self) -> int:
        """Return the bytes that the worker holds for itself; 0 where the system does not tell."""
        try:
            resident, shared = Path(f"/proc/{self._process.pid}/statm").read_bytes().split()[1:3]
        except (OSError, ValueError):
            return 0
        return (int(resident) - int(shared)) * resource.getpagesize()

    def _worked(self) -> float:
        """Return the seconds of processor time that the worker has taken, 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _ended(self) -> str:
        """Say how a worker ended that nobody had ended.

        Raises:
            OperatorError: if it never came to reading.
        """
        code = self._process.wait()
        if code < 0:
            return f"the reader crashed (signal {-code})"
        if code == NOT_STARTED:
            self._errors.seek(0)
            last = self._errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise OperatorError(f"the process that reads files cannot start: {last[:300]}")
        return f"the reader ended with exit code {code}"


NOT_STARTED = 1  # Python's own exit code when a module cannot be imported


_idle: list[_Worker] = []
_changing = threading.Lock()


def _taken(limits: ReadingLimits) -> _Worker:
    """Return an idle worker, or a new one."""
    with _changing:
        _idle[:] = [worker for worker in _idle if worker.parent == os.getpid()]  # a fork has to have its own
        found = next((worker for worker in _idle if worker.limits == limits and worker.usable), None)
        if found:
            _idle.remove(found)
    return found or _Worker(limits)


def _given_back(worker: _Worker) -> None:
    """Keep a worker for the next file, or end it."""
    with _changing:
        keep = worker.usable and len(_idle) < KEPT
        gone = [] if keep else [worker]
        gone += [one for one in _idle if not one.usable]
        _idle[:] = [one for one in _idle if one.usable] + ([worker] if keep else [])
    for one in gone:
        one.end()


@atexit.register
def end_workers() -> None:
    """End the workers that have nothing to do."""
    with _changing:
        gone, _idle[:] = list(_idle), []
    for worker in gone:
        worker.end()


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(_HEADER, "big") + data


def _unframed(data: bytearray) -> bytes | None:
    """Take the first frame off, if it is there as a whole."""
    if len(data) < _HEADER:
        return None
    end = _HEADER + int.from_bytes(data[:_HEADER], "big")
    if len(data) < end:
        return None
    frame = bytes(data[_HEADER:end])
    del data[:end]
    return frame


def serve(memory: int, seconds: float) -> None:
    """Read the files that the parent names, until it is gone or names none for a while."""
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit(resource.RLIMIT_DATA, memory + memory // 2)  # the parent looks at what is held, but not without pause
    while (request := _request()) is not None:
        path, max_bytes, readers = request
        _limit_time(seconds)
        for suffix, name in readers.items():
            READERS.add(suffix, name)
        with _ending_with_parent():
            exhausted = _answer(answers, read_file(path, max_bytes=max_bytes), seconds)
        _send(answers, _END)
        if exhausted:
            return


def _limit(what: int, wanted: int) -> None:
    """Lower a limit of this process; one that is lower already stays."""
    with suppress(OSError, ValueError):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _limit_time(seconds: float) -> None:
    """End this process after twice the time that the parent gives it, should that not notice."""
    _limit(resource.RLIMIT_CPU, int(time.process_time() + 2 * seconds) + 1)


def _request() -> tuple[str, int, dict[str, str]] | None:
    data = bytearray()
    while (frame := _unframed(data)) is None:
        ready = select.select([0], [], [], IDLE)[0]
        block = os.read(0, 1 << 16) if ready else b""
        if not block:
            return None
        data += block
    request: tuple[str, int, dict[str, str]] = pickle.loads(frame)
    return request


def _answer(answers: int, items: Iterator[Item], seconds: float) -> bool:
    """Send items in batches, progress at once, and tell whether memory ran out."""
    batch: list[Item] = []
    size, exhausted = 0, False
    for item in items:
        batch.append(item)
        size += len(item.text) if isinstance(item, Document) else 0
        exhausted |= isinstance(item, Skipped) and item.reason == OUT_OF_MEMORY
        if len(batch) >= BATCH_ITEMS or size >= BATCH_CHARACTERS or isinstance(item, FileProgress):
            _limit_time(seconds)
            _send(answers, pickle.dumps(batch, protocol=pickle.HIGHEST_PROTOCOL))
            batch, size = [], 0
    if batch:
        _send(answers, pickle.dumps(batch, protocol=pickle.HIGHEST_PROTOCOL))
    return exhausted


def _send(answers: int, data: bytes) -> None:
    view = memoryview(_framed(data))
    while view:
        view = view[os.write(answers, view) :]


@contextmanager
def _ending_with_parent() -> Iterator[None]:
    """Let the system end this process as soon as the parent has gone.

    The end of the parent closes the pipe of requests, and SIGIO, which tells so, ends a process that has not asked for
    it. No thread here could: a parser in C may never let go of the interpreter. While a request is awaited it is off.
    """
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        if select.select([0], [], [], 0)[0]:  # it went before
            os._exit(0)
        yield
    finally:
        fcntl.fcntl(0, fcntl.F_SETFL, flags)


if __name__ == "__main__":
    # Not this module, which is called __main__ here, but the one that others import.
    importlib.import_module("polyhop.ingest.worker").serve(int(sys.argv[1]), float(sys.argv[2]))
