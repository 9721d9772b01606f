"""A disk without room: the error says so, nothing acknowledged is lost, and everything works once there is room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from polyhop.core.errors import OperatorError
from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus

CHILD = Path(__file__).with_name("filling_child.py")


@pytest.mark.slow
@pytest.mark.parametrize("size", [400_000, 1_000_000, 3_000_000])
def test_a_full_disk_loses_nothing_that_was_acknowledged(size: int, tmp_path: Path, embedder: Encoder) -> None:
    """Wherever the room runs out, the writer hears what to do and the next one finds every document that was safe."""
    corpus.collection(tmp_path, embedder).close()
    command = [sys.executable, str(CHILD), str(tmp_path), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    found, last = done.stdout.strip().splitlines()[-2:]
    safe, kind, said = last.split(maxsplit=2)

    assert "3 3" == found  # the collection that was open goes on
    assert kind in ("OperatorError", "IndexFailed"), done.stderr
    assert "check free disk space" in said
    with Collection.open(tmp_path, "films", embedder=embedder) as opened:
        assert len(corpus.DOCUMENTS) + int(safe) <= len(opened.keys())
        assert [] == opened.verify()
        assert 1 == opened.add([Document("after", "There is room again.")]).added
        assert [] == opened.verify()


def test_a_home_that_cannot_be_made_is_said(tmp_path: Path, embedder: Encoder) -> None:
    """A file where the home should be is the operator's matter."""
    (tmp_path / "home").write_text("a file")
    with pytest.raises(OperatorError, match="choose another home"):
        Collection.create(tmp_path / "home", "films", embedder=embedder)
