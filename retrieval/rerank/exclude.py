"""Leaving out: passages about what was excluded go behind all others, whoever ranked them.

What a single vector makes of "not about X" is "about X". So the run looks for the question without it, and in the end

    s(d) = score - spread * min(1, max(0, p(x, d) - tau) / (1/2 - tau))

with `spread` from the first score to the last and p(x, d) the probability that passage d is about x: a logistic
function of their cosine, of d bearing the name x, of the words of x in d, and of x in the opening of d.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core.words import content_words, name_key, word_key
from ...store.names import Kind
from ..candidate import Candidate, Understood
from ..query.instructions import Period
from ..run import KIND_WEIGHT, LoadedPassage, Run
from .role import STEP, added, order

#: characters of a passage that tell what it is about
OPENING = 80
#: from here on a passage is about it
ABOUT = 0.5
_YEAR = re.compile(r"(?<![\d.,])(?:1\d{3}|20\d{2})(?![\d.,]?\d)")


@dataclass(frozen=True, slots=True)
class Exclude:
    """Moves passages back; the weights were fitted on the topics of training passages among their distractors.

    Args:
        least: the probability under which nothing is done.
        lacking: the share of the spread that a passage without a required phrase loses.
        dated: the same for one whose text speaks of other years only, which is weak evidence.
    """

    cosine: float = 2.2
    named: float = 2.8
    words: float = 2.8
    opening: float = 2.0
    bias: float = -6.1
    least: float = 0.4
    lacking: float = 0.5
    dated: float = 0.5
    name: str = "excluded"

    def demote(self, ranked: Sequence[Candidate], understood: Understood | None, run: Run) -> list[Candidate]:
        """Return the ranking with what is to be left out behind, its loss as a part of the score."""
        if understood is None or not ranked or not _asks(understood):
            return list(ranked)
        run.load(item["id"] for item in ranked)
        spread = ranked[0]["score"] - min(item["score"] for item in ranked) + STEP
        moved = [self._moved(item, understood, run, spread=spread) for item in ranked]
        return sorted(moved, key=order)

    def about(self, topic: str, known: LoadedPassage, run: Run) -> float:
        """Return the probability that a passage is about a topic."""
        key = name_key(topic)
        weights = {word_key(word): run.rarity(word) for word in content_words(topic)}
        held = sum(weight for word, weight in weights.items() if word in known.words) / (sum(weights.values()) or 1.0)
        names = known.names()
        evidence = (
            self.bias
            + self.cosine * float(run.embed(topic) @ known.vector)
            + self.named * (KIND_WEIGHT[Kind(names[key])] if key in names else 0.0)
            + self.words * held
            + self.opening * (f" {key} " in f" {_opening(known.passage.text)} ")
        )
        return 1 / (1 + math.exp(-evidence))

    def _moved(self, item: Candidate, understood: Understood, run: Run, *, spread: float) -> Candidate:
        known = run.known(item["id"])
        if known is None:
            return item
        chances = {topic: self.about(topic, known, run) for topic in understood["exclusions"]}
        worst = max(chances, key=lambda topic: chances[topic], default="")
        chance = chances.get(worst, 0.0)
        share = min(1.0, max(0.0, chance - self.least) / (ABOUT - self.least)) + self._astray(known, understood)
        if not share:
            return item
        moved = added(item, -share * spread, self.name)
        if chance >= ABOUT:
            moved["about"] = worst
        return moved

    def _astray(self, known: LoadedPassage, understood: Understood) -> float:
        """Return the share that a passage loses since it lacks what it should hold."""
        text = f" {name_key(f'{known.passage.title} {known.passage.text}')} " if understood["required"] else ""
        missing = any(f" {name_key(phrase)} " not in text for phrase in understood["required"])
        years = Period(understood["since"], understood["until"])
        told = _years(known.passage.text) if years != Period() else ()
        other = bool(told) and not any(map(years.holds, told))
        return self.lacking * missing + self.dated * other


def _asks(understood: Understood) -> bool:
    return any((understood["exclusions"], understood["required"], understood["since"], understood["until"]))


@lru_cache(maxsize=4_096)
def _opening(text: str) -> str:
    return name_key(text[:OPENING])


@lru_cache(maxsize=4_096)
def _years(text: str) -> tuple[int, ...]:
    return tuple(map(int, _YEAR.findall(text)))
