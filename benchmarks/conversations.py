"""Conversations of two turns, made of multi-hop questions without a language model.

The first turn asks for the thing between the hops, or is about the thing that is asked for; the second asks the rest
with a pronoun in its place. What the pronoun means, and which passage holds the answer, are known from the data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from polyhop.core.files import read_rows

from .data import key_of

_PERSON = (
    "director|performer|composer|author|writer|creator|producer|singer|founder|mother|father|husband|wife|spouse|child|son|"
    "daughter|brother|sister|sibling|editor|presenter|screenwriter|lyricist"
)
_OF = re.compile(
    rf"\b(?:the )?(?P<role>{_PERSON}) of (?:the )?(?P<noun>(?:film|movie|song|album|novel|book|magazine|play) )?", re.I
)
_OWNER = re.compile(rf"\s?['’]s (?P<role>{_PERSON})\b", re.I)
_OBJECT = {"he": "him", "she": "her", "it": "it", "they": "them"}
_OWN = {"he": "his", "she": "her", "it": "its", "they": "their"}
_BE = {"they": {"was": "were", "is": "are", "does": "do", "has": "have"}}
_PLACE = "\0"
_NOUNS = frozenset(
    "place country spouse performer father mother child sibling director composer capital creator author employer "
    "headquarters publisher genre manufacturer owner".split()
)
_BEFORE_OBJECT = frozenset("of by to from with in on at for about about after before than and near".split())


@dataclass(frozen=True, slots=True)
class Conversation:
    """Two turns: the second says with a pronoun what `meant` says outright; `gold` are passages that answer it."""

    first: str
    answer: str
    turn: str
    meant: str
    entity: str
    gold: frozenset[str]


def conversations(rows: Sequence[Mapping[str, Any]], replayed: Mapping[str, Sequence[str]]) -> list[Conversation]:
    """Return the conversations that can be made of questions; `replayed` are two steps of some of them."""
    found: list[Conversation] = []
    for row in rows:
        made = list(_of_steps(row)) or list(_of_replay(row, replayed)) or list(_of_nesting(row)) or list(_of_topic(row))
        found += made
    return list({(one.first, one.turn): one for one in found}.values())


def replayed(path: Path | None) -> dict[str, Sequence[str]]:
    """Return the steps of questions that a file of decompositions takes in two, the second after the first."""
    found: dict[str, Sequence[str]] = {}
    for _, row in read_rows(path) if path else ():
        steps = row["decompositions"].get(row["question"], [])
        if len(steps) == 2 and not re.search(r"#\d|<\d>", steps[0]) and re.search(r"#1|<1>", steps[1]):
            found[row["question"]] = [steps[0], re.sub(r"#1|<1>", "#1", steps[1])]
    return found


def _of_steps(row: Mapping[str, Any]) -> Iterator[Conversation]:
    """Take the steps that the data set gives, with their answers; its passages stand in the order of the steps."""
    steps, answers = row.get("decomposition") or [], list[str]()
    if not steps or not isinstance(steps[0], dict) or not row.get("ordered") or len(steps) != len(row["gold"]):
        return
    for place, (step, later) in enumerate(pairwise(steps)):
        answers.append(step["answer"])
        asked, rest = _spoken(step["question"]), _spoken(later["question"])
        if asked and rest and re.findall(r"#\d", rest) == [f"#{place + 1}"]:
            first = re.sub(r"#(\d)", lambda match: answers[int(match.group(1)) - 1], asked)
            gold = row["gold"][place + 1]
            text = row["gold"][place + 1]["text"] if first.lower().startswith("who") else ""
            yield from _made(first, step["answer"], rest.replace(f"#{place + 1}", _PLACE), gold, person=text)


def _spoken(step: str) -> str:
    """Return a step as a question: `X >> performer` asks who that is."""
    thing, _, relation = (part.strip() for part in step.partition(">>"))
    if not relation:
        return re.sub(r"\s+\?", "?", step.strip()) if step.strip().endswith("?") else f"{step.strip()}?"
    return f"What is the {relation} of {thing}?" if relation.split()[0] in _NOUNS else ""


def _of_replay(row: Mapping[str, Any], replayed: Mapping[str, Sequence[str]]) -> Iterator[Conversation]:
    """Take the steps that a language model once wrote; the answer to the first is the gold title it does not name."""
    steps = replayed.get(row["question"].strip())
    if not steps or len(row["gold"]) != 2 or steps[1].count("#1") != 1:
        return
    left = [gold for gold in row["gold"] if gold["title"] and _bare(gold["title"]).lower() not in steps[0].lower()]
    if len(left) == 1:
        text = left[0]["text"] if steps[0].lower().startswith("who") else ""
        yield from _made(steps[0], _bare(left[0]["title"]), steps[1].replace("#1", _PLACE), left[0], person=text)


def _of_nesting(row: Mapping[str, Any]) -> Iterator[Conversation]:
    """Take `the director of film X` out of a question where one gold passage is about X and the other is not named."""
    question = row["question"]
    named = [gold for gold in row["gold"] if gold["title"] and _at(gold["title"], question)]
    if len(row["gold"]) != 2 or len(named) != 1:
        return
    (other,) = (gold for gold in row["gold"] if gold is not named[0])
    start, end = _at(named[0]["title"], question) or (0, 0)
    before = [match for match in _OF.finditer(question) if match.end() == start]
    after = _OWNER.match(question, end)
    if not other["title"] or not (before or after):
        return
    name = question[start:end]
    if before:
        role, what = before[0].group("role"), f"{before[0].group('noun') or ''}{name}"
        rest = question[: before[0].start()] + _PLACE + question[end:]
    else:
        role, what = after.group("role") if after else "", name
        rest = question[:start] + _PLACE + question[after.end() if after else end :]
    if re.search(r"[a-z]", rest, re.I):
        yield from _made(f"Who is the {role} of {what}?", _bare(other["title"]), rest, other, person=other["text"])


def _of_topic(row: Mapping[str, Any]) -> Iterator[Conversation]:
    """Ask first who the one thing is that a question names, which is then what the pronoun means."""
    title = row["gold"][0]["title"]
    place = _at(title, row["question"]) if title and row.get("hops") == 1 else None
    if place:
        name, text = row["question"][slice(*place)], row["gold"][0]["text"]
        rest = row["question"][: place[0]] + _PLACE + row["question"][place[1] :]
        for one in _made(f"Who is {name}?", text.split(". ")[0] + ".", rest, row["gold"][0], person=text):
            yield Conversation(one.first, one.answer, one.turn, row["question"], name, one.gold)


def _made(first: str, answer: str, rest: str, gold: Mapping[str, Any], *, person: str) -> Iterator[Conversation]:
    """Yield the conversation whose second turn has a pronoun at the place that `rest` leaves; `person` tells which."""
    pronoun = _pronoun(person) if person else "it"
    rest = re.sub(rf"\bthe\s+{_PLACE}", _PLACE, rest, flags=re.I)
    meant = re.sub(rf"{_PLACE}\s?['’]s", f"{answer}'s", rest).replace(_PLACE, answer)
    turn = _with_pronoun(rest, pronoun)
    if turn:
        yield Conversation(first, answer, turn, meant, answer, frozenset([key_of(gold["title"] or "", gold["text"])]))


def _pronoun(text: str) -> str:
    """Return what a text calls the person that it is about; `they` where it does not say."""
    words = re.findall(r"\b(he|his|him|she|her|hers)\b", text.lower())
    she = sum(word in ("she", "her", "hers") for word in words)
    return "they" if not words else "she" if she > len(words) - she else "he"


def _with_pronoun(rest: str, pronoun: str) -> str:
    own = _OWN[pronoun]
    rest = re.sub(rf"\bthe ([a-z]+(?: of [a-z]+)?(?: [a-z]+)?) of {_PLACE}(?=\s*[?.,]|\s*\Z)", rf"{own} \1", rest)
    rest = re.sub(rf"{_PLACE}\s?['’]s\b", own, rest)
    if _PLACE in rest:
        before = rest[: rest.index(_PLACE)].split()
        last = before[-1].lower() if before else ""
        if pronoun in _BE and last in _BE[pronoun]:
            rest = re.sub(rf"{last}\s+{_PLACE}", f"{_BE[pronoun][last]} {_PLACE}", rest, flags=re.I)
        after = rest[rest.index(_PLACE) + 1 :].strip()
        objective = last in _BEFORE_OBJECT or (after in ("", "?") and last not in ("is", "was", "are", "were"))
        rest = rest.replace(_PLACE, _OBJECT[pronoun] if objective else pronoun)
    rest = " ".join(rest.split()).replace(" ?", "?")
    return rest[:1].upper() + rest[1:]


def _at(title: str, question: str) -> tuple[int, int] | None:
    """Return where a question names a title, with what stands in brackets behind it or without."""
    for form in (title, _bare(title)):
        place = question.lower().find(form.lower())
        if place >= 0 and len(form) > 2:
            return place, place + len(form)
    return None


def _bare(title: str) -> str:
    return re.sub(r"\s*\([^()]*\)\Z", "", title)
