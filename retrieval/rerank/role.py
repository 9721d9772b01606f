"""The rerank role: one ranking out of everything that was found so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, Protocol, TypedDict

from ..hop.role import Find
from ..working import Working


class Ranked(TypedDict):
    """A passage in the ranking with its score and the find that counted most for it.

    `hop` is the search that made this find, 0 for the first, `parts` is what the score is the sum of, by name, and
    `duplicates` are passages that were moved back since they say nearly the same.
    """

    id: str
    score: float
    via: str
    path: list[str]
    name: str
    hop: NotRequired[int]
    parts: NotRequired[dict[str, float]]
    duplicates: NotRequired[list[str]]


class Reranker(Protocol):
    """Orders passages in the light of the question and of the paths that found them."""

    @property
    def name(self) -> str: ...

    def rank(self, finds: Sequence[Find], run: Working) -> list[Ranked]:
        """Return each passage found that is still there, once, best first, ties by id."""
        ...
