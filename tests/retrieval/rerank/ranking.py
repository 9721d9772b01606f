"""What every ranker must keep; a new one is put to the same checks by subclassing `RankerContract`."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.role import Find
from polyhop.retrieval.rerank.role import Ranked, Ranker
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

NOBODY = "0" * 32
#: Passages that say the same, so that their scores tie.
TWINS = [Document(f"twin {letter}", "The same notice hangs on every door.") for letter in "abcd"]


@dataclass(frozen=True)
class Scene:
    """A collection and what was found in it for one question."""

    collection: Collection
    ids: Mapping[str, str]

    def run(self) -> Run:
        """Return the memory of a run that has met nothing yet."""
        return Run(self.collection, corpus.QUESTION)

    def finds(self) -> list[Find]:
        """Return finds by search, by name and by path, several of one passage, of twins, and of one gone."""
        jaws, spielberg, reed = self.ids["Jaws (film)"], self.ids["Steven Spielberg"], self.ids["Carol Reed"]
        twins = [self.ids[twin.key] for twin in TWINS]
        return [
            Find(id=reed, via="search", path=[], name="", value=0.9),
            Find(id=jaws, via="search", path=[], name="", value=0.4),
            Find(id=jaws, via="named", path=[], name="jaws", value=0.8),
            Find(id=spielberg, via="link", path=[reed], name="director", value=0.2),
            Find(id=spielberg, via="link", path=[jaws], name="steven spielberg", value=1.2),
            *(Find(id=twin, via="search", path=[], name="", value=0.1) for twin in twins),
            Find(id=NOBODY, via="search", path=[], name="", value=1.0),
        ]


Check = Callable[[Ranker, Scene], None]


def ranks_each_passage_once(ranker: Ranker, scene: Scene) -> None:
    """Whatever was found and is still there is in the ranking, once; what is gone is not."""
    ranked = [item["id"] for item in ranker.rank(scene.finds(), scene.run())]
    assert sorted({find["id"] for find in scene.finds()} - {NOBODY}) == sorted(ranked)


def is_sorted(ranker: Ranker, scene: Scene) -> None:
    """The best is first, ties are in the order of their ids."""
    ranked = [(-round(item["score"], 6), item["id"]) for item in ranker.rank(scene.finds(), scene.run())]
    assert sorted(ranked) == ranked


def is_deterministic(ranker: Ranker, scene: Scene) -> None:
    """Two runs that know nothing of each other rank alike."""
    assert ranker.rank(scene.finds(), scene.run()) == ranker.rank(scene.finds(), scene.run())


def is_blind_to_order(ranker: Ranker, scene: Scene) -> None:
    """The order in which passages were found says nothing."""
    first = ranker.rank(scene.finds(), scene.run())
    second = ranker.rank(scene.finds()[::-1], scene.run())
    assert [(item["id"], item["score"]) for item in first] == [(item["id"], item["score"]) for item in second]


def tells_a_way(ranker: Ranker, scene: Scene) -> None:
    """How a passage was found is said as one of its finds has it."""
    ways = {(find["id"], find["via"], find["name"], *find["path"]) for find in scene.finds()}
    for item in ranker.rank(scene.finds(), scene.run()):
        assert (item["id"], item["via"], item["name"], *item["path"]) in ways


def parts_add_up(ranker: Ranker, scene: Scene) -> None:
    """The parts of a score, where they are told, are all of it."""
    for item in ranker.rank(scene.finds(), scene.run()):
        assert item["score"] == pytest.approx(sum(item.get("parts", {"all": item["score"]}).values()))


def is_plain_json(ranker: Ranker, scene: Scene) -> None:
    """The ranking holds plain JSON types, so that any checkpointer can keep it, and finite scores."""
    ranked = ranker.rank(scene.finds(), scene.run())
    assert ranked == json.loads(json.dumps(ranked, allow_nan=False))
    assert all(type(item["score"]) is float and math.isfinite(item["score"]) for item in ranked)


def leaves_finds_alone(ranker: Ranker, scene: Scene) -> None:
    """The finds are not changed."""
    finds = scene.finds()
    before = copy.deepcopy(finds)
    ranker.rank(finds, scene.run())
    assert before == finds


def nothing_comes_of_nothing(ranker: Ranker, scene: Scene) -> None:
    """Without finds there is no ranking."""
    assert [] == ranker.rank([], scene.run())


def nothing_is_left_of_the_gone(ranker: Ranker, scene: Scene) -> None:
    """When everything found is gone there is no ranking."""
    gone = [Find(id=NOBODY, via=via, path=[NOBODY], name="", value=1.0) for via in ("search", "named", "link")]
    assert [] == ranker.rank(gone, scene.run())


CHECKS: Sequence[Check] = (
    ranks_each_passage_once,
    is_sorted,
    is_deterministic,
    is_blind_to_order,
    tells_a_way,
    parts_add_up,
    is_plain_json,
    leaves_finds_alone,
    nothing_comes_of_nothing,
    nothing_is_left_of_the_gone,
)


def failing(ranker: Ranker, scene: Scene) -> set[str]:
    """Return the names of the checks that a ranker does not pass."""
    failed = set()
    for check in CHECKS:
        try:
            check(ranker, scene)
        except Exception:  # whatever a broken ranker raises
            failed.add(check.__name__)
    return failed


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Scene]:
    """Rank known passages and twins."""
    documents = [*corpus.DOCUMENTS, *TWINS]
    with corpus.collection(tmp_path_factory.mktemp("rerank"), embedder, documents=documents) as opened:
        yield Scene(opened, corpus.ids(opened))


def only(ranked: list[Ranked], scene: Scene) -> list[str]:
    """Return a ranking as the keys of its documents."""
    names = {passage: name for name, passage in scene.ids.items()}
    return [names[item["id"]] for item in ranked]


class RankerContract:
    """Subclass it as `Test…`, give `ranker`, import `scene`."""

    @pytest.fixture
    def ranker(self) -> Ranker:
        """Return the ranker under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(self, check: Check, ranker: Ranker, scene: Scene) -> None:
        """The ranker keeps each point of the contract."""
        check(ranker, scene)
