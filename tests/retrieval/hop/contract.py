"""What every hop updater must keep; a new one is put to the same checks by subclassing `HopUpdaterContract`."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.role import Bridge, Find, HopUpdater, Query
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

NOBODY = "0" * 32
FILLERS = 150
PER_BRIDGE, PER_QUERY = 100, 128
QUESTION = "Which river flows through the city where the director of Jaws was born?"


#: A passage that names another one back.
BACK = Document("quint", "Quint is the shark hunter in Jaws.", "", {"kind": "person"})


@dataclass(frozen=True)
class World:
    """A collection to hop in, and the passages to hop from."""

    collection: Collection
    ids: Mapping[str, str]

    def run(self, where: str = "") -> Run:
        """Return the memory of a run that has met nothing yet."""
        return Run(self.collection, QUESTION, where)

    def bridges(self) -> list[Bridge]:
        """Return passages to go on from, two at the end of a path, one of which names the passage it came from."""
        jaws, spielberg, quint = self.ids["Jaws (film)"], self.ids["Steven Spielberg"], self.ids["quint"]
        return [
            Bridge(id=jaws, score=2.0, path=[]),
            Bridge(id=spielberg, score=1.5, path=[jaws]),
            Bridge(id=quint, score=1.2, path=[jaws]),
            Bridge(id=self.ids["The Third Man"], score=0.5, path=[]),
        ]


def fillers() -> Iterator[Document]:
    """Yield passages that nothing leads to, enough of them for a missing bound to show."""
    chance = np.random.default_rng(3)
    for number in range(FILLERS):
        vector = tuple(chance.normal(size=384).tolist())
        yield Document(f"filler-{number}", f"minutes of meeting {number}", metadata={"kind": "other"}, vector=vector)


Ask = Callable[[HopUpdater, World, Run], list[Query]]
Check = Callable[[HopUpdater, World, Ask], None]


def proposed(updater: HopUpdater, world: World, run: Run) -> list[Query]:
    """Return the queries that the updater makes itself."""
    return updater.propose(world.bridges(), run)


def planned(updater: HopUpdater, world: World, run: Run) -> list[Query]:
    """Return the query that the plan makes, for updaters that only search."""
    return [Query(text=run.question, updater=updater.name, checkpoint=updater.checkpoint, path=[], score=1.0)]


def _both(updater: HopUpdater, world: World, ask: Ask, where: str = "") -> tuple[list[Query], list[Find]]:
    run = world.run(where)
    queries = ask(updater, world, run)
    return queries, updater.search(queries, run)


def is_deterministic(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Two runs that know nothing of each other make the same queries and finds, in the same order."""
    assert _both(updater, world, ask) == _both(updater, world, ask)


def is_plain_json(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Queries and finds hold plain JSON types and nothing else, so that any checkpointer can keep them."""
    for part in _both(updater, world, ask):
        assert set() == _types(part) - {dict, list, str, int, float}
        assert part == json.loads(json.dumps(part, allow_nan=False))


def _types(value: Any) -> set[type]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return {type(value)}.union(*map(_types, inside))


def signs_its_queries(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Every query bears the name and the checkpoint of the updater that is to run it."""
    queries = ask(updater, world, world.run())
    assert {(updater.name, updater.checkpoint)} >= {(query["updater"], query["checkpoint"]) for query in queries}


def paths_end_in_a_bridge(updater: HopUpdater, world: World, ask: Ask) -> None:
    """The path of a proposed query is the path of one of the bridges and then that bridge."""
    bridges = world.bridges()
    paths = {(*bridge["path"], bridge["id"]) for bridge in bridges}
    assert paths >= {tuple(query["path"]) for query in updater.propose(bridges, world.run())}


def finds_along_its_queries(updater: HopUpdater, world: World, ask: Ask) -> None:
    """The path of a find is that of a query that was asked."""
    queries, finds = _both(updater, world, ask)
    assert {tuple(query["path"]) for query in queries} >= {tuple(find["path"]) for find in finds}


def never_returns_its_path(updater: HopUpdater, world: World, ask: Ask) -> None:
    """No find is a passage of the path that led to it."""
    _, finds = _both(updater, world, ask)
    assert [] == [find for find in finds if find["id"] in find["path"]]


def values_are_sound(updater: HopUpdater, world: World, ask: Ask) -> None:
    """The value of a find is finite and not negative."""
    _, finds = _both(updater, world, ask)
    assert [] == [find for find in finds if not math.isfinite(find["value"]) or find["value"] < 0]


def finds_exist(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Everything found is a live passage."""
    _, finds = _both(updater, world, ask)
    assert {find["id"] for find in finds} <= set(world.collection.record.live_ids())


def skips_gone_bridges(updater: HopUpdater, world: World, ask: Ask) -> None:
    """A bridge that is gone gives no query and harms no other."""
    gone = Bridge(id=NOBODY, score=9.0, path=[])
    assert [] == updater.propose([gone], world.run())
    assert updater.propose(world.bridges(), world.run()) == updater.propose([*world.bridges(), gone], world.run())


def skips_gone_paths(updater: HopUpdater, world: World, ask: Ask) -> None:
    """A query whose bridge is gone since it was made is run without an error and finds nothing that is gone."""
    run = world.run()
    queries = [Query(**{**query, "path": [NOBODY]}) for query in ask(updater, world, run)]
    assert NOBODY not in {find["id"] for find in updater.search(queries, world.run())}


def is_bounded(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Queries are bounded by the bridges and finds by the queries, not by the collection."""
    queries, finds = _both(updater, world, ask)
    assert len(queries) <= PER_BRIDGE * len(world.bridges())
    assert len(finds) <= PER_QUERY * len(queries)


def nothing_comes_of_nothing(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Without bridges there are no queries, without queries no finds."""
    assert ([], []) == (updater.propose([], world.run()), updater.search([], world.run()))


def keeps_to_the_filter(updater: HopUpdater, world: World, ask: Ask) -> None:
    """In a filtered run only passages that pass the filter are found, whoever made the queries."""
    where = "kind = 'person'"
    finds = updater.search(ask(updater, world, world.run()), world.run(where)) + _both(updater, world, ask, where)[1]
    passages = world.collection.passages([find["id"] for find in finds])
    assert {"person"} >= {passage.metadata["kind"] for passage in passages.values()}


def leaves_its_arguments_alone(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Neither bridges nor queries are changed."""
    bridges, queries = world.bridges(), ask(updater, world, world.run())
    before = copy.deepcopy((bridges, queries))
    updater.propose(bridges, world.run())
    updater.search(queries, world.run())
    assert before == (bridges, queries)


def resumes_from_json(updater: HopUpdater, world: World, ask: Ask) -> None:
    """Queries that were written down and read back by a process that knows nothing find the same."""
    queries, finds = _both(updater, world, ask)
    assert finds == updater.search(json.loads(json.dumps(queries, default=float)), world.run())


CHECKS: Sequence[Check] = (
    is_deterministic,
    is_plain_json,
    signs_its_queries,
    paths_end_in_a_bridge,
    finds_along_its_queries,
    never_returns_its_path,
    values_are_sound,
    finds_exist,
    skips_gone_bridges,
    skips_gone_paths,
    is_bounded,
    nothing_comes_of_nothing,
    keeps_to_the_filter,
    leaves_its_arguments_alone,
    resumes_from_json,
)


def failing(updater: HopUpdater, world: World, ask: Ask = proposed) -> set[str]:
    """Return the names of the checks that an updater does not pass."""
    failed = set()
    for check in CHECKS:
        try:
            check(updater, world, ask)
        except Exception:  # whatever a broken updater raises
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


class HopUpdaterContract:
    """Subclass it as `Test…`, give `updater` (and `ask`, if the updater makes no queries itself), import `world`."""

    ask: Ask = staticmethod(proposed)

    @pytest.fixture
    def updater(self) -> HopUpdater:
        """Return the updater under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, updater: HopUpdater, world: World) -> None:
        """The updater keeps each point of the contract, with and without titles."""
        check(updater, world, self.ask)
