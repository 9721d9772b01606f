"""When a run stops: small frozen rules over its progress, combined with `|` and `&`.

They are asked after each search, and again once the next queries are known and before they are made. Whatever the rules
say, a run never makes more than `MAX_HOPS` searches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_HOPS = 8


@dataclass(frozen=True, slots=True)
class Progress:
    """The facts of a run that a rule may look at."""

    #: searches made so far; the first one counts
    hops: int
    #: passages that the last search found and no earlier one had
    new_passages: int
    #: passages of the best k that were not among the best k before the last search
    new_best: int
    #: queries that the last hop proposed
    queries: int
    #: seconds since the run began
    seconds: float
    #: whether somebody asked the run to end
    cancelled: bool = False
    #: the most that a proposed query can be worth to what it finds; infinite while nobody knows
    worth: float = math.inf
    #: score of the last of the best k; 0 while there are fewer
    kth: float = 0.0
    #: probability that the best k hold everything needed, where somebody estimates it
    sufficiency: float | None = None


class Stop:
    """A rule that looks at the progress of a run and says whether to end it; its `repr` is what the run reports."""

    def __call__(self, progress: Progress) -> bool:
        """Return whether the run should end now."""
        raise NotImplementedError

    def reason(self, progress: Progress) -> str:
        """Return the part of the rule that fired, or nothing."""
        return repr(self) if self(progress) else ""

    def __or__(self, other: Stop) -> Stop:
        return AnyOf((self, other))

    def __and__(self, other: Stop) -> Stop:
        return AllOf((self, other))


@dataclass(frozen=True, slots=True)
class AnyOf(Stop):
    """Ends when one of the rules does; written `a | b`."""

    rules: tuple[Stop, ...]

    def __call__(self, progress: Progress) -> bool:
        return any(rule(progress) for rule in self.rules)

    def reason(self, progress: Progress) -> str:
        """Return the first rule that fired."""
        return next(filter(None, (rule.reason(progress) for rule in self.rules)), "")


@dataclass(frozen=True, slots=True)
class AllOf(Stop):
    """Ends when all of the rules do; written `a & b`."""

    rules: tuple[Stop, ...]

    def __call__(self, progress: Progress) -> bool:
        return all(rule(progress) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class AfterHops(Stop):
    """Ends after a number of searches. The plain bound on cost; combine every other rule with it."""

    limit: int

    def __call__(self, progress: Progress) -> bool:
        return progress.hops >= self.limit


@dataclass(frozen=True, slots=True)
class AfterSeconds(Stop):
    """Ends when the run has taken so long; looked at before each step, a search that has begun is finished."""

    limit: float

    def __call__(self, progress: Progress) -> bool:
        return progress.seconds >= self.limit


@dataclass(frozen=True, slots=True)
class WhenDry(Stop):
    """Ends once a search finds nothing new or nothing is left to ask. Never costs recall, and saves little."""

    def __call__(self, progress: Progress) -> bool:
        return progress.new_passages == 0 or progress.queries == 0


@dataclass(frozen=True, slots=True)
class WhenSettled(Stop):
    """Ends once a further hop leaves the best k as they were. Saves more than `WhenDry` and may cost a late find."""

    after: int = 2

    def __call__(self, progress: Progress) -> bool:
        return progress.hops >= self.after and progress.new_best == 0


@dataclass(frozen=True, slots=True)
class WhenHopeless(Stop):
    """Ends when nothing that could be asked next is worth a share of the score of the last of the best k.

    It looks before the search, where `WhenSettled` looks back at one. What a hop is worth is known beforehand for
    updaters that judge links; with others this never fires.
    """

    share: float = 0.7

    def __call__(self, progress: Progress) -> bool:
        return progress.worth < self.share * progress.kth


@dataclass(frozen=True, slots=True)
class WhenSufficient(Stop):
    """Ends when the best passages probably hold everything needed; never fires where nobody estimates that."""

    least: float = 0.9

    def __call__(self, progress: Progress) -> bool:
        return progress.sufficiency is not None and progress.sufficiency >= self.least


@dataclass(frozen=True, slots=True)
class WhenCancelled(Stop):
    """Ends when somebody asked for it; the run still returns what it has."""

    def __call__(self, progress: Progress) -> bool:
        return progress.cancelled
