"""Addresses of documents and targets of links in one form, so that a link meets the document that it names.

An address is one of

- `people/teams`: a place in the collection, as keys have it, without the suffix of a page and without `/index`;
- `/handbook/people`: a path from the root of a site;
- `//example.org/people`: a place on a host, whatever the scheme;
- `:ken burns`: a title, as wiki links and references to manual pages name it;
- `#`: any document that has the anchor.

Case, queries and what is percent-encoded make no difference. Nothing here is ever fetched or opened.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import unquote

from ..core.types import Metadata
from ..core.words import name_key

LONGEST = 1_000  # characters of a target; longer ones are no addresses of documents
LONGEST_ANCHOR = 200
MOST_ALIASES = 50
ANYWHERE = "#"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_HOST = re.compile(r"(?:[^@/]*@)?(?:www\.)?([^/@:]+?)\.?(?::(?:80|443)?|(:\d+))?")
_GAPS = re.compile(r"[\s_-]+")
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,8}$")
_INDEX = frozenset(["index", "_index", "readme", "default"])
_PAGES = frozenset(
    ".html .htm .xhtml .shtml .md .markdown .mdx .rst .adoc .asciidoc .org .txt .text .tex .php .asp .aspx .jsp .pdf "
    ".docx .docm .odt .pptx .odp .xlsx .ods .epub .eml .ipynb .xml .json .jsonl .csv .tsv".split()
)
#: what no text is read from
_BINARY = frozenset(
    ".png .jpg .jpeg .gif .svg .webp .ico .bmp .tif .tiff .mp3 .mp4 .webm .ogg .wav .avi .mov .woff .woff2 .ttf .css "
    ".exe .dmg .iso .gz .tgz .bz2 .xz .7z .rar .jar .deb .rpm".split()
)
_DECLARED = ("url", "permalink", "canonical", "aliases", "redirect_from")


class AddressKind(IntEnum):
    """How a document comes by an address, the surest first."""

    PLACE = 0  # its key, or its source if that is a URL
    DECLARED = 1  # what it says itself: the canonical link of a page, `url` and `aliases` of front matter
    TITLE = 2  # its title, and the name of its file


class Target(NamedTuple):
    """Where a link leads: an address, the suffix that stood there ("" for none), and the anchor behind `#`."""

    address: str
    suffix: str
    anchor: str


def targets_of(written: str, key: str) -> list[Target]:
    """Return what a link of the document `key` may mean, the likeliest first; nothing where it leads to no document."""
    if not 0 < len(written) <= LONGEST:
        return []
    if written.startswith("[["):
        return _of_wiki(written.removeprefix("[[").removesuffix("]]"), key)
    if written.startswith(":ref:"):
        name = anchor_key(written[5:])
        return [Target(ANYWHERE, "", name)] if name else []
    written, mark, anchor = written.removeprefix(":doc:").strip().partition("#")
    name = anchor_key(anchor) if mark else ""
    if not written:
        return [Target(*own_address(key), name)] if name else []
    return [Target(*place, name) for place in _places(written, key)]


def anchor_key(name: str) -> str:
    """Return the name of a place in the form in which it is kept; nothing for one that cannot be."""
    if len(name) > LONGEST:
        return ""
    name = unquote(name) if "%" in name else name
    if _UNFIT.search(name) or name.startswith(":~:"):
        return ""
    name = unicodedata.normalize("NFC", name).casefold().removeprefix("user-content-")
    return _GAPS.sub("-", name).strip("-")[:LONGEST_ANCHOR]


def own_address(key: str) -> tuple[str, str]:
    """Return the address that a document has by its key, and the suffix of that; a row of a table is not its file."""
    key = _UNFIT.sub("", key)
    if "#" in key:
        return key.casefold(), ""
    root = "/" if key.startswith("/") else ""
    address, suffix = _page([part for part in key.split("/") if part])
    return root + address, suffix


def addresses_of(key: str, title: str, source: str, metadata: Metadata) -> dict[str, AddressKind]:
    """Return the addresses that a document has, each with the surest way in which it comes by it."""
    own, suffix = own_address(key)
    found = {own: AddressKind.PLACE}
    if source != key and _is_url(source) and "?" not in source:
        found.update((target.address, AddressKind.PLACE) for target in targets_of(source.partition("#")[0], key))
    for written in _declared(metadata):
        place = written.partition("#")[0]
        declared = _places(place, key) if "/" in place or _is_url(place) else []
        declared += [(title_address(place), "")] if not declared else []
        for address, _ in declared:
            found.setdefault(address, AddressKind.DECLARED)
    if (name := metadata.get("slug")) and isinstance(name, str):
        for address, _ in _places(name, f"{own}/x" if _is_index(key) else key):
            found.setdefault(address, AddressKind.DECLARED)
    stem = key.rpartition("#")[2] if "#" in key else key.rpartition("/")[2]
    for words in (title, stem.removesuffix(suffix) if suffix else stem):
        found.setdefault(title_address(words), AddressKind.TITLE)
    for nothing in (":", "#"):
        found.pop(nothing, None)
    return found


def title_address(words: str) -> str:
    """Return the address of a title, `:` for one without words."""
    return f":{name_key(words[:LONGEST])}"


def tail(address: str) -> str:
    """Return the last part of a path, nothing of a title."""
    return "" if address.startswith((":", "#")) else address.rpartition("/")[2]


def _declared(metadata: Metadata) -> Sequence[str]:
    values = [metadata[name] for name in _DECLARED if name in metadata]
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat[:MOST_ALIASES] if isinstance(one, str) and 0 < len(one) <= LONGEST]


def _is_url(written: str) -> bool:
    return written.startswith(("http://", "https://", "//"))


def _is_index(key: str) -> bool:
    stem = key.rpartition("/")[2].partition(".")[0]
    return stem.lower() in _INDEX


def _of_wiki(inside: str, key: str) -> list[Target]:
    """Read `Title#Section|words`; with a slash the title may be a path, or have a slash in it."""
    page, _, section = inside.partition("|")[0].partition("#")
    anchor = anchor_key(section.strip())
    if not page.strip():
        return [Target(*own_address(key), anchor)] if anchor else []
    found = [Target(title_address(page), "", anchor)] if title_address(page) != ":" else []
    if "/" in page:
        parts = _steps([], page.strip())
        found += [Target(*_page(parts), anchor)] if parts else []
    return found


def _places(written: str, key: str) -> list[tuple[str, str]]:
    """Return the (address, suffix) that a path or URL may mean in a document, without its query."""
    scheme = _SCHEME.match(written)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return []
    written = written[scheme.end() :] if scheme else written
    if scheme and not written.startswith("//"):
        return []
    written = written.partition("?")[0]
    path = unquote(written, errors="replace") if "%" in written else written
    path = unicodedata.normalize("NFC", path) if not path.isascii() else path
    if not path or _UNFIT.search(path):
        return []
    return _absolute(path) if path.startswith("/") else _relative(path, key)


def _absolute(path: str) -> list[tuple[str, str]]:
    host = ""
    if path.startswith("//"):
        host, _, path = path[2:].partition("/")
        known = _HOST.fullmatch(host.casefold())
        if known is None:
            return []
        host = f"//{known[1]}{known[2] or ''}"
    parts = _steps([], path)
    if parts is None or _is_binary(parts):
        return []
    address, suffix = _page(parts)
    return [(f"{host}/{address}".rstrip("/") or "/", suffix)]


def _relative(path: str, key: str) -> list[tuple[str, str]]:
    """Resolve a path against the document's folder, and, as a site without suffixes does, against the page itself."""
    file = key.partition("#")[0]
    root = "/" if file.startswith("/") else ""
    folder = [part for part in file.split("/") if part]
    bases = [folder[:-1]]
    if not _SUFFIX.search(path.casefold()) and folder and not _is_index(file):
        bases.append([*folder[:-1], folder[-1].rpartition(".")[0] or folder[-1]])
    found = []
    for base in bases:
        parts = _steps(base, path)
        if parts is not None and not _is_binary(parts):
            address, suffix = _page(parts)
            found.append((root + address, suffix))
    return list(dict.fromkeys(found))


def _steps(base: Sequence[str], path: str) -> list[str] | None:
    """Walk along a path; None where it leaves the root."""
    parts = list(base)
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part.strip() and part != ".":
            parts.append(part)
    return parts


def _is_binary(parts: Sequence[str]) -> bool:
    found = _SUFFIX.search(parts[-1].casefold()) if parts else None
    return found is not None and found[0] in _BINARY


def _page(parts: Sequence[str]) -> tuple[str, str]:
    """Return the address of a path and the suffix that it had."""
    named = [part.casefold() for part in parts]
    suffix = ""
    if named:
        found = _SUFFIX.search(named[-1])
        if found and found[0] in _PAGES and found.start():
            suffix = found[0]
            named[-1] = named[-1][: found.start()]
        if named[-1] in _INDEX:
            named.pop()
    return "/".join(named), suffix
