"""PDF: the text layer of all pages."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from pypdf import PasswordType, PdfReader

from ...core.types import Document
from ..documents import Skipped, UnreadableError, file_document, one_line

MAX_PAGES = 10_000
MAX_CHARACTERS = 50_000_000
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})

# pypdf logs each flaw that it repairs; without a handler Python prints those on a user's terminal.
logging.getLogger("pypdf").addHandler(logging.NullHandler())


def read(path: Path) -> Iterator[Document | Skipped]:
    """Yield the file as one document, and each page that could not be read as `path:page`."""
    with path.open("rb") as file:
        reader = PdfReader(file)
        if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
            raise UnreadableError("encrypted; save a copy without a password")
        count = len(reader.pages)
        if count > MAX_PAGES:
            raise UnreadableError(f"{count:,} pages are over the limit of {MAX_PAGES:,}; split the file")
        texts, failed = _pages(reader)
        title = _title(reader)
    yield from (Skipped(f"{path}:{page}", reason) for page, reason in failed.items())
    if any(texts):
        yield file_document(path, "\n\n".join(texts), title=title, metadata={"pages": count})
    elif not failed:
        raise UnreadableError("no text layer (a scan?); run OCR on it first")


def _pages(reader: PdfReader) -> tuple[list[str], dict[int, str]]:
    """Return the texts of the pages that have one, and the reasons of those that failed."""
    texts: list[str] = []
    failed: dict[int, str] = {}
    size = 0
    for number, page in enumerate(reader.pages, 1):
        try:
            text = page.extract_text().translate(_LIGATURES).strip()
        except Exception as error:  # pypdf raises nearly any type on broken pages
            failed[number] = one_line(error)
            continue
        size += len(text)
        if size > MAX_CHARACTERS:
            raise UnreadableError(f"more than {MAX_CHARACTERS:,} characters of text; split the file")
        if text:
            texts.append(text)
    return texts, failed


def _title(reader: PdfReader) -> str:
    """Return the title property unless a program filled it in."""
    title = str((reader.metadata and reader.metadata.title) or "").strip()
    return "" if title.lower().startswith(("untitled", "microsoft word -")) else title
