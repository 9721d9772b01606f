"""The command that serves recordings, in a process of its own as it is used."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from polyhop.agent.testing import FAULTS
from tests.documents import environment

COMMAND = [sys.executable, "-P", "-m", "polyhop.agent.testing"]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(ending: signal.Signals, tmp_path: Path) -> None:
    """The first line it prints is the address; faults are played; it ends well and says what was asked of it."""
    file = tmp_path / "recordings.jsonl"
    file.write_text('{"match": "jaws", "reply": "shark"}\n', encoding="utf-8")
    body = {"messages": [{"role": "user", "content": "Who made Jaws?"}]}
    with subprocess.Popen(
        [*COMMAND, str(file), "--fault", "503:first=1,retry_after=2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip() + "/chat/completions"
        first, second = (httpx.post(url, json=body) for _ in range(2))
        process.send_signal(ending)
        _, told = process.communicate(timeout=20)

    assert (503, "2") == (first.status_code, first.headers["retry-after"])
    assert "shark" == second.json()["choices"][0]["message"]["content"]
    assert (0, "2 completions asked for\n") == (process.returncode, told)


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "wrong"), [
    (["away.jsonl"], "cannot read 'away.jsonl'"),
    (["--fault", "late"], "unknown fault 'late'"),
    (["--port", "x"], "argument --port"),
])  # fmt: skip
def test_a_bad_call_is_told_in_one_line(arguments: list[str], wrong: str) -> None:
    """On standard error, with the exit code of a call that must change."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment())

    assert (2, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert wrong in done.stderr


@pytest.mark.slow
def test_the_help_lists_the_faults() -> None:
    """Each with what happens."""
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, env=environment())

    assert [] == [kind for kind, told in FAULTS.items() if kind not in done.stdout or told not in done.stdout]
