"""Sufficiency: the probability that the first passages of a ranking hold everything the question needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from .role import Ranked

#: passages that have to suffice, however many are asked for
FIRST = 5
#: more than any probability: no ranking is as sure as this
ALWAYS = 1.1


class Sufficiency(Protocol):
    """Estimates from a ranking alone whether its first `FIRST` passages hold everything needed."""

    def estimate(self, ranked: Sequence[Ranked]) -> float:
        """Return a probability, from 0 to 1."""
        ...
