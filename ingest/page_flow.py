"""From the lines of all pages to the blocks of a document: furniture out, words and sentences whole again.

A line is furniture where its words (but for numbers) stand at the same height of several pages, or where something
stands by itself at the height at which most pages have something by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

from ..core.types import Line
from .builder import Builder
from .page_layout import BOLD, MONO, Column, Grid, Piece, TextLine

EDGE = 3  # rows at the top and at the bottom of a page among which furniture is looked for
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_LETTERS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT = re.compile(r"([^\W\d_]+)[-\u2010]$")
_BEGINS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(
    r"(?:(?:chapter|section|appendix|part)\s+)?(\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+)[.:]?\s+", re.IGNORECASE
)
_BULLET = re.compile(r"([•◦▪▫■□●○‣⁃∙·➢➤✓✔\uf0b7\uf0a7*–—-])\s+(?=\S)")
_COUNTED = re.compile(r"(\(?(?:\d{1,3}|[a-zA-Z]|[ivxl]{1,4})[.)])\s+(?=\S)")
_LEADERS = re.compile(r"(?:\s*[.·…_]){3,}\s*(?=[\divxlc]+\s*$)|(?:\s*[.·…_]){5,}", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\s(?:\d{1,4}|[ivxlc]{1,7})$")
_CAPTION = re.compile(r"(?:table|tab\.|tabelle|tableau|tabla|tabella)\s*[\dA-Z]", re.IGNORECASE)
_NOTE = re.compile(r"\[?([\d*†‡§¶]{1,3})[\].)]?\s+(?=\S)")
_ENDED = re.compile(r"[.!?:;…][\"'”’»)\]]*$")


class PageLayout(NamedTuple):
    """A page: its number from 1, its height in points, and what stands on it in reading order."""

    number: int
    height: float
    pieces: list[Piece]


class Bookmark(NamedTuple):
    """An entry of the outline that a PDF brings; `level` from 1, `page` from 1 or 0 where it leads nowhere."""

    level: int
    title: str
    page: int


Placed = tuple[int, TextLine]  # a line with the number of its page


@dataclass(slots=True)
class _Part:
    """Lines that belong together, before it is known what they are in the document."""

    kind: str  # text, item, entry (of a table of contents), code, table, heading, footnote
    lines: list[Placed]
    grid: Grid | None = None
    level: int = 0
    caption: str = ""
    mark: str = ""

    @property
    def page(self) -> int:
        return self.lines[0][0]

    @property
    def first(self) -> TextLine:
        return self.lines[0][1]

    @property
    def last(self) -> TextLine:
        return self.lines[-1][1]

    @property
    def text(self) -> str:
        return " ".join(line.text for _, line in self.lines)


def write(pages: Sequence[PageLayout], outline: Sequence[Bookmark], builder: Builder) -> None:
    """Write the blocks of all pages."""
    for text in take_furniture(pages):
        builder.drop("running headers and footers", text)
    measures = _measured(pages)
    parts = [part for page in pages for part in _parts(page, measures)]
    _name_headings(parts, outline, measures)
    parts = _with_captions(_tables_joined(_sentences_joined(_notes_placed(_defined(parts, measures)))))
    _PageWriter(builder, measures.vocabulary).write(parts)


def take_furniture(pages: Sequence[PageLayout]) -> list[str]:
    """Take running headers, footers and page numbers out of the pages, and return them."""
    edges = {(page.number, top): _edge(page, top=top) for page in pages for top in (True, False)}
    counts: Counter[tuple[bool, int, str]] = Counter()
    alone: Counter[tuple[bool, int]] = Counter()
    for (_, top), rows in edges.items():
        counts.update({key for row in rows for key in _keys(row, top)})
        alone.update({(top, height) for height in _heights(rows[0][0])} if _stands_alone(rows, top=top) else ())
    least = max(2, min(3, len(pages) - 1))
    often = len(pages) >= 4 and 0.5 * len(pages)
    gone: dict[int, TextLine] = {}
    for (_, top), rows in edges.items():
        for place, row in enumerate(rows):
            same = max(counts[key] for key in _keys(row, top)) >= least
            band = not place and often and max(alone[top, height] for height in _heights(row[0])) >= often
            if not (same or (band and _stands_alone(rows, top=top))):
                break
            gone |= {id(line): line for line in row}
    for page in pages:
        for piece in page.pieces:
            if isinstance(piece, Column):
                piece.lines[:] = [line for line in piece.lines if id(line) not in gone]
    return [line.text for line in gone.values()]


def _edge(page: PageLayout, *, top: bool) -> list[list[TextLine]]:
    """Return the outermost rows of a page, the outermost first."""
    lines = [line for piece in page.pieces if isinstance(piece, Column) for line in piece.lines]
    cells = [
        line for piece in page.pieces if isinstance(piece, Grid) for row in piece.rows for cell in row for line in cell
    ]
    lines.sort(key=lambda line: line.y0 if top else -line.y1)
    limit = (
        min((line.y0 for line in cells), default=page.height) if top else max((line.y1 for line in cells), default=0.0)
    )
    rows: list[list[TextLine]] = []
    for line in lines:
        if (line.y1 > limit) if top else (line.y0 < limit):
            break
        if rows and line.y0 < rows[-1][0].y1 and line.y1 > rows[-1][0].y0:
            rows[-1].append(line)
        elif len(rows) > EDGE:
            break
        else:
            rows.append([line])
    middle = page.height / 2
    return [row for row in rows if (row[0].y0 < middle) == top][: EDGE + 1]


def _keys(row: Sequence[TextLine], top: bool) -> list[tuple[bool, int, str]]:  # noqa: FBT001
    text = _DIGITS.sub("#", " ".join(sorted(line.text for line in row)))
    return [(top, height, text) for height in _heights(row[0])]


def _heights(line: TextLine) -> tuple[int, int]:
    """Return two names of a line's height, of which lines that are at most three points apart share one."""
    return round(line.y0 / 6) * 2, round((line.y0 + 3) / 6) * 2 + 1


def _stands_alone(rows: Sequence[Sequence[TextLine]], *, top: bool) -> bool:
    """Tell whether the outermost row is one short line or two, well apart from the next."""
    if len(rows) < 2 or sum(len(line.text) for line in rows[0]) > 120:
        return False
    first, second = rows[0][0], rows[1][0]
    gap = second.y0 - first.y1 if top else first.y0 - second.y1
    return gap > 0.9 * (first.y1 - first.y0)


@dataclass(slots=True)
class _Measures:
    """What is usual in a document: the size of its type, the distance of its lines over their size, its words."""

    body: float = 10.0
    pitch: float = 1.2
    vocabulary: Counter[str] = field(default_factory=Counter)


def _measured(pages: Sequence[PageLayout]) -> _Measures:
    measures = _Measures()
    sizes: Counter[float] = Counter()
    pitches: Counter[float] = Counter()
    for lines in _columns(pages):
        before: TextLine | None = None
        for line in lines:
            sizes[round(line.size * 2) / 2] += 0 if line.style & MONO else len(line.text)
            if before and abs(before.size - line.size) < 0.3 and abs(before.x0 - line.x0) < 1 and line.y0 > before.y0:
                pitches[round((line.y0 - before.y0) / line.size, 1)] += 1
            words = _LETTERS.findall(line.text.lower())
            begun = before is not None and _CUT.search(before.text) is not None
            measures.vocabulary.update(words[1 if begun else 0 : -1 if _CUT.search(line.text) else None])
            before = line
    if sizes.total():
        measures.body = sizes.most_common(1)[0][0]
    if pitches:
        measures.pitch = min(pitches.most_common(1)[0][0], 2.5)
    return measures


def _columns(pages: Sequence[PageLayout]) -> Iterator[Sequence[TextLine]]:
    for page in pages:
        for piece in page.pieces:
            if isinstance(piece, Column):
                yield piece.lines
            else:
                yield from (cell for row in piece.rows for cell in row)


def _parts(page: PageLayout, measures: _Measures) -> Iterator[_Part]:
    """Divide a page into paragraphs, items, code and tables."""
    for piece in page.pieces:
        if isinstance(piece, Grid):
            lines = [(page.number, line) for row in piece.rows for cell in row for line in cell]
            yield _Part("table", lines, grid=piece)
        else:
            yield from _paragraphs(page, piece.lines, measures)


def _paragraphs(page: PageLayout, lines: Sequence[TextLine], measures: _Measures) -> Iterator[_Part]:
    part: _Part | None = None
    for place, line in enumerate(lines):
        kind = _kind(lines, place)
        around = lines[max(0, place - 4) : place + 4]
        if part and not _begins(part, line, kind, _Around(around, measures.pitch)):
            part.lines.append((page.number, line))
            continue
        if part:
            yield _as_note(part, page, measures)
        part = _Part(kind, [(page.number, line)])
    if part:
        yield _as_note(part, page, measures)


class _Around(NamedTuple):
    """The lines around one, and the usual distance of lines."""

    lines: Sequence[TextLine]
    pitch: float


def _kind(lines: Sequence[TextLine], place: int) -> str:
    """Return what begins with a line, if something does."""
    line = lines[place]
    if line.style & MONO:
        return "code"
    if _BULLET.match(line.text):
        return "item"
    if _LEADERS.search(line.text):
        return "entry"
    if _PAGE_NUMBER.search(line.text) and any(
        _LEADERS.search(one.text) for one in lines[max(0, place - 2) : place + 3]
    ):
        return "entry"
    return "item" if _COUNTED.match(line.text) and not line.style & BOLD else "text"


def _begins(part: _Part, line: TextLine, kind: str, around: _Around) -> bool:
    """Tell whether a line begins something new behind the lines of a part."""
    before, em = part.last, line.size
    step = line.y0 - before.y0
    if part.kind == "code":
        return kind != "code" or step > 3 * around.pitch * em or step < 0
    if kind == "code":
        return not (part.kind in ("text", "item") and _goes_on(part, line, around))
    if step > 1.3 * around.pitch * em or step < -em or kind in ("item", "entry") or abs(before.size - em) > 0.08 * em:
        return True
    if before.style != line.style and (before.style & BOLD or _ENDED.search(before.text)):
        return not _full(before, line, around)
    shift = line.x0 - before.x0
    if part.kind in ("item", "entry") and len(part.lines) == 1:
        if shift < 0.3 * em:
            return bool(_ENDED.search(before.text)) or not _full(before, line, around)
        return False
    if shift > 0.7 * em:
        return True
    if shift < -0.7 * em and (len(part.lines) > 1 or not _full(before, line, around)):
        return True
    return not _full(before, line, around) and (not line.text[0].islower() or bool(_LEADERS.search(before.text)))


def _goes_on(part: _Part, line: TextLine, around: _Around) -> bool:
    """Tell whether a line of monospaced words belongs to the sentence before it."""
    near = line.y0 - part.last.y0 < 1.3 * around.pitch * line.size
    return near and abs(line.x0 - part.last.x0) < line.size and not _ENDED.search(part.last.text)


def _full(before: TextLine, line: TextLine, around: _Around) -> bool:
    """Tell whether the first word of a line would not have found room on the line before it."""
    right = max((one.x1 for one in around.lines if abs(one.size - line.size) < 1), default=before.x1)
    word = len(line.text.split(" ", 1)[0]) / max(1, len(line.text)) * (line.x1 - line.x0)
    return right - before.x1 < 1.2 * word + 1.5 * line.size


def _as_note(part: _Part, page: PageLayout, measures: _Measures) -> _Part:
    """Make a footnote of small type with a mark at the bottom of a page."""
    small = part.first.size <= 0.92 * measures.body and part.first.y0 > 0.45 * page.height
    found = _NOTE.match(part.text) if small and part.kind in ("text", "item") else None
    if found:
        part.kind, part.mark = "footnote", found[1]
    return part


def _defined(parts: Iterable[_Part], measures: _Measures) -> list[_Part]:
    """Make items of terms and the indented definitions right below them."""
    kept: list[_Part] = []
    for part in parts:
        if kept and part.kind == "text" and _is_term(kept[-1], part, measures):
            term = kept.pop()
            line = term.first._replace(text=term.text.rstrip(":") + ":")
            part = _Part("item", [(term.page, line), *part.lines])
        kept.append(part)
    return kept


def _is_term(part: _Part, below: _Part, measures: _Measures) -> bool:
    if part.kind not in ("text", "code") or len(part.lines) > 1 or part.page != below.page or len(part.text) > 80:
        return False
    em, shift, step = part.first.size, below.first.x0 - part.first.x0, below.first.y0 - part.first.y0
    return (
        0.8 * em < shift < 6 * em and 0 < step < 1.4 * measures.pitch * em and not part.text.endswith((".", ",", ";"))
    )


def _notes_placed(parts: Sequence[_Part]) -> list[_Part]:
    """Put each footnote, with the small lines that follow it, behind the part of its page that bears its mark."""
    placed: list[_Part] = []
    notes: list[_Part] = []
    for part in parts:
        if part.kind == "footnote":
            notes.append(part)
        elif notes and part.page == notes[-1].page and part.kind == "text" and part.first.size <= notes[-1].first.size:
            notes[-1].lines += part.lines
        else:
            placed.append(part)
    on_page: dict[int, list[int]] = {}
    for place, part in enumerate(placed):
        for page in {part.page, part.lines[-1][0]}:
            on_page.setdefault(page, []).append(place)
    behind: dict[int, list[_Part]] = {}
    for note in notes:
        same = on_page.get(note.page, [])
        marked = [place for place in same if any(note.mark in line.marks for _, line in placed[place].lines)]
        behind.setdefault((marked or same[-1:] or [len(placed) - 1])[0], []).append(note)
    first = behind.get(-1, [])  # of a document that has nothing else
    return [*first, *(one for place, part in enumerate(placed) for one in (part, *behind.get(place, [])))]


def _name_headings(parts: Sequence[_Part], outline: Sequence[Bookmark], measures: _Measures) -> None:
    """Find the headings among the parts and give them levels: by the outline, else by number, else by size."""
    known = {(mark.page, _plain(mark.title)): mark.level for mark in outline}
    levels: dict[float, Counter[int]] = {}
    for part in parts:
        if part.kind in ("text", "item", "code") and len(part.text) < 250:
            names = {_plain(part.text), _plain(_NUMBER.sub("", part.text))} - {""}
            part.level = next((known[part.page, name] for name in names if (part.page, name) in known), 0)
            if part.level:
                part.kind = "heading"
                levels.setdefault(_rounded(part.first.size), Counter())[part.level] += 1
    named = sum(map(Counter.total, levels.values()))
    first = min((mark.page for mark in outline if mark.page), default=0)
    sizes = sorted({_rounded(part.first.size) for part in parts if _looks_like_heading(part, measures)}, reverse=True)
    for part in parts:
        if part.level or (named >= 5 and part.page >= first and not _NUMBER.match(part.text)):
            continue  # where the outline has the headings, what else is large or bold is none
        if _looks_like_heading(part, measures):
            part.kind = "heading"
            part.level = _level(part, sizes, {size: counts.most_common(1)[0][0] for size, counts in levels.items()})


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, _NUMBER.sub("", text).casefold()))


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _looks_like_heading(part: _Part, measures: _Measures) -> bool:
    """Tell whether a part is large or bold, short, and no sentence."""
    text = part.text
    if part.kind not in ("text", "item") or len(text) > 200 or len(part.lines) > 4 or not any(map(str.isalpha, text)):
        return False
    if part.first.y1 - part.first.y0 > 3 * part.first.size:
        return False  # written along the page
    if part.first.size >= 1.12 * measures.body:
        return len(text) < 150 and not text.endswith((",", ";")) and not _LEADERS.search(text)
    bold = all(line.style & BOLD and not line.style & MONO for _, line in part.lines)
    return (
        bold
        and len(text) < 120
        and len(part.lines) < 3
        and part.first.size > 0.9 * measures.body
        and text[-1] not in ".,;"
    )


def _level(part: _Part, sizes: Sequence[float], known: Mapping[float, int]) -> int:
    size = _rounded(part.first.size)
    if known:
        larger = [level for other, level in known.items() if other > size]
        return known.get(size, max(larger) + 1 if larger else 1)
    number = _NUMBER.match(part.text)
    return number[1].count(".") + 1 if number else sizes.index(size) + 1


def _sentences_joined(parts: Iterable[_Part]) -> list[_Part]:
    """Join a paragraph with its rest in the next column or on the next page, over tables and footnotes between."""
    joined: list[_Part] = []
    for part in parts:
        open_one = _open_before(joined, part) if part.kind in ("text", "item") else None
        if open_one:
            open_one.lines += part.lines
        else:
            joined.append(part)
    return joined


def _open_before(parts: Sequence[_Part], part: _Part) -> _Part | None:
    """Return the paragraph above whose sentence goes on with a part."""
    start = part.first.text[:1]
    for before in reversed(parts[-6:]):
        if before.kind in ("text", "item"):
            moved = part.page != before.lines[-1][0] or part.first.y0 < before.last.y0
            cut = _CUT.search(before.last.text) is not None
            fits = abs(before.last.size - part.first.size) < 0.5 and not _ENDED.search(before.last.text)
            return before if moved and fits and part.kind == "text" and (cut or start.islower()) else None
        if before.kind not in ("table", "footnote"):
            return None
    return None


def _tables_joined(parts: Iterable[_Part]) -> list[_Part]:
    """Join a table with its rest on the next page, whose head is not repeated."""
    joined: list[_Part] = []
    for part in parts:
        above = joined[-1] if joined else None
        if (
            above
            and above.grid
            and part.grid
            and part.page == above.lines[-1][0] + 1
            and _same_columns(above.grid, part.grid)
        ):
            rows = part.grid.rows[1:] if _cells(part.grid.rows[0]) == _cells(above.grid.rows[0]) else part.grid.rows
            above.grid = Grid([*above.grid.rows, *rows], above.grid.columns)
            above.lines += part.lines
        else:
            joined.append(part)
    return joined


def _same_columns(first: Grid, second: Grid) -> bool:
    same = len(first.columns) == len(second.columns)
    return same and all(abs(a - b) < 12 for a, b in zip(first.columns, second.columns, strict=True))


def _cells(row: Sequence[Sequence[TextLine]]) -> list[str]:
    return [" ".join(line.text for line in cell) for cell in row]


def _with_captions(parts: Sequence[_Part]) -> list[_Part]:
    """Give a table the caption that stands right above it, or right below it and not above another."""
    kept: list[_Part] = []
    for part, after in zip_longest(parts, parts[1:]):
        if kept and part.kind == "table" and _is_caption(kept[-1]) and _near(kept[-1], part):
            above = kept.pop()
            part.caption, part.lines = above.text, [*above.lines, *part.lines]
        if kept and _is_caption(part) and not (after and after.kind == "table" and _near(part, after)):
            table = kept[-1]
            if table.kind == "table" and not table.caption and _near(table, part):
                table.caption, table.lines = part.text, [*part.lines, *table.lines]
                continue
        kept.append(part)
    return kept


def _is_caption(part: _Part) -> bool:
    return part.kind in ("text", "heading") and _CAPTION.match(part.text) is not None


def _near(part: _Part, below: _Part) -> bool:
    bottom = max(line.y1 for page, line in part.lines if page == below.page) if part.page == below.page else 1e9
    return -2 <= below.first.y0 - bottom < 40


Pieces = list[tuple[str, str]]


class _PageWriter:
    """Writes parts as blocks."""

    def __init__(self, builder: Builder, vocabulary: Mapping[str, int]) -> None:
        self._builder = builder
        self._words = vocabulary

    def write(self, parts: Sequence[_Part]) -> None:
        items: list[_Part] = []
        for part in parts:
            if items and part.kind not in ("item", "entry"):
                self._items(items)
                items = []
            if part.kind in ("item", "entry"):
                items.append(part)
            elif part.kind == "table":
                self._table(part)
            elif part.kind == "code":
                self._code(part)
            else:
                self._prose(part)
        if items:
            self._items(items)

    def _prose(self, part: _Part) -> None:
        pieces, lines = self._joined(part.lines)
        if part.kind == "heading":
            mark = min(part.level, 6) + 1
            moved = [line._replace(start=line.start + mark if number else 0) for number, line in enumerate(lines)]
            self._builder.heading(part.level, pieces, page=part.page, lines=moved)
        elif part.kind == "footnote":
            self._builder.footnote(pieces, page=part.page, lines=lines)
        else:
            self._builder.paragraph(pieces, page=part.page, lines=lines)

    def _items(self, parts: Sequence[_Part]) -> None:
        indents = sorted({round(part.first.x0 / 6) for part in parts})
        near = [left for left, before in zip(indents, [-9, *indents], strict=False) if left - before > 1]
        rows: list[tuple[int, str, Pieces]] = []
        placed: list[Line] = []
        at = 0
        for part in parts:
            depth = min(sum(left <= round(part.first.x0 / 6) for left in near) - 1, 5)
            number, shown = self._marked(part)
            pieces, lines = self._joined(shown)
            text = "".join(piece for piece, _ in pieces)
            if not text:
                continue
            mark = "  " * depth + (f"{number} " if number else "- ")
            placed += [line._replace(start=at + len(mark) + line.start if n else at) for n, line in enumerate(lines)]
            rows.append((depth, number, pieces))
            at += len(mark) + len(text) + 1
        self._builder.items(rows, page=parts[0].page, lines=placed)

    def _marked(self, part: _Part) -> tuple[str, list[Placed]]:
        """Return the number of an item, and its lines without number or bullet."""
        page, line = part.lines[0]
        found = _BULLET.match(line.text) or _COUNTED.match(line.text)
        if found:
            cut = found.end()
            links = tuple((max(0, start - cut), end - cut, to) for start, end, to in line.links if end > cut)
            line = line._replace(text=line.text[cut:], links=links)
        number = found[1] if found and _COUNTED.match(found[0]) else ""
        return number, [(page, line), *part.lines[1:]]

    def _table(self, part: _Part) -> None:
        grid = part.grid or Grid([], ())
        rows = [[self._joined([(part.page, line) for line in cell])[0] for cell in row] for row in grid.rows]
        header = _header(grid)
        placed, at = [Line(0, *_box(part.page, part.first))] if part.caption else [], 0
        at = len(part.caption) + 1 if part.caption else 0
        pages = iter(part.lines)
        where = {id(line): page for page, line in pages}
        for row, cells in zip(grid.rows, rows, strict=True):
            text = " | ".join("".join(piece for piece, _ in cell) for cell in cells).rstrip()
            inside = [line for cell in row for line in cell]
            if text.strip(" |") and inside:
                placed.append(Line(at, where.get(id(inside[0]), part.page), *_around(inside)))
                at += len(text) + 1
        self._builder.table(rows, header=header, caption=part.caption, page=part.page, lines=placed)

    def _code(self, part: _Part) -> None:
        left = min(line.x0 for _, line in part.lines)
        text, placed = "", list[Line]()
        before: Placed | None = None
        for page, line in part.lines:
            if before:
                far = before[0] == page and line.y0 - before[1].y0 > 1.8 * (before[1].y1 - before[1].y0)
                text += "\n\n" if far else "\n"
            width = (line.x1 - line.x0) / max(1, len(line.text))
            placed.append(Line(len(text), *_box(page, line)))
            text += " " * min(80, round((line.x0 - left) / max(width, 0.1))) + line.text
            before = page, line
        self._builder.code(text, page=part.page, lines=placed)

    def _joined(self, lines: Sequence[Placed]) -> tuple[Pieces, list[Line]]:
        """Join lines to running text, words that were cut between them too; return it with its links and lines."""
        text, links, placed = "", list[tuple[int, int, str]](), list[Line]()
        for number, (page, line) in enumerate(lines):
            words = line.text.strip()
            if number:
                text = self._before(text, words)
            placed.append(Line(len(text), *_box(page, line)))
            links += [(len(text) + start, len(text) + end, to) for start, end, to in line.links]
            text += words
        return _pieces(*_without_leaders(text, links)), placed

    def _before(self, text: str, words: str) -> str:
        """Return the text as it stands before the words of the next line: with a space, or a cut word's beginning."""
        cut, begins = _CUT.search(text), _BEGINS.match(words)
        if not cut:
            joins = text.endswith(("-", "/", "–", "—")) and len(text) > 1 and not text[-2].isspace()
            return text if joins else f"{text} "
        if not begins or not begins[0][0].islower():
            return text
        return text if self._keeps_hyphen(cut[1].lower(), begins[0].lower()) else text[:-1]

    def _keeps_hyphen(self, first: str, second: str) -> bool:
        """Tell a real hyphen at a line end by the other words of the document."""
        joined, hyphened = self._words.get(first + second, 0), self._words.get(f"{first}-{second}", 0)
        if joined or hyphened:
            return hyphened > joined
        return len(first) > 2 and len(second) > 2 and first in self._words and second in self._words


def _without_leaders(text: str, links: list[tuple[int, int, str]]) -> tuple[str, list[tuple[int, int, str]]]:
    """Leave the dots out that lead to a page number in a table of contents; a link over them ends before."""
    if not (found := _LEADERS.search(text)):
        return text, links
    start, end = found.span()
    moved = [
        (a if a < end else a - (end - start) + 1, b if b <= start else b - (end - start) + 1, to) for a, b, to in links
    ]
    whole = f"{text[:start]} {text[end:]}"
    return whole.strip(), [(max(0, a), min(b, len(whole.strip())), to) for a, b, to in moved if a < b]


def _pieces(text: str, links: Sequence[tuple[int, int, str]]) -> Pieces:
    """Return text in pieces with their links."""
    pieces: Pieces = []
    at = 0
    for start, end, target in links:
        if start >= at and end > start:
            pieces += [(text[at:start], ""), (text[start:end], target)]
            at = end
    return [(piece, to) for piece, to in (*pieces, (text[at:], "")) if piece]


def _header(grid: Grid) -> int:
    """Return how many rows name the columns: one that is bold, or has no numbers where others have."""
    if len(grid.rows) < 2:
        return 0
    first, rest = _cells(grid.rows[0]), [_cells(row) for row in grid.rows[1:]]
    bold = all(line.style & BOLD for cell in grid.rows[0] for line in cell)
    numbers = any(any(map(str.isdigit, cell)) for row in rest for cell in row)
    plain = not any(any(map(str.isdigit, cell)) for cell in first)
    return int(bold or (plain and (numbers or all(first))))


def _box(page: int, line: TextLine) -> tuple[int, float, float, float, float]:
    return page, round(line.x0, 1), round(line.y0, 1), round(line.x1, 1), round(line.y1, 1)


def _around(lines: Sequence[TextLine]) -> tuple[float, float, float, float]:
    return (
        round(min(line.x0 for line in lines), 1),
        round(min(line.y0 for line in lines), 1),
        round(max(line.x1 for line in lines), 1),
        round(max(line.y1 for line in lines), 1),
    )
