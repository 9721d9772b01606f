"""How a question is answered: the parts of the machine and their settings, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.errors import CallerError
from ..core.settings import Settings
from ..graphs.stop import AfterHops, AfterSeconds, Stop, WhenCancelled, WhenDry
from ..retrieval.hop.directional import DirectionalHop
from ..retrieval.hop.link import LinkHop
from ..retrieval.hop.role import HopUpdater
from ..retrieval.hop.shared import SharedNameHop
from ..retrieval.query.feedback import Feedback
from ..retrieval.query.first import FirstSearch
from ..retrieval.rerank.path import PathScore
from ..retrieval.rerank.role import Reranker


@dataclass(frozen=True, slots=True)
class Profile:
    """What a run is made of.

    `first` runs the question itself and `augment`, if there is one, a reformulation beside it; `hops` are the updaters
    that propose the next queries, in this order. `stop` is combined with the deadline and with cancellation, which
    always hold.
    """

    first: HopUpdater = field(default_factory=FirstSearch)
    hops: tuple[HopUpdater, ...] = (LinkHop(),)
    augment: HopUpdater | None = None
    reranker: Reranker = field(default_factory=PathScore)
    stop: Stop = field(default_factory=lambda: AfterHops(2) | WhenDry())
    seconds: float = 30.0

    @classmethod
    def of(cls, settings: Settings) -> Profile:
        """Return the profile that the settings describe."""
        hops = tuple(updater(name) for name in settings.updaters.replace(",", " ").split())
        augment = Feedback() if settings.augment == "feedback" else None
        stop = AfterHops(settings.hops) | WhenDry()
        return cls(hops=hops, augment=augment, stop=stop, seconds=settings.seconds)

    def stopping(self) -> Stop:
        """Return the stop rule with what always holds."""
        return WhenCancelled() | AfterSeconds(self.seconds) | self.stop

    def updaters(self) -> dict[str, HopUpdater]:
        """Return all updaters by name; two of one name are refused."""
        found: dict[str, HopUpdater] = {}
        for one in (self.first, *self.hops, *([self.augment] if self.augment else [])):
            if one.name in found:
                raise CallerError(
                    f"two hop updaters are called {one.name!r}: {found[one.name]!r} and {one!r}; rename one of them"
                )
            found[one.name] = one
        return found


UPDATERS = {one.name: one for one in (LinkHop(), SharedNameHop(), DirectionalHop())}


def updater(name: str) -> HopUpdater:
    """Return the hop updater called `name`, with its default settings."""
    try:
        return UPDATERS[name]
    except KeyError:
        raise CallerError(f"unknown hop updater {name!r}; choose among {sorted(UPDATERS)}") from None
