"""What all benchmarks share: command lines, errors, JSON lines, child processes and their memory."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

from rich.console import Console
from rich.progress import Progress

from polyhop.agent import CallerError, OperatorError, PolyhopError, Settings

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PROFILES: Sequence[str] = get_args(Settings.model_fields["profile"].annotation)


class BenchmarkError(CallerError):
    """The benchmark was called with something that it cannot measure."""


class ChildFailed(Exception):
    """A child process ended badly; it has said why."""

    def __init__(self, module: str, code: int) -> None:
        super().__init__(f"{module} ended with exit code {code}")
        self.code = code


class Parser(argparse.ArgumentParser):
    """A command line whose mistakes are told in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise BenchmarkError(f"{self.prog}: {message}; see `{self.prog} --help`")


def positive(text: str) -> int:
    """Read a whole number of at least 1 from the command line."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"it must be a whole number of at least 1, not {text!r}")
    return number


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Let the command line name the profile."""
    default = Settings().profile
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        default=default,
        help="profile of polyhop (default: that of the settings, %(default)s)",
    )


def run(work: Callable[[], None]) -> int:
    """Do the work of a command and return the exit code: 2, the call must change; 3, the machine needs care."""
    try:
        work()
    except ChildFailed as error:
        return error.code
    except KeyboardInterrupt:
        return 130
    except PolyhopError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, CallerError) else 3 if isinstance(error, OperatorError) else 1
    return 0


def write_json(path: Path, value: Any) -> None:
    """Write a value as a JSON file."""
    write_text(path, json.dumps(value, indent=2) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the whole new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise BenchmarkError(f"cannot write {str(path)!r} ({error}); choose another file") from error


def progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Go through `items` and show how far that is."""
    with bar(what, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show on the error stream how far a work is, by a line for each tenth where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Tenths(what, total).advance
        return
    with Progress(console=console, transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda amount: shown.advance(task, amount)


class _Tenths:
    """Tells when another tenth is done."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = max(1, total)
        self._done = 0

    def advance(self, amount: int) -> None:
        """Count what was done."""
        before, self._done = self._done, min(self._total, self._done + amount)
        if 10 * self._done // self._total > 10 * before // self._total:
            tell(f"{self._what}: {100 * self._done // self._total} %")


def tell(message: str) -> None:
    """Say what is going on, on the error stream."""
    print(message, file=sys.stderr, flush=True)


def peak_mb() -> float:
    """Return the largest resident size of this process so far, in megabytes.

    The kernel's high-water mark of the address space comes first: on Linux `ru_maxrss` survives `exec` and so starts
    at the size of the parent.
    """
    try:
        status = Path("/proc/self/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform != "darwin" else 1024
        kilobytes = str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit)
    return round(int(kilobytes) / 1024, 1)


def child(module: str, job: dict[str, Any]) -> Any:
    """Let a module of the benchmarks do a job in a process of its own and return its result."""
    with tempfile.TemporaryDirectory(prefix="polyhop-benchmark-") as folder:
        asked, answered = Path(folder) / "job.json", Path(folder) / "result.json"
        asked.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-m", f"benchmarks.{module}", str(asked), str(answered)]
        done = subprocess.run(command, env=environment(), check=False)
        if done.returncode:
            if done.returncode < 0:
                tell(f"error: {module} was killed by signal {-done.returncode}; run the command again to go on")
            raise ChildFailed(module, done.returncode if done.returncode > 0 else 128 - done.returncode)
        return json.loads(answered.read_text(encoding="utf-8"))


def environment() -> dict[str, str]:
    """Return the environment in which a child imports what this process imports."""
    paths = [str(ROOT), *(entry for entry in sys.path if entry)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def serve(work: Callable[[dict[str, Any]], dict[str, Any]]) -> NoReturn:
    """Do one job as a child process and end with it, or with the parent."""
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    asked, answered = map(Path, sys.argv[1:3])
    sys.exit(run(lambda: write_json(answered, work(json.loads(asked.read_text(encoding="utf-8"))))))


def _leave_with(parent: int) -> None:
    """End this process once the parent is gone: nobody would read the result, and it may hold a lock."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def chosen(text: str, known: Sequence[str]) -> list[str]:
    """Return the names in a comma-separated list, each once, all of them among `known`."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BenchmarkError(f"unknown system {', '.join(unknown) or text!r}; choose among {', '.join(known)}")
    return names
