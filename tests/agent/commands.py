"""Running the command line inside a test: a builder for files, and a runner that leaves nothing behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from polyhop.agent.cli import app

ROWS: list[dict[str, Any]] = [
    {"id": 1, "title": "Jaws (film)", "text": "Jaws is a 1975 film directed by Steven Spielberg.", "year": 1975},
    {"id": 2, "title": "Steven Spielberg", "text": "Steven Spielberg is a director born in Cincinnati.", "year": 1946},
    {"id": 3, "title": "Vienna", "text": "Vienna is the capital of Austria.", "year": 1156},
]
QUESTION = "Where was the director of Jaws born?"


def run(*arguments: object, home: Path, code: int = 0) -> Any:
    """Run a command in `home` and return its result, after checking the exit code."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--home", str(home)])
    assert code == result.exit_code, (result.stdout, result.stderr, result.exception)
    return result


def run_json(*arguments: object, home: Path, code: int = 0) -> Any:
    """Run a command with --json and return the one document it printed."""
    return json.loads(run(*arguments, "--json", home=home, code=code).stdout)


def files(folder: Path, *, rows: list[dict[str, Any]] | None = None) -> Path:
    """Write a small corpus of one JSON-lines and one Markdown file and return its folder."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps(row) for row in (ROWS if rows is None else rows)]
    (folder / "films.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "danube.md").write_text("# Danube\n\nThe Danube flows through Vienna.\n", encoding="utf-8")
    return folder
