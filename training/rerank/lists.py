"""Candidate lists: what was retrieved for questions whose gold passages are known, a JSON line each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...retrieval.candidate import Kind
from ...retrieval.rerank.pairs import CandidatePair
from ..harness import drawn_by, load

#: of the questions whose lists are kept apart from the cross-encoder, for what is trained on its logits
SHARE = 0.2
#: of lists that were collected before they held it, by `via`
KINDS: Mapping[str, Kind] = {"search": "question", "named": "named", "link": "link"}


@dataclass(frozen=True, slots=True)
class ListedCandidate:
    """A passage retrieved for a question: what a reranker may know of it, and the gold document it is of, if any.

    `text` is the passage as a cross-encoder reads it, `way` what led to it (see `retrieval.rerank.pairs`); the others
    are those of `Candidate`.
    """

    id: str
    gold: str
    text: str
    way: str
    score: float
    kind: Kind
    via: str
    path: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CandidateList:
    """The candidates of one question, best first.

    `gold` counts all its gold passages, found or not; `weights` are the rarities of its words, as `Run` has them.
    """

    question: str
    gold: int
    candidates: tuple[ListedCandidate, ...]
    weights: Mapping[str, float]

    def pair(self, candidate: ListedCandidate) -> CandidatePair:
        """Return what the cross-encoder reads."""
        return CandidatePair(self.question, candidate.way, candidate.text)


def read(paths: Sequence[Path]) -> list[CandidateList]:
    """Return the lists of some files.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """

    def made(question: str, gold: int, candidates: Sequence[Any], weights: Mapping[str, float]) -> CandidateList:
        held = tuple(
            ListedCandidate(**{"kind": KINDS.get(one["via"], "words"), **one, "path": tuple(one["path"])})
            for one in candidates
        )
        return CandidateList(question, gold, held, weights)

    return load(paths, made, what="candidate list", step="lists")


def divide(lists: Sequence[CandidateList], share: float) -> tuple[list[CandidateList], list[CandidateList]]:
    """Return the lists to learn from and those kept apart: all lists of a question fall on one side, by its hash."""
    sides: tuple[list[CandidateList], list[CandidateList]] = ([], [])
    for one in lists:
        sides[drawn_by(one.question) < share * 2**64].append(one)
    return sides
