"""Text in pictures: what may stand in XML, how wide it can be at the most, and where its lines break."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

ELLIPSIS = "…"
#: Widths in em of DejaVu Sans, the widest of the usual fonts: what fits there fits in Arial, Roboto or Segoe UI.
_WIDTHS = {
    0.34: " .,ijlI'|J",
    0.42: 'ftr()[]:;/\\!-"',
    0.56: "ckszFLv_?",
    0.64: "abdeghnopquxy0123456789$+=<>~^#*",
    0.70: "ABEKPRSTVXYZ",
    0.79: "CDGHNOQU&",
    0.88: "wM",
    1.00: "mW@%",
}
_WIDTH_OF = {char: width for width, chars in _WIDTHS.items() for char in chars}
_FULL = 1.05
_EMOJI = 1.4
_OTHER = 0.85  # Greek, Cyrillic, Arabic, Devanagari and most others
_WIDEST = 2.2  # the long signs of scripts such as cuneiform, and ligatures of whole phrases
_BOLD = 1.1
#: what joins a character to the one before or after it
_JOINER, _MODIFIERS = "\u200d", range(0x1F3FB, 0x1F400)
#: They turn the direction of what follows and are no part of what a title says.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: object) -> str:
    """Return a text in one line that XML 1.0 may hold: no control characters, no lone surrogates, no turned order."""
    return " ".join("".join(_kept(char) for char in str(text)).split())


def _kept(char: str) -> str:
    if char.isspace():
        return " "
    if char in _TURNING:
        return ""
    code = ord(char)
    if unicodedata.category(char) in ("Cc", "Cs") or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return " "
    return char


def escaped(text: object) -> str:
    """Return a clean text as it stands in XML, in an element and in an attribute."""
    said = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return said.replace('"', "&quot;").replace("'", "&#39;")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is at the most, in the units of its size."""
    return size * (_BOLD if bold else 1.0) * sum(_em(char) for char in text)


@lru_cache(maxsize=4096)
def _em(char: str) -> float:
    known = _WIDTH_OF.get(char)
    if known is not None:
        return known
    code, category = ord(char), unicodedata.category(char)
    if category in ("Mn", "Me", "Cf"):
        return 0.0
    if 0x1F000 <= code < 0x20000 or category == "So":
        return _EMOJI
    if unicodedata.east_asian_width(char) in "WF":
        return _FULL
    if code >= 0x10000 or 0xFB50 <= code <= 0xFDFF or category == "Co":
        return _WIDEST
    return _FULL if category in ("Lu", "Mc") else _OTHER


def wrapped(text: str, size: float, room: float, *, most: int = 1, bold: bool = False) -> list[str]:
    """Return the lines of a clean text; where it is longer than `most` lines, or a word than one, an ellipsis ends it.

    Lines break at spaces, and between characters of scripts that write without them.
    """
    lines, line = [], ""
    for piece in _pieces(text):
        if not line or width((line + piece).rstrip(), size, bold=bold) <= room:
            line += piece
        else:
            lines.append(_fitted(line.rstrip(), size, room, bold=bold))
            line = piece
        if len(lines) == most:
            break
    else:
        lines += [_fitted(line.rstrip(), size, room, bold=bold)] if line.strip() else []
        return lines
    lines[-1] = _fitted(f"{lines[-1].rstrip(ELLIPSIS)}{ELLIPSIS}", size, room, bold=bold)
    return lines


def _fitted(line: str, size: float, room: float, *, bold: bool) -> str:
    """Return a line, or its beginning with an ellipsis where it is too long."""
    if width(line, size, bold=bold) <= room:
        return line
    parts = list(_clusters(line.removesuffix(ELLIPSIS)))
    while parts and width("".join(parts) + ELLIPSIS, size, bold=bold) > room:
        parts.pop()
    kept = "".join(parts).rstrip()
    whole = kept.rpartition(" ")[0]
    return (whole if 2 * len(whole) > len(kept) else kept).rstrip(" ,;:(") + ELLIPSIS


def _pieces(text: str) -> Iterator[str]:
    """Yield what stays on one line: a word with the space after it, or a character of a script without spaces."""
    piece = ""
    for one in _clusters(text):
        alone = unicodedata.east_asian_width(one[0]) in "WF" and unicodedata.category(one[0])[0] != "P"
        if piece and (alone or piece.endswith(" ")):
            yield piece
            piece = ""
        piece += one
        if alone:
            yield piece
            piece = ""
    if piece:
        yield piece


def _clusters(text: str) -> Iterator[str]:
    """Yield characters together with the marks that belong to them, which must not be cut off."""
    cluster = ""
    for char in text:
        joined = (
            unicodedata.category(char)[0] == "M"
            or char == _JOINER
            or ord(char) in _MODIFIERS
            or cluster.endswith(_JOINER)
        )
        if cluster and not joined:
            yield cluster
            cluster = ""
        cluster += char
    if cluster:
        yield cluster


def right_to_left(line: str) -> bool:
    """Say whether a line begins at the right: by its first character that has a direction."""
    ways = (unicodedata.bidirectional(char) for char in line)
    return next((way for way in ways if way in ("L", "R", "AL")), "L") != "L"
