"""Logs: readable for people, JSON for machines, silent about what was not asked for."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from polyhop.core.errors import CallerError
from polyhop.core.logs import configure, get_logger


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """Leave logging as it was."""
    yield
    structlog.reset_defaults()


def test_json_lines_hold_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere than on a terminal each event is one JSON line with level, time, fields and traceback."""
    configure("info")
    try:
        raise ValueError("broken\nin two lines")
    except ValueError:
        get_logger("test").exception("it failed", path=Path("/data/ä"), number=3)
    get_logger("test").info("next")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())

    assert ("it failed", "error", 3) == (first["event"], first["level"], first["number"])
    assert "ValueError: broken" in first["exception"] and "ä" in first["path"]
    assert first["timestamp"].endswith("Z") and "next" == second["event"]


def test_a_terminal_gets_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal an event is a line of text."""
    configure("debug", json=False)
    get_logger("test").debug("looking", where="here")
    line = capsys.readouterr().err
    assert "looking" in line and "here" in line and not line.startswith("{")


@pytest.mark.parametrize(("level", "expected"), [("debug", 4), ("info", 3), ("WARNING", 2), ("error", 1)])
def test_the_level_is_kept(level: str, expected: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Events below the level are not written."""
    configure(level)
    for name in ("debug", "info", "warning", "error"):
        getattr(get_logger("test"), name)("event")
    assert expected == len(capsys.readouterr().err.splitlines())


@pytest.mark.parametrize("level", ["", "loud", "verbose"])
def test_an_unknown_level_lists_the_levels(level: str) -> None:
    """A level that is none is the caller's error."""
    with pytest.raises(CallerError, match="choose one of debug, info"):
        configure(level)


def test_standard_error_may_be_replaced_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was standard error when logging was set up may be closed; lines go to the one that is there."""
    first, later = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure("warning", json=True)
    monkeypatch.setattr(sys, "stderr", later)
    first.close()
    get_logger("test").warning("said")
    assert "said" in later.getvalue()
