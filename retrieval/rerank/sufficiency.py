"""Sufficiency: the probability that the first passages of a ranking hold everything the question needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..run import Run
from .role import Ranked

#: more than any probability: no ranking is as sure as this
ALWAYS = 1.1


class Sufficiency(Protocol):
    """Estimates from a ranking whether its first five passages hold everything needed, however many are asked for."""

    def estimate(self, ranked: Sequence[Ranked], run: Run) -> float:
        """Return a probability, from 0 to 1."""
        ...
