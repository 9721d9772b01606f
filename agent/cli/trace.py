"""`polyhop trace`: the runs that were kept."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.errors import CallerError
from .ask import Svg, draw, one_output, to_stdout
from .collections import FAULT
from .common import Json, Names, command, note, print_json

if TYPE_CHECKING:
    from ...core.settings import Settings


@command("home")
def trace(
    run: Annotated[
        str, typer.Argument(help="A kept run, by its id or `last`, or a file; without it all are listed.")
    ] = "",
    *,
    replay: Annotated[
        bool, typer.Option("--replay", help="Ask again as it was asked; exit code 1 if anything differs.")
    ] = False,
    svg: Svg = None,
    collection: Names = None,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Show kept runs (--keep, POLYHOP_RUNS): steps, hops, what was left out, answer; or ask one again."""
    from ..traces import RunStore, read

    one_output(svg, as_json=as_json)
    runs = RunStore(settings.home)
    if not run:
        if replay or svg:
            raise CallerError("say which run: its id, `last` or a file; `polyhop trace` lists them")
        _listed(runs.list(), as_json=as_json)
        return
    record = read(Path(run)) if Path(run).is_file() else runs.get(run)
    if replay:
        _replayed(record, settings, collection or (), svg=svg, as_json=as_json)
        return
    draw(record["result"], svg)
    if as_json:
        print_json(record)
    elif not to_stdout(svg):
        _shown(record)


def _listed(runs: list[dict[str, Any]], *, as_json: bool) -> None:
    from .. import show

    if as_json:
        print_json(runs)
    elif runs:
        show.console().print(show.kept_runs(runs))
    else:
        note("no run is kept here; ask with --keep, or set POLYHOP_RUNS")


def _shown(record: Any) -> None:
    from .. import show
    from ..results import Answer
    from ..traces import result_of
    from .ask import show_answer

    screen = show.console()
    result = result_of(record)
    found = result.retrieval if isinstance(result, Answer) else result
    screen.print(show.kept_run(record), show.heading("Steps"), show.steps(found.events), sep="\n")
    if isinstance(result, Answer):
        show_answer(result, screen, explain=True)
        return
    screen.print(show.heading("Hops"), show.hop_tree(found), sep="\n")
    screen.print(show.heading("Passages"), show.passages(found, whole=True), sep="\n")
    if found.left_out:
        screen.print(show.left_out(found))
    screen.print(show.summary(found, whole=True))


def _replayed(record: Any, settings: Settings, names: Any, *, svg: Path | None, as_json: bool) -> None:
    """Ask again and say what differs; the exit code says whether anything does."""
    from .. import show
    from ..traces import replay

    again = replay(record, settings.home, names)
    draw(again.result, svg)
    if as_json:
        print_json(asdict(again))
    elif not to_stdout(svg):
        show.console().print(show.replayed(again))
        for notice in again.notices:
            note(notice)
    if not again.same:
        raise typer.Exit(FAULT)
