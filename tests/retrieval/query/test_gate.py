"""The gate before a reformulation: what it knows, what it decides, and files that it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.encoders import Encoder
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.gate import FEATURES, SHIPPED, Gate, features, load
from polyhop.retrieval.rerank.path import PathScore
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("gate"), embedder) as opened:
        yield opened


def known(films: Collection, question: str = corpus.QUESTION) -> tuple[Any, Any, Run]:
    """Return what a gate is shown: a ranking, its finds, and the run."""
    run = Run(films, question)
    finds = FirstSearch().search(
        [{"text": question, "updater": "search", "checkpoint": "", "path": [], "score": 1.0}], run
    )
    return PathScore().rank(finds, run), finds, run


def written(path: Path, *, bias: float = 0.0, **weights: float) -> Path:
    """Write a gate for feedback with some weights and return its file."""
    unit = {"bias": bias, "weights": {name: weights.get(name.replace(" ", "_"), 0.0) for name in FEATURES}}
    path.write_text(json.dumps({"format": 1, "gates": {"feedback": unit}}), encoding="utf-8")
    return path


def test_the_numbers_are_those_of_the_ranking(films: Collection) -> None:
    """Each feature is what its name says, of this question."""
    ranked, finds, run = known(films)
    found: Mapping[str, float] = dict(zip(FEATURES, features(ranked, finds, run).tolist(), strict=True))
    cosines = sorted((run.known(item["id"]).cosine for item in ranked), reverse=True)  # type: ignore[union-attr]

    assert np.log1p(len(corpus.QUESTION.split())) == pytest.approx(found["words"])
    assert (cosines[0], cosines[0] - cosines[9]) == pytest.approx((found["first cosine"], found["cosine gap"]))
    assert max(run.weights.values()) == found["highest rarity"] >= found["mean rarity"] > 0
    assert ranked[0]["score"] - ranked[4]["score"] == pytest.approx(found["score gap"])
    assert ranked[4]["score"] - ranked[9]["score"] == pytest.approx(found["score gap behind"])
    assert found["best named"] == max(find["value"] for find in finds if find["via"] == "named")
    assert 1 >= found["covered"] >= found["covered by first"] > 0
    assert all(0 <= found[name] <= 1 for name in ("agreement", "first fused"))


def test_where_nothing_is_found_there_are_numbers(films: Collection) -> None:
    """An empty ranking, and a question without words that carry meaning, are no reason to fail."""
    assert np.isfinite(features([], [], Run(films, "who is it?"))).all()
    assert 0 < Gate("feedback", file=SHIPPED).chance([], [], Run(films, "who is it?")) < 1


def test_the_chance_is_that_of_the_unit(films: Collection, tmp_path: Path) -> None:
    """The logistic of the weighted numbers, whatever size they have."""
    ranked, finds, run = known(films)
    gap = dict(zip(FEATURES, features(ranked, finds, run), strict=True))["score gap"]
    one = Gate("feedback", file=written(tmp_path / "one.json", bias=-0.25, score_gap=2.0))
    huge = Gate("feedback", file=written(tmp_path / "huge.json", bias=-1e9))

    assert 1 / (1 + np.exp(0.25 - 2 * gap)) == pytest.approx(one.chance(ranked, finds, run))
    assert 0 < huge.chance(ranked, finds, run) < 1e-9


@pytest.mark.parametrize("augmenter", ["feedback", "expansion"])
def test_gates_come_along(augmenter: str, films: Collection) -> None:
    """Those without a language model have one, which tells questions apart."""
    gate = Gate(augmenter).checked()
    chances = {gate.chance(*known(films, question)) for question in corpus.HOPS}
    assert len(chances) == len(corpus.HOPS)


def test_an_augmenter_without_a_gate_is_refused() -> None:
    """It cannot be guessed when what a language model writes would help."""
    with pytest.raises(CallerError, match=r"knows \['expansion', 'feedback'\], not 'passage'.*training\.augment"):
        Gate("passage").checked()


@pytest.mark.parametrize(("change", "said"), [
    ("", "cannot use"), ("[]", "cannot use"), ("{}", "cannot use"), ('{"format": 2, "gates": {}}', "format 2"),
    ('{"format": 1, "gates": {"feedback": {"bias": 0, "weights": {"words": 1}}}}', "features"),
    ("NaN", "not finite"),
])  # fmt: skip
def test_broken_weights_name_the_file(change: str, said: str, tmp_path: Path) -> None:
    """What is no whole file of gates is the operator's error, with what to do."""
    file = written(tmp_path / "gate.json")
    whole = file.read_text("utf-8")
    file.write_text(whole.replace('"bias": 0.0', '"bias": NaN') if change == "NaN" else change, encoding="utf-8")
    with pytest.raises(OperatorError, match=said) as caught:
        load(file)
    assert "gate.json" in str(caught.value) and "restore" in str(caught.value)


def test_absent_weights_name_the_file(tmp_path: Path) -> None:
    """A missing file is told like a broken one."""
    with pytest.raises(OperatorError, match="absent"):
        load(tmp_path / "absent.json")


def test_the_card_stands_beside_the_weights() -> None:
    """Whoever reads the weights finds how they were made, and their limits."""
    card = SHIPPED.with_suffix(".md").read_text("utf-8")
    assert all(part in card for part in ("polyhop.training.augment", "Limits", "Licences"))
    assert all(feature in SHIPPED.read_text("utf-8") for feature in FEATURES)
