"""Escalation: when a language model is asked for sub-questions, what they bring, and that it never costs the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from polyhop.agent import Agent, Retrieval, Settings
from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import ModelError
from polyhop.encoders import Encoder
from polyhop.retrieval.escalation import Always, Never, WhenUnsure
from polyhop.store.collection import Collection
from tests import corpus

PARTS = ["Who directed Jaws?", "In which city was #1 born?"]
SPLIT = json.dumps({"questions": PARTS})


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("split"), embedder) as opened:
        yield opened


def ask(films: Collection, *replies: str | Exception, **settings: object) -> tuple[Retrieval, ScriptedModel]:
    """Ask the known question with a scripted model."""
    model = ScriptedModel(replies)
    chosen = Settings(**{"split": "always", "llm_cache": False, "max_hops": 0, **settings})  # type: ignore[arg-type]
    return Agent(films, llm=model, settings=chosen).retrieve(corpus.QUESTION, 4), model


def titles(found: Retrieval) -> Sequence[str]:
    """Return the titles of the passages, best first."""
    return [passage.title for passage in found.passages]


def test_sub_questions_are_asked_with_the_answers_before_them(films: Collection) -> None:
    """The reference is filled from a passage, and what was found says through which passage and name."""
    found, model = ask(films, SPLIT)
    first, second, *_ = found.sub_questions
    assert (PARTS[0], PARTS[1]) == (first.question, second.template)
    assert ("Steven Spielberg", "In which city was Steven Spielberg born?") == (first.answers[0], second.question)
    assert "Cincinnati" in second.answers
    assert second.complete and 1 == found.cost.calls == len(model.asked)
    assert "Steven Spielberg" in titles(found)
    assert f"Question: {corpus.QUESTION}" == model.asked[0][-1]["content"]


@pytest.mark.parametrize(("reply", "said"), [
    (ModelError("the model is away; start it"), "the model is away"),
    ("I would rather not.", "no valid Decomposition"),
    ('{"questions": []}', "no valid Decomposition"),
    ('{"questions": ["When was #3 born?"]}', "no valid Decomposition"),
])  # fmt: skip
def test_a_model_that_fails_leaves_the_run_as_it_was(reply: str | Exception, said: str, films: Collection) -> None:
    """The passages are those of a run without a model, if read once more in another order, and a notice says why."""
    found, _ = ask(films, reply, reply)
    without, model = ask(films, split="never")
    assert (sorted(titles(without)), ()) == (sorted(titles(found)), tuple(found.sub_questions))
    assert said in found.notices[0]
    assert not model.asked


def test_a_question_that_stays_whole_costs_its_call_alone(films: Collection) -> None:
    """A model that gives the question back as its only part changes nothing."""
    found, _ = ask(films, json.dumps({"questions": [corpus.QUESTION]}))
    assert (1, (), []) == (found.cost.calls, tuple(found.sub_questions), list(found.notices))


def test_the_budget_decides_too(films: Collection) -> None:
    """Where no call is left none is made, and the run says so."""
    found, model = ask(films, SPLIT, llm_calls=0)
    assert not model.asked
    assert "budget of 0 calls is met" in found.notices[0]


@pytest.mark.parametrize(("policy", "sufficiency", "expected"), [
    (Never(), 0.0, False), (Always(), 1.0, True), (Always(), None, True),
    (WhenUnsure(0.8), 0.79, True), (WhenUnsure(0.8), 0.8, False), (WhenUnsure(0.8), None, False),
])  # fmt: skip
def test_policies(policy: Never | Always | WhenUnsure, sufficiency: float | None, *, expected: bool) -> None:
    """Never, always, or where the passages are less sufficient than a bound and somebody estimates it."""
    assert expected == policy(sufficiency)


def test_a_sure_run_asks_nobody(films: Collection) -> None:
    """With the default policy the model is asked below the bound alone."""
    for unsure, calls in ((0.0, 0), (1.0, 1)):
        with pytest.warns(DeprecationWarning, match="WhenUnsure"):
            found, model = ask(films, SPLIT, split="unsure", unsure=unsure)
        assert calls == len(model.asked) == found.cost.calls


def test_a_killed_run_goes_on_with_what_it_had_spent(films: Collection, tmp_path: Path) -> None:
    """A run that is resumed after the split does not pay for it again, and its budget has the call in it."""
    settings = Settings(split="always", llm_cache=False, llm_calls=1)
    first = ScriptedModel([SPLIT])
    with Agent(films, llm=first, settings=settings, checkpoints=tmp_path / "runs.sqlite") as agent:
        stream = agent.stream(corpus.QUESTION, 4, thread="t")
        for event in stream:
            if isinstance(event, dict) and event["event"] == "finish":
                break
        stream.close()  # type: ignore[attr-defined]
    second = ScriptedModel(["Spielberg was born in Cincinnati [1]."])
    with Agent(films, llm=second, settings=settings, checkpoints=tmp_path / "runs.sqlite") as agent:
        answer = agent.ask(corpus.QUESTION, 4, thread="t")
    assert answer.extractive and not second.asked
    assert any("budget of 1 calls is met" in notice for notice in answer.notices)
    assert ["escalate"] == list(answer.retrieval.spent)
