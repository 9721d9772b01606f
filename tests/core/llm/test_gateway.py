"""The gateway to language models, with scripted ones: fallbacks, structured replies, cache, budgets, cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError, ModelError
from polyhop.core.llm import gateway as gateways
from polyhop.core.llm.cache import ReplyCache
from polyhop.core.llm.callable_model import OwnModel
from polyhop.core.llm.gateway import Gateway, parsed
from polyhop.core.llm.role import Amount, Budget, BudgetError, Ledger, PassingError, Price
from polyhop.retrieval.query.decompose import Decomposition
from tests.clock import Clock

ASKED = [{"role": "user", "content": "Who directed Jaws?"}]


class Person(BaseModel):
    """What a reply is to hold."""

    name: str


def gateway(replies: Sequence[str | Exception], **options: Any) -> tuple[Gateway, ScriptedModel]:
    """Return a gateway to one scripted model."""
    model = ScriptedModel(replies)
    return Gateway([model], **options), model


def complete(through: Gateway, **options: Any) -> str:
    """Ask the known question."""
    return asyncio.run(through.complete("test", ASKED, **options))


def structured(through: Gateway) -> Person:
    """Ask for a person."""
    return asyncio.run(through.structured("test", ASKED, Person))


# Failures


def test_a_failure_that_may_pass_is_tried_again() -> None:
    """The second attempt's reply is used, and both count."""
    through, model = gateway([PassingError("busy", retry_after=0.01), "Spielberg"])
    assert "Spielberg" == complete(through)
    assert [(1, True), (1, False)] == [(one["calls"], one["failed"]) for one in through.taken()]
    assert 2 == len(model.asked)


def test_the_next_model_is_asked_where_one_fails() -> None:
    """Only when all have failed is there an error, and it names the cause of each."""
    first, second = ScriptedModel([ModelError("first is away")] * 2), ScriptedModel(["Spielberg", ModelError("and I")])
    through = Gateway([first, second])
    assert "Spielberg" == complete(through)
    with pytest.raises(ModelError, match=r"first is away; then and I"):
        complete(through)


def test_a_model_that_raises_anything_is_a_model_error() -> None:
    """What a model of the user's own raises does not reach the run as it is."""
    with pytest.raises(ModelError, match="ZeroDivisionError"):
        complete(gateway([ZeroDivisionError("oops")])[0])


def test_no_wait_goes_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that asks for more patience than there is time is given up at once."""
    Clock(monkeypatch, gateways)
    waited: list[float] = []

    async def wait(self: Gateway, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(Gateway, "_sleep", wait)
    through, model = gateway([PassingError("busy", retry_after=60.0)] * 3, deadline=50.0)
    with pytest.raises(ModelError, match="busy"):
        complete(through)
    assert ([], 1) == (waited, len(model.asked))


@pytest.mark.parametrize(("leaves", "looks"), [(99, 10), (3, 4)])
async def test_waiting_looks_for_whoever_cancels(leaves: int, looks: int) -> None:
    """The time between two tries is waited for in short pieces, and given up once the run is cancelled."""
    looked: list[bool] = []

    def cancelled() -> bool:
        looked.append(len(looked) >= leaves)
        return looked[-1]

    await Gateway([], cancelled=cancelled)._sleep(10 * gateways.LOOK)
    assert looks == len(looked)


@dataclass(slots=True)
class Hanging(ScriptedModel):
    """A model that never replies; whoever waits for it has waited a minute as soon as it is asked."""

    clock: Clock | None = None

    async def reply(self, *arguments: Any, **options: Any) -> Any:
        """Let a minute pass, and the next one, and the next one."""
        self.asked.append([])
        if self.clock is not None:
            self.clock.forward(60.0)
        await asyncio.Event().wait()


def test_the_deadline_ends_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that does not answer costs no more than the time that is left."""
    model = Hanging(clock=Clock(monkeypatch, gateways))
    with pytest.raises(ModelError, match="Timeout"):
        complete(Gateway([model], timeout=90.0, deadline=50.0))
    assert 1 == len(model.asked)


def test_cancelling_ends_an_attempt() -> None:
    """Whoever cancels does not wait for the model."""
    model = Hanging()
    with pytest.raises(BudgetError, match="cancelled"):
        complete(Gateway([model], cancelled=lambda: bool(model.asked)))
    assert 1 == len(model.asked)


def test_what_was_told_is_taken_back_when_the_attempt_fails() -> None:
    """Whoever listens hears the pieces of the reply that counts after a None."""

    class Breaking(ScriptedModel):
        async def reply(self, call: Any, *, seconds: float, on_text: Any = None) -> Any:
            if not self.asked:
                self.asked.append([])
                on_text("Ste")
                raise PassingError("broke off", retry_after=0.01)
            self.asked.clear()
            return await ScriptedModel.reply(self, call, seconds=seconds, on_text=on_text)

    heard: list[str | None] = []
    assert "Steven Spielberg" == complete(Gateway([Breaking(["Steven Spielberg"])]), on_text=heard.append)
    assert ["Ste", None, "Steven ", "Spielberg"] == heard


# Structured replies


@pytest.mark.parametrize(
    "reply", ['{"name": "Spielberg"}', '```json\n{"name": "Spielberg"}\n```', 'Well [sic]: {"name": "Spielberg"} {']
)
def test_a_value_is_found_in_what_a_model_says(reply: str) -> None:
    """Fences and chatter around the JSON do no harm."""
    assert Person(name="Spielberg") == structured(gateway([reply])[0])


def test_a_reply_that_does_not_fit_is_mended_once() -> None:
    """The model is told what is wrong and asked once more, not twice."""
    through, model = gateway(['{"nom": 1}', '{"name": "Spielberg"}', "no", "no again", '{"name": "x"}'])
    assert Person(name="Spielberg") == structured(through)
    assert "name: Field required" in model.asked[1][-1]["content"]
    with pytest.raises(ModelError, match=r"no valid Person, twice: it holds no JSON"):
        structured(through)
    assert 4 == len(model.asked)


@pytest.mark.parametrize("reply", ["[" * 100_000, '{"name":' * 5_000, "{" * 3, "null", "7"])
def test_rubbish_is_no_value(reply: str) -> None:
    """Bombs and scalars end in an error, not in a long search for a value."""
    with pytest.raises(ModelError, match="twice"):
        structured(gateway([reply, reply])[0])


# The cache


def kept(*replies: str) -> ScriptedModel:
    """Return a model with an identity."""
    return ScriptedModel(replies, identity="kept")


def test_the_same_call_is_paid_for_once(tmp_path: Path) -> None:
    """Another gateway, and another process, finds the reply; other words, samples and models do not."""
    model = kept("one", "two", "three")
    for _ in range(2):
        through = Gateway([model], cache=ReplyCache(tmp_path / "c.sqlite"))
        heard: list[str | None] = []
        assert "one" == complete(through, on_text=heard.append)
        assert "one" == "".join(filter(None, heard))
    assert [(0, True)] == [(one["calls"], one["cached"]) for one in through.taken()]
    assert "two" == complete(through, sample=1)
    assert "three" == asyncio.run(through.complete("test", [{"role": "user", "content": "Else?"}]))
    with pytest.raises(ModelError, match="script"):
        complete(Gateway([ScriptedModel(identity="other")], cache=ReplyCache(tmp_path / "c.sqlite")))


def test_replies_without_identity_are_not_kept(tmp_path: Path) -> None:
    """A model that cannot be told from others is asked each time."""
    through, _ = gateway(["one", "two"], cache=ReplyCache(tmp_path / "c.sqlite"))
    assert ["one", "two"] == [complete(through), complete(through)]


@pytest.mark.parametrize("break_it", [
    lambda path: path.write_bytes(b"no database" * 500), lambda path: path.mkdir(), lambda path: None,
])  # fmt: skip
def test_a_broken_cache_costs_the_cache(break_it: Callable[[Path], None], tmp_path: Path) -> None:
    """A file that is none, or cannot be made, is done without."""
    path = tmp_path / "c.sqlite"
    break_it(path)
    cache = ReplyCache(path)
    assert "one" == complete(Gateway([kept("one")], cache=cache))
    cache.close()


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    """The oldest replies are dropped."""
    cache = ReplyCache(tmp_path / "c.sqlite", most=10)
    through = Gateway([kept(*map(str, range(30)))], cache=cache)
    for sample in range(30):
        complete(through, sample=sample)
    found = cache._run("SELECT count(*) FROM replies", ())
    assert int(found[0][0]) <= 10


# Budgets


def test_a_call_beyond_the_budget_is_not_made() -> None:
    """The error says which bound was met; the model is not asked."""
    through, model = gateway(["a", "b", "c"], ledgers=[Ledger(Budget(calls=2))])
    assert ["a", "b"] == [complete(through), complete(through)]
    with pytest.raises(BudgetError, match="budget of 2 calls is met"):
        complete(through)
    assert (2, False) == (len(model.asked), through.allows())


def test_tries_count_as_calls() -> None:
    """A call that is tried again may not exceed the budget either."""
    through, model = gateway([PassingError("busy", retry_after=0.01)] * 3, ledgers=[Ledger(Budget(calls=2))])
    with pytest.raises(BudgetError):
        complete(through)
    assert 2 == len(model.asked)


def test_tokens_are_held_before_and_settled_after() -> None:
    """The most that a reply may have is held; what it had is what counts."""
    ledger = Ledger(Budget(tokens=200))
    through, _ = gateway(["short"] * 20, ledgers=[ledger])
    complete(through, max_tokens=100)
    assert ledger.spent.tokens < 30
    with pytest.raises(BudgetError, match="tokens"):
        complete(through, max_tokens=195)


def test_money_needs_a_price() -> None:
    """A budget of dollars is kept by the price, and refused where nobody knows it."""
    own = OwnModel(lambda messages: "Spielberg", dollars=Price(1.0, 1.0))
    with pytest.raises(BudgetError, match="dollars"):
        complete(Gateway([own], ledgers=[Ledger(Budget(dollars=5))]))
    with pytest.raises(ModelError, match="nobody knows what model"):
        complete(Gateway([OwnModel(lambda messages: "x")], ledgers=[Ledger(Budget(dollars=5))]))
    ledger = Ledger(Budget(dollars=600))
    complete(Gateway([own], ledgers=[ledger]))
    assert 0 < ledger.spent.dollars < 100


def test_a_refusal_of_one_ledger_leaves_the_others_as_they_were() -> None:
    """What is held in the run's ledger is given back when the shared one has no room."""
    own, shared = Ledger(Budget(calls=5)), Ledger(Budget(calls=0))
    with pytest.raises(BudgetError):
        complete(gateway(["x"], ledgers=[own, shared])[0])
    assert "" == own.lacks(Amount(calls=5))


def test_a_resumed_run_goes_on_with_what_is_left() -> None:
    """What was spent before a kill counts in the run's own budget."""
    first, _ = gateway(["x"], ledgers=[Ledger(Budget(calls=1))])
    complete(first)
    resumed, _ = gateway(["x"], ledgers=[Ledger(Budget(calls=1))])
    resumed.resume(first.taken())
    assert not resumed.allows()


@pytest.mark.parametrize("budget", [{"calls": -1}, {"dollars": float("nan")}, {"seconds": -0.5}])
def test_budgets_are_checked(budget: dict[str, Any]) -> None:
    """A bound below nothing is the caller's mistake."""
    with pytest.raises(CallerError, match="makes no sense"):
        Budget(**budget)


# Models of the user's own


def test_a_function_is_a_model() -> None:
    """Plain and async functions are asked alike; what is no text is the model's error."""

    async def later(messages: Sequence[dict[str, str]]) -> str:
        return messages[-1]["content"].upper()

    assert "WHO DIRECTED JAWS?" == complete(Gateway([OwnModel(later)]))
    assert "Spielberg" == complete(Gateway([OwnModel(lambda messages: "Spielberg")]))
    with pytest.raises(ModelError, match="must return a text"):
        complete(Gateway([OwnModel(lambda messages: None)]))
    with pytest.raises(CallerError, match="is no model"):
        OwnModel("gpt")  # type: ignore[arg-type]


def test_a_slow_function_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the deadline nor the end of the event loop waits for a function that does not return."""
    clock, gate, said = Clock(monkeypatch, gateways), threading.Event(), list[str]()

    def slow(messages: Sequence[dict[str, str]]) -> str:
        clock.forward(60.0)
        gate.wait()
        said.append("late")
        return said[0]

    try:
        with pytest.raises(ModelError, match="Timeout"):
            complete(Gateway([OwnModel(slow)], timeout=10.0, deadline=50.0))
        assert [] == said
    finally:
        gate.set()


def test_a_model_that_repeats_the_schema_has_said_nothing() -> None:
    """Neither the schema nor a piece of it is taken for a value; SmolLM2 says it so."""
    echo = '{"properties":{"questions":{"items":{"type":"string"},"type":"array"}}},\n{"required":["questions"]}'

    assert (None, "it repeats the schema; give a value that follows it") == parsed(echo, Decomposition)
    value, _ = parsed(f'{echo} {{"questions": ["Who directed Jaws?"]}}', Decomposition)
    assert value is not None and ["Who directed Jaws?"] == value.questions


# Approval


def test_a_step_is_approved_once() -> None:
    """Tries and repairs of a step need no other approval; another step does, and what is cached needs none."""
    seen: list[str] = []
    through, model = gateway(
        [PassingError("busy", retry_after=0.01), "no JSON", '{"name": "Steven"}', "again"],
        approve=lambda proposal: not seen.append(proposal["step"]),
    )
    assert "Steven" == structured(through).name
    assert "again" == asyncio.run(through.complete("other", ASKED))
    assert (["test", "other"], 4) == (seen, len(model.asked))


def test_what_the_cache_knows_needs_no_approval(tmp_path: Path) -> None:
    """It costs nothing."""
    cache = ReplyCache(tmp_path / "replies.sqlite")
    complete(Gateway([kept("known")], cache=cache))
    declining = Gateway([kept()], cache=cache, approve=lambda proposal: False)

    assert "known" == complete(declining) and not declining.declined
    cache.close()


def test_a_declined_call_is_the_last() -> None:
    """Neither this nor another step asks again, and no model is asked at all."""
    asked: list[str] = []
    through, model = gateway(["never said"], approve=lambda proposal: bool(asked.append(proposal["step"])))
    for step in ("one", "two"):
        with pytest.raises(BudgetError, match="declined"):
            asyncio.run(through.complete(step, ASKED))

    assert (["one"], [], False) == (asked, model.asked, through.allows())


def test_a_proposal_says_what_is_paid_at_the_most() -> None:
    """The price is that of the model, or None where nobody knows it."""
    seen: list[Any] = []
    for dollars in (Price(1e-6, 2e-6), None):
        model = OwnModel(lambda messages: "Spielberg", dollars=dollars)
        through = Gateway([model], approve=lambda proposal: not seen.append(proposal))
        complete(through, max_tokens=100)
    known, unknown = seen

    assert ASKED == known["messages"] and 100 == known["tokens_out"]
    assert (round(known["tokens_in"] * 1e-6 + 200e-6, 6), None) == (known["dollars"], unknown["dollars"])
