"""From words with boxes to the order in which a person reads a page: lines, columns and tables.

Rows of words are taken from top to bottom into *runs* of rows that leave the same vertical white space free (a gutter).
A run with a gutter between prose is columns, read one by one; one between short cells that stand beside each other is a
table; the rest is lines over the full width. Columns are divided again in the same way, so this is a recursive XY cut
(Nagy and Seth, 1984) that cuts at common white space and not at the widest gap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

BOLD, MONO = 1, 2
Interval = tuple[float, float]
GUTTER = 0.9  # of the size of type: the least width of white space between columns
DEEPEST = 6
_MARKER = re.compile(r"(?:[•◦▪▫■□●○‣⁃∙·➢➤✓✔\uf0b7\uf0a7–—*-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlc]{1,5})[.)])")
_LEADERS = re.compile(r"[.·…_]+")


class PageWord(NamedTuple):
    """A word and its box in points from the top left corner; `size` is that of its type, `mark` raised behind it."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    style: int = 0
    target: str = ""
    mark: str = ""


class TextLine(NamedTuple):
    """Words on one line; `links` are (start, end, target) of its text, `hang` is where its second word begins."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    style: int = 0
    links: tuple[tuple[int, int, str], ...] = ()
    marks: tuple[str, ...] = ()
    hang: float = 0.0


class Grid(NamedTuple):
    """A table: rows of cells, and each cell's lines."""

    rows: list[list[list[TextLine]]]
    columns: tuple[float, ...]  # where they begin


class Column(NamedTuple):
    """Lines that are read one after the other, and what they lie in."""

    lines: list[TextLine]


Piece = Column | Grid
Row = list[PageWord]


def arrange(words: Sequence[PageWord], *, rules: Sequence[float] = ()) -> list[Piece]:
    """Return the lines and tables of a page in reading order; `rules` are the heights of horizontal lines."""
    return _arranged(rows_of(words), sorted(rules), DEEPEST) if words else []


def rows_of(words: Iterable[PageWord]) -> list[Row]:
    """Return words that stand beside each other, from top to bottom and each row from left to right."""
    rows: list[Row] = []
    top = bottom = 0.0
    for word in sorted(words, key=lambda one: one.y0 + one.y1):
        middle = (word.y0 + word.y1) / 2
        if (
            rows
            and top <= middle <= bottom
            and min(word.y1, bottom) - max(word.y0, top) > 0.5 * _least(word, top, bottom)
        ):
            rows[-1].append(word)
            if word.size >= 0.8 * rows[-1][0].size:  # not for a raised mark, which would draw in the row above
                top, bottom = max(top, word.y0), min(bottom, word.y1)
        else:
            rows.append([word])
            top, bottom = word.y0, word.y1
    for row in rows:
        row.sort(key=lambda one: one.x0)
        row[:] = [
            word
            for number, word in enumerate(row)
            if not any(_twice(one, word) for one in row[max(0, number - 2) : number])
        ]
    return rows


def _twice(first: PageWord, second: PageWord) -> bool:
    """Tell whether a word is drawn once more a little beside itself, which makes it look bold."""
    return (
        first.text == second.text
        and second.x0 - first.x0 < 0.3 * (first.x1 - first.x0)
        and second.x0 - first.x0 < 0.3 * first.size
    )


def _least(word: PageWord, top: float, bottom: float) -> float:
    return min(word.y1 - word.y0, bottom - top)


def _arranged(rows: list[Row], rules: Sequence[float], deep: int) -> list[Piece]:
    """Cut rows into runs, and each run into columns or a table."""
    left = min(row[0].x0 for row in rows)
    right = max(word.x1 for row in rows for word in row)
    pieces: list[Piece] = []
    for run in _runs(rows, left, right):
        gutters = _gutters(run, left, right) if len(run) > 1 and deep else []
        for piece in _divided(run, gutters, rules, deep) if gutters else [Column([text_line(row) for row in run])]:
            if pieces and isinstance(piece, Column) and isinstance(pieces[-1], Column) and not gutters:
                pieces[-1].lines.extend(piece.lines)
            else:
                pieces.append(piece)
    return pieces


def _runs(rows: list[Row], left: float, right: float) -> list[list[Row]]:
    """Divide rows where the white space that all of a run leave free would end."""
    runs: list[list[Row]] = []
    common: list[Interval] = []
    split = False  # whether the run has words on both sides of its white space
    for row in rows:
        free = _free(row, left, right)
        both = _common(common, free, GUTTER * row[0].size) if runs else []
        inner = bool(runs) and _inner(both, [*runs[-1], row])
        if runs and both and (inner or not split) and not _apart(runs[-1], row, both, split=split):
            runs[-1].append(row)
            common, split = both, inner
        else:
            runs.append([row])
            common, split = free, _inner(free, [row])
    return runs


def _apart(run: list[Row], row: Row, common: Sequence[Interval], *, split: bool) -> bool:
    """Tell whether a row stands far below a run and has nothing beside it, so that it is no part of its columns."""
    gap = min(word.y0 for word in row) - max(word.y1 for word in run[-1])
    height = max(word.y1 - word.y0 for word in row)
    if gap > 3 * height:
        return True
    return split and gap > 0.8 * height and not _inner(common, [row])


def _free(row: Row, left: float, right: float) -> list[Interval]:
    """Return the white space of a row: before, after, and wherever a gap is too wide for one between words."""
    free: list[Interval] = []
    least = GUTTER * max(word.size for word in row)
    end = left - least
    for number, word in enumerate(row):
        marked = number == 1 and word.x0 - end < 4 * least and bool(_MARKER.fullmatch(row[0].text))
        if word.x0 - end >= least and not marked:
            free.append((end, word.x0))
        end = max(end, word.x1)
    free.append((end, right + least))
    return free


def _common(first: Sequence[Interval], second: Sequence[Interval], least: float) -> list[Interval]:
    both = ((max(a0, b0), min(a1, b1)) for a0, a1 in first for b0, b1 in second)
    return [(start, end) for start, end in both if end - start >= least]


def _inner(free: Sequence[Interval], rows: Sequence[Row]) -> bool:
    """Tell whether there are words on both sides of some white space."""
    starts, ends = min(row[0].x0 for row in rows), max(word.x1 for row in rows for word in row)
    return any(starts < start and end < ends for start, end in free)


def _gutters(run: list[Row], left: float, right: float) -> list[Interval]:
    """Return the white space inside a run that all of its rows leave free."""
    common = _free(run[0], left, right)
    for row in run[1:]:
        common = _common(common, _free(row, left, right), 0.6 * GUTTER * row[0].size)
    first, last = min(row[0].x0 for row in run), max(word.x1 for row in run for word in row)
    return [(start, end) for start, end in common if start > first and end < last]


def _divided(run: list[Row], gutters: list[Interval], rules: Sequence[float], deep: int) -> list[Piece]:
    """Return a run as columns or as a table."""
    middles = [(start + end) / 2 for start, end in gutters]
    table = [_cells(row, middles) for row in run]
    if sum(word.style & MONO > 0 for row in run for word in row) > 0.8 * sum(map(len, run)):
        return [Column([text_line(row) for row in run])]  # code, in which columns mean nothing to the reader
    if sum(_leads(row) for row in run) > 0.3 * len(run):
        return [Column([text_line(row) for row in run])]  # a table of contents
    parts = [[cells[place] for cells in table if cells[place]] for place in range(len(middles) + 1)]
    if _are_columns(parts, table):
        return [
            piece for part in parts for piece in _arranged(rows_of([w for row in part for w in row]), rules, deep - 1)
        ]
    full = [sum(map(bool, cells)) > 1 for cells in table]
    if sum(full) < 2:
        return [Column([text_line(row) for row in run])]
    first, last = full.index(True), len(full) - 1 - full[::-1].index(True)
    last = _with_wrapped(table, last)
    if first or last + 1 < len(run):  # a caption, say, which may have covered a gutter
        inside = run[first : last + 1]
        left, right = min(row[0].x0 for row in inside), max(word.x1 for row in inside for word in row)
        again = _divided(inside, _gutters(inside, left, right) or gutters, rules, deep)
        above, below = (
            [Column([text_line(row) for row in rows])] if rows else [] for rows in (run[:first], run[last + 1 :])
        )
        return [*above, *again, *below]
    return [_grid(table, rules)]


def _leads(row: Row) -> bool:
    """Tell whether dots lead over a row."""
    return sum(word.text.count(".") for word in row if _LEADERS.fullmatch(word.text)) >= 5


def _are_columns(parts: Sequence[Sequence[Row]], table: Sequence[Sequence[Row]]) -> bool:
    """Tell columns of text from the columns of a table and from lines that happen to leave white space free.

    Text fills its column, and its lines need not stand at the height of those beside it.
    """
    if all(map(_prose, parts)) or (_prose(parts[0]) and _fills(parts[0])):
        return True
    spans = [(part[0][0].y0, part[-1][0].y1) for part in parts]
    overlap = min(end for _, end in spans) - max(start for start, _ in spans)
    return min(map(len, parts)) >= 3 and overlap > 0 and not _beside(table)


def _fills(part: Sequence[Row]) -> bool:
    """Tell whether most lines of a column end at its right edge."""
    ends = [max(word.x1 for word in row) for row in part]
    edge = sorted(ends)[3 * len(ends) // 4]
    width = edge - min(row[0].x0 for row in part)
    return len(part) >= 5 and sum(abs(end - edge) < 0.04 * width for end in ends) >= 0.5 * len(ends)


def _with_wrapped(table: list[list[Row]], last: int) -> int:
    """Return the last row of a table with the lines that go on in its last cells."""
    while last + 1 < len(table) and not table[last + 1][0]:
        last += 1
    return last


def _cells(row: Row, middles: Sequence[float]) -> list[Row]:
    cells: list[Row] = [[] for _ in range(len(middles) + 1)]
    for word in row:
        cells[sum(middle < (word.x0 + word.x1) / 2 for middle in middles)].append(word)
    return cells


def _prose(part: Sequence[Row]) -> bool:
    """Tell whether rows are the lines of a column of text: several, and most of them of several words."""
    least = 3.5 if len(part) > 2 else 4.5
    return len(part) >= 2 and median(len(row) for row in part) >= least and median(map(_letters, part)) >= 16


def _letters(row: Row) -> int:
    return sum(len(word.text) for word in row)


def _beside(table: Sequence[Sequence[Row]]) -> bool:
    """Tell whether most rows of the column that has the fewest stand on the line of something beside them."""
    counts = [sum(bool(cells[place]) for cells in table) for place in range(len(table[0]))]
    fewest = counts.index(min(counts))
    return sum(bool(cells[fewest]) and _level(cells, fewest) for cells in table) >= 0.6 * counts[fewest]


def _level(cells: Sequence[Row], place: int) -> bool:
    own = cells[place][0]
    others = [cell[0] for number, cell in enumerate(cells) if cell and number != place]
    return any(abs(own.y1 - other.y1) < 0.25 * max(own.size, other.size) for other in others)


def _grid(table: list[list[Row]], rules: Sequence[float]) -> Grid:
    """Join the lines of a table to rows: at the rules between them, else where the first column has words."""
    tops = [min(word.y0 for cell in cells for word in cell) for cells in table]
    between = [any(above < rule < below + 2 for rule in rules) for above, below in pairwise(tops)]
    ruled = len(table) > 2 and 1 < sum(between) and sum(between) >= 0.25 * len(between)
    rows: list[list[list[TextLine]]] = []
    for number, cells in enumerate(table):
        begins = not rows or (between[number - 1] if ruled else bool(cells[0]))
        if begins:
            rows.append([[] for _ in cells])
        for cell, words in zip(rows[-1], cells, strict=True):
            cell.extend([text_line(words)] if words else [])
    starts = [
        min((cells[place][0].x0 for cells in table if cells[place]), default=0.0) for place in range(len(table[0]))
    ]
    return Grid(rows, tuple(starts))


def text_line(row: Row) -> TextLine:
    """Return a row of words as a line; the gaps between monospaced words are as many spaces as they are wide."""
    style = _style(row)
    size = max(word.size for word in row)
    text, links, end, at = "", list[tuple[int, int, str]](), row[0].x1, 0
    for number, word in enumerate(row):
        if number and not (_LEADERS.fullmatch(word.text) and _LEADERS.fullmatch(row[number - 1].text)):
            text += " " * (_spaces(end, word) if style & MONO else 1)
        end, at = word.x1, len(text)
        text += word.text
        if word.target and links and links[-1][2] == word.target and text[links[-1][1] : at].isspace():
            links[-1] = (links[-1][0], len(text), word.target)
        elif word.target:
            links.append((at, len(text), word.target))
    return TextLine(
        text,
        row[0].x0,
        min(word.y0 for word in row),
        max(word.x1 for word in row),
        max(word.y1 for word in row),
        size,
        style,
        tuple(links),
        tuple(mark for word in row if (mark := word.mark or (word.text if _is_mark(word, size) else ""))),
        row[1].x0 if len(row) > 1 else 0.0,
    )


def _is_mark(word: PageWord, size: float) -> bool:
    return word.size < 0.8 * size and len(word.text) < 4 and not word.text.isalpha()


def _style(row: Row) -> int:
    """Return the style of nearly all letters."""
    letters = _letters(row)
    return sum(bit for bit in (BOLD, MONO) if sum(len(word.text) for word in row if word.style & bit) >= 0.9 * letters)


def _spaces(end: float, word: PageWord) -> int:
    width = (word.x1 - word.x0) / max(1, len(word.text))
    return max(1, min(60, round((word.x0 - end) / max(width, 0.1))))
