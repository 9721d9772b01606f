"""A graph that interrupts before a language model is asked: what it shows, how it goes on, what is paid once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AnyMessage
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph, add_messages
from langgraph.types import Command

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent.adapters import langgraph as ours
from polyhop.agent.adapters.langgraph import ResourcePool, answer_graph, chat_graph, retrieve_graph
from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import Suspended
from polyhop.core.llm.approval import Proposal, suspend
from polyhop.encoders import Encoder
from tests import corpus

QUESTION = "Where was the director of Jaws born?"
SPLIT = '{"questions": ["Who directed Jaws?", "Where was #1 born?"]}'
ANSWER = "Jaws was directed by Steven Spielberg [1], who was born in Cincinnati [2]."
Config = dict[str, dict[str, Any]]


class Parent(TypedDict, total=False):
    """The state of somebody's graph."""

    question: str
    passages: list[dict[str, Any]]
    answer: str
    notices: list[str]


class Talk(TypedDict, total=False):
    """The state of somebody's chat agent."""

    messages: Annotated[list[AnyMessage], add_messages]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with the collection `films`."""
    home = tmp_path_factory.mktemp("approval")
    corpus.collection(home, embedder).close()
    return home


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ScriptedModel]]:
    """Return a function that gives the graphs a scripted model, which is asked to split every question."""

    def serve(*replies: str, split: Any = "always") -> ScriptedModel:
        model = ScriptedModel(replies)
        settings = Settings(split=split)
        pool = ResourcePool[Any, Agent](lambda chosen: Agent.open(home, "films", llm=model, settings=settings))
        monkeypatch.setattr(ours, "_agents", pool)
        return model

    yield serve
    ours.close()


@pytest.fixture
def config(home: Path) -> Config:
    """Return a configuration under which calls have to be approved."""
    return {"configurable": {"home": str(home), "collection": "films", "thread_id": "1", "approve": True}}


def parent(node: Any, saver: Any, state: type = Parent) -> Any:
    """Return a graph of somebody's that has ours as its node."""
    builder: Any = StateGraph(state)
    return builder.add_node("look_up", node).add_edge(START, "look_up").compile(checkpointer=saver)


def waiting(ended: Any) -> Proposal:
    """Return what a graph that was interrupted shows."""
    [one] = ended["__interrupt__"]
    return one.value  # type: ignore[no-any-return]


def test_each_step_is_shown_before_it_costs(
    served: Callable[..., ScriptedModel], config: Config, tmp_path: Path
) -> None:
    """The split and the answer are approved one after the other, over two processes' worth of savers, and paid once."""
    model, path = served(SPLIT, ANSWER), str(tmp_path / "runs.sqlite")
    with SqliteSaver.from_conn_string(path) as saver:
        first = waiting(parent(answer_graph(), saver).invoke({"question": QUESTION}, config))
    assert ("escalate", "scripted", []) == (first["step"], first["model"], model.asked)
    assert QUESTION in first["messages"][-1]["content"]
    assert (True, 400, 0.0) == (first["tokens_in"] > 50, first["tokens_out"], first["dollars"])
    assert first == json.loads(json.dumps(first))

    with SqliteSaver.from_conn_string(path) as saver:
        second = waiting(parent(answer_graph(), saver).invoke(Command(resume=True), config))
    assert ("answer", 1) == (second["step"], len(model.asked))
    assert "<passage number=1>" in second["messages"][-1]["content"]

    with SqliteSaver.from_conn_string(path) as saver:
        graph = parent(answer_graph(), saver)
        ended = graph.invoke(Command(resume=True), config)
        kept = graph.get_state(config).values
    assert (ANSWER, 2) == (ended["answer"], len(model.asked))
    assert first["messages"][-1] == model.asked[0][-1] and second["messages"] == model.asked[1]
    assert set(kept) <= set(Parent.__annotations__)


async def test_declined_goes_on_without_a_model(
    served: Callable[..., ScriptedModel], config: Config, home: Path, tmp_path: Path
) -> None:
    """One refusal is enough: passages and answer are those without a model, nothing else is asked, a notice says so."""
    model = served(SPLIT, ANSWER)
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = parent(answer_graph(), saver)
        assert "escalate" == waiting(await graph.ainvoke({"question": QUESTION}, config))["step"]
        ended = await graph.ainvoke(Command(resume=False), config)
    with Agent.open(home, "films", settings=Settings(split="never")) as agent:
        alone = agent.ask(QUESTION)

    assert (alone.text, []) == (ended["answer"], model.asked)
    assert [one.id for one in alone.retrieval.passages] == [one["id"] for one in ended["passages"]]
    assert any("declined" in notice for notice in ended["notices"])


async def test_it_ends_as_it_would_without_asking(
    served: Callable[..., ScriptedModel], config: Config, tmp_path: Path
) -> None:
    """Suspended and resumed, sync and async, a run comes to the state that it comes to in one piece."""
    served(SPLIT, ANSWER)
    free = {"configurable": {**config["configurable"], "approve": False}}
    expected = answer_graph().invoke({"question": QUESTION}, free)
    served(SPLIT, ANSWER)
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = answer_graph().copy(update={"checkpointer": saver})
        ended = await graph.ainvoke({"question": QUESTION}, config)
        while "__interrupt__" in ended:
            ended = await graph.ainvoke(Command(resume=True), config)

    assert expected == {key: ended[key] for key in expected}


def test_a_conversation_is_asked_about_too(
    served: Callable[..., ScriptedModel], config: Config, tmp_path: Path
) -> None:
    """The second turn waits for the condensed question, then for its answer; the thread keeps both turns."""
    first = "Seven Samurai was directed by Akira Kurosawa [1]."
    model = served(first, "Where was Akira Kurosawa born?", "Akira Kurosawa was born in Tokyo [1].", split="never")
    steps = []
    with SqliteSaver.from_conn_string(str(tmp_path / "talk.sqlite")) as saver:
        graph = parent(chat_graph(), saver, Talk)
        for turn in ("Who directed Seven Samurai?", "Where was he born?"):
            ended = graph.invoke({"messages": [("user", turn)]}, config)
            while "__interrupt__" in ended:
                steps.append(waiting(ended)["step"])
                ended = graph.invoke(Command(resume=True), config)
        texts = [message.text for message in graph.get_state(config).values["messages"]]

    assert ["answer", "condense", "answer"] == steps and 3 == len(model.asked)
    assert (4, first) == (len(texts), texts[1]) and "Tokyo" in texts[3]


def test_passages_alone_wait_only_where_a_model_is_asked(
    served: Callable[..., ScriptedModel], config: Config, tmp_path: Path
) -> None:
    """Without a split there is nothing to approve, and without a model nothing either."""
    served(split="never")
    with SqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        ended = parent(retrieve_graph(), saver).invoke({"question": QUESTION}, config)

    assert "__interrupt__" not in ended and ended["passages"]


def test_a_checkpointer_is_needed(served: Callable[..., ScriptedModel], config: Config) -> None:
    """Before anything is done it is said what is missing."""
    model = served(SPLIT, ANSWER)
    with pytest.raises(CallerError, match="needs a checkpointer"):
        answer_graph().invoke({"question": QUESTION}, config)
    config["configurable"]["approve"] = "yes"
    with pytest.raises(CallerError, match="true or false"):
        answer_graph().invoke({"question": QUESTION}, config)
    assert [] == model.asked


def test_a_run_cannot_take_back_what_the_maker_said(
    served: Callable[..., ScriptedModel], config: Config, tmp_path: Path
) -> None:
    """Who serves a graph to others decides that money is asked for."""
    served(SPLIT, ANSWER)
    made = answer_graph({"configurable": {"approve": True}})
    config["configurable"]["approve"] = False
    with SqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = parent(made, saver)
        assert "escalate" == waiting(graph.invoke({"question": QUESTION}, config))["step"]
        with pytest.raises(CallerError, match="resume=True"):
            graph.invoke(Command(resume="perhaps"), config)


async def test_an_agent_asks_a_function(home: Path, tmp_path: Path) -> None:
    """It is shown the same, in every way of asking; what it declines is done without a model."""
    seen: list[Proposal] = []

    def approve(proposal: Proposal) -> bool:
        seen.append(proposal)
        return proposal["step"] == "escalate"

    settings = Settings(split="always")
    model = ScriptedModel([SPLIT] * 3)
    runs = tmp_path / "runs.sqlite"
    with Agent.open(home, "films", llm=model, settings=settings, approve=approve, checkpoints=runs) as agent:
        said = [agent.ask(QUESTION), await agent.aask(QUESTION), agent.ask(QUESTION, thread="1")]

    assert ["escalate", "answer"] * 3 == [one["step"] for one in seen] and 3 == len(model.asked)
    for one in said:
        assert one.extractive and one.retrieval.sub_questions
        assert any("declined" in notice for notice in one.notices)


def test_an_agent_may_leave_the_decision_to_its_caller(home: Path) -> None:
    """`suspend` raises what says where the run is, and from what state another goes on."""
    agent = Agent.open(home, "films", llm=ScriptedModel([SPLIT]), approve=suspend, settings=Settings(split="always"))
    with agent, pytest.raises(Suspended) as caught:
        agent.retrieve(QUESTION)
    state: Any = caught.value.state

    assert ("escalate", QUESTION) == (caught.value.step, state["question"])
    assert state == json.loads(json.dumps(state))
    with pytest.raises(CallerError, match="a function"):
        Agent.open(home, "films", approve=True)  # type: ignore[arg-type]
