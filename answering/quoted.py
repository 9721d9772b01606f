"""Retrieved text is data: it stays inside its brackets, and sentences that give orders to a model bear nothing out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ..core.words import sentences

# Everything that may be taken for an angle or a square bracket, by what it looks like.
_LOOKALIKES = str.maketrans(
    dict.fromkeys("＜﹤‹〈⟨❮⧼˂", "<")
    | dict.fromkeys("＞﹥›〉⟩❯⧽˃", ">")
    | dict.fromkeys("［【〔⟦", "[")
    | dict.fromkeys("］】〕⟧", "]")
)
_MARK = re.compile(r"\[(\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*)\]")
# What looks like a letter of a delimiter, or like a sign of one, once compatibility forms and accents are gone.
_ALIKE = str.maketrans(
    dict.fromkeys("ᐸ≺‹〈⟨❮⧼˂《≪", "<")
    | dict.fromkeys("ᐳ≻›〉⟩❯⧽˃》≫", ">")
    | dict.fromkeys("【〔⟦", "[")
    | dict.fromkeys("】〕⟧", "]")
    | dict.fromkeys("⁄∕⧸╱", "/")
    | dict.fromkeys("∣ǀ│❘", "|")
    | dict.fromkeys("аɑαᴀ", "a")
    | dict.fromkeys("рρᴘ", "p")
    | dict.fromkeys("ѕꜱ", "s")
    | dict.fromkeys("ɡցɢ", "g")
    | dict.fromkeys("еҽᴇε", "e")
    | dict.fromkeys("тᴛτ", "t")
    | dict.fromkeys("υᴜ", "u")
    | dict.fromkeys("гʀ", "r")
    | dict.fromkeys("пɴη", "n")
)
#: letters that show nothing: fillers of Hangul, the blank of Braille
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_NEAR = r"[^a-z0-9<>]{0,3}"
_NAMES = "|".join(_NEAR.join(name) for name in ("passage", "turn"))
_BRACKET = re.compile(rf"(?:<|&(?:lt|#0*60|#x0*3c);)[^a-z0-9<>]{{0,12}}(?:[a-z]{{1,8}}:)?{_NEAR}(?:{_NAMES})")
# The marks by which chat templates tell speakers apart.
_ROLE = r"system|user|human|assistant|developer|model|tool|instruction|response"
_TURN = re.compile(
    r"<\s*\|\s*(?P<bar>[^|<>]{1,80})\|\s*>"
    r"|\[\s*(?P<square>/?\s*(?:inst|tool_calls|tool_results|available_tools|system_prompt|system))\s*\]"
    r"|<<\s*(?P<double>/?\s*sys)\s*>>"
    rf"|<\s*(?P<angle>/?\s*(?:s|bos|eos|start_of_turn|end_of_turn|{_ROLE}))\s*>"
)
_SPEAKER = re.compile(rf"(?:^|\n)[ \t]*(?:\#+[ \t]*)?(?:{_ROLE})[ \t]*(:)|(?:^|\n)[ \t]*(\#+)[ \t]*(?:{_ROLE})\b")

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?]{0,40}\b(?:instructions?|rules|prompts?|above|previous|"
    r"passages?|questions?)\b"
    r"|(?:^|[.!?:;,]\s+|\b(?:please|instead|must|should|always|only|just|and|then)\s+)(?:answer|reply|respond|output|"
    r"print|write|say|repeat|cite)\s+(?:only|just|exactly|instead|with|that|:|[\"“'‘]|the (?:following|word|answer))"
    r"|\byou (?:are now|must|should|will) (?:now )?(?:answer|say|reply|respond|ignore|write|cite|output|an? |the )"
    r"|\b(?:new|updated|real|hidden|previous|prior) (?:instructions?|system (?:prompt|message))\b"
    r"|\bsystem (?:prompt|message|override)\b|(?:^|[.!?]\s+)\s*(?:system|assistant|user|developer)\s*:"
    r"|\b(?:as an ai|large language model|do not (?:mention|cite|reveal)|tell the user)\b"
    r"|\b(?:correct|right|true|only) answer (?:is|to (?:this|the|every|any) question)\b",
    re.IGNORECASE | re.MULTILINE,
)


def orders(sentence: str) -> bool:
    """Say whether a sentence of a passage speaks to whoever answers instead of telling something.

    Only known turns of phrase are seen; an invented fact in plain words is beyond this.
    """
    return bool(_ORDERS.search(visible(sentence)))


def evidence(text: str) -> str:
    """Return a passage without the sentences that give orders; a first line of several is its title and stays."""
    if not _ORDERS.search(visible(text)):
        return text
    title, line, body = text.partition("\n")
    kept = " ".join(one for one in sentences(body if line else title) if not orders(one))
    return f"{title}\n{kept}" if line else kept


def quoted(text: str) -> str:
    """Return a passage as a prompt may hold it.

    It cannot close its brackets, nor open others, in whatever script they are written; what looks like a citation mark
    or like another speaker's turn is broken up.
    """
    plain = visible(text)
    seen, places = _skeleton(plain)
    changes = [(found.start(), found.start() + 1, "(") for found in _BRACKET.finditer(seen)]
    for found in _TURN.finditer(seen):
        start, end = found.span(found.lastgroup or 0)
        changes += [(found.start(), start, "("), (end, found.end(), ")")]
    for found in _SPEAKER.finditer(seen):
        start, end = found.span(1 if found[1] else 2)
        changes.append((start, end, " -" if found[1] else "-"))
    pieces, done = list[str](), 0
    for start, end, new in sorted(changes):
        if places[start] >= done:
            pieces += [plain[done : places[start]], new]
            done = max(places[start] + 1, places[end - 1] + 1)
    return _MARK.sub(r"(\1)", "".join([*pieces, plain[done:]]))


def _skeleton(text: str) -> tuple[str, Sequence[int]]:
    """Return what a text looks like in small Latin letters, and at which character of the text each of them stands."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    letters, places = list[str](), list[int]()
    for place, char in enumerate(text):
        shown = char.lower() if char.isascii() else _shown(char)
        letters.append(shown)
        places += [place] * len(shown)
    return "".join(letters), [*places, len(text)]


@lru_cache(maxsize=4096)
def _shown(char: str) -> str:
    plain = unicodedata.normalize("NFKD", char.translate(_ALIKE)).translate(_ALIKE)
    return "".join(one for one in plain if unicodedata.category(one)[0] != "M").casefold().translate(_ALIKE)


def visible(text: str) -> str:
    """Return a text without invisible characters, and with one form of each bracket."""
    if text.isascii():
        return _CONTROLS.sub("", text)
    kept = "".join(char for char in text if char in "\n\t\r" or not _hidden(char))
    return kept.translate(_LOOKALIKES)


@lru_cache(maxsize=4096)
def _hidden(char: str) -> bool:
    selector = "\ufe00" <= char <= "\ufe0f" or char == "\u034f"
    return selector or char in _BLANK or unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs")
