"""Candidate lists as arrays, for networks that read vectors: each question's and each candidate's row, gold or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import CallerError
from ...core.files import read_rows
from ...core.types import Vectors
from ...encoders.role import Encoder
from ..treehop.pool import embedded
from ..watch import Watcher
from .lists import CandidateList

DEPTH = 30  # candidates of a list that are learned from
K = 5  # passages at which recall is counted
DRAWS = 2_000

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Lists as arrays of shape (lists, DEPTH), where `there` says which places are filled.

    `queries` and `rows` are rows of `matrix`; `names` are equal where two candidates of a list are of one gold passage;
    `teacher` are a cross-encoder's logits, not a number where it has read nothing.
    """

    matrix: Vectors
    queries: NDArray[np.int64]
    rows: NDArray[np.int64]
    there: Flags
    gold: Flags
    names: NDArray[np.int64]
    scores: Floats
    teacher: Floats
    wanted: Floats

    def __len__(self) -> int:
        return len(self.queries)

    def part(self, places: NDArray[np.int64]) -> Table:
        """Return some of the lists."""
        fields = ("queries", "rows", "there", "gold", "names", "scores", "teacher", "wanted")
        return replace(self, **{name: getattr(self, name)[places] for name in fields})

    def question_vectors(self) -> Vectors:
        """Return the questions' vectors, shape (lists, dimension)."""
        found: Vectors = self.matrix[self.queries]
        return found

    def vectors(self) -> Vectors:
        """Return the candidates' vectors, shape (lists, DEPTH, dimension); those of empty places say nothing."""
        found: Vectors = self.matrix[self.rows]
        return found

    def recall(self, scores: Floats) -> Floats:
        """Return for each list the share of its gold passages among the `K` candidates with the best scores."""
        order = np.argsort(-np.where(self.there, scores.round(6), -np.inf), axis=1, kind="stable")[:, :K]
        names, gold = (np.take_along_axis(part, order, axis=1) for part in (self.names, self.gold))
        found = [len(set(row[right].tolist())) for row, right in zip(names, gold, strict=True)]
        return np.asarray(found / self.wanted, np.float32)


def table(
    lists: Sequence[CandidateList], embedder: Encoder, cache: Path, watcher: Watcher, *, logits: Sequence[Floats] = ()
) -> Table:
    """Return lists as arrays, with the vectors of their texts and, where there are some, a teacher's logits."""
    texts = sorted({text for one in lists for text in _texts(one)})
    places = {text: row for row, text in enumerate(texts)}
    shape = len(lists), DEPTH
    rows, names = (np.zeros(shape, np.int64) for _ in range(2))
    there, gold = (np.zeros(shape, np.bool_) for _ in range(2))
    scores, teacher = np.zeros(shape, np.float32), np.full(shape, np.nan, np.float32)
    for line, one in enumerate(lists):
        head = one.candidates[:DEPTH]
        size, ids = len(head), dict[str, int]()
        rows[line, :size] = [places[each.text] for each in head]
        names[line, :size] = [ids.setdefault(each.gold or each.id, len(ids)) for each in head]
        there[line, :size] = True
        gold[line, :size] = [bool(each.gold) for each in head]
        scores[line, :size] = [each.score for each in head]
        if logits:
            read = logits[line][:size]
            teacher[line, : len(read)] = read
    wanted = np.array([one.gold for one in lists], np.float32)
    queries = np.array([places[one.question] for one in lists], np.int64)
    matrix = embedded(texts, embedder, cache, watcher)
    return Table(matrix, queries, rows, there, gold, names, scores, teacher, wanted)


def logits_of(paths: Sequence[Path], lists: Sequence[CandidateList]) -> list[Floats]:
    """Return a teacher's logits: a JSON line for each list, in their order, with `question` and `logits`.

    There may be fewer logits than candidates: those of the first, as far as the teacher has read.

    Raises:
        CallerError: for lines that do not belong to the lists.
    """
    lines = list(chain.from_iterable(read_rows(path) for path in paths))
    if len(lines) != len(lists):
        raise CallerError(
            f"--teacher: {len(lines)} lines for {len(lists)} candidate lists; give one for each, in their order"
        )
    return [_logits(place, row, one) for (place, row), one in zip(lines, lists, strict=True)]


def _logits(place: str, row: dict[str, Any], one: CandidateList) -> Floats:
    try:
        values = np.array(row["logits"], np.float32)
        question = row["question"]
    except (KeyError, TypeError, ValueError) as error:
        raise CallerError(f"{place}: no logits of a list ({error!r}); `question` and `logits` are expected") from error
    sound = values.ndim == 1 and len(values) <= len(one.candidates) and bool(np.isfinite(values).all())
    if question != one.question or not sound:
        raise CallerError(
            f"{place}: {len(values)} logits for {question!r} do not fit the list of {one.question!r} with "
            f"{len(one.candidates)} candidates; give finite numbers, a line for each list, in their order"
        )
    return values


def interval(differences: Floats, seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean difference, by a paired bootstrap over questions."""
    drawn = np.random.default_rng(seed).integers(len(differences), size=(DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _texts(one: CandidateList) -> Iterator[str]:
    yield one.question
    yield from (each.text for each in one.candidates[:DEPTH])
