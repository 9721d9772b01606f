"""Plain text: paragraphs, lists and headings as they were typed, lines that were only wrapped joined."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, stem_title
from ..wrapped import write


def read(path: Path) -> Iterator[Document | Dropped]:
    """Yield the file as one document, called after the title at its top, else after the file."""
    text, note = read_text(path)
    builder = Builder()
    title = write(builder, text)
    yield from builder.document(path, title=title or stem_title(path), metadata=note)
