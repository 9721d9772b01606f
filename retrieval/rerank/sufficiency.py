"""Sufficiency: the probability that the first passages of a ranking hold everything the question needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..candidate import Candidate
from ..run import Run

#: more than any probability: no ranking is as sure as this
ALWAYS = 1.1


class Sufficiency(Protocol):
    """Estimates from a ranking whether its first five passages hold everything needed, however many are asked for."""

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
        """Return a probability, from 0 to 1."""
        ...
