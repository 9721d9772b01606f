"""Scoring passages by themselves and by the best path that leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..hop.role import Find
from ..working import Known, Working
from .role import Ranked

ALONE = ("search", "named")


@dataclass(frozen=True, slots=True)
class PathScore:
    """A weighted sum: cosine with the question, fused rank, words covered, being named by the question, best path.

    A path's value already holds the score of the bridge it starts from, so that a passage found on the way from a good
    bridge may rank next to it although the question never mentions it.
    """

    cosine_weight: float = 1.0
    search_weight: float = 0.7
    covered_weight: float = 0.7
    named_weight: float = 2.0
    path_weight: float = 1.0
    name: str = "path"

    def rank(self, finds: Sequence[Find], run: Working) -> list[Ranked]:
        """Return each passage found that is still there, once, best first, ties by id."""
        run.load(find["id"] for find in finds)
        ranked = []
        for name, ways in _best_ways(finds).items():
            if known := run.known(name):
                ranked.append(self._score(known, ways, run))
        return sorted(ranked, key=lambda item: (-round(item["score"], 6), item["id"]))

    def _score(self, known: Known, ways: dict[str, Find], run: Working) -> Ranked:
        weights = {"search": self.search_weight, "named": self.named_weight, "path": self.path_weight}
        parts = {kind: weights[kind] * find["value"] for kind, find in ways.items()}
        own = self.cosine_weight * known.cosine + self.covered_weight * run.covered(known.words)
        telling = ways[max(parts, key=lambda kind: (parts[kind], kind))]
        return Ranked(
            id=known.passage.id,
            score=own + sum(parts.values()),
            via=telling["via"],
            path=telling["path"],
            name=telling["name"],
        )


def _best_ways(finds: Sequence[Find]) -> dict[str, dict[str, Find]]:
    """Return for each passage its best find of each sort: by the search, by being named, along a path."""
    best: dict[str, dict[str, Find]] = {}
    for find in finds:
        sort = find["via"] if find["via"] in ALONE else "path"
        ways = best.setdefault(find["id"], {})
        if sort not in ways or find["value"] > ways[sort]["value"]:
            ways[sort] = find
    return best
