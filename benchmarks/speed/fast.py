"""One question of the default profile against one embedding and one hybrid search, question by question."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from polyhop.agent import Agent, Collection

from ..common import progress
from ..data import Source
from ..indexes import ensure
from .search import hybrid
from .timing import milliseconds, percentile, ratio

K = 5
WARM = 8
WARM_CHARACTERS = 80

Ask = Callable[[str], Any]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the p50 of a question and of the plain search, both with their passages read, and the ratio of the two."""
    source = Source(options.folder.absolute())
    corpus = source.corpus()
    questions = [question.text for question in source.questions(options.split, options.limit)]
    index = ensure(source, corpus)
    # Openings of passages warm both up: no question is asked before its time is taken.
    warm = [document.text[:WARM_CHARACTERS] for document in list(corpus.values())[:WARM]]
    with Collection.open(index.home, index.name) as collection:
        ways: dict[str, Ask] = {
            "embedding and hybrid search": partial(plain, collection),
            "polyhop": partial(Agent(collection).retrieve, k=K),
        }
        for number, question in enumerate(warm):
            _once(ways, question, number)
        asked = enumerate(progress(questions, "fast", len(questions)))
        times = [_once(ways, question, number) for number, question in asked]
    return _figures(times)


def plain(collection: Collection, question: str) -> Any:
    """Embed, search both ways, fuse, and read the first passages."""
    return collection.passages([hit.id for hit in hybrid(collection, question)[:K]])


def _once(ways: dict[str, Ask], question: str, number: int) -> dict[str, float]:
    """Time one question in each way, taking turns in who comes first and fills the caches."""
    turns = list(ways.items()) if number % 2 else list(reversed(ways.items()))
    return {name: milliseconds(partial(ask, question))[0] for name, ask in turns}


def _figures(times: Sequence[dict[str, float]]) -> dict[str, Any]:
    columns = {name: [spent[name] for spent in times] for name in sorted(times[0])}
    base, mine = (percentile(ms) for ms in columns.values())
    rows = [{"what": what, "p50 ms": percentile(ms), "p95 ms": percentile(ms, 95)} for what, ms in columns.items()]
    return {"questions": len(times), "ratio": ratio(mine, base), "rows": rows}
