"""Retrieved text is data: it stays inside its brackets, and sentences that give orders to a model bear nothing out."""

from __future__ import annotations

import re
import unicodedata

from ..core.words import sentences

# Everything that may be taken for an angle or a square bracket, by what it looks like.
_LOOKALIKES = str.maketrans(
    dict.fromkeys("＜﹤‹〈⟨❮⧼˂", "<")
    | dict.fromkeys("＞﹥›〉⟩❯⧽˃", ">")
    | dict.fromkeys("［【〔⟦", "[")
    | dict.fromkeys("］】〕⟧", "]")
)
_BRACKET = re.compile(r"<[\s/\\]*p\s*a\s*s\s*s\s*a\s*g\s*e", re.IGNORECASE)
_MARK = re.compile(r"\[(\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*)\]")
# The marks by which chat templates tell speakers apart.
_TURN = re.compile(r"<\|([^|<>]{1,40})\|>|\[(/?INST)\]|<<(/?SYS)>>")

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
    plain = _BRACKET.sub(lambda found: "< " + found.group()[1:], plain)
    plain = _TURN.sub(lambda found: f"({found[1] or found[2] or found[3]})", plain)
    return _MARK.sub(r"(\1)", plain)


def visible(text: str) -> str:
    """Return a text without invisible characters, and with one form of each bracket."""
    if text.isascii():
        return text
    kept = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Co", "Cn"))
    return kept.translate(_LOOKALIKES)
