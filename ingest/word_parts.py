"""Styles and numbering of Word files: how deep a heading is, and which number Word shows before a paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = f"{W}val"
CHAIN = 20  # styles based on styles
NO_HEADING = 9
MAX_LABEL = 50  # letters
_OFF = frozenset(["0", "false", "off", "none"])
_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_SMALL = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_PLACE = re.compile(r"%([1-9])")


def is_on(parent: etree._Element | None, name: str) -> bool:
    """Tell whether properties switch something on; an element without a value does."""
    found = parent.find(W + name) if parent is not None else None
    return found is not None and (found.get(VAL) or "1").lower() not in _OFF


def value(parent: etree._Element | None, *names: str) -> str:
    """Return the value of an element of properties, or ""."""
    for name in names:
        parent = parent.find(W + name) if parent is not None else None
    return (parent.get(VAL) or "") if parent is not None else ""


def whole(text: str, most: int) -> int:
    """Return a number as a file gives it, from 0 up to `most`; 0 where it is none."""
    return min(int(text), most) if text.isascii() and text.isdigit() and len(text) < 15 else most * text.isdigit()


@dataclass(slots=True)
class Style:
    """What a style says, or a style on which it is based."""

    name: str = ""
    level: int = NO_HEADING
    number: str = ""  # id of a numbering
    depth: str = ""  # level in it
    hidden: bool = False


class Styles:
    """The styles of a document by their ids, which are in the language of the program; names and levels are not."""

    def __init__(self, root: etree._Element | None) -> None:
        self._elements = (
            {style.get(f"{W}styleId") or "": style for style in root.iter(f"{W}style")} if root is not None else {}
        )
        self._known: dict[str, Style] = {}
        default = (
            own
            for own, style in self._elements.items()
            if style.get(f"{W}type") == "paragraph" and (style.get(f"{W}default") or "0") not in _OFF
        )
        self.default = next(default, "")

    def get(self, name: str) -> Style:
        """Return a style; an unknown one says nothing."""
        if name not in self._known:
            self._known[name] = self._resolved(name)
        return self._known[name]

    def _resolved(self, name: str) -> Style:
        made, given, levels = Style(), name, list[str]()
        for _ in range(CHAIN):
            element = self._elements.get(given)
            if element is None:
                break
            properties = element.find(f"{W}pPr")
            own = value(element, "name")
            made.name = made.name or own
            levels.append(value(properties, "outlineLvl") or _named_level(own))
            made.number = made.number or value(properties, "numPr", "numId")
            made.depth = made.depth or value(properties, "numPr", "ilvl")
            made.hidden = made.hidden or is_on(element.find(f"{W}rPr"), "vanish")
            given = value(element, "basedOn")
        level = next((level for level in levels if level), "")
        made.level = whole(level, NO_HEADING) if level else NO_HEADING
        return made


def _named_level(name: str) -> str:
    found = _HEADING.fullmatch(name)
    return str(int(found[1]) - 1) if found else ""


@dataclass(slots=True)
class _Level:
    form: str
    text: str
    start: int
    style: str


@dataclass(slots=True)
class Numbering:
    """The lists of a document, and how far each has been counted."""

    lists: dict[str, dict[int, _Level]] = field(default_factory=dict)
    numbers: dict[str, tuple[str, dict[int, int]]] = field(default_factory=dict)  # the list, levels that begin anew
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, root: etree._Element | None, styles: Styles) -> Numbering:
        """Read the part with the numberings."""
        made = cls()
        if root is None:
            return made
        links: dict[str, str] = {}
        for one in root.iter(f"{W}abstractNum"):
            own = one.get(f"{W}abstractNumId") or ""
            made.lists[own] = {
                whole(level.get(f"{W}ilvl") or "0", 8): _Level(
                    value(level, "numFmt"),
                    value(level, "lvlText"),
                    whole(value(level, "start") or "1", 1_000_000),
                    value(level, "pStyle"),
                )
                for level in one.iter(f"{W}lvl")
            }
            if style := value(one, "numStyleLink"):
                links[own] = style
        for one in root.iter(f"{W}num"):
            starts = {
                whole(level.get(f"{W}ilvl") or "0", 8): whole(value(level, "startOverride"), 1_000_000)
                for level in one.iter(f"{W}lvlOverride")
                if value(level, "startOverride")
            }
            made.numbers[one.get(f"{W}numId") or ""] = (value(one, "abstractNumId"), starts)
        for own, style in links.items():
            made.lists[own] = made.lists.get(made.numbers.get(styles.get(style).number, ("", {}))[0], {})
        return made

    def depth(self, number: str, style: str) -> int:
        """Return the level of a list that belongs to a style, or 0."""
        levels = self.lists.get(self.numbers.get(number, ("", {}))[0], {})
        return next((depth for depth, level in levels.items() if style and level.style == style), 0)

    def next(self, number: str, depth: int) -> str | None:
        """Count one further and return the label ("2.1", "a)"), "" for a bullet, None where there is no such list."""
        own, starts = self.numbers.get(number, ("", {}))
        levels = self.lists.get(own)
        if not levels or depth not in levels:
            return None
        counts = self.counts.setdefault(own, {})
        if number not in self.met:
            self.met.add(number)
            counts.update({level: start - 1 for level, start in starts.items()})
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        level = levels[depth]
        if level.form == "bullet":
            return ""

        def shown(place: re.Match[str]) -> str:
            at = int(place[1]) - 1
            form = levels[at].form if at in levels else "decimal"
            return formatted(counts.get(at, levels[at].start if at in levels else 1), form)

        return " ".join(_PLACE.sub(shown, level.text[:MAX_LABEL]).split()) if level.form != "none" else ""


def formatted(number: int, form: str) -> str:
    """Return a number as Word formats it: "iv", "D", "04"; in formats that are not known here as digits."""
    match form:
        case "lowerLetter" | "upperLetter" if number > 0:
            letter = chr(ord("a") + (number - 1) % 26) * min(1 + (number - 1) // 26, 20)
            return letter if form == "lowerLetter" else letter.upper()
        case "lowerRoman" | "upperRoman" if 0 < number < 4_000:
            return roman(number) if form == "lowerRoman" else roman(number).upper()
        case "decimalZero":
            return f"{number:02}"
        case "none":
            return ""
        case _:
            return str(number)


def roman(number: int) -> str:
    """Return a number from 1 to 3999 in small Roman digits."""
    text = ""
    for size, digits in (*_ROMAN, *_SMALL):
        text += digits * (number // size)
        number %= size
    return text


#: letters of the font Symbol from "A" and "a", which stand for Greek ones
_GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
_GREEK_SMALL = "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"
_SIGNS = {0xB0: "°", 0xB1: "±", 0xB4: "×", 0xB7: "·", 0xB8: "÷", 0xB9: "≠", 0xA3: "≤", 0xB3: "≥", 0xA5: "∞", 0xB6: "∂"}
_DINGS = {0xFC: "✓", 0xFE: "☑", 0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xE0: "→", 0xDF: "←", 0xF0: "⇒", 0xFB: "✗"}


def symbol(font: str, code: str) -> str:
    """Return a sign that a file names by a font and a code in it, as far as it is known; else nothing."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    inside = number - 0xF000 if 0xF000 <= number <= 0xF0FF else number
    if font.lower() == "symbol":
        for first, letters in ((0x41, _GREEK), (0x61, _GREEK_SMALL)):
            if first <= inside < first + len(letters):
                return letters[inside - first]
        return _SIGNS.get(inside, chr(inside) if 0x20 <= inside < 0x7F else "")
    if font.lower().startswith("wingdings"):
        return _DINGS.get(inside, "")
    return chr(number) if 0x20 <= number < 0xD800 else ""
