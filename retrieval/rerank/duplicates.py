"""Near-duplicates: what only says again what a better passage says gives up its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.vectors import cosines
from ...core.words import content_words
from ...store.names import Kind
from ..candidate import Candidate
from ..run import LoadedPassage, Run

# A head is compared pair by pair, and so has a bound however many passages are asked for.
LARGEST = 300
NAMING = (Kind.TITLE, Kind.LEAD)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Moves passages that say nearly the same as a better one behind all others; the better one names them.

    Two passages are taken for the same only if their vectors and their words agree, if neither has a number where the
    other has another, and if they share what they are called. Vectors alone are alike for every two seasons of a
    league, and words for two brothers. Broder, On the Resemblance and Containment of Documents, 1997, for the overlap
    of words.

    Args:
        cosine: of the two vectors, at least.
        overlap: shared words among those of either, at least.
        head: passages at the head of the ranking that are compared, or three times what is asked for if that is more,
            but never more than 300.
    """

    cosine: float = 0.95
    overlap: float = 0.8
    head: int = 50

    def demote(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with the duplicates at its end, in their order, and named by what they repeat."""
        size = min(max(self.head, 3 * run.k), LARGEST)
        repeats = self._repeats(ranked[:size], run)
        if not repeats:
            return list(ranked)
        named: dict[str, list[str]] = {}
        for name, kept in repeats.items():
            named.setdefault(kept, []).append(name)
        first = [_naming(item, named.get(item["id"])) for item in ranked if item["id"] not in repeats]
        return [*first, *(item for item in ranked if item["id"] in repeats)]

    def _repeats(self, head: Sequence[Candidate], run: Run) -> dict[str, str]:
        return self.repeats([there for item in head if (there := run.known(item["id"])) is not None])

    def repeats(self, known: Sequence[LoadedPassage]) -> dict[str, str]:
        """Return duplicate -> the first passage that it repeats, for those that are no duplicates themselves."""
        if len(known) < 2:
            return {}
        vectors = np.stack([one.vector for one in known])
        found: dict[str, str] = {}
        firsts, seconds = np.nonzero(np.triu(cosines(vectors, vectors) >= self.cosine, 1))
        # By the worse of the two, so that the better one is settled before.
        for second, first in sorted(zip(seconds.tolist(), firsts.tolist(), strict=True)):
            better, worse = known[first], known[second]
            taken = worse.passage.id in found or better.passage.id in found
            if not taken and self._alike(better, worse):
                found[worse.passage.id] = better.passage.id
        return found

    def _alike(self, one: LoadedPassage, other: LoadedPassage) -> bool:
        shared, either = len(one.words & other.words), len(one.words | other.words)
        if shared < self.overlap * either:
            return False
        here, there = _numbers(one), _numbers(other)
        return (here <= there or there <= here) and _same_name(one, other)


def _naming(item: Candidate, duplicates: list[str] | None) -> Candidate:
    return Candidate(**{**item, "duplicates": duplicates}) if duplicates else item


def _numbers(known: LoadedPassage) -> set[str]:
    return {word for word in content_words(known.passage.text) if any(map(str.isdigit, word))}


def _same_name(one: LoadedPassage, other: LoadedPassage) -> bool:
    """Say whether two passages share a title or opening name, or one has none."""
    here, there = ({name for name, kind in known.names().items() if kind in NAMING} for known in (one, other))
    return not here or not there or not here.isdisjoint(there)
