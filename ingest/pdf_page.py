"""What stands on a page of a PDF, as pdfium finds it: words with their boxes, links, ruled lines.

pdfium divides text into words by the gaps between letters, so fonts without a space glyph do no harm. A call into it
for each letter would take most of the time of reading, so only the ends of words are asked for; the letters between
them only where a word is wider than it can be.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from .documents import clean_text
from .page_layout import BOLD, MONO, PageWord

_HYPHENS = "\ufffe\x02"  # pdfium writes these for a hyphen at a line end
_TOKEN = re.compile(rf"[^\s\x00{_HYPHENS}]+[{_HYPHENS}]?|[{_HYPHENS}]")
_BOLD = re.compile(r"bold|black|heavy|demi|[-,_]bd|cmbx|sfbx|\bltbx", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|typewriter|consol|menlo|code|cmtt|sftt|pltt|lmtt|fixed", re.IGNORECASE)
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xad": ""})
_MARK = re.compile(r"[\d*†‡§¶]{1,3}")
_ACCENTS = dict(
    zip("ˆ´`¨˜¸ˇ˙˚¯˝˘˛", "\u0302\u0301\u0300\u0308\u0303\u0327\u030c\u0307\u030a\u0304\u030b\u0306\u0328", strict=True)
)
_ACCENT = re.compile("[ˆ´¨˜¸ˇ˙˚¯˝˘˛]")
TINY = 1.5  # points
WHITE = 250
FEW_OBJECTS = 5_000
INVISIBLE = {3, 7}
_DRAWINGS = {raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}
Box = tuple[float, float, float, float]


class PageText(NamedTuple):
    """A page: width and height as shown, words by the quarter turns of their writing, and what was left out."""

    width: float
    height: float
    words: dict[int, list[PageWord]]
    rules: list[float]
    dropped: Counter[str]
    pictures: bool
    unmapped: float  # the share of letters that no table maps to a character


class _Look(NamedTuple):
    """How a text object is drawn."""

    size: float
    style: int
    turns: int
    hidden: str


def page_text(page: pdfium.PdfPage) -> PageText:
    """Return the text of a page.

    Raises:
        pypdfium2.PdfiumError: if pdfium cannot read it.
    """
    textpage = page.get_textpage()
    try:
        return _Reader(page, textpage).read()
    finally:
        textpage.close()


class _Reader:
    """Reads one page."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._page, self._text = page.raw, textpage.raw
        self._box: Box = page.get_cropbox()
        self._turns = page.get_rotation() // 90
        left, bottom, right, top = self._box
        self._size = (right - left, top - bottom) if self._turns % 2 == 0 else (top - bottom, right - left)
        self._rect = raw.FS_RECTF()
        self._looks: dict[int, _Look] = {}
        self._fonts: dict[int, int] = {}
        self._dropped: Counter[str] = Counter()
        self._links = list(_links(page))
        self._fills: list[Box] | None = None

    def read(self) -> PageText:
        text, unmapped = self._characters()
        shown: dict[int, list[PageWord]] = {}
        unseen: dict[int, list[PageWord]] = {}
        for token in _TOKEN.finditer(text):
            look = self._look(token.start())
            for start, end, first, last in self._parts(text, *token.span(), turns=look.turns):
                word = self._word(self._composed(text, start, end), first, last, look)
                if not look.hidden and self._inside(word):
                    shown.setdefault(look.turns, []).append(word)
                elif why := self._hidden(word, look):
                    self._dropped[why] += end - start
                    (unseen if why == "invisible text" else {}).setdefault(look.turns, []).append(word)
                else:
                    shown.setdefault(look.turns, []).append(word)
        if unseen and not shown:  # the text layer that a scanner's program put below the picture
            shown = unseen
            del self._dropped["invisible text"]
        rules, pictures = self._drawn(text=bool(shown))
        return PageText(*self._size, shown, rules, self._dropped, pictures, unmapped)

    def _characters(self) -> tuple[str, float]:
        """Return a character for each that pdfium counts, and how many of the letters have no meaning."""
        count = raw.FPDFText_CountChars(self._text)
        if count <= 0:
            return "", 0.0
        buffer = (ctypes.c_ushort * (count + 1))()
        units = raw.FPDFText_GetText(self._text, 0, count, buffer)
        text = bytes(buffer)[: 2 * (units - 1)].decode("utf-16-le", "replace")
        if len(text) != count:
            codes = (raw.FPDFText_GetUnicode(self._text, place) for place in range(count))
            text = "".join(chr(code) if 0 < code < 0x110000 else "\x00" for code in codes)
        bad = sum(text.count(one) for one in "\x00\ufffd") + sum("\ue000" <= one <= "\uf8ff" for one in text)
        return text, bad / count

    def _loose(self, place: int) -> Box:
        """Return the box of a character with the room that its font keeps above and below, as the page is shown."""
        rect = self._rect
        raw.FPDFText_GetLooseCharBox(self._text, place, rect)
        return self._shown(rect.left, rect.bottom, rect.right, rect.top)

    def _shown(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Return a box of the page's own coordinates in points from the top left corner of the page as shown."""
        left, bottom, right, top = self._box
        box = (x0 - left, top - y1, x1 - left, top - y0)
        return turned(box, self._turns, right - left, top - bottom) if self._turns else box

    def _parts(self, text: str, start: int, end: int, *, turns: int) -> Iterable[tuple[int, int, Box, Box]]:
        """Return a word with the boxes of its first and last letter.

        One that is wider than its letters can be, or goes on in another line, is divided at its gaps.
        """
        first = self._loose(start)
        if end - start == 1:
            return ((start, end, first, first),)
        last = self._loose(end - 1)
        height = max(first[2] - first[0] if turns % 2 else first[3] - first[1], 1.0)
        along, off = last[2] - first[0], abs(last[1] - first[1])
        if turns:
            whole = max(last[2], first[2]) - min(last[0], first[0]), max(last[3], first[3]) - min(last[1], first[1])
            along, off = (whole[1], whole[0] - height) if turns % 2 else (whole[0], off)
        elif first[3] - first[1] < 0.85 * (last[3] - last[1]) and text[start].isdigit():
            return self._cut(start, end, turns)  # the number of a footnote and its first word
        if 0 <= along <= 0.75 * height * (end - start) + height and off < height:
            return ((start, end, first, last),)
        return self._cut(start, end, turns)

    def _cut(self, start: int, end: int, turns: int) -> Iterator[tuple[int, int, Box, Box]]:
        first = before = self._loose(start)
        for place in range(start + 1, end):
            box = self._loose(place)
            height = box[2] - box[0] if turns % 2 else box[3] - box[1]
            apart = max(_gap(before, box, 0), _gap(before, box, 1)) > 0.25 * height
            if apart or (not turns and before[3] - before[1] < 0.85 * height):
                yield start, place, first, before
                start, first = place, box
            before = box
        yield start, end, first, before

    def _composed(self, text: str, start: int, end: int) -> str:
        """Return the letters of a word; an accent that is drawn over a letter becomes one with it."""
        written = text[start:end]
        if written.isascii() or not _ACCENT.search(written):
            return written
        letters = list(written)
        for accent in _ACCENT.finditer(written):
            at = accent.start()
            own, near = self._loose(start + at), [one for one in (at - 1, at + 1) if 0 <= one < len(letters)]
            over = max(near, key=lambda one: -_gap(own, self._loose(start + one), 0), default=at)
            made = unicodedata.normalize("NFC", letters[over] + _ACCENTS[accent[0]])
            if _gap(own, self._loose(start + over), 0) < 0 and len(made) == 1:
                letters[over], letters[at] = made, ""
        return "".join(letters)

    def _word(self, written: str, first: Box, last: Box, look: _Look) -> PageWord:
        if first is last:
            box = first
        elif look.turns:
            box = (min(first[0], last[0]), min(first[1], last[1]), max(first[2], last[2]), max(first[3], last[3]))
        else:
            box = (first[0], min(first[1], last[1]), last[2], max(first[3], last[3]))
        mark = ""
        if not written.isascii():
            written = clean_text(written.translate(LIGATURES))
        if written and written[-1] in _HYPHENS:
            written = written[:-1] + "-"
        if (
            not look.turns
            and last[3] - last[1] < 0.85 * (first[3] - first[1])
            and (found := _MARK.search(written[-3:]))
        ):
            mark = found[0]
        target = self._target(box) if self._links else ""
        if look.turns:
            box = turned(box, look.turns, *self._size)
        return PageWord(written, *box, look.size, look.style, target, mark)

    def _target(self, box: Box) -> str:
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return next((to for x0, y0, x1, y1, to in self._links if x0 < x < x1 and y0 < y < y1), "")

    def _inside(self, word: PageWord) -> bool:
        """Tell whether a word lies wholly on the page, whichever way that is turned."""
        return word.x0 >= 0 and word.y0 >= 0 and max(word.x1, word.y1) <= min(self._size)

    def _look(self, place: int) -> _Look:
        """Return how the text object of a character is drawn."""
        drawn = raw.FPDFText_GetTextObject(self._text, place)
        key = ctypes.cast(drawn, ctypes.c_void_p).value or 0
        if key not in self._looks:
            self._looks[key] = self._new_look(drawn, place)
        return self._looks[key]

    def _new_look(self, drawn: Any, place: int) -> _Look:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._text, place, matrix)
        size = raw.FPDFText_GetFontSize(self._text, place) * math.hypot(matrix.c, matrix.d)
        angle = math.degrees(math.atan2(matrix.b, matrix.a))
        turns = (round(angle / 90) - self._turns) % 4  # a page that is shown turned has its letters drawn so
        return _Look(abs(size), self._font(drawn), turns, self._unseen(drawn, size))

    def _font(self, drawn: Any) -> int:
        font = raw.FPDFTextObj_GetFont(drawn) if drawn else None
        key = (ctypes.cast(font, ctypes.c_void_p).value or 0) if font else 0
        if key not in self._fonts:
            self._fonts[key] = _font_style(font) if key else 0
        return self._fonts[key]

    def _unseen(self, drawn: Any, size: float) -> str:
        if not drawn:
            return ""
        if raw.FPDFTextObj_GetTextRenderMode(drawn) in INVISIBLE:
            return "invisible text"
        if abs(size) < TINY:
            return "tiny text"
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not raw.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha):
            return ""
        if alpha.value == 0:
            return "invisible text"
        return "white text" if min(red.value, green.value, blue.value) >= WHITE else ""

    def _hidden(self, word: PageWord, look: _Look) -> str:
        """Return why nobody can see a word, or nothing."""
        size = self._size if look.turns % 2 == 0 else self._size[::-1]
        box = turned(word[1:5], -look.turns, *size) if look.turns else word[1:5]
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if not (0 <= x <= self._size[0] and 0 <= y <= self._size[1]):
            return "text outside the page"
        if look.hidden != "white text":
            return look.hidden
        if self._fills is None:
            self._fills = [
                self._shown(*bounds) for bounds, kind in _objects(self._page) if kind != raw.FPDF_PAGEOBJ_TEXT
            ]
        behind = any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._fills)
        return "" if behind else "white text"

    def _drawn(self, *, text: bool) -> tuple[list[float], bool]:
        """Return the heights of horizontal lines, and whether there are pictures or drawings."""
        found = [] if self._turns else list(_objects(self._page))
        rules = [
            self._box[3] - (y0 + y1) / 2
            for (x0, y0, x1, y1), kind in found
            if kind == raw.FPDF_PAGEOBJ_PATH and y1 - y0 < 3 and x1 - x0 > 20
        ]
        return rules, bool(found) or (not text and raw.FPDFPage_CountObjects(self._page) > 0)


def _gap(first: Box, second: Box, axis: int) -> float:
    """Return the white space between two boxes along an axis; less than 0 where they overlap."""
    return max(second[axis] - first[axis + 2], first[axis] - second[axis + 2])


def turned(box: Box, turns: int, width: float, height: float) -> Box:
    """Turn a box with its page, `width` by `height` before, by quarter turns clockwise."""
    x0, y0, x1, y1 = box
    turns %= 4
    if turns == 1:
        return height - y1, x0, height - y0, x1
    if turns == 2:
        return width - x1, height - y1, width - x0, height - y0
    return (y0, width - x1, y1, width - x0) if turns == 3 else box


def _font_style(font: Any) -> int:
    buffer = ctypes.create_string_buffer(128)
    raw.FPDFFont_GetBaseFontName(font, buffer, 128)
    name = buffer.value.decode("utf-8", "replace")
    bold = _BOLD.search(name) or raw.FPDFFont_GetWeight(font) >= 600
    mono = _MONO.search(name) or raw.FPDFFont_GetFlags(font) & 1
    return (BOLD if bold else 0) | (MONO if mono else 0)


def _objects(page: Any) -> Iterator[tuple[Box, int]]:
    """Yield the boxes, in the page's own coordinates, and the kinds of what is drawn besides text."""
    edges = [ctypes.c_float() for _ in range(4)]
    for place in range(min(raw.FPDFPage_CountObjects(page), FEW_OBJECTS)):
        drawn = raw.FPDFPage_GetObject(page, place)
        kind = raw.FPDFPageObj_GetType(drawn)
        if kind in _DRAWINGS and raw.FPDFPageObj_GetBounds(drawn, *edges):
            x0, y0, x1, y1 = (edge.value for edge in edges)
            yield (x0, y0, x1, y1), kind


def _links(page: pdfium.PdfPage) -> Iterator[tuple[float, float, float, float, str]]:
    """Yield the boxes of links, from the top left corner, and where they lead."""
    left, _, _, top = page.get_cropbox()
    document = page.pdf.raw
    place, link, rect = ctypes.c_int(), raw.FPDF_LINK(), raw.FS_RECTF()
    while raw.FPDFLink_Enumerate(page.raw, place, link):
        target = _target(document, link)
        if target and raw.FPDFLink_GetAnnotRect(link, rect):
            low, high = sorted((rect.bottom, rect.top))
            yield rect.left - left, top - high, rect.right - left, top - low, target


def _target(document: Any, link: Any) -> str:
    dest = raw.FPDFLink_GetDest(document, link)
    action = raw.FPDFLink_GetAction(link)
    if not dest and action and raw.FPDFAction_GetType(action) == raw.PDFACTION_URI:
        length = raw.FPDFAction_GetURIPath(document, action, None, 0)
        buffer = ctypes.create_string_buffer(max(1, length))
        raw.FPDFAction_GetURIPath(document, action, buffer, length)
        return clean_text(buffer.value.decode("utf-8", "replace")).strip()
    if not dest and action:
        dest = raw.FPDFAction_GetDest(document, action)
    page = raw.FPDFDest_GetDestPageIndex(document, dest) if dest else -1
    return f"#page={page + 1}" if page >= 0 else ""
