"""A language model of your own in every step that asks one: how often its replies can be used, tokens and seconds.

POLYHOP_LLM=openai/NAME POLYHOP_LLM_URL=http://127.0.0.1:PORT/v1 python -m benchmarks small_llm --limit 3 --json OUT

It asks questions of the example corpus with everything switched on that a model can do, one conversation of two turns,
and one selection of tools. A small model finds what a large one hides: replies that are no JSON, that repeat the
schema, that cite nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from tempfile import TemporaryDirectory
from typing import Any

from polyhop.agent import Agent, Answer, LiteLLM, PythonFunctions, Settings, ToolSelector
from polyhop.agent.example import passages_path, questions
from polyhop.agent.results import Spending

from .harness import BenchmarkError, Command, Given, Report, option, positive, progress

OPTIONS = (option("--limit", type=positive, default=3, help="questions of the example to ask (default: %(default)s)"),)
TURNS = ("Who directed Beware! The Blob?", "Who is his mother?")
REQUEST = "Tell Anna what the weather in Oslo will be tomorrow."


def get_forecast(place: str) -> str:
    """Return the weather of tomorrow at a place."""
    return place


def send_mail(person: str, text: str) -> str:
    """Send a message to a person."""
    return person + text


class Tally:
    """What each step cost, and how often it could use what the model said."""

    def __init__(self) -> None:
        self.steps: dict[str, Counter[str]] = {}

    def add(self, spent: Mapping[str, Any], used: Mapping[str, bool]) -> None:
        """Count the steps of one run that asked the model."""
        for step, cost in spent.items():
            counted = self.steps.setdefault(step, Counter())
            counted.update(asked=1, used=int(used.get(step, False)), calls=cost.calls, failed=cost.failed)
            counted.update({"tokens in": cost.tokens_in, "tokens out": cost.tokens_out, "seconds": cost.seconds})

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each step."""
        names = ("asked", "used", "calls", "failed", "tokens in", "tokens out", "seconds")
        return [{"step": step} | {name: round(one[name], 1) for name in names} for step, one in self.steps.items()]


def used_in(said: Answer) -> dict[str, bool]:
    """Return for each step whether what the model said was taken."""
    found = said.retrieval
    reasons = {event["event"]: event.get("reason") for event in found.events}
    return {
        "condense": reasons.get("condense") == "model",
        "escalate": bool(found.sub_questions),
        "choose": any("choice" in passage.parts for passage in found.passages),
        "answer": not said.extractive,
    }


def measure(options: Given, report: Report) -> None:
    """Ask, and show a row for each step and what went wrong."""
    settings = Settings(split="always", rerankers="learned,choice=5", llm_cache=False)
    if not settings.llm:
        raise BenchmarkError("set POLYHOP_LLM to the model to be asked")
    tally, notices = Tally(), Counter[str]()
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True, settings=settings) as agent:
            with passages_path() as path:
                agent.index([path])
            chat = agent.chat()
            asks = [(agent.ask, one.question) for one in questions()[: options.limit]]
            asks += [(chat.ask, turn) for turn in TURNS]
            for ask, question in progress(asks, "questions", len(asks)):
                said = ask(question)
                tally.add(said.retrieval.spent, used_in(said))
                notices.update(said.notices)
                report.add(model=settings.llm, steps=tally.rows(), notices=dict(notices))
        model = LiteLLM(settings.llm, {"api_base": settings.llm_url} if settings.llm_url else {})
        with ToolSelector.open(home, create=True, llm=model) as selector:
            selector.sync(PythonFunctions([get_forecast, send_mail]))
            chosen = selector.select(REQUEST)
            wrote = [one for one in chosen.spent if not one["failed"]]
            tally.add({"tool queries": Spending.of(chosen.spent)}, {"tool queries": bool(wrote and chosen.intents)})
    report.add(model=settings.llm, steps=tally.rows(), notices=dict(notices))
    report.show(f"{settings.llm}, {len(asks)} questions", tally.rows())
    for notice, times in notices.most_common():
        report.show(f"{times} x", [{"notice": notice}])


COMMAND = Command("small_llm", __doc__, OPTIONS, measure)
