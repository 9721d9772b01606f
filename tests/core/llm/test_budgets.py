"""Budgets under concurrency: many runs together never spend more than they may.

Schedules are random: threads, event loops, delays, failures, time-outs, cancelled runs, and what is bounded. Whole
questions go over HTTP to a server that counts its requests.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from polyhop.agent import Agent, Answer, Settings
from polyhop.core.errors import ModelError
from polyhop.core.llm import gateway as gateways
from polyhop.core.llm.gateway import Gateway
from polyhop.core.llm.role import Amount, Budget, BudgetError, Call, Ledger, OnText, PassingError, Price, Reply
from polyhop.encoders import Encoder
from tests import corpus
from tests.model_server import Fault, ModelServer

RUNS = 50
CALLS = 3
MOST = 64
TIMEOUT = 1.0
DELAY = 0.002
#: the seconds of the run that looks at the clock: each has a time of its own, which passes only where its model hangs
CLOCK: ContextVar[list[float]] = ContextVar("CLOCK")
#: dollars for a token that is read and one that is written
PRICE = Price(1e-6, 4e-6)
MESSAGES = ({"role": "user", "content": "Where was the director of Jaws born, and what did he direct?"},)
#: dollars are sums of fractions
EXACT = 1e-9


@dataclass(slots=True)
class Unsteady:
    """A model inside the process that is late, fails and succeeds by chance, and knows what it would ask to be paid."""

    seed: int
    name: str = "unsteady"
    identity: str = ""
    billed: Amount = field(default_factory=Amount)
    _inside: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Start the dice."""
        self._random = random.Random(self.seed)

    async def price(self) -> Price | None:
        """Return the price."""
        return PRICE

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Reply, fail or hang by chance; what hangs or breaks off has read everything and written something."""
        with self._inside:
            fate, delay = self._random.random(), self._random.random() * DELAY
            read, wrote = self._random.randint(1, call.tokens), self._random.randint(1, call.max_tokens)
            charged = fate < 0.8
            tokens = (read, wrote) if charged else (0, 0)
            self.billed += Amount(1, sum(tokens), PRICE.of(*tokens))
        await asyncio.sleep(delay if fate < 0.75 else 0)
        if fate < 0.6:
            return Reply("yes", read, wrote)
        if fate < 0.75:
            raise PassingError("broke off", retry_after=delay, billed=True)
        if fate < 0.8:
            CLOCK.get()[0] += 10 * TIMEOUT
            await asyncio.Event().wait()
        if fate < 0.9:
            raise PassingError("busy", retry_after=delay)
        raise ModelError("refused")


@pytest.fixture
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each run a time of its own; by a common clock, a busy machine would end tries that nobody has seen."""
    monkeypatch.setattr(gateways, "time", SimpleNamespace(monotonic=lambda: CLOCK.get()[0]))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a schedule came to: the bounds, what was spent and billed, what the runs met, and what was wrong."""

    budget: Budget
    spent: Amount
    billed: Amount
    met: Mapping[str, int]
    wrong: Sequence[str]


def schedule(seed: int, runs: int = RUNS) -> Outcome:
    """Let many runs share a budget, in a schedule that the seed draws, and check what they spent."""
    dice = random.Random(seed)
    budget = Budget(
        calls=dice.choice((None, dice.randint(0, 2 * runs))),
        tokens=dice.choice((None, dice.randint(0, 200 * runs))),
        dollars=dice.choice((None, dice.random() * 4e-4 * runs)),
    )
    shared, model, own = Ledger(budget), Unsteady(seed), Budget(calls=dice.randint(1, 5))
    gateways = [Gateway([model], [Ledger(own), shared], timeout=TIMEOUT, most=MOST) for _ in range(runs)]
    met: Counter[str] = Counter()
    threads = dice.randint(1, 8)
    cancelled = dice.choice((0.0, 0.2))
    with ThreadPoolExecutor(threads) as pool:
        parts = [gateways[place::threads] for place in range(threads)]
        for told in pool.map(lambda part: asyncio.run(_together(part, dice.random(), cancelled)), parts):
            met.update(told)
    wrong = _wrong(budget, shared, model.billed, met) + [
        f"a run made {gateway.ledgers[0].spent.calls} calls of {own.calls}"
        for gateway in gateways
        if gateway.ledgers[0].spent.calls > (own.calls or 0)
    ]
    return Outcome(budget, shared.spent, model.billed, met, wrong)


async def _together(gateways: Sequence[Gateway], seed: float, cancelled: float) -> Counter[str]:
    """Run side by side in one event loop; some are cancelled meanwhile."""
    dice = random.Random(seed)
    met: Counter[str] = Counter()
    tasks = [asyncio.create_task(_run(gateway, met)) for gateway in gateways]
    for task in tasks:
        if dice.random() < cancelled:
            asyncio.get_running_loop().call_later(dice.random() * 3 * DELAY, task.cancel)
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        met["cancelled"] += isinstance(result, asyncio.CancelledError)
        if isinstance(result, Exception):
            raise result
    return met


async def _run(gateway: Gateway, met: Counter[str]) -> None:
    CLOCK.set([0.0])
    for _ in range(CALLS):
        try:
            await gateway.complete("benchmark", MESSAGES, max_tokens=MOST)
            met["replied"] += 1
        except BudgetError:
            met["refused, own" if gateway.ledgers[0].lacks(Amount(1)) else "refused, shared"] += 1
        except ModelError:
            met["failed"] += 1


def _wrong(budget: Budget, shared: Ledger, billed: Amount, met: Mapping[str, int]) -> list[str]:
    """Return what is wrong with what a shared budget says after all runs have ended."""
    spent = shared.spent
    wrong = [
        f"{getattr(amount, name)} {name} {what} of {bound}"
        for what, amount in (("spent", spent), ("billed", billed))
        for name in ("calls", "tokens", "dollars")
        if (bound := getattr(budget, name)) is not None and getattr(amount, name) > bound * (1 + EXACT)
    ]
    # A run that is cancelled between the hold and the call has spent a call that the model never saw.
    if spent.calls < billed.calls or (spent.calls > billed.calls and not met.get("cancelled")):
        wrong.append(f"{billed.calls} calls made, {spent.calls} spent")
    if billed.tokens > spent.tokens or billed.dollars > spent.dollars * (1 + EXACT):
        wrong.append(f"{billed.tokens} tokens billed, {spent.tokens} spent")
    if budget.calls is not None and (still := shared.lacks(Amount(budget.calls - spent.calls))):
        wrong.append(f"something is still held: {still}")
    if budget.tokens is budget.dollars is None and met.get("refused, shared") and spent.calls != budget.calls:
        wrong.append(f"{met['refused, shared']} refused although only {spent.calls} of {budget.calls} were spent")
    return wrong


SCHEDULES = 12


@pytest.mark.slow
@pytest.mark.usefixtures("own_time")
def test_many_runs_together_never_exceed_their_budget() -> None:
    """Calls, tokens and dollars hold in random schedules, and nothing stays held or goes uncounted."""
    outcomes = [schedule(seed) for seed in range(SCHEDULES)]

    assert [] == [wrong for outcome in outcomes for wrong in outcome.wrong]
    assert any(outcome.met.get("refused, shared") for outcome in outcomes)
    assert any(outcome.met.get("replied") for outcome in outcomes)


def looking_first(self: Ledger, amount: Amount) -> Amount:
    """Note what is asked for without looking whether there is room."""
    with self._inside:
        self._held += amount
    return amount


def forgetting(self: Ledger, held: Amount, spent: Amount) -> None:
    """Count what was spent but keep the hold."""
    with self._inside:
        self._spent += spent


@pytest.mark.slow
@pytest.mark.usefixtures("own_time")
@pytest.mark.parametrize(("method", "broken"), [("hold", looking_first), ("settle", forgetting)])
def test_a_ledger_that_does_not_hold_is_seen(method: str, broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that refuses nothing, or never gives back, is found wrong within a few schedules."""
    monkeypatch.setattr(Ledger, method, broken)

    assert [wrong for seed in range(4) for wrong in schedule(seed).wrong]


ASKED = 12
REPLY = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."


async def _at_once(agent: Agent, count: int) -> list[Answer]:
    return await asyncio.gather(*(agent.aask(corpus.QUESTION, 4) for _ in range(count)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_questions_at_once_make_no_more_requests_than_they_may(tmp_path: Path, embedder: Encoder) -> None:
    """The server counts; every question is answered, and those that came too late say so."""
    faults = [Fault("500", share=0.2, retry_after=0.05), Fault("reset", share=0.1)]
    settings = Settings(llm_cache=False, split="never", llm_timeout=500.0, seconds=500.0)
    with (
        corpus.collection(tmp_path, embedder) as films,
        ModelServer(lambda messages: REPLY, faults=faults) as server,
        ThreadPoolExecutor(ASKED) as pool,
    ):
        agent = Agent(films, llm=server.model(), budget=Budget(calls=5), settings=settings)
        asked = [pool.submit(agent.ask, corpus.QUESTION, 4) for _ in range(ASKED // 2)]
        answers = [*asyncio.run(_at_once(agent, ASKED - len(asked))), *(one.result() for one in asked)]

    written = [answer for answer in answers if not answer.extractive]
    limited = [answer for answer in answers if any("budget" in notice for notice in answer.notices)]
    assert ASKED == len(answers) == sum(answer.found for answer in answers)
    assert server.calls == sum(answer.retrieval.cost.calls for answer in answers) <= 5
    assert len(written) + len(limited) >= ASKED - 1
