"""How a question is answered: the parts of the machine and their settings, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..core.errors import CallerError
from ..core.settings import Settings
from ..graphs.context import Context
from ..graphs.escalation import Always, Never, Spend, WhenUnsure
from ..graphs.stop import AfterHops, AfterSeconds, Stop, WhenCancelled, WhenDry
from ..retrieval.fusion.adaptive import Adaptive
from ..retrieval.fusion.guided import Guided
from ..retrieval.fusion.minmax import MinMax
from ..retrieval.fusion.role import Fusion
from ..retrieval.fusion.rrf import ReciprocalRank
from ..retrieval.hop import checkpoint
from ..retrieval.hop.directional import DirectionalHop
from ..retrieval.hop.link import LinkHop
from ..retrieval.hop.pagerank import PageRankHop
from ..retrieval.hop.role import SEARCH, HopUpdater
from ..retrieval.hop.shared import SharedNameHop
from ..retrieval.hop.span import SpanHop
from ..retrieval.hop.treehop import TreeHop
from ..retrieval.query.expansion import Expansion
from ..retrieval.query.feedback import Feedback
from ..retrieval.query.first import FirstSearch
from ..retrieval.query.gate import Gate
from ..retrieval.query.pursue import Pursuit
from ..retrieval.query.reformulations import Repeat
from ..retrieval.query.written import KEYWORDS, PASSAGE, THOUGHTS
from ..retrieval.rerank.adapter import QueryAdapter
from ..retrieval.rerank.cover import Cover
from ..retrieval.rerank.cross import CrossEncoder
from ..retrieval.rerank.duplicates import Duplicates
from ..retrieval.rerank.e2rank import E2Rank
from ..retrieval.rerank.exclude import Exclude
from ..retrieval.rerank.listwise import Estimate, Listwise
from ..retrieval.rerank.path import PathScore
from ..retrieval.rerank.rocchio import Rocchio
from ..retrieval.rerank.role import Ranker, Reranker
from ..retrieval.rerank.sentence_cross_encoder import SentenceCross
from ..retrieval.rerank.sufficiency import ALWAYS, Sufficiency
from ..retrieval.retriever import MultiRetriever, Retriever
from ..store.collection import Collection


@dataclass(frozen=True, slots=True)
class Profile:
    """What a run is made of.

    `first` runs the question itself and `augment`, if there is one, a reformulation beside it, where the `gate` lets it
    through; `hops` are the updaters that propose the next queries, in this order. `stop` is combined with the deadline
    and with cancellation, which always hold. `first` may have any name; what it finds counts as found by the question
    itself where its finds are `via` `search` or `named`.

    After the last search the updaters in `further` are asked too, and the `light` rerankers order the outcome; where it
    then is less sufficient than `sure`, or where there are no light ones, the `rerankers` do.

    With a language model `spend` says whether it is to split the question into sub-questions, which `pursuit` asks.

    `notices` say what of the settings could not be had; every result repeats them.
    With `instructions` a question may say what to leave out, and `exclude` moves such passages back.
    Without `duplicates` passages that say nearly the same all keep their places.
    """

    first: HopUpdater = field(default_factory=FirstSearch)
    hops: tuple[HopUpdater, ...] = (LinkHop(),)
    augment: HopUpdater | None = None
    gate: Gate | None = None
    ranker: Ranker = field(default_factory=PathScore)
    further: tuple[HopUpdater, ...] = ()
    light: tuple[Reranker, ...] = ()
    rerankers: tuple[Reranker, ...] = ()
    sufficiency: Sufficiency | None = field(default_factory=Estimate)
    sure: float = ALWAYS
    spend: Spend = field(default_factory=WhenUnsure)
    pursuit: Pursuit = field(default_factory=Pursuit)
    duplicates: Duplicates | None = field(default_factory=Duplicates)
    instructions: bool = True
    exclude: Exclude = field(default_factory=Exclude)
    stop: Stop = field(default_factory=lambda: AfterHops(2) | WhenDry())
    seconds: float = 30.0
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, retriever: Retriever | None = None, *, llm: bool = False) -> Profile:
        """Return the profile that the settings describe; an updater with weights needs to know the retriever.

        With a language model (`llm`) that may split questions, `fast` and `auto` look a second time wherever they would
        ask it: that costs milliseconds and no money, and often makes the call needless.
        """
        hops, notices = _hops(settings, retriever)
        augment = augmenter(settings.augment)
        stop = AfterHops(settings.hops) | WhenDry()
        first = FirstSearch(fusion=fusion(settings.fusion))
        duplicates = Duplicates() if settings.distinct else None
        bounds = {"fast": [], "auto": [settings.sure], "quality": [ALWAYS]}[settings.profile]
        if llm and settings.split != "never":
            bounds.append(settings.unsure)
        return cls(
            first=first,
            hops=hops,
            augment=augment,
            gate=gate(settings, augment),
            further=tuple(one for one in FURTHER if one not in hops) if bounds else (),
            light=LIGHT if settings.profile == "auto" else (),
            rerankers=rerankers(settings, retriever) if bounds else (),
            sure=max(bounds, default=ALWAYS),
            spend=spending(settings),
            duplicates=duplicates,
            instructions=settings.instructions,
            stop=stop,
            seconds=settings.seconds,
            notices=notices,
        )

    def stopping(self) -> Stop:
        """Return the stop rule with what always holds."""
        return WhenCancelled() | AfterSeconds(self.seconds) | self.stop

    def context(self, retriever: Retriever) -> Context:
        """Return the context of a new run."""
        return Context(
            retriever=retriever,
            updaters=self.updaters(),
            first=self.first.name,
            hops=tuple(one.name for one in self.hops),
            augment=self.augment.name if self.augment else "",
            gate=self.gate if self.augment else None,
            ranker=self.ranker,
            stop=self.stopping(),
            duplicates=self.duplicates,
            instructions=self.instructions,
            exclude=self.exclude,
            further=tuple(one.name for one in self.further),
            light=self.light,
            rerankers=self.rerankers,
            sufficiency=self.sufficiency,
            sure=self.sure,
            spend=self.spend,
            pursuit=self.pursuit,
            seconds=self.seconds,
        )

    def updaters(self) -> dict[str, HopUpdater]:
        """Return all updaters by name; two of one name are refused, and hops whose finds would pass for the first's."""
        found: dict[str, HopUpdater] = {}
        for one in (*self.hops, *self.further):
            if one.name == SEARCH and self.first.name != SEARCH:
                raise CallerError(f"only the first updater may be called {SEARCH!r}; rename {one!r}")
        for one in (self.first, *self.hops, *self.further, *([self.augment] if self.augment else [])):
            if one.name in found:
                raise CallerError(
                    f"two hop updaters are called {one.name!r}: {found[one.name]!r} and {one!r}; rename one of them"
                )
            found[one.name] = one
        return found


def spending(settings: Settings) -> Spend:
    """Return when a language model splits the question."""
    return {"never": Never(), "always": Always(), "unsure": WhenUnsure(settings.unsure)}[settings.split]


TRAINED = "treehop"
#: what is asked beside the updaters of the settings where a ranking is looked at again
FURTHER = (SpanHop(),)
#: what orders a ranking in `auto` before it is asked whether it is sure: they take a millisecond, for they read no text
LIGHT = (Listwise(), Cover())
UPDATERS = {one.name: one for one in (LinkHop(), SpanHop(), SharedNameHop(), DirectionalHop(), PageRankHop())}


def updater(name: str) -> HopUpdater:
    """Return the hop updater called `name`, with its default settings."""
    try:
        return UPDATERS[name]
    except KeyError:
        raise CallerError(f"unknown hop updater {name!r}; choose among {sorted([*UPDATERS, TRAINED])}") from None


def treehop(retriever: Retriever, file: str = "") -> tuple[TreeHop | None, list[str]]:
    """Return the trained hop for a retriever and what to tell; nothing where there are no weights for its embedder.

    Weights are those in `file`, else those that `polyhop train` left beside a collection, else those shipped.

    Raises:
        NoCheckpoint: if `file` is named but not there.
        BrokenCheckpoint: if the weights are cut short or altered.
        ForeignCheckpoint: if `file` belongs to another embedder.
    """
    name, dimension = retriever.embedder.name, retriever.embedder.dimension
    if file:
        return TreeHop(checkpoint.load(Path(file).expanduser(), embedder=name, dimension=dimension)), []
    found, told = checkpoint.find(folders(retriever), embedder=name, dimension=dimension)
    return (TreeHop(found) if found else None), told


def folders(retriever: Retriever) -> list[Path]:
    """Return the folders of the collections that a retriever searches."""
    members = retriever.members if isinstance(retriever, MultiRetriever) else [retriever]
    return [member.folder for member in members if isinstance(member, Collection)]


def _hops(settings: Settings, retriever: Retriever | None) -> tuple[tuple[HopUpdater, ...], tuple[str, ...]]:
    hops: list[HopUpdater] = []
    notices: list[str] = []
    for text in settings.updaters.replace(",", " ").split():
        name, _, file = text.partition("=")
        if name != TRAINED:
            hops.append(updater(text))
            continue
        if retriever is None:
            raise CallerError(f"updater {name!r} needs to know the embedder; call Profile.of(settings, retriever)")
        trained, told = treehop(retriever, file or settings.treehop)
        hops += [trained] if trained else []
        notices += told
    return tuple(hops), tuple(notices)


AUGMENTERS: dict[str, HopUpdater] = {
    one.name: one for one in (Feedback(), Expansion(), Repeat(), PASSAGE, KEYWORDS, THOUGHTS)
}


def augmenter(name: str) -> HopUpdater | None:
    """Return the augmenter called `name`, with its default settings; none for an empty name."""
    if not name:
        return None
    try:
        return AUGMENTERS[name]
    except KeyError:
        raise CallerError(f"unknown augmenter {name!r}; choose among {sorted(AUGMENTERS)}") from None


def gate(settings: Settings, augment: HopUpdater | None) -> Gate | None:
    """Return the gate of the settings, if there is to be one and something to let through."""
    if augment is None or settings.gate is None:
        return None
    return Gate(augment.name, settings.gate).checked()


FUSIONS: dict[str, Fusion] = {one.name: one for one in (ReciprocalRank(), MinMax(), Adaptive(), Guided())}


def fusion(name: str) -> Fusion:
    """Return the fusion called `name`, with its default settings."""
    try:
        return FUSIONS[name]
    except KeyError:
        raise CallerError(f"unknown fusion {name!r}; choose among {sorted(FUSIONS)}") from None


RERANKERS: dict[str, Reranker] = {one.name: one for one in (Listwise(), CrossEncoder(), Cover(), Rocchio())}
ADAPTER = "adapter"
#: passages that `cross=PAIRS` may have read
MOST_PAIRS = 200
#: rerankers that are given a model, as in `e2rank=Alibaba-NLP/E2Rank-0.6B`
WITH_MODEL = {"e2rank": E2Rank, "cross-encoder": SentenceCross}


def rerankers(settings: Settings, retriever: Retriever | None = None) -> tuple[Reranker, ...]:
    """Return the rerankers of the settings, in their order; one with weights for an embedder needs the retriever."""
    found: list[Reranker] = []
    for text in settings.rerankers.replace(",", " ").split():
        name, _, model = text.partition("=")
        if model and name in WITH_MODEL:
            found.append(WITH_MODEL[name](model))
        elif text == ADAPTER and retriever is not None:
            found.append(QueryAdapter.of(retriever.embedder.name, retriever.embedder.dimension))
        elif name == "cross" and (not model or (model.isdecimal() and 1 <= int(model) <= MOST_PAIRS)):
            found.append(CrossEncoder(depth=int(model or settings.pairs)))
        elif name in RERANKERS and not model:
            found.append(RERANKERS[name])
        else:
            known = [*RERANKERS, ADAPTER, *(f"{one}=MODEL" for one in WITH_MODEL)]
            raise CallerError(f"unknown reranker {text!r}; choose among {known}")
    return tuple(found)
