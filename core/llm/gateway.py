"""The way to language models that a run takes: budgets, deadline, retries, fallbacks, cache, and a report of it all."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from .. import telemetry
from ..errors import ModelError
from ..types import Spent
from .approval import Approve, Proposal
from .cache import ReplyCache
from .role import (
    Amount,
    BudgetError,
    Call,
    LanguageModel,
    Ledger,
    Message,
    OnText,
    PassingError,
    Price,
    Reply,
    hold,
    used,
)

Value = TypeVar("Value", bound=BaseModel)

#: starts of a JSON value that are tried in a reply, which may talk before and after it
STARTS = 20
#: what a JSON schema says of itself
SCHEMA_WORDS = frozenset("$defs additionalProperties description items properties required title type".split())
_START = re.compile(r"[{\[]")


def instructed(messages: Sequence[Message], kind: type[BaseModel]) -> list[Message]:
    """Return the messages with the schema of the reply told at the end of the first."""
    schema = json.dumps(schema_of(kind), separators=(",", ":"))
    first, *others = messages
    told = f"{first['content']}\n\nReply with one JSON value that follows this schema, and with nothing else:\n{schema}"
    return [{**first, "content": told}, *others]


def schema_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a kind of reply, without what is written for programmers."""
    schema = kind.model_json_schema()
    schema.pop("description", None)
    return schema


def parsed(text: str, kind: type[Value]) -> tuple[Value | None, str]:
    """Return the first value in a reply that fits, or None and what is wrong with the reply."""
    wrong = "it holds no JSON"
    for value in _values(text):
        if _is_schema(value, kind):
            wrong = "it repeats the schema; give a value that follows it"
            continue
        try:
            return kind.model_validate(value), ""
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            wrong = f"{where}: {first['msg']}" if where else first["msg"]
        except RecursionError:
            wrong = "it is nested too deep"
    return None, wrong


def _is_schema(value: object, kind: type[BaseModel]) -> bool:
    """Say whether a value is the schema, or a piece of it, as small models repeat it."""
    return isinstance(value, dict) and bool(value) and value.keys() <= SCHEMA_WORDS - kind.model_fields.keys()


def repairing(messages: Sequence[Message], reply: str, wrong: str) -> list[Message]:
    """Return the messages that ask a model to mend its reply."""
    asked = f"That is not valid: {wrong}. Reply with the JSON value alone."
    return [*messages, {"role": "assistant", "content": reply}, {"role": "user", "content": asked}]


def _values(text: str) -> Iterator[object]:
    """Yield the JSON values that begin somewhere in a text, outermost first."""
    decoder = json.JSONDecoder()
    end = 0
    for start in [match.start() for match in _START.finditer(text)][:STARTS]:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield value


ATTEMPTS = 3
LONGEST_WAIT = 20.0
# An attempt that could not take as long is not made, in seconds.
LEAST = 0.1
# How often somebody who waits for a model looks whether the run was cancelled, in seconds.
LOOK = 0.05

Outcome = TypeVar("Outcome")


@dataclass(slots=True)
class Gateway:
    """Asks models on behalf of one run.

    The first of `models` is asked; where it fails the next one is. Each attempt is held in all `ledgers` before it is
    made, so that neither the run nor what it shares a budget with spends more than it may. Failures that may pass are
    tried again with exponential back-off, at most `ATTEMPTS` times in all and never beyond the deadline.

    Args:
        models: what to ask, in this order.
        ledgers: budgets that hold together, such as that of the run and one that many runs share.
        cache: where replies are kept.
        timeout: seconds an attempt may take.
        most: tokens a reply may have, whatever a node asks for.
        deadline: when the run ends, in seconds of `time.monotonic`.
        cancelled: says whether somebody asked the run to end.
        approve: is asked before the first call of each step that the cache cannot answer; without it all are made.
        granted: the steps whose calls were approved; a step's tries, repairs and samples need one approval.
        declined: whether a call was declined: then no other is made.
    """

    models: Sequence[LanguageModel]
    ledgers: Sequence[Ledger] = field(default_factory=lambda: [Ledger()])
    cache: ReplyCache | None = None
    timeout: float = 60.0
    most: int = 1_024
    deadline: float = math.inf
    cancelled: Callable[[], bool] = lambda: False
    approve: Approve | None = None
    granted: set[str] = field(default_factory=set)
    declined: bool = False
    _spent: list[Spent] = field(default_factory=list)
    _replied: str = ""

    @property
    def name(self) -> str:
        """Return the name of the model that replied last, of the one that is asked first where none did."""
        return self._replied or self.models[0].name

    def allows(self) -> bool:
        """Say whether budgets, deadline and caller leave room for one more call of the usual size."""
        if self.declined or self.cancelled() or self._left() <= 0:
            return False
        return not any(ledger.lacks(Amount(1, self.most)) for ledger in self.ledgers)

    def taken(self) -> list[Spent]:
        """Return what was spent since this was asked last, for the state."""
        taken, self._spent = self._spent, []
        return taken

    def resume(self, spent: Iterable[Spent]) -> None:
        """Count what a run had spent before it was resumed, in its own budget."""
        for one in spent:
            tokens = one["tokens_in"] + one["tokens_out"]
            self.ledgers[0].add(Amount(one["calls"], tokens, one["dollars"], one["seconds"]))

    async def complete(
        self,
        node: str,
        messages: Sequence[Message],
        *,
        max_tokens: int = 512,
        temperature: float = 0.0,
        sample: int = 0,
        on_text: OnText | None = None,
    ) -> str:
        """Return the reply to the messages, from the first model that gives one.

        Raises:
            BudgetError: where no budget has room, or the deadline is met; nothing was asked then.
            ModelError: where all models failed, with the cause of each.
        """
        call = Call(tuple(messages), min(max_tokens, self.most), temperature, sample)
        return (await self._answered(node, call, on_text)).text

    async def structured(
        self, node: str, messages: Sequence[Message], kind: type[Value], *, max_tokens: int = 512
    ) -> Value:
        """Return the reply as a value of a pydantic model; one that does not fit may be mended once.

        Raises:
            ModelError: as `complete`, and where the mended reply does not fit either.
        """
        call = Call(tuple(instructed(messages, kind)), min(max_tokens, self.most), schema=schema_of(kind))
        reply = await self._answered(node, call)
        value, wrong = parsed(reply.text, kind)
        if value is None:
            mended = Call(tuple(repairing(call.messages, reply.text, wrong)), call.max_tokens, schema=call.schema)
            value, wrong = parsed((await self._answered(node, mended)).text, kind)
        if value is None:
            raise ModelError(f"model {self.name!r} gave no valid {kind.__name__}, twice: {wrong}; choose another model")
        return value

    async def _answered(self, node: str, call: Call, on_text: OnText | None = None) -> Reply:
        failures: list[str] = []
        for model in self.models:
            if self.cache is not None and (known := self.cache.get(model, call)) is not None:
                self._note(node, model, Amount(), known, cached=True)
                if on_text is not None:
                    on_text(known.text)
                return known
            await self._approval(node, model, call)
            try:
                reply = await self._traced(node, model, call, on_text)
            except BudgetError:
                raise
            except ModelError as error:
                failures.append(str(error))
                continue
            if self.cache is not None and not reply.cut:
                self.cache.put(model, call, reply)
            return reply
        raise ModelError("; then ".join(failures) or "no language model is set; name one in POLYHOP_LLM")

    async def _traced(self, node: str, model: LanguageModel, call: Call, on_text: OnText | None) -> Reply:
        """Ask a model, all tries in one span where somebody traces."""
        trace = telemetry.current()
        if trace is None:
            return await self._tried(node, model, call, on_text)
        facts = telemetry.call_facts(model.name, call, content=trace.content)
        with trace.open(f"chat {facts[telemetry.MODEL]}", facts, "CLIENT") as span:
            reply = await self._tried(node, model, call, on_text)
            span.tell(telemetry.reply_facts(reply, content=trace.content))
            return reply

    async def _approval(self, node: str, model: LanguageModel, call: Call) -> None:
        if self.approve is not None and not self.declined and node not in self.granted:
            price = await self._price(model)
            said = Proposal(
                step=node,
                model=model.name,
                messages=[dict(message) for message in call.messages],
                tokens_in=call.tokens,
                tokens_out=call.max_tokens,
                dollars=None if price is None else round(price.of(call.tokens, call.max_tokens), 6),
            )
            if self.approve(said):
                self.granted.add(node)
            else:
                self.declined = True
        if self.declined:
            raise BudgetError("no call to a language model is made, for one was declined")

    async def _tried(self, node: str, model: LanguageModel, call: Call, on_text: OnText | None) -> Reply:
        from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter

        backing_off = wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT)

        def wait(tries: Any) -> float:
            asked = getattr(tries.outcome.exception(), "retry_after", None)
            return backing_off(tries) if asked is None else float(asked)

        def stop(tries: Any) -> bool:
            late = tries.upcoming_sleep + LEAST >= self._left()
            return late or self.cancelled() or tries.attempt_number >= ATTEMPTS

        before: list[str] = []
        retrying = AsyncRetrying(
            stop=stop,
            wait=wait,
            retry=retry_if_exception_type(PassingError),
            reraise=True,
            sleep=self._sleep,
            before_sleep=lambda tries: before.append(str(tries.outcome and tries.outcome.exception())),
        )
        try:
            return await retrying(self._attempt, node, model, call, on_text)
        except ModelError as error:
            if not before or before[-1].split(":")[0] == str(error).split(":")[0]:
                raise
            kind = BudgetError if isinstance(error, BudgetError) else ModelError
            raise kind(f"{error}; before that: {before[-1]}") from error

    async def _attempt(self, node: str, model: LanguageModel, call: Call, on_text: OnText | None) -> Reply:
        said = False

        def hear(text: str | None) -> None:
            nonlocal said
            said = True
            if on_text is not None:
                on_text(text)

        try:
            async with self._held(node, model, call) as (seconds, settle):
                waiting = model.reply(call, seconds=seconds, on_text=None if on_text is None else hear)
                reply = await self._bounded(waiting, seconds, model)
                settle(reply)
                return reply
        except ModelError:
            if said and on_text is not None:
                on_text(None)
            raise

    @asynccontextmanager
    async def _held(
        self, node: str, model: LanguageModel, call: Call
    ) -> AsyncIterator[tuple[float, Callable[[Reply], None]]]:
        """Hold an attempt in all ledgers; what it cost is settled in the end, whatever becomes of it."""
        self._go_on()
        price = await self._price(model) or Price()
        worst = Amount(
            1, call.tokens + call.max_tokens, price.of(call.tokens, call.max_tokens), min(self.timeout, self._left())
        )
        self._go_on()
        holds = hold(self.ledgers, worst)
        began = time.monotonic()
        replies: list[Reply] = []
        try:
            yield min(held.seconds for held in holds), replies.append
        except BaseException as error:
            replies = [used(error, call)]
            failed = True
            raise
        else:
            failed = False
        finally:
            tokens = replies[0].tokens_in, replies[0].tokens_out
            cost = Amount(1, sum(tokens), price.of(*tokens), time.monotonic() - began)
            for ledger, held in zip(self.ledgers, holds, strict=True):
                ledger.settle(held, cost)
            self._note(node, model, cost, replies[0], failed=failed)

    async def _bounded(self, work: Coroutine[Any, Any, Outcome], seconds: float, model: LanguageModel) -> Outcome:
        """Wait for an attempt as long as it may take, or until the run is cancelled."""
        task = asyncio.ensure_future(work)
        ends = time.monotonic() + seconds
        try:
            while not task.done():
                left = ends - time.monotonic()
                if left <= 0:
                    raise PassingError(f"Timeout: model {model.name!r} took longer than {seconds:.3g} s", billed=True)
                if self.cancelled():
                    raise BudgetError("the run was cancelled")
                await asyncio.wait({task}, timeout=min(left, LOOK))
            return task.result()
        except (ModelError, asyncio.CancelledError):
            raise
        except Exception as error:  # a model of the user's own may raise anything
            raise ModelError(f"model {model.name!r} failed: {type(error).__name__}: {error}") from error
        finally:
            task.cancel()

    def _go_on(self) -> None:
        """Refuse an attempt that nobody would wait for."""
        if self._left() < LEAST or self.cancelled():
            raise BudgetError("the run has no time left for a language model; give it more seconds")

    async def _sleep(self, seconds: float) -> None:
        for _ in range(math.ceil(seconds / LOOK)):
            if self.cancelled():
                return
            await asyncio.sleep(LOOK)

    async def _price(self, model: LanguageModel) -> Price | None:
        """Return the price of a model, if it is known; where a budget of money holds it has to be."""
        bounded = any(ledger.budget.dollars is not None for ledger in self.ledgers)
        price = await self._bounded(model.price(), max(0.0, min(self.timeout, self._left())), model)
        if price is None and bounded:
            raise ModelError(
                f"nobody knows what model {model.name!r} costs, so the budget of dollars cannot be kept; "
                "set POLYHOP_LLM_PRICE, or drop the budget"
            )
        return price

    def _left(self) -> float:
        return self.deadline - time.monotonic()

    def _note(self, node: str, model: LanguageModel, cost: Amount, reply: Reply, **how: bool) -> None:
        told = {"cached": False, "failed": False, **how}
        read, written = (0, 0) if told["cached"] else (reply.tokens_in, reply.tokens_out)
        spent = {"tokens_in": read, "tokens_out": written, "dollars": cost.dollars, "seconds": round(cost.seconds, 4)}
        self._replied = self._replied if told["failed"] else model.name
        self._spent.append(cast(Spent, {"node": node, "model": model.name, "calls": cost.calls, **spent, **told}))
