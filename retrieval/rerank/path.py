"""Scoring passages by themselves and by the best path that leads to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..candidate import HOPS, Candidate
from ..run import LoadedPassage, Run
from .role import order

#: what of a ranking's parts a kind of candidate counts for; hops count for `path`
PART = {"question": "search", "named": "named", "reformulation": "augmented"} | dict.fromkeys(HOPS, "path")


@dataclass(frozen=True, slots=True)
class PathScore:
    """A weighted sum: cosine with the question, fused rank, words covered, being named by the question, best path.

    In a run with a reformulation the fused rank is that of three rankings, both halves of the first search and the
    reformulation: a passage that only two of them find has at most two thirds of it.

    A path's value already holds the score of the bridge it starts from, so that a passage found on the way from a good
    bridge may rank next to it although the question never mentions it.
    """

    cosine_weight: float = 1.0
    search_weight: float = 0.7
    covered_weight: float = 0.7
    named_weight: float = 2.0
    path_weight: float = 1.0
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
        return ranked

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
