"""What every training does: read its command line and its examples, tell how far it is, and write what it made.

A training is a module that declares a `Step`, or several by name, and calls `run`.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace, RawTextHelpFormatter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ..core.errors import CallerError, PolyhopError
from ..core.files import read_rows, write_whole
from ..core.weights_file import Linear

T = TypeVar("T")

DIGITS = 6  # of the weights of linear units
DRAWS = 2_000  # of the bootstrap

Option = tuple[str, dict[str, Any]]


class NotBetter(PolyhopError):
    """What was trained does not beat what needs no training on the questions kept apart, so it was not saved."""

    exit_code = 1


class TrainingParser(ArgumentParser):
    """A command line whose mistakes are told in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise CallerError(f"{self.prog}: {message}; see --help")


def option(flag: str, explained: str = "", **more: Any) -> Option:
    """Return an option of a command line, in the words of `argparse`."""
    return flag, {"help": explained, **more}


def path(flag: str, explained: str, **more: Any) -> Option:
    """Return an option that names a file or a folder."""
    return option(flag, explained, type=Path, **more)


def paths(flag: str, explained: str) -> Option:
    """Return an option that may be given several times, with a file each."""
    return path(flag, explained, action="append", default=[])


SET = option("--set", "part of the recipe", action="append", default=[], metavar="NAME=VALUE")
OUT = path("--out", "file to write", required=True)
#: questions with gold passages, and what else is searched beside these
SOURCES = (
    path("questions", "JSON lines: question, gold, distractors", nargs="+"),
    paths("--corpus", "JSON lines of more passages"),
    paths("--apart", "questions whose gold passages are left out"),
    option("--limit", "questions to take of each file; 0 takes all", type=int, default=0),
    option("--others", "passages to draw from the corpora", type=int, default=5_000),
    option("--untitled", "leave the titles out", action="store_true"),
    path("--home", "folder for the collection, in the cache by default"),
    path("--files", "folder whose files are searched in the place of passages"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a training: what it does with what was given, which returns the facts to print, and its options."""

    work: Callable[[Namespace], Mapping[str, Any]]
    options: Sequence[Option]
    explained: str = ""


def run(program: str, doc: str | None, steps: Step | Mapping[str, Step], arguments: Sequence[str]) -> int:
    """Take the step that the arguments name, print its facts, and return the exit code.

    What went wrong is told in one line.
    """
    parser = TrainingParser(f"python -m polyhop.{program}", description=doc, formatter_class=RawTextHelpFormatter)
    if isinstance(steps, Step):
        every = [(steps, parser)]
    else:
        added = parser.add_subparsers(dest="step", required=True)
        every = [(step, added.add_parser(name, help=step.explained)) for name, step in steps.items()]
    for step, one in every:
        one.set_defaults(work=step.work)
        for flag, more in step.options:
            one.add_argument(flag, **more)
    try:
        given = parser.parse_args(arguments)
        facts = given.work(given)
    except KeyboardInterrupt:
        return 130
    except PolyhopError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(facts, indent=2))
    return 0


# Recipes


def with_parts(base: T, settings: Sequence[str]) -> T:
    """Return a recipe with parts replaced, each `NAME=VALUE` and read as the type that the part has."""
    hints = get_type_hints(type(base))
    kinds = {one.name: type(getattr(base, one.name)) for one in fields(base)}  # type: ignore[arg-type]
    known = {name: kind for name, kind in kinds.items() if kind in (bool, int, float, str, tuple)}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            raise CallerError(f"--set {setting!r}: no part of the recipe is called so; choose among {sorted(known)}")
        try:
            value = _value(known[name], text)
        except ValueError as error:
            raise CallerError(f"--set {setting!r}: {error} expected") from None
        if (choices := get_args(hints[name])) and known[name] is str and value not in choices:
            raise CallerError(f"--set {setting!r}: choose among {list(choices)}")
        base = replace(base, **{name: value})  # type: ignore[type-var]
    return base


def _value(kind: type, text: str) -> Any:
    if kind is str:
        return text
    try:
        value = tuple(int(part) for part in text.split(",")) if kind is tuple else json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, (int, float) if kind is float else kind):
        raise ValueError(
            "whole numbers with commas between them are" if kind is tuple else f"a value of type {kind.__name__} is"
        )
    return value


def counted(recipe: Any, *names: str) -> None:
    """Refuse a recipe some of whose parts are less than 1.

    Raises:
        CallerError: for the first of them.
    """
    for name in names:
        if getattr(recipe, name) < 1:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: a number from 1 on is expected")


# Files


def write(file: Path, examples: Iterable[Any]) -> None:
    """Write examples, which are dataclasses of plain JSON, whole or not at all."""
    write_whole(file, "".join(json.dumps(asdict(one)) + "\n" for one in examples).encode())


def load(
    files: Sequence[Path],
    kind: Callable[..., T],
    *,
    what: str = "example of this training",
    step: str = "examples",
) -> list[T]:
    """Return the examples of some files; `kind` refuses what is none with a KeyError, TypeError or ValueError.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """

    def made(place: str, row: dict[str, Any]) -> T:
        try:
            return kind(**row)
        except (KeyError, TypeError, ValueError) as error:
            raise CallerError(f"{place}: no {what} ({error!r}); make it with the `{step}` step") from error

    return [made(place, row) for file in files for place, row in read_rows(file)]


def write_json(file: Path, content: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write weights as JSON, and return the facts with the file."""
    write_whole(file, (json.dumps(content, indent=2) + "\n").encode())
    return {"file": str(file), **facts}


def described(unit: Linear, names: Sequence[str]) -> dict[str, Any]:
    """Return a linear unit as plain JSON types, to six digits, with its weights by the names of its features."""
    weights = {name: float(f"{weight:.{DIGITS}g}") for name, weight in zip(names, unit.weights, strict=True)}
    return {"weights": weights, "bias": float(f"{unit.bias:.{DIGITS}g}")}


def polyhop_version() -> str:
    """Return the version of polyhop that a card names, "0" where it is not installed."""
    try:
        return version("polyhop")
    except PackageNotFoundError:
        return "0"


# Figures


def mark_of(*said: Any) -> str:
    """Return what tells a training from others: a hash of what it is made of, which is plain JSON."""
    return blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()


def drawn_by(question: str) -> int:
    """Return a number of 64 bits for a question, which is the same wherever it stands: it says on which side."""
    return int.from_bytes(blake2b(question.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def interval(differences: NDArray[Any], seed: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean difference, by a paired bootstrap over questions."""
    drawn = np.random.default_rng(seed).integers(len(differences), size=(DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


# Progress


class TrainingWatcher(Protocol):
    """Hears what is going on."""

    def say(self, message: str) -> None:
        """Hear of an event worth a line."""
        ...

    def step(self, what: str, done: int, total: int) -> None:
        """Hear how far a long work is."""
        ...


class Lines:
    """Writes lines to standard error, one for each tenth of a long work."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def say(self, message: str) -> None:
        """Write a line."""
        print(message, file=sys.stderr, flush=True)

    def step(self, what: str, done: int, total: int) -> None:
        """Write a line when another tenth is done."""
        tenth = 10 * done // max(1, total)
        if tenth > self._told.get(what, 0):
            self.say(f"{what}: {10 * tenth} %")
        self._told[what] = tenth
