"""When a run takes a step that costs language model calls: small frozen policies over what it knows."""

from __future__ import annotations

from dataclasses import dataclass


class Escalation:
    """Looks at how sufficient the passages found without a language model are, and says whether to spend on more."""

    def __call__(self, sufficiency: float | None) -> bool:
        """Return whether to spend; `sufficiency` is a probability, or None where nobody estimates it."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Never(Escalation):
    """Leaves retrieval to itself; a language model only writes answers."""

    def __call__(self, sufficiency: float | None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Always(Escalation):
    """Spends on every question: the control that `WhenUnsure` is measured against."""

    def __call__(self, sufficiency: float | None) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class WhenUnsure(Escalation):
    """Spends where the passages found so far are less sufficient than `below`."""

    below: float = 0.85

    def __call__(self, sufficiency: float | None) -> bool:
        return sufficiency is not None and sufficiency < self.below
