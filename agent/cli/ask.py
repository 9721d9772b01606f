"""`polyhop ask` and `polyhop retrieve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from .common import Home, Json, Names, Where, guarded, load_settings, note, opened, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from ..agent import Agent
    from ..asking import Asking
    from ..results import Answer, Retrieval

Question = Annotated[str, typer.Argument(help="The question.", show_default=False)]
K = Annotated[int | None, typer.Option("-k", help="Passages to return.  [POLYHOP_K; 5]", show_default=False)]
Hops = Annotated[int | None, typer.Option(help="Searches at the most, the first included.  [POLYHOP_HOPS; 2]")]
Updaters = Annotated[
    str,
    typer.Option(
        help="What proposes hops: link, span, treehop, directional, pagerank, shared.  [POLYHOP_UPDATERS; link]"
    ),
]
Explain = Annotated[bool, typer.Option("--explain", help="Show whole passages, why each is there, and every step.")]
Fusion = Annotated[
    str, typer.Option(help="How rankings are fused: rrf, minmax, adaptive, guided.  [POLYHOP_FUSION; rrf]")
]


@guarded
def ask(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    hops: Hops = None,
    updaters: Updaters = "",
    fusion: Fusion = "",
    thread: Annotated[str, typer.Option(help="Name of a run that can be resumed; needs --checkpoints.")] = "",
    checkpoints: Annotated[Path | None, typer.Option(help="SQLite file that keeps such runs.")] = None,
    explain: Explain = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Answer a question, with the passages and the hops that led to them."""
    from ..show import console

    settings = load_settings(home=home, hops=hops, updaters=updaters, fusion=fusion)
    options: Asking = {"where": where, "thread": thread}
    with opened(settings, *(collection or ["default"]), checkpoints=checkpoints) as agent:
        if as_json:
            print_json(agent.ask(question, k, **options).to_dict())
            return
        screen = console()
        show_answer(stream(agent, question, screen, k=k, explain=explain, **options), screen, explain=explain)


@guarded
def retrieve(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    hops: Hops = None,
    updaters: Updaters = "",
    fusion: Fusion = "",
    explain: Explain = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find the passages that together answer a question."""
    from ..show import console, passages, timings

    settings = load_settings(home=home, hops=hops, updaters=updaters, fusion=fusion)
    with opened(settings, *(collection or ["default"])) as agent:
        found: Retrieval = agent.retrieve(question, k, where=where)
    if as_json:
        print_json(found.to_dict())
        return
    screen = console()
    screen.print(passages(found, whole=explain))
    screen.print(timings(found.events, found.stopped))
    for notice in found.notices:
        note(notice)


def stream(
    agent: Agent, question: str, screen: Console, *, k: int | None, explain: bool, **options: Unpack[Asking]
) -> Answer:
    """Ask, showing the steps on a terminal (and elsewhere if they are to be explained), and return the answer."""
    from ..results import Answer
    from ..show import event_line

    for item in agent.stream(question, k, **options):
        if isinstance(item, Answer):
            return item
        if (screen.is_terminal or explain) and (line := event_line(item)):
            screen.print(line)
    raise RuntimeError("the run ended without an answer")


def show_answer(said: Answer, screen: Console, *, explain: bool = False) -> None:
    """Print hops, passages, answer and timings."""
    from .. import show

    screen.print(show.heading("Hops"), show.hop_tree(said.retrieval), sep="\n")
    screen.print(show.heading("Passages"), show.passages(said.retrieval, whole=explain), sep="\n")
    screen.print(show.heading(show.answer_kind(said)), show.answer(said), sep="\n")
    screen.print()
    screen.print(show.timings(said.retrieval.events, said.retrieval.stopped))
    for notice in said.notices:
        note(notice)
