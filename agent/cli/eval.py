"""`polyhop eval`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import CHOICES, Json, Names, command, note, opened, print_json, progress_bar

if TYPE_CHECKING:
    from ...core.settings import Settings
    from ..evaluate.compare import Evaluation

SHOWN = 5


@command(*CHOICES)
def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help="JSON lines: objects with question and gold, a list of keys or titles.", show_default=False
        ),
    ],
    *,
    without: Annotated[str, typer.Option(help="Parts to leave out, each in a variant: link,named,…")] = "",
    plus: Annotated[str, typer.Option("--with", help="Parts to add, each in a variant: shared,hops=3,…")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only the first questions.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")] = 0,
    collection: Names = None,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Compare polyhop with plain searches on questions of your own whose passages you know.

    Gold is a document key, a title or a passage id, or an object with
    title and text. Gold that the collection lacks is listed and counts as
    missed. An unknown part is answered with the list of parts.
    """
    from ..evaluate.questions import read_questions

    questions = read_questions(file, limit)
    with opened(settings, *(collection or ["default"])) as agent, progress_bar() as bar:
        task = bar.add_task("asking", total=len(questions))
        found = agent.evaluate(
            questions,
            without=_names(without),
            plus=_names(plus),
            seed=seed,
            advance=lambda amount: bar.advance(task, amount),
        )
        facts = {
            "file": str(file),
            "embedder": agent.retriever.embedder.name,
            "profile": settings.profile,
            "seed": seed,
        }
    _show(found, facts, as_json=as_json)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _show(found: Evaluation, facts: dict[str, Any], *, as_json: bool) -> None:
    from ..show import console, counted, evaluation_table

    if as_json:
        from .. import __version__

        print_json({**facts, "polyhop_version": __version__, **found.to_dict()})
        return
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDTH
    screen.print(evaluation_table(found, facts["file"]))
    if found.missing:
        said = f"{counted(len(found.missing), 'gold passage')} not in the collection, counted as missed"
        more = ", …" if len(found.missing) > SHOWN else ""
        note(f"{said}: {', '.join(found.missing[:SHOWN])}{more}; `polyhop list` shows keys and titles")


# Of a table that is not written to a terminal.
WIDTH = 160
