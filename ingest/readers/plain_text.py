"""Plain text: the whole file is the document, its name the title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...core.types import Document
from ..decode import read_text
from ..documents import file_document


def read(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    text, note = read_text(path)
    yield file_document(path, text, metadata=note)
