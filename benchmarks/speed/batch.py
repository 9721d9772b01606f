"""Many questions at once against the same ones singly: how much faster, and whether the results are the same."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from polyhop.agent import Agent, Collection

from ..common import child, serve, tell
from ..data import Source
from ..indexes import ensure
from .timing import ratio

K = 10
WARM = 8
WARM_CHARACTERS = 80
QUESTIONS = 64
DIGITS = 6

Ask = Callable[[Agent, list[str]], Sequence[Any]]

WAYS: dict[str, Ask] = {
    "singly": lambda agent, questions: [agent.retrieve(question, K) for question in questions],
    "batch": lambda agent, questions: agent.batch(questions, K),
    "abatch": lambda agent, questions: asyncio.run(agent.abatch(questions, K)),
}
# There and back, so that a machine that gets slower is unfair to none.
TURNS = (*WAYS, *reversed(WAYS))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return questions a second in each way, a fresh and warm process each time, and how many came out differently."""
    source = Source(options.folder.absolute())
    corpus = source.corpus()
    questions = [question.text for question in source.questions(options.split, options.limit or QUESTIONS)]
    index = ensure(source, corpus)
    warm = [document.text[:WARM_CHARACTERS] for document in list(corpus.values())[:WARM]]
    job = {"home": index.home, "name": index.name, "warm": warm, "questions": questions}
    done: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for way in TURNS:
        tell(f"{len(questions)} questions: {way}")
        done[way].append(child("speed.batch", {**job, "way": way}))
    return _figures(done, questions)


def _figures(done: dict[str, list[dict[str, Any]]], questions: Sequence[str]) -> dict[str, Any]:
    expected = done["singly"][0]["found"]
    rates = {way: len(questions) * len(runs) / sum(run["seconds"] for run in runs) for way, runs in done.items()}
    rows = [
        {
            "way": way,
            "questions/s": round(rates[way], 1),
            "of singly": ratio(rates[way], rates["singly"]),
            "different": sum(one != two for run in runs for one, two in zip(run["found"], expected, strict=True)),
        }
        for way, runs in done.items()
    ]
    return {"questions": len(questions), "k": K, "ratio": ratio(rates["batch"], rates["singly"]), "rows": rows}


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Ask everything in one way."""
    with Collection.open(job["home"], job["name"]) as collection:
        agent = Agent(collection)
        for way in WAYS.values():
            way(agent, job["warm"])
        began = time.perf_counter()
        retrievals = WAYS[job["way"]](agent, job["questions"])
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "found": [_told(retrieval) for retrieval in retrievals]}


def _told(retrieval: Any) -> list[Any]:
    """Return what must not depend on the company: ids in their order, scores, ways and paths."""
    return [
        [one.id, round(one.score, DIGITS), one.via, one.name, [step.id for step in one.path]]
        for one in retrieval.passages
    ]


if __name__ == "__main__":
    serve(_work)
