"""The rerankers that are compared, and asking all of them one question after the other, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, Config, Settings
from polyhop.agent.evaluate.compare import ask
from polyhop.agent.evaluate.remember import Memory, Remembering
from polyhop.agent.evaluate.systems import Account, account, retrieval
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.cross import CrossEncoder
from polyhop.retrieval.rerank.listwise import Listwise
from polyhop.retrieval.rerank.rocchio import Rocchio
from polyhop.retrieval.rerank.role import Reranker

from .common import bar, serve

FAST, LIGHT, QUALITY = "fast", "light", "quality"
DEPTH = 10
#: Passages to ask for at first, since some are of one document.
PASSAGES = 20
#: Those that read no text: what they are called, and what they are.
CHEAP: Mapping[str, Sequence[Reranker]] = {
    "listwise": (Listwise(),),
    "listwise+cover": (Listwise(), Cover()),
    "rocchio": (Rocchio(),),
}


def profiles(pairs: Sequence[int], files: Sequence[Path]) -> dict[str, Config]:
    """Return what is compared, by name: `fast`, each reranker after it, and `quality` with other numbers of pairs.

    What would be the same as one before it is left out.

    Args:
        pairs: passages that a cross-encoder reads; 0 leaves it out of the chain.
        files: weights of more cross-encoders than the one that comes along.
    """
    fast, quality = (Config.of(Settings(profile=name)) for name in (FAST, QUALITY))
    found = {FAST: fast} | {name: replace(fast, rerankers=tuple(chain)) for name, chain in CHEAP.items()}
    shipped = CrossEncoder()
    for file, mark in [(shipped.file, ""), *((file, f" {file.stem}") for file in files)]:
        for depth in filter(None, pairs):
            found[f"cross{mark} {depth}"] = replace(fast, rerankers=(replace(shipped, depth=depth, file=file),))
        for depth in pairs:
            found[f"chain{mark} {depth}"] = replace(quality, rerankers=_reading(quality.rerankers, depth, file))
    found[LIGHT] = replace(Config.of(Settings(profile="auto")), sure=0.0)
    found[QUALITY] = quality
    kept: dict[str, Config] = {}
    for name, profile in found.items():
        if name in (LIGHT, QUALITY) or profile not in (*kept.values(), quality):
            kept[name] = profile
    return kept


def _reading(chain: Sequence[Reranker], depth: int, file: Path) -> tuple[Reranker, ...]:
    """Return a chain whose cross-encoder reads so many passages, or that has none."""
    read = [replace(one, depth=depth, file=file) if isinstance(one, CrossEncoder) else one for one in chain]
    return tuple(one for one in read if depth or not isinstance(one, CrossEncoder))


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Return for each system documents, sufficiency, second looks and milliseconds of each question.

    All share one memory of look-ups. The slowest comes first and is asked once more than counts, so that what texts
    cost when they are met for the first time counts for no system.
    """
    made = profiles(job["pairs"], [Path(file) for file in job["files"]])
    with Collection.open(job["home"], job["name"]) as collection, bar(job["title"], len(job["questions"])) as advance:
        memory = Memory()
        remembering = Remembering(collection, memory)
        systems = {name: _asking(remembering, profile) for name, profile in made.items()}
        for search in systems.values():
            search(job["questions"][0])
        asked = ask(systems, job["questions"], memory=memory, warm=systems[QUALITY], advance=advance)
    return {name: _figures(answers) for name, answers in asked.items()}


def _asking(retriever: Remembering, profile: Config) -> Callable[[str], Account]:
    retrieve = retrieval(retriever, profile)
    return lambda question: account(retrieve, question, DEPTH, passages=PASSAGES)


def _figures(answers: Sequence[tuple[Account, float]]) -> dict[str, Any]:
    return {
        "rankings": [list(one.documents) for one, _ in answers],
        "sufficiency": [one.sufficiency for one, _ in answers],
        "again": [one.again for one, _ in answers],
        "ms": [ms for _, ms in answers],
    }


if __name__ == "__main__":
    serve(ask_all)
