"""The passages that together answer a question, as a language model chooses them among the first of a ranking.

After Lee et al., "Shifting from Ranking to Set Selection for Retrieval Augmented Generation" (SetR), ACL 2025: what is
asked for is a set, not an order by relevance. Who asks the model is the step `choose` (`graphs/nodes/choose.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, model_validator

from ...core.errors import CallerError
from ..candidate import Candidate
from .role import STEP, reordered

NAME = "choice"
#: passages that a model may be shown
LEAST, MOST = 2, 100


@dataclass(frozen=True, slots=True)
class SetChoice:
    """How much of a ranking is shown: so many passages, so many characters of each with its title."""

    passages: int = 20
    characters: int = 1_000

    @classmethod
    def named(cls, spec: str) -> SetChoice:
        """Return the one that the settings name, as `choice` or `choice=PASSAGES`.

        Raises:
            CallerError: for a number of passages that cannot be chosen from.
        """
        _, given, argument = spec.partition("=")
        if not given:
            return cls()
        if not argument.isdecimal() or not LEAST <= int(argument) <= MOST:
            raise CallerError(f"{spec!r}: give a number of passages from {LEAST} to {MOST}, as in choice=20")
        return cls(int(argument))

    def shown(self, ranked: Sequence[Candidate]) -> list[Candidate]:
        """Return the passages to choose from: no near-duplicate, and nothing that is to be left out."""
        repeated = {name for item in ranked for name in item.get("duplicates", ())}
        return [item for item in ranked if item["id"] not in repeated and "about" not in item][: self.passages]


class ChosenPassages(BaseModel):
    """The numbers of passages, from 1, in the order in which they are needed; a bare list is read too."""

    passages: list[int] = Field(max_length=MOST, description="numbers of the passages needed, in their order")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, said: Any) -> Any:
        return {"passages": said} if isinstance(said, list) else said

    def among(self, count: int) -> tuple[list[int], list[int]]:
        """Return the rows chosen of so many passages, from 0 and each once, and the numbers that are none."""
        numbers = list(dict.fromkeys(self.passages))
        return [one - 1 for one in numbers if 1 <= one <= count], [one for one in numbers if not 1 <= one <= count]


def put_first(ranked: Sequence[Candidate], chosen: Sequence[str]) -> list[Candidate]:
    """Return a ranking with the passages of these ids first, in this order, and all others behind as they were.

    What it adds to their scores is the part `choice`.
    """
    items = {item["id"]: item for item in ranked}
    first = [items[name] for name in chosen]
    others = [item for item in ranked if item["id"] not in set(chosen)]
    best = max((item["score"] for item in ranked), default=0.0)
    # The last of them is ahead by two steps, so that those behind need no push.
    scores = [best + STEP * (len(first) + 1 - place) for place in range(len(first))]
    return reordered([*first, *others], scores, NAME)
