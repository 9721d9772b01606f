"""What every searcher must keep, and beyond that every hop updater and every augmenter.

A new one is put to the same checks by subclassing `HopUpdaterContract`, `AugmenterContract` or `SearcherContract`.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, get_origin, get_type_hints

import numpy as np
import pytest

from polyhop.core.types import Document, Link
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import HOPS, Candidate, Query
from polyhop.retrieval.hop.role import HopUpdater
from polyhop.retrieval.query.role import Augmenter, Searcher, first_query
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus
from tests.retrieval.made import bridge

NOBODY = "0" * 32
FILLERS = 150
PER_BRIDGE, PER_QUERY = 100, 128
QUESTION = "Which river flows through the city where the director of Jaws was born?"


#: A passage that names another one back, and links there and to a person.
BACK = Document(
    "quint",
    "Quint is the shark hunter in Jaws.",
    "",
    {"kind": "person"},
    links=(Link(29, 33, "Jaws%20(film).md"), Link(0, 5, "Steven%20Spielberg.md")),
)


@dataclass(frozen=True)
class World:
    """A collection to hop in, and the passages to hop from."""

    collection: Collection
    ids: Mapping[str, str]

    def run(self, where: str = "") -> Run:
        """Return the memory of a run that has met nothing yet."""
        return Run(self.collection, QUESTION, where)

    def bridges(self) -> list[Candidate]:
        """Return passages to go on from, two at the end of a path, one of which names the passage it came from."""
        jaws, spielberg, quint = self.ids["Jaws (film)"], self.ids["Steven Spielberg"], self.ids["quint"]
        return [
            bridge(jaws, 2.0, []),
            bridge(spielberg, 1.5, [jaws]),
            bridge(quint, 1.2, [jaws]),
            bridge(self.ids["The Third Man"], 0.5, []),
        ]


def fillers() -> Iterator[Document]:
    """Yield passages that nothing leads to, enough of them for a missing bound to show."""
    chance = np.random.default_rng(3)
    for number in range(FILLERS):
        vector = tuple(chance.normal(size=384).tolist())
        yield Document(f"filler-{number}", f"minutes of meeting {number}", metadata={"kind": "other"}, vector=vector)


Ask = Callable[[Any, World, Run], list[Query]]
#: `Any` is the part under test: a searcher for the checks of all, a hop updater or an augmenter for the others
Check = Callable[[Any, World, Ask], None]


def proposed(updater: HopUpdater, world: World, run: Run) -> list[Query]:
    """Return the queries that a hop updater makes."""
    return updater.propose(world.bridges(), run)


def reformulated(augmenter: Augmenter, world: World, run: Run) -> list[Query]:
    """Return the queries that an augmenter makes."""
    return augmenter.reformulate(run)


def asked(searcher: Searcher, world: World, run: Run) -> list[Query]:
    """Return the question as a query, for searchers that make none."""
    return [first_query(run.question, searcher)]


def _both(searcher: Searcher, world: World, ask: Ask, where: str = "") -> tuple[list[Query], list[Candidate]]:
    run = world.run(where)
    queries = ask(searcher, world, run)
    return queries, searcher.search(queries, run)


# Of every searcher


def is_deterministic(searcher: Searcher, world: World, ask: Ask) -> None:
    """Two runs that know nothing of each other make the same queries and finds, in the same order."""
    assert _both(searcher, world, ask) == _both(searcher, world, ask)


def is_plain_json(searcher: Searcher, world: World, ask: Ask) -> None:
    """Queries and finds hold plain JSON types and nothing else, so that any checkpointer can keep them."""
    for part in _both(searcher, world, ask):
        assert set() == _types(part) - {dict, list, str, int, float}
        assert part == json.loads(json.dumps(part, allow_nan=False))


def _types(value: Any) -> set[type]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {type(value)}.union(*map(_types, inside))


def finds_are_candidates(searcher: Searcher, world: World, ask: Ask) -> None:
    """A find has all the keys that a candidate must have, and no key that it does not know."""
    hints = get_type_hints(Candidate, include_extras=True)
    needed = {key for key, hint in hints.items() if get_origin(hint) is not NotRequired}
    _, finds = _both(searcher, world, ask)
    assert [] == [find for find in finds if not needed <= set(find) <= set(hints)]


def signs_its_queries(searcher: Searcher, world: World, ask: Ask) -> None:
    """Every query bears the name and the checkpoint of the searcher that is to run it."""
    queries = ask(searcher, world, world.run())
    assert {(searcher.name, searcher.checkpoint)} >= {(query["updater"], query["checkpoint"]) for query in queries}


def finds_along_its_queries(searcher: Searcher, world: World, ask: Ask) -> None:
    """The path of a find is that of a query that was asked."""
    queries, finds = _both(searcher, world, ask)
    assert {tuple(query["path"]) for query in queries} >= {tuple(find["path"]) for find in finds}


def never_returns_its_path(searcher: Searcher, world: World, ask: Ask) -> None:
    """No find is a passage of the path that led to it."""
    _, finds = _both(searcher, world, ask)
    assert [] == [find for find in finds if find["id"] in find["path"]]


def scores_are_sound(searcher: Searcher, world: World, ask: Ask) -> None:
    """The score of a find is finite and not negative."""
    _, finds = _both(searcher, world, ask)
    assert [] == [find for find in finds if not math.isfinite(find["score"]) or find["score"] < 0]


def finds_exist(searcher: Searcher, world: World, ask: Ask) -> None:
    """Everything found is a live passage."""
    _, finds = _both(searcher, world, ask)
    assert {find["id"] for find in finds} <= set(world.collection.record.live_ids())


def skips_gone_paths(searcher: Searcher, world: World, ask: Ask) -> None:
    """A query whose bridge is gone since it was made is run without an error and finds nothing that is gone."""
    run = world.run()
    queries = [Query(**{**query, "path": [NOBODY]}) for query in ask(searcher, world, run)]
    assert NOBODY not in {find["id"] for find in searcher.search(queries, world.run())}


def is_bounded(searcher: Searcher, world: World, ask: Ask) -> None:
    """Queries are bounded by the bridges and finds by the queries, not by the collection."""
    queries, finds = _both(searcher, world, ask)
    assert len(queries) <= PER_BRIDGE * len(world.bridges())
    assert len(finds) <= PER_QUERY * len(queries)


def finds_nothing_without_queries(searcher: Searcher, world: World, ask: Ask) -> None:
    """Without queries there are no finds."""
    assert [] == searcher.search([], world.run())


def keeps_to_the_filter(searcher: Searcher, world: World, ask: Ask) -> None:
    """In a filtered run only passages that pass the filter are found, whoever made the queries."""
    where = "kind = 'person'"
    finds = searcher.search(ask(searcher, world, world.run()), world.run(where)) + _both(searcher, world, ask, where)[1]
    passages = world.collection.passages([find["id"] for find in finds])
    assert {"person"} >= {passage.metadata["kind"] for passage in passages.values()}


def leaves_its_queries_alone(searcher: Searcher, world: World, ask: Ask) -> None:
    """Queries are not changed."""
    queries = ask(searcher, world, world.run())
    before = copy.deepcopy(queries)
    searcher.search(queries, world.run())
    assert before == queries


def resumes_from_json(searcher: Searcher, world: World, ask: Ask) -> None:
    """Queries that were written down and read back by a process that knows nothing find the same."""
    queries, finds = _both(searcher, world, ask)
    assert finds == searcher.search(json.loads(json.dumps(queries, default=float)), world.run())


SEARCHING: Sequence[Check] = (
    is_deterministic,
    is_plain_json,
    finds_are_candidates,
    signs_its_queries,
    finds_along_its_queries,
    never_returns_its_path,
    scores_are_sound,
    finds_exist,
    skips_gone_paths,
    is_bounded,
    finds_nothing_without_queries,
    keeps_to_the_filter,
    leaves_its_queries_alone,
    resumes_from_json,
)


# Of hop updaters


def finds_are_of_its_kind(updater: HopUpdater, world: World, ask: Ask) -> None:
    """It says by what it reaches passages, one of the kinds that are hops, and so does each of its finds."""
    _, finds = _both(updater, world, ask)
    assert updater.kind in HOPS
    assert {updater.kind} >= {find["kind"] for find in finds}


def paths_end_in_a_bridge(updater: HopUpdater, world: World, ask: Ask) -> None:
    """The path of a proposed query is the path of one of the bridges and then that bridge."""
    bridges = world.bridges()
    paths = {(*bridge["path"], bridge["id"]) for bridge in bridges}
    assert paths >= {tuple(query["path"]) for query in updater.propose(bridges, world.run())}


def skips_gone_bridges(updater: HopUpdater, world: World, ask: Ask) -> None:
    """A bridge that is gone gives no query and harms no other."""
    gone = bridge(NOBODY, 9.0, [])
    assert [] == updater.propose([gone], world.run())
    assert updater.propose(world.bridges(), world.run()) == updater.propose([*world.bridges(), gone], world.run())


def nothing_comes_of_nothing(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Without bridges there are no queries."""
    assert [] == updater.propose([], world.run())


def leaves_its_bridges_alone(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Bridges are not changed."""
    bridges = world.bridges()
    updater.propose(bridges, world.run())
    assert world.bridges() == bridges


CHECKS: Sequence[Check] = (
    *SEARCHING,
    finds_are_of_its_kind,
    paths_end_in_a_bridge,
    skips_gone_bridges,
    nothing_comes_of_nothing,
    leaves_its_bridges_alone,
)


# Of augmenters


def finds_are_reformulations(augmenter: Augmenter, world: World, ask: Ask) -> None:
    """Its finds belong to the first search: they are of the kind `reformulation` and have no path."""
    _, finds = _both(augmenter, world, ask)
    assert {("reformulation", 0)} >= {(find["kind"], len(find["path"])) for find in finds}


def makes_queries_without_a_path(augmenter: Augmenter, world: World, ask: Ask) -> None:
    """What it reformulates itself is asked beside the question, not from a passage on."""
    assert [] == [query for query in augmenter.reformulate(world.run()) if query["path"]]


AUGMENTING: Sequence[Check] = (*SEARCHING, finds_are_reformulations, makes_queries_without_a_path)


def failing(part: Searcher, world: World, ask: Ask = proposed, checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the checks that a part does not pass, those of a hop updater unless others are named."""
    failed = set()
    for check in checks:
        try:
            check(part, world, ask)
        except Exception:  # whatever a broken part raises
            failed.add(check.__name__)
    return failed


@pytest.fixture(scope="module", params=["titled", "untitled"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, embedder: Encoder
) -> Iterator[World]:
    """Hop in the known passages among fillers, once with titles and once without."""
    documents = corpus.DOCUMENTS if request.param == "titled" else corpus.untitled()
    with corpus.collection(
        tmp_path_factory.mktemp("hop"), embedder, documents=[*documents, BACK, *fillers()]
    ) as opened:
        yield World(opened, corpus.ids(opened))


class SearcherContract:
    """Subclass it as `Test…`, give `searcher` (and `ask`, if it makes queries itself), import `world`."""

    ask: Ask = staticmethod(asked)

    @pytest.fixture
    def searcher(self) -> Searcher:
        """Return the searcher under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", SEARCHING, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, searcher: Searcher, world: World) -> None:
        """The searcher keeps each point of the contract, with and without titles."""
        check(searcher, world, self.ask)


class AugmenterContract:
    """Subclass it as `Test…`, give `augmenter` (and `ask`, if somebody else writes its texts), import `world`."""

    ask: Ask = staticmethod(reformulated)

    @pytest.fixture
    def augmenter(self) -> Augmenter:
        """Return the augmenter under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", AUGMENTING, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, augmenter: Augmenter, world: World) -> None:
        """The augmenter keeps each point of the contract, with and without titles."""
        check(augmenter, world, self.ask)


class HopUpdaterContract:
    """Subclass it as `Test…`, give `updater`, import `world`."""

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return the updater under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, updater: HopUpdater, world: World) -> None:
        """The updater keeps each point of the contract, with and without titles."""
        check(updater, world, proposed)
