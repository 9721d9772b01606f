"""Plain text with hard line ends: which lines belong together, and what they are.

Text files, mail, RFCs and manual pages end their lines where the screen ended. `write` finds out which lines were
broken for that reason alone, joins those, and leaves lines that mean something (tables, code, verses, addresses, logs)
as they are. `join_lines` is the part that any reader can use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from .builder import Builder

LONGEST_WORD = 100
SOFT_HYPHEN = "\u00ad"
_HYPHENS = "-\u2010\u00ac" + SOFT_HYPHEN
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010'’][^\W\d_]+)*")
_LAST = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)[-\u2010]$")
_FIRST = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PENDING = frozenset("and or und oder et ou y o e bzw to nor sowie".split())  # "pre- and post-war"
#: scripts written without spaces
_DENSE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]")


def vocabulary(text: str) -> Counter[str]:
    """Count the words of a text in lower case; `well-known` is one word, and what is cut at a line's end is none."""
    return Counter(word.lower().replace("\u2010", "-") for word in _WORD.findall(_CUT_WORD.sub(" ", text)))


def join_lines(lines: Sequence[str], words: Collection[str], *, typed: bool = False) -> str:
    """Join the lines of one paragraph, with a space or, behind a hyphen, without.

    Whether `obser-` + `vatory` loses its hyphen is for the words of the document to say, `words` in lower case (see
    `vocabulary`): where they hold `observatory` it does, where they hold `obser-vatory` it does not, and else it stays
    between two words that also stand alone. A capital or digit behind the hyphen keeps it ("Jean-Paul"). People who
    type hyphenate nothing, so that in `typed` text only a word of the document loses its hyphen.
    """
    parts: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        if parts:
            parts[-1], between = _joint(parts[-1], line, words, typed=typed)
            parts.append(between)
        parts.append(line)
    return "".join(parts)


def _joint(before: str, line: str, words: Collection[str], *, typed: bool) -> tuple[str, str]:
    """Return the line before as it stands when the next is joined to it, and what stands between the two."""
    if before[-1] == SOFT_HYPHEN and line[0].isalpha():
        return before[:-1], ""
    left, right = _LAST.search(before[-LONGEST_WORD:]), _FIRST.match(line)
    if left and right and before[-1] in _HYPHENS:
        if right[0].lower() in _PENDING:
            return before, " "
        kept = typed and f"{left[1]}{right[0]}".lower() not in words
        return (before if kept or _keeps_hyphen(left[1], right[0], words) else before[:-1]), ""
    if before[-1] in "-\u2010" and before[-2:-1].isalnum() and line[0].isalnum():
        return before, ""
    return before, "" if _DENSE.match(before[-1]) and _DENSE.match(line[0]) else " "


def _keeps_hyphen(left: str, right: str, words: Collection[str]) -> bool:
    if right[0].isupper():
        return not left.isupper() or f"{left}{right}".lower() not in words
    first, second = left.lower(), right.lower()
    if first + second in words:
        return False
    return f"{first}-{second}" in words or "-" in first or (first in words and second in words)


LOOKED_AHEAD = 50  # lines
NARROWEST = 25  # nobody wraps text at fewer characters
UNWRAPPED = 140
SENTENCE_END = re.compile(r"[.!?…。:]['\"’”)\]]*$")
_OVERSTRIKE = re.compile("[^\b\n]\b")
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_RULE = re.compile(r"\s*([-=~^*_#+.])\1{2,}\s*")
_FENCE = re.compile(r"\s*```")
_CUT_WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]+[-\u2010]\n\s*[^\W\d_]+")
_QUOTED = re.compile(r"\s?((?:> ?)+)")
_LOG = re.compile(
    r"[\[<]?(?:\d{4}[-/.]\d\d[-/.]\d\d[T ]|\d\d[-/.]\d\d[-/.]\d{2,4} \d|\d\d:\d\d:\d\d|\w{3} +\d{1,2} \d\d:\d\d:\d\d"
    r"|(?:DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|TRACE)\b|\d+(?:\.\d+){3} \S+ \S+ \[)"
)
_MARK = re.compile(r"(\s*)([-*+•‣◦·–]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)]|\([ivx]+\)|\[\d+\])\s+(?=\S)")
_FIELD = re.compile(r"\w[\w .()/-]{0,30}:(?:\s|$)")
_NUMBERED = re.compile(
    r"(?:(\d{1,3}(?:\.\d{1,3})*)\.?|([A-Z](?:\.\d{1,3})+)\.?|(?:Chapter|Section|Part|Appendix|§) ?(?:[A-Z]|\d+|[IVX]+)"
    r"[.:]?)\s+(?=[^\W\d_a-z]|[\"'“‘])(.*)"
)
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:\$|>>>|%|#!|//|/\*|<\w+[ >/]|\w+\(.*\)|(?:def|class|import|return|var|let|const|if|for|while) "
    r".*[:({;]?$)|^\s*[\w.\[\]\"']+ ?(?:=|:=|\+=|->|=>) ?\S|\w\(\)"
)
_ART = re.compile(r"[^\w\s.,;:!?'\"()]")
_GAP = re.compile(r"\S( {2,})(?=\S)")
_PAGE_FOOT = re.compile(r"(?m)^\S.*\[Page [\divxlc]+\][ \t]*\n(?!\f|\n*\f)")
_MANUAL = re.compile(r"(\S+\(\d\w*\)).*\s\1|.*\S {3,}\S+\(\d\w*\)")


def write(builder: Builder, text: str) -> str:
    """Write plain text into a document, and return its title, or nothing where no line looks like one."""
    writer = Writer(builder, text)
    for _ in writer.write():
        pass
    return writer.title


class Writer:
    """Writes plain text into a document, paragraph by paragraph; use `write` where nobody waits.

    `total` counts the paragraphs. `title` is known once all are written, and empty where no line looks like one.
    """

    def __init__(self, builder: Builder, text: str) -> None:
        lines, self._text = _lines(builder, text)
        self._builder = builder
        self._log = lines if _is_log(lines) else []
        self._groups = [] if self._log else list(_groups(lines))
        self.total = len(self._groups)
        self.title = ""

    def write(self) -> Iterator[int]:
        """Write the paragraphs and yield after each how many there are."""
        if self._log:
            self._builder.code("\n".join(self._log))
            return
        groups = self._groups
        writer = _TextWriter(self._builder, vocabulary(self._text), _width(groups), _indent_of(groups))
        for place, group in enumerate(groups):
            writer.group(group, groups[place + 1] if place + 1 < len(groups) else [])
            yield place + 1
        writer.flush()
        self.title = writer.title


def _lines(builder: Builder, text: str) -> tuple[list[str], str]:
    """Return the lines without what only a terminal or a printer needs, and the text that they are of."""
    text = _ESCAPE.sub("", text) if "\x1b" in text else text
    if "\b" in text:
        # Manual pages print a letter twice to make it bold, and a third time to underline it.
        text = _OVERSTRIKE.sub("", _OVERSTRIKE.sub("", text)).replace("\b", "")
    return [line.rstrip() for line in _without_pages(text.expandtabs(8), builder)], text


def _without_pages(text: str, builder: Builder) -> list[str]:
    """Return the lines without the running heads and feet of pages; a paragraph goes on over the end of a page."""
    if "\f" not in text and len(_PAGE_FOOT.findall(text)) > 1:
        text = _PAGE_FOOT.sub(lambda found: f"{found[0]}\f", text)
    pages = [page.split("\n") for page in text.split("\f")]
    edges = [_edges(page) for page in pages]
    counts = Counter(
        line for page, places in zip(pages, edges, strict=True) for line in {_mask(page[i]) for i in places}
    )
    often = {line for line, count in counts.items() if count > max(1, len(pages) / 3)} if len(pages) > 2 else set()
    kept: list[str] = []
    for page, places in zip(pages, edges, strict=True):
        running = {place for place in places if _mask(page[place]) in often or _is_manual_edge(page, place, len(pages))}
        for place in running:
            builder.drop("page header or footer", page[place])
        body = [line for place, line in enumerate(page) if place not in running]
        _add_page(kept, body)
    return kept


def _is_manual_edge(page: Sequence[str], place: int, pages: int) -> bool:
    """Tell whether a line is the first or last of a printed manual page: `LS(1)   User Commands   LS(1)`."""
    full = [i for i, line in enumerate(page) if line.strip()]
    return pages == 1 and place in (full[0], full[-1]) and bool(_MANUAL.fullmatch(page[place].strip()))


def _edges(page: Sequence[str]) -> list[int]:
    """Return the places of the first and last two lines that are not blank."""
    first = [place for place, line in enumerate(page[:20]) if line.strip()][:2]
    last = [place for place in range(len(page) - 1, max(-1, len(page) - 20), -1) if page[place].strip()][:2]
    return sorted({*first, *last})


def _mask(line: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", " ".join(line.split()))


def _add_page(kept: list[str], page: list[str]) -> None:
    while page and not page[0].strip():
        page.pop(0)
    while page and not page[-1].strip():
        page.pop()
    if not page:
        return
    goes_on = bool(kept) and not SENTENCE_END.search(kept[-1].rstrip()) and _indent(kept[-1]) == _indent(page[0])
    if kept and not goes_on:
        kept.append("")
    kept += page


def _is_log(lines: Sequence[str]) -> bool:
    """Tell whether the lines are a program's: most begin with a time or a level."""
    sample = [line for line in lines[:400] if line.strip()][:200]
    return len(sample) > 1 and sum(bool(_LOG.match(line)) for line in sample) * 10 > len(sample) * 6


def _groups(lines: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of lines between blank ones; fenced code and quoted mail are runs of their own."""
    group: list[str] = []
    fenced, quote = False, ""
    fences = sum(bool(_FENCE.match(line)) for line in lines) % 2 == 0
    for line in lines:
        if fences and _FENCE.match(line):
            if not fenced and group:
                yield group
                group = []
            fenced = not fenced
            group.append(line)
            if not fenced:
                yield group
                group = []
            continue
        found = None if fenced else _QUOTED.match(line)
        mark = found[1].replace(" ", "") if found else ""
        line = line[found.end() :] if found else line
        line = "" if line.strip() == "." else line  # Debian writes an empty line so
        if not fenced and group and (mark != quote or not line.strip()):
            yield group
            group = []
        quote = mark
        if line.strip() or fenced:
            group.append(line)
    if group:
        yield group


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _width(groups: Sequence[Sequence[str]]) -> int:
    """Return where the lines of the text end: the longest but one in twenty of those that another follows."""
    lengths = sorted(len(line) for group in groups for line in group[:-1])
    return lengths[(len(lengths) - 1) * 19 // 20] if lengths else 0


def _indent_of(groups: Sequence[Sequence[str]]) -> int:
    """Return how far most of the text is indented."""
    counts = Counter(_indent(line) for group in groups for line in group[1:])
    return counts.most_common(1)[0][0] if counts else 0


def _starts_low(line: str) -> bool:
    return line.lstrip(" \"'“‘([")[:1].islower()


def _is_full(line: str, following: str, width: int) -> bool:
    """Tell whether the first word of the next line had no room in this one, or nearly none."""
    word = following.split(maxsplit=1)[0]
    return len(line) + (1 if _DENSE.match(word) else 1 + len(word)) > 0.88 * width


def is_wrapped(lines: Sequence[str], width: int) -> bool:
    """Tell whether the lines of a paragraph end where the margin is, `width` characters in, and not for a reason.

    Lines that are full do, and so do ragged ones where most of the next begin in lower case. Verses, addresses and
    one fact a line do not.
    """
    if len(lines) < 2:
        return True
    pairs = list(pairwise(lines))
    longest = max(map(len, lines))
    width = longest if width > UNWRAPPED or longest > width else width
    if longest > UNWRAPPED or _is_verse(lines, width):
        return False
    least = NARROWEST // 2 if _DENSE.search(lines[0]) else NARROWEST
    if longest >= least and sum(_is_full(line, after, width) for line, after in pairs) * 4 >= len(pairs) * 3:
        return True
    mean = sum(len(line.strip()) for line in lines[:-1]) / len(pairs)
    low = sum(_starts_low(after) for _, after in pairs)
    if low * 2 >= len(pairs):
        return mean >= (15 if low * 10 >= len(pairs) * 8 else NARROWEST)
    ended = sum(bool(SENTENCE_END.search(line)) or line.endswith((",", ";")) for line in lines[:-1])
    return not ended and width >= 50 and mean >= 0.6 * width


def _is_verse(lines: Sequence[str], width: int) -> bool:
    """Tell whether each line begins with a capital, which wrapped prose does only by chance."""
    starts = [line.lstrip(" \"'“‘([")[:1] for line in lines]
    if not all(start.isupper() for start in starts) or "".join(lines).isupper():
        return False
    return len(lines) > 4 or width < 50


def is_columns(lines: Sequence[str]) -> bool:
    """Tell whether lines are a table or a drawing: gaps at the same place in most of them, or more signs than words."""
    ends: Counter[int] = Counter()
    with_gap = 0
    for line in lines:
        start = _indent(line)
        gaps = [
            gap.end() for gap in _GAP.finditer(line, start) if len(gap[1]) > 2 or line[gap.start()] not in ".!?:;,)\"'"
        ]
        with_gap += bool(gaps)
        ends.update(gaps)
    if len(lines) == 1:
        return bool(ends) and bool(re.search(r"\S {4,}\S", lines[0].strip()))
    together = ends.most_common(1)[0][1] if ends else 0
    if with_gap * 10 >= len(lines) * 6 and together * 10 >= with_gap * 6:
        return True
    text = "".join(lines)
    signs = len(_ART.findall(text))
    return signs * 5 > 2 * (len(text) - text.count(" ")) or sum("|" in line for line in lines) * 10 > len(lines) * 6


def _is_code(lines: Sequence[str], deeper: int) -> bool:
    """Tell whether lines look like a program or commands; indented ones need fewer signs of it."""
    marked = sum(bool(_CODE_LINE.search(line)) for line in lines)
    return marked * 10 >= len(lines) * (4 if deeper >= 2 else 7) and (deeper >= 2 or len(lines) > 1)


_Kind = Literal["paragraph", "item", "term", "heading"]


@dataclass(slots=True)
class _Paragraph:
    """Lines of a group that belong together."""

    kind: _Kind
    lines: list[str]
    mark: str = ""
    column: int = 0  # how far the piece is set in; of an item its mark, of a term the term
    style: str = ""


@dataclass(slots=True)
class _TextWriter:
    """Writes groups of lines as headings, paragraphs, lists and code."""

    builder: Builder
    words: Collection[str]
    width: int
    indent: int
    title: str = ""
    _levels: dict[str, int] = field(default_factory=dict)
    _items: list[tuple[int, str, str]] = field(default_factory=list)  # column of the mark, mark, words
    _code: list[str] = field(default_factory=list)
    _begun: bool = False

    def group(self, group: list[str], following: Sequence[str]) -> None:
        """Write one group; the following one tells whether a number begins a heading or an item of a list."""
        if _FENCE.match(group[0]) and _FENCE.match(group[-1]) and len(group) > 1:
            self.lines(group[1:-1])
            return
        if name := self._centred(group):
            self._heading(name, "centred" if self._begun else "title")
            return
        deeper = min(map(_indent, group)) - self.indent
        if self._is_heading(group, following):
            self._heading(group[0], _style(group[0]))
        elif self._is_lines(group, deeper):
            self.lines(group)
        else:
            for piece in self._pieces(group):
                self._piece(piece)

    def flush(self) -> None:
        """Write the list or the lines that wait for more of them."""
        if self._items:
            columns = sorted({column for column, _, _ in self._items})
            self.builder.items([(columns.index(column), mark, words) for column, mark, words in self._items])
            self._items = []
        if self._code:
            self.builder.code("\n\n".join(self._code))
            self._code = []

    def lines(self, lines: Sequence[str]) -> None:
        """Write lines as they are, together with those written so just before."""
        if self._items:
            self.flush()
        self._begun = True
        inset = min((_indent(line) for line in lines if line.strip()), default=0)
        self._code.append("\n".join(line[inset:] for line in lines))

    def _is_lines(self, group: Sequence[str], deeper: int) -> bool:
        if is_columns(group):
            return not _RULE.fullmatch(group[-1]) or len(group) > 2
        if _MARK.match(group[0]):
            return False
        if _is_code(group, deeper):
            return True
        fields = sum(bool(_FIELD.match(line)) for line in group)
        return len(group) > 1 and fields * 10 > len(group) * 6 and not is_wrapped(group, self.width)

    def _centred(self, group: Sequence[str]) -> str:
        """Return the words of a centred title."""
        room = max(self.width, 60)
        sides = [(_indent(line), room - len(line)) for line in group]
        fits = len(group) <= (1 if self._begun else 3) and self.indent < 6
        fits = fits and all(left >= 6 and abs(left - right) <= 10 for left, right in sides)
        if not fits or is_columns(group) or group[-1][-1] in ".,;:" or _MARK.match(group[0]) or self._items:
            return ""
        return " ".join(" ".join(group).split())

    def _is_heading(self, group: Sequence[str], following: Sequence[str]) -> bool:
        """Tell a line of its own that names what follows: all capitals, or a number and a few words."""
        if len(group) != 1 or not following:
            return False
        line = group[0].strip()
        letters = [letter for letter in line if letter.isalpha()]
        if len(line) > 90 or line[-1] in ".,;:!?" or len(letters) < 3 or re.search(r"\.{4}|(?:\. ){3}|\t| {4}", line):
            return False
        found = _NUMBERED.fullmatch(line)
        if found:
            simple = bool(found[1]) and "." not in found[1]
            beside = _MARK.match(following[0]) and _style(following[0]) == _style(line)
            return not (simple and (beside or self._items)) and len(found[3].split()) <= 12
        return _is_capitals(line) and not _CODE_LINE.search(line) and _indent(group[0]) <= self.indent + 2

    def _heading(self, line: str, style: str) -> None:
        self.flush()
        level = self._level(style)
        words = " ".join(line.split())
        if level == 1 and not self._begun and not self.title and words != "NAME":
            self.title = words
        self.builder.heading(level, words)

    def _level(self, style: str) -> int:
        """Return the level of a kind of heading: the first that the text uses is the outermost."""
        if style not in self._levels:
            above = self._levels.get(f"number {int(style[7:]) - 1}") if style.startswith("number ") else None
            self._levels[style] = (above or max(self._levels.values(), default=0)) + 1
        return self._levels[style]

    def _pieces(self, group: Sequence[str]) -> list[_Paragraph]:
        pieces: list[_Paragraph] = []
        for place, line in enumerate(group):
            if rule := _RULE.fullmatch(line):
                self._underline(pieces, line.strip(), rule[1])
            elif new := self._begins(pieces, group, place):
                pieces.append(new)
            else:
                pieces[-1].lines.append(line)
        return pieces

    def _underline(self, pieces: list[_Paragraph], rule: str, sign: str) -> None:
        """Take a rule below a line for the mark of a heading; any other is no text."""
        last = pieces[-1] if pieces else None
        if last and last.kind == "paragraph" and len(last.lines) == 1:
            words = last.lines[0].strip()
            if len(words) <= 90 and 0.5 * len(words) <= len(rule) <= max(2 * len(words), len(words) + 4):
                pieces[-1] = _Paragraph("heading", last.lines, style=f"underlined {sign}")
                return
        self.builder.drop("rules", rule)

    def _begins(self, pieces: list[_Paragraph], group: Sequence[str], place: int) -> _Paragraph | None:
        """Return a new piece if one begins at this line of the group."""
        line, last = group[place], pieces[-1] if pieces else None
        if (mark := _MARK.match(line)) and self._is_item(mark, last, group, place):
            return _Paragraph("item", [line[mark.end() :]], mark[2], column=len(mark[1]))
        inset = _indent(line)
        if last is None or last.kind == "heading":
            return _Paragraph("paragraph", [line], column=inset)
        full = _is_full(group[place - 1], line, self.width)
        if last.kind in ("item", "term"):
            return (
                None
                if inset > last.column or (last.kind == "item" and full)
                else _Paragraph("paragraph", [line], column=inset)
            )
        if inset >= last.column + 2:
            return self._deeper(last, group, place)
        ended = SENTENCE_END.search(group[place - 1]) and not _starts_low(line)
        if ended and self.width >= 50 and len(group[place - 1]) < 0.7 * self.width and not full:
            return _Paragraph("paragraph", [line], column=inset)
        if len(last.lines) == 1:
            last.column = min(last.column, inset)  # the first line of a paragraph may be set in
        return None

    def _deeper(self, last: _Paragraph, group: Sequence[str], place: int) -> _Paragraph | None:
        """Begin a paragraph where a line is set in, or make the line above a term that this one defines."""
        term, rest = last.lines[0].strip(), min(map(_indent, group[place : place + LOOKED_AHEAD]))
        if len(last.lines) == 1 and len(term) <= 70 and rest > last.column and term[-1] not in ".!?:,;":
            if _is_capitals(term) and last.column < self.indent:
                last.kind, last.style = "heading", "capitals"
                return _Paragraph("paragraph", [group[place]], column=_indent(group[place]))
            last.kind, last.mark, last.lines = "term", term, []
            return None
        return _Paragraph("paragraph", [group[place]], column=rest)

    def _is_item(self, mark: re.Match[str], last: _Paragraph | None, group: Sequence[str], place: int) -> bool:
        """Tell whether the mark at the start of a line begins an item: a wrapped line may begin with a number too."""
        sign, column = mark[2], len(mark[1])
        if last is None:
            return sign not in "–·" or len(group) > 1 or bool(self._items)
        if last.kind == "item":
            before = _number(last.mark)
            return column != last.column or not before or _number(sign) == before + 1
        if not sign[-1].isalnum() and len(sign) == 1:
            return column > last.column or not _is_full(group[place - 1], group[place], self.width)
        return _number(sign) == 1 and not _is_full(group[place - 1], group[place], self.width)

    def _piece(self, piece: _Paragraph) -> None:
        if piece.kind == "heading":
            self._heading(piece.lines[0], piece.style)
        elif piece.kind in ("item", "term"):
            if self._code:
                self.flush()
            words = join_lines(piece.lines, self.words)
            if piece.kind == "term":
                words = f"{' '.join(piece.mark.split())}: {words}"
            mark = "" if piece.kind == "term" or piece.mark in "-*+•‣◦·–o" else piece.mark
            self._items.append((piece.column, mark, words))
        elif is_wrapped(piece.lines, self.width):
            self._paragraph(join_lines(piece.lines, self.words))
        elif self._are_sentences(piece.lines):
            for line in piece.lines:
                self._paragraph(line)
        else:
            self.lines(piece.lines)
        self._begun = True

    def _paragraph(self, text: str) -> None:
        self.flush()
        self.builder.paragraph(text)

    def _are_sentences(self, lines: Sequence[str]) -> bool:
        """Tell whether each line is a paragraph of its own."""
        ended = sum(bool(SENTENCE_END.search(line)) for line in lines)
        most = ended * 10 >= len(lines) * 6 and sum(map(len, lines)) > 40 * len(lines)
        return ended == len(lines) or most or max(map(len, lines)) > UNWRAPPED


def _is_capitals(line: str) -> bool:
    return line.isupper() and sum(map(str.isalpha, line)) > 2


def _style(line: str) -> str:
    """Return what tells headings of one kind from those of another."""
    found = _NUMBERED.fullmatch(line.strip())
    if not found:
        return "capitals"
    number = found[1] or found[2]
    return f"number {number.count('.') + 1}" if number else "chapter"


def _number(mark: str) -> int:
    """Return the place that the mark of an item has in its list, or 0."""
    sign = mark.strip("().[]").lower()
    if sign.isdigit():
        return int(sign)
    return ord(sign) - ord("a") + 1 if len(sign) == 1 and "a" <= sign <= "z" else 0
