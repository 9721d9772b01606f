"""What failed attempts cost, and which failure is told."""

from __future__ import annotations

import asyncio

import pytest

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import ModelError
from polyhop.core.llm import gateway
from polyhop.core.llm.callable_model import OwnModel
from polyhop.core.llm.gateway import Gateway
from polyhop.core.llm.role import (
    Amount,
    Budget,
    BudgetError,
    Call,
    EmptyError,
    Ledger,
    PassingError,
    Price,
    Reply,
    used,
)
from tests.clock import Clock
from tests.model_server import ModelServer

ASKED = [{"role": "user", "content": "Who directed Jaws?"}]
CALL = Call(tuple(ASKED), max_tokens=100)
PRICE = Price(0.001, 0.01)


class Priced(ScriptedModel):
    """A scripted model that costs something."""

    async def price(self) -> Price | None:
        """Return the price."""
        return PRICE


def spent(*replies: str | Exception) -> Amount:
    """Return what a call costs in all, with its tries."""
    ledger = Ledger()
    asyncio.run(Gateway([Priced(replies)], [ledger]).complete("test", ASKED, max_tokens=100))
    return ledger.spent


@pytest.mark.parametrize(("error", "expected"), [
    (PassingError("late", billed=True), Reply("", CALL.tokens, 100)),
    (PassingError("busy"), Reply("", 0, 0)),
    (ModelError("refused"), Reply("", 0, 0)),
    (EmptyError("nothing", Reply("", 7, 3)), Reply("", 7, 3)),
    (BudgetError("cancelled"), Reply("", CALL.tokens, 100)),
    (asyncio.CancelledError(), Reply("", CALL.tokens, 100)),
])  # fmt: skip
def test_an_attempt_costs_all_that_it_may_have_used(error: BaseException, expected: Reply) -> None:
    """Unless it is known better: a refusal costs nothing, a reply without text what it says."""
    assert expected == used(error, CALL)


def test_what_may_be_billed_is_spent() -> None:
    """An attempt that broke off counts with its dollars, as if it had written all that it might."""
    broken = spent(PassingError("broke off", retry_after=0.01, billed=True), "Spielberg")
    clean = spent("Spielberg")

    assert CALL.tokens + 100 == broken.tokens - clean.tokens
    assert PRICE.of(CALL.tokens, 100) == pytest.approx(broken.dollars - clean.dollars)


def test_a_time_out_may_be_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows how far the model was."""
    ledger, clock = Ledger(), Clock(monkeypatch, gateway)

    async def hanging(messages: object) -> str:
        clock.forward(60.0)
        await asyncio.Event().wait()
        return "late"

    with pytest.raises(ModelError, match="Timeout"):
        asyncio.run(Gateway([OwnModel(hanging)], [ledger], timeout=10.0, deadline=50.0).complete("t", ASKED))

    assert ledger.spent.tokens >= CALL.tokens + 512


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("fault", "billed"), [
    ("empty", True), ("filtered", True), ("nochoices", True), ("cut", True), ("garbage", True),
    ("401", False), ("500", False), ("refused", False),
])  # fmt: skip
def test_a_provider_is_paid_for_what_it_may_have_written(fault: str, *, billed: bool) -> None:
    """Not where it refused, nor where nobody was reached."""
    ledger = Ledger(Budget(calls=1))
    with ModelServer(lambda messages: "Spielberg", faults=[fault]) as server, pytest.raises(ModelError):
        asyncio.run(Gateway([server.model()], [ledger]).complete("test", ASKED))

    assert (1, billed) == (ledger.spent.calls, ledger.spent.tokens > 0)


def test_the_failure_before_the_last_is_told() -> None:
    """Where a budget ends the tries, whoever reads the notice learns why they were needed."""
    through = Gateway([ScriptedModel([PassingError("busy", retry_after=0.01)] * 3)], [Ledger(Budget(calls=2))])
    with pytest.raises(BudgetError, match=r"budget of 2 calls is met.*; before that: busy"):
        asyncio.run(through.complete("test", ASKED))


def test_nothing_is_asked_once_the_time_is_over() -> None:
    """The error says that, and not that the model was slow."""
    model = ScriptedModel(["Spielberg"])
    with pytest.raises(BudgetError, match="no time left"):
        asyncio.run(Gateway([model], deadline=0.0).complete("test", ASKED))

    assert [] == model.asked


def test_words_of_the_provider_are_told_without_their_wrapping() -> None:
    """litellm puts names of errors before them, once or several times."""
    from polyhop.core.llm.litellm_model import _WRAPPING

    said = ["litellm.RateLimitError: RateLimitError: OpenAIException - slow down", "litellm.Timeout: Timeout Error: x"]
    assert ["slow down", "x", "an Error: in the middle"] == [
        _WRAPPING.sub("", one) for one in [*said, "an Error: in the middle"]
    ]
