"""What a server refuses to start with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from .served import Served, command, outside

# the embedder: a server exports it where no other has, which is no test's time
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("embedder")]


def started(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a server that does not come up, and return what it said."""
    words = [sys.executable, "-P", "-m", "polyhop.agent", "serve", "--home", str(home), "--port", "0", *arguments]
    return subprocess.run(words, env=outside(), capture_output=True, text=True, check=False)


def test_without_keys_it_answers_on_this_machine_alone(tmp_path: Path) -> None:
    """An address that others reach is refused with the way out."""
    done = started(tmp_path, "--host", "0.0.0.0")

    assert 2 == done.returncode
    assert "polyhop keys add" in done.stderr


def test_the_first_key_closes_a_server_that_was_open(tmp_path: Path) -> None:
    """From then on nobody gets in without one, also where the server runs already."""
    with Served(tmp_path) as server:
        before = server.client.get("/collections").status_code
        key = command(tmp_path, "keys", "add").strip()
        after = server.client.get("/collections").status_code
        with_key = httpx.get(f"{server.url}/collections", headers={"Authorization": f"Bearer {key}"}).status_code

    assert [200, 401, 200] == [before, after, with_key]


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """As the operator's affair, with the way out."""
    with Served(tmp_path) as server:
        done = started(tmp_path, "--port", server.url.rpartition(":")[2])

    assert 3 == done.returncode
    assert "another port" in done.stderr


def test_too_many_requests_are_told_to_come_back(tmp_path: Path) -> None:
    """The second of two a minute is the last; the answer says when the next may come."""
    with Served(tmp_path, "--rate", "2") as server:
        answers = [server.client.get("/collections") for _ in range(3)]

    assert [200, 200, 429] == [one.status_code for one in answers]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60


def test_without_the_extra_the_way_out_is_told(tmp_path: Path) -> None:
    """Where FastAPI is not installed the message says what to install."""
    source = "import sys; sys.modules['fastapi'] = None; from polyhop.agent.cli import main; main()"
    words = [sys.executable, "-P", "-c", source, "serve", "--home", str(tmp_path)]
    done = subprocess.run(words, env=outside(), capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert "polyhop[serve]" in done.stderr
