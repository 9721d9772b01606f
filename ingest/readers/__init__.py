"""One reader per format: `read(path)` yields documents, and `Skipped` for rows or pages that gave none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ...core.registry import Registry
from ...core.types import Document
from ..skipped import Skipped

Reader = Callable[[Path], Iterator[Document | Skipped]]

_PARSERS = {
    "plain_text": ".txt",
    "markdown": ".md .markdown",
    "webpage": ".html .htm",
    "pdf": ".pdf",
    "word": ".docx",
    "table": ".csv .tsv",
    "json_lines": ".jsonl .ndjson",
}
#: by file suffix, in lower case; `READERS.add(".rst", read)` or an entry point called `.rst` adds a format
READERS: Registry[Reader] = Registry(
    "reader",
    "polyhop.readers",
    {suffix: f"{__name__}.{name}:read" for name, suffixes in _PARSERS.items() for suffix in suffixes.split()},
    Callable,  # type: ignore[arg-type]
)


def reader_for(suffix: str) -> Reader | None:
    """Return the reader of a file suffix, in any case; its parser is imported only now."""
    return READERS.get(suffix.lower()) if suffix and suffix.lower() in READERS else None


def unsupported(suffix: str) -> str:
    """Say which formats there are."""
    return f"unsupported format {suffix!r}; readable are {' '.join(READERS.names())}"
