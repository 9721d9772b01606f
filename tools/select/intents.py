"""Intents: the single things that a request asks for, cut out of it by rules."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.words import STOP
from .glossary import WORDS
from .lexicon import parts

MOST = 8
_LEAST_WORDS = 2

_HELD = re.compile(
    r"\"[^\"]{1,200}\"|“[^”]{1,200}”|(?<!\w)'[^']{1,120}'(?!\w)|`[^`]{1,120}`|\([^)]{1,200}\)|\[[^\]]{1,300}\]"
    r"|https?://\S+"
)
_SENTENCE = re.compile(
    r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9¿¡])|[;\n]+\s*|(?:(?<=\s)|^)(?:\d{1,2}[.)]|[-*•])\s+|(?<=[。！？；])"
)
_VERBS = WORDS["en verbs"].replace(" ", "|")
_ASKING = r"what|which|when|where|who|how|whether|if|to"
_JOINT = re.compile(
    r"(?:,\s*|\s+)(?:and\s+then|and\s+also|and\s+finally|as\s+well\s+as|but\s+also|after\s+that|afterwards?"
    r"|followed\s+by|along\s+with|in\s+addition\s+to|plus)\s*,?\s+"
    r"|,\s*(?:then|finally|also|next|additionally|lastly)\s*,?\s+"
    r"|(?:,\s*(?:and|or)?|\s+and|\s+then)\s+"
    rf"(?=(?:(?:please|also|then|finally|i(?:'d)?|we|you|it|would|like|{_ASKING})\s+)*(?:{_VERBS})\b)"
    rf"|(?:,\s*|\s+)and\s+(?=(?:{_ASKING}|i)\b)",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:[\s,.;:]*(?:and|then|also|finally|additionally|furthermore|moreover|lastly|next|firstly|first|secondly|second"
    r"|thirdly|third|after that|afterwards|in addition|besides|plus|please|kindly)\b[\s,:]*)+",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"""(?:\s*(?:
      (?:can|could|would|will)\s+you(?:\s+(?:please|kindly|also|then|help|assist))*(?:\s+(?:me|us|him|her|them))?
        (?:\s+(?:by|to|with|in))?
    | please | kindly | also
    | (?:i|we)(?:'d|\s+would)\s+(?:also\s+|really\s+)?(?:like|love|appreciate)(?:\s+(?:you\s+)?to)?
    | (?:i|we)(?:'m|'re|\s+am|\s+are)\s+(?:(?:also|particularly|really|specifically)\s+)*
        (?:looking|interested|trying|curious|seeking)(?:\s+(?:for|in|to|about))?
    | (?:i|we|she|he|they)\s+(?:(?:also|would|will|really)\s+)*(?:needs?|wants?|wish|requires?)
        (?:\s+(?:you\s+)?to|\s+your\s+(?:help|assistance)(?:\s+(?:in|with|to))?
        |\s+some\s+(?:help|assistance)\s+(?:in|with))?
    | (?:need|want|would\s+like|wish)(?:\s+to)?
    | (?:help|assist)\s+(?:me|us)(?:\s+(?:to|with|in|by))?
    | it\s+would\s+(?:also\s+)?be\s+\w+\s+(?:if\s+(?:you|i|we)\s+could|to)
    | let\s+(?:me|us)\s+know | tell\s+(?:me|us) | inform\s+me
    | (?:give|show|provide|get|fetch|retrieve|obtain|have|access|know)\s+(?:me|us|him|her|them)(?:\s+with)?
    | provide(?:\s+with)? | know | obtain | have | gather | receive
    )\b[\s,:]*)+""",
    re.IGNORECASE | re.VERBOSE,
)
# Who asks, and what for: it names things that no tool is wanted for.
_SETTING = re.compile(
    r"""(?:as\s+an?\s+[^,]+,\s*)?(?:i|we)(?:['’](?:m|re|ve)|\s+(?:am|are|have\s+been))\s+
          (?!looking|interested|trying|curious|seeking|in\s+need)
      | my\s+[\w'’\s-]{2,40}?\s+(?:is|are|has|have|wants?|and\s+i)\b
      | (?:this|the)\s+(?:information|data|details)\s+(?:will|would)\b
      | (?:thanks?|once|i\s+hope|it\s+would\s+help)\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Values that say nothing of what is to be done with them: addresses, identifiers, long numbers.
_VALUE = re.compile(r"https?://\S+|\b(?=[\w\-]*\d)(?=[\w\-]*[A-Za-z])[\w\-]{7,}\b|\b\d{5,}\b|\b\d+\.\d{3,}\b")


def intents(request: str) -> list[str]:
    """Return the clauses of a request in its own words, at most `MOST`; a request that asks one thing gives one.

    Sentences, lists, and clauses that begin with a verb or a question word behind a conjunction are taken apart; what
    stands in quotes or brackets never is. Clauses of fewer than two meaningful words are left out, and those that only
    tell who asks and why, where anything else is asked. The rules are English; any other language is cut into
    sentences.
    """
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\0{len(held) - 1}\1"

    def back(text: str) -> str:
        return re.sub("\0(\\d+)\1", lambda match: held[int(match[1])], text)

    found: list[str] = []
    for sentence in _SENTENCE.split(_HELD.sub(hold, request.replace("\0", " ").replace("\1", " "))):
        for clause in _JOINT.split(sentence):
            link = _LINK.match(clause)
            text = back(clause[link.end() if link else 0 :].strip(" ,.;:!?"))
            if sum(word not in STOP for word in parts(text)) >= _LEAST_WORDS and text not in found:
                found.append(text)
    return ([text for text in found if not _SETTING.match(text)] or found)[:MOST]


def searched(request: str, found: Sequence[str]) -> list[str]:
    """Return the texts that are searched for: the request, and its intents unless the only one is a part of it."""
    if len(found) == 1 and found[0] in request:
        return [request]
    return [request, *map(essence, found)]


def essence(clause: str) -> str:
    """Return a clause without its polite opening and without values; the clause itself if hardly anything is left."""
    opening = _POLITE.match(clause)
    left = " ".join(_VALUE.sub(" ", clause[opening.end() if opening else 0 :]).split())
    return left if len(parts(left)) >= _LEAST_WORDS else " ".join(clause.split())
