"""`polyhop train`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import Json, Name, command, opened, print_json, progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress

    from ...core.settings import Settings
    from ...training.harness import TrainingWatcher
    from ...training.treehop.train import TrainingReport

Questions = Annotated[
    Path | None, typer.Option(help="JSON lines of your own: question, and gold: keys, titles or {title, text}.")
]


@command("home")
def train(
    *,
    collection: Name = "default",
    questions: Questions = None,
    hops: Annotated[int, typer.Option(min=0, help="Examples to make of passages that name each other.")] = 20_000,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times to go through the examples, at the most.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same weights.")] = 0,
    out: Annotated[Path | None, typer.Option(help="The file to write; by default beside the collection.")] = None,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Train the treehop updater for a collection; a killed run goes on where it was.

    Exit code 1 says that the network does not beat plain search on
    questions kept apart; it is not saved then.
    """
    from ...retrieval.hop.treehop_network import FILE
    from ...training.treehop.examples import gather
    from ...training.treehop.network import TreeHopRecipe
    from ...training.treehop.train import Work
    from ...training.treehop.train import train as train_on

    recipe = TreeHopRecipe(seed=seed) if epochs is None else TreeHopRecipe(seed=seed, epochs=epochs)
    with _watching() as watcher:
        with opened(settings, collection) as agent:
            found = gather(agent.collection, questions=questions, hops=hops, seed=seed, watcher=watcher)
            beside = agent.collection.folder / FILE
        work = Work(out or beside, settings.cache, watcher)
        report = train_on(found.examples, found.pool, found.embedder, recipe, work=work)
    _show(report, used=out is None, as_json=as_json)


def _show(report: TrainingReport, *, used: bool, as_json: bool) -> None:
    from ..show import console, table

    if as_json:
        print_json(report.facts())
        return
    verdict, kinds = report.verdict, report.data["kinds"]
    single = f"{100 * report.hop_recall:.1f} %, without the network {100 * report.hop_recall_without:.1f} %"
    facts: dict[str, Any] = {
        "examples": ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()),
        "kept apart": f"{report.data['heldout']:,} examples, {verdict.questions:,} questions",
        "next passage": f"among the first five for {single}",
        "all passages": verdict.line(),
        "checkpoint": f"{report.digest} in {report.out}",
    }
    screen = console()
    screen.print(table(facts))
    how = "POLYHOP_UPDATERS=link,treehop" if used else f"POLYHOP_UPDATERS=link,treehop={report.out}"
    screen.print(f"use it: {how} polyhop ask QUESTION", style="dim", soft_wrap=True)


@contextmanager
def _watching() -> Iterator[TrainingWatcher]:
    """Show lines, and on a terminal a bar, on standard error while training goes on."""
    with progress_bar() as progress:
        yield _TrainingProgress(progress)


class _TrainingProgress:
    """A watcher with one bar, for the work that is under way."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._what = ""
        self._task = progress.add_task("", total=None)

    def say(self, message: str) -> None:
        """Print a line above the bar."""
        from ..show import plain

        self._progress.console.print(plain(message), style="dim", soft_wrap=True)

    def step(self, what: str, done: int, total: int) -> None:
        """Move the bar; another work begins it anew."""
        if what != self._what:
            self._what = what
            self._progress.reset(self._task, description=what)
        self._progress.update(self._task, completed=done, total=total)
