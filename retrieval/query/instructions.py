"""What a request asks for, apart from what it leaves out or keeps to: rules, without a language model.

    parse("Who directed GoldenEye? Nothing about Casino Royale, and only after 2020.")

A clause counts as an instruction only where it is set apart from the question: as a sentence of its own that is not a
question, before it, or behind it. The same words inside a question are its content ("Which film without dialogue won an
award?", "Gone Without a Trace"): an instruction that is missed costs less than a question that is cut short.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel, Field

from ...core.words import content_words, name_key, word_key

#: nouns for what a collection holds
DOCUMENTS = (
    r"(?:documents?|articles?|papers?|passages?|sources?|reports?|results?|publications?|texts?|news|posts?|pages?"
    r"|entries|files?|notes?|records?|stories|hits?|content|material|information|stuff)"
)
_YEAR = r"(?:1\d{3}|20\d{2})"
_COUNTS = "one two three four five six seven eight nine ten".split()
_NUMBER = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)}|few)"
_SIDED = (
    rf"(?:from )?(?:after|later than|newer than|since|before|earlier than|older than|prior to|until|till|up to) {_YEAR}"
    rf"|from {_YEAR} (?:on|onwards?|to {_YEAR})|(?:from )?between {_YEAR} and {_YEAR}"
)
#: a period of years that has a preposition of its own, for use inside a larger pattern
SIDED = f"(?P<period>{_SIDED})"
#: any period of years
PERIOD = (
    rf"(?P<period>{_SIDED}"
    rf"|(?:(?:in|from|of|during|for) )?(?:the )?{_YEAR}(?:s|\s?[-–]\s?{_YEAR})?"
    rf"|(?:(?:in|from|of|during|over|within) )?(?:the )?(?:last|past) (?:{_NUMBER} )?(?:years?|decades?)"
    r")"
)
_RECENT = re.compile(rf"(?:last|past) (?:({_NUMBER}) )?(year|decade)", re.IGNORECASE)
_YEARS = re.compile(_YEAR)
_FEW = 3


@dataclass(frozen=True, slots=True)
class Period:
    """The years from `since` to `until`, both included; None where it is open."""

    since: int | None = None
    until: int | None = None

    @classmethod
    def all_of(cls, periods: Iterable[Period]) -> Period:
        """Return the years that all periods share."""
        listed = list(periods)
        since = [one.since for one in listed if one.since is not None]
        until = [one.until for one in listed if one.until is not None]
        return cls(max(since, default=None), min(until, default=None))

    def inverted(self) -> Period:
        """Return the years that are left when these go; of a closed period nothing can be said."""
        if self.since is not None and self.until is None:
            return Period(until=self.since - 1)
        if self.until is not None and self.since is None:
            return Period(since=self.until + 1)
        return OPEN

    def holds(self, year: int) -> bool:
        """Say whether a year lies in it."""
        return (self.since is None or year >= self.since) and (self.until is None or year <= self.until)

    def __str__(self) -> str:
        if self.since is not None and self.until is not None:
            return f"in {self.since}" if self.since == self.until else f"from {self.since} to {self.until}"
        if self.since is not None:
            return f"since {self.since}"
        return f"until {self.until}" if self.until is not None else "at any time"


OPEN = Period()


def period(said: str, today: date) -> Period:
    """Return the period that a phrase matched by `PERIOD` means."""
    folded = said.lower()
    if recent := _RECENT.search(folded):
        number, unit = recent.groups()
        count = 1 if number is None else _count(number)
        return Period(since=today.year - count * (10 if unit == "decade" else 1))
    years = [int(year) for year in _YEARS.findall(folded)]
    first, last = min(years), max(years)
    if len(years) > 1:
        return Period(first, last)
    if re.search(r"\b(?:after|later|newer)\b", folded):
        return Period(since=first + 1)
    if re.search(r"\b(?:before|earlier|older|prior)\b", folded):
        return Period(until=first - 1)
    if re.search(r"\b(?:until|till|up to)\b", folded):
        return Period(until=first)
    if re.search(r"\bsince\b|\bon(?:wards?)?$", folded):
        return Period(since=first)
    return Period(first, first + 9 if folded.endswith("s") else first)


def _count(word: str) -> int:
    if word.isdigit():
        return int(word)
    return _COUNTS.index(word) + 1 if word in _COUNTS else _FEW


_ABOUT = (
    r"(?:about|on|regarding|concerning|mentioning|involving|covering|(?:that|which) (?:mentions?|covers?|deals? with)"
    r"|related to|relating to|to do with|dealing with|(?:with )?(?:any )?mentions? of)"
)
_THINGS = rf"(?:anything|everything|something|whatever is|any|all|(?:the |any |all )?{DOCUMENTS})"
_VERBS = (
    r"(?:ignor(?:e|ing)|exclud(?:e|ing)|skip(?:ping)?|omit(?:ting)?|avoid(?:ing)?|disregard(?:ing)?|rul(?:e|ing) out"
    r"|leav(?:e|ing) (?:out|aside)|(?:do not|don['’]t|not) (?:includ(?:e|ing)|count(?:ing)?|consider(?:ing)?)"
    r"|(?:do not|don['’]t) (?:use|mention|show|return|give|bring|tell)(?: me| us)?"
    r"|I(?: do not|['’]m not| don['’]t| am not) (?:want|need|care for|interested in)|not interested in)"
)
_SOFT = r"(?:except(?: for)?|with the exception of|other than|apart from|aside from|besides|without|rather than)"
# Bounded, so that a long text costs no more than its length.
_X = r"(?P<x>[^\s?!;()](?:[^?!;()\n]|\([^()\n]{1,60}\)){0,160}?)"
_END = r"(?:,? please|,? thanks?)?[\s.?!)…]*$"
_AND = r"(?:(?:but|and|yet|just|please|only|also|ideally|preferably),? )*"
_SEPARATED = r"(?:\s*[,;:(–—]\s*|\s+-+\s+)"
_NONE = rf"(?:not|nothing|none|no {DOCUMENTS})"
_QUESTION = (
    r"(?:who|whom|whose|what|which|where|when|why|how|in|is|are|was|were|did|do|does|has|have|had|can|could|find|list"
    r"|show|give|tell|name|search|explain|describe)\b"
)
_TOPICAL = (
    rf"(?:{_NONE} {_ABOUT}|(?:{_VERBS}|{_SOFT}|no) (?:{_THINGS} )+{_ABOUT}"
    rf"|(?:{_VERBS}|{_SOFT}|no) (?:any )?mentions? of|without mentioning)"
)
#: topics without anything that sets them apart: what questions do not say of themselves
_PLAIN = (
    rf"(?:(?:nothing|no {DOCUMENTS}) about|(?:ignoring|excluding|leaving out|leaving aside|{_SOFT})"
    rf" (?:{_THINGS} )+{_ABOUT}|without mentioning)"
)
_NEGATED = rf"(?:{_VERBS}|{_NONE}|without|except(?: for)?|no)"
_LIMIT = (
    r"(?:(?:limit(?:ed)?|restrict(?:ed)?|confine(?:d)?|keep|stick)(?: it| this| that| the search| yourself)? to"
    r"|only|just|solely)"
)
_TAKE = r"(?:(?:use|show|give|find|consider|take|include|return|search)(?: me| us)? )?"
_MADE = r"(?:published|written|dated|created|updated)"
_OF_DOCUMENTS = rf"(?:(?:the )?{DOCUMENTS} |{_MADE} )*"
_BEFORE = r"^(?P<before>.*\S)"
# Periods are told by their own words, and begin with one that may be left out.
_FIRST = r"^(?P<before>.*?\S)"


def _rules(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one, re.IGNORECASE | re.DOTALL) for one in patterns)


#: a look at these words tells at once that there is nothing to parse
CUE = re.compile(
    r"\b(?:not|nothing|none|no|\w*n['’]t|ignor\w*|exclu\w*|skip\w*|omit\w*|avoid\w*|disregard\w*|rul(?:e|ing) out"
    r"|leav(?:e|ing) (?:out|aside)|except\w*|other than|apart from|aside from|besides|without|rather than|limit\w*"
    rf"|restrict\w*|confined?|keep|stick|only|just|solely|must|ha(?:s|ve) to|{DOCUMENTS})\b"
    r"|[(–—]\s*(?:from|after|since|before|until|till|up|prior|earlier|later|older|newer|between)\b",
    re.IGNORECASE,
)
#: words that hardly ever stand in a question that has no instruction
SURE_CUE = re.compile(
    r"\b(?:(?:not|nothing|anything|no \w+) (?:about|regarding|concerning)|but not|ignor(?:e|ing)|exclud\w+"
    r"|skip(?:ping)?|disregard\w*|leav(?:e|ing) (?:out|aside)|except|other than|apart from|aside from|besides"
    r"|only (?:after|since|before|from|between|in \d{4}|sources|articles|documents|papers)|not interested"
    r"|(?:do not|don['’]t) (?:include|want|mention|show|use))\b",
    re.IGNORECASE,
)
AUXILIARY = re.compile(r"(?:is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should)\b", re.IGNORECASE)

#: a whole sentence that is no question
SENTENCE = _rules(rf"^{_AND}{_TOPICAL} {_X}{_END}", rf"^{_AND}(?:{_VERBS}|not) {_X}{_END}")
#: before the question
AHEAD = _rules(
    rf"^{_AND}{_TOPICAL} {_X}(?:,? please)?\s*[,:;–—-]\s+(?={_QUESTION})",
    rf"^{_AND}(?:{_VERBS}|except(?: for)?) {_X}(?:,? please)?\s*[,:;–—-]\s+(?={_QUESTION})",
)
#: behind the question and set apart
BEHIND = _rules(
    rf"{_BEFORE}(?:{_SEPARATED}{_AND}|\s+(?:but|and|just),? (?:please )?){_TOPICAL} {_X}{_END}",
    rf"{_BEFORE}{_SEPARATED}{_AND}(?:{_VERBS}|except(?: for)?|other than|with the exception of) {_X}{_END}",
)
#: behind it, not set apart, but of topics
PLAIN = _rules(rf"{_BEFORE}\s+{_PLAIN} {_X}{_END}")
#: the same in a text that does not ask whether something is so
PLAINLY_NOT = _rules(rf"{_BEFORE}\s+not about {_X}{_END}")
#: behind it, of something that is written like a name
NAMED = _rules(rf"{_BEFORE}(?:,\s*|\s+)(?:but not|except(?: for)?|excluding) {_X}{_END}")

#: a whole sentence with years to leave out, and with years to keep to
NOT_THEN = _rules(rf"^{_AND}{_NEGATED} (?:{_THINGS} )*{_OF_DOCUMENTS}{PERIOD}{_END}")
ONLY_THEN = _rules(rf"^{_AND}{_TAKE}{_LIMIT} {_TAKE}{_OF_DOCUMENTS}{PERIOD}{_END}")
#: years to keep to, behind the question and before it
THEN_BEHIND = _rules(
    rf"{_FIRST}(?:{_SEPARATED}|\s+)(?:(?:but|and|please) )*{_LIMIT} {_OF_DOCUMENTS}{PERIOD}{_END}",
    rf"{_FIRST}(?:{_SEPARATED}|\s+){_OF_DOCUMENTS}{PERIOD},? only{_END}",
    rf"{_FIRST}\s*[(–—]\s*{_OF_DOCUMENTS}{SIDED}{_END}",
)
THEN_AHEAD = _rules(rf"^{_AND}{_LIMIT} {_OF_DOCUMENTS}{PERIOD}\s*[,:;–—-]\s+(?={_QUESTION})")
#: "find articles since 2019 about ...": cut out of the middle
DOCUMENTS_OF = re.compile(rf"(?<=\s){DOCUMENTS}(?P<cut> (?:{_MADE} )?{PERIOD})\b", re.IGNORECASE)
IMPERATIVE = re.compile(r"\s*(?:please )?(?:find|show|give|list|search|use|summari[sz]e|look)\b", re.IGNORECASE)
#: a whole sentence with what passages are to mention
REQUIRED = _rules(
    rf"^{_AND}(?:(?:it|they|this|(?:the )?(?:answers?|{DOCUMENTS})) )?(?:must|has to|have to)"
    rf" (?:mention|contain|include) {_X}{_END}"
)
#: what stands before a name and is not part of it
KIND = re.compile(
    rf"(?:(?:the|a|an) )?(?:films?|movies?|books?|songs?|topics?|subjects?|persons?|{DOCUMENTS})"
    r" (?:(?:of |about |on |called )+|(?=(?-i:[A-Z\"“])))",
    re.IGNORECASE,
)


def of_field(keys: str) -> tuple[re.Pattern[str], ...]:
    """Return the rules for "only from KEY VALUE", with `keys` as alternatives of a pattern."""
    said = (
        rf"(?:only|just) {_OF_DOCUMENTS}(?:(?:from|by|in|with|of|where|whose) )?(?:the )?(?P<key>{keys})"
        rf"(?:\s*[:=]\s*| (?:is |called |named )?){_X}{_END}"
    )
    return _rules(rf"^{_AND}{_TAKE}{said}", rf"{_BEFORE}{_SEPARATED}{_AND}{said}")


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
_UNMARKED = (*BEHIND[1:], *NAMED)
_MARKS = " \t.,;:'\"“”«»‘’"
_POINTS_BACK = frozenset("it its them that this those these him her anything everything".split())
_OF_THE_QUESTION = frozenset("of in on to by from at for being having as if when with".split())
_ARTICLES = frozenset(("a", "an", "the"))


def parse(request: str, *, today: date | None = None, keys: Collection[str] = ()) -> Instructions:
    """Return what is asked and what is said about it; a request without instructions comes back letter by letter.

    `keys` are the metadata keys that "only from KEY VALUE" may name; `today` is what "the last five years" ends with.
    """
    if len(request) > LONGEST or not CUE.search(request):
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
            return "" if not asks and _note(sentence, SENTENCE, reading.exclusions) else sentence.text.strip()
        rest = _LEFT_OVER.sub("", sentence.text).strip()
        sentence.text = f"{rest}?" if asks and not rest.endswith("?") else rest
        sentence.masked = sentence.masked[: len(rest)] + ("?" if len(sentence.text) > len(rest) else "")
    return sentence.text.strip()


def _is_limit(sentence: _Sentence, reading: _Reading) -> bool:
    """Note what a sentence says that as a whole tells what to keep to."""
    return (
        _note_period(sentence, reading, NOT_THEN, inverted=True)
        or _note_period(sentence, reading, ONLY_THEN)
        or _note(sentence, REQUIRED, reading.required)
        or _note_field(sentence, reading, 0)
    )


def _take_behind(sentence: _Sentence, reading: _Reading) -> bool:
    """Note the last instruction behind a question and cut it off."""
    length = len(sentence.text)
    took = (
        _note_period(sentence, reading, THEN_BEHIND)
        or _note_field(sentence, reading, 1)
        or _note(sentence, BEHIND, reading.exclusions)
        or _note(sentence, PLAIN, reading.exclusions)
        or _note(sentence, NAMED, reading.exclusions, named=sentence.masked != sentence.masked.lower())
    )
    if not took and not AUXILIARY.match(sentence.text.lstrip()):
        _note(sentence, PLAINLY_NOT, reading.exclusions)
    if len(sentence.text) == length and IMPERATIVE.match(sentence.masked):
        _cut_middle(sentence, reading)
    return len(sentence.text) < length


def _take_ahead(sentence: _Sentence, reading: _Reading) -> bool:
    """Note an instruction before a question and cut it off."""
    length = len(sentence.text)
    took = _note_period(sentence, reading, THEN_AHEAD) or _note(sentence, AHEAD, reading.exclusions)
    if took:
        sentence.text = sentence.text[:1].upper() + sentence.text[1:]
    return len(sentence.text) < length


def _cut_middle(sentence: _Sentence, reading: _Reading) -> None:
    if match := DOCUMENTS_OF.search(sentence.masked):
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
    sentence: _Sentence, reading: _Reading, rules: Collection[re.Pattern[str]], *, inverted: bool = False
) -> bool:
    """Note the years of the first rule that fits, or those that are left without them, and cut its words out."""
    for rule in rules:
        match = rule.search(sentence.masked)
        if match is None:
            continue
        said = period(match.group("period"), reading.today)
        years = said.inverted() if inverted else said
        bound = match.groupdict().get("before")
        if years != OPEN and (bound is None or content_words(bound)):
            reading.periods.append(years)
            sentence.cut(match.end("before") if bound is not None else match.start(), match.end())
            return True
    return False


def _note_field(sentence: _Sentence, reading: _Reading, place: int) -> bool:
    """Note "only from KEY VALUE" where a key of the collection is named."""
    if not reading.keys:
        return False
    keys = "|".join(re.escape(key) for key in sorted(reading.keys, key=len, reverse=True))
    match = of_field(keys)[place].search(sentence.masked)
    if match is None:
        return False
    value = sentence.text[slice(*match.span("x"))].strip(_MARKS)
    reading.fields.append((reading.keys[match.group("key").lower()], value))
    sentence.cut(match.end("before") if place else match.start(), match.end())
    return True


def _is_content(said: str, rule: re.Pattern[str]) -> bool:
    """Say whether a phrase that was told by no word for topics begins like a part of the question."""
    first = said.split()[0] if rule in _UNMARKED and said.split() else ""
    if first in _OF_THE_QUESTION or (first in _ARTICLES and rule in NAMED):
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
    while match := KIND.match(topic):
        topic = topic[match.end() :]
    words = topic.split()
    if len(words) > MOST_WORDS or not content_words(topic) or topic.lower() in _POINTS_BACK:
        return ""
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


class ParsedRequest(BaseModel):
    """A request taken apart by a language model."""

    question: str = Field(max_length=LONGEST)
    exclude: list[str] = Field(default_factory=list, max_length=8)
    require: list[str] = Field(default_factory=list, max_length=8)
    since: int | None = Field(None, ge=1000, le=2999)
    until: int | None = Field(None, ge=1000, le=2999)


def checked_reading(request: str, reading: ParsedRequest) -> Instructions | None:
    """Return what a model read, or None where it does not follow from the request.

    All it names has to stand there, its question must add no word, and something has to be left to ask.
    """
    said = f" {name_key(request)} "
    named = [one.strip() for one in (*reading.exclude, *reading.require)]
    asked = {word_key(word) for word in content_words(reading.question)}
    own = {word_key(word) for word in content_words(request)}
    if not asked or not asked <= own or not all(one and f" {name_key(one)} " in said for one in named):
        return None
    years = [year for year in (reading.since, reading.until) if year is not None]
    if any(not {str(year), str(year - 1), str(year + 1)} & set(said.split()) for year in years):
        return None
    found = Instructions(
        reading.question.strip(),
        exclusions=tuple(one.strip() for one in reading.exclude),
        required=tuple(one.strip() for one in reading.require),
        period=Period(reading.since, reading.until),
    )
    return found or None
