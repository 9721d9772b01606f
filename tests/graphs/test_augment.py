"""Reformulations in a run: where they come, what the gate and a language model have to do with it, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from polyhop.agent import Agent, Budget, Config, Retrieval, Settings
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask, taken
from polyhop.graphs.nodes.steps import search
from polyhop.graphs.state import Request
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.reformulations import Expansion, Feedback, Repeat
from polyhop.retrieval.query.role import AUGMENTERS, Augmenter
from polyhop.retrieval.run import Run
from polyhop.store.collection import Collection
from tests import corpus

from .test_graphs import new_run, request, result

WAY = ["plan", "search", "rank", "hop", "search", "rank", "judge", "finish"]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("augment"), embedder) as opened:
        yield opened


@dataclass(frozen=True)
class Sure(Gate):
    """Gives every question the same chance."""

    augmenter: str = "feedback"
    always: float = 0.7

    def chance(self, ranked: Sequence[Candidate], finds: Sequence[Candidate], run: Run) -> float:
        """Return the chance."""
        assert ranked and finds
        return self.always


def augmenting(films: Collection, augmenter: Augmenter | None = None, **fields: Any) -> Run:
    """Return a run with an augmenter, by default feedback."""
    chosen = augmenter or Feedback()
    return new_run(films, augment=chosen, **fields)


def run(made: Run) -> dict[str, Any]:
    """Return the state that a run ends in."""
    return dict(ask(cast(Request, request()), made))


def events(state: Any) -> list[str]:
    """Return the names of the events of a run."""
    return [event["event"] for event in state["events"]]


def test_without_an_augmenter_the_run_is_as_short_as_ever(films: Collection) -> None:
    """Nobody asks whether to reformulate, neither a gate nor the graph."""
    assert WAY == events(run(new_run(films)))
    assert WAY == events(run(new_run(films, gate=Sure())))


@pytest.mark.parametrize("augmenter", [Feedback(), Expansion(), Repeat()], ids=lambda one: one.name)
def test_a_reformulation_is_asked_after_the_first_search(augmenter: Augmenter, films: Collection) -> None:
    """It is no hop: its finds are of the first search, and there are as many hops as without."""
    plain, state = run(new_run(films)), run(augmenting(films, augmenter))
    new = [find for find in state["found"] if find["via"] == augmenter.name]

    assert [*WAY[:3], "augment", "search", "rank", *WAY[3:]] == events(state)
    assert (plain["searches"], True) == (state["searches"], state["augmented"])
    assert new and {(0, 0)} == {(find["hop"], len(find["path"])) for find in new}
    assert [find for find in plain["found"] if find["hop"] == 0] == [
        find for find in state["found"] if find["hop"] == 0 and find["via"] != augmenter.name
    ]
    assert {item["id"] for item in state["ranked"]} >= {find["id"] for find in new}


@pytest.mark.parametrize(("threshold", "made"), [(0.6, True), (0.7, True), (0.71, False)])
def test_the_gate_decides(threshold: float, made: bool, films: Collection) -> None:  # noqa: FBT001
    """From its threshold on a question is reformulated; below, the run is that without an augmenter."""
    state = run(augmenting(films, gate=Sure(threshold=threshold)))

    assert made == state["augmented"]
    assert [{"chance": 0.7, "queries": int(made)}] == [
        {key: event[key] for key in ("chance", "queries")} for event in state["events"] if event["event"] == "augment"
    ]
    assert made == (run(new_run(films))["ranked"] != state["ranked"])


def test_a_late_run_is_not_reformulated(films: Collection) -> None:
    """A run whose deadline has passed goes on to its end with what it has."""
    late = run(augmenting(films, seconds=0.0))
    assert not late["augmented"]
    assert "finish" == events(late)[-1]


@pytest.mark.slow
def test_a_walk_ends_in_the_state_of_the_graph(films: Collection) -> None:
    """State and events are the same to the last key, also asynchronously, and the step is streamed."""
    walked = result(run(augmenting(films, gate=Sure())))

    assert walked == result(question_graph().invoke(request(), context=augmenting(films, gate=Sure())))
    ran = asyncio.run(question_graph().ainvoke(request(), context=augmenting(films, gate=Sure())))
    assert walked == result(ran)
    streamed = question_graph().stream(request(task="answer"), context=augmenting(films), stream_mode="custom")
    assert ["search", "augment", "search"] == [event["event"] for event in streamed][:3]


# What a language model writes


def asked(films: Collection, augment: str, *replies: str | Exception) -> tuple[Retrieval, list[Any]]:
    """Return what is retrieved with a scripted model as the writer, and what the model was asked."""
    model = ScriptedModel(replies)
    with writing(films, augment, model) as agent:
        return agent.retrieve(corpus.QUESTION, 5), model.asked


def writing(films: Collection, augment: str, model: ScriptedModel | None, **options: Any) -> Agent:
    """Return an agent with an augmenter and, if there is one, a model that writes for it.

    The path score decides: it counts a reformulation also where the question has found the same passages.
    """
    settings = Settings(llm_cache=False, **{name: options.pop(name) for name in ("llm_calls",) if name in options})
    config = replace(Config.of(settings, films, llm=model is not None), augment=AUGMENTERS.make(augment), light=())
    return Agent(films, config=config, settings=settings, llm=model, **options)


def passages(found: Retrieval) -> list[tuple[str, float]]:
    """Return what was found, with scores."""
    return [(one.id, one.score) for one in found.passages]


@pytest.fixture(scope="module")
def plain(films: Collection) -> Retrieval:
    """Return what is retrieved without an augmenter, ordered by the path score too."""
    return Agent(films, config=replace(Config.of(Settings(), films), light=())).retrieve(corpus.QUESTION, 5)


@pytest.mark.parametrize(("augment", "replies", "calls"), [
    ("passage", ["Akira Kurosawa, a Japanese director, was born in Tokyo."], 1),
    ("keywords", ["Kurosawa, Japan, Tokyo, samurai, director"], 1),
    ("thoughts", ["Find Vienna first.", "The Danube passes Vienna.", "Tokyo lies on the Sumida."], 3),
])  # fmt: skip
def test_what_a_model_writes_is_searched_for(
    augment: str, replies: list[str], calls: int, films: Collection, plain: Retrieval
) -> None:
    """It stands beside the question: there are other scores, the same hops, and a record of the calls."""
    found, said = asked(films, augment, *replies)

    assert (calls, [], True) == (len(said), list(found.notices), found.augmented)
    assert passages(plain) != passages(found)
    assert calls == found.spent["augment"].calls
    assert f"Question: {corpus.QUESTION}" == said[0][-1]["content"]
    assert plain.hops == found.hops


@pytest.mark.parametrize(("replies", "notice"), [
    (["I'm sorry, I cannot help with that."], "refusal"),
    ([""], "empty"),
    ([corpus.QUESTION], "only says the question again"),
    (["word " * 500], "500 words"),
    (["здесь ничего нет"], "signs of the question"),
    ([], "script of 'scripted' ended"),
])  # fmt: skip
def test_what_cannot_be_used_leaves_the_question_alone(
    replies: list[str], notice: str, films: Collection, plain: Retrieval
) -> None:
    """The run goes on as without an augmenter, and says why."""
    found, _ = asked(films, "passage", *replies)

    assert not found.augmented
    assert passages(plain) == passages(found)
    assert any(notice in one for one in found.notices)


def test_one_bad_thought_does_not_cost_the_others(films: Collection) -> None:
    """Thoughts are drawn apart; those that can be used are."""
    found, said = asked(films, "thoughts", "As an AI I have no thoughts.", "Vienna, perhaps.", "The Danube, perhaps.")

    assert (3, True, 1) == (len(said), found.augmented, len(found.notices))
    assert [2] == [event["queries"] for event in found.events if event["event"] == "augment"]


def test_without_a_model_or_a_budget_the_question_stands_alone(films: Collection, plain: Retrieval) -> None:
    """Neither ends the run; the notice says what to do."""
    model = ScriptedModel(["Vienna."])
    with writing(films, "passage", None) as agent:
        alone = agent.retrieve(corpus.QUESTION, 5)
    with writing(films, "passage", model, llm_calls=0) as agent:
        poor = agent.retrieve(corpus.QUESTION, 5)

    assert passages(plain) == passages(alone) == passages(poor)
    assert "POLYHOP_LLM" in alone.notices[0]
    assert "budget" in poor.notices[0]
    assert [] == model.asked


def test_the_texts_are_kept_for_a_resumed_run(films: Collection) -> None:
    """The frontier holds what was written: the vector can be computed again without asking the model."""
    model = ScriptedModel(["Akira Kurosawa was born in Tokyo."])
    with writing(films, "passage", model) as agent:
        steps = question_graph().stream(
            request(), context=agent._asked("retrieve", corpus.QUESTION, 4, {}).run, stream_mode="values"
        )
        kept = next(state for state in steps if state.get("augmented"))

    assert [f"{corpus.QUESTION} Akira Kurosawa was born in Tokyo."] == [query["text"] for query in kept["frontier"]]
    left = augmenting(films, AUGMENTERS.make("passage"))
    assert {"passage"} == {find["via"] for find in taken(search, kept, left)["found"]}


def test_a_budget_for_all_runs_holds_here_too(films: Collection) -> None:
    """Three thoughts with a budget for two calls are two."""
    model = ScriptedModel(["The Danube.", "Vienna.", "Tokyo."])
    with writing(films, "thoughts", model, budget=Budget(calls=2)) as agent:
        found = agent.retrieve(corpus.QUESTION, 5)

    assert 2 == len(model.asked)
    assert found.augmented
    assert "budget" in " ".join(found.notices)
