"""One harness: command lines, progress, child processes, time and memory, and where tables and figures go."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar, get_args

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import CallerError, OperatorError, PolyhopError, Settings, __version__
from polyhop.core.files import write_whole

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
PROFILES: Sequence[str] = get_args(Settings.model_fields["profile"].annotation)
#: columns of a table where no terminal says how wide it is
WIDTH = 170


class BenchmarkError(CallerError):
    """The benchmark was called with something that it cannot measure."""


class ChildFailed(Exception):
    """A child process ended badly; it has said why."""

    def __init__(self, work: str, code: int) -> None:
        super().__init__(f"{work} ended with exit code {code}")
        self.code = code


class BenchmarkParser(argparse.ArgumentParser):
    """A command line whose mistakes are told in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise BenchmarkError(f"{self.prog}: {message}; see `{self.prog} --help`")


def natural(text: str, least: int = 0) -> int:
    """Read a whole number of at least `least` from the command line."""
    if not text.strip().isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"it must be a whole number of at least {least}, not {text!r}")
    return int(text)


positive = partial(natural, least=1)


def naturals(text: str, least: int = 0) -> list[int]:
    """Read whole numbers with commas between them, in their order, each once."""
    return sorted({natural(one, least) for one in text.split(",")})


#: what the command line gave
Given = argparse.Namespace
Option = tuple[tuple[str, ...], dict[str, Any]]


def option(*names: str, **settings: Any) -> Option:
    """Return what `ArgumentParser.add_argument` is called with."""
    return names, settings


FOLDER = option("folder", metavar="DIR", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
FOLDERS = option("folders", metavar="DIR", type=Path, nargs="+", help="folder with corpus.jsonl and SPLIT.jsonl")
SPLIT = option("--split", default="dev", help="which questions to ask (default: %(default)s)")
LIMIT = option("--limit", type=positive, help="use only the first N questions of each set")
SEED = option("--seed", type=natural, default=0, help="seed of the bootstrap (default: %(default)s)")
PROFILE = option("--profile", choices=PROFILES, help="profile of polyhop (default: that of the settings)")
TITLED = option("--titled", action="store_true", help="only with titles; by default with and without")
UNTITLED = option("--untitled", action="store_true", help="without titles, of passages and gold alike")
ARMS = (FOLDERS, SPLIT, TITLED, UNTITLED, LIMIT, SEED)
JSON = option("--json", type=Path, metavar="OUT", help="write the figures to this file")


class Report:
    """The figures of a benchmark, which go to a file, and its tables, which go to the screen as they come."""

    def __init__(self, path: Path | None, about: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = dict(about)
        self._path = path
        self._screen = Console(width=None if sys.stdout.isatty() else WIDTH)

    def show(self, title: str, rows: Sequence[Mapping[str, Any]], caption: str = "") -> None:
        """Print a table of rows that have the same columns; the first says what a row is."""
        shown = Table(title=title, caption=caption)
        for place, heading in enumerate(rows[0]):
            shown.add_column(heading, justify="right" if place else "left")
        for row in rows:
            shown.add_row(*("" if cell is None else str(cell) for cell in row.values()))
        self._screen.print(shown)

    def add(self, **values: Any) -> None:
        """Take figures over and write the file with all that there are so far."""
        self.values |= values
        if self._path:
            write_text(self._path, json.dumps(self.values, indent=2) + "\n")

    def add_to(self, name: str, value: Any) -> None:
        """Add to a list of figures."""
        self.add(**{name: [*self.values.get(name, []), value]})


@dataclass(frozen=True, slots=True)
class Command:
    """A benchmark: its name, a text whose first line says what it tells, its own options, and what does it."""

    name: str
    doc: str | None
    options: Sequence[Option]
    measure: Callable[[Given, Report], None]

    @property
    def summary(self) -> str:
        """Return what it tells."""
        return (self.doc or "").partition("\n")[0]

    @property
    def usage(self) -> str:
        """Return the names of what has to be given."""
        return " ".join(settings["metavar"] for names, settings in self.options if names[0][0] != "-")

    def main(self, arguments: Sequence[str]) -> None:
        """Run it with its own arguments."""
        parser = BenchmarkParser(prog=f"python -m benchmarks {self.name}", description=self.summary)
        for names, settings in (*self.options, JSON):
            parser.add_argument(*names, **settings)
        options = parser.parse_args(arguments)
        if PROFILE in self.options:
            options.profile = options.profile or Settings().profile
        about = {"polyhop_version": __version__, "embedder": Settings().embedder}
        self.measure(options, Report(options.json, {"command": f"{parser.prog} {shlex.join(arguments)}", **about}))

    def run(self) -> NoReturn:
        """Run it as the program that was started."""
        sys.exit(run(lambda: self.main(sys.argv[1:])))


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


def write_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the whole new one."""
    write_whole(path, text.encode())


def progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Go through `items` and show how far that is."""
    with bar(what, total) as advance:
        for item in items:
            yield item
            advance(1)


@contextmanager
def bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show on the error stream how far a work is, by a line for each tenth."""
    total, done = max(1, total), 0

    def advance(amount: int) -> None:
        nonlocal done
        before, done = done, min(total, done + amount)
        if 10 * done // total > 10 * before // total:
            tell(f"{what}: {100 * done // total} %")

    yield advance


def tell(message: str) -> None:
    """Say what is going on, on the error stream."""
    print(message, file=sys.stderr, flush=True)


def timed(work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    """Return what came of the work, and the milliseconds that it took."""
    began = time.perf_counter()
    result = work(*arguments)
    return result, 1000 * (time.perf_counter() - began)


def percentile(times: Sequence[float], share: int = 50) -> float:
    """Return a percentile, rounded for people."""
    return round(float(np.percentile(times, share)), 3)


def ratio(part: float, whole: float) -> float:
    """Return `part / whole`, rounded for people."""
    return round(part / whole, 3) if whole else float("inf")


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


def child(work: Callable[[dict[str, Any]], dict[str, Any]], **job: Any) -> Any:
    """Let a function at the top of a module do a job in a process of its own, and return its result."""
    with tempfile.TemporaryDirectory(prefix="polyhop-benchmark-") as folder:
        asked, answered = Path(folder) / "job.json", Path(folder) / "result.json"
        asked.write_text(json.dumps(job), encoding="utf-8")
        source = "from benchmarks.harness import serve; serve()"
        spec = sys.modules[work.__module__].__spec__
        module = spec.name if spec else work.__module__
        command = [sys.executable, "-c", source, module, work.__name__, str(asked), str(answered)]
        code = subprocess.run(command, env=environment(), check=False).returncode
        if code < 0:
            tell(f"error: {work.__name__} was killed by signal {-code}; run the command again to go on")
        if code:
            raise ChildFailed(work.__name__, code if code > 0 else 128 - code)
        return json.loads(answered.read_text(encoding="utf-8"))


def environment() -> dict[str, str]:
    """Return the environment in which a child imports what this process imports."""
    paths = [str(ROOT), *(entry for entry in sys.path if entry)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


def serve() -> NoReturn:
    """Do one job as a child process and end with it, or with the parent."""
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    module, name, asked, answered = sys.argv[1:5]
    job = json.loads(Path(asked).read_text(encoding="utf-8"))
    work = getattr(importlib.import_module(module), name)
    sys.exit(run(lambda: write_text(Path(answered), json.dumps(work(job)))))


def _leave_with(parent: int) -> None:
    """End this process once the parent is gone: nobody would read the result, and it may hold a lock."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def chosen(text: str, known: Sequence[str], what: str = "system") -> list[str]:
    """Return the names in a comma-separated list, each once, all of them among `known`."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise BenchmarkError(f"unknown {what} {', '.join(unknown) or text!r}; choose among {', '.join(known)}")
    return names
