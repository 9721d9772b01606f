"""Readings made by program: documents as people keep them, whose facts are told in many forms.

Facts of things of one family, which differ by a number or a name, stand beside each other; a thing's facts are told as
sentences with its name or a pronoun, as rows, as keys and values, as items of a list, as questions and answers, or in
brackets. Of one question in four nothing holds the answer. What is told, and how, is in `facts.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .collect import Chance, said_otherwise
from .lists import GoldPage, GoldReading, GoldSentence, Label

ABSENT = 0.25
#: a sentence and the heading above it
Line = tuple[str, GoldSentence]
_HELD: Mapping[str, Any] = json.loads((Path(__file__).parent / "facts.json").read_text("utf-8"))
_SYLLABLES, _FIRST, _TOWNS, _MONTHS = (_HELD[name].split() for name in ("syllables", "first_names", "towns", "months"))


def _pick(options: Sequence[str], chance: Chance) -> str:
    return options[int(chance.integers(len(options)))]


# Values


def _amount(chance: Chance, low: int = 2, high: int = 900) -> str:
    return f"{int(chance.integers(low, high)):,}" if chance.random() < 0.5 else str(int(chance.integers(low, high)))


def _word(chance: Chance) -> str:
    return "".join(_pick(_SYLLABLES, chance) for _ in range(2)).capitalize()


def _person(chance: Chance) -> str:
    return f"{_pick(_FIRST, chance)} {_word(chance)}"


def _date(chance: Chance) -> str:
    day, month, year = int(chance.integers(1, 29)), _pick(_MONTHS, chance), int(chance.integers(1900, 2026))
    return _pick((f"{day} {month} {year}", f"{month} {day}, {year}", str(year), f"{month} {year}"), chance)


def _span(chance: Chance) -> str:
    return f"{int(chance.integers(2, 91))} {_pick(('days', 'weeks', 'months', 'hours', 'minutes', 'years'), chance)}"


def _money(chance: Chance) -> str:
    amount = _amount(chance, high=9000)
    return _pick((f"{amount} euros", f"${amount}", f"{amount} EUR", f"£{amount}", f"{amount} francs"), chance)


def _clock(chance: Chance) -> str:
    hour = int(chance.integers(6, 22))
    half = f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}"
    return _pick((f"{hour}:{int(chance.integers(6)) * 10:02d}", half), chance)


def _code(chance: Chance) -> str:
    return f"{_pick('ABCDEFGHKLMPRSTVX', chance)}{_pick(['', '-', ' '], chance)}{int(chance.integers(2, 990))}"


def _address(chance: Chance) -> str:
    return f"{_word(chance).lower()}@{_word(chance).lower()}.example"


VALUES: Mapping[str, Callable[[Chance], str]] = {
    "word": _word,
    "person": _person,
    "date": _date,
    "span": _span,
    "money": _money,
    "clock": _clock,
    "code": _code,
    "address": _address,
    "town": lambda chance: _pick(_TOWNS, chance),
    "phone": lambda chance: f"{int(chance.integers(100, 999))}-{int(chance.integers(1000, 9999))}",
    "port": lambda chance: str(int(chance.integers(1024, 9999))),
}


def _value(kind: str | Mapping[str, Sequence[str]], chance: Chance) -> str:
    """Return a value of a kind that has a name, one `of` some, or a `number` or a `count` of a unit."""
    if isinstance(kind, str):
        return VALUES[kind](chance)
    ((form, options),) = kind.items()
    if form == "of":
        return _pick(options, chance)
    return f"{_amount(chance) if form == 'number' else int(chance.integers(2, 91))} {_pick(options, chance)}"


@dataclass(frozen=True, slots=True)
class Fact:
    """What may be known of a thing: its name in tables, ways to ask for it of {s}, and ways to say that it is {v}."""

    label: str
    asked: Sequence[str]
    said: Sequence[str]
    value: Callable[[Chance], str]

    @classmethod
    def of(cls, held: Mapping[str, Any]) -> Fact:
        """Return what the file tells."""
        return cls(held["label"], held["asked"], held["said"], partial(_value, held["value"]))


@dataclass(frozen=True, slots=True)
class FactKind:
    """A kind of things: the names of a family, what a pronoun or a general name calls one, and its facts."""

    names: Callable[[Chance], list[str]]
    called: Sequence[str]
    facts: Sequence[Fact]


# Families of names


def _models(chance: Chance) -> list[str]:
    base, noun = (
        _word(chance),
        _pick(("", "pump ", "printer ", "drone ", "router ", "oven ", "bike ", "camera "), chance),
    )
    letter, steps = _pick(("", "K", "X", "S", "MT"), chance), chance.choice(np.arange(1, 40), 4, replace=False)
    return [f"{noun}{base} {letter}{10 * int(step)}" for step in steps]


def _plans(chance: Chance) -> list[str]:
    base = chance.permutation(["Basic", "Starter", "Plus", "Pro", "Team", "Business", "Premium", "Enterprise"])[:4]
    form = _pick(("{} plan", "{} tariff", "{} package", "{} account"), chance)
    return [form.format(name) for name in base]


def _people(chance: Chance) -> list[str]:
    name = _word(chance)
    own = [f"{first} {name}" for first in chance.permutation(_FIRST)[:2]]
    return [*own, _person(chance), _person(chance)]


def _places(chance: Chance) -> list[str]:
    form = _pick(("{} office", "{} branch", "{} warehouse", "{} library", "{} museum", "{} clinic", "Hotel {}"), chance)
    return [form.format(town) for town in chance.permutation(_TOWNS)[:4]]


def _releases(chance: Chance) -> list[str]:
    base, major = _word(chance), int(chance.integers(1, 9))
    return [f"{base} {major}.{int(minor)}" for minor in chance.choice(12, 4, replace=False)]


def _contracts(chance: Chance) -> list[str]:
    form = _pick(("contract {}", "order {}", "project {}", "policy {}", "invoice {}", "lot {}"), chance)
    return [form.format(_code(chance)) for _ in range(4)]


def _works(chance: Chance) -> list[str]:
    ends = chance.permutation(["River", "Winter", "House", "Garden", "Night", "Road", "Letters", "Island"])[:4]
    return [f"The {_word(chance)} {end}" for end in ends]


def _courses(chance: Chance) -> list[str]:
    base = _pick(("first aid", "welding", "accounting", "Spanish", "pottery", "data analysis", "fire safety"), chance)
    return [f"{base} {word}" for word in ("course A", "course B", "workshop", "refresher course")]


NAMES: Mapping[str, Callable[[Chance], list[str]]] = {
    "models": _models,
    "plans": _plans,
    "people": _people,
    "places": _places,
    "releases": _releases,
    "contracts": _contracts,
    "works": _works,
    "courses": _courses,
}
KINDS = [
    FactKind(NAMES[one["names"]], one["called"], [Fact.of(fact) for fact in one["facts"]]) for one in _HELD["kinds"]
]
_THINGS, _TEMPERS, _PLAIN = _HELD["things"], _HELD["tempers"], [Fact.of(fact) for fact in _HELD["plain"]]
_TONGUES = [(one["things"], [Fact.of(fact) for fact in one["facts"]]) for one in _HELD["tongues"]]

_NEARBY = (
    "For the {l} of {s}, see the next page.",
    "The {l} of {s} has not changed.",
    "Questions about the {l} of {s} go to the help desk.",
    "The {l} of {s} was discussed at length.",
    "{S}",
    "{S}: {l}",
    "{L}",
    "All prices and dates are subject to change.",
)


def made(count: int, *, seed: int = 0) -> list[GoldReading]:
    """Return so many readings."""
    chance = np.random.default_rng(seed)
    drawn = chance.random(count)
    return [_of_things(chance) if one < 0.62 else _plain(chance, foreign=one > 0.9) for one in drawn]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _said(form: str, name: str, value: str) -> str:
    return _upper(form.format(s=name, S=_upper(name), v=value))


def _plain(chance: Chance, *, foreign: bool) -> GoldReading:
    """Return a question on a plain fact, among the same of other things and other facts of the same thing."""
    things, facts = _TONGUES[int(chance.integers(len(_TONGUES)))] if foreign else (_THINGS, _PLAIN)
    asked, *others = (int(place) for place in chance.permutation(len(facts)))
    base, *rest = (str(one) for one in chance.permutation(things)[:4])
    tempers = [str(one) for one in chance.permutation(_TEMPERS)[:3]] if not foreign else [""]
    name, *family = [temper + base for temper in tempers] + rest
    value = facts[asked].value(chance)
    answer = _line("", _said(_pick(facts[asked].said, chance), name, value), "holds", value)
    texts = [_line("", _said(_pick(facts[asked].said, chance), one, facts[asked].value(chance))) for one in family[:4]]
    texts += [_line("", _said(_pick(facts[at].said, chance), name, facts[at].value(chance))) for at in others[:3]]
    if chance.random() > ABSENT:
        texts.append(answer)
    heading = _pick(("", "", "House rules", "Handbook > Rules", _word(chance)), chance)
    told = [(heading, texts[int(place)][1]) for place in chance.permutation(len(texts))]
    question = said_otherwise(_said(_pick(facts[asked].asked, chance), name, ""), chance)
    return GoldReading("made", question, _pages(told))


def _of_things(chance: Chance) -> GoldReading:
    """Return a question on one of a family of things that each have some facts."""
    kind = KINDS[int(chance.integers(len(KINDS)))]
    names = kind.names(chance)
    facts = [kind.facts[int(place)] for place in chance.permutation(len(kind.facts))[: int(chance.integers(3, 6))]]
    asked, named = facts[0], names[0]
    absent = chance.random() < ABSENT
    tell = _pick(("sentences", "sentences", "row", "keys", "list", "answers", "brackets"), chance)
    heading = _pick(("", "", "Overview", "Price list > 2024", "Questions and answers", "List"), chance)
    told: list[Line] = []
    for name in names:
        own = [fact for fact in facts if not (absent and name == named and fact is asked)]
        own = [own[int(place)] for place in chance.permutation(len(own))]
        told += TELLS[tell](ToldFact(kind, name, own, asked if name == named and not absent else None, heading), chance)
    form = _pick(_NEARBY, chance)
    near = _upper(form.format(s=named, S=_upper(named), l=asked.label.lower(), L=asked.label))
    told.insert(int(chance.integers(len(told) + 1)), _line(_upper(named), near))
    question = _said(_pick(asked.asked, chance), named, "")
    if chance.random() < 0.06:
        question = f"{named} {asked.label.lower()}"
    return GoldReading("made", said_otherwise(question, chance), _pages(told))


def _line(heading: str, text: str, label: Label = "no", value: str = "") -> Line:
    """Return a sentence and its heading, with the place of the value where it holds the answer."""
    at = text.rfind(value) if label == "holds" and value else -1
    return heading, GoldSentence(text, label, (at, at + len(value)) if at >= 0 else None)


def _pages(told: Sequence[Line]) -> list[GoldPage]:
    """Return the sentences under each heading."""
    pages: dict[str, list[GoldSentence]] = {}
    for heading, one in told:
        pages.setdefault(heading, []).append(one)
    return [GoldPage(heading, own) for heading, own in pages.items()]


@dataclass(frozen=True, slots=True)
class ToldFact:
    """A thing and the facts to tell of it; `asked` is the one that a question asks for, if it does of this thing.

    `heading` is what stands above all things of the family.
    """

    kind: FactKind
    name: str
    facts: Sequence[Fact]
    asked: Fact | None
    heading: str

    def label(self, fact: Fact) -> Label:
        """Return what a sentence that tells a fact is to the question."""
        return "holds" if fact is self.asked else "no"


def _sentences(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell facts in sentences under a title, those after the first mostly with a pronoun."""
    told: list[Line] = []
    pronoun, heading = _pick(of.kind.called, chance), _upper(of.name) if chance.random() < 0.8 else ""
    for number, fact in enumerate(of.facts):
        form, value = _pick(fact.said, chance), fact.value(chance)
        if (number or heading) and chance.random() < 0.5 and form.startswith(("{s}", "The {s}")):
            form = form.replace("The {s}", pronoun, 1) if form.startswith("The") else form.replace("{s}", pronoun, 1)
        told.append(_line(heading, _said(form, of.name, value), of.label(fact), value))
    return told


def _row(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell facts as a row of a table."""
    first = _pick(("Name", "Item", "Title", "ID"), chance)
    values = [(fact, fact.value(chance)) for fact in of.facts]
    cells = [f"{first}: {_upper(of.name)}", *(f"{fact.label}: {value}" for fact, value in values)]
    text = _pick(("; ", "; ", ", ", " | "), chance).join(cells)
    return [_line(of.heading, text, *_asked(of, values))]


def _asked(of: ToldFact, values: Sequence[tuple[Fact, str]]) -> tuple[Label, str]:
    """Return what a sentence with all of these facts is to the question, and the value that answers."""
    return next((("holds", value) for fact, value in values if fact is of.asked), ("no", ""))


def _keys(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell facts as keys and values under a title."""
    told = []
    for fact in of.facts:
        value = fact.value(chance)
        text = f"{fact.label}{_pick((': ', ': ', ' = ', ' - '), chance)}{value}"
        told.append(_line(_upper(of.name), text, of.label(fact), value))
    return told


def _list(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell each fact as an item, by the name, of a list that has the fact above it."""
    told = []
    for fact in of.facts:
        value = fact.value(chance)
        told.append(_line(fact.label, f"{_upper(of.name)}: {value}", of.label(fact), value))
    return told


def _answers(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell facts as questions and answers, on one line or on two."""
    told: list[Line] = []
    for fact in of.facts:
        question, value = _said(_pick(fact.asked, chance), of.name, ""), fact.value(chance)
        answer = _pick((f"{value}.", _said(_pick(fact.said, chance), of.name, value)), chance)
        if chance.random() < 0.5:
            told.append(_line(of.heading, f"{question} {answer}", of.label(fact), value))
        else:
            told += [_line(of.heading, question), _line(of.heading, _upper(answer), of.label(fact), value)]
    return told


def _brackets(of: ToldFact, chance: Chance) -> list[Line]:
    """Tell the first facts in brackets behind the name, and the last in a sentence of its own."""
    *inside, last = of.facts
    if not inside:
        return _sentences(of, chance)
    values = [(fact, fact.value(chance)) for fact in inside]
    told = ", ".join(f"{fact.label.lower()} {value}" for fact, value in values)
    rest = _pick(
        ("is listed here", "was mentioned before", "is well known to the staff", "needs no introduction"), chance
    )
    heading = _pick(("", "Directory", _upper(of.name)), chance)
    first = _line(heading, f"{_upper(of.name)} ({told}) {rest}.", *_asked(of, values))
    return [first, *_sentences(ToldFact(of.kind, of.name, [last], of.asked, of.heading), chance)]


TELLS: Mapping[str, Callable[[ToldFact, Chance], list[Line]]] = {
    "sentences": _sentences,
    "row": _row,
    "keys": _keys,
    "list": _list,
    "answers": _answers,
    "brackets": _brackets,
}
