"""How questions are answered: the parts of a run and their settings, as one frozen value for all questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core.errors import CallerError
from ..core.registry import PartMissing, listed
from ..core.settings import Settings
from .candidate import Candidate
from .escalation import Always, Escalation, Never, Pursuit, WhenUnsure
from .fusion.role import FUSIONS
from .hop.hyperlink import HyperlinkHop
from .hop.link import LinkHop
from .hop.role import UPDATERS, HopUpdater
from .query.first import FirstSearch
from .query.role import AUGMENTERS, Augmenter, Searcher
from .rerank.cover import Cover
from .rerank.duplicates import Duplicates
from .rerank.exclude import Exclude
from .rerank.learned import Learned
from .rerank.listwise import Estimate
from .rerank.path import PathScore
from .rerank.role import ALWAYS, RERANKERS, Ranker, Reranker, Sufficiency
from .retriever import Retriever
from .run import Run
from .stop import STOP_RULES, AfterSeconds, MaxHops, Stop, WhenCancelled, WhenDry

if TYPE_CHECKING:
    from .query.gate import Gate
    from .rerank.choice import SetChoice

#: updaters that are asked after those of the settings where a ranking is looked at again
FURTHER = ("span",)
#: updaters that are asked after those of the settings where a run may hop more than once
DEEP = ("unborne",)
#: rerankers that every ranking goes through, and without more than these in `fast`, for they read no text
LIGHT = ("learned", "cover")
CHOICE = "choice"
UNCHOSEN = "no language model is there to choose passages, so the ranking stands; set POLYHOP_LLM"


@dataclass(frozen=True, slots=True)
class Config:
    """What a run is made of. `Config.of` makes one of the settings.

    `first` runs the question itself and `augment`, if there is one, a reformulation of it, where the `gate` lets it
    through; `hops` are the updaters that propose the next queries, in this order. `stop` is combined with the deadline
    of `seconds` and with cancellation, which always hold.

    After the last search the `light` rerankers order the outcome. Where it then is less sufficient than `sure`, or
    where there are no light ones, the updaters in `further` are asked too, and the `rerankers` order all of it.

    With a language model `escalation` says whether it is to split the question into sub-questions, which `pursuit`
    asks. With `choice` it also chooses, among the first passages of the outcome, those that go first.

    With `reader` an answer without a language model reads the passages together with the question; else it goes by
    words, names and links alone.

    With `instructions` a question may say what to leave out, and `exclude` moves such passages back. Without
    `duplicates` passages that say nearly the same all keep their places. `notices` say what of the settings could not
    be had; every result repeats them.
    """

    first: Searcher = field(default_factory=FirstSearch)
    hops: tuple[HopUpdater, ...] = (LinkHop(), HyperlinkHop())
    augment: Augmenter | None = None
    gate: Gate | None = None
    ranker: Ranker = field(default_factory=PathScore)
    further: tuple[HopUpdater, ...] = ()
    light: tuple[Reranker, ...] = (Learned(), Cover())
    rerankers: tuple[Reranker, ...] = ()
    sufficiency: Sufficiency | None = field(default_factory=Estimate)
    sure: float = ALWAYS
    escalation: Escalation = field(default_factory=WhenUnsure)
    pursuit: Pursuit = field(default_factory=Pursuit)
    choice: SetChoice | None = None
    duplicates: Duplicates | None = field(default_factory=Duplicates)
    instructions: bool = True
    reader: bool = True
    exclude: Exclude = field(default_factory=Exclude)
    stop: Stop = field(default_factory=lambda: MaxHops(1) | WhenDry())
    seconds: float = 30.0
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, retriever: Retriever | None = None, *, llm: bool = False) -> Config:
        """Return what the settings describe; a part with weights needs to know the retriever.

        With a language model (`llm`) that may split questions, `fast` and `auto` look a second time wherever they would
        ask it: that costs milliseconds and no money, and often makes the call needless.

        Where a run may hop more than once, names that no document is called are followed too, in the question as well:
        what a chain lacks then is seldom what a search finds. A single hop keeps the ranking it was trained for.

        Raises:
            CallerError: for a part that there is not, or that needs a retriever and was given none.
            OperatorError: for weights that cannot be used.
        """
        bounds = {"fast": [], "auto": [settings.sure], "quality": [ALWAYS]}[settings.profile]
        if llm and settings.split != "never":
            bounds.append(settings.unsure)
        hops, notices = _hops(settings, retriever)
        names = {one.name for one in hops}
        augment = AUGMENTERS.make(settings.augment) if settings.augment else None
        rerankers, choice = _rerankers(settings)
        deep = settings.max_hops > 1
        if deep:
            hops += tuple(UPDATERS.make(name, retriever) for name in DEEP if name not in names)
        stop: Stop = MaxHops(settings.max_hops)
        for rule in STOP_RULES.make_all(settings.stop):
            stop |= rule
        return cls(
            first=FirstSearch(fusion=FUSIONS.make(settings.fusion), short=deep),
            hops=hops,
            augment=augment,
            gate=None if augment is None or settings.gate is None else _gate(augment.name, settings.gate),
            further=tuple(UPDATERS.make(name, retriever) for name in FURTHER if name not in names) if bounds else (),
            light=tuple(map(RERANKERS.make, LIGHT)) if settings.profile != "quality" else (),
            rerankers=tuple(RERANKERS.make(name, retriever) for name in rerankers) if bounds else (),
            sure=max(bounds, default=ALWAYS),
            escalation={"never": Never(), "always": Always(), "unsure": WhenUnsure(settings.unsure)}[settings.split],
            choice=choice,
            duplicates=Duplicates() if settings.distinct else None,
            instructions=settings.instructions,
            reader=settings.reader,
            stop=stop,
            seconds=settings.seconds,
            notices=notices if llm or choice is None else (*notices, UNCHOSEN),
        )

    def stopping(self) -> Stop:
        """Return the stop rule with what always holds."""
        return WhenCancelled() | AfterSeconds(self.seconds) | self.stop

    def searchers(self) -> Mapping[str, Searcher]:
        """Return all that may run queries, by name.

        Raises:
            CallerError: where two have the same name.
        """
        found: dict[str, Searcher] = {}
        for one in (self.first, *self.hops, *self.further, *([self.augment] if self.augment else [])):
            if one.name in found:
                raise CallerError(f"two parts are called {one.name!r}: {found[one.name]!r} and {one!r}; rename one")
            found[one.name] = one
        return found

    def distinct(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return a ranking with near-duplicates moved back, if they are to be."""
        return list(ranked) if self.duplicates is None else self.duplicates.demote(ranked, run)

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float | None:
        """Return the probability that the head of a ranking is sufficient, where it is asked for."""
        return None if self.sufficiency is None else self.sufficiency.estimate(ranked, run)


def _rerankers(settings: Settings) -> tuple[list[str], SetChoice | None]:
    """Return the names of the rerankers, and the choice by a language model, which comes after all of them."""
    names = [f"cross={settings.pairs}" if name == "cross" else name for name in listed(settings.rerankers)]
    places = [place for place, name in enumerate(names) if name.partition("=")[0] == CHOICE]
    if not places:
        return names, None
    if places != [len(names) - 1]:
        raise CallerError(f"reranker {CHOICE!r} comes last and once, after what needs no model, not as in {names}")
    from .rerank.choice import SetChoice  # few ask for it

    return names[:-1], SetChoice.named(names[-1])


def _gate(augmenter: str, threshold: float) -> Gate:
    from .query.gate import Gate  # few runs have one

    return Gate(augmenter, threshold).checked()


def _hops(settings: Settings, retriever: Retriever | None) -> tuple[tuple[HopUpdater, ...], tuple[str, ...]]:
    """Return the updaters that can be had, and what to tell of the others."""
    hops: list[HopUpdater] = []
    notices: list[str] = []
    for name in listed(settings.updaters):
        try:
            hops.append(UPDATERS.make(f"{name}={settings.treehop}" if name == "treehop" else name, retriever))
            notices += getattr(hops[-1], "notices", ())
        except PartMissing as missing:
            notices += missing.notices
    return tuple(hops), tuple(notices)
