"""Traces: what OpenTelemetry hears of a run, and what it doesn't unless it asks."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest
import structlog
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from polyhop.agent import Agent, Answer, Config, MaxHops, ModelError, OperatorError, Stop
from polyhop.agent.testing import ScriptedModel
from polyhop.core.telemetry import CAPTURE
from polyhop.encoders import Encoder
from polyhop.retrieval.stop import Progress
from polyhop.store.collection import Collection
from tests import corpus


class Heard(InMemorySpanExporter):
    """What a provider was told, by name."""

    def spans(self, name: str = "") -> list[ReadableSpan]:
        """Return the spans whose names begin so, in the order in which they ended."""
        return [one for one in self.get_finished_spans() if one.name.startswith(name)]

    def one(self, name: str) -> ReadableSpan:
        """Return the only span whose name begins so."""
        (found,) = self.spans(name)
        return found


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """Set up a provider, for this test alone: the global one can be set once in a process."""
    exporter, provider = Heard(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.delenv(CAPTURE, raising=False)
    yield exporter
    provider.shutdown()


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


def facts(span: ReadableSpan) -> dict[str, Any]:
    """Return the attributes of a span."""
    return dict(span.attributes or {})


def tree(heard: Heard) -> dict[str, set[str]]:
    """Return which spans are inside of which, by name."""
    names = {one.context.span_id: one.name for one in heard.spans() if one.context}
    found: dict[str, set[str]] = {}
    for one in heard.spans():
        found.setdefault(names[one.parent.span_id] if one.parent else "", set()).add(one.name)
    return found


def test_a_retrieval_is_one_span_with_its_steps_and_searches(heard: Heard, films: Collection) -> None:
    """The span of a retrieval has the names of the conventions; its steps are in it, and the searches in the steps."""
    found = Agent(films).retrieve(corpus.QUESTION, 3)

    whole = heard.one("retrieval")
    assert (None, SpanKind.INTERNAL, StatusCode.UNSET) == (whole.parent, whole.kind, whole.status.status_code)
    assert {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.data_source.id": "films",
        "gen_ai.retrieval.top_k": 3,
        "polyhop.run.id": found.run,
        "polyhop.hops": found.hops,
        "polyhop.stopped": found.stopped,
    } == facts(whole)
    inside = tree(heard)
    assert {"retrieval"} == inside[""]
    assert {"plan", "search", "rank", "judge", "hop", "rerank", "finish"} <= inside["retrieval"]
    assert {"dense films", "lexical films", f"embeddings {films.embedder.name}"} <= inside["search"]
    assert "bearers films" in inside["hop"]
    assert 1 == len({one.context.trace_id for one in heard.spans() if one.context})


def test_steps_and_searches_say_how_much_they_did(heard: Heard, films: Collection) -> None:
    """A step has the numbers of its event, a search how many rows came back."""
    found = Agent(films).retrieve(corpus.QUESTION, 3)

    told = [facts(one) for one in heard.spans() if one.name == "search"]
    assert [(one["hop"], one["found"], one["new"]) for one in found.events if one["event"] == "search"] == [
        (one["polyhop.hop"], one["polyhop.found"], one["polyhop.new"]) for one in told
    ]
    dense = facts(heard.spans("dense films")[0])
    assert ("polyhop", "dense", "films") == tuple(
        dense[f"db.{name}"] for name in ("system.name", "operation.name", "collection.name")
    )
    assert len(corpus.DOCUMENTS) == dense["db.response.returned_rows"]


def test_the_results_are_those_without_a_trace(
    heard: Heard, films: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listening changes neither a passage nor a score."""
    traced = Agent(films).retrieve(corpus.QUESTION)
    assert heard.spans()
    monkeypatch.setattr(trace, "get_tracer_provider", trace.NoOpTracerProvider)
    assert Agent(films).retrieve(corpus.QUESTION).passages == traced.passages


@pytest.mark.parametrize("how", ["ask", "aask", "stream", "astream"])
def test_every_way_of_asking_is_traced_alike(how: str, heard: Heard, films: Collection) -> None:
    """An answer is a workflow with a retrieval in it, the step that answers beside that, and the call inside."""
    model = ScriptedModel(["He was born in Cincinnati [1]."] * 9)
    agent = Agent(films, llm=model)

    async def last() -> None:
        async for _ in agent.astream(corpus.QUESTION):
            pass

    match how:
        case "ask":
            agent.ask(corpus.QUESTION)
        case "aask":
            asyncio.run(agent.aask(corpus.QUESTION))
        case "stream":
            list(agent.stream(corpus.QUESTION))
        case _:
            asyncio.run(last())

    inside = tree(heard)
    assert ({"invoke_workflow polyhop"}, {"retrieval", "answer"}) == (inside[""], inside["invoke_workflow polyhop"])
    assert {"search", "rank", "finish"} <= inside["retrieval"]
    assert {f"chat {model.name}"} <= inside["answer"]
    assert {"gen_ai.operation.name": "invoke_workflow", "gen_ai.agent.name": "polyhop"}.items() <= facts(
        heard.one("invoke_workflow")
    ).items()
    assert "polyhop.stopped" in facts(heard.one("retrieval"))


def test_a_call_says_model_bounds_and_tokens(heard: Heard, films: Collection) -> None:
    """The span of a call is a client's, with what the conventions ask for, and no content."""
    model = ScriptedModel(["He was born in Cincinnati [1]."] * 9)
    answer = Agent(films, llm=model).ask(corpus.QUESTION)

    call = next(one for one in heard.spans("chat") if one.parent)
    said = facts(call)
    assert SpanKind.CLIENT == call.kind
    assert ("chat", "_OTHER", model.name) == tuple(
        said[f"gen_ai.{name}"] for name in ("operation.name", "provider.name", "request.model")
    )
    assert said["gen_ai.request.max_tokens"] > 0 and ("stop",) == said["gen_ai.response.finish_reasons"]
    calls = [facts(one) for one in heard.spans("chat")]
    assert answer.retrieval.cost.tokens_in == sum(one["gen_ai.usage.input_tokens"] for one in calls)
    assert answer.retrieval.cost.tokens_out == sum(one["gen_ai.usage.output_tokens"] for one in calls)


def test_content_is_told_only_where_it_is_asked_for(
    heard: Heard, films: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither question nor titles nor texts are in a trace by default; the variable of the conventions lets them in."""
    agent = Agent(films, llm=ScriptedModel(["He was born in Cincinnati [1]."] * 9))
    agent.ask(corpus.QUESTION)
    everything = json.dumps([[one.name, facts(one)] for one in heard.spans()])
    assert not [word for word in ("director", "Jaws", "Spielberg", "Cincinnati") if word in everything]

    heard.clear()
    monkeypatch.setenv(CAPTURE, "span_only")
    answer = agent.ask(corpus.QUESTION)
    whole = facts(heard.one("retrieval"))
    assert corpus.QUESTION == whole["gen_ai.retrieval.query.text"]
    assert [(one.id, pytest.approx(one.score, abs=1e-5)) for one in answer.retrieval.passages] == [
        (one["id"], one["score"]) for one in json.loads(whole["gen_ai.retrieval.documents"])
    ]
    call = facts(heard.spans("chat")[-1])
    asked = json.loads(call["gen_ai.input.messages"])
    assert corpus.QUESTION in asked[-1]["parts"][0]["content"]
    said = [{"type": "text", "content": "He was born in Cincinnati [1]."}]
    assert [{"role": "assistant", "parts": said, "finish_reason": "stop"}] == json.loads(call["gen_ai.output.messages"])


def test_what_fails_is_told(heard: Heard, films: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails is an error although the run goes on without it; a run that fails is one too."""
    agent = Agent(films, llm=ScriptedModel([ModelError("no such model: Jaws")] * 9))
    assert agent.ask(corpus.QUESTION).notices
    call = heard.spans("chat")[-1]
    assert (StatusCode.ERROR, "ModelError") == (call.status.status_code, facts(call)["error.type"])
    assert "Jaws" not in str(call.status.description)
    assert StatusCode.UNSET == heard.one("invoke_workflow").status.status_code

    heard.clear()

    def broken(*_: object, **__: object) -> None:
        raise OperatorError("the disk is gone")

    monkeypatch.setattr(films, "lexical", broken)
    with pytest.raises(OperatorError):
        agent.retrieve(corpus.QUESTION)
    failed = {one.name for one in heard.spans() if one.status.status_code == StatusCode.ERROR}
    assert {"lexical films", "search", "retrieval"} == failed


def test_a_run_is_inside_the_span_of_its_caller(heard: Heard, films: Collection) -> None:
    """Runs, those of a batch too, belong to the trace of whoever asked."""
    agent = Agent(films)
    with trace.get_tracer("caller").start_as_current_span("caller"):
        agent.retrieve(corpus.QUESTION)
        agent.batch(list(corpus.HOPS))

    assert {"retrieval"} == tree(heard)["caller"] and 4 == Counter(one.name for one in heard.spans())["retrieval"]


def test_a_run_that_is_left_ends_its_spans(heard: Heard, films: Collection) -> None:
    """Whoever leaves a stream leaves no span open, and it is no error."""
    for _ in Agent(films).stream(corpus.QUESTION):
        break
    assert StatusCode.UNSET == heard.one("invoke_workflow").status.status_code


class Logging(Stop):
    """A stop rule that logs."""

    def __init__(self, log: Any) -> None:
        self.log = log

    def __call__(self, progress: Progress) -> bool:
        """Log, and go on."""
        self.log.warning("within")
        return False


@pytest.mark.parametrize("how", ["retrieve", "stream", "astream"])
def test_log_lines_carry_the_run(how: str, films: Collection) -> None:
    """What is logged within a step names its run, on every way of asking; outside of the steps nothing does."""
    lines: list[Any] = []

    def keep(_logger: Any, _method: str, event: Any) -> Any:
        lines.append(event)
        raise structlog.DropEvent

    log = structlog.wrap_logger(None, processors=[structlog.contextvars.merge_contextvars, keep])
    agent = Agent(films, config=Config(stop=MaxHops(1) | Logging(log)))

    async def last() -> Any:
        return [part async for part in agent.astream(corpus.QUESTION)][-1]

    outside = []
    if how == "retrieve":
        run = agent.retrieve(corpus.QUESTION).run
    elif how == "stream":
        parts = []
        for part in agent.stream(corpus.QUESTION):
            parts.append(part)
            outside.append(structlog.contextvars.get_contextvars())
        run = cast(Answer, parts[-1]).retrieval.run
    else:
        run = asyncio.run(last()).retrieval.run

    assert lines and [{"event": "within", "run": run}] * len(lines) == lines
    assert not any(outside) and not structlog.contextvars.get_contextvars()
