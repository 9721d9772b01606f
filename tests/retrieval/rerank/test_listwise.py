"""The linear scorer and the sufficiency estimate: the contract, and what they make of features and broken files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from polyhop.core.errors import OperatorError
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.rerank.learned import Learned
from polyhop.retrieval.rerank.listwise import Estimate, Listwise, load
from polyhop.retrieval.rerank.role import Reranker, reordered

from .contract import RerankerStructure, Scene, WholeRerankerContract, scene
from .rankings import Chain, item, told, weights

__all__ = ["scene"]

QUESTION = "Which river runs through Vienna?"
#: the estimate falls with what is left open, and a right passage among the first raises it
FALLING = {"share missed": -6.0, "right shown": 2.0, "bias": 1.0}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write weights: by the search without logits, by logits where there are some."""
    path = tmp_path_factory.mktemp("listwise") / "listwise.json"
    return weights(path, plain={"search": 4.0, "by link": 0.1}, cross={"logit": 1.0}, sufficiency=FALLING)


class TestListwise(RerankerStructure):
    """A scorer by one part of the learned ranking; what it says of a question is what that says."""

    @pytest.fixture
    def reranker(self, file: Path) -> Reranker:
        """Return the scorer, whose head is that of the contract."""
        return Listwise(file)


class TestAfterLearned(WholeRerankerContract):
    """The scorer over the parts that it was made for."""

    @pytest.fixture
    def reranker(self, file: Path) -> Reranker:
        """Return the learned ranking and then the scorer."""
        return Chain((Learned(), Listwise(file)))


def names(ranked: list[Candidate]) -> list[str]:
    """Return the ids of a ranking."""
    return [one["id"] for one in ranked]


def test_logits_count_where_there_are_some(file: Path) -> None:
    """Without logits the plain unit scores; with one, the other does."""
    bare = [item(name, 1.0, parts={"search": value, "named": 1 - value}) for name, value in (("a", 0.9), ("b", 0.1))]
    read = [Candidate(**{**one, "logit": logit}) for one, logit in zip(bare, (-2.0, 3.0), strict=True)]

    assert [("a", 3.6), ("b", 0.4)] == scored(Listwise(file), bare)
    assert [("b", 3.0), ("a", -2.0)] == scored(Listwise(file), read)


def scored(reranker: Reranker, ranked: list[Candidate]) -> list[tuple[str, float]]:
    """Return a new ranking with its scores."""
    return [(one["id"], pytest.approx(one["score"])) for one in reranker.rerank(ranked, told(QUESTION, {}))]


def test_scores_do_not_depend_on_rerankers_before(file: Path) -> None:
    """The scorer comes to the same twice in a row, and after another reranker has turned the ranking around."""
    ranked = [item(f"{n:02}", 1 - n / 50, parts={"search": 1 - n / 50}) for n in range(45)]
    run = told(QUESTION, {})
    once = Listwise(file).rerank(ranked, run)
    turned = reordered(ranked, [float(n) for n in range(30)], "turned")

    assert names(once) == names(Listwise(file).rerank(once, run)) == names(Listwise(file).rerank(turned, run))


def test_what_others_ranked_behind_the_head_stays_sorted(file: Path) -> None:
    """A reranker before that looked deeper leaves an order behind the head, which is kept, its scores falling."""
    ranked = [item(f"{n:02}", 1 - n / 50, parts={"search": 1 - n / 50}) for n in range(45)]
    deep = reordered(ranked, [n * 7 % 41 / 10 for n in range(41)], "deep")
    found = Listwise(file).rerank(deep, told(QUESTION, {}))
    scores = [one["score"] for one in found]

    assert sorted(scores, reverse=True) == scores
    head = {f"{n:02}" for n in range(30)}
    assert [name for name in names(deep) if name not in head] == names(found)[30:]


def estimate(file: Path, texts: Mapping[str, str], *order: str) -> float:
    """Return the sufficiency of passages shown in an order."""
    ranked = [item(name, 1 - n / 10) for n, name in enumerate(order)]
    return Estimate(file).estimate(ranked, told(QUESTION, texts))


TEXTS = {
    "vienna": "Vienna is a city.",
    "danube": "The Danube is the river that runs through Vienna.",
    **{f"noise {n}": "Nothing of it." for n in range(6)},
}


def test_an_answering_passage_raises_the_estimate(file: Path) -> None:
    """What the first passages hold of the question counts, and what stands behind the first five does not."""
    noise = [name for name in TEXTS if name.startswith("noise")]
    bare = estimate(file, TEXTS, *noise)
    one, both = estimate(file, TEXTS, "vienna", *noise), estimate(file, TEXTS, "vienna", "danube", *noise)

    assert 0 < bare < one < both < 1
    assert bare == pytest.approx(estimate(file, TEXTS, *noise, "danube"))


def test_an_empty_ranking_is_not_sufficient(file: Path) -> None:
    """Nothing holds nothing."""
    assert 0.0 == Estimate(file).estimate([], told(QUESTION, {}))


@pytest.mark.parametrize("bias", [-1e6, -3.0, 0.0, 3.0, 1e6])
def test_an_estimate_is_a_probability(bias: float, tmp_path: Path, scene: Scene) -> None:
    """However far the unit goes, the estimate lies from 0 to 1."""
    path = weights(tmp_path / "w.json", sufficiency={"bias": bias})
    found = Estimate(path).estimate(scene.ranked(), scene.run())

    assert 0.0 < found < 1.0
    assert (bias > 0) == (found > 0.5)


def test_the_order_shown_is_what_is_estimated(file: Path) -> None:
    """The same passages in another order are another estimate: only the first five are handed over."""
    ranked = [item(name, 1.0) for name in TEXTS]
    run = told(QUESTION, TEXTS)
    behind = [*ranked[2:], *ranked[:2]]

    assert Estimate(file).estimate(ranked, run) > Estimate(file).estimate(behind, run)


BROKEN: Mapping[str, Any] = {
    "no JSON": "{",
    "a list": [],
    "nothing": {},
    "no cross": lambda rows: {"plain": rows["plain"]},
    "no sufficiency": lambda rows: {**rows, "plain": {"scorer": rows["plain"]["scorer"]}},
    "a list of weights": lambda rows: {**rows, "plain": {**rows["plain"], "scorer": {"weights": [1], "bias": 0}}},
    "other features": lambda rows: _changed(rows, {"odd": 1.0}),
    "a text": lambda rows: _changed(rows, {**rows["plain"]["scorer"]["weights"], "search": "much"}),
    "not a number": lambda rows: _changed(rows, {**rows["plain"]["scorer"]["weights"], "search": float("nan")}),
    "in another order": lambda rows: _changed(rows, dict(reversed(rows["plain"]["scorer"]["weights"].items()))),
}


def _changed(rows: Any, given: Any) -> Any:
    return {**rows, "plain": {**rows["plain"], "scorer": {"weights": given, "bias": 0.0}}}


@pytest.mark.parametrize("damage", BROKEN)
def test_broken_weights_are_refused(damage: str, file: Path, tmp_path: Path) -> None:
    """A file that is not as it should be is named with what to do, by scorer and estimate."""
    change = BROKEN[damage]
    made = change(json.loads(file.read_text())) if callable(change) else change
    path = tmp_path / "broken.json"
    path.write_text(made if isinstance(made, str) else json.dumps(made))

    for work in (Listwise(path).rerank, Estimate(path).estimate):
        with pytest.raises(OperatorError, match=r"broken\.json.*restore the file from a copy"):
            work([item("a", 1.0)], told(QUESTION, {}))


def test_missing_weights_are_the_operators(tmp_path: Path) -> None:
    """A file that is not there is told as such."""
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(OperatorError, match=r"cannot use the listwise weights.*make it again with"):
            load(path)


def test_a_broken_file_is_read_again(file: Path, tmp_path: Path) -> None:
    """Once the file is mended it is used without a new process."""
    path = tmp_path / "w.json"
    with pytest.raises(OperatorError):
        load(path)
    path.write_bytes(file.read_bytes())

    assert load(path).plain.scorer.bias == 0.0
