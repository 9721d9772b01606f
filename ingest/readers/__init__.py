"""One reader per format: `read(path)` yields documents, and `Skipped` for rows or pages that gave none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import cast

from ...core.types import Document
from ..skipped import Skipped

Reader = Callable[[Path], Iterator[Document | Skipped]]

FORMATS = {
    ".txt": "plain_text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "webpage",
    ".htm": "webpage",
    ".pdf": "pdf",
    ".docx": "word",
    ".csv": "table",
    ".tsv": "table",
    ".jsonl": "json_lines",
    ".ndjson": "json_lines",
}


def reader_for(suffix: str) -> Reader | None:
    """Return the reader of a file suffix, in any case; its parser is imported only now."""
    name = FORMATS.get(suffix.lower())
    return cast(Reader, import_module(f"{__name__}.{name}").read) if name else None


def unsupported(suffix: str) -> str:
    """Say which formats there are."""
    return f"unsupported format {suffix!r}; readable are {' '.join(sorted(FORMATS))}"
