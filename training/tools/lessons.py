"""What the estimate of being answerable learns from: rankings with and without an answer, in catalogues of any size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...tools.select.model import ANSWER, Model, Values, of_answer, of_head
from .collect import Embed, Example, Request, Shop, examples, smaller, strange, usual

# What requests of which all right tools are gone count among what is to be refused: some can be answered all the same,
# by tools that do nearly the same.
LEFT = 0.25
# Parts of each catalogue, as sizes and how many of each, and what they count together. Without them a small catalogue,
# to which all that is usually asked is strange, would refuse too little.
SIZES = {12: 8, 40: 5, 150: 2, 600: 1, 2000: 1}
SMALL = 0.2
# Requests that are asked of a part.
KEPT, STRANGE = 150, 120


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known of rankings, shape (rankings, `ANSWER`), whether they hold an answer, and their weight together.

    `whole` marks those of a whole catalogue: they set the threshold.
    """

    rows: Values
    right: bool
    weight: float
    whole: bool


def lessons(
    model: Model,
    shops: Sequence[Shop],
    asked: Sequence[Sequence[Request]],
    learned: Sequence[Sequence[Example]],
    *,
    embed: Embed,
    seed: int,
) -> list[Lesson]:
    """Return the rankings of each catalogue for its own requests, for those of the others, and for what is left.

    With one catalogue alone nothing is strange, and it is asked only as it is.
    """
    found: list[Lesson] = []
    random = np.random.default_rng(seed)
    small = SMALL if len(shops) > 1 else 0.0
    for place, shop in enumerate(shops):
        others = strange([one for other in (*asked[:place], *asked[place + 1 :]) for one in other])
        share = (1 - small) / 2
        behind = usual(model, shop, embed)
        left = examples(asked[place][::2], shop, embed, left=True)
        groups = [
            (learned[place], True, share),
            (examples(others, shop, embed), False, share * (1 - LEFT if others else 0)),
            (left, False, share * (LEFT if others else 1)),
        ]
        found += [_lesson(model, one, behind, right=right, weight=weight) for one, right, weight in groups if one]
        if others:
            found += _parts(model, shop, (asked[place], others), embed=embed, random=random)
    return [one for one in found if len(one.rows)]


def _parts(
    model: Model,
    shop: Shop,
    asked: tuple[Sequence[Request], Sequence[Request]],
    *,
    embed: Embed,
    random: np.random.Generator,
) -> Iterator[Lesson]:
    """Yield the lessons of parts of a catalogue."""
    for size, count in SIZES.items():
        for _ in range(count):
            part, own = smaller(shop, asked[0], size, random)
            others = [asked[1][place] for place in random.permutation(len(asked[1]))[:STRANGE].tolist()]
            behind, weight = usual(model, part, embed), SMALL / len(SIZES) / count / 2
            for requests, right in ((own[:KEPT], True), (others, False)):
                lists = examples(requests, part, embed)
                yield _lesson(model, lists, behind, right=right, weight=weight, whole=False)


def _lesson(
    model: Model, lists: Sequence[Example], behind: Values, *, right: bool, weight: float, whole: bool = True
) -> Lesson:
    """Return what is known of rankings; empty ones are left out."""
    rows = [
        of_answer(of_head(one.reading, model(one.reading, one.lexicon)), behind, len(one.lexicon.totals))
        for one in lists
        if len(one.reading.rows)
    ]
    return Lesson(np.array(rows).reshape(-1, len(ANSWER)), right, weight, whole)
