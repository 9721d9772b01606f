"""The variants of a run that are compared with it: what it loses without a part, and gains with another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ...core.errors import CallerError
from ...core.registry import PartMissing
from ...core.settings import Settings
from ...retrieval.config import Config
from ...retrieval.fusion.adaptive import Adaptive
from ...retrieval.fusion.guided import Guided
from ...retrieval.fusion.minmax import MinMax
from ...retrieval.hop.directional import DirectionalHop
from ...retrieval.hop.pagerank import PageRankHop
from ...retrieval.hop.role import UPDATERS, HopUpdater
from ...retrieval.hop.shared import SharedNameHop
from ...retrieval.hop.span import SpanHop
from ...retrieval.query.reformulations import Feedback
from ...retrieval.rerank.rocchio import Rocchio
from ...retrieval.rerank.role import Reranker
from ...retrieval.retriever import Bearers, Retriever
from ...retrieval.stop import MaxHops, WhenDry
from ...store.names import Kind


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run is made of: a retriever and a configuration."""

    retriever: Retriever
    config: Config


#: What a name that was asked is worth where no link is followed beside it.
ALONE = 2.0

Change = Callable[[Setup], Setup]


def field(name: str, change: Callable[[Any], Any]) -> Change:
    """Return the change of one field of the configuration."""

    def made(setup: Setup) -> Setup:
        fields: dict[str, Any] = {name: change(getattr(setup.config, name))}
        return replace(setup, config=replace(setup.config, **fields))

    return made


def left_out(name: str, part: str) -> Change:
    """Return the change that leaves a part out of a field such as `hops`, wherever it comes."""
    return field(name, lambda parts: tuple(one for one in parts if one.name != part))


def added(name: str, part: HopUpdater) -> Change:
    """Return the change that adds a part to a field, after the others."""
    return field(name, lambda parts: (*parts, part))


def unranked(part: str) -> Change:
    """Return the change that leaves a reranker out of both looks; without the learned one the path score decides."""

    def made(setup: Setup) -> Setup:
        return left_out("rerankers", part)(left_out("light", part)(setup))

    return made


def reranked(part: Reranker) -> Change:
    """Return the change that adds a reranker after all others, also after those that every ranking goes through."""

    def made(setup: Setup) -> Setup:
        before = setup.config.rerankers or setup.config.light
        return replace(setup, config=replace(setup.config, rerankers=(*before, part)))

    return made


def fields_of(name: str, **fields: Any) -> Change:
    """Return the change that sets fields of the first search or of the ranker."""
    return field(name, lambda part: replace(part, **fields))


def treehop_on(setup: Setup) -> Setup:
    """Add the trained hop, with the weights there are for the retriever's embedder.

    Raises:
        CallerError: where there are no weights for the embedder.
    """
    try:
        return added("hops", UPDATERS.make("treehop", setup.retriever))(setup)
    except PartMissing as missing:
        raise CallerError(f"part 'treehop' cannot be had ({missing}); leave it out") from missing


def vectors_only(setup: Setup) -> Setup:
    """Take all hops away but those that search by vector: names asked, and the trained hop.

    Raises:
        CallerError: where there are no weights for the embedder.
    """
    alone = replace(setup, config=replace(setup.config, hops=(SpanHop(weight=ALONE),)))
    return treehop_on(alone)


def quality_on(setup: Setup) -> Setup:
    """Look again at every ranking, in the way of the settings."""
    made = Config.of(Settings(profile="quality"), setup.retriever)
    again = replace(setup.config, further=made.further, light=made.light, rerankers=made.rerankers, sure=made.sure)
    return replace(setup, config=again)


def kind_off(kind: Kind) -> Change:
    """Return the change that hides the names of one kind."""
    return lambda setup: replace(setup, retriever=cast(Retriever, WithoutKind(setup.retriever, kind)))


@dataclass(frozen=True)
class WithoutKind:
    """A retriever whose documents bear no names of one kind; all else is passed on."""

    inner: Retriever
    kind: Kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Return the bearers whose names are of other kinds."""
        found = self.inner.bearers(names, most, where=where)
        left = {name: [(key, kind) for key, kind in there if kind != self.kind] for name, there in found.items()}
        return {name: there for name, there in left.items() if there}


#: What the default configuration has and may be left out.
WITHOUT: Mapping[str, Change] = {
    "hops": field("hops", lambda old: ()),
    "link": left_out("hops", "link"),
    "hyperlink": left_out("hops", "hyperlink"),
    "learned": unranked("learned"),
    "cover": unranked("cover"),
    "named": fields_of("first", per_name=0),
    "covered": fields_of("ranker", covered_weight=0.0),
    "cosine": fields_of("ranker", cosine_weight=0.0),
    "search": fields_of("ranker", search_weight=0.0),
    "title": kind_off(Kind.TITLE),
    "lead": kind_off(Kind.LEAD),
    "short": kind_off(Kind.SHORT),
    "alias": kind_off(Kind.ALIAS),
    "fuzzy": kind_off(Kind.FUZZY),
}
#: What the second look has and may be left out.
WITHOUT_AGAIN: Mapping[str, Change] = {
    "reader": left_out("rerankers", "reader"),
    "further": field("further", lambda old: ()),
}
#: What the default configuration has not and may be added.
WITH: Mapping[str, Change] = {
    "span": added("hops", SpanHop()),
    "vectors": vectors_only,
    "treehop": treehop_on,
    "pagerank": added("hops", PageRankHop()),
    "shared": added("hops", SharedNameHop()),
    "directional": added("hops", DirectionalHop()),
    "feedback": field("augment", lambda old: Feedback()),
    "minmax": fields_of("first", fusion=MinMax()),
    "adaptive": fields_of("first", fusion=Adaptive()),
    "guided": fields_of("first", fusion=Guided()),
    "hops=2": field("stop", lambda old: MaxHops(2) | WhenDry()),
    "hops=3": field("stop", lambda old: MaxHops(3) | WhenDry()),
    "rocchio": reranked(Rocchio()),
    "quality": quality_on,
}


def variants(setup: Setup, *, without: Sequence[str] = (), plus: Sequence[str] = ()) -> dict[str, Setup]:
    """Return the variants by name, `-part` and `+part`.

    Raises:
        CallerError: for a part that is not in the tables, or that changes nothing about this setup.
    """
    found: dict[str, Setup] = {}
    for sign, table, names in (("-", {**WITHOUT, **WITHOUT_AGAIN}, without), ("+", WITH, plus)):
        for name in names:
            if name not in table:
                raise CallerError(f"unknown part {name!r}; choose among {', '.join(table)}")
            made = _changed(setup, name, table[name])
            if made == setup:
                raise CallerError(
                    f"part {name!r} changes nothing about this configuration; leave it out of the comparison"
                )
            found[sign + name] = made
    return found


def is_variant(name: str) -> bool:
    """Say whether a system is a variant of the run, by its name."""
    return name[0] in "-+"


def _changed(setup: Setup, name: str, change: Change) -> Setup:
    try:
        made = change(setup)
        made.config.searchers()
    except TypeError as error:
        raise CallerError(
            f"part {name!r} does not fit the parts of this configuration ({error}); leave it out"
        ) from error
    return made
