"""`polyhop eval`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .common import CHOICES, Json, Names, command, note, opened, print_json, progress_bar

if TYPE_CHECKING:
    from rich.table import Table

    from ...core.settings import Settings
    from ..agent import Agent
    from ..evaluate.calibrate import CalibrationReport
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
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Compare nothing: calibrate the probabilities of the collection.")
    ] = False,
    collection: Names = None,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Compare polyhop with plain searches on questions of your own whose passages you know.

    Gold is a document key, a title or a passage id, or an object with
    title and text. Gold that the collection lacks is listed and counts as
    missed. An unknown part is answered with the list of parts.

    With --calibrate the sufficiency of passages, and the confidence of
    answers where questions have an answer, are calibrated to the
    collection and the profile, and stay so until the next time.
    """
    from ..evaluate.questions import read_questions

    if calibrate and (without or plus):
        raise CallerError("--calibrate compares nothing; leave --without and --with out")
    questions = read_questions(file, limit)
    with opened(settings, *(collection or ["default"])) as agent, progress_bar() as bar:
        task = bar.add_task("asking", total=len(questions))
        if calibrate:
            report = agent.calibrate(questions, advance=lambda amount: bar.advance(task, amount))
            bar.stop()
            return _show_calibration(report, _facts(file, agent, settings), as_json=as_json)
        found = agent.evaluate(
            questions,
            without=_names(without),
            plus=_names(plus),
            seed=seed,
            advance=lambda amount: bar.advance(task, amount),
        )
        facts = _facts(file, agent, settings) | {"seed": seed}
    _show(found, facts, as_json=as_json)


def _facts(file: Path, agent: Agent, settings: Settings) -> dict[str, Any]:
    return {"file": str(file), "embedder": agent.retriever.embedder.name, "profile": settings.profile}


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _show(found: Evaluation, facts: dict[str, Any], *, as_json: bool) -> None:
    from ..show import evaluation_table

    _print(found, facts, lambda: evaluation_table(found, facts["file"]), as_json=as_json)


def _show_calibration(report: CalibrationReport, facts: dict[str, Any], *, as_json: bool) -> None:
    from ..show import calibration_table

    _print(report, facts, lambda: calibration_table(report, facts["profile"]), as_json=as_json)


def _print(
    found: Evaluation | CalibrationReport, facts: dict[str, Any], table: Callable[[], Table], *, as_json: bool
) -> None:
    """Print figures as JSON or as a table, and beside the table what gold is not there."""
    from ..show import console, counted

    if as_json:
        from .. import __version__

        print_json({**facts, "polyhop_version": __version__, **found.to_dict()})
        return
    screen = console()
    if not screen.is_terminal:
        screen.width = WIDTH
    screen.print(table())
    if found.missing:
        said = f"{counted(len(found.missing), 'gold passage')} not in the collection, counted as missed"
        more = ", …" if len(found.missing) > SHOWN else ""
        note(f"{said}: {', '.join(found.missing[:SHOWN])}{more}; `polyhop list` shows keys and titles")


# Of a table that is not written to a terminal.
WIDTH = 160
