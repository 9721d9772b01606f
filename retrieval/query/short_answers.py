"""Short answers: dates, numbers and names in passages, by the type of answer that a question asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from ...core.dates import BORN, DIED, NUMBER, dates
from ...core.types import Passage
from ...core.words import STOP, WORD, content_words, fold, is_capital, name_key, sentences, word_key
from ..run import Run


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


_ROWS = Path(__file__).with_name("evoked.tsv").read_text("utf-8").splitlines()[1:]
#: the stem of a word of a question, and of those that stand for it in an answering text
_EVOKED = {
    word_key(asked): frozenset(map(word_key, told.split())) for asked, told in (row.split("\t") for row in _ROWS)
}


def evoked(key: str) -> frozenset[str]:
    """Return the word keys under which a word of a question, by its own key, may stand in an answering text."""
    return _EVOKED.get(key, frozenset()) | {key}


def evokes(keys: Iterable[str], text: frozenset[str]) -> set[str]:
    """Return those of a question's keys that a text holds, or what they look like there."""
    return {key for key in keys if not text.isdisjoint(evoked(key))}


#: What a name that the passage itself bears loses where a place is asked for, and what a date gains that is the birth's
#: or death's, whichever is asked for.
OWN = 0.8
DATED = 0.6
#: What is left of nearness across the end of a clause, and where the question's word follows the candidate.
CLAUSE = 0.6
BEHIND = 0.7
#: Words after which nearness counts half, and letters of a word.
REACH = 4.0
LETTERS = 6.0
# What a word weighs at least, however common.
_LEAST = 0.1

_PIECE = re.compile(r"[^\W_]+")
_QUOTED = re.compile('["“]([^"”]{2,60})["”]')
_IS_A = re.compile(r"\b(?:is|was|are|were) (?:an?|the|one of the) ([^.;:()]{3,120})")
_LIST = re.compile(r",| and | who | that | which | of | in | for | from | best known | known ")
_PLACED = re.compile(r"\b(?:in|at|from|near|to|of|outside|into)\s+(?:the\s+)?$", re.IGNORECASE)
_ARTICLE = re.compile(r"\b(?:is|was|are|were)\s+(?:an?|the)\s+(?:\w+\s+)?$")
_ADJECTIVE = re.compile(r"\b(?:an?|the|\d{4}|other|former)\s+$")
_CAUSE = re.compile(
    r"\b(?:died|death|killed|dead)\b[^.;]*? (?:from|of|due to|caused by|by) (?:an? )?"
    r"([a-z][a-z -]{3,40}?)(?=[.,;]| in | at | on |$)"
)
_TOKEN = re.compile(r"[^\W_]\.(?=\s)|[^\W_](?:[\w'’.&-]*[^\W_])?")
# Lower-case words that may stand inside a person's or a place's name.
_PARTICLES = frozenset("of the de la le les von van der den du da do dos di del el al ibn bin y".split())
_PERSONAL = re.compile(
    r"\b(?:by|with|of|and|actor|actress|director|singer|writer|mr|mrs|sir|king|queen|prince|princess|son|daughter|wife|"
    r"husband|mother|father|named|starring|stars|married)[,:]?\s+$",
    re.IGNORECASE,
)
_THINGS = re.compile(
    r"\b(?:the|university|college|school|film|company|award|awards|band|records|league|church|inc|museum|association|"
    r"festival|house|county|river|city|street|park|party|club|fc|american|british|english|french|german|italian)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;:()–—]|, | and | but | while | who | which | starring ")


_HEADS = frozenset({"player", "director", "coach", "driver", "artist", "engineer"})


class AnswerCandidate(NamedTuple):
    """A stretch of a sentence and how well its kind fits, from 0 to 1."""

    text: str
    start: int
    end: int
    fit: float


@dataclass(frozen=True, slots=True)
class QuestionWords:
    """What is known of a question: its words with their weights, the kind of its answer, its name key."""

    weights: Mapping[str, float]
    kind: AnswerType
    key: str

    @classmethod
    def of(cls, question: str, run: Run | None = None) -> QuestionWords:
        """Return what there is to know; without a run all words weigh the same."""
        words = {word_key(word): word for word in content_words(question)}
        weights = {key: max(_LEAST, run.rarity(word)) if run else 1.0 for key, word in words.items()}
        return cls(weights, wanted(question), f" {name_key(question)} ")

    def says(self, text: str) -> bool:
        """Say whether the question itself holds a name."""
        return f" {name_key(text)} " in self.key


def candidates(text: str, asked: QuestionWords, title: frozenset[str]) -> Iterator[AnswerCandidate]:
    """Yield the stretches of a sentence that are of the kind that is asked for."""
    if asked.kind is AnswerType.DATE:
        yield from _dates(text, asked)
    elif asked.kind is AnswerType.NUMBER:
        yield from _numbers(text)
    elif asked.kind is AnswerType.WORK:
        yield from _nouns(text, 1.0)
    else:
        yield from _names(text, asked, title)
        if asked.kind is AnswerType.THING:
            yield from _nouns(text, 0.2)


def _dates(text: str, asked: QuestionWords) -> Iterator[AnswerCandidate]:
    """Yield dates; a whole one fits better than a year, and a birth's not where a death is asked for."""
    of = (
        DIED
        if asked.weights.keys() & {"die", "died", "death"}
        else BORN
        if asked.weights.keys() & {"born", "birth"}
        else ""
    )
    for one in dates(text):
        date = text[one.start : one.end]
        fit = 0.7 if len(_PIECE.findall(date)) > 2 else 0.4
        yield AnswerCandidate(
            date, one.start, one.end, fit + (DATED if of and one.of == of else -DATED if of and one.of else 0.0)
        )


def _numbers(text: str) -> Iterator[AnswerCandidate]:
    """Yield numbers; those that belong to a date hardly fit."""
    spans = [(one.start, one.end) for one in dates(text)]
    for found in NUMBER.finditer(text):
        dated = any(start <= found.start() < end for start, end in spans)
        yield AnswerCandidate(found.group(), found.start(), found.end(), 0.2 if dated else 1.0)


def _nouns(text: str, fit: float) -> Iterator[AnswerCandidate]:
    """Yield what somebody or something is said to be: the last words of each item after "is a"."""
    for found in _IS_A.finditer(text):
        start = found.start(1)
        for piece in _LIST.split(found.group(1)):
            at = text.find(piece, start)
            words = [word for word in piece.split() if word[:1].islower() and fold(word) not in STOP]
            if words and at >= 0:
                said = " ".join(words[-2:] if words[-1] in _HEADS else words[-1:])
                yield AnswerCandidate(said, at, at + len(piece), fit)


def _names(text: str, asked: QuestionWords, title: frozenset[str]) -> Iterator[AnswerCandidate]:
    """Yield the names of a sentence and what it quotes; what is called like the passage itself is no place."""
    for start, end in _spans(text):
        name = text[start:end]
        fit = _fit(name, text[max(0, start - 24) : start], text[end : end + 2], asked.kind)
        own = asked.kind in (AnswerType.PLACE, AnswerType.NATION) and not title.isdisjoint(keys_of(name))
        yield AnswerCandidate(name, start, end, fit - OWN if own else fit)
    if asked.kind is AnswerType.THING:
        for pattern, fit in ((_QUOTED, 0.5), (_CAUSE, 1.0)):
            yield from (
                AnswerCandidate(found[1], found.start(1), found.end(1), fit) for found in pattern.finditer(text)
            )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names stand: capitalised words joined over particles, without dates and opening function words."""
    taken = [(one.start, one.end) for one in dates(text)]
    run: list[re.Match[str]] = []
    for token in [*_TOKEN.finditer(text), None]:
        if token is None or (run and text[run[-1].end() : token.start()] != " ") or not _goes_on(token, run, taken):
            while run and not is_capital(run[-1].group()):
                run.pop()
            while len(run) > 1 and fold(run[0].group()) in STOP:
                run.pop(0)
            if run and fold(run[0].group()) not in STOP:
                yield run[0].start(), run[-1].end()
            run = []
        if token is not None and (run or token.group()[0].isupper()) and _goes_on(token, run, taken):
            run.append(token)


def _goes_on(token: re.Match[str], run: Sequence[re.Match[str]], taken: Sequence[tuple[int, int]]) -> bool:
    """Say whether a word may belong to a name that begins before it, or begin one."""
    word = token.group()
    return (is_capital(word) or bool(run and word in _PARTICLES)) and not any(
        start <= token.start() < end for start, end in taken
    )


def _fit(name: str, before: str, after: str, kind: AnswerType) -> float:
    """Return how much a name looks like what is asked for, by its own words and what stands around it."""
    words = name.split(" ")
    if kind is AnswerType.NATION:
        return 1.0 if _ARTICLE.search(before) and after[1:].islower() else 0.3 if _PLACED.search(before) else 0.0
    if len(words) == 1 and after[:1] in (" ", "-") and after[1:].islower() and _ADJECTIVE.search(before):
        return 0.0
    odd = bool(_THINGS.search(name)) or any(char.isdigit() for char in name)
    if kind is AnswerType.PERSON:
        return (0.0 if odd else 0.6 if 1 < len(words) < 5 else 0.3) + (0.4 if _PERSONAL.search(before) else 0.0)
    if kind is AnswerType.PLACE:
        return (0.3 if len(words) < 4 else 0.0) + (
            0.7 if _PLACED.search(before) else 0.5 if before.endswith(", ") else 0.0
        )
    return 0.5


def nearness(
    one: AnswerCandidate, text: str, around: Sequence[tuple[int, int, str]], weights: Mapping[str, float]
) -> float:
    """Return how near the open words of the question stand to a candidate, from 0 to 1."""
    nearest: dict[str, float] = {}
    for start, end, key in around:
        if start < one.end and one.start < end:
            continue
        between = text[end : one.start] if end <= one.start else text[one.end : start]
        weight = (BEHIND if start >= one.end else 1.0) * (CLAUSE if _CLAUSE.search(between) else 1.0)
        gap = (one.start - end if end <= one.start else start - one.end) / LETTERS
        nearest[key] = max(nearest.get(key, 0.0), weight / (1 + max(0.0, gap) / REACH))
    total = sum(weights.values())
    return sum(weights[key] * value for key, value in nearest.items()) / total if total else 0.0


def around(text: str, weights: Mapping[str, float]) -> list[tuple[int, int, str]]:
    """Return where the words of the question stand in a sentence, or what they look like there.

    Before the dates of a span of life, as in (1884 – 1934), stand a birth and a death that nobody spells out.
    """
    looks = {key: evoked(key) for key in weights}
    found = [(match.start(), match.end(), word_key(fold(match.group()))) for match in WORD.finditer(text)]
    found += [(one.start, one.start, one.of) for one in dates(text) if one.of]
    return [(start, end, key) for start, end, word in found for key, own in looks.items() if word in own]


def keys_of(text: str) -> frozenset[str]:
    return frozenset(map(word_key, content_words(text)))


#: Passages and sentences of each that are looked at, and answers that are returned.
PASSAGES = 5
HEAD = 12
MOST = 10
#: What a candidate's score is made of: its sentence's share of the question less what later sentences lose, the
#: nearness of the words that the title leaves open, the fit of its kind; and what a title has instead of the last two.
LATER = 0.03
NEARNESS = 1.0
KIND = 0.6
TITLE = 0.3
# What each place further down the ranking costs.
DOWN = 0.12

_TAIL = re.compile(r"\s*\([^)]*\)$")
_NAMED = frozenset({AnswerType.PERSON, AnswerType.PLACE, AnswerType.THING, AnswerType.CHOICE, AnswerType.POLAR})


class ShortAnswer(NamedTuple):
    """A string that may be the answer, how good it is (higher is better), and the passage's place, from 0."""

    text: str
    score: float
    passage: int


def short_answers(question: str, passages: Sequence[Passage], run: Run | None = None) -> list[ShortAnswer]:
    """Return what may answer a question, best first, each string once, and nothing that the question says itself.

    `run` tells how rare words are in the collection, of whatever question it is the run; without one all count alike.
    Yes, no and the choice between two names are no short answers: for such a question names and dates are returned.
    """
    asked = QuestionWords.of(question, run)
    best: dict[str, ShortAnswer] = {}
    for place, passage in enumerate(passages[:PASSAGES]):
        for text, score in _of_passage(asked, passage):
            made = ShortAnswer(text, round(score - DOWN * place, 4), place)
            key = name_key(text)
            if key and (key not in best or best[key].score < made.score):
                best[key] = made
    return sorted(best.values(), key=lambda one: (-one.score, one.passage, one.text))[:MOST]


def fits(
    asked: QuestionWords, text: str, title: frozenset[str], settled: frozenset[str]
) -> tuple[float, float, float, float, float]:
    """Return how good the best candidates of a sentence are: in kind, nearness, nearness to what is left, and both.

    Nearness is that to the words of the question that the title does not answer, and what is left are those that is
    not `settled` either; the last two are the best candidate's kind and nearness together. All are 0 without one; use
    `short_answers` for the candidates themselves.
    """
    found = [one for one in candidates(text, asked, title) if not asked.says(one.text)]
    fit, nearest, both = max((one.fit for one in found), default=0.0), [], []
    for done in (title, title | settled):
        left = {key: weight for key, weight in asked.weights.items() if key not in done}
        places = around(text, left) if found else []
        near = [nearness(one, text, places, left) for one in found]
        nearest.append(max(near, default=0.0))
        both.append(
            max((NEARNESS * value + KIND * one.fit for value, one in zip(near, found, strict=True)), default=0.0)
        )
    return fit, nearest[0], nearest[1], both[0], both[1]


def _of_passage(asked: QuestionWords, passage: Passage) -> Iterator[tuple[str, float]]:
    """Yield the candidates of a passage with their scores; its title answers for the sentence that fits best."""
    title, bare = keys_of(passage.title), _TAIL.sub("", passage.title)
    total = sum(asked.weights.values()) or 1.0
    left = {key: weight for key, weight in asked.weights.items() if key not in title}
    for number, text in enumerate(sentences(passage.text)[:HEAD]):
        share = sum(asked.weights[key] for key in evokes(asked.weights, keys_of(text) | title)) / total - LATER * number
        places = around(text, left)
        for one in candidates(text, asked, title):
            if not asked.says(one.text):
                yield one.text, share + NEARNESS * nearness(one, text, places, left) + KIND * one.fit
        if bare and asked.kind in _NAMED and not asked.says(bare):
            yield bare, share + TITLE
