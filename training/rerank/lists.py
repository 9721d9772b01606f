"""Candidate lists: what was retrieved for questions whose gold passages are known, a JSON line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path

from ...core.errors import CallerError
from ...core.files import read_rows, write_whole
from ...retrieval.candidate import Kind
from ...retrieval.rerank.pairs import Pair

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

    def pair(self, candidate: ListedCandidate) -> Pair:
        """Return what the cross-encoder reads."""
        return Pair(self.question, candidate.way, candidate.text)


def write(path: Path, lists: Iterable[CandidateList]) -> None:
    """Write candidate lists, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(one)) + "\n" for one in lists).encode())


def read(paths: Sequence[Path]) -> list[CandidateList]:
    """Return the lists of some files.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """
    found = []
    for path in paths:
        for place, row in read_rows(path):
            try:
                candidates = tuple(
                    ListedCandidate(**{"kind": KINDS.get(one["via"], "words"), **one, "path": tuple(one["path"])})
                    for one in row["candidates"]
                )
                found.append(CandidateList(row["question"], row["gold"], candidates, row["weights"]))
            except (KeyError, TypeError) as error:
                raise CallerError(f"{place}: no candidate list ({error!r}); make it with the `lists` step") from error
    return found


def divide(lists: Sequence[CandidateList], share: float) -> tuple[list[CandidateList], list[CandidateList]]:
    """Return the lists to learn from and those kept apart: all lists of a question fall on one side, by its hash."""
    sides: tuple[list[CandidateList], list[CandidateList]] = ([], [])
    for one in lists:
        mark = blake2b(one.question.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        sides[int.from_bytes(mark, "big") < share * 2**64].append(one)
    return sides
