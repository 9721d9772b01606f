"""Budgets under concurrency: whether many runs together ever spend more than they may.

Schedules are random: threads, event loops, delays, failures, time-outs, cancelled runs, and what is bounded. Rounds
are whole questions over HTTP, whose requests the server counts.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

from polyhop.agent import Agent, Answer, Collection, Settings
from polyhop.agent.testing import Fault, ReplayServer
from polyhop.core.errors import ModelError
from polyhop.core.llm import Amount, Budget, BudgetError, Call, Gateway, Ledger, PassingError, Price, Reply
from polyhop.core.llm.role import OnText

from .faults import DOCUMENTS, QUESTION, REPLY, warm
from .harness import Command, Given, Report, option, positive, progress

RUNS = 50
CALLS = 3
MOST = 64
TIMEOUT = 0.02
DELAY = 0.002
#: dollars for a token that is read and one that is written
PRICE = Price(1e-6, 4e-6)
MESSAGES = ({"role": "user", "content": "Where was the director of Jaws born, and what did he direct?"},)
#: dollars are sums of fractions
EXACT = 1e-9


@dataclass(slots=True)
class Unsteady:
    """A model inside the process that is late, fails and succeeds by chance, and knows what it would ask to be paid."""

    name: str = "unsteady"
    identity: str = ""
    billed: Amount = field(default_factory=Amount)
    _inside: threading.Lock = field(default_factory=threading.Lock)
    _random: random.Random = field(default_factory=random.Random)

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
            await asyncio.sleep(10 * TIMEOUT)
        if fate < 0.9:
            raise PassingError("busy", retry_after=delay)
        raise ModelError("refused")


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
    shared, model, own = Ledger(budget), Unsteady(_random=random.Random(seed)), Budget(calls=dice.randint(1, 5))
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


def stress(schedules: int, *, seed: int = 0) -> dict[str, Any]:
    """Return how many schedules were wrong, and what the runs met in all of them."""
    met: Counter[str] = Counter()
    outcomes = {one: schedule(one) for one in progress(range(seed, seed + schedules), "schedules", schedules)}
    for outcome in outcomes.values():
        met.update(outcome.met)
    wrong = [f"schedule {number}: {what}" for number, outcome in outcomes.items() for what in outcome.wrong]
    full = sum(outcome.spent.calls == outcome.budget.calls for outcome in outcomes.values())
    return {"schedules": schedules, "runs": RUNS, "wrong": wrong, "at the last call": full, "met": dict(met)}


def over_http(collection: Collection, calls: int, *, seed: int) -> dict[str, Any]:
    """Ask questions at once, half of them in threads and half in one event loop, with so many calls for all."""
    faults = [Fault("500", share=0.2, retry_after=0.05), Fault("reset", share=0.1)]
    settings = Settings(llm_cache=False, split="never", llm_timeout=100.0, seconds=200.0)
    with ReplayServer(lambda messages: REPLY, faults=faults, seed=seed) as server, ThreadPoolExecutor(RUNS) as pool:
        agent = Agent(collection, llm=server.model(), budget=Budget(calls=calls), settings=settings)
        asked = [pool.submit(agent.ask, QUESTION, 2) for _ in range(RUNS // 2)]
        answers = [*asyncio.run(_at_once(agent, RUNS - len(asked))), *(one.result() for one in asked)]
        spent = sum(answer.retrieval.cost.calls for answer in answers)
        found, written = sum(one.found for one in answers), sum(not one.extractive for one in answers)
        limited = sum(any("budget" in notice for notice in one.notices) for one in answers)
        wrong = max(server.calls, spent) > calls or server.calls > spent or found < len(answers)
        row = {"calls": calls, "requests": server.calls, "spent": spent, "at once": server.most, "answers": found}
        return row | {"written": written, "at the limit": limited, "wrong": wrong}


async def _at_once(agent: Agent, count: int) -> list[Answer]:
    return await asyncio.gather(*(agent.aask(QUESTION, 2) for _ in range(count)))


def rounds(bounds: Sequence[int]) -> list[dict[str, Any]]:
    """Return what rounds of questions over HTTP come to, one for each bound of calls."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as opened:
        opened.collection.add(DOCUMENTS)
        warm(opened.collection)
        return [over_http(opened.collection, calls, seed=seed) for seed, calls in enumerate(bounds)]


def measure(options: Given, report: Report) -> None:
    """Try schedules and rounds, and say what was wrong; the exit code is 1 where anything was."""
    found = stress(options.schedules, seed=options.seed)
    made = rounds(options.calls)
    report.add(**found, rounds=made)
    title = f"{options.schedules} schedules of {RUNS} runs, {len(found['wrong'])} wrong"
    report.show(title, [found["met"]], "; ".join(found["wrong"][:5]))
    report.show("rounds of questions over HTTP", made)
    if found["wrong"] or any(row["wrong"] for row in made):
        raise SystemExit(1)


OPTIONS = (
    option("--schedules", type=positive, default=1000, help="random schedules (default: %(default)s)"),
    option("--seed", type=int, default=0, help="number of the first schedule (default: %(default)s)"),
    option("--calls", type=positive, nargs="*", default=[1, 10, 25, 50, 100], help="bounds of rounds"),
)
COMMAND = Command("budgets", __doc__, OPTIONS, measure)


if __name__ == "__main__":
    COMMAND.run()
