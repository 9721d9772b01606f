"""From a conversation to a question that stands by itself, by rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..core.check import MAX_QUESTION
from ..core.words import content_words
from .ellipsis import focus, whole
from .memory import Exchange, exchange, known_of
from .names import kind_of
from .references import Reference, references
from .turn import CHARACTERS, USER, Turn, recent


@dataclass(frozen=True, slots=True)
class Condensed:
    """A question that stands by itself; `dependent` is whether the turn needed the conversation."""

    question: str
    dependent: bool = False


def condense(history: Sequence[Turn], turn: str) -> Condensed:
    """Return the turn with what it takes from the conversation put in, or as it is where it takes nothing.

    Deterministic and bounded: the last `EXCHANGES` exchanges count. A turn whose references cannot be resolved gets
    what was spoken of last behind it, in brackets.
    """
    exchanges = _exchanges(history)
    return _condensed(exchanges, turn) if exchanges else Condensed(turn)


def _exchanges(history: Sequence[Turn]) -> list[Exchange]:
    """Return the last exchanges, each question made to stand by itself as far as it did not."""
    rounds: list[tuple[Turn, list[Turn]]] = []
    for one in recent(history):
        if one["role"] == USER:
            rounds.append((one, []))
        else:
            rounds[-1][1].append(one)
    exchanges: list[Exchange] = []
    for asked, replies in rounds:
        text = asked["content"]
        question = asked.get("question") or (_condensed(exchanges, text).question if exchanges else text)
        said = " ".join(reply["content"] for reply in replies)
        titles = [title for reply in replies for title in reply.get("titles", [])]
        exchanges.append(exchange(question[:CHARACTERS], said[:CHARACTERS], titles, known_of(exchanges)))
    return exchanges


def _condensed(exchanges: Sequence[Exchange], turn: str) -> Condensed:
    found = references(turn) if len(turn) <= CHARACTERS else []
    resolved, missing = _filled(turn, found, exchanges)
    completed = whole(turn, resolved, exchanges) if len(turn) <= CHARACTERS else ""
    if not missing and not completed and resolved == turn:
        return Condensed(turn)
    question = " ".join((completed or resolved).split())
    if missing or question == " ".join(turn.split()):
        told = [thing.text for thing in focus(exchanges)] or content_words(exchanges[-1].question)
        left = [text for text in told if text.lower() not in question.lower()]
        question = f"{question} ({', '.join(left)})" if left else question
    return Condensed(question if len(question) <= MAX_QUESTION else turn, dependent=True)


def _filled(turn: str, found: Sequence[Reference], exchanges: Sequence[Exchange]) -> tuple[str, bool]:
    """Return the turn with its references replaced, and whether one of them could not be."""
    text, missing = turn, False
    for one in reversed(found):
        thing = one.means(exchanges)
        if thing is None:
            missing = missing or not one.weak
        elif one.tail is not None:
            text = f"{text[: one.end]}{one.tail} {thing.text}{text[one.end :]}"
        elif one.owner:
            text = _owned(text, one, thing.text)
        else:
            text = text[: one.start] + thing.text + text[one.end :]
    return text, missing


_HAD = re.compile(
    r"\s+((?:(?:first|last|second|third|own|elder|older|younger|youngest|eldest|late|only|paternal|maternal|best|next)"
    r"\s+){0,2})([a-z-]+)(\s+of\s+(?:birth|death|origin|citizenship|residence|burial)\b)?"
)


def _owned(text: str, one: Reference, owner: str) -> str:
    """Return the text with an owner put in: `the mother of Jaws's director`, and `X's …` where no noun is known.

    Names are matched by their words, which `of` leaves as they are.
    """
    had = _HAD.match(text, one.end)
    if had and (kind_of(had.group(2)) or had.group(2) in _HELD):
        what = "".join(filter(None, had.groups()))
        article = "The" if text[one.start].isupper() else "the"
        return f"{text[: one.start]}{article} {what} of {owner}{text[had.end() :]}"
    return f"{text[: one.start]}{owner}'s{text[one.end :]}"


_HELD = frozenset(
    "name population nationality occupation profession birthplace date place headquarters cause career death birth "
    "length height size area age job children parents official original".split()
)
