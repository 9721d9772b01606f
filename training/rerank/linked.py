"""Documents that link to each other: their sentences, and where the words of a sentence lead.

A link is a hyperlink from running text to another document or a place in it. Where no document of a folder has one, as
in JSON lines of passages, a name that is another document's title counts as a link to it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ...core.errors import CallerError
from ...core.types import Document
from ...core.words import capital_spans, content_words, name_key, sentences, word_key
from ...ingest.decode import read_text
from ...ingest.documents import UnreadableError
from ...ingest.markup import UNSEEN, Node, parse
from ...ingest.readers import is_readable, read_file

_MARK = re.compile(r"(?:[-*•]|\d+[.)])\s+")
_LETTERS = re.compile(r"\w+")
_ASIDE = re.compile(r"\s*\([^()]*\)$")
_SEE = re.compile(r"\b(?:see|refer|consult|described|discussed|explained)\b", re.IGNORECASE)
_SEEN = re.compile(r"\([^()]*\)")
_HTML = (".html", ".htm", ".xhtml")
_ENDS = ("", ".html", ".htm", ".md", ".rst", "/index.html", "/index.md", "/README.md")
BEARERS = 3  # documents of one title; with more, a name says too little of where it leads
FIRST, LONGER = 3, 8  # words behind an anchor by which its place in the text is known
ITEM = 2  # blocks that an anchor in running text leads to
NEAR = 2  # sentences before one that points to a place, which it may belong to
LEAD = 12  # sentences of a section, or of a document, that a link to it is about


class LinkedPlace(NamedTuple):
    """What a link leads to: a document, and an anchor in it or nothing."""

    file: str
    anchor: str = ""


class Words(NamedTuple):
    """Linked words: characters `start` to `end` of a sentence, and the places that they lead to."""

    start: int
    end: int
    places: tuple[LinkedPlace, ...]


@dataclass(frozen=True, slots=True)
class LinkedSentence:
    """A sentence of running text: where it begins in the text of its document, and its links to other documents."""

    file: str
    title: str
    start: int
    text: str
    links: tuple[Words, ...] = ()


class LinkedPage:
    """A document with its sentences and the places of its anchors; `path` is the file that it was read from."""

    def __init__(self, file: str, document: Document, path: Path) -> None:
        self.file = file
        self.document = document
        self.path = path
        self.sentences: list[LinkedSentence] = []

    @cached_property
    def folded(self) -> str:
        """Return the words of the text in lower case, with a space before and after each."""
        return f" {' '.join(_LETTERS.findall(self.document.text.lower()))} "

    @cached_property
    def anchors(self) -> Mapping[str, int]:
        """Return the place in the text of each anchor that can be told."""
        headings = [one for one in self.document.blocks if one.kind == "heading"]
        found: dict[str, int] = {}
        for one in headings:
            found.setdefault(slug(self.document.text[one.start : one.end]), one.start)
        if self.path.suffix.lower() in _HTML:
            found |= _html_anchors(self.path, self.document.text)
        return found

    def section(self, anchor: str) -> list[LinkedSentence]:
        """Return the sentences that a link to an anchor is about; those that open the document without an anchor."""
        if not anchor:
            return self.sentences[:LEAD]
        start = self.anchors.get(anchor)
        if start is None:
            return []
        end = self._end(start)
        return [one for one in self.sentences if start <= one.start < end][:LEAD]

    def heading(self, anchor: str) -> str:
        """Return the heading at an anchor, or the title."""
        start = self.anchors.get(anchor) if anchor else None
        blocks = (one for one in self.document.blocks if one.start == start and one.kind == "heading")
        return next((self.document.text[one.start : one.end] for one in blocks), self.document.title)

    def _end(self, start: int) -> int:
        """Return where the section ends that begins at a character: before the next heading of its level or above."""
        blocks = [one for one in self.document.blocks if one.end > start]
        if not blocks or blocks[0].kind != "heading":
            return blocks[min(ITEM, len(blocks)) - 1].end if blocks else start
        level = len(blocks[0].trail)
        ends = (one.start for one in blocks[1:] if one.kind == "heading" and len(one.trail) <= level)
        return next(ends, len(self.document.text))


def pages(source: Path) -> dict[str, LinkedPage]:
    """Return the documents of a folder, or of a file of many, by their path in it or by the name of their row.

    Raises:
        CallerError: if nothing there can be read.
    """
    found = {page.file: page for page in _read(source)}
    if not found:
        raise CallerError(f"{str(source)!r} holds no document that can be read")
    hyper = {name: list(_hyperlinks(page, found)) for name, page in found.items()}
    linked = any(hyper.values())
    bearers = {} if linked else _bearers(found)
    for name, page in found.items():
        page.sentences = list(_sentences(page, hyper[name] if linked else list(_named(page, bearers))))
    for page in found.values():
        rows = range(len(page.sentences))
        page.sentences = [_with_pointed(page.sentences[row : row + NEAR + 1], found) for row in rows]
    return found


def _read(source: Path) -> Iterator[LinkedPage]:
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    for path in files:
        if path.is_file() and is_readable(path.suffix):
            documents = (one for one in read_file(path) if isinstance(one, Document))
            yield from (LinkedPage(_name(one, path, source), one, path) for one in documents)


def slug(heading: str) -> str:
    """Return the anchor that a heading gets where it has no other."""
    return "-".join(_LETTERS.findall(heading.lower()))


def _name(document: Document, path: Path, source: Path) -> str:
    row = document.key.partition("#")[2]
    own = path.relative_to(source).as_posix() if source.is_dir() else ""
    return f"{own}#{row}" if own and row else own or row or path.name


def _hyperlinks(page: LinkedPage, found: Mapping[str, LinkedPage]) -> Iterator[Words]:
    folder = posixpath.dirname(page.file)
    for start, end, target in page.document.links:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc or not parts.path:
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
        file = next((path + ending for ending in _ENDS if path + ending in found), None)
        if file is not None and file != page.file:
            yield Words(start, end, (LinkedPlace(file, unquote(parts.fragment)),))


def _bearers(found: Mapping[str, LinkedPage]) -> dict[str, list[str]]:
    named: dict[str, list[str]] = {}
    for file, page in found.items():
        if key := name_key(_ASIDE.sub("", page.document.title)):
            named.setdefault(key, []).append(file)
    return named


def _named(page: LinkedPage, bearers: Mapping[str, Sequence[str]]) -> Iterator[Words]:
    """Yield the first mention of each title of others."""
    text, own = page.document.text, name_key(_ASIDE.sub("", page.document.title))
    for name in dict.fromkeys(span for one in sentences(text) for span in capital_spans(one)):
        files = bearers.get(name_key(name), ()) if name_key(name) != own else ()
        at = text.find(name)
        if 0 < len(files) <= BEARERS and at >= 0:
            yield Words(at, at + len(name), tuple(LinkedPlace(file) for file in files))


def _sentences(page: LinkedPage, links: Sequence[Words]) -> Iterator[LinkedSentence]:
    document = page.document
    for block in document.blocks or (None,):
        if block and block.kind not in ("paragraph", "list"):
            continue
        start, end = (block.start, block.end) if block else (0, len(document.text))
        for one in sentences(document.text[start:end]):
            at = document.text.find(one, start, end)
            if at < 0:  # joined over a line break, so not word for word in the text
                continue
            start = at + len(one)
            mark = _MARK.match(one)
            at, words = (at + mark.end(), one[mark.end() :]) if mark else (at, one)
            inside = tuple(
                Words(each.start - at, each.end - at, each.places)
                for each in links
                if at <= each.start and each.end <= start
            )
            yield LinkedSentence(page.file, document.title, at, words, inside)


def _with_pointed(near: Sequence[LinkedSentence], found: Mapping[str, LinkedPage]) -> LinkedSentence:
    """Return the first of some sentences, linked by words of a heading to which it, or one of the others, points.

    "Access is checked by rules. See Section 4, Rules of access." is as good as a link of "rules".
    """
    one = near[0]
    senders = [each for each in near if _SEE.search(each.text)]
    places = dict.fromkeys(place for each in senders for words in each.links for place in words.places)
    new = []
    for place in places:
        heading = {word_key(word) for word in content_words(found[place.file].heading(place.anchor)) if len(word) > 2}
        if span := _run(_SEEN.sub(lambda match: " " * len(match[0]), one.text), heading):
            new.append(Words(*span, (place,)))
    return replace(one, links=tuple(new)) if new else one


def _run(text: str, keys: set[str]) -> tuple[int, int] | None:
    """Return the longest run of words with these keys."""
    runs: list[tuple[int, int]] = []
    for word in _LETTERS.finditer(text):
        if word_key(word[0].lower()) not in keys:
            continue
        joined = runs and not text[runs[-1][1] : word.start()].strip(" -")
        runs[-1:] = [(runs[-1][0], word.end())] if joined else [*runs[-1:], word.span()]
    return max(runs, key=lambda run: run[1] - run[0], default=None)


def _html_anchors(path: Path, text: str) -> dict[str, int]:
    """Return where the words stand in a text that follow each `id` and `name` of a page."""
    try:
        root = parse(read_text(path)[0])
    except (UnreadableError, OSError):
        return {}
    words: list[str] = []
    marked: list[tuple[str, int]] = []
    _walk(root, words, marked)
    spans = [(one.group().lower(), one.start()) for one in _LETTERS.finditer(text)]
    starts: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(spans)):
        for length in (FIRST, LONGER):
            starts.setdefault(tuple(word for word, _ in spans[row : row + length]), []).append(spans[row][1])
    found = {}
    for anchor, at in marked:
        options = [starts.get(tuple(words[at : at + length]), []) for length in (LONGER, FIRST)]
        if place := next((option[0] for option in options if len(option) == 1), options[0][0] if options[0] else None):
            found[anchor] = place
    return found


def _walk(node: Node, words: list[str], marked: list[tuple[str, int]]) -> None:
    """Gather the words of a page, and at which word each anchor stands."""
    for child in node.children:
        if isinstance(child, str):
            words += _LETTERS.findall(child.lower())
        elif child.tag not in UNSEEN:
            marked += [(name, len(words)) for name in (child.get("id"), child.get("name")) if name]
            _walk(child, words, marked)
