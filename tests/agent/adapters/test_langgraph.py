"""The graphs inside somebody else's: typed plain JSON in and out, configured by plain JSON, shared and closed."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph, add_messages
from langgraph.types import Command, interrupt
from langgraph_cli.config import get_unknown_keys, validate_config_file

from polyhop.agent import Agent, CallerError, Document, ToolSelector
from polyhop.agent.adapters import langgraph as ours
from polyhop.agent.adapters.langgraph import ResourcePool, answer_graph, chat_graph, retrieve_graph, select_tools_graph
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from tests import corpus
from tests.documents import ROOT
from tests.tools.catalogues import offered
from tests.tools.select.shops import TOOLS

REQUEST = "List the orders of our customer Mary, and what is the weather in Oslo?"
MANIFEST = ROOT / "langgraph.json"
Config = dict[str, dict[str, Any]]


class Parent(TypedDict, total=False):
    """The state of somebody's graph, which shares `question`, `where` and `passages` with ours."""

    question: str
    where: str | None
    passages: list[dict[str, Any]]
    titles: list[str]


class Talk(TypedDict, total=False):
    """The state of somebody's chat agent."""

    messages: Annotated[list[AnyMessage], add_messages]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Path:
    """Return a home with collections `films` and `trams` and a catalogue of tools."""
    home = tmp_path_factory.mktemp("home")
    corpus.collection(home, embedder).close()
    trams = [Document("t", "The Vienna tram runs along the Danube.", "Vienna tram")]
    corpus.collection(home, embedder, documents=trams, name="trams").close()
    with ToolSelector.open(home, create=True, embedder=embedder) as selector:
        selector.sync(offered(*TOOLS))
    return home


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has left open."""
    yield
    ours.close()


@pytest.fixture
def config(home: Path) -> Config:
    """Return a configuration in plain JSON; its thread is the parent's."""
    return {"configurable": {"home": str(home), "collection": "films", "thread_id": "1", "user": "somebody"}}


@pytest.fixture
def agent(home: Path) -> Iterator[Agent]:
    """Return an agent over the films, to compare with."""
    with Agent.open(home, "films") as agent:
        yield agent


def parent(find: Any, saver: Any = None, *, ask: Callable[[Any], Any] = lambda state: {}) -> Any:
    """Return a graph of three nodes: ours, one that may interrupt, and one that reads what ours found."""
    builder: Any = StateGraph(Parent)
    builder.add_node("find", find)
    builder.add_node("ask", ask)
    builder.add_node("tell", lambda state: {"titles": [passage["title"] for passage in state["passages"]]})
    builder.add_edge(START, "find").add_edge("find", "ask").add_edge("ask", "tell")
    return builder.compile(checkpointer=saver)


def titles(agent: Agent, question: str = corpus.QUESTION, **options: Any) -> list[str]:
    """Return the titles that the agent itself finds."""
    return [passage.title for passage in agent.retrieve(question, **options).passages]


async def test_a_node_of_another_graph(agent: Agent, config: Config) -> None:
    """It reads the parent's question and writes the parent's passages, sync and async, and leaves other keys alone."""
    graph = parent(retrieve_graph())
    asked = {"question": corpus.QUESTION}
    ended = graph.invoke(asked, config)

    assert {"question", "passages", "titles"} == set(ended)
    assert (corpus.QUESTION, titles(agent)) == (ended["question"], ended["titles"])
    assert ended == await graph.ainvoke(asked, config)


def test_a_passage_is_plain_json(agent: Agent, config: Config) -> None:
    """It says what the agent's passage says, with the way to it, and survives being written down."""
    ended = retrieve_graph().invoke({"question": corpus.QUESTION, "k": 3}, config)
    found = agent.retrieve(corpus.QUESTION, 3)
    jaws = found.passages[0]
    place, spielberg = next(item for item in enumerate(found.passages) if item[1].title == "Steven Spielberg")

    assert json.loads(json.dumps(ended)) == ended
    assert found.sufficiency == ended["sufficiency"]
    assert [one.id for one in found.passages] == [one["id"] for one in ended["passages"]]
    assert {
        "id": spielberg.id,
        "document": "Steven Spielberg.md",
        "title": "Steven Spielberg",
        "text": spielberg.text,
        "source": "",
        "metadata": {"kind": "person", "year": 1946, "tags": ["person", "steven"]},
        "score": spielberg.score,
        "hop": 1,
        "via": "link",
        "path": [{"id": jaws.id, "title": jaws.title}],
    } == ended["passages"][place]


async def test_the_parent_streams_the_hops(agent: Agent, config: Config) -> None:
    """Its stream writer gets the events of the run as they happen, in both kinds of stream."""
    graph, asked = parent(retrieve_graph()), {"question": corpus.QUESTION}
    told = {"stream_mode": "custom", "subgraphs": True}
    events = [event for _, event in graph.stream(asked, config, **told)]
    again = [event async for _, event in graph.astream(asked, config, **told)]

    expected = [(event["event"], event["hop"]) for event in agent.retrieve(corpus.QUESTION).events]
    expected = [event for event in expected if event[0] in {event["event"] for event in events}]
    assert ("search", 0) == expected[0] and "finish" == expected[-1][0]
    assert expected == [(event["event"], event["hop"]) for event in events]
    assert expected == [(event["event"], event["hop"]) for event in again]


def test_a_parent_keeps_checkpoints(agent: Agent, config: Config, tmp_path: Path) -> None:
    """What was found survives an interrupt of the parent and another process; it is not looked for again."""
    path, asked = str(tmp_path / "runs.sqlite"), {"question": corpus.QUESTION}

    def ask(state: Parent) -> Parent:
        return {"passages": state["passages"][: interrupt("how many?")]}

    with SqliteSaver.from_conn_string(path) as saver:
        parent(retrieve_graph(), saver, ask=ask).invoke(asked, config)
    with SqliteSaver.from_conn_string(path) as saver:
        graph = parent(retrieve_graph(), saver, ask=ask)
        events = list(graph.stream(Command(resume=2), config, stream_mode="custom", subgraphs=True))
        ended = graph.get_state(config).values

    assert ([], titles(agent)[:2]) == (events, ended["titles"])


async def test_no_filter_outlives_its_question(agent: Agent, config: Config, tmp_path: Path) -> None:
    """In a thread of its own each question stands for itself, whatever the one before it said."""
    asked = {"question": corpus.QUESTION}
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = retrieve_graph().copy(update={"checkpointer": saver})
        narrow = await graph.ainvoke({**asked, "where": "kind = 'place'", "k": 2}, config)
        wide = await graph.ainvoke(asked, config)

    assert titles(agent, where="kind = 'place'", k=2) == [one["title"] for one in narrow["passages"]]
    assert titles(agent) == [one["title"] for one in wide["passages"]]


def test_a_configuration_of_the_maker_holds_where_the_run_says_nothing(agent: Agent, config: Config) -> None:
    """A graph is made with its own collection, by whoever makes it or by a server; a run may name another."""
    graph = retrieve_graph(config)
    asked = {"question": "Which river does the Vienna tram run along?", "k": 1}

    def first(**configurable: Any) -> str:
        return str(graph.invoke(asked, {"configurable": configurable})["passages"][0]["title"])

    assert titles(agent, asked["question"], k=1) == [first()] == [first(collection=None)]
    assert "Vienna tram" == first(collection="trams") == first(collection=["films", "trams"])
    home = config["configurable"]["home"]
    context = retrieve_graph().invoke(asked, context={"home": home, "collection": "trams"})
    assert "Vienna tram" == context["passages"][0]["title"]


def test_settings_are_those_of_the_configuration(config: Config) -> None:
    """k is how many passages there are, and `auto` looks a second time."""
    config["configurable"] |= {"k": 3, "profile": "auto", "seconds": 500}
    graph, asked = retrieve_graph(), {"question": corpus.QUESTION}
    events = [event["event"] for event in graph.stream(asked, config, stream_mode="custom")]

    assert (3, True) == (len(graph.invoke(asked, config)["passages"]), "rerank" in events)


async def test_answers_are_those_of_the_agent(agent: Agent, config: Config) -> None:
    """Text, citations and what they count are as `ask` has them, also for a question with a history."""
    history = [{"role": "user", "content": "Who directed Seven Samurai?"}, {"role": "assistant", "content": "Akira."}]
    for asked in ({"question": corpus.QUESTION}, {"question": "When was it released?", "history": history}):
        ended = answer_graph().invoke(asked, config)
        said = agent.ask(asked["question"], history=asked.get("history"))

        assert json.loads(json.dumps(ended)) == ended == await answer_graph().ainvoke(asked, config)
        assert (said.text, said.citations, said.found) == (ended["answer"], ended["citations"], ended["found"])
        assert [one.id for one in said.retrieval.passages] == [one["id"] for one in ended["passages"]]


def test_a_chat_agent_has_it_as_a_node(agent: Agent, config: Config, tmp_path: Path) -> None:
    """Each message is understood by those before it, as in `Agent.chat`, and the parent's thread keeps them."""
    builder: Any = StateGraph(Talk)
    builder.add_node("chat", chat_graph()).add_edge(START, "chat")
    chat = agent.chat()
    with SqliteSaver.from_conn_string(str(tmp_path / "talk.sqlite")) as saver:
        graph = builder.compile(checkpointer=saver)
        for turn in ("Who directed Seven Samurai?", "Where was he born?", "And which river is there?"):
            said = chat.ask(turn)
            last = graph.invoke({"messages": [("user", turn)]}, config)["messages"][-1]
            about = last.response_metadata["polyhop"]
            assert (said.text, said.question, said.titles) == (last.text, about["question"], about["titles"])
        assert 6 == len(graph.get_state(config).values["messages"])
    assert said.retrieval.understood


def test_messages_of_others_count_as_history(config: Config) -> None:
    """What people and models said is looked back on; tools, system messages and calls are not."""
    messages = [
        HumanMessage("Who directed Jaws?"),
        AIMessage("", tool_calls=[{"id": "1", "name": "look_up", "args": {}}]),
        ToolMessage("Carol Reed", tool_call_id="1"),
        AIMessage([{"type": "text", "text": "Jaws was directed by Steven Spielberg."}]),
        HumanMessage("Where was he born?"),
    ]
    said = chat_graph().invoke({"messages": messages}, config)["messages"][-1]

    assert "Where was Steven Spielberg born?" == said.response_metadata["polyhop"]["question"]
    with pytest.raises(CallerError, match="the last message must be a person's"):
        chat_graph().invoke({"messages": messages[:-1]}, config)


@pytest.mark.parametrize("request_", [REQUEST, "Prove the Riemann hypothesis"])
async def test_tools_are_those_of_the_selector(request_: str, home: Path, config: Config) -> None:
    """Definitions to bind, what they depend on beside them; where nothing fits there is nothing but the reason."""
    with ToolSelector.open(home) as selector:
        found = selector.select(request_, 2)
    ended = select_tools_graph().invoke({"request": request_, "k": 2}, config)

    assert (found.definitions(), found.why) == ([one["definition"] for one in ended["tools"]], ended["abstained"])
    assert bool(ended["tools"]) != bool(ended["abstained"])
    assert [tool.name for tool in found.tools] == [tool["name"] for tool in ended["tools"]]
    assert (
        json.loads(json.dumps(ended))
        == ended
        == await select_tools_graph().ainvoke({"request": request_, "k": 2}, config)
    )


def test_a_written_answer_is_streamed(home: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces that a language model writes are events, sync, async, and sync beside a running event loop."""
    reply = "Jaws was directed by Steven Spielberg. [1]"
    model = ScriptedModel([reply] * 3)
    monkeypatch.setattr(ours, "_agents", ResourcePool(lambda chosen: Agent.open(home, *chosen.names, llm=model)))
    graph, asked = answer_graph(), {"question": "Who directed Jaws?"}

    def written() -> str:
        parts = graph.stream(asked, config, stream_mode="custom")
        return "".join(part["text"] for part in parts if part["event"] == "text")

    async def both() -> list[str]:
        parts = graph.astream(asked, config, stream_mode="custom")
        return [written(), "".join([part["text"] async for part in parts if part["event"] == "text"])]

    assert [reply] * 3 == [written(), *asyncio.run(both())]
    ours.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"profile": "slow"}, r"configurable\['profile'\] is 'slow': input should be 'fast', 'quality' or 'auto'"),
        ({"k": 0}, r"configurable\['k'\] is 0: input should be greater"),
        ({"seconds": "soon"}, r"configurable\['seconds'\] is 'soon'"),
        ({"home": ["a"]}, r"configurable\['home'\] is \['a'\]"),
        ({"collection": []}, r"configurable\['collection'\] must be a name or a list of names, not \[\]"),
        ({"collection": {"a": 1}}, r"configurable\['collection'\] must be a name or a list of names"),
        ({"collection": ["films", 1]}, r"configurable\['collection'\] must hold names, not 1"),
        ({"collection": "books"}, r"no collection 'books' in .*\(there: films, tools, trams\); run `polyhop index"),
        ({"collection": "../films"}, "is no name for a collection"),
    ],
)
async def test_a_wrong_configuration_is_refused(wrong: dict[str, Any], said: str, config: Config) -> None:
    """The error says what is wrong and what may stand there; the next run with another is unharmed."""
    asked = {"question": corpus.QUESTION}
    config["configurable"] |= wrong
    for graph in (retrieve_graph(), retrieve_graph(config)):
        with pytest.raises(CallerError, match=said):
            graph.invoke(asked, config)
        with pytest.raises(CallerError, match=said):
            await graph.ainvoke(asked, config)


def test_a_wrong_environment_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration does not say is the environment's, and so is the blame."""
    monkeypatch.setenv("POLYHOP_K", "many")
    with pytest.raises(CallerError, match="POLYHOP_K is 'many'"):
        retrieve_graph().invoke({"question": corpus.QUESTION}, config)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"question": None}, "there is no 'question'; give it as input, or have it in the state"),
        ({"question": " "}, "question is empty"),
        ({"question": 7}, "question must be a string"),
        ({"k": "5"}, "k must be"),
        ({"where": 5}, "where must be a string, not 5"),
        ({"where": "year >>"}, "filter, column"),
        ({"history": "before"}, "history must be a list of turns"),
    ],
)
def test_a_wrong_question_is_refused(wrong: dict[str, Any], said: str, config: Config) -> None:
    """The parent hears what the agent itself would say."""
    asked = {"question": corpus.QUESTION, **wrong}
    for graph in (retrieve_graph(), answer_graph()):
        with pytest.raises(CallerError, match=said):
            graph.invoke(asked, config)


def test_a_wrong_request_is_refused(config: Config) -> None:
    """An empty request, a bad filter and a catalogue that is none are errors of the caller."""
    graph, wrong = select_tools_graph(), {"configurable": {**config["configurable"], "catalogue": "films"}}
    for asked, given in (
        ({"k": 1}, config),
        ({"request": ""}, config),
        ({"request": REQUEST, "where": 5}, config),
        ({"request": REQUEST, "where": "tags >>"}, config),
        ({"request": REQUEST}, wrong),
        ({"request": REQUEST}, {"configurable": {**config["configurable"], "catalogue": 1}}),
    ):
        with pytest.raises(CallerError):
            graph.invoke(asked, given)


async def test_invocations_share_what_is_open(home: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once, in threads and in an event loop, open each collection once and find what each alone finds."""
    opened: list[tuple[str, ...]] = []

    def opening(chosen: Any) -> Agent:
        opened.append(chosen.names)
        return Agent.open(chosen.settings.home, *chosen.names, settings=chosen.settings)

    monkeypatch.setattr(ours, "_agents", ResourcePool(opening))
    graph = retrieve_graph()
    configs: list[Any] = [{"configurable": {"home": str(home), "collection": name}} for name in ("films", "trams")] * 6
    asked = {"question": corpus.QUESTION}
    alone = [graph.invoke(asked, one) for one in configs[:2]] * 6
    with ThreadPoolExecutor(6) as threads:
        assert alone == list(threads.map(lambda one: graph.invoke(asked, one), configs))
    assert alone == await asyncio.gather(*(graph.ainvoke(asked, one) for one in configs))
    assert [("films",), ("trams",)] == opened
    ours.close()


def test_others_write_beside_open_graphs(tmp_path: Path, embedder: Encoder) -> None:
    """The next run finds what another has written, also after `close`, which lets go of the collection."""
    jaws, *others = corpus.DOCUMENTS
    graph, config = retrieve_graph(), {"configurable": {"home": str(tmp_path), "collection": "films"}}
    asked = {"question": "Which thriller is Jaws?", "k": 1}
    with corpus.collection(tmp_path, embedder, documents=others) as films:
        assert jaws.title != graph.invoke(asked, config)["passages"][0]["title"]
        films.add([jaws])
        assert jaws.title == graph.invoke(asked, config)["passages"][0]["title"]
        ours.close()

    assert jaws.title == graph.invoke(asked, config)["passages"][0]["title"]


def test_the_manifest_is_what_the_official_tool_accepts() -> None:
    """The validator of langgraph-cli takes it, and knows every key."""
    checked = validate_config_file(MANIFEST)

    assert [] == get_unknown_keys(json.loads(MANIFEST.read_text(encoding="utf-8")))
    assert {"retrieve", "answer", "chat", "select_tools"} == set(checked["graphs"])
    assert (["."], True) == (checked["dependencies"], (MANIFEST.parent / "pyproject.toml").is_file())


def test_the_manifest_names_factories(config: Config) -> None:
    """As a server does it: import the module, take the factory of one argument, give it the configuration of a run.

    The graph has the name of its entry, schemas, and no checkpointer but the one that the server puts in.
    """
    graphs = json.loads(MANIFEST.read_text(encoding="utf-8"))["graphs"]
    for name, entry in graphs.items():
        module, _, variable = entry["path"].rpartition(":")
        factory = vars(importlib.import_module(module))[variable]
        assert 1 == len(inspect.signature(factory).parameters)
        graph = factory({**config, "configurable": {**config["configurable"], "__pregel_checkpointer": object()}})

        assert (name, None) == (graph.name, graph.checkpointer)
        assert graph.get_input_jsonschema()["properties"] and graph.get_output_jsonschema()["properties"]
        assert {"home", "collection", "profile"} <= set(graph.get_context_jsonschema()["properties"])
