"""What a request asks for, apart from what it tells us to leave out or to keep to: rules, without a language model.

    parse("Who directed GoldenEye? Nothing about Casino Royale, and only after 2020.")

A clause counts as an instruction only where it is set apart from the question: as a sentence of its own that is not a
question, before it, or behind it. The same words inside a question are its content ("Which film without dialogue won an
award?", "Gone Without a Trace"): an instruction that is missed costs less than a question that is cut short.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

from ...core.words import content_words
from . import phrases
from .period import OPEN, Period, period

#: a request that is longer is no request but a text
LONGEST = 2_000
MOST_WORDS = 12
MOST = 8
ROUNDS = 6


@dataclass(frozen=True, slots=True)
class Instructions:
    """A request taken apart: the question that is left, and what was said about it.

    `exclusions` are topics to leave out, `required` is what passages are to mention, `period` the years to keep to, and
    `fields` pairs of a metadata key and the value it is to have.
    """

    query: str
    exclusions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    period: Period = OPEN
    fields: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.exclusions or self.required or self.period != OPEN or self.fields)


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and what is needed to read on."""

    today: date
    keys: dict[str, str]
    exclusions: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Sentence:
    """A sentence, and the same with its quotations masked, so that no rule reads inside them."""

    text: str
    masked: str

    def cut(self, start: int, end: int) -> None:
        """Take a part out."""
        self.text = self.text[:start] + self.text[end:]
        self.masked = self.masked[:start] + self.masked[end:]


# No sentence ends with an initial or with what is always short, unless a question follows.
_SHORT = "".join(
    rf"(?<!\b{short}\.)" for short in ("[A-Z]", "Mr", "Mrs", "Ms", "Dr", "St", "Mt", "Jr", "Sr", "v", "vs", "No")
)
_ASKING = r"(?:Who|Whom|Whose|What|Which|Where|When|Why|How|Is|Are|Was|Were|Do|Does|Did|Find|List)\b"
_SENTENCE_END = re.compile(rf"(?<=\?)\s+|(?<=[.!])\s+(?={_ASKING})|{_SHORT}(?<=[.!])\s+(?=[\"“'(A-Z0-9])|\s*\n\s*")
_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|«[^»\n]+»|(?<!\w)'[^'\n]+'(?!\w)")
_LEFT_OVER = re.compile(r"(?:[\s,;:(–—-]|\b(?:but|and|yet)$)+$", re.IGNORECASE)
_LIST = re.compile(r"\s*,?\s+(?:or|nor)\s+(?:(?:about|on)\s+)?|\s*/\s+", re.IGNORECASE)
_ITEMS = re.compile(r"\s*,\s+")
_TWO = re.compile(r"\s*,?\s+and\s+(?:(?:about|on)\s+)?")
_PLAIN = (*phrases.BEHIND[1:], *phrases.NAMED)
_NOT = (*phrases.BEHIND[3:], *phrases.NAMED)
_MARKS = " \t.,;:'\"“”«»‘’"
_POINTS_BACK = frozenset("it its them that this those these him her anything everything".split())
_OF_THE_QUESTION = frozenset("of in on to by from at for being having as if when with".split())
_ARTICLES = frozenset(("a", "an", "the"))


def parse(request: str, *, today: date | None = None, keys: Collection[str] = ()) -> Instructions:
    """Return what is asked and what is said about it; a request without instructions comes back letter by letter.

    `keys` are the metadata keys that "only from KEY VALUE" may name; `today` is what "the last five years" ends with.
    """
    if len(request) > LONGEST or not phrases.CUE.search(request):
        return Instructions(request)
    reading = _Reading(today or date.today(), {key.lower(): key for key in keys})
    asked = [rest for sentence in _sentences(request) if (rest := _read(sentence, reading))]
    read = Instructions(
        " ".join(asked),
        exclusions=tuple(dict.fromkeys(reading.exclusions))[:MOST],
        required=tuple(dict.fromkeys(reading.required))[:MOST],
        period=Period.all_of(reading.periods),
        fields=tuple(dict.fromkeys(reading.fields))[:MOST],
    )
    return read if read and content_words(read.query) else Instructions(request)


def _sentences(request: str) -> Iterator[_Sentence]:
    masked = _QUOTED.sub(lambda match: f"Q{'q' * (len(match.group()) - 1)}", request)
    start = 0
    for end in _SENTENCE_END.finditer(masked):
        yield _Sentence(request[start : end.start()], masked[start : end.start()])
        start = end.end()
    yield _Sentence(request[start:], masked[start:])


def _read(sentence: _Sentence, reading: _Reading) -> str:
    """Return what a sentence asks after its instructions were noted; nothing if it is one itself."""
    asks = sentence.text.rstrip().endswith("?")
    for _ in range(ROUNDS):
        if not asks and _is_limit(sentence, reading):
            return ""
        if not (_take_behind(sentence, reading) or _take_ahead(sentence, reading)):
            return "" if not asks and _note(sentence, phrases.SENTENCE, reading.exclusions) else sentence.text.strip()
        rest = _LEFT_OVER.sub("", sentence.text).strip()
        sentence.text = f"{rest}?" if asks and not rest.endswith("?") else rest
        sentence.masked = sentence.masked[: len(rest)] + ("?" if len(sentence.text) > len(rest) else "")
    return sentence.text.strip()


def _is_limit(sentence: _Sentence, reading: _Reading) -> bool:
    """Note what a sentence says that as a whole tells what to keep to."""
    if _note_period(sentence, reading, (phrases.NOT_THEN[0],), (*phrases.THEN[:2],)):
        return True
    if _note(sentence, (phrases.REQUIRED[0], phrases.REQUIRED[2]), reading.required):
        return True
    return _note_field(sentence, reading, 0)


def _take_behind(sentence: _Sentence, reading: _Reading) -> bool:
    """Note the last instruction behind a question and cut it off."""
    length = len(sentence.text)
    took = (
        _note_period(sentence, reading, phrases.NOT_THEN[1:], phrases.THEN[2:6])
        or _note(sentence, (phrases.REQUIRED[1], phrases.REQUIRED[3]), reading.required)
        or _note_field(sentence, reading, 1)
        or _note(sentence, phrases.BEHIND, reading.exclusions)
        or _note(sentence, phrases.PLAIN, reading.exclusions)
        or _note(sentence, phrases.NAMED, reading.exclusions, named=sentence.masked != sentence.masked.lower())
    )
    if not took and not phrases.AUXILIARY.match(sentence.text.lstrip()):
        _note(sentence, phrases.PLAINLY_NOT, reading.exclusions)
    if len(sentence.text) == length and phrases.IMPERATIVE.match(sentence.masked):
        _cut_middle(sentence, reading)
    return len(sentence.text) < length


def _take_ahead(sentence: _Sentence, reading: _Reading) -> bool:
    """Note an instruction before a question and cut it off."""
    length = len(sentence.text)
    took = _note_period(sentence, reading, (), phrases.THEN[6:]) or _note(sentence, phrases.AHEAD, reading.exclusions)
    if took:
        sentence.text = sentence.text[:1].upper() + sentence.text[1:]
    return len(sentence.text) < length


def _cut_middle(sentence: _Sentence, reading: _Reading) -> None:
    if match := phrases.DOCUMENTS_OF.search(sentence.masked):
        reading.periods.append(period(match.group("period"), reading.today))
        sentence.cut(*match.span("cut"))


def _note(sentence: _Sentence, rules: Collection[re.Pattern[str]], topics: list[str], *, named: bool = False) -> bool:
    """Note the topics of the first rule that fits, and cut its words out."""
    for rule in rules:
        match = rule.search(sentence.masked)
        if match is None or ((bound := match.groupdict().get("before")) is not None and not content_words(bound)):
            continue
        said = sentence.text[slice(*match.span("x"))]
        if _is_content(said, rule):
            continue
        if found := _topics(said, named=named):
            topics += found
            sentence.cut(match.end("before") if bound is not None else match.start(), match.end())
            return True
    return False


def _note_period(
    sentence: _Sentence,
    reading: _Reading,
    inverted: Collection[re.Pattern[str]],
    straight: Collection[re.Pattern[str]],
) -> bool:
    for rule in (*inverted, *straight):
        match = rule.search(sentence.masked)
        if match is None:
            continue
        years = period(match.group("period"), reading.today)
        if rule in inverted:
            years = years.inverted()
        bound = match.groupdict().get("before")
        if years == OPEN or (bound is not None and not content_words(bound)):
            continue
        reading.periods.append(years)
        sentence.cut(match.end("before") if bound is not None else match.start(), match.end())
        return True
    return False


def _note_field(sentence: _Sentence, reading: _Reading, place: int) -> bool:
    """Note "only from KEY VALUE" where a key of the collection is named."""
    if not reading.keys:
        return False
    keys = "|".join(re.escape(key) for key in sorted(reading.keys, key=len, reverse=True))
    match = phrases.of_field(keys)[place].search(sentence.masked)
    if match is None:
        return False
    value = sentence.text[slice(*match.span("x"))].strip(_MARKS)
    reading.fields.append((reading.keys[match.group("key").lower()], value))
    sentence.cut(match.end("before") if place else match.start(), match.end())
    return True


def _is_content(said: str, rule: re.Pattern[str]) -> bool:
    """Say whether a phrase that was told by no word for topics begins like a part of the question."""
    first = said.split()[0] if rule in _PLAIN and said.split() else ""
    if first in _OF_THE_QUESTION or (first in _ARTICLES and rule in _NOT):
        return True
    return first.islower() and "," in said and len(_parts(said)) == 1


def _topics(said: str, *, named: bool) -> list[str]:
    """Return the topics that a phrase lists; none if one of them can be none."""
    if named and not (said[:1].isupper() or said[:1] in "\"“«'"):
        return []
    found = [_topic(part) for part in _parts(said)]
    return found if all(found) else []


def _parts(said: str) -> list[str]:
    """Return the items of a list; a comma or an "and" may stand in a name, unless more of them follow."""
    if said[:1] in '"“«' and _QUOTED.fullmatch(said.strip()):
        return [said]
    parts = [part for part in _LIST.split(said) if part]
    if len(parts) > 1:
        return [item for part in parts for item in _ITEMS.split(part)]
    items = _ITEMS.split(said)
    last = _TWO.split(items[-1])
    if len(items) > 1 and (len(last) > 1 or items[-1].startswith("and ")):
        return [*items[:-1], *(one.removeprefix("and ") for one in last)]
    two = _TWO.split(said)
    lower = len(two) == 2 and not (two[0][:1].isupper() and two[1][:1].isupper())
    return two if lower else [said]


def _topic(part: str) -> str:
    topic = part.strip(_MARKS)
    while match := phrases.KIND.match(topic):
        topic = topic[match.end() :]
    words = topic.split()
    if len(words) > MOST_WORDS or not content_words(topic) or topic.lower() in _POINTS_BACK:
        return ""
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)
