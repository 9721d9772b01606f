"""The benchmark of second looks: what is compared, what `auto` comes to, the figures and the plot."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import rerank
from benchmarks.harness import run
from benchmarks.metrics import GAINED, SufficiencyEstimates, share
from benchmarks.plot import Point, draw
from benchmarks.rerank import auto, figures, middle, outcome, points, profiles
from benchmarks.systems import Answers
from polyhop.agent import Agent, Config
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.reader_reranker import ReaderReranker
from polyhop.retrieval.rerank.rocchio import Rocchio
from tests import corpus
from tests.benchmarks.test_multihop import sample, write

SVG = "{http://www.w3.org/2000/svg}"
GOLD = [frozenset({"a"}), frozenset({"b"})]
FAST = Answers([["a"], ["x"]], [10.0, 20.0], [0.9, 0.4], [False, False])
QUALITY = Answers([["x"], ["b"]], [100.0, 200.0], [0.8, 0.6], [True, True])


class Guess:
    """Takes a ranking of few words for sufficient: any estimate that differs from question to question will do."""

    def estimate(self, ranked: object, run: object) -> float:
        """Return a number that depends on the question alone."""
        return len(run.question) % 10 / 10  # type: ignore[attr-defined]


def test_each_reranker_is_compared_alone_and_in_the_chain(tmp_path: Path) -> None:
    """A chain of 0 pairs reads nothing; the chain that is `quality` is not asked twice; other weights come beside."""
    made = profiles([0, 10, 16], [tmp_path / "three.safetensors"])

    assert ["fast", "listwise", "listwise+cover", "rocchio"] == [name for name in made if " " not in name][:4]
    assert ["cross 10", "cross 16", "chain 0", "chain 16"] == [n for n in made if " " in n and "three" not in n]
    assert ["cross three 10", "cross three 16"] == [n for n in made if "three" in n]
    assert "quality" == list(made)[-1]
    assert (16,) == tuple(one.depth for one in made["chain 16"].rerankers if isinstance(one, ReaderReranker))
    assert not any(isinstance(one, ReaderReranker) for one in made["chain 0"].rerankers)
    assert [(), (SpanHop(),)] == [made["cross 10"].further, made["chain 16"].further]


def test_auto_is_fast_where_that_is_sure_and_quality_elsewhere() -> None:
    """The bound belongs to the sure ones."""
    found = auto(FAST, QUALITY, 0.9)

    assert Answers([["a"], ["b"]], [10.0, 200.0], [0.9, 0.6], [False, True]) == found
    assert QUALITY == auto(FAST, QUALITY, 0.95)
    assert FAST == auto(FAST, QUALITY, 0.4)


def test_the_profile_auto_does_the_same(tmp_path: Path, embedder: Encoder) -> None:
    """What follows from the two other profiles is what a run of `auto` returns, passages and estimate."""
    quality = Config(further=(SpanHop(),), rerankers=(Rocchio(weight=5.0), Cover()), sufficiency=Guess())
    fast, real = replace(quality, further=(), rerankers=()), replace(quality, sure=0.5)
    again: list[bool] = []
    with corpus.collection(tmp_path, embedder) as films:
        for question in corpus.HOPS:
            found = [Agent(films, config=one).retrieve(question, 12) for one in (fast, quality, real)]
            answers = [
                Answers([[p.id for p in one.passages]], [0.0], [one.sufficiency or 0.0], [one.looked_again])
                for one in found
            ]
            assert answers[2] == auto(answers[0], answers[1], 0.5)
            again += answers[2].again

    assert {True, False} == set(again)


def test_the_figures_are_those_worked_by_hand() -> None:
    """Each system has its recall and its gain on `fast`; `auto` keeps a share of what `quality` gains and costs."""
    better = replace(QUALITY, rankings=[["a"], ["b"]])
    found = figures(outcome({"fast": FAST, "light": FAST, "quality": better}, GOLD, seed=1))

    assert list(GAINED) == [column for column in found["systems"]["fast"] if column != "ms"]
    assert [0.5, 1.0] == [found["systems"][name]["recall@5"][0] for name in ("fast", "quality")]
    assert [0.0, 0.5] == [found["systems"][name]["recall@5 gain"][0] for name in ("fast", "quality")]
    assert {"p50": 15.0, "mean": 15.0} == found["systems"]["fast"]["ms"]
    assert {"again": 0.5, "gain": 1.0, "all": 1.0, "time": pytest.approx((105 - 15) / (150 - 15), abs=1e-5)} == (
        found["auto"]["auto 0.9"]
    )
    fast = found["sufficiency"]["fast"]
    assert (0.5, 0.65, 1.0) == (fast["share"], fast["sufficiency"], fast["sufficiency_auroc"])
    assert 0.25 == pytest.approx(fast["sufficiency_ece"])


def test_arms_count_alike_and_their_questions_are_pooled() -> None:
    """Recall and times are means over arms; the estimates of all questions are judged together."""
    one = outcome({"fast": FAST, "light": FAST, "quality": QUALITY}, GOLD, seed=1)
    other = outcome({"fast": QUALITY, "light": QUALITY, "quality": QUALITY}, GOLD, seed=1)
    both = middle([one, other])

    assert {"p50": 82.5, "mean": 82.5} == both.ms["fast"]
    assert 0.5 == both.again["fast"]
    assert SufficiencyEstimates([1.0, 0.0, 0.0, 1.0], [0.9, 0.4, 0.8, 0.6]) == both.cases["fast"]


def test_without_a_gain_there_is_no_share_of_it() -> None:
    """What is kept of nothing is not told."""
    assert None is share(0.5, 0.0)
    assert 0.5 == share(0.25, 0.5)


def test_the_plot_has_a_point_for_each_system() -> None:
    """Systems of one kind are one series in the order of their cost, and points of one place are one."""
    made = points(
        figures(outcome({"fast": FAST, "chain 8": FAST, "light": FAST, "quality": QUALITY}, GOLD, seed=1))["systems"]
    )

    assert {"no text read", "chain", "auto"} == set(made)
    assert [Point(15.0, 50.0, "8"), Point(150.0, 50.0, "quality")] == made["chain"]
    assert ["fast to light"] == [point.label for point in made["no text read"]]


@pytest.mark.parametrize("y", [0.0, 100.0, 78.3])
def test_a_picture_is_an_image_with_its_labels(tmp_path: Path, y: float) -> None:
    """Where all systems find the same there is still an axis around them, and every name and label is text."""
    pytest.importorskip("matplotlib", reason="pictures need it")
    draw(tmp_path / "a.svg", "a < b", {"one": [Point(10, y, "here"), Point(99, y, "there")]}, "ms", apart=["one"])
    texts = {one.text for one in ET.parse(tmp_path / "a.svg").iter(f"{SVG}text")}

    assert {"a < b", "one", "here", "there", "ms"} <= texts


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_command_measures_each_arm(tmp_path: Path) -> None:
    """All systems and bounds have figures, and the reliability holds every question."""
    folder, out = write(tmp_path / "films", *sample()), tmp_path / "out.json"
    arguments = [str(folder), "--untitled", "--limit", "2", "--pairs", "0,2", "--json", str(out)]
    assert 0 == run(lambda: rerank.COMMAND.main(arguments))
    result = json.loads(out.read_text(encoding="utf-8"))

    assert [("films", True, 2)] == [(arm["dataset"], arm["untitled"], arm["questions"]) for arm in result["arms"]]
    assert {"fast", "listwise", "cross 2", "chain 0", "chain 2", "quality", "auto 0.9"} <= set(
        result["arms"][0]["systems"]
    )
    assert [2, 2, 2] == [sum(one["cases"] for one in bins) for bins in result["means"]["reliability"].values()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--pairs", "8,few"], "--pairs"),
        (["--pairs", "-1"], "whole number of at least 0"),
        (["--cross", "nowhere.safetensors"], "there is no such file"),
        (["--seed", "-1"], "--seed"),
        (["--split", "nowhere"], "nowhere.jsonl"),
    ],
)
def test_a_bad_call_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """A call that cannot work ends with exit code 2 and one line that names the reason."""
    folder = write(tmp_path / "few", *sample())

    assert 2 == run(lambda: rerank.COMMAND.main([str(folder), *arguments]))
    shown = capsys.readouterr()
    assert said in shown.err
    assert (1, "") == (shown.err.count("\n"), shown.out)
