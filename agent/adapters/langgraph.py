"""The graphs as nodes of other people's LangGraph graphs, and for a LangGraph server: typed plain JSON in and out.

    builder.add_node("find", retrieve_graph())
    builder.compile().invoke({"question": "…"}, {"configurable": {"home": ".polyhop", "collection": "laws"}})

Each has one node, which goes through the loop of `graphs/loop.py`. Its steps are no nodes here: what a run remembers
(vectors, passages) is no JSON, and a parent that keeps checkpoints would write all candidates once a step. The parent
sees the steps as events in its stream mode `custom`.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, Protocol, Required, TypeVar, cast

from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.channels import EphemeralValue
from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph, add_messages
from langgraph.runtime import get_runtime
from langgraph.types import Command, interrupt
from pydantic import ValidationError
from typing_extensions import TypedDict  # of that of Python 3.11 pydantic makes no schema

from ...conversation.turn import ASSISTANT, EXCHANGES, USER
from ...core.errors import CallerError, Suspended
from ...core.llm.approval import Proposal, suspend
from ...core.settings import Settings
from ...graphs.loop import aask, ask
from ...graphs.state import State, Task
from ...retrieval.run import Run
from ...tools.catalogue import DEFAULT
from ..agent import Agent
from ..options import MAX_CHARACTERS, QuestionOptions, checked, requested
from ..results import Answer, RankedPassage, answer_of, retrieval_of
from ..selection import SelectedTool, ToolSelector

#: our part of an answer's `response_metadata`
METADATA = "polyhop"
#: the node that interrupts before a language model is asked, where that is asked for
APPROVE = "approve"
#: where LangGraph has the checkpointer of a run in its configuration (`langgraph.constants`, not public)
CHECKPOINTER = "__pregel_checkpointer"


class Configurable(TypedDict, total=False):
    """What `configurable` (or `context`) may say; anything else there belongs to others. Each has the environment's
    value, or the default, where it is missing.

    What loads code, reaches an address or costs money is left to the environment, since the clients of a server write
    this.
    """

    home: str
    #: one collection or several that are searched as one
    collection: str | list[str]
    #: the catalogue of `select_tools`
    catalogue: str
    profile: Literal["fast", "quality", "auto"]
    k: int
    #: deadline of one question
    seconds: float
    #: whether the graph interrupts before a step asks a language model; once somebody says so it holds
    approve: bool


#: those that are settings by the same name
_SETTINGS = ("home", "profile", "k", "seconds")


class QuestionInput(TypedDict, total=False):
    """A question, with the turns before it (`role`, `content`), if there are any.

    What goes in is not kept in a thread, so that no filter outlives its question.
    """

    question: Required[Annotated[str, EphemeralValue]]
    history: Annotated[list[dict[str, Any]] | None, EphemeralValue]
    k: Annotated[int | None, EphemeralValue]
    where: Annotated[str | None, EphemeralValue]


class MessagesInput(TypedDict, total=False):
    """A conversation whose last message is a person's."""

    messages: Required[Annotated[list[AnyMessage], add_messages]]
    k: Annotated[int | None, EphemeralValue]
    where: Annotated[str | None, EphemeralValue]


class RequestInput(TypedDict, total=False):
    """What tools are to do."""

    request: Required[Annotated[str, EphemeralValue]]
    k: Annotated[int | None, EphemeralValue]
    where: Annotated[str | None, EphemeralValue]


class FoundPassage(TypedDict):
    """A passage, as `RankedPassage` describes it; `path` holds the `id` and `title` of the passages that led to it."""

    id: str
    document: str
    title: str
    text: str
    source: str
    metadata: dict[str, Any]
    score: float
    hop: int
    via: str
    path: list[dict[str, str]]


class PassagesOutput(TypedDict):
    """The k best passages, best first; `sufficiency` is the probability that they suffice, where it is estimated."""

    passages: list[FoundPassage]
    sufficiency: float | None
    notices: list[str]


class AnswerOutput(PassagesOutput):
    """An answer with its `Citation`s, whose numbers count `passages` from 1; `found` is whether they hold an answer."""

    answer: str
    citations: list[dict[str, Any]]
    found: bool


class MessagesOutput(AnswerOutput):
    """The conversation with the answer behind it, and what the answer rests on."""

    messages: Annotated[list[AnyMessage], add_messages]


class OfferedTool(TypedDict):
    """A tool to offer: `definition` is what a language model is sent, `alternatives` name tools that do the same."""

    name: str
    score: float
    reason: str
    definition: dict[str, Any]
    alternatives: list[str]


class ToolsOutput(TypedDict):
    """The tools that a request needs; none where the selection abstained, and then why."""

    tools: list[OfferedTool]
    abstained: str


class _Suspended(TypedDict):
    """A run that waits for an approval: the step that is next, the state before it, and what was said so far."""

    at: str
    state: dict[str, Any]
    proposal: Proposal
    granted: list[str]
    declined: bool


class _Waiting(TypedDict, total=False):
    """What a graph keeps while it waits; no parent sees it, and it is gone once the run goes on."""

    polyhop_suspended: Annotated[_Suspended | None, EphemeralValue]


class _Retrieving(QuestionInput, PassagesOutput, _Waiting): ...


class _Answering(QuestionInput, AnswerOutput, _Waiting): ...


class _Chatting(MessagesInput, MessagesOutput, _Waiting): ...


class _SelectingTools(RequestInput, ToolsOutput): ...


class Closable(Protocol):
    """Something that is closed when it is no longer needed."""

    def close(self) -> None:
        """Let go of what it holds."""
        ...


Opened = TypeVar("Opened", bound=Closable)
Key = TypeVar("Key")


@dataclass(slots=True, eq=False)
class _Entry(Generic[Opened]):
    """One thing, how many use it now, and whether it was given up."""

    value: Opened | None = None
    users: int = 0
    given_up: bool = False
    inside: threading.Lock = field(default_factory=threading.Lock)

    def get(self, opening: Callable[[], Opened]) -> Opened:
        with self.inside:
            if self.given_up:
                raise CallerError("this was closed while it was being opened; ask again")
            if self.value is None:
                self.value = opening()
            return self.value

    def close(self) -> None:
        with self.inside:
            self.given_up = True
            if self.value is not None:
                self.value.close()


class ResourcePool(Generic[Key, Opened]):
    """Opens each thing once by its key; all who use it meanwhile share it, and it stays open for the next.

    Args:
        opening: opens the thing of a key; several keys may be opened at the same time.
        capacity: things to keep open. Beyond that those that nobody uses are closed, the least recently used first.
    """

    def __init__(self, opening: Callable[[Key], Opened], *, capacity: int = 8) -> None:
        self._opening = opening
        self._capacity = capacity
        self._entries: OrderedDict[Key, _Entry[Opened]] = OrderedDict()
        self._changing = threading.Lock()

    @contextmanager
    def use(self, key: Key) -> Iterator[Opened]:
        """Lend the thing of a key, opened if it is not yet."""
        entry = self._take(key)
        try:
            yield entry.get(lambda: self._opening(key))
        finally:
            _close_all(self._leave(key, entry))

    @asynccontextmanager
    async def ause(self, key: Key) -> AsyncIterator[Opened]:
        """Do what `use` does; opening and closing happen in a thread."""
        entry = self._take(key)
        try:
            yield await asyncio.to_thread(entry.get, lambda: self._opening(key))
        finally:
            if unneeded := self._leave(key, entry):
                await asyncio.to_thread(_close_all, unneeded)

    def close(self) -> None:
        """Close everything; what is in use is closed by whoever uses it last. Later uses open anew."""
        with self._changing:
            idle = [entry for entry in self._entries.values() if not entry.users]
            self._entries.clear()
        _close_all(idle)

    def _take(self, key: Key) -> _Entry[Opened]:
        with self._changing:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            entry.users += 1
            return entry

    def _leave(self, key: Key, entry: _Entry[Opened]) -> Sequence[_Entry[Opened]]:
        """Return what is to be closed now that one use of an entry has ended."""
        with self._changing:
            entry.users -= 1
            if not entry.users and (entry.value is None or self._entries.get(key) is not entry):
                if self._entries.get(key) is entry:
                    del self._entries[key]
                return [entry]
            idle = [name for name, one in self._entries.items() if not one.users]
            surplus = max(0, len(self._entries) - self._capacity)
            return [self._entries.pop(name) for name in idle[:surplus]]


def _close_all(entries: Sequence[_Entry[Opened]]) -> None:
    for entry in entries:
        entry.close()


class _Collections(NamedTuple):
    settings: Settings
    names: tuple[str, ...]


class _CatalogueAt(NamedTuple):
    home: Path
    name: str


_agents = ResourcePool[_Collections, Agent](lambda chosen: Agent.open(None, *chosen.names, settings=chosen.settings))
_selectors = ResourcePool[_CatalogueAt, ToolSelector](lambda chosen: ToolSelector.open(*chosen))


def close() -> None:
    """Close the collections that graphs opened and keep open for the next question; until then nobody writes to them.

    What is being asked now goes on. The next question opens its collection anew.
    """
    _agents.close()
    _selectors.close()


atexit.register(close)


def retrieve_graph(config: RunnableConfig | None = None) -> Any:
    """Return the compiled graph from `QuestionInput` to `PassagesOutput`.

    Args:
        config: its `configurable` holds where an invocation says nothing else. A LangGraph server gives that of the
            run.
    """

    def output(state: State, agent: Agent) -> PassagesOutput:
        found = retrieval_of(state, agent.retriever, agent.config.notices, agent.calibration)
        return PassagesOutput(
            passages=[_passage(one) for one in found.passages],
            sufficiency=found.sufficiency,
            notices=list(found.notices),
        )

    spec = _Spec("retrieve", _Retrieving, QuestionInput, PassagesOutput)
    return _question_graph(spec, config, task="retrieve", asked=_asked, output=output)


def answer_graph(config: RunnableConfig | None = None) -> Any:
    """Return the compiled graph from `QuestionInput` to `AnswerOutput`; see `retrieve_graph`."""

    def output(state: State, agent: Agent) -> AnswerOutput:
        return _answer(answer_of(state, agent.retriever, agent.config.notices, agent.calibration))

    spec = _Spec("answer", _Answering, QuestionInput, AnswerOutput)
    return _question_graph(spec, config, task="answer", asked=_asked, output=output)


def chat_graph(config: RunnableConfig | None = None) -> Any:
    """Return the compiled graph from `MessagesInput` to `MessagesOutput`; see `retrieve_graph`.

    The last message is understood by those before it, as in `Agent.chat`.
    """

    def output(state: State, agent: Agent) -> MessagesOutput:
        said = answer_of(state, agent.retriever, agent.config.notices, agent.calibration)
        about = {"question": said.question, "found": said.found, "titles": said.titles}
        return MessagesOutput(messages=[AIMessage(said.text, response_metadata={METADATA: about})], **_answer(said))

    spec = _Spec("chat", _Chatting, MessagesInput, MessagesOutput)
    return _question_graph(spec, config, task="answer", asked=_conversation, output=output)


def select_tools_graph(config: RunnableConfig | None = None) -> Any:
    """Return the compiled graph from `RequestInput` to `ToolsOutput`; see `retrieve_graph`."""
    given = config

    def select_tools(state: RequestInput, config: RunnableConfig) -> ToolsOutput:
        said = _said(given, config)
        settings, k = _settings(said), state.get("k")
        where = checked(cast(QuestionOptions, {"where": state.get("where")}))
        name = _name("catalogue", said.get("catalogue", DEFAULT))
        with _selectors.use(_CatalogueAt(settings.home, name)) as selector:
            found = selector.select(_text("request", state), settings.k if k is None else k, where=where)
        for event in found.events:
            get_stream_writer()(event)
        return ToolsOutput(tools=[_tool(one) for one in found.tools], abstained=found.why)

    # It computes and waits for nobody: LangGraph runs it in a thread where it is awaited.
    return _compiled(_Spec("select_tools", _SelectingTools, RequestInput, ToolsOutput), select_tools)


class _Spec(NamedTuple):
    """The name of a graph, and what it holds, takes and returns."""

    name: str
    state: type
    input: type
    output: type


def _question_graph(
    spec: _Spec,
    given: RunnableConfig | None,
    *,
    task: Task,
    asked: Callable[[Any], tuple[str, QuestionOptions]],
    output: Callable[[State, Agent], Any],
) -> Any:
    """Return the graph that puts what `asked` makes of its state, and `output` of the state that the run ends in."""

    def begun(state: Any, config: RunnableConfig, agent: Agent) -> tuple[Any, Run, str]:
        run = _prepared(agent, approve=_approving(given, config))
        if (waiting := state.get("polyhop_suspended")) is None:
            question, options = asked(state)
            k = state.get("k")
            return requested(question, agent.settings.k if k is None else k, options, task), run, START
        if run.llm is not None:
            run.llm.granted, run.llm.declined = set(waiting["granted"]), waiting["declined"]
        return waiting["state"], run, waiting["at"]

    def node(state: Any, config: RunnableConfig) -> Any:
        with _agents.use(_collections(_said(given, config))) as agent:
            request, run, at = begun(state, config, agent)
            try:
                return output(ask(request, run, at), agent)
            except Suspended as suspended:
                return _waiting(suspended, run)

    async def anode(state: Any, config: RunnableConfig) -> Any:
        async with _agents.ause(_collections(_said(given, config))) as agent:
            request, run, at = begun(state, config, agent)
            try:
                ended = await aask(request, run, at)
            except Suspended as suspended:
                return _waiting(suspended, run)
            finally:
                run.cancelled.set()  # a step that is still in its thread ends with its task
            return await asyncio.to_thread(output, ended, agent)

    return _compiled(spec, RunnableLambda(node, afunc=anode, name=spec.name), approval=True)


def _waiting(suspended: Suspended, run: Run) -> Command[str]:
    """Go to the node that interrupts. It is one of its own, so that nothing is done or paid for again."""
    granted = sorted(run.llm.granted) if run.llm is not None else []
    kept = _Suspended(
        at=suspended.step,
        state=suspended.state,
        proposal=suspended.proposal,
        granted=granted,
        declined=False,
    )
    return Command(update={"polyhop_suspended": kept}, goto=APPROVE)


def _approve(spec: _Spec) -> Callable[[Any], Command[str]]:
    """Return the node that asks whether a call may be made, and goes back to the run with the reply."""

    def approve(state: Any) -> Command[str]:
        waiting: _Suspended = state["polyhop_suspended"]
        said = interrupt(waiting["proposal"])
        if not isinstance(said, bool):
            raise CallerError(f"resume with Command(resume=True) or Command(resume=False), not {said!r:.80}")
        granted = [*waiting["granted"], waiting["proposal"]["step"]] if said else waiting["granted"]
        kept = {**waiting, "granted": granted, "declined": not said}
        return Command(update={"polyhop_suspended": kept}, goto=spec.name)

    return approve


def _compiled(spec: _Spec, node: Any, *, approval: bool = False) -> Any:
    graph: Any = StateGraph(spec.state, context_schema=Configurable, input_schema=spec.input, output_schema=spec.output)
    graph.add_node(spec.name, node, destinations=(APPROVE,) if approval else None)
    graph.add_edge(START, spec.name)
    if approval:
        graph.add_node(APPROVE, _approve(spec), destinations=(spec.name,))
    return graph.compile(name=spec.name)


def _prepared(agent: Agent, *, approve: bool) -> Run:
    """Return the run that answers a question, whose events go to the stream of the graph."""
    run = Run(agent.retriever, config=agent.config)
    run.llm = agent.models.gateway(run.cancelled.is_set)
    if run.llm is not None and approve:
        run.llm.approve = suspend
    run.emit, run.heard = get_stream_writer(), True
    return run


def _approving(given: RunnableConfig | None, config: RunnableConfig) -> bool:
    """Say whether calls have to be approved; whoever runs a graph cannot take back what its maker said.

    Raises:
        CallerError: where they have, and there is nothing to keep a waiting run in.
    """
    said = [one.get("approve") for one in _layers(given, config)]
    if wrong := [one for one in said if not isinstance(one, bool | None)]:
        raise CallerError(f"configurable['approve'] must be true or false, not {wrong[0]!r:.80}")
    if not any(said):
        return False
    if config.get("configurable", {}).get(CHECKPOINTER) is None:
        raise CallerError(
            "with configurable['approve'] a run may wait for an answer, and needs a checkpointer to wait in; compile "
            "the graph around this one with one, or leave approve out"
        )
    return True


def _asked(state: QuestionInput) -> tuple[str, QuestionOptions]:
    said = {"where": state.get("where"), "history": state.get("history")}
    return _text("question", state), cast(QuestionOptions, said)


def _text(key: str, state: Mapping[str, Any]) -> str:
    if state.get(key) is None:
        raise CallerError(
            f"there is no {key!r}; give it as input, or have it in the state of the graph around this one"
        )
    return cast(str, state[key])


def _conversation(state: MessagesInput) -> tuple[str, QuestionOptions]:
    """Return the last message and, as a history, what people and models said before it."""
    messages = state.get("messages") or []
    if not messages or messages[-1].type != "human":
        raise CallerError("the last message must be a person's (type human), for it is the question")
    turns: list[dict[str, Any]] = []
    for message in messages[-8 * EXCHANGES : -1]:
        text = str(message.text)[:MAX_CHARACTERS]
        ours = message.response_metadata.get(METADATA) if message.type == "ai" else None
        if message.type == "human":
            turns.append({"role": USER, "content": text})
        elif ours:
            if turns and turns[-1]["role"] == USER:
                turns[-1]["question"] = ours["question"]
            turns.append({"role": ASSISTANT, "content": text if ours["found"] else "", "titles": ours["titles"]})
        elif message.type == "ai" and text:
            turns.append({"role": ASSISTANT, "content": text})
    return str(messages[-1].text), cast(QuestionOptions, {"where": state.get("where"), "history": turns})


def _said(given: RunnableConfig | None, config: RunnableConfig) -> dict[str, Any]:
    """Return what is said to us: when the graph was made, as the context of the run, and in its configuration."""
    said: dict[str, Any] = {}
    for one in _layers(given, config):
        said |= {key: one[key] for key in Configurable.__annotations__ if one.get(key) is not None}
    return said


def _layers(given: RunnableConfig | None, config: RunnableConfig) -> list[Mapping[str, Any]]:
    layers = (given or {}).get("configurable"), get_runtime().context, config.get("configurable")
    return [one for one in layers if isinstance(one, Mapping)]  # a parent's context may be anything


def _settings(said: Mapping[str, Any]) -> Settings:
    try:
        return Settings(**{key: said[key] for key in _SETTINGS if key in said})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        where = f"configurable[{name!r}]" if name in said else f"POLYHOP_{name.upper()}"
        raise CallerError(f"{where} is {first['input']!r}: {first['msg'].lower()}") from error


def _collections(said: Mapping[str, Any]) -> _Collections:
    names = said.get("collection", "default")
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list | tuple) or not names:
        raise CallerError(f"configurable['collection'] must be a name or a list of names, not {names!r:.80}")
    return _Collections(_settings(said), tuple(dict.fromkeys(_name("collection", name) for name in names)))


def _name(key: str, name: object) -> str:
    if not isinstance(name, str):
        raise CallerError(f"configurable[{key!r}] must hold names, not {name!r:.80}")
    return name


def _answer(said: Answer) -> AnswerOutput:
    return AnswerOutput(
        answer=said.text,
        citations=[dict(one) for one in said.citations],
        found=said.found,
        passages=[_passage(one) for one in said.retrieval.passages],
        sufficiency=said.retrieval.sufficiency,
        notices=list(said.notices),
    )


def _passage(passage: RankedPassage) -> FoundPassage:
    fields = {key: getattr(passage, key) for key in FoundPassage.__annotations__}
    return cast(FoundPassage, {**fields, "path": [asdict(step) for step in passage.path]})


def _tool(tool: SelectedTool) -> OfferedTool:
    fields = {key: getattr(tool, key) for key in ("name", "score", "reason")}
    more = {"definition": tool.definition(), "alternatives": list(tool.alternatives)}
    return cast(OfferedTool, {**fields, **more})
