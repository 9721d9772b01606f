"""Zip archives with XML parts, as Office files and books are, read with bounds: what an archive says of itself is not
believed, entities are not expanded, and nothing is loaded from elsewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile, ZipInfo

from lxml import etree

from .documents import UnreadableError, one_line

MAX_UNPACKED = 300_000_000
MAX_XML = 60_000_000
MAX_PARTS = 20_000
RATIO = 200  # bytes out of one beyond which a large file inside an archive is taken for a bomb
SMALL = 10_000_000
MAX_TEXT = 1_000_000  # bytes of one text in a stream; libxml2 gives a file up that has one of 10 million
_BLOCK = 1 << 20
_REST = re.compile(rb"[\x80-\xbf]{0,3}")
_REFERENCE = re.compile(rb"[#\w]{0,10};")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
#: the namespaces of "strict" Office files, and what others call the same
_STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#: the attribute with which an element of an Office file names a relation
RELATION = f"{{{_RELATIONS}}}id"


def parser() -> etree.XMLParser:
    """Return a parser of XML that expands no entities, loads nothing, and keeps to the bounds of libxml2."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )


def bomb(part: ZipInfo) -> str:
    """Say that a file in an archive is a bomb, or nothing; no text of its size can be packed so well."""
    packed, size = part.compress_size, part.file_size
    return f"unpacks {packed:,} bytes to {size:,}, as only bombs do" if size > max(SMALL, RATIO * packed) else ""


class Package:
    """An open archive.

    Args:
        path: the file.
        kind: what messages call it ("a Word file").
        largest: bytes that a part of XML may unpack to; more than `MAX_XML` for those that are read as streams.

    Raises:
        UnreadableError: if it is no archive, an encrypted one, or one that would unpack to too much.
    """

    def __init__(self, path: Path, kind: str, *, largest: int = MAX_XML) -> None:
        self._kind = kind
        try:
            self._zip = ZipFile(path)
        except (BadZipFile, NotImplementedError, ValueError) as error:
            with path.open("rb") as file:
                old = file.read(4) == _OLD_OFFICE
            reason = "encrypted with a password, or of the format before 2007" if old else "no zip archive, or broken"
            raise UnreadableError(f"not {kind}: {reason}") from error
        self._parts = {part.filename: part for part in self._zip.infolist()}
        try:
            self._check(largest)
        except UnreadableError:
            self._zip.close()
            raise

    def __enter__(self) -> Package:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    @property
    def parts(self) -> list[str]:
        """The names of the parts, in the order of the archive."""
        return list(self._parts)

    def _check(self, most: int) -> None:
        """Refuse too much before anything is unpacked; `read` sees to it that a part is no longer than it says."""
        total = sum(part.file_size for part in self._parts.values())
        largest = max((part.file_size for part in self._parts.values() if _is_xml(part.filename)), default=0)
        if len(self._parts) > MAX_PARTS:
            raise UnreadableError(f"holds {len(self._parts):,} parts, over the limit of {MAX_PARTS:,}")
        if total > MAX_UNPACKED or largest > most:
            raise UnreadableError(
                f"unpacks to {total:,} bytes ({largest:,} in one part), over the limit of {MAX_UNPACKED:,} ({most:,})"
            )
        whole = [part for part in self._parts.values() if most <= MAX_XML and _is_xml(part.filename)]
        if reason := next(filter(None, map(bomb, whole)), ""):
            raise UnreadableError(reason)

    def open(self, name: str) -> IO[bytes]:
        """Open a part as a stream; zipfile ends it where the archive says that it ends.

        Raises:
            UnreadableError: if there is no such part, or it is encrypted or packed in an unknown way.
        """
        part: ZipInfo | None = self._parts.get(name)
        if part is None:
            raise UnreadableError(f"not {self._kind}: it has no part {name[:80]!r}")
        if part.flag_bits & 1:
            raise UnreadableError("encrypted with a password")
        try:
            return self._zip.open(part)
        except (BadZipFile, NotImplementedError, RuntimeError) as error:
            raise UnreadableError(f"cannot be unpacked: {one_line(error)}") from error

    def read(self, name: str) -> bytes:
        """Return a part.

        Raises:
            UnreadableError: if it cannot be unpacked, or holds more than `MAX_XML` bytes.
        """
        with self.open(name) as stream:
            try:
                data = stream.read(MAX_XML + 1)
            except Exception as error:  # zlib, bz2 and lzma have errors of their own
                raise UnreadableError(f"{name[:80]!r} in it is broken: {one_line(error)}") from error
        if len(data) > MAX_XML:
            raise UnreadableError(f"unpacks to more than {MAX_XML:,} bytes in one part")
        return data

    def xml(self, name: str) -> etree._Element:
        """Return the root of a part of XML.

        Raises:
            UnreadableError: if there is none or it is not well-formed.
        """
        data = _STRICT.sub(_USUAL, self.read(name))
        try:
            return etree.fromstring(data, parser())
        except (etree.XMLSyntaxError, ValueError) as error:
            raise UnreadableError(f"{name[:80]!r} in it is invalid XML: {one_line(error)}") from error

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Return what a part ("" for the whole archive) refers to: by id the kind ("header"), and a part or a link."""
        folder, _, file = name.rpartition("/")
        own = posixpath.join(folder, "_rels", f"{file}.rels")
        found = {}
        for relation in self.xml(own) if own in self else ():
            target = relation.get("Target") or ""
            if relation.get("TargetMode") != "External" and not target.startswith("#"):
                target = posixpath.normpath(posixpath.join("/", folder, unquote(target))).lstrip("/")
            found[relation.get("Id") or ""] = (relation.get("Type", "").rpartition("/")[2], target)
        return found

    def related(self, name: str, kind: str) -> str:
        """Return the first part of a kind to which a part refers, or ""."""
        return next((target for own, target in self.relations(name).values() if own == kind and target in self), "")

    def core_title(self) -> str:
        """Return the title among the properties of an Office file, or ""."""
        name = self.related("", "core-properties")
        try:
            return (self.xml(name).findtext("{http://purl.org/dc/elements/1.1/}title") or "").strip() if name else ""
        except UnreadableError:
            return ""


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))


def local(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


class _ShortTexts:
    """A stream of XML in which a text of more than `MAX_TEXT` bytes is cut, so that it does not end all the others."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._run = 0  # bytes since the last "<"
        self._tail = b""  # the last bytes of the run
        self._cut = False

    def read(self, size: int) -> bytes:
        """Return the next bytes, and none only at the end."""
        while block := self._stream.read(size):
            first = block.find(b"<")
            if self._run > MAX_TEXT:
                begun = b"" if self._cut else self._begun(block)
                self._cut = first < 0
                block = begun + (block[first:] if first >= 0 else b"")
            last = block.rfind(b"<")
            self._run = len(block) - last if last >= 0 else self._run + len(block)
            if block:
                self._tail = block[-12:]
                return block
        return b""

    def _begun(self, block: bytes) -> bytes:
        """Return what still belongs to the character or the reference in whose middle the text is cut."""
        found = _REFERENCE.match(block) if self._tail.rfind(b"&") > self._tail.rfind(b";") else _REST.match(block)
        return found[0] if found else b""


def events(stream: IO[bytes], tags: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Yield the name and the element of each end of the elements with the tags, which are emptied behind the reader.

    For parts that may be long: memory stays small, and texts are cut at `MAX_TEXT` bytes. `tags` are names without
    their namespace; a namespace may be any.

    Raises:
        UnreadableError: if the XML is not well-formed.
    """
    try:
        parsed = etree.iterparse(
            _ShortTexts(stream),
            events=("end",),
            tag=[f"{{*}}{tag}" for tag in tags],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for _, element in parsed:
            yield local(element), element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"invalid XML: {one_line(error)}") from error
