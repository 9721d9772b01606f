"""Set-wise choice: passages that together cover the question, rather than five that say the same part of it.

Greedy choice by score plus what a passage adds to the words of the question that are covered, weighed by rarity. The
sum is monotone and submodular, so that the greedy set reaches 1 - 1/e of the best one (Nemhauser, Wolsey and Fisher,
"An analysis of approximations for maximizing submodular set functions", 1978), and the gains fall as it grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..candidate import Candidate
from ..run import Run
from .role import reordered


@dataclass(frozen=True, slots=True)
class Cover:
    """Chooses the first passages one by one, each for its score and for what it adds to those chosen before.

    Args:
        gain: of covering the whole question, where scores are logits.
        first: passages to choose; those after them are ordered by what they would add to all of these.
        depth: passages to choose among.
    """

    gain: float = 5.0
    first: int = 5
    depth: int = 16
    name: str = "cover"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its first `depth` passages in the order of choice."""
        weights = run.weights
        total = sum(weights.values()) or 1.0
        run.load(item["id"] for item in ranked[: self.depth])
        known = [run.known(item["id"]) for item in ranked[: self.depth]]
        open_words = [frozenset(weights) & one.words if one else frozenset() for one in known]
        left, gains = list(range(len(known))), [0.0] * len(known)
        for _ in range(min(self.first, len(known))):
            for place in left:
                gains[place] = self.gain * sum(weights[word] for word in sorted(open_words[place])) / total
            best = max(left, key=lambda place: (round(ranked[place]["score"] + gains[place], 6), -place))
            left.remove(best)
            chosen = open_words[best]
            open_words = [words - chosen for words in open_words]
        for place in left:
            gains[place] = self.gain * sum(weights[word] for word in sorted(open_words[place])) / total
        return reordered(ranked, [item["score"] + gain for item, gain in zip(ranked, gains, strict=False)], self.name)
