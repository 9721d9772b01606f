"""`polyhop chat`: a conversation through a pipe and as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from polyhop.agent.cli import app
from polyhop.encoders import Encoder

from .commands import files, run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with an indexed collection."""
    folder = tmp_path_factory.mktemp("chat")
    run("index", files(folder / "docs"), home=folder / "home")
    return folder / "home"


def chat(*lines: str, home: Path, code: int = 0) -> Any:
    """Hold a conversation through a pipe and return its result."""
    done = CliRunner().invoke(app, ["chat", "--home", str(home)], input="".join(f"{line}\n" for line in lines))
    assert code == done.exit_code, (done.stdout, done.stderr, done.exception)
    return done


def test_a_conversation_through_a_pipe(home: Path) -> None:
    """Each line is shown and answered with hops and citations, and what it was understood as where that differs."""
    shown = chat("Who directed Jaws?", "", "Where was he born?", home=home).stdout

    assert 1 == shown.count("understood as:")
    assert "you: Where was he born?\n" in shown
    assert "understood as: Where was Steven Spielberg born?\n" in shown
    assert "born in Cincinnati. [" in shown
    assert "named in the question" in shown


def test_new_begins_another_conversation_and_quit_ends_it(home: Path) -> None:
    """After /new a turn is a first turn; after /quit nothing is asked any more; other commands are explained."""
    shown = chat("Who directed Jaws?", "/new", "Where was he born?", "/what", "/quit", "Vienna?", home=home).stdout

    assert "understood as:" not in shown
    assert 2 == shown.count("/new forgets the conversation")
    assert "you: Vienna?" not in shown


def test_a_mistake_does_not_end_the_conversation(home: Path) -> None:
    """The message is for standard error and the code tells a script; the next turn is answered."""
    done = chat("x" * 30_000, "Who directed Jaws?", home=home, code=2)

    assert "30000 characters" in done.stderr
    assert "Steven Spielberg" in done.stdout


def test_no_collection_is_said_at_once(tmp_path: Path) -> None:
    """Where nothing was indexed, no conversation begins."""
    assert "no collection" in chat("Who?", home=tmp_path / "none", code=2).stderr


@pytest.mark.slow
def test_an_interrupt_ends_it_politely(home: Path) -> None:
    """Ctrl-C while it waits for a turn leaves without a word of complaint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "polyhop.agent", "chat", "--home", str(home)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "/quit ends it" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)

    assert (0, "") == (process.returncode, complaint)
