"""Train TreeHop on question files: python -m polyhop.training QUESTIONS... [--corpus PASSAGES]... --out FILE

A user's own collection is trained on by `polyhop train`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from ..core.errors import CallerError, PolyhopError
from ..core.files import write_whole
from ..core.settings import Settings
from .watch import Lines


class _Parser(argparse.ArgumentParser):
    """A command line whose mistakes are told in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise CallerError(f"{self.prog}: {message}; see --help")


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code: 1, the network did not help and was not saved."""
    try:
        facts = _train(_parsed(arguments))
    except KeyboardInterrupt:
        return 130
    except PolyhopError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps(facts, indent=2))
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _Parser("python -m polyhop.training", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("questions", nargs="*", type=Path, help="JSON lines: question, gold, ordered, distractors")
    parser.add_argument("--corpus", action="append", type=Path, default=[], help="JSON lines of more passages")
    parser.add_argument("--hops", type=int, default=0, help="examples to make of passages that name each other")
    parser.add_argument(
        "--anyway", action="store_true", help="save a network that does not beat plain search, to compare with"
    )
    parser.add_argument(
        "--apart", action="append", type=Path, default=[], help="questions whose gold passages no example may touch"
    )
    parser.add_argument("--pairs", action="store_true", help="let unlinked gold passages lead to each other")
    parser.add_argument("--untitled", action="store_true", help="leave the titles out")
    parser.add_argument("--published", action="store_true", help="begin with the paper's recipe")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="part of the recipe")
    parser.add_argument(
        "--out", type=Path, required=True, help="the checkpoint to write; its card goes beside it, as .md"
    )
    return parser.parse_args(arguments)


def _train(given: argparse.Namespace) -> Mapping[str, Any]:
    from ..retrieval.embed import load
    from .treehop import card, recipe
    from .treehop.borrow import Borrowed
    from .treehop.hops import TEMPLATES, hops
    from .treehop.pool import of_texts
    from .treehop.questions import examples, read, texts_of
    from .treehop.train import Work, train

    settings, watcher = Settings(), Lines()
    embedder = load(settings=settings)
    chosen = _with(recipe.PUBLISHED if given.published else recipe.Recipe(), given.set)
    asked = [question for path in given.questions for question in read(path, untitled=given.untitled)]
    texts = [text for question in asked for text in question.texts(distractors=not given.corpus)]
    texts += [text for path in given.corpus for text in texts_of(path, untitled=given.untitled)]
    pool = of_texts(texts, embedder, settings.cache, watcher)
    made = list(examples(asked, pool, pairs=given.pairs))
    if given.hops:
        known = {"borrowed": Borrowed(asked)} if asked else {}
        made += hops(pool, seed=chosen.seed, most=given.hops, templates={**TEMPLATES, **known})
    closed = {
        key for path in given.apart for question in read(path, untitled=given.untitled) for key in question.identities()
    }
    made = [example for example in made if not example.gold & closed]
    work = Work(given.out, settings.cache, watcher)
    report = train(made, pool, embedder, chosen, work=work, anyway=given.anyway)
    write_whole(given.out.with_suffix(".md"), card.text(report.card, report.digest).encode())
    return report.facts()


def _with(base: Any, settings: Sequence[str]) -> Any:
    """Return a recipe with parts replaced, each read as the type that it has."""
    known = {one.name: type(getattr(base, one.name)) for one in fields(base) if one.name != "growth"}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            raise CallerError(f"--set {setting!r}: no part of the recipe is called so; choose among {sorted(known)}")
        try:
            value = json.loads(text) if known[name] is not str else text
        except ValueError:
            value = None
        if not isinstance(value, (int, float) if known[name] is float else known[name]):
            raise CallerError(f"--set {setting!r}: a value of type {known[name].__name__} is expected")
        base = replace(base, **{name: value})
    return base


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
