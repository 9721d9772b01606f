"""How fast polyhop is: against the work inside it, against plain searches, and as collections grow.

python -m benchmarks.speed fast|graph|batch|growth|lexical|catalogue ...
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Agent, Catalogue, Collection, JsonLines, Options, Tool, Tools
from polyhop.agent.evaluate.metrics import DEPTHS
from polyhop.agent.evaluate.systems import SYSTEMS, Search, best_documents, hybrid
from polyhop.agent.runtime import RELAXED
from polyhop.graphs.graph import question_graph
from polyhop.graphs.loop import ask
from polyhop.graphs.nodes.steps import bridges
from polyhop.graphs.state import Request, State, add_found
from polyhop.retrieval.candidate import Candidate, ways_of
from polyhop.retrieval.config import Config
from polyhop.retrieval.query.role import first_query
from polyhop.retrieval.run import Run

from . import harness as on
from .grown import Floats, ensure_sizes
from .harness import (
    FOLDER,
    FOLDERS,
    LIMIT,
    SPLIT,
    Command,
    Given,
    Report,
    child,
    option,
    percentile,
    ratio,
    tell,
    timed,
)
from .indexes import Arm, Index, arm_of
from .metrics import recall
from .plot import Point, draw
from .systems import in_turns, times

K = 5
QUESTIONS = (FOLDER, SPLIT, LIMIT)


def fast(options: Given, report: Report) -> None:
    """Tell the p50 of a question and of one embedding and hybrid search, both with passages read, and their ratio."""
    arm = arm_of(options.folder, options)
    with arm.index.opened() as collection:
        ways: dict[str, Any] = {"embedding and hybrid search": partial(_search, hybrid(collection), k=K)}
        asked = in_turns(ways | {"polyhop": partial(Agent(collection).retrieve, k=K)}, arm, "fast")
    table: list[dict[str, Any]] = [{"what": what, **times(own)} for what, own in asked.items()]
    report.add(questions=len(arm.questions), ratio=ratio(table[1]["p50 ms"], table[0]["p50 ms"]), rows=table)
    report.show(f"fast: {report.values['ratio']} times as long", table)


def _search(search: Search, question: str, k: int) -> Sequence[Any]:
    return search(question, k)


PARTS, LOOP = "parts", "loop"


def graph(options: Given, report: Report) -> None:
    """Tell the p50 of each way to run a question, and of what it takes longer than the bare work.

    `different` are questions where the parts came to another ranking than the loop, and so were not its parts.
    """
    arm = arm_of(options.folder, options)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "checkpoints.sqlite", check_same_thread=False)) as connection,
        arm.index.opened() as collection,
    ):
        asked = in_turns(_ways(Agent(collection), connection), arm, "graph", first=LOOP)
    ranked = zip(([found for found, _ in asked[PARTS]]), (found["ranked"] for found, _ in asked[LOOP]), strict=True)
    different = sum([item["id"] for item in one] != [item["id"] for item in other] for one, other in ranked)
    base = [ms for _, ms in asked[PARTS]]
    table = []
    for name, own in asked.items():
        added = percentile([ms - least for (_, ms), least in zip(own, base, strict=True)])
        row = {"way": name, **times(own), "added p50 ms": added}
        table.append(row | {"of the parts": ratio(times(own)["p50 ms"], percentile(base))})
    report.add(questions=len(arm.questions), different=different, rows=table)
    report.show(f"graph: {len(arm.questions)} questions, {different} different", table)


def _ways(agent: Agent, connection: sqlite3.Connection) -> dict[str, Callable[[str], Any]]:
    from langgraph.checkpoint.sqlite import SqliteSaver

    plain, kept = question_graph(), question_graph(SqliteSaver(connection))
    connection.execute(RELAXED)
    threads = itertools.count()
    own = agent.config
    bare = Config(first=own.first, hops=own.hops, ranker=own.ranker, sufficiency=None, duplicates=None)

    def run() -> Any:
        return Run(agent.retriever, config=bare)

    def request(question: str) -> Request:
        return Request(question=question, k=K, where="")

    def checkpointed(question: str) -> Any:
        config: Any = {"configurable": {"thread_id": str(next(threads))}}
        return kept.invoke(request(question), config=config, context=run(), durability="sync")

    return {
        PARTS: lambda question: parts(agent, question),
        LOOP: lambda question: ask(request(question), run()),
        "graph": lambda question: plain.invoke(request(question), context=run()),
        "streaming": lambda x: list(plain.stream(request(x), context=run(), stream_mode=["custom", "values"])),
        "checkpoints": checkpointed,
    }


def parts(agent: Agent, question: str) -> list[Any]:
    """Do what the steps do in a run of one hop, one call after the other."""
    config = agent.config
    run = Run(agent.retriever, question)
    found = add_found([], config.first.search([first_query(question, config.first)], run))
    ranked = config.ranker.rank(found, run)
    chosen = bridges(State(question=question, k=K, ranked=ranked, found=found, searches=1, expanded=[]))
    new: list[Candidate] = []
    for updater in config.hops:
        new += updater.search(updater.propose(chosen, run), run)
    found = add_found(found, new)
    run.ways, ranked = ways_of(found), config.ranker.rank(found, run)
    for reranker in config.light:
        ranked = reranker.rerank(ranked, run)
    return ranked


WAYS: dict[str, Callable[[Agent, list[str]], Sequence[Any]]] = {
    "singly": lambda agent, questions: [agent.retrieve(question, 10) for question in questions],
    "batch": lambda agent, questions: agent.batch(questions, 10),
    "abatch": lambda agent, questions: asyncio.run(agent.abatch(questions, 10)),
}
# There and back, so that a machine that gets slower is unfair to none.
TURNS = (*WAYS, *reversed(WAYS))


def batch(options: Given, report: Report) -> None:
    """Tell questions a second in each way, a fresh and warm process each time, and how many came out differently."""
    options.limit = options.limit or 64
    arm = arm_of(options.folder, options)
    done: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for way in TURNS:
        tell(f"{len(arm.questions)} questions: {way}")
        done[way].append(child(batch_work, index=asdict(arm.index), warm=arm.warm, questions=arm.texts, way=way))
    table = batch_table(done, len(arm.questions))
    report.add(questions=len(arm.questions), ratio=table[1]["of singly"], rows=table)
    report.show("batch", table)


def batch_table(done: Mapping[str, Sequence[Mapping[str, Any]]], count: int) -> list[dict[str, Any]]:
    """Return a row for each way."""
    expected = done["singly"][0]["found"]
    rates = {way: count * len(runs) / sum(run["seconds"] for run in runs) for way, runs in done.items()}
    return [
        {"way": way, "questions/s": round(rates[way], 1), "of singly": ratio(rates[way], rates["singly"])}
        | {"different": sum(one != two for run in runs for one, two in zip(run["found"], expected, strict=True))}
        for way, runs in done.items()
    ]


def batch_work(job: dict[str, Any]) -> dict[str, Any]:
    """Ask everything in one way; return what must not depend on the company."""
    with Index(**job["index"]).opened() as collection:
        agent = Agent(collection)
        for way in WAYS.values():
            way(agent, job["warm"])
        found, ms = timed(WAYS[job["way"]], agent, job["questions"])
    told = [
        [[one.id, round(one.score, 6), one.via, one.name, [step.id for step in one.path]] for one in retrieval.passages]
        for retrieval in found
    ]
    return {"seconds": ms / 1000, "found": told}


READINGS = {"bounded": Options().postings, "unbounded": 2**62}
DEEP = (5, 20)


def lexical(options: Given, report: Report) -> None:
    """Tell for each folder and system recall and p50 of both readings, and the points of recall lost."""
    table: list[dict[str, Any]] = []
    for folder in options.folders:
        arm = arm_of(folder, options, untitled=options.untitled)
        table += [_read(arm, system, options.size) for system in ("bm25", "hybrid", "polyhop")]
    lost = {f"lost@{k}": max(row[f"lost@{k}"] for row in table) for k in DEEP}
    report.add(postings=READINGS["bounded"], **lost, rows=table)
    report.show(f"lexical: {READINGS['bounded']} postings", table)


def _read(arm: Arm, system: str, size: int | None) -> dict[str, Any]:
    index = ensure_sizes(arm, [size])[0] if size else arm.index
    with ExitStack() as opened:
        ways = {}
        for reading, postings in READINGS.items():
            collection = opened.enter_context(index.opened(options=Options(postings=postings)))
            ways[reading] = partial(best_documents, SYSTEMS[system](collection), k=DEPTHS[-1])
        asked = in_turns(ways, arm, system)
    row: dict[str, Any] = {"questions of": arm.source.folder.name, "system": system}
    for k in DEEP:
        bounded, unbounded = (round(100 * recall([x for x, _ in own], arm.gold, k), 2) for own in asked.values())
        row |= {f"recall@{k}": bounded, f"unbounded @{k}": unbounded, f"lost@{k}": round(unbounded - bounded, 2)}
    bounded_ms, unbounded_ms = (times(own)["p50 ms"] for own in asked.values())
    return row | {"p50 ms": bounded_ms, "unbounded ms": unbounded_ms}


CHUNKS, RECALL, NEAREST = 20, 5, 20
# Cosines are compared to six decimals everywhere: what is as near as the last one counts as found.
TOLERANCE = 1e-6


def growth(options: Given, report: Report) -> None:
    """Tell for each size and system p50, p95 and recall, and of the last size what it is of the first."""
    options.limit = options.limit or 100
    arm = arm_of(options.folder, options)
    indexes = ensure_sizes(arm, options.sizes)
    done: dict[int, list[dict[str, Any]]] = {index.chunks: [] for index in indexes}
    # There and back, so that a machine that gets slower is unfair to no size.
    for index in (*indexes, *reversed(indexes)):
        tell(f"{index.chunks} passages")
        job = {"folder": str(arm.source.folder), "split": arm.split, "limit": options.limit}
        done[index.chunks].append(child(growth_work, **job, exact=not done[index.chunks], index=asdict(index)))
    table = [_grown(index, done[index.chunks], arm.gold) for index in indexes]
    ratios = {system: ratio(table[-1][f"{system} p50 ms"], table[0][f"{system} p50 ms"]) for system in SYSTEMS}
    report.add(questions=len(arm.questions), growth=ratios, rows=table)
    report.show(f"growth: {ratios}", table)
    if options.plot:
        series = {one: [Point(float(row["passages"]), row[f"{one} p50 ms"]) for row in table] for one in SYSTEMS}
        draw(options.plot, "Milliseconds of one question", series, "passages in the collection")


def _grown(index: Index, done: Sequence[Mapping[str, Any]], gold: Sequence[frozenset[str]]) -> dict[str, Any]:
    row: dict[str, Any] = {"passages": index.chunks}
    for system in SYSTEMS:
        ms = [one for run in done for one in run["ms"][system]]
        row |= {f"{system} p50 ms": percentile(ms), f"{system} p95 ms": percentile(ms, 95)}
        row[f"{system} recall@{RECALL}"] = round(recall(done[0]["rankings"][system], gold, RECALL), 4)
    return row | {f"ANN recall@{NEAREST}": done[0]["ann"], "peak MB": done[0]["peak_mb"], "index s": index.seconds}


def growth_work(job: dict[str, Any]) -> dict[str, Any]:
    """Ask all systems everything at one size."""
    arm = arm_of(Path(job["folder"]), argparse.Namespace(**job))
    with Index(**job["index"]).opened() as collection:
        ways = {name: partial(_search, make(collection), k=CHUNKS) for name, make in SYSTEMS.items()}
        asked = in_turns(ways, arm, "growth")
        ann = approximate_recall(collection, arm.texts) if job["exact"] else None
    ms = {name: [one for _, one in own] for name, own in asked.items()}
    rankings = {
        name: [list(dict.fromkeys(x.document for x in found)) for found, _ in own] for name, own in asked.items()
    }
    return {"ms": ms, "rankings": rankings, "ann": ann, "peak_mb": on.peak_mb()}


def approximate_recall(collection: Collection, questions: Sequence[str]) -> float:
    """Return the share of the exact nearest passages that dense search finds, by the cosines of what it returns."""
    vectors = collection.embedder.encode_queries(questions)
    best: Floats = np.empty((0, len(vectors)), np.float32)
    for _, rows in collection.record.live_vectors(collection.embedder_name):
        best = -np.sort(-np.concatenate([best, rows @ vectors.T]), axis=0)[:NEAREST]
    found = zip(collection.dense(vectors, NEAREST), best[-1].tolist(), strict=True)
    shares = [sum(hit.score >= last - TOLERANCE for hit in hits) / max(1, len(hits)) for hits, last in found]
    return round(float(np.mean(shares)), 4)


#: so many parts, done both ways in an order that turns around, so that a slowing machine is unfair to neither
PIECES = 4


def catalogue(options: Given, report: Report) -> None:
    """Tell tools a second of indexing and of bare encoding of what it embeds, and how long opening all takes."""
    read = (item for item in JsonLines(options.corpus.absolute(), owner="file").read() if isinstance(item, Tool))
    tools = list({tool.id: tool for tool in itertools.islice(read, options.limit)}.values())
    if len(tools) < PIECES:
        raise on.BenchmarkError(f"{str(options.corpus)!r} holds {len(tools)} tools; at least {PIECES} are needed")
    ms = {"polyhop": 0.0, "bare": 0.0}
    with tempfile.TemporaryDirectory() as home:
        with Catalogue.create(home) as made:
            made.embedder.encode_passages(["A text to warm up with."] * 8)
            for number, turn in itertools.product(range(PIECES), range(2)):
                part, way = tools[number::PIECES], list(ms)[(number + turn) % 2]
                bare: Any = partial(made.embedder.encode_passages, [tool.embed_text for tool in part])
                work = bare if way == "bare" else partial(made.sync, Tools(part, f"part {number}"))
                ms[way] += timed(work)[1]
        began = time.perf_counter()
        with Catalogue.open(home) as again:
            again.snapshot()
            opened = 1000 * (time.perf_counter() - began)
    figures = {f"tools/s, {way}": round(1000 * len(tools) / spent, 1) for way, spent in ms.items()}
    figures["of bare encoding"] = ratio(ms["bare"], ms["polyhop"])
    figures["opened, all tools and vectors in memory, ms"] = round(opened, 3)
    table = [{"what": what, "figure": figure} for what, figure in figures.items()]
    report.add(tools=len(tools), rows=table)
    report.show(f"catalogue of {len(tools)} tools", table)


SIZES = option(
    "--sizes", type=partial(on.naturals, least=1), default=[10_000, 100_000, 300_000], help="passages, with commas"
)
PLOT = option("--plot", type=Path, metavar="OUT.svg", help="draw the p50 over the size into this file")
SIZE = option("--size", type=on.positive, help="fill the collections up to so many passages, as growth does")
TOOLS = option("corpus", metavar="TOOLS.jsonl", type=Path, help="tools, one {name, description, …} a line")
COMMANDS = (
    Command("speed fast", fast.__doc__, QUESTIONS, fast),
    Command("speed graph", graph.__doc__, QUESTIONS, graph),
    Command("speed batch", batch.__doc__, QUESTIONS, batch),
    Command("speed growth", growth.__doc__, (*QUESTIONS, SIZES, PLOT), growth),
    Command("speed lexical", lexical.__doc__, (FOLDERS, SPLIT, LIMIT, SIZE, on.UNTITLED), lexical),
    Command("speed catalogue", catalogue.__doc__, (TOOLS, LIMIT), catalogue),
)


if __name__ == "__main__":
    from .__main__ import main

    sys.exit(on.run(lambda: main(["speed", *sys.argv[1:]])))
