"""`polyhop ask` and `polyhop retrieve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Unpack

import typer

from .common import Json, Names, Where, guarded, note, opened, print_json, settled

if TYPE_CHECKING:
    from rich.console import Console

    from ...core.settings import Settings
    from ..agent import Agent
    from ..chat import Chat
    from ..options import QuestionOptions
    from ..results import Answer, Retrieval

Question = Annotated[str, typer.Argument(help="The question.", show_default=False)]
K = Annotated[int | None, typer.Option("-k", help="Passages to return.  [POLYHOP_K; 5]", show_default=False)]
Explain = Annotated[bool, typer.Option("--explain", help="Show whole passages, why each is there, and every step.")]


@guarded
@settled
def ask(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    thread: Annotated[str, typer.Option(help="Name of a run that can be resumed; needs --checkpoints.")] = "",
    checkpoints: Annotated[Path | None, typer.Option(help="SQLite file that keeps such runs.")] = None,
    explain: Explain = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Answer a question, with the passages and the hops that led to them."""
    from ..show import console

    options: QuestionOptions = {"where": where, "thread": thread}
    with opened(settings, *(collection or ["default"]), checkpoints=checkpoints) as agent:
        if as_json:
            print_json(agent.ask(question, k, **options).to_dict())
            return
        screen = console()
        show_answer(stream(agent, question, screen, k=k, explain=explain, **options), screen, explain=explain)


@guarded
@settled
def retrieve(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    explain: Explain = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Find the passages that together answer a question."""
    from ..show import console, passages, summary

    with opened(settings, *(collection or ["default"])) as agent:
        found: Retrieval = agent.retrieve(question, k, where=where)
    if as_json:
        print_json(found.to_dict())
        return
    screen = console()
    screen.print(passages(found, whole=explain))
    screen.print(summary(found, whole=explain))
    for notice in found.notices:
        note(notice)


def stream(
    agent: Agent | Chat,
    question: str,
    screen: Console,
    *,
    k: int | None,
    explain: bool,
    **options: Unpack[QuestionOptions],
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
    if said.retrieval.sub_questions:
        screen.print(show.heading("Sub-questions"), show.sub_questions(said.retrieval), sep="\n")
    screen.print(show.heading("Passages"), show.passages(said.retrieval, whole=explain), sep="\n")
    screen.print(show.heading(show.answer_kind(said)), show.answer(said), sep="\n")
    screen.print()
    screen.print(show.summary(said.retrieval, whole=explain))
    for notice in said.notices:
        note(notice)
