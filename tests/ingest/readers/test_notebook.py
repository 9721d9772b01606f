"""Notebooks."""

from __future__ import annotations

import json
from pathlib import Path

from polyhop.core.types import Document
from polyhop.ingest.documents import Dropped, Skipped
from polyhop.ingest.readers import notebook, read_file

FIELD = Path(__file__).parents[2] / "field" / "formats" / "nb.ipynb"


def document(path: Path) -> Document:
    (item,) = (item for item in read_file(path) if not isinstance(item, Dropped))
    assert isinstance(item, Document)
    return item


def test_cells_of_text_and_code_are_read(tmp_path: Path) -> None:
    """Markdown is read as such, code and what it prints are code, tables are tables, pictures are nothing."""
    outputs = [
        {"output_type": "stream", "text": ["\x1b[31m3\x1b[0m\n"]},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=" * 100}},
        {
            "data": {
                "text/html": "<table><tr><th>City</th><th>People</th></tr><tr><td>Bern</td><td>134</td></tr></table>"
            }
        },
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["long"]},
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Sums\n", "\n", "We *add*."]},
        {"cell_type": "code", "source": "print(1 + 2)", "outputs": outputs},
    ]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    made = document(tmp_path / "a.ipynb")

    expected = ["# Sums", "We add.", "print(1 + 2)", "3", "City | People\nBern | 134", "KeyError: 'x'"]
    assert "\n\n".join(expected) == made.text
    assert "Sums" == made.title
    assert ("Title", "# Title\n\nThe result is 42.") == (document(FIELD).title, document(FIELD).text)


def test_long_output_is_shortened_and_counted(tmp_path: Path) -> None:
    """What a cell prints without end is cut."""
    output = {"output_type": "stream", "text": "line\n" * 10_000}
    cells = [{"cell_type": "code", "source": "loop()", "outputs": [output]}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))

    assert len(document(tmp_path / "a.ipynb").text) < notebook.OUTPUT + 100
    assert any(item.what == "long output" for item in read_file(tmp_path / "a.ipynb") if isinstance(item, Dropped))


def test_what_is_no_notebook_gives_a_reason(tmp_path: Path) -> None:
    """Other JSON, and what is none, is refused."""
    for number, text in enumerate(("{", "[1]", '{"cells": 3}', "{}")):
        file = tmp_path / f"{number}.ipynb"
        file.write_text(text)
        (item,) = read_file(file)
        assert isinstance(item, Skipped) and item.reason.startswith("not a notebook")
