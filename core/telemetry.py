"""OpenTelemetry: the spans of a run. Every name that stands in them is written here.

Only the API of OpenTelemetry is used, and only where the program has imported it already: whoever wants traces sets up
its SDK, and in a program that has not no provider can be set. The names are those of the semantic conventions for
generative AI 0.1.0 (github.com/open-telemetry/semantic-conventions-genai, all of them "development") and of those for
database clients; what neither has a name for begins with `polyhop.`. Questions, texts and passages are content: they
are told only where `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for it.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Literal, Self

OPERATION, PROVIDER, AGENT = "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.agent.name"
SOURCE, TOP_K = "gen_ai.data_source.id", "gen_ai.retrieval.top_k"
QUERY, DOCUMENTS = "gen_ai.retrieval.query.text", "gen_ai.retrieval.documents"
MODEL, RESPONSE_MODEL = "gen_ai.request.model", "gen_ai.response.model"
MAX_TOKENS, TEMPERATURE = "gen_ai.request.max_tokens", "gen_ai.request.temperature"
OUTPUT_TYPE, FINISH = "gen_ai.output.type", "gen_ai.response.finish_reasons"
TOKENS_IN, TOKENS_OUT = "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"
MESSAGES_IN, MESSAGES_OUT = "gen_ai.input.messages", "gen_ai.output.messages"
DIMENSION = "gen_ai.embeddings.dimension.count"
DATABASE, DATABASE_OPERATION, COLLECTION = "db.system.name", "db.operation.name", "db.collection.name"
BATCH_SIZE, ROWS = "db.operation.batch.size", "db.response.returned_rows"
ERROR = "error.type"
RUN, STEP, OWN = "polyhop.run.id", "polyhop.step", "polyhop."
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
_CAPTURING = frozenset({"true", "1", "span_only", "span_and_event"})

#: what an event of a step says that is no content
_FACTS = ("hop", "queries", "found", "new", "reason", "sure", "chance", "again")
#: providers that have another name in the conventions than litellm gives them
_PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}

Kind = Literal["INTERNAL", "CLIENT"]
_current: ContextVar[RunTrace | None] = ContextVar("polyhop_trace", default=None)


def new_id() -> str:
    """Return an id for a run, 16 hexadecimal digits; ids sort by the millisecond that they were made in."""
    return f"{time.time_ns() // 1_000_000:011x}{secrets.randbits(20):05x}"


def current() -> RunTrace | None:
    """Return the trace of the run that the present step belongs to, None where nobody traces."""
    return _current.get()


def provider_of(model: str) -> str:
    """Return the provider of a model by its litellm name; `_OTHER` where the name says none."""
    said = model.partition("/")[0] if "/" in model else "_OTHER"
    return _PROVIDERS.get(said, said)


class OpenSpan:
    """A span that is open and current while it is entered; an error that leaves it is told."""

    __slots__ = ("_attached", "_context", "_token", "_trace", "span")

    def __init__(self, trace: RunTrace, span: Any, *, step: bool = False) -> None:
        self.span = span
        self._trace = trace
        self._token = _current.set(trace) if step else None
        self._context = sys.modules["opentelemetry.context"]
        self._attached = self._context.attach(trace.api.set_span_in_context(span))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._context.detach(self._attached)
        if self._token is not None:
            _current.reset(self._token)
        self._trace.close(self.span, error)

    def tell(self, facts: Mapping[str, Any]) -> None:
        """Add attributes; what is None is left out."""
        self.span.set_attributes({name: value for name, value in facts.items() if value is not None})

    def told(self, changes: Any) -> Any:
        """Add what the last event of a step says, without content, and return what the step changes."""
        event = (changes.get("events") or [{}])[-1]
        self.tell({OWN + name: event[name] for name in _FACTS if name in event})
        return changes


class RunTrace:
    """The spans of one run; made by `begin`.

    An answer is `invoke_workflow polyhop`, with the retrieval inside; where passages are all that is wanted, the
    retrieval is the outermost span. The steps are inside the retrieval, and the one that answers beside it.
    """

    def __init__(self, api: Any, provider: Any, *, id: str, task: str, question: str, k: int, source: str) -> None:
        self.api = api
        self.content = os.environ.get(CAPTURE, "").strip().lower() in _CAPTURING
        self._tracer = provider.get_tracer("polyhop")
        self._k = k
        workflow = {OPERATION: "invoke_workflow", AGENT: "polyhop", RUN: id}
        self._whole = self._start("invoke_workflow polyhop", workflow) if task == "answer" else None
        search = {OPERATION: "retrieval", SOURCE: source, TOP_K: k, RUN: id}
        if self.content:
            search[QUERY] = question
        self._retrieval: Any = self._start("retrieval", search, inside=self._whole)

    def step(self, name: str, state: Mapping[str, Any]) -> OpenSpan:
        """Open the span of a step; the one that answers ends the retrieval."""
        if name == "answer" and self._whole is not None:
            self.found(state)
            self._end_retrieval(None)
        span = self._start(name, {STEP: name}, inside=self._retrieval or self._whole)
        return OpenSpan(self, span, step=True)

    def open(self, name: str, facts: Mapping[str, Any], kind: Kind = "INTERNAL") -> OpenSpan:
        """Open a span inside the present one."""
        return OpenSpan(self, self._start(name, facts, kind=kind))

    def found(self, state: Mapping[str, Any]) -> None:
        """Tell of the retrieval what it came to."""
        if self._retrieval is None:
            return
        facts = {"hops": max(0, state.get("searches", 0) - 1), "stopped": state.get("stopped", "")}
        self._retrieval.set_attributes({OWN + name: value for name, value in facts.items()})
        if self.content:
            best = [{"id": one["id"], "score": one["score"]} for one in state.get("ranked", [])[: self._k]]
            self._retrieval.set_attribute(DOCUMENTS, json.dumps(best))

    def ended(self, state: Any) -> Any:
        """Tell what the run came to, and return it."""
        self.found(state)
        return state

    def close(self, span: Any, error: BaseException | None) -> None:
        """End a span, as failed where there is an error; being cancelled or left is none."""
        if error is not None and isinstance(error, Exception):
            span.set_attribute(ERROR, type(error).__name__)
            span.set_status(self.api.StatusCode.ERROR, str(error) if self.content else None)
        span.end()

    def _end_retrieval(self, error: BaseException | None) -> None:
        if self._retrieval is not None:
            self.close(self._retrieval, error)
            self._retrieval = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._end_retrieval(error)
        if self._whole is not None:
            self.close(self._whole, error)

    def _start(self, name: str, facts: Mapping[str, Any], *, inside: Any = None, kind: Kind = "INTERNAL") -> Any:
        context = None if inside is None else self.api.set_span_in_context(inside)
        return self._tracer.start_span(name, context=context, kind=self.api.SpanKind[kind], attributes=facts)


def begin(*, id: str, task: str, question: str, k: int, source: str) -> RunTrace | None:
    """Return the trace of a run that begins, or None where nobody hears of it."""
    api: Any = sys.modules.get("opentelemetry.trace")
    if not hasattr(api, "get_tracer_provider") or "opentelemetry.context" not in sys.modules:
        return None
    provider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider | api.NoOpTracerProvider):  # none is set, or tracing is off
        return None
    return RunTrace(api, provider, id=id, task=task, question=question, k=k, source=source)


def call_facts(model: str, call: Any, *, content: bool) -> dict[str, Any]:
    """Return what is known of a call of a language model before it is made."""
    facts: dict[str, Any] = {
        OPERATION: "chat",
        PROVIDER: provider_of(model),
        MODEL: model.partition("/")[2] or model,
        MAX_TOKENS: call.max_tokens,
        TEMPERATURE: call.temperature,
    }
    if call.schema is not None:
        facts[OUTPUT_TYPE] = "json"
    if content:
        facts[MESSAGES_IN] = _messages([(one["role"], one["content"]) for one in call.messages])
    return facts


def reply_facts(reply: Any, *, content: bool) -> dict[str, Any]:
    """Return what is known once the reply is there."""
    finish = "length" if reply.cut else "stop"
    facts: dict[str, Any] = {FINISH: [finish], TOKENS_IN: reply.tokens_in, TOKENS_OUT: reply.tokens_out}
    if content:
        facts[MESSAGES_OUT] = _messages([("assistant", reply.text)], finish)
    return facts


def _messages(said: Sequence[tuple[str, str]], finish: str = "") -> str:
    ended = {"finish_reason": finish} if finish else {}
    return json.dumps(
        [{"role": role, "parts": [{"type": "text", "content": text}], **ended} for role, text in said],
        ensure_ascii=False,
    )
