"""Find out how a text file is encoded, or refuse it.

The rule, in this order:

1. A byte order mark decides: UTF-8, UTF-16 or UTF-32.
2. A NUL byte, or more than 1 % control characters, means binary.
3. Bytes that are valid UTF-8 are UTF-8.
4. A page that declares its encoding is read in that one.
5. Windows-1252 (which contains Latin-1) only if the bytes look like Western European text: at most 30 % are outside
   ASCII, two thirds of those stand alone (elsewhere they come in runs, as in Cyrillic or Chinese), fewer of them form
   UTF-8 characters than do not (else it is damaged UTF-8), and no sign such as `³` stands between two letters
   (Polish). Such documents say so: `metadata["encoding"]` is `windows-1252`.

Anything else is refused with a reason. Other single-byte encodings that pass step 5, such as Czech or Turkish ones,
cannot be told from Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from .documents import UnreadableError

BLOCK = 1 << 20
UTF8 = "utf-8-sig"
FALLBACK = "cp1252"
_MARKS = {
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SIGNATURES = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive (.docx, .xlsx, .epub, .odt)",
    b"\xd0\xcf\x11\xe0": "an old Office file (.doc, .xls)",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite format 3": "a SQLite database",
    b"\x7fELF": "a program",
    b"{\\rtf": "a Rich Text file (.rtf)",
}
_CONTROLS = bytes(byte for byte in (*range(32), 127) if byte not in b"\b\t\n\v\f\r\x1b")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{2,}")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SIGN_IN_WORD = re.compile(rb"[A-Za-z][\xa1-\xa9\xab-\xac\xae-\xb6\xb8-\xb9\xbb-\xbf][A-Za-z]")


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding that a byte order mark at the start announces."""
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)


def looks_binary(data: bytes) -> bool:
    """Tell binary data from text in an ASCII-based encoding."""
    return b"\x00" in data or _count(data, _CONTROLS) * 100 > len(data)


def refuse_known(head: bytes) -> None:
    """Refuse what begins as a file of another kind does, whatever its name says.

    Raises:
        UnreadableError: with that kind.
    """
    kind = next((kind for sign, kind in _SIGNATURES.items() if head.startswith(sign)), "")
    if kind:
        raise UnreadableError(f"binary, not text: it begins as {kind} does; rename it if it is one")


def read_text(path: Path, *, declared: str = "") -> tuple[str, dict[str, object]]:
    """Return the text of a whole file, and the metadata `encoding` where the fallback was used."""
    encoding = encoding_of(path, declared=declared)
    text = path.read_bytes().decode(encoding)
    return text, encoding_note(encoding)


def encoding_note(encoding: str) -> dict[str, object]:
    """Return the metadata that makes the use of the fallback visible."""
    return {"encoding": "windows-1252"} if encoding == FALLBACK else {}


def encoding_of(path: Path, *, declared: str = "") -> str:
    """Return the encoding of a file by the rule above, without holding more than a block of it."""
    with path.open("rb") as file:
        head = file.read(16)
    refuse_known(head)
    marked = marked_encoding(head)
    if marked not in (None, UTF8):
        return _require(path, str(marked))
    if any(looks_binary(block) for block in _blocks(path)):
        raise UnreadableError("binary, not text")
    broken_at = _first_error(path, UTF8)
    if broken_at is None:
        return UTF8
    codec = _declared_codec(declared) if declared else ""
    if codec and _first_error(path, codec) is None:
        return codec
    _check_western(path, broken_at)
    return _require(path, FALLBACK)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _first_error(path: Path, encoding: str) -> int | None:
    """Return about where decoding fails, in bytes, or None where it does not."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    for block in _blocks(path):
        try:
            decoder.decode(block)
        except UnicodeError as error:
            return done + int(getattr(error, "start", 0))
        done += len(block)
    try:
        decoder.decode(b"", final=True)
    except UnicodeError:
        return done
    return None


def _require(path: Path, encoding: str) -> str:
    broken_at = _first_error(path, encoding)
    if broken_at is None:
        return encoding
    raise UnreadableError(f"not valid {encoding.upper()}: cannot decode byte {broken_at:,}; save it as UTF-8")


def _declared_codec(name: str) -> str:
    """Return the codec for a declared encoding as browsers read it, or nothing for one that Python cannot stream."""
    try:
        b" ".decode(name, "ignore")
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError):
        return ""
    return "windows-1252" if codecs.lookup(name).name in ("iso8859-1", "ascii") else name


def _check_western(path: Path, broken_at: int) -> None:
    """Refuse bytes that Windows-1252 would turn into nonsense."""
    size = high = crowded = characters = signs = 0
    for block in _blocks(path):
        size += len(block)
        high += _count(block, bytes(range(0x80, 0x100)))
        crowded += sum(len(run) for run in _HIGH_RUN.findall(block))
        characters += sum(len(found) for found in _UTF8_CHARACTER.findall(block))
        signs += len(_SIGN_IN_WORD.findall(block))
    if characters * 2 > high:
        raise UnreadableError(f"damaged UTF-8 at byte {broken_at:,}; save it again as UTF-8")
    if high * 10 > size * 3 or crowded * 3 > high or signs:
        raise UnreadableError(f"unknown encoding: byte {broken_at:,} is not UTF-8; save it as UTF-8")


def _count(data: bytes, wanted: bytes) -> int:
    return len(data) - len(data.translate(None, wanted))
