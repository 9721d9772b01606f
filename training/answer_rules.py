"""The rules of an answer, chosen on training questions: each set is judged by units that were fitted to the others.

What is chosen is what does best on sets that the units have not seen, which is where the rules are needed: whatever a
user's passages are about, it is not in the training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..answering.extractive.explain import Explainer, Rules
from ..answering.extractive.quotable import Sight
from ..answering.extractive.scorer import Weighing, choose
from ..core.types import Numbers
from .answer import WHOLE, AnswerableQuestion, fitted, holds

#: What a further sentence has to bring: an answer in so many hundredths of the questions.
COST = 0.05
#: The values that are tried, first the one that does nothing.
GRID: Mapping[str, Sequence[float]] = {
    "onward": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "beside": (0.0, 1.0, 2.0, 4.0, 6.0),
    "alone": (0.0, 1.0, 2.0, 4.0, 6.0),
    "gap": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "sure": (1.0, 0.95, 0.9, 0.8, 0.7),
    "unsure": (0.0, 0.2, 0.4, 0.5, 0.6, 0.7),
}
SAME = (0.0, 0.25, 0.5, 1.0, 2.0)
RIGHT = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutQuestion:
    """A question as units see it that have not learned from its set."""

    asked: AnswerableQuestion
    sight: Sight
    scores: Numbers
    right: float

    def told(self, rules: Rules) -> tuple[bool, int]:
        """Return whether the sentences told hold the answer, and how many there are."""
        question = self.asked.example.question
        told = Explainer.of(
            self.asked.quotable, self.sight, self.scores, right=self.right, question=question, rules=rules
        ).told()
        return holds(" ".join(piece.text for piece in told), self.asked.answer), len(told)


def chosen(sets: Sequence[Sequence[AnswerableQuestion]]) -> Mapping[str, Any]:
    """Return the rules and thresholds, and what they bring where they were chosen on the other sets alone.

    Raises:
        CallerError: if the questions of the other sets are too few to fit units to.
    """
    seen = []
    for place, own in enumerate(sets):
        units, *_ = fitted([one.example for other in (*sets[:place], *sets[place + 1 :]) for one in other])
        seen.append([_seen(one, units) for one in own if one.quotable.pieces])
    told = [
        [one for one in own if one.asked.whole and not one.asked.example.foreign and one.asked.example.hops >= WHOLE]
        for own in seen
    ]
    rules = best(told)
    same = max(SAME, key=lambda value: float(np.mean([_held(own, value) for own in told])))
    apart = [_worth(own, best([*told[:place], *told[place + 1 :]])) for place, own in enumerate(told)]
    return {
        "rules": asdict(rules),
        "same": same,
        "worth of each set": [round(_worth(own, rules), 4) for own in told],
        "with the rules of the others": [round(value, 4) for value in apart],
        "thresholds": thresholds(seen, rules),
    }


def best(sets: Sequence[Sequence[HeldOutQuestion]]) -> Rules:
    """Return the rules that are worth most in the mean of the sets, one changed after the other until none helps."""
    rules = Rules(**{name: values[0] for name, values in GRID.items()})
    worth, before = -1.0, -2.0
    while worth > before:
        before = worth
        for name, values in GRID.items():
            tried = [replace(rules, **{name: value}) for value in values]
            worths = [float(np.mean([_worth(own, one) for own in sets])) for one in tried]
            worth, rules = max(worths), tried[int(np.argmax(worths))]
    return rules


def thresholds(sets: Sequence[Sequence[HeldOutQuestion]], rules: Rules) -> Sequence[Mapping[str, float]]:
    """Return what each threshold lets through of right answers, of wrong ones and of foreign ones, in the mean.

    Wrong are answers that lack what is asked, or were given though nothing holds it.
    """
    tables = [_outcomes(own, rules) for own in sets]
    found = []
    for right in RIGHT:
        rates = np.mean([passed(table, right) for table in tables], axis=0)
        shares = dict(zip(("kept", "wrong", "foreign"), (round(float(rate), 4) for rate in rates), strict=True))
        found.append({"right": right, **shares})
    return found


def _seen(asked: AnswerableQuestion, units: Weighing) -> HeldOutQuestion:
    sight = asked.example.sight()
    scores = units.scores(sight)
    return HeldOutQuestion(asked, sight, scores, units.chance(sight, scores, choose(scores, sight.places)))


def _worth(own: Sequence[HeldOutQuestion], rules: Rules) -> float:
    """Return how often the answer is held, less what the sentences cost."""
    return float(np.mean([held - COST * number for held, number in (one.told(rules) for one in own)]))


def _held(own: Sequence[HeldOutQuestion], same: float) -> float:
    """Return how often the likeliest sentences hold the answer where a second one of a passage costs so much."""
    rows = [(one, choose(one.scores, one.sight.places, same=same)) for one in own]
    return float(np.mean([any(one.asked.example.holds[row] for row in chosen) for one, chosen in rows]))


def _outcomes(own: Sequence[HeldOutQuestion], rules: Rules) -> Numbers:
    """Return of each question its chance, whether its answer is right, and whether it is foreign."""
    return np.array(
        [
            (one.right, bool(one.asked.answer) and one.told(rules)[0], one.asked.example.foreign)
            for one in own
            if one.asked.example.hops >= WHOLE
        ]
    )


def passed(table: Numbers, right: float) -> tuple[float, float, float]:
    """Return the shares of right answers, of wrong ones and of foreign questions that are let through, 0 of none."""
    given = table[:, 0] >= right
    foreign = table[:, 2] > 0
    held = (table[:, 1] > 0) & ~foreign
    kept, wrong, strange = (float(given[of].mean()) if of.any() else 0.0 for of in (held, ~held & ~foreign, foreign))
    return kept, wrong, strange
