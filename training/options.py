"""What the command lines of the trainers share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn, get_args, get_type_hints

from ..core.errors import CallerError, PolyhopError

#: a step of a training: from what was given to the facts that are printed
Step = Callable[[argparse.Namespace], Mapping[str, Any]]


class Parser(argparse.ArgumentParser):
    """A command line whose mistakes are told in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise CallerError(f"{self.prog}: {message}; see --help")


def stepwise(program: str, doc: str | None) -> tuple[Parser, Any]:
    """Return the command line of a training in several steps, and where these are added."""
    parser = Parser(program, description=doc, formatter_class=argparse.RawTextHelpFormatter)
    return parser, parser.add_subparsers(dest="step", required=True)


def take(parser: Parser, arguments: Sequence[str], steps: Mapping[str, Step]) -> int:
    """Take the step that the arguments name and return the exit code."""

    def work() -> Mapping[str, Any]:
        given = parser.parse_args(arguments)
        return steps[given.step](given)

    return told(work)


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Let the command line name questions with gold passages, and what else is searched beside these."""
    parser.add_argument("questions", nargs="+", type=Path, help="JSON lines: question, gold, distractors")
    parser.add_argument("--corpus", action="append", type=Path, default=[], help="JSON lines of more passages")
    parser.add_argument(
        "--apart", action="append", type=Path, default=[], help="questions whose gold passages are left out"
    )
    parser.add_argument("--limit", type=int, default=0, help="questions to take of each file; 0 takes all")
    parser.add_argument("--others", type=int, default=5_000, help="passages to draw from the corpora")
    parser.add_argument("--untitled", action="store_true", help="leave the titles out")
    parser.add_argument("--home", type=Path, help="folder for the collection, in the cache by default")


def told(work: Callable[[], Mapping[str, Any]]) -> int:
    """Do the work of a command, print its facts, and return the exit code; what went wrong is told in one line."""
    try:
        facts = work()
    except KeyboardInterrupt:
        return 130
    except PolyhopError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(facts, indent=2))
    return 0


def with_parts(base: Any, settings: Sequence[str]) -> Any:
    """Return a recipe with parts replaced, each `NAME=VALUE` and read as the type that the part has."""
    hints = get_type_hints(type(base))
    kinds = {one.name: type(getattr(base, one.name)) for one in fields(base)}
    known = {name: kind for name, kind in kinds.items() if kind in (bool, int, float, str)}
    lists = {one.name for one in fields(base) if hints[one.name] == tuple[int, ...]}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name in lists:
            base = replace(base, **{name: _numbers(setting, text)})
            continue
        if name not in known:
            parts = sorted([*known, *lists])
            raise CallerError(f"--set {setting!r}: no part of the recipe is called so; choose among {parts}")
        try:
            value = json.loads(text) if known[name] is not str else text
        except ValueError:
            value = None
        if not isinstance(value, (int, float) if known[name] is float else known[name]):
            raise CallerError(f"--set {setting!r}: a value of type {known[name].__name__} is expected")
        if (choices := get_args(hints[name])) and value not in choices:
            raise CallerError(f"--set {setting!r}: choose among {list(choices)}")
        base = replace(base, **{name: value})
    return base


def _numbers(setting: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise CallerError(f"--set {setting!r}: whole numbers with commas between them are expected") from None
