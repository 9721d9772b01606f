"""What the commands share: options, errors turned into messages and exit codes, output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import typer

from ...core.errors import CallerError, PolyhopError
from ...core.json_text import json_text
from ...core.private import redacted

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from ...core.settings import Settings
    from ...encoders import Encoder
    from ..agent import Agent

BUG = 70  # EX_SOFTWARE of sysexits.h
INTERRUPTED = 130

Home = Annotated[Path | None, typer.Option(help="Folder of the collections.  [POLYHOP_HOME; .polyhop]")]
Name = Annotated[str, typer.Option("--collection", "-c", help="The collection.")]
Names = Annotated[
    list[str] | None, typer.Option("--collection", "-c", help="A collection; several are searched as one.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Where = Annotated[str, typer.Option("--where", "-w", help="A filter, such as \"year >= 2020 and lang = 'en'\".")]
EmbedderName = Annotated[
    str, typer.Option("--embedder", help="all-MiniLM-L6-v2, a sentence-transformers model, or module:Class.")
]

#: The options that choose settings, by the name of the setting.
CHOICES: Mapping[str, Any] = {
    "profile": Annotated[
        str,
        typer.Option(
            help="fast; quality: looks again at every ranking; auto: at those not sure.  [POLYHOP_PROFILE; fast]"
        ),
    ],
    "max_hops": Annotated[int | None, typer.Option(help="Hops at the most, 0 for none.  [POLYHOP_MAX_HOPS; 1]")],
    "hops": Annotated[int | None, typer.Option(hidden=True)],
    "updaters": Annotated[
        str,
        typer.Option(
            help="What proposes hops: link, span, treehop, directional, pagerank, shared.  [POLYHOP_UPDATERS; link]"
        ),
    ],
    "fusion": Annotated[str, typer.Option(hidden=True)],
    "home": Home,
}
_NOT_GIVEN: Mapping[str, Any] = {"max_hops": None, "hops": None, "home": None}

T = TypeVar("T")


class Debug:
    """Whether tracebacks are wanted: by `--debug` or by the log level."""

    on = False


def command(*choices: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return the decorator that makes a function a command.

    What it raises becomes one message on standard error and an exit code. The options `choices`, of `CHOICES`, are
    added to its own; it takes the settings that they make as `settings`.
    """

    def decorate(function: Callable[..., T]) -> Callable[..., T]:
        @wraps(function)
        def run(**options: Any) -> T:
            try:
                given = {name: options.pop(name) for name in choices}
                return function(**options, **({"settings": load_settings(**given)} if choices else {}))
            except (typer.Exit, typer.Abort, BrokenPipeError):
                raise
            except KeyboardInterrupt as stop:
                complain("stopped; whatever was written up to now is safe, and the same command goes on from there")
                raise typer.Exit(INTERRUPTED) from stop
            except Exception as error:
                raise typer.Exit(explain_error(error)) from error

        # Typer reads the signature; it would not evaluate annotations that are left as text in one made here.
        run.__annotations__ = {name: kind for name, kind in function.__annotations__.items() if name != "settings"}
        kinds = {**get_type_hints(run, function.__globals__, include_extras=True), **CHOICES}
        own = [one for one in signature(function).parameters.values() if one.name != "settings"]
        chosen = [Parameter(name, Parameter.KEYWORD_ONLY, default=_NOT_GIVEN.get(name, "")) for name in choices]
        parameters = [one.replace(annotation=kinds[one.name]) for one in (*own, *chosen)]
        run.__annotations__ = kinds
        run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def complain(message: str) -> None:
    """Write a message to standard error, in red on a terminal."""
    from ..show import console, plain

    console(stderr=True).print(f"polyhop: {plain(redacted(message))}", style="red")


def note(message: str) -> None:
    """Write a remark to standard error."""
    from ..show import console, plain

    console(stderr=True).print(f"polyhop: {plain(message)}", style="yellow")


def progress_bar(*columns: ProgressColumn | str) -> Progress:
    """Return a progress bar that stands on a terminal's standard error while it is entered."""
    from rich.progress import Progress

    from ..show import console

    screen = console(stderr=True)
    return Progress(
        *columns or Progress.get_default_columns(), console=screen, transient=True, disable=not screen.is_terminal
    )


def explain_error(error: Exception) -> int:
    """Write on standard error what went wrong, and return the exit code for it."""
    if isinstance(error, PolyhopError):
        complain(str(error))
        code = error.exit_code
    else:
        first = (str(error).splitlines() or [""])[0][:300]
        complain(f"{type(error).__name__}: {first}\nthis is a bug in polyhop; --debug before the command shows where")
        code = BUG
    if Debug.on:
        import traceback

        print(redacted("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    return code


def load_settings(**given: Any) -> Settings:
    """Return the settings, those given on the command line first, and set up logging by them."""
    import warnings

    from pydantic import ValidationError

    from ...core.logs import configure
    from ...core.settings import Settings

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", DeprecationWarning)
            settings = Settings(**{name: value for name, value in given.items() if value not in (None, "")})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        said = f"--{name.replace('_', '-')} or POLYHOP_{name.upper()}" if name in given else f"POLYHOP_{name.upper()}"
        raise CallerError(f"{said} is {first['input']!r}: {first['msg'].lower()}") from error
    for one in told:
        note(str(one.message))
    configure("debug" if Debug.on else settings.log)
    Debug.on = Debug.on or settings.log.lower() == "debug"
    return settings


@contextmanager
def opened(
    settings: Settings, *names: str, embedder: str | Encoder = "", create: bool = False, **more: Any
) -> Iterator[Agent]:
    """Open an agent, say what was repaired, and close it."""
    from ...encoders import load
    from ..agent import Agent

    chosen = (load(embedder, settings) if embedder else None) if isinstance(embedder, str) else embedder
    with Agent.open(settings.home, *names, create=create, embedder=chosen, settings=settings, **more) as agent:
        for collection in agent.collections:
            for notice in collection.notices:
                note(f"collection {collection.name!r}: {notice}")
        yield agent


def print_json(value: Any) -> None:
    """Print one JSON document; characters that standard output cannot encode are escaped."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json_text(value, indent=2, default=str) if utf8 else json.dumps(value, indent=2, default=str))
