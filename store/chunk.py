"""Cut documents into chunks that the embedder reads whole."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from math import ceil
from typing import NamedTuple, cast

from semchunk.semchunk import chunk as split_semantically

from ..core.errors import CallerError
from ..core.types import Anchor, Block, Chunk, Document, Layout, Line, Link

CountTokens = Callable[[Sequence[str]], list[int]]

CHARACTERS_PER_TOKEN = 16
BYTES_PER_CHARACTER = 4
MARGIN = 0.9
CACHED_WORDS = 500_000
LONGEST_CACHED = 32


class _WordCounts(dict[str, int]):
    """Token counts of words; one that was not counted has at most a token per byte."""

    def __missing__(self, word: str) -> int:
        return len(word) if word.isascii() else len(word) * BYTES_PER_CHARACTER


@dataclass(slots=True)
class Meter:
    """Tells what texts cost an embedder.

    The cost is the token count, but at least a token per 16 characters: WordPiece counts a word of any length as one
    unknown token, and no text of a language has words that long.
    """

    count_tokens: CountTokens
    words: _WordCounts = field(default_factory=_WordCounts)
    per_space: float = field(init=False)

    def __post_init__(self) -> None:
        """Find out whether this tokenizer spends tokens on white space."""
        one, spaces, lines = self.count_tokens(["a", "a a a", "a\n\na"])
        self.per_space = max(0.0, (spaces - 3 * one) / 2, (lines - 2 * one) / 2)

    def costs(self, texts: Sequence[str]) -> list[int]:
        """Return the cost of each text; a single character costs at most 1, since it cannot be split."""
        counts = self.count_tokens(texts) if texts else []
        return [_cost(text, count) for text, count in zip(texts, counts, strict=True)]

    def cost(self, text: str) -> int:
        """Return the cost of one text."""
        return self.costs([text])[0]

    def estimate(self, text: str) -> int:
        """Return nearly the cost, as the sum over the words; exact where the tokenizer splits at white space first."""
        words = text.split()
        missing = {word for word in words if word not in self.words}
        self.learn(word for word in missing if len(word) <= LONGEST_CACHED)
        long = {word for word in missing if len(word) > LONGEST_CACHED}
        counts = dict(zip(long, self.costs(list(long)), strict=True))
        found = sum(counts[word] if word in counts else self.words[word] for word in words)
        return _cost(text, found + self._gaps(text, words))

    def fit(self, texts: Sequence[str], limit: int) -> list[bool]:
        """Tell which texts cost at most `limit`, the tokenizer seeing only what arithmetic leaves open.

        A token has at least one byte, which bounds short texts and rare words; words that occur again are counted once,
        and all words of the texts that this leaves open. Where the sum is at most 90 % of the limit, the text fits: the
        tenth is for tokenizers that count a word a little differently inside a text.
        """
        decided = [_decide(text, limit) for text in texts]
        split = {i: texts[i].split() for i, known in enumerate(decided) if known is None}
        for often in (2, 1):
            counts = Counter(chain.from_iterable(split.values()))
            self.learn(word for word, n in counts.items() if n >= often)
            for i in [i for i, words in split.items() if self._bound(texts[i], words) <= MARGIN * limit]:
                decided[i] = True
                del split[i]
        exact = iter(self.costs([texts[i] for i in split]))
        return [next(exact) <= limit if known is None else known for known in decided]

    def learn(self, words: Iterable[str]) -> None:
        """Count words and remember them."""
        new = sorted({word for word in words if word not in self.words and len(word) <= LONGEST_CACHED})
        if len(self.words) + len(new) > CACHED_WORDS:
            self.words.clear()
        if new:
            self.words.update(zip(new, self.count_tokens(new), strict=True))

    def _bound(self, text: str, words: Sequence[str]) -> int:
        return sum(map(self.words.__getitem__, words)) + self._gaps(text, words)

    def _gaps(self, text: str, words: Sequence[str]) -> int:
        return ceil(self.per_space * (len(text) - sum(map(len, words)))) if self.per_space else 0


def _cost(text: str, count: int) -> int:
    if len(text) <= 1:
        return min(count, 1)
    return max(count, least_cost(text))


def least_cost(text: str) -> int:
    """Return the cost that the length alone gives a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _decide(text: str, limit: int) -> bool | None:
    """Decide by length alone where that is possible."""
    if len(text) * (1 if text.isascii() else BYTES_PER_CHARACTER) <= limit:
        return True
    return False if len(text) > limit * CHARACTERS_PER_TOKEN else None


LONGEST_HEADING = 1000
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True, slots=True)
class Section:
    """Characters `start` to `end` of a text, under the headings of `trail`; `bare` if it is a heading line alone."""

    start: int
    end: int
    trail: tuple[str, ...]
    bare: bool = False


def outside_fences(lines: Sequence[str]) -> list[bool]:
    """Tell for each line whether it is outside fenced code."""
    result, fence = [], ""
    for line in lines:
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
            result.append(False)
        else:
            result.append(not fence)
            if found and line.strip() == found[1] and found[1].startswith(fence):
                fence = ""
    return result


def first_heading(text: str) -> str:
    """Return the first first-level heading, else the first heading of any level, else nothing."""
    lines = text.split("\n")
    found = [match for line, free in zip(lines, outside_fences(lines), strict=True) if free and (match := _match(line))]
    return next((match[2] for match in found if match[1] == "#"), found[0][2] if found else "")


def sections(text: str) -> list[Section]:
    """Cut a text before each `#` heading line; the parts cover it without a gap."""
    if "#" not in text:
        return [Section(0, len(text), ())]
    lines = text.split("\n")
    result: list[Section] = []
    trail: dict[int, str] = {}
    start = at = 0
    bare = True
    for line, free in zip(lines, outside_fences(lines), strict=True):
        heading = _match(line) if free else None
        if heading:
            if at > start:
                result.append(Section(start, at, tuple(trail.values()), bare and bool(trail)))
            level = len(heading[1])
            trail = {outer: name for outer, name in trail.items() if outer < level} | {level: heading[2]}
            start, bare = at, True
        elif bare and line.strip():
            bare = False
        at += len(line) + 1
    result.append(Section(start, len(text), tuple(trail.values()), bare and bool(trail)))
    return result


def sections_of_blocks(document: Document) -> list[Section]:
    """Cut a document before each heading that is among its blocks."""
    result: list[Section] = []
    for block in document.blocks:
        heading = block.kind == "heading"
        trail = (*block.trail, heading_text(document.text[block.start : block.end])) if heading else block.trail
        last = result[-1] if result else None
        if last is not None and not heading and last.trail == trail:
            result[-1] = Section(last.start, block.end, trail)
        else:
            result.append(Section(block.start, block.end, trail, bare=heading))
    return result


def heading_text(line: str) -> str:
    """Return a heading without its marks."""
    return " ".join(line.split()).lstrip("# ")


def _match(line: str) -> re.Match[str] | None:
    """Match a heading line; lines of a size that no heading has are not tried."""
    return _HEADING.match(line) if "#" in line[:4] and len(line) <= LONGEST_HEADING else None


BATCH = 512
PREFIX_SHARE = 4
TINY_SHARE = 8
WINDOW = 2 * CHARACTERS_PER_TOKEN
_BREAKS = ("\n\n", "\n", ". ", "。", " ")

Span = tuple[int, int]


def chunk(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut one document so that title, heading trail and text of each chunk have at most `max_tokens` tokens together.

    A document that fits, or that brings its own vector, is one chunk with its text unchanged; one without text gives
    none. Chunks cover every non-space character in order. For many documents `chunk_all` is faster.

    Raises:
        CallerError: for `max_tokens` below 1.
    """
    return next(chunk_all([document], count_tokens, max_tokens))[1]


def chunk_all(
    documents: Iterable[Document], count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[Document, list[Chunk]]]:
    """Yield each document with its chunks, in order, counting tokens for batches of documents.

    Raises:
        CallerError: for `max_tokens` below 1.
    """
    if max_tokens < 1:
        raise CallerError(f"max_tokens is {max_tokens!r}; it must be at least 1")
    meter = Meter(count_tokens)
    waiting = iter(documents)
    while batch := list(islice(waiting, BATCH)):
        wholes = [_whole(document) for document in batch]
        fitting = meter.fit([whole.embed_text for whole in wholes], max_tokens)
        for document, whole, fits in zip(batch, wholes, fitting, strict=True):
            if document.vector is not None:
                yield document, [whole]
            elif not document.text.strip():
                yield document, []
            else:
                yield document, [whole] if fits else _cut(document, meter, max_tokens)


def _whole(document: Document) -> Chunk:
    layout = Layout(0, len(document.text), 0, 0, document.blocks, document.links, document.anchors)
    known = document.blocks or document.links or document.anchors
    return Chunk(document.text, title=document.title, layout=layout if known else None)


def _cut(document: Document, meter: Meter, limit: int) -> list[Chunk]:
    """Cut a document along its sections by estimated costs; what turns out too long is cut again by exact ones."""
    share = max(1, limit // PREFIX_SHARE)
    title = _shorten(document.title, meter, share)
    whole = Section(0, len(document.text), ())
    parts = sections_of_blocks(document) if document.blocks else sections(document.text)
    estimated, exact = _Ruler(meter.estimate, limit), _Ruler(meter.cost, limit)
    cut: list[tuple[Chunk, _Piece]] = []
    for part in _merge_tiny(document.text, parts or [whole], meter, limit):
        above = _Above(title, _shorten(_trail(part.trail, document.title), meter, share))
        cut += _divide(document, _Piece(part.start, part.end), above, estimated)
    costs = meter.costs([made.embed_text for made, _ in cut])
    checked = (
        [made] if cost <= limit else [one for one, _ in _divide(document, piece, _Above.of(made), exact)]
        for (made, piece), cost in zip(cut, costs, strict=True)
    )
    return [made for pieces in checked for made in pieces]


def _trail(names: Sequence[str], title: str) -> str:
    """Join the headings, without the one that the title says already."""
    return " > ".join(names[1:] if names and names[0] == title else names)


def _shorten(text: str, meter: Meter, limit: int) -> str:
    """Cut a title or heading to its first words that fit."""
    text = text[: limit * CHARACTERS_PER_TOKEN]
    if not text or meter.estimate(text) <= limit:
        return text
    return text[slice(*_leaves(text, _Ruler(meter.cost, limit))[0])]


def _merge_tiny(text: str, parts: Sequence[Section], meter: Meter, limit: int) -> list[Section]:
    """Join sections with their neighbour where one of the two is tiny and both fit; others stay apart."""
    ruler = _Ruler(meter.estimate, limit)
    merged: list[Section] = []
    size = 0
    for part in parts:
        cost = ruler.measure(text[part.start : part.end])
        if merged and size + cost <= limit and min(size, cost) * TINY_SHARE < limit:
            merged[-1] = _join(merged[-1], part)
            size += cost
        else:
            merged.append(part)
            size = cost
    return merged


def _join(first: Section, second: Section) -> Section:
    """Join two neighbours under the headings that they share; a bare heading passes on to what stands below it."""
    if first.bare and second.trail[: len(first.trail)] == first.trail:
        return Section(first.start, second.end, second.trail, second.bare)
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(first.trail, second.trail, strict=False))
    return Section(first.start, second.end, tuple(name for name, _ in shared))


@dataclass(frozen=True, slots=True)
class _Ruler:
    """A limit and the way to measure against it."""

    cost: Callable[[str], int]
    limit: int

    def measure(self, text: str) -> int:
        """Return the cost; one that length alone puts over the limit is not counted."""
        return self.cost(text) if len(text) <= self.limit * CHARACTERS_PER_TOKEN else least_cost(text)

    def fits(self, text: str) -> bool:
        return self.measure(text) <= self.limit


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters `start` to `end` of a document; one that begins inside a table repeats the head of that."""

    start: int
    end: int
    table: Block | None = None


class _Above(NamedTuple):
    """What stands above the text of a chunk: the document's title and the trail of headings."""

    title: str
    heading: str

    @classmethod
    def of(cls, chunk: Chunk) -> _Above:
        return cls(chunk.title, chunk.heading)


def _divide(document: Document, piece: _Piece, above: _Above, ruler: _Ruler) -> list[tuple[Chunk, _Piece]]:
    """Divide a piece into chunks under a title and a heading, all within the ruler's limit."""
    prefix = "".join(f"{part}\n" for part in above if part)
    budget = max(1, ruler.limit - ruler.cost(prefix)) if prefix else ruler.limit
    inner = _Ruler(ruler.cost, budget)
    if document.blocks:
        pieces = _pack_blocks(document, list(_leaves_of_blocks(document, piece, inner)), inner)
    else:
        pieces = [
            _Piece(piece.start + start, piece.start + end)
            for start, end in _split(document.text[piece.start : piece.end], inner)
        ]
    return [(_chunk(document, one, above, inner), one) for one in pieces]


def _chunk(document: Document, piece: _Piece, above: _Above, ruler: _Ruler) -> Chunk:
    text = document.text[piece.start : piece.end]
    if not document.blocks:
        layout = Layout(
            piece.start,
            piece.end,
            links=_moved_links(document, piece, -piece.start),
            anchors=_moved_anchors(document, piece, -piece.start),
        )
        return Chunk(text, title=above.title, heading=above.heading, layout=layout)
    lead = _lead(document.text, piece.table, ruler)
    shift = len(lead) - piece.start
    layout = Layout(
        start=piece.start,
        end=piece.end,
        lead=len(lead),
        lead_start=piece.table.start if piece.table else 0,
        blocks=_moved_blocks(document, piece, shift, len(lead)),
        links=_moved_links(document, piece, shift),
        anchors=_moved_anchors(document, piece, shift),
    )
    return Chunk(lead + text, title=above.title, heading=above.heading, layout=layout)


def _moved_blocks(document: Document, piece: _Piece, shift: int, lead: int) -> tuple[Block, ...]:
    """Return the blocks of a piece, cut to it, with their characters counted from its beginning."""
    moved = []
    for block in _blocks_within(document, piece.start, piece.end):
        start, end = max(block.start, piece.start) + shift, min(block.end, piece.end) + shift
        head = max(0, min(block.start + block.head, piece.end) - max(block.start, piece.start))
        if block is piece.table:
            start, head = 0, lead
        lines = tuple(
            Line(line.start + shift, *line[1:]) for line in block.lines if piece.start <= line.start < piece.end
        )
        # The line that a piece begins in the middle of began before it.
        before = [line for line in block.lines if line.start < piece.start]
        if before and block.start < piece.start and (not lines or lines[0].start > start):
            lines = (Line(start, *before[-1][1:]), *lines)
        page = lines[0].page if lines else block.page
        moved.append(block._replace(start=start, end=end, head=head, page=page, lines=lines))
    return tuple(moved)


def _moved_links(document: Document, piece: _Piece, shift: int) -> tuple[Link, ...]:
    first = bisect_left(document.links, piece.start, key=lambda link: link.start)
    last = bisect_left(document.links, piece.end, key=lambda link: link.start)
    inside = (link for link in document.links[first:last] if link.end <= piece.end)
    return tuple(Link(link.start + shift, link.end + shift, link.target) for link in inside)


def _moved_anchors(document: Document, piece: _Piece, shift: int) -> tuple[Anchor, ...]:
    first = bisect_left(document.anchors, piece.start, key=lambda anchor: anchor.at)
    last = bisect_left(document.anchors, piece.end, key=lambda anchor: anchor.at)
    return tuple(Anchor(anchor.at + shift, anchor.name) for anchor in document.anchors[first:last])


def _lead(text: str, table: Block | None, ruler: _Ruler) -> str:
    """Return what a part of a table repeats: its caption and header row, or as many words of them as leave it room."""
    if table is None or not table.head:
        return ""
    head = text[table.start : table.start + table.head].strip()
    half = _Ruler(ruler.cost, max(1, ruler.limit // 2))
    if not half.fits(head):
        head = head[slice(*_leaves(head, half)[0])]
    return f"{head}\n"


def _blocks_within(document: Document, start: int, end: int) -> Sequence[Block]:
    """Return the blocks that have characters between two places."""
    first = bisect_right(document.blocks, start, key=lambda block: block.end)
    last = bisect_left(document.blocks, end, key=lambda block: block.start)
    return document.blocks[first:last]


def _leaves_of_blocks(document: Document, piece: _Piece, ruler: _Ruler) -> Iterator[tuple[_Piece, Block]]:
    """Yield the blocks of a piece, and of those that are too long their rows, paragraphs, sentences or words."""
    text = document.text
    for block in _blocks_within(document, piece.start, piece.end):
        start, end = _strip(text, (max(block.start, piece.start), min(block.end, piece.end)))
        if start >= end:
            continue
        if block.kind != "table":
            yield from ((_Piece(start + a, start + b), block) for a, b in _split(text[start:end], ruler))
            continue
        head = block.start + block.head
        lead = ruler.cost(_lead(text, block, ruler)) if block.head else 0
        rest = _Ruler(ruler.cost, max(1, ruler.limit - lead))
        body = max(start, head)
        if start < head:
            yield from ((_Piece(start + a, start + b), block) for a, b in _split(text[start : min(head, end)], ruler))
        while body < end:
            line = text.find("\n", body, end)
            line = end if line < 0 else line
            yield from ((_Piece(body + a, body + b, block), block) for a, b in _split(text[body:line], rest))
            body = line + 1


def _pack_blocks(document: Document, leaves: Sequence[tuple[_Piece, Block]], ruler: _Ruler) -> list[_Piece]:
    """Join neighbours that fit together; a heading goes with what stands below it."""
    text = document.text

    def fit(first: _Piece, last: _Piece) -> bool:
        return ruler.fits(_lead(text, first.table, ruler) + text[first.start : last.end])

    packed: list[list[tuple[_Piece, Block]]] = []
    for leaf in leaves:
        if packed and fit(packed[-1][0][0], leaf[0]):
            packed[-1].append(leaf)
            continue
        carried: list[tuple[_Piece, Block]] = []
        while packed and len(packed[-1]) > 1 and packed[-1][-1][1].kind == "heading":
            carried.insert(0, packed[-1].pop())
        if carried and not fit(carried[0][0], leaf[0]):
            packed.append(carried)
            carried = []
        packed.append([*carried, leaf])
    return [_Piece(group[0][0].start, group[-1][0].end, group[0][0].table) for group in packed]


def _split(text: str, ruler: _Ruler) -> list[Span]:
    """Split a text into spans within the limit, without surrounding white space."""
    whole = _strip(text, (0, len(text)))
    if whole[0] == whole[1]:
        return []
    if ruler.fits(text[slice(*whole)]):
        return [whole]
    leaves: list[Span] = []
    start, end = whole
    while start < end:
        cut = _window(text, (start, end), ruler.limit * WINDOW)
        found = [(start + a, start + b) for a, b in _leaves(text[start:cut], ruler)]
        # The last piece before a cut is a remainder: it is split again with what follows it.
        kept = found[:-1] if cut < end and len(found) > 1 else found
        start = found[-1][0] if len(kept) < len(found) else cut
        leaves.extend(kept)
    return _pack(text, leaves, ruler)


def _window(text: str, span: Span, size: int) -> int:
    """Return where to end a window of at most `size` characters: at a break in its second half where there is one.

    Windows bound what the splitter holds and counts at a time, however long the text is.
    """
    start, end = span
    if end - start <= size:
        return end
    found = ((text.rfind(mark, start + size // 2, start + size), mark) for mark in _BREAKS)
    return next((at + len(mark) for at, mark in found if at >= 0), start + size)


def _leaves(text: str, ruler: _Ruler) -> list[Span]:
    """Split a text at the best breaks it has: paragraphs, sentences, clauses, words, characters."""
    _, offsets = split_semantically(text, ruler.limit, ruler.measure, memoize=False, offsets=True)
    return [_strip(text, offset) for offset in cast(list[Span], offsets)]


def _pack(text: str, leaves: Sequence[Span], ruler: _Ruler) -> list[Span]:
    """Join neighbours that fit together: the splitter leaves remainders where it changes the kind of break."""
    packed: list[Span] = []
    for start, end in leaves:
        if packed and ruler.fits(text[packed[-1][0] : end]):
            packed[-1] = (packed[-1][0], end)
        else:
            packed.append((start, end))
    return packed


def _strip(text: str, span: Span) -> Span:
    """Leave out the white space at both ends."""
    inside = text[slice(*span)]
    start = span[0] + len(inside) - len(inside.lstrip())
    return start, max(start, span[0] + len(inside.rstrip()))
