"""Scoring passages by themselves and by the best path that leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.vectors import unit
from ..candidate import HOPS, Candidate
from ..run import LoadedPassage, Run
from .role import added, order

#: what of a ranking's parts a kind of candidate counts for; hops count for `path`
PART = {"question": "search", "named": "named", "reformulation": "augmented"} | dict.fromkeys(HOPS, "path")


@dataclass(frozen=True, slots=True)
class PathScore:
    """A weighted sum: cosine with the question, fused rank, words covered, being named by the question, best path.

    In a run with a reformulation the fused rank is that of three rankings, both halves of the first search and the
    reformulation: a passage that only two of them find has at most two thirds of it.

    A path's value already holds the score of the bridge it starts from, so that a passage found on the way from a good
    bridge may rank next to it although the question never mentions it.

    Once a path was found, the query is moved past what the best passage has answered, without training and without
    another
    search: `x = unit(e(best) - (e(question) - e(left)))` with `left` the words of the question that the best passage
    lacks, and every other passage gains `direction_weight * cos(x, passage)`. It costs one short embedding; 0
    switches it off.
    """

    cosine_weight: float = 1.0
    search_weight: float = 0.7
    covered_weight: float = 0.7
    named_weight: float = 2.0
    path_weight: float = 1.0
    direction_weight: float = 0.5
    name: str = "path"

    def rank(self, found: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return each passage found that is still there, once, best first, ties by id."""
        run.load(one["id"] for one in found)
        augmented = any(one["kind"] == "reformulation" for one in found)
        ranked = []
        for name, ways in _best_ways(found).items():
            if known := run.known(name):
                ranked.append(self._score(known, fused(ways) if augmented else ways, run))
        ranked.sort(key=order)
        if self.direction_weight and any(one["kind"] in HOPS for one in found):
            return self._directed(ranked, run)
        return ranked

    def _directed(self, ranked: list[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with the gain of the moved query as a part of the scores."""
        best = run.known(ranked[0]["id"]) if ranked else None
        others = [known for item in ranked[1:] if (known := run.known(item["id"])) is not None]
        if best is None or len(others) < len(ranked) - 1 or not others:
            return ranked
        moved = unit(best.vector - (run.vector - run.embed(run.lacking(best.words))))
        gains = (np.stack([known.vector for known in others]) @ moved).tolist()
        moved_items = [
            added(item, self.direction_weight * gain, "direction") for item, gain in zip(ranked[1:], gains, strict=True)
        ]
        return sorted([ranked[0], *moved_items], key=order)

    def _score(self, known: LoadedPassage, ways: dict[str, Candidate], run: Run) -> Candidate:
        weights = {"search": self.search_weight, "named": self.named_weight, "path": self.path_weight}
        found = {part: weight * ways[part]["score"] for part, weight in weights.items() if part in ways}
        telling = ways[max(found, key=lambda part: (found[part], part))]
        own = {
            "cosine": self.cosine_weight * known.cosine,
            "covered": self.covered_weight * run.covered(known.words),
        }
        parts = own | found
        return Candidate(
            id=known.passage.id,
            score=sum(parts.values()),
            kind=telling["kind"],
            via=telling["via"],
            path=telling["path"],
            name=telling["name"],
            hop=telling.get("hop", len(telling["path"])),
            parts=parts,
        )


def fused(ways: dict[str, Candidate]) -> dict[str, Candidate]:
    """Return ways in which the search and the reformulation are one, two thirds and a third of it."""
    shares = {"search": 2 / 3, "augmented": 1 / 3}
    others = {part: one for part, one in ways.items() if part not in shares}
    told = ways.get("search") or ways.get("augmented")
    if told is None:
        return others
    score = sum(share * ways[part]["score"] for part, share in shares.items() if part in ways)
    return {**others, "search": Candidate(**{**told, "score": score})}


def _best_ways(found: Sequence[Candidate]) -> dict[str, dict[str, Candidate]]:
    """Return for each passage its best candidate for each part of the score."""
    best: dict[str, dict[str, Candidate]] = {}
    for one in found:
        part = PART[one["kind"]]
        ways = best.setdefault(one["id"], {})
        if part not in ways or one["score"] > ways[part]["score"]:
            ways[part] = one
    return best
