"""Scoring passages by themselves and by the best path that leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.vectors import unit
from ..hop.role import SEARCH, Find
from ..query.reformulations import NAMES
from ..run import Known, Run
from .role import Ranked, order

# What was found without a path; everything else came along one.
AUGMENTED = "augmented"
ALONE = {SEARCH: SEARCH, "named": "named"} | dict.fromkeys(NAMES, AUGMENTED)


@dataclass(frozen=True, slots=True)
class PathScore:
    """A weighted sum: cosine with the question, fused rank, words covered, being named by the question, best path.

    In a run with a reformulation the fused rank is that of three rankings, both halves of the first search and the
    reformulation: a passage that only two of them find is worth at most two thirds.

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

    def rank(self, finds: Sequence[Find], run: Run) -> list[Ranked]:
        """Return each passage found that is still there, once, best first, ties by id."""
        run.load(find["id"] for find in finds)
        augmented = any(ALONE.get(find["via"]) == AUGMENTED for find in finds)
        ranked = []
        for name, ways in _best_ways(finds).items():
            if known := run.known(name):
                ranked.append(self._score(known, fused(ways) if augmented else ways, run))
        ranked.sort(key=order)
        if ranked and self.direction_weight and any(find["via"] not in ALONE for find in finds):
            self._direct(ranked, run)
        return ranked

    def _direct(self, ranked: list[Ranked], run: Run) -> None:
        """Add the gain of the moved query and sort again."""
        best = run.known(ranked[0]["id"])
        others = [(item, known) for item in ranked[1:] if (known := run.known(item["id"])) is not None]
        if best is None or not others:
            return
        moved = unit(best.vector - (run.vector - run.embed(run.lacking(best.words))))
        gains = np.stack([known.vector for _, known in others]) @ moved
        for (item, _), gain in zip(others, gains.tolist(), strict=True):
            item["parts"]["direction"] = self.direction_weight * gain
            item["score"] += self.direction_weight * gain
        ranked.sort(key=order)

    def _score(self, known: Known, ways: dict[str, Find], run: Run) -> Ranked:
        weights = {
            SEARCH: self.search_weight,
            "named": self.named_weight,
            "path": self.path_weight,
        }
        found = {kind: weight * ways[kind]["value"] for kind, weight in weights.items() if kind in ways}
        telling = ways[max(found, key=lambda kind: (found[kind], kind))]
        own = {
            "cosine": self.cosine_weight * known.cosine,
            "covered": self.covered_weight * run.covered(known.words),
        }
        parts = own | found
        return Ranked(
            id=known.passage.id,
            score=sum(parts.values()),
            via=telling["via"],
            path=telling["path"],
            name=telling["name"],
            hop=telling.get("hop", len(telling["path"])),
            parts=parts,
        )


def fused(ways: dict[str, Find]) -> dict[str, Find]:
    """Return ways in which the search and the reformulation are one, two thirds and a third of it."""
    others = {sort: find for sort, find in ways.items() if sort not in (SEARCH, AUGMENTED)}
    told = ways.get(SEARCH) or ways.get(AUGMENTED)
    if told is None:
        return others
    shares = ((SEARCH, 2 / 3), (AUGMENTED, 1 / 3))
    value = sum(share * ways[sort]["value"] for sort, share in shares if sort in ways)
    return {**others, SEARCH: Find(**{**told, "value": value})}


def _best_ways(finds: Sequence[Find]) -> dict[str, dict[str, Find]]:
    """Return for each passage its best find of each sort: by search, by name, beside the question, along a path."""
    best: dict[str, dict[str, Find]] = {}
    for find in finds:
        sort = ALONE.get(find["via"], "path")
        ways = best.setdefault(find["id"], {})
        if sort not in ways or find["value"] > ways[sort]["value"]:
            ways[sort] = find
    return best
