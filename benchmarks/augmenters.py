"""Never, always, twice, and behind a gate: asking all of them each question, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, Config, Settings
from polyhop.agent.evaluate.compare import ask
from polyhop.agent.evaluate.remember import Memory, Remembering
from polyhop.agent.evaluate.systems import Account, account, retrieval
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.role import AUGMENTERS

from .common import bar, serve

NEVER, ALWAYS, REPEAT, GATE = "never", "always", "repeat", "gate"
#: Documents of a question, and passages to ask for at first, since some are of one document.
DEPTH, PASSAGES = 5, 20


def gate(name: str, file: Path | None, threshold: float) -> Gate:
    """Return the gate of an augmenter, from a file or with the weights that come along."""
    return Gate(name, threshold) if file is None else Gate(name, threshold, file)


def profiles(name: str, file: Path | None, threshold: float) -> dict[str, Config]:
    """Return what is compared, all with the default parts."""
    never = Config.of(Settings(profile="fast"))
    always = replace(never, augment=AUGMENTERS.make(name))
    gated = replace(always, gate=gate(name, file, threshold))
    return {NEVER: never, ALWAYS: always, REPEAT: replace(never, augment=AUGMENTERS.make(REPEAT)), GATE: gated}


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Return for each system documents, milliseconds and whether it augmented, by question."""
    made = profiles(job["augment"], Path(job["file"]) if job["file"] else None, job["threshold"])
    with Collection.open(job["home"], job["name"]) as collection, bar(job["title"], len(job["questions"])) as advance:
        memory = Memory()
        systems = {name: _asking(Remembering(collection, memory), profile) for name, profile in made.items()}
        asked = ask(systems, job["questions"], memory=memory, warm=systems[ALWAYS], advance=advance)
    return {name: _answers(answers) for name, answers in asked.items()}


def _asking(retriever: Remembering, profile: Config) -> Callable[[str], Account]:
    retrieve = retrieval(retriever, profile)
    return lambda question: account(retrieve, question, DEPTH, passages=PASSAGES)


def _answers(answers: Sequence[tuple[Account, float]]) -> dict[str, Any]:
    return {
        "rankings": [list(one.documents) for one, _ in answers],
        "augmented": [one.augmented for one, _ in answers],
        "chances": [one.chance for one, _ in answers],
        "ms": [ms for _, ms in answers],
    }


if __name__ == "__main__":
    serve(ask_all)
