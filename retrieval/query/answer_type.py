"""What kind of answer a question asks for, told by its words."""

from __future__ import annotations

import re
from enum import StrEnum

from ...core.words import fold


class AnswerType(StrEnum):
    """What an answer is."""

    DATE = "date"
    NUMBER = "number"
    PERSON = "person"
    PLACE = "place"
    NATION = "nationality"
    WORK = "occupation"
    POLAR = "yes or no"
    CHOICE = "one of two"
    THING = "thing"


_POLAR = re.compile(r"^\W*(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b")
_COMPARED = re.compile(
    r"\b(?:older|oldest|younger|youngest|earlier|earliest|later|latest|first|last|longer|longest|more|most|fewer|less|"
    r"recently|larger|largest|bigger|higher|taller|closer)\b"
)
_PEOPLE = (
    "person man woman actor actress director singer musician player composer author writer poet artist painter king "
    "queen president politician minister rapper architect scientist philosopher coach manager driver founder inventor "
    "comedian novelist producer host journalist performer emperor senator governor wife husband spouse mother father "
    "son daughter brother sister sibling child uncle aunt grandfather grandmother"
).replace(" ", "|")
_PLACES = (
    "city country state county town village place region province district island continent location capital nation "
    "borough suburb municipality territory river"
).replace(" ", "|")
_ASKS = r"\b(?:what|which|whose|name (?:of )?the)\b(?:\W+\w+){0,3}?\W+"
#: In this order: what stands first in it decides.
_CUES: tuple[tuple[AnswerType, re.Pattern[str]], ...] = (
    (
        AnswerType.NUMBER,
        re.compile(r"\bhow (?:many|much|tall|long|far|large|big|high|deep|wide)\b|\b(?:what|which) number\b"),
    ),
    (AnswerType.NUMBER, re.compile(r"\b(?:population|percentage|how often)\b.*\?")),
    (
        AnswerType.DATE,
        re.compile(r"\bwhen\b(?! [a-z]+ing\b)|\b(?:what|which) (?:\w+ )?(?:year|date|month|day|decade|century)\b"),
    ),
    (AnswerType.DATE, re.compile(r"\bdate of\b|\bhow old\b|\bbirthday\b")),
    (AnswerType.WORK, re.compile(r"\b(?:what|which)\b.{0,40}\b(?:occupation|profession|job)\b|\bdo for a living\b")),
    (AnswerType.NATION, re.compile(r"\bnationality\b")),
    (AnswerType.PLACE, re.compile(rf"\bwhere\b|\bplace of\b|{_ASKS}(?:{_PLACES})\b")),
    (AnswerType.PERSON, re.compile(rf"\bwho(?:m|se)?\b(?!.*\b(?:what|which)\b)|{_ASKS}(?:{_PEOPLE})\b")),
)


def wanted(question: str) -> AnswerType:
    """Return what kind of answer a question asks for."""
    asked = fold(question)
    if " or " in asked and (_COMPARED.search(asked) or re.search(r"\b(?:which|who|what)\b", asked)):
        return AnswerType.CHOICE
    if _POLAR.search(asked):
        return AnswerType.POLAR
    return next((kind for kind, cue in _CUES if cue.search(asked)), AnswerType.THING)
