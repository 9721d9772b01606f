"""What every reranker must keep; a new one is put to the same checks by subclassing `RerankerContract`."""

from __future__ import annotations

import copy
import json
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.rerank.role import Reranker, order
from polyhop.retrieval.retriever import Retriever
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .scenes import PAIRS, Pair

NOBODY = "0" * 32
#: a reranker under test looks at no more passages than that; build it with a smaller depth where its own is larger
DEPTH = 30
LENGTH = 42
#: Passages that say the same, so that their scores tie.
TWINS = [Document(f"twin {letter}", "The same notice hangs on every door.") for letter in "abcd"]
OTHER = "Which river runs through the capital of Japan?"


@dataclass(frozen=True)
class Scene:
    """A collection, a ranking of its passages, and questions whose answers are known."""

    collection: Collection
    ids: Mapping[str, str]
    _rankings: dict[str, list[Candidate]] = field(default_factory=dict)
    _runs: dict[str, Run] = field(default_factory=dict)

    def run(self, question: str = corpus.QUESTION) -> Run:
        """Return the memory of a run that has met nothing yet."""
        return Run(self.collection, question)

    def ranked(self) -> list[Candidate]:
        """Return a ranking by the path score: by search and by path, with twins that tie at its head."""
        if "" not in self._rankings:
            others = sorted(set(self.ids) - {twin.key for twin in TWINS})[: LENGTH - len(TWINS)]
            values = {twin.key: 1.0 for twin in TWINS} | {name: 0.9 - n / 100 for n, name in enumerate(others)}
            finds = [_found(self.ids[key], value) for key, value in values.items()]
            jaws, born = self.ids["Jaws (film)"], self.ids["Steven Spielberg"]
            finds.append(Candidate(id=born, kind="link", via="link", path=[jaws], name="steven spielberg", score=1.2))
            self._rankings[""] = PathScore().rank(finds, self.run())
        return copy.deepcopy(self._rankings[""])

    def asked(self, question: str, pair: Pair) -> tuple[list[Candidate], Run]:
        """Return the candidates of a pair, whose scores say nothing although their parts do, and the run."""
        if question not in self._rankings:
            run = self._runs[question] = self.run(question)
            ranked = PathScore().rank([_found(self.ids[title], 0.5) for title, _ in pair.candidates], run)
            self._rankings[question] = sorted(map(_levelled, ranked), key=order)
        return copy.deepcopy(self._rankings[question]), self._runs[question]


def _found(name: str, value: float) -> Candidate:
    return Candidate(id=name, kind="question", via="search", path=[], name="", score=value)


def _levelled(item: Candidate) -> Candidate:
    return Candidate(**{**item, "score": 1.0, "parts": {**item["parts"], "level": 1.0 - item["score"]}})


Check = Callable[[Reranker, Scene], None]


def keeps_each_passage_once(reranker: Reranker, scene: Scene) -> None:
    """The same passages are in the ranking, each once."""
    ranked = scene.ranked()
    assert sorted(item["id"] for item in ranked) == sorted(item["id"] for item in reranker.rerank(ranked, scene.run()))


def is_sorted(reranker: Reranker, scene: Scene) -> None:
    """The best is first, ties are in the order of their ids."""
    keys = [order(item) for item in reranker.rerank(scene.ranked(), scene.run())]
    assert sorted(keys) == keys


def scores_are_finite(reranker: Reranker, scene: Scene) -> None:
    """Every score is a finite number of Python's own."""
    scores = [item["score"] for item in reranker.rerank(scene.ranked(), scene.run())]
    assert all(type(score) is float and math.isfinite(score) for score in scores)


def parts_add_up(reranker: Reranker, scene: Scene) -> None:
    """The parts of a score are all of it, also where none were told before."""
    bare = [Candidate(**{key: item[key] for key in item if key != "parts"}) for item in scene.ranked()]
    for ranked in (scene.ranked(), bare):
        for item in reranker.rerank(ranked, scene.run()):
            assert item["score"] == pytest.approx(sum(item.get("parts", {"all": item["score"]}).values()), abs=1e-5)


def keeps_the_ways(reranker: Reranker, scene: Scene) -> None:
    """How a passage was found stays as it was."""
    ways = {item["id"]: _way(item) for item in scene.ranked()}
    assert all(ways[item["id"]] == _way(item) for item in reranker.rerank(scene.ranked(), scene.run()))


def _way(item: Candidate) -> tuple[object, ...]:
    return item["kind"], item["via"], item["path"], item["name"], item.get("hop")


def is_deterministic(reranker: Reranker, scene: Scene) -> None:
    """Runs that know nothing of each other rerank alike, whatever was asked in between."""
    first = reranker.rerank(scene.ranked(), scene.run())
    reranker.rerank(scene.ranked(), scene.run(OTHER))
    assert first == reranker.rerank(scene.ranked(), scene.run())


def leaves_the_ranking_alone(reranker: Reranker, scene: Scene) -> None:
    """What was handed in is as it was."""
    ranked = scene.ranked()
    before = copy.deepcopy(ranked)
    reranker.rerank(ranked, scene.run())
    assert before == ranked


def keeps_the_order_behind_the_head(reranker: Reranker, scene: Scene) -> None:
    """What lies behind the passages that it looks at stays behind them, in its order."""
    tail = [item["id"] for item in scene.ranked()[DEPTH:]]
    assert tail == [item["id"] for item in reranker.rerank(scene.ranked(), scene.run())[DEPTH:]]


def is_plain_json(reranker: Reranker, scene: Scene) -> None:
    """The ranking holds plain JSON types, so that any checkpointer can keep it."""
    ranked = reranker.rerank(scene.ranked(), scene.run())
    assert ranked == json.loads(json.dumps(ranked))


def nothing_comes_of_nothing(reranker: Reranker, scene: Scene) -> None:
    """An empty ranking stays one."""
    assert [] == reranker.rerank([], scene.run())


def one_stays_one(reranker: Reranker, scene: Scene) -> None:
    """A passage alone is no error."""
    ranked = scene.ranked()[:1]
    assert [ranked[0]["id"]] == [item["id"] for item in reranker.rerank(ranked, scene.run())]


def survives_the_gone(reranker: Reranker, scene: Scene) -> None:
    """Passages that are gone are no error, are still in the ranking, and the others with them."""
    gone = [_gone(place) for place in range(2)]
    for ranked in ([gone[0], *scene.ranked()[:5], gone[1]], gone):
        found = reranker.rerank(sorted(ranked, key=order), scene.run())
        assert sorted(item["id"] for item in ranked) == sorted(item["id"] for item in found)
        assert sorted(map(order, found)) == [order(item) for item in found]


def _gone(place: int) -> Candidate:
    name = f"{NOBODY[:-1]}{place}"
    return Candidate(
        id=name,
        score=9.0 - 7 * place,
        kind="link",
        via="link",
        path=[NOBODY],
        name="",
        hop=1,
        parts={"path": 9.0 - 7 * place},
    )


def is_bounded(reranker: Reranker, scene: Scene) -> None:
    """However long a ranking is, no more than the head and the bridges to it are read."""
    long = [
        *scene.ranked(),
        *(Candidate(id=f"{n:032x}", score=-9.0, kind="question", via="search", path=[], name="") for n in range(2_000)),
    ]
    counting = Counting(scene.collection)
    reranker.rerank(sorted(long, key=order), Run(cast(Retriever, counting), corpus.QUESTION))
    assert counting.asked <= 2 * DEPTH


class Counting:
    """A retriever that counts the passages it is asked for."""

    def __init__(self, inner: Retriever) -> None:
        self._inner = inner
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def passages(self, ids: Sequence[str]) -> Mapping[str, Any]:
        """Return the passages and count them."""
        self.asked += len(ids)
        return self._inner.passages(ids)


def reads_each_once(reranker: Reranker, scene: Scene) -> None:
    """Of a ranking that is ordered whole nothing is read but its passages and the bridges to them, each once."""
    counting = Counting(scene.collection)
    reranker.rerank(scene.ranked(), Run(cast(Retriever, counting), corpus.QUESTION))
    assert counting.asked <= len(scene.ranked())


#: what holds for all, also for those that order a whole ranking
WHOLE: Sequence[Check] = (
    keeps_each_passage_once,
    is_sorted,
    scores_are_finite,
    parts_add_up,
    keeps_the_ways,
    is_deterministic,
    leaves_the_ranking_alone,
    is_plain_json,
    nothing_comes_of_nothing,
    one_stays_one,
    survives_the_gone,
    reads_each_once,
)
#: what holds for those that look at a head
STRUCTURE: Sequence[Check] = (*WHOLE, keeps_the_order_behind_the_head, is_bounded)


def tells_candidates_apart(reranker: Reranker, scene: Scene) -> None:
    """Candidates that begin with equal scores do not end with equal ones."""
    for pair in PAIRS:
        assert len({round(item["score"], 4) for item in reranker.rerank(*scene.asked(pair.first, pair))}) > 1


def prefers_what_answers(reranker: Reranker, scene: Scene) -> None:
    """The right passage is ranked above nine of ten others; without a look at the question it could be five of six."""
    assert preferred(reranker, scene) >= 0.9


def preferred(reranker: Reranker, scene: Scene) -> float:
    """Return the share of other candidates that the right ones are ranked above."""
    behind, others = 0, 0
    for pair in PAIRS:
        for right, question in zip(pair.candidates, (pair.first, pair.second), strict=False):
            ranked = titles(reranker, scene, question, pair)
            behind += len(ranked) - 1 - ranked.index(right[0])
            others += len(ranked) - 1
    return behind / others


def depends_on_the_question(reranker: Reranker, scene: Scene) -> None:
    """For a quarter of the pairs and more each question has its own passage first; without a look at it none can.

    The passages of a pair are about one matter. A small cross-encoder, trained on passages that are needed together,
    prefers the right one of two such in seven of ten cases, which makes both right for four pairs in ten.
    """
    assert own_first(reranker, scene) > 0.25


def own_first(reranker: Reranker, scene: Scene) -> float:
    """Return the share of pairs whose questions both have their own passage first."""
    firsts = [[titles(reranker, scene, question, pair)[0] for question in (pair.first, pair.second)] for pair in PAIRS]
    wanted = [[title for title, _ in pair.candidates[:2]] for pair in PAIRS]
    return sum(map(operator.eq, firsts, wanted)) / len(PAIRS)


def titles(reranker: Reranker, scene: Scene, question: str, pair: Pair) -> list[str]:
    """Return the titles of a pair's candidates in the order that the reranker gives them."""
    names = {passage: name for name, passage in scene.ids.items()}
    return [names[item["id"]] for item in reranker.rerank(*scene.asked(question, pair))]


BEHAVIOUR: Sequence[Check] = (tells_candidates_apart, prefers_what_answers, depends_on_the_question)
CHECKS: Sequence[Check] = (*STRUCTURE, *BEHAVIOUR)


def failing(reranker: Reranker, scene: Scene, checks: Sequence[Check] = CHECKS) -> set[str]:
    """Return the names of the checks that a reranker does not pass."""
    failed = set()
    for check in checks:
        try:
            check(reranker, scene)
        except Exception:  # whatever a broken reranker raises
            failed.add(check.__name__)
    return failed


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Scene]:
    """Rerank known passages, twins, and the candidates of the questions whose answers are known."""
    candidates = [Document(title, text, title) for pair in PAIRS for title, text in pair.candidates]
    documents = [*corpus.DOCUMENTS, *TWINS, *candidates]
    with corpus.collection(tmp_path_factory.mktemp("rerank"), embedder, documents=documents) as opened:
        yield Scene(opened, corpus.ids(opened))


class WholeRerankerStructure:
    """The part for rerankers that order all that was found: subclass it as `Test…`, give `reranker`, import `scene`."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the reranker under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", WHOLE, ids=lambda check: check.__name__)
    def test_structure(self, check: Check, reranker: Reranker, scene: Scene) -> None:
        """The reranker keeps each point of the contract that does not speak of a head."""
        check(reranker, scene)


class RerankerStructure:
    """The part for rerankers whose weights know nothing: subclass it as `Test…`, give `reranker`, import `scene`."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the reranker under test."""
        raise NotImplementedError

    @pytest.mark.parametrize("check", STRUCTURE, ids=lambda check: check.__name__)
    def test_structure(self, check: Check, reranker: Reranker, scene: Scene) -> None:
        """The reranker keeps each point of the contract that holds for whatever it makes of a text."""
        check(reranker, scene)


class RerankerBehaviour:
    """The part for rerankers that know something: what answers a question comes before what does not."""

    @pytest.mark.slow
    @pytest.mark.parametrize("check", BEHAVIOUR, ids=lambda check: check.__name__)
    def test_behaviour(self, check: Check, reranker: Reranker, scene: Scene) -> None:
        """The reranker puts what answers a question before what does not."""
        check(reranker, scene)


class WholeRerankerContract(WholeRerankerStructure, RerankerBehaviour):
    """For rerankers that order all that was found: subclass it as `Test…`, give `reranker`, import `scene`."""


class RerankerContract(RerankerStructure, RerankerBehaviour):
    """Subclass it as `Test…`, give `reranker`, import `scene`."""
