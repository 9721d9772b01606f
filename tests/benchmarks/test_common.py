"""What the benchmarks share: exit codes, memory, progress and children."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import __main__ as overview
from benchmarks.harness import (
    ROOT,
    BenchmarkError,
    ChildFailed,
    bar,
    child,
    chosen,
    environment,
    peak_mb,
    progress,
    run,
    write_text,
)
from benchmarks.indexes import Index
from benchmarks.systems import ask_all
from polyhop.agent import OperatorError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BenchmarkError("a\nb"), 2),
        (OperatorError("a\nb"), 3),
        (ChildFailed("queries", 7), 7),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes_say_who_must_react(capsys: pytest.CaptureFixture[str], error: BaseException, code: int) -> None:
    """The caller's mistakes are 2, the machine's 3, a child's its own, and no message has more than one line."""

    def fail() -> None:
        raise error

    assert code == run(fail)
    assert capsys.readouterr().err in ("", "error: a b\n")


def test_peak_memory_is_that_of_this_process() -> None:
    """A child of a large process does not inherit its peak."""
    ballast = bytearray(300_000_000)
    source = "from benchmarks.harness import peak_mb; print(peak_mb())"
    done = subprocess.run([sys.executable, "-c", source], env=environment(), capture_output=True, text=True, check=True)

    assert len(ballast) / 1024**2 < peak_mb()
    assert 5 < float(done.stdout) < 250


def test_progress_is_told_by_tenths(capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody watches a terminal ten lines at the most are written, all of them as errors."""
    assert list(range(25)) == list(progress(range(25), "index", 25))
    shown = capsys.readouterr()
    assert [f"index: {100 * done // 25} %" for done in (3, 5, 8, 10, 13, 15, 18, 20, 23, 25)] == shown.err.splitlines()
    assert "" == shown.out


def test_progress_never_says_more_than_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Amounts are estimates: what goes beyond the total is not told."""
    with bar("index", 10) as advance:
        for amount in (9, 4, 4):
            advance(amount)

    assert ["index: 90 %", "index: 100 %"] == capsys.readouterr().err.splitlines()


def test_systems_are_chosen_by_name() -> None:
    """Names are taken in their order, each once, with or without blanks."""
    assert ["b", "a"] == chosen("b, a,b,", ["a", "b"])


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    """A file appears in a folder that is made for it, with nothing beside it."""
    path = tmp_path / "new" / "out.txt"
    write_text(path, "a")

    assert "a" == path.read_text(encoding="utf-8")
    assert [path] == list(path.parent.iterdir())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A folder where the file should be is told."""
    with pytest.raises(OperatorError, match="cannot write"):
        write_text(tmp_path, "")


@pytest.mark.slow
def test_a_child_that_fails_hands_on_its_exit_code(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The child says what is wrong, in one line, and the parent only passes its exit code on."""
    with pytest.raises(ChildFailed) as caught:
        child(ask_all, index=asdict(Index(str(tmp_path), "missing")), system="dense", warm=[], questions=[])

    assert 2 == caught.value.code
    assert "no collection 'missing'" in capfd.readouterr().err


@pytest.mark.slow
def test_a_child_goes_when_its_parent_is_gone(tmp_path: Path) -> None:
    """A child that lost its parent ends before its work does, so that it holds no lock for nobody."""
    waiting = "import time; print('begun', flush=True); time.sleep(300); print('done', flush=True)"
    (tmp_path / "waiting.py").write_text(f"def work(job):\n    {waiting}\n", encoding="utf-8")
    (tmp_path / "job.json").write_text("{}", encoding="utf-8")
    serving = f"import sys; sys.path.append({str(tmp_path)!r}); from benchmarks.harness import serve; serve()"
    files = [str(tmp_path / "job.json"), str(tmp_path / "out.json")]
    command = [sys.executable, "-c", serving, "waiting", "work", *files]
    source = f"import subprocess; subprocess.run({command!r})"
    with subprocess.Popen(
        [sys.executable, "-c", source], env=environment(), stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        begun = parent.stdout.readline()
        parent.kill()
        # Both have the pipe, which ends with the last of them.
        rest = parent.stdout.read()

    assert ("begun\n", "") == (begun, rest)


@pytest.mark.slow
def test_the_overview_lists_every_command() -> None:
    """`python -m benchmarks` alone says what there is, a line each, and so does the text it is made of."""
    command = [sys.executable, "-m", "benchmarks"]
    done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)

    assert overview.listing() == done.stdout
    assert len(overview.commands()) == len(done.stdout.splitlines()) > 20
    assert "" == done.stderr


def test_the_overview_starts_benchmarks_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """A benchmark may be named after `python -m benchmarks`; another word is refused."""
    assert 2 == run(lambda: overview.main(["multihop", "/nowhere"]))
    assert 2 == run(lambda: overview.main(["speed", "magic"]))
    assert 2 == run(lambda: overview.main(["magic"]))
    assert "unknown benchmark 'magic'" in capsys.readouterr().err
