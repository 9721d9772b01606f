"""The turns of a conversation, and those of them that are looked back on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NotRequired, TypedDict

USER, ASSISTANT = "user", "assistant"
#: Exchanges that are looked back on, replies of each, characters of each turn, and titles beside it.
EXCHANGES = 6
REPLIES = 4
CHARACTERS = 2_000
TITLES = 20


class Turn(TypedDict):
    """What one side said. A user's turn may bring the `question` that was understood, an assistant's the `titles` of
    the passages that it rests on.
    """

    role: str
    content: str
    question: NotRequired[str]
    titles: NotRequired[list[str]]


def recent(history: Sequence[Turn]) -> list[Turn]:
    """Return the turns that are looked back on, cut to what is read of each."""
    asked = [place for place, one in enumerate(history) if one["role"] == USER][-EXCHANGES:]
    rounds = [history[place:end][: 1 + REPLIES] for place, end in pairwise([*asked, len(history)])]
    return [_cut(one) for part in rounds for one in part]


def _cut(one: Turn) -> Turn:
    cut = Turn(role=one["role"], content=one["content"][:CHARACTERS])
    if "question" in one:
        cut["question"] = one["question"][:CHARACTERS]
    if "titles" in one:
        cut["titles"] = [title[:CHARACTERS] for title in one["titles"][:TITLES]]
    return cut
