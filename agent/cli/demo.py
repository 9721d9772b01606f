"""`polyhop demo`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .ask import show_answer, stream
from .common import Home, guarded, load_settings, opened
from .index import watching

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from ..agent import Agent

COLLECTION = "example"
TYPES = ("compositional", "inference", "bridge comparison")


@guarded
def demo(*, home: Home = None) -> None:
    """Index the example corpus and answer three questions from it, a minute at most."""
    from .. import example, show

    settings = load_settings(home=home)
    screen = show.console()
    screen.print(f"The example corpus goes into collection {COLLECTION!r} in {str(settings.home)!r}.", soft_wrap=True)
    with opened(settings, COLLECTION, create=True) as agent, example.passages_path() as path:
        _index(agent, path, screen)
        questions = example.questions()
        for number, kind in enumerate(TYPES, start=1):
            chosen = next(one for one in questions if one.type == kind)
            screen.print()
            screen.print(f"── {number} of {len(TYPES)}: {kind} ──", style="bold cyan")
            said = stream(agent, chosen.question, screen, k=None, explain=False)
            show_answer(said, screen)
            screen.print(f"The data set's answer is: {chosen.answer}", style="dim")
    screen.print()
    screen.print("── Now you ──", style="bold cyan")
    where = f" --home {home}" if home else ""
    screen.print(f'polyhop ask "{questions[1].question}" --collection {COLLECTION}{where}', soft_wrap=True)
    screen.print(f"polyhop index PATH{where}      your own files, then: polyhop ask QUESTION{where}", soft_wrap=True)


def _index(agent: Agent, path: Path, screen: Console) -> None:
    began = time.monotonic()
    with watching() as watcher:
        report = agent.index([path], watcher=watcher)
    # Another installation may have left the same corpus here under its own path.
    other = [key for key, _, source in agent.collection.documents() if source != str(path)]
    if other:
        agent.collection.remove(other)
    documents = agent.collection.status()["documents"]
    seconds = time.monotonic() - began
    screen.print(f"{documents} documents, {report.embedded} passages embedded now, {seconds:.1f} s.")
