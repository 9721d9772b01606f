"""Set-wise choice: passages that together cover the question, rather than five that say the same part of it.

Greedy choice by score plus what a passage adds to the words of the question that are covered, weighed by rarity, less
what each passage of its document costs that was chosen before: a question of two documents is not answered by five
passages of one. Both gains fall as the set grows (Nemhauser, Wolsey and Fisher, "An analysis of approximations for
maximizing submodular set functions", 1978). How much they weigh was chosen on nine sets of training questions.
"""

from __future__ import annotations

from collections import Counter
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
        repeated: what a passage loses for each passage of its document that was chosen before.
        first: passages to choose; those after them are ordered by what they would add to all of these.
        depth: passages to choose among.
    """

    gain: float = 1.0
    repeated: float = 0.25
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
        documents = [one.passage.document if one else "" for one in known]
        taken: Counter[str] = Counter()

        def gain(place: int) -> float:
            covered = sum(weights[word] for word in sorted(open_words[place])) / total
            return self.gain * covered - self.repeated * taken[documents[place]]

        for _ in range(min(self.first, len(known))):
            for place in left:
                gains[place] = gain(place)
            best = max(left, key=lambda place: (round(ranked[place]["score"] + gains[place], 6), -place))
            left.remove(best)
            taken[documents[best]] += documents[best] != ""
            chosen = open_words[best]
            open_words = [words - chosen for words in open_words]
        for place in left:
            gains[place] = gain(place)
        return reordered(ranked, [item["score"] + gain for item, gain in zip(ranked, gains, strict=False)], self.name)
