"""Plain text: paragraphs, lists and headings as they were typed, lines that were only wrapped joined.

Files without a suffix come here too, and so a text that is HTML, Markdown or the source of a manual page by its first
lines is read as that.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

from ...core.types import Document
from ..builder import Builder
from ..decode import read_text
from ..documents import Dropped, FileProgress, Pace, clean_text, stem_title
from ..manual import is_manual
from ..manual import write as write_manual
from ..wrapped import Writer

_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL)
_MARKDOWN = re.compile(r"(?m)^(?:#{1,6} \S.*|```\w*)$|(?<!!)\[[^\]\n]+\]\([^)\s]+\)|^\|(?: *:?-+:? *\|)+ *$")
_HEADING = re.compile(r"(?m)^#{1,6} \S")


def read(path: Path) -> Iterator[Document | Dropped | FileProgress]:
    """Yield the file as one document, called after the title at its top, else after the file."""
    raw, note = read_text(path)
    text = clean_text(raw)
    builder = Builder()
    title = yield from _write(builder, text, path)
    yield from builder.document(path, title=title or _name(path), metadata=note)


def _write(builder: Builder, text: str, path: Path) -> Generator[FileProgress, None, str]:
    """Write the text as what it looks like and return its title; other parsers are imported only now."""
    if _HTML.match(text[:5_000]):
        from .webpage import write as write_page

        return write_page(builder, text)
    if is_manual(text):
        return write_manual(builder, text)
    if _HEADING.search(text) and len(_MARKDOWN.findall(text)) > 2:
        from .markdown import write as write_markdown

        return write_markdown(builder, text)
    writer = Writer(builder, text)
    pace = Pace(path, writer.total, "paragraphs")
    for done in writer.write():
        yield from pace.told(done)
    return writer.title


def _name(path: Path) -> str:
    """Return the file's name as a title; the number of a manual page belongs to it."""
    return path.name if path.suffix[1:].isdigit() else stem_title(path)
