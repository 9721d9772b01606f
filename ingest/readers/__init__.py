"""One reader per format: `read(path)` yields documents, `Skipped` for rows or pages that gave none, and `Dropped`.

In a large file it may also yield `FileProgress` now and then.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from ...core.registry import Registry
from ...core.types import Document
from ..documents import Dropped, FileProgress, Item, Skipped, UnreadableError, one_line

Reader = Callable[[Path], Iterator[Item]]

#: Counts what readers make of files: files that an earlier version read are read again. 0.1 had none.
READER_VERSION = 2

_PARSERS = {
    "plain_text": ".txt .text .log",
    "markdown": ".md .markdown .mdx",
    "restructured": ".rst",
    "asciidoc": ".adoc .asciidoc",
    "org_mode": ".org",
    "tex": ".tex",
    "webpage": ".html .htm .xhtml",
    "xml_file": ".xml",
    "pdf": ".pdf",
    "word": ".docx .docm .dotx .dotm",
    "slides": ".pptx .pptm .ppsx .ppsm .potx",
    "workbook": ".xlsx .xlsm .xltx",
    "open_document": ".odt .ott .odp .ods",
    "book": ".epub",
    "mail": ".eml",
    "mailbox": ".mbox",
    "notebook": ".ipynb",
    "archive": ".zip",
    "table": ".csv .tsv",
    "json_lines": ".jsonl .ndjson",
    "json_file": ".json",
    "source_code": ".py .pyi .js .mjs .cjs .ts .tsx .jsx .java .c .h .cc .cpp .hpp .cs .go .rs .rb .php .pl .lua .r "
    ".kt .swift .scala .sh .bash .sql .css .scss .proto .yaml .yml .toml .ini .cfg .conf .properties",
}
#: by file suffix, in lower case; `READERS.add(".rst", read)` or an entry point called `.rst` adds a format
READERS: Registry[Reader] = Registry(
    "reader",
    "polyhop.readers",
    {suffix: f"{__name__}.{name}:read" for name, suffixes in _PARSERS.items() for suffix in suffixes.split()},
    Callable,  # type: ignore[arg-type]
)


PLAIN = ".txt"
_SECTION = re.compile(r"\.[1-9]\w{0,3}")


def is_readable(suffix: str) -> bool:
    """Tell whether there is a reader for a file suffix: no suffix, and those of manual pages (".1"), are plain text."""
    return not suffix or suffix.lower() in READERS or bool(_SECTION.fullmatch(suffix))


def reader_for(suffix: str) -> Reader | None:
    """Return the reader of a file suffix, in any case; its parser is imported only now."""
    if not is_readable(suffix):
        return None
    return READERS.get(suffix.lower() if suffix.lower() in READERS else PLAIN)


def unsupported(suffix: str) -> str:
    """Say which formats there are."""
    return f"unsupported format {suffix!r}; readable are {' '.join(READERS.names())}"


MAX_BYTES = 100_000_000
OUT_OF_MEMORY = "needs more memory than it may have; split the file"


def read_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> Iterator[Item]:
    """Yield the documents of a file one after the other, and a `Skipped` for whatever gives none.

    It is read in this process; `polyhop.ingest.worker.read_apart` reads in another one, with limits.

    Never raises for what the file is or holds: a broken file is a `Skipped`, even when documents came before it.
    """
    path = Path(path)
    empty = True
    try:
        reader = _checked_reader(path, max_bytes)
        for item in reader(path):
            usable = not isinstance(item, Document) or bool(item.text.strip())
            empty = empty and (isinstance(item, Dropped | FileProgress) or not usable)
            if usable:
                yield item
    except UnreadableError as error:
        yield Skipped(str(path), str(error))
    except OSError as error:
        yield Skipped(str(path), error.strerror.lower() if error.strerror else one_line(error))
    except MemoryError:
        yield Skipped(str(path), OUT_OF_MEMORY)
    except Exception as error:  # parsers raise nearly any type on rubbish, and one file must not end a run
        yield Skipped(str(path), f"cannot be read: {one_line(error)}")
    else:
        if empty:
            yield Skipped(str(path), "empty: no text in it")


def _checked_reader(path: Path, max_bytes: int) -> Reader:
    """Return the reader of a file that is worth opening."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("a folder, not a file" if stat.S_ISDIR(status.st_mode) else "not a regular file")
    reader = reader_for(path.suffix)
    if reader is None:
        raise UnreadableError(unsupported(path.suffix))
    if not status.st_size:
        raise UnreadableError("empty: no text in it")
    size = status.st_size
    if size > max_bytes:
        raise UnreadableError(f"{size:,} bytes are over the limit of {max_bytes:,}; split it or raise max_bytes")
    return reader
