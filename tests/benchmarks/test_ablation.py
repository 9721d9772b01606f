"""The ablation from its command line, and stop rules replayed on the record of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import ablation
from benchmarks.ablation import REFERENCE, RULES, SUFFICIENT, RecordedRun, RunRecorder
from benchmarks.harness import run
from polyhop.agent import Agent, Config, MaxHops
from polyhop.agent.evaluate.compare import Memory, cached
from polyhop.agent.evaluate.variants import WITH, WITHOUT, Setup
from polyhop.encoders import Encoder
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.stop import Progress, WhenDry, WhenHopeless, WhenSufficient
from tests import corpus

from .test_multihop import sample, write


def progress(hops: int, **facts: Any) -> Progress:
    """Return the facts after a search."""
    return Progress(**{"hops": hops, "new_passages": 3, "new_best": 1, "queries": 2, "seconds": 0.0, **facts})


RECORD = RecordedRun(
    rankings=[["a"], ["a", "b"], ["b", "c"]],
    asked=[
        (progress(0, sufficiency=0.4), 10.0),
        (progress(0, best_query=2.0, kth=1.0), 12.0),
        (progress(1, sufficiency=0.7), 20.0),
        (progress(1, best_query=0.1, kth=1.0), 22.0),
        (progress(2, new_passages=0), 30.0),
    ],
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (MaxHops(0), (["a"], 0, 10.0)),
        (WhenHopeless(0.5), (["a", "b"], 1, 22.0)),
        (WhenHopeless(3.0), (["a"], 0, 12.0)),
        (WhenDry(), (["b", "c"], 2, 30.0)),
        (WhenSufficient(0.4), (["a"], 0, 10.0)),
        (WhenSufficient(0.7), (["a", "b"], 1, 20.0)),
        (WhenSufficient(0.8), (["b", "c"], 2, 30.0)),
        (MaxHops(8), (["b", "c"], 2, 30.0)),
    ],
    ids=repr,
)
def test_a_rule_ends_a_recorded_run_where_it_first_fires(rule: Any, expected: tuple[list[str], int, float]) -> None:
    """The ranking is that of the last search before, and a rule that never fires has the whole run."""
    end = RECORD.until(rule)

    assert expected == (end.ids, end.hops, end.ms)


@pytest.mark.parametrize("rule", [MaxHops(0), MaxHops(1), MaxHops(2) | WhenHopeless(1.0)], ids=repr)
def test_a_replayed_rule_ends_as_it_would_have(rule: Any, tmp_path: Path, embedder: Encoder) -> None:
    """The record of a patient run says what a run with the rule returns, ranking and hops."""
    with corpus.collection(tmp_path, embedder) as films:
        memory = Memory()
        record = RunRecorder(Setup(cached(films, memory), Config()), memory, depth=5).ask(corpus.QUESTION)
        end = record.until(rule)
        found = Agent(films, config=Config(stop=rule)).retrieve(corpus.QUESTION, 5)

    assert found.hops == end.hops
    assert [passage.id for passage in found.passages] == end.ids


def test_a_second_look_is_no_search(tmp_path: Path, embedder: Encoder) -> None:
    """The record of a profile with a second look is that of the profile without."""
    with corpus.collection(tmp_path, embedder) as films:
        memory = Memory()
        plain, closer = (
            RunRecorder(Setup(cached(films, memory), profile), memory, depth=5).ask(corpus.QUESTION)
            for profile in (Config(), Config(further=(SpanHop(),)))
        )

    assert plain.rankings == closer.rankings


def measure(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the command and return the figures that it wrote."""
    out = folder / "figures.json"
    assert 0 == run(lambda: ablation.COMMAND.main([str(folder), *arguments, "--json", str(out)]))
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_figures_have_the_promised_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each arm has all parts and rules, the means over the arms come last, and links add to recall."""
    result = measure(write(tmp_path / "films", *sample()))
    text = capsys.readouterr().out

    assert [("films", False), ("films", True)] == [(arm["dataset"], arm["untitled"]) for arm in result["arms"]]
    names = ["polyhop", *(f"-{name}" for name in WITHOUT), *(f"+{name}" for name in WITH)]
    for figures in [*result["arms"], result["means"]]:
        assert names == list(figures["parts"]) == list(figures["parts_ms"])
        assert list(RULES) == list(figures["rules"]) == list(figures["rules_ms"])
        assert list(SUFFICIENT) == list(figures["sufficient"]) == list(figures["sufficient_ms"])
        assert [0.0, 0.0, 0.0] == figures["rules"][REFERENCE]["saved"]
        assert [3.0, 3.0, 3.0] == figures["rules"]["MaxHops(0)"]["saved"]
        assert all(low <= mean + 1e-5 and mean <= high + 1e-5 for mean, low, high in figures["parts"]["-link"].values())
        assert 0 < figures["parts"]["-link"]["recall@5"][0]
    middle = sum(arm["parts"]["-link"]["recall@5"][0] for arm in result["arms"]) / 2
    assert middle == pytest.approx(result["means"]["parts"]["-link"]["recall@5"][0], abs=2e-5)
    assert "films without titles: what each part adds" in text
    assert "mean over 2 arms: stop rules" in text


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_one_arm_and_a_few_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what is asked for is measured, and a single arm has no means."""
    result = measure(write(tmp_path / "films", *sample()), "--titled", "--parts", "link,hops=3", "--limit", "2")

    assert [2] == [arm["questions"] for arm in result["arms"]]
    assert ["polyhop", "-link", "+hops=3"] == list(result["arms"][0]["parts"])
    assert "rules" not in result["arms"][0]
    assert "means" not in result
    assert "stop rules" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_part_that_the_profile_lacks_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings choose the profile; what changes nothing about it is told and left out."""
    monkeypatch.setenv("POLYHOP_UPDATERS", "shared")
    result = measure(write(tmp_path / "films", *sample()), "--untitled", "--parts", "link,cosine", "--limit", "2")

    assert ["polyhop", "-cosine"] == list(result["arms"][0]["parts"])
    assert "skipped: part 'link' changes nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--parts", "link,magic"], "unknown part 'magic'; choose among hops, link, hyperlink"),
        (["--parts", ","], "unknown part ','"),
        (["--seed", "-1"], "--seed"),
        (["--titled", "--untitled"], "exclude each other"),
        (["--split", "nowhere"], "nowhere.jsonl"),
    ],
)
def test_a_bad_call_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """A call that cannot work ends with exit code 2 and one line that names the reason."""
    folder = write(tmp_path / "few", *sample())

    assert 2 == run(lambda: ablation.COMMAND.main([str(folder), *arguments]))
    shown = capsys.readouterr()
    assert said in shown.err
    assert (1, "") == (shown.err.count("\n"), shown.out)
