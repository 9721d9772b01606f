"""The command line as a process of its own: streams, exit codes, signals, what importing it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.encoders import Encoder

from .commands import QUESTION, files


def polyhop(*arguments: object, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process whose streams are pipes."""
    return subprocess.run(
        [sys.executable, "-m", "polyhop.agent", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "POLYHOP_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_index_and_ask_through_pipes(tmp_path: Path, embedder: Encoder) -> None:
    """Piped output is plain text, --json is one document, and nothing is said on standard error."""
    home = tmp_path / "home"
    indexed = polyhop("index", files(tmp_path / "docs"), home=home)
    asked = polyhop("ask", QUESTION, home=home)
    answer = polyhop("ask", QUESTION, "--json", home=home)

    assert [(0, "")] * 3 == [(done.returncode, done.stderr) for done in (indexed, asked, answer)]
    assert "\x1b" not in indexed.stdout + asked.stdout
    assert "Cincinnati" in json.loads(answer.stdout)["text"]


@pytest.mark.slow
def test_a_mistake_exits_with_two_and_no_traceback(tmp_path: Path) -> None:
    """Asking where nothing was indexed is a message on standard error."""
    done = polyhop("ask", QUESTION, "--json", home=tmp_path / "none")

    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("polyhop: no collection 'default'")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_narrow_ascii_output_is_no_obstacle(tmp_path: Path, embedder: Encoder) -> None:
    """Where the output can hold ASCII only, JSON is escaped and text is shown as far as it can be."""
    home = tmp_path / "home"
    rows = [{"id": 1, "title": "Ålesund", "text": "Ålesund is a town in Norway."}]
    polyhop("index", files(tmp_path / "docs", rows=rows), home=home)
    ascii_only = {"PYTHONIOENCODING": "ascii", "COLUMNS": "30"}
    shown = polyhop("ask", "What is Ålesund?", home=home, **ascii_only)
    answer = polyhop("ask", "What is Ålesund?", "--json", home=home, **ascii_only)

    assert (0, 0) == (shown.returncode, answer.returncode)
    assert "Ålesund" in json.loads(answer.stdout)["text"]


@pytest.mark.slow
def test_the_demo_runs_twice(tmp_path: Path, embedder: Encoder) -> None:
    """The demonstration answers its questions, and the second run embeds nothing."""
    first, second = (polyhop("demo", home=tmp_path / "home") for _ in range(2))

    assert (0, 0) == (first.returncode, second.returncode)
    assert "300 documents, 0 passages embedded now" in second.stdout
    assert 3 == first.stdout.count("ms in all; stopped:")


def test_help_imports_next_to_nothing() -> None:
    """Help is quick because no command has imported what it works with."""
    heavy = {"chromadb", "langgraph", "numpy", "onnxruntime", "pydantic", "torch"}
    program = f"import sys, polyhop.agent.cli; print(*{heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert "\n" == done.stdout
