"""Loop and graph against the work inside them: what steps, LangGraph, events and checkpoints add to a question."""

from __future__ import annotations

import argparse
import itertools
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from polyhop.agent import Agent, Collection
from polyhop.agent.runtime import RELAXED
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask
from polyhop.graphs.nodes.hop import bridges
from polyhop.graphs.state import Request, State, add_found
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.config import Config
from polyhop.retrieval.query.role import first_query
from polyhop.retrieval.run import Run

from ..common import progress
from ..data import Source
from ..indexes import ensure
from .timing import milliseconds, percentile, ratio

K = 5
WARM = 8
STREAMED = ["custom", "values"]
WAYS = ("parts", "loop", "graph", "streaming", "checkpoints")

Ask = Callable[[str], Any]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the p50 of each way to run a question, and of what it takes longer than the bare work."""
    source = Source(options.folder.absolute())
    corpus = source.corpus()
    questions = [question.text for question in source.questions(options.split, options.limit)]
    index = ensure(source, corpus)
    warm = [document.text[:80] for document in list(corpus.values())[:WARM]]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "checkpoints.sqlite", check_same_thread=False)) as connection,
        Collection.open(index.home, index.name) as collection,
    ):
        ways = _ways(Agent(collection), connection)
        for number, question in enumerate(warm):
            _once(ways, question, number)
        asked = enumerate(progress(questions, "graph", len(questions)))
        times = [_once(ways, question, number) for number, question in asked]
    return _figures(times)


def _once(ways: dict[str, Ask], question: str, number: int) -> dict[str, float]:
    """Time one question in every way, beginning with another one each time; a first asking is not counted.

    `different` is 1 where the parts came to another ranking than the graph, and so were not its parts.
    """
    ranked = [item["id"] for item in ways["loop"](question)["ranked"]]
    different = ranked != [item["id"] for item in ways["parts"](question)]
    names = list(ways)
    start = number % len(names)
    turns = [*names[start:], *names[:start]]
    return {"different": different} | {name: milliseconds(partial(ways[name], question))[0] for name in turns}


def _ways(agent: Agent, connection: sqlite3.Connection) -> dict[str, Ask]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    plain, kept = question_graph(), question_graph(SqliteSaver(connection))
    connection.execute(RELAXED)
    threads = itertools.count()

    def request(question: str) -> Request:
        return Request(question=question, k=K, where="")

    def streaming(question: str) -> list[Any]:
        return list(plain.stream(request(question), context=_run(agent), stream_mode=STREAMED))

    def checkpointed(question: str) -> Any:
        config = {"configurable": {"thread_id": str(next(threads))}}
        return kept.invoke(request(question), config=config, context=_run(agent), durability="sync")

    return {
        "parts": lambda question: parts(agent, question),
        "loop": lambda question: ask(request(question), _run(agent)),
        "graph": lambda question: plain.invoke(request(question), context=_run(agent)),
        "streaming": streaming,
        "checkpoints": checkpointed,
    }


def _run(agent: Agent) -> Run:
    config = agent.config
    bare = Config(first=config.first, hops=config.hops, ranker=config.ranker, sufficiency=None, duplicates=None)
    return Run(agent.retriever, config=bare)


def parts(agent: Agent, question: str) -> list[Any]:
    """Do what the steps do in a run of one hop, one call after the other."""
    profile = agent.config
    run = Run(agent.retriever, question)
    found = add_found([], profile.first.search([first_query(question, profile.first)], run))
    ranked = profile.ranker.rank(found, run)
    state = State(question=question, k=K, ranked=ranked, found=found, searches=1, expanded=[])
    chosen = bridges(state)
    new: list[Candidate] = []
    for updater in profile.hops:
        new += updater.search(updater.propose(chosen, run), run)
    return profile.ranker.rank(add_found(found, new), run)


def _figures(times: Sequence[dict[str, float]]) -> dict[str, Any]:
    base = percentile([spent["parts"] for spent in times])
    rows = []
    for name in WAYS:
        mine = [spent[name] for spent in times]
        row = {"way": name, "p50 ms": percentile(mine), "p95 ms": percentile(mine, 95)}
        row["added p50 ms"] = percentile([spent[name] - spent["parts"] for spent in times])
        row["of the parts"] = ratio(percentile(mine), base)
        rows.append(row)
    return {"questions": len(times), "different": int(sum(spent["different"] for spent in times)), "rows": rows}
