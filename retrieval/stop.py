"""When a run stops: small frozen rules over its progress, combined with `|` and `&`.

They are asked after each search, and again once the next queries are known and before they are made. Whatever the rules
say, a run never makes more than `MOST_HOPS` hops.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

from ..core.registry import Registry

#: hops a run may make after its first search, whatever its rules say
MOST_HOPS = 7


@dataclass(frozen=True, slots=True)
class Progress:
    """The facts of a run that a rule may look at."""

    #: hops made so far, 0 after the first search
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
    #: the best score that a proposed query can give to what it finds; infinite while nobody knows
    best_query: float = math.inf
    #: score of the last of the best k; 0 while there are fewer
    kth: float = 0.0
    #: probability that the best k hold everything needed, where somebody estimates it
    sufficiency: float | None = None
    #: passages that the last search found, or led to once more, or that are among the best k, and no hop has begun at;
    #: None where nobody counts
    unread: int | None = None


class Stop:
    """A rule that looks at the progress of a run and says whether to end it; its `repr` is what the run reports.

    A rule that never looks at `sufficiency` may say so with `asks_sufficiency`: the estimate after each search costs
    some milliseconds.
    """

    __slots__ = ()

    @property
    def asks_sufficiency(self) -> bool:
        """Say whether the rule may look at the sufficiency."""
        return True

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

    @property
    def asks_sufficiency(self) -> bool:
        """Say whether one of the rules may look at the sufficiency."""
        return any(rule.asks_sufficiency for rule in self.rules)


@dataclass(frozen=True, slots=True)
class AllOf(Stop):
    """Ends when all of the rules do; written `a & b`."""

    rules: tuple[Stop, ...]

    def __call__(self, progress: Progress) -> bool:
        return all(rule(progress) for rule in self.rules)

    @property
    def asks_sufficiency(self) -> bool:
        """Say whether one of the rules may look at the sufficiency."""
        return any(rule.asks_sufficiency for rule in self.rules)


class _Blind(Stop):
    """A rule that never looks at the sufficiency."""

    __slots__ = ()

    @property
    def asks_sufficiency(self) -> bool:
        """Say no."""
        return False


@dataclass(frozen=True, slots=True)
class MaxHops(_Blind):
    """Ends after so many hops, 0 for the first search alone. The plain bound on cost; combine other rules with it."""

    limit: int = 1

    def __call__(self, progress: Progress) -> bool:
        return progress.hops >= self.limit


@dataclass(frozen=True, slots=True)
class AfterSeconds(_Blind):
    """Ends when the run has taken so long; looked at before each step, a search that has begun is finished."""

    limit: float

    def __call__(self, progress: Progress) -> bool:
        return progress.seconds >= self.limit


@dataclass(frozen=True, slots=True)
class WhenDry(_Blind):
    """Ends once a search leads to nothing that is left to read, or nothing is left to ask.

    A passage that an earlier search had found counts until a hop has begun at it: the first search often has the next
    bridge among its candidates already. So does each of the best k, where a chain may begin. Saves little.
    """

    def __call__(self, progress: Progress) -> bool:
        unread = progress.new_passages if progress.unread is None else progress.unread
        return unread == 0 or progress.queries == 0


@dataclass(frozen=True, slots=True)
class WhenSettled(_Blind):
    """Ends once a further hop leaves the best k as they were. Saves more than `WhenDry` and may cost a late passage."""

    after: int = 1

    def __call__(self, progress: Progress) -> bool:
        return progress.hops >= self.after and progress.new_best == 0


@dataclass(frozen=True, slots=True)
class WhenHopeless(_Blind):
    """Ends when nothing that could be asked next can score a share of what the last of the best k scores.

    It looks before the search, where `WhenSettled` looks back at one. The best score of a hop is known beforehand for
    updaters that judge links; with others this never fires.
    """

    share: float = 0.7

    def __call__(self, progress: Progress) -> bool:
        return progress.best_query < self.share * progress.kth


@dataclass(frozen=True, slots=True)
class WhenSufficient(Stop):
    """Ends when the best passages probably hold everything needed; never fires where nobody estimates that."""

    least: float = 0.9

    def __call__(self, progress: Progress) -> bool:
        return progress.sufficiency is not None and progress.sufficiency >= self.least


@dataclass(frozen=True, slots=True)
class WhenCancelled(_Blind):
    """Ends when somebody asked for it; the run still returns what it has."""

    def __call__(self, progress: Progress) -> bool:
        return progress.cancelled


STOP_RULES: Registry[Stop] = Registry(
    "stop rule",
    "polyhop.stop_rules",
    {
        "dry": "polyhop.retrieval.stop:WhenDry",
        "settled": "polyhop.retrieval.stop:WhenSettled",
        "hopeless": "polyhop.retrieval.stop:WhenHopeless",
        "sufficient": "polyhop.retrieval.stop:WhenSufficient",
    },
    Stop,
)


def AfterHops(limit: int) -> MaxHops:
    """Return the rule that 0.1 called `AfterHops`, which counted searches, the first included."""
    warnings.warn(
        f"AfterHops({limit}) is MaxHops({limit - 1}) now: hops are counted, not searches; the old name goes with the "
        "next release",
        DeprecationWarning,
        stacklevel=2,
    )
    return MaxHops(limit - 1)
