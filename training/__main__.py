"""Train TreeHop on question files: python -m polyhop.training QUESTIONS... [--corpus PASSAGES]... --out FILE

A user's own collection is trained on by `polyhop train`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.files import write_whole
from ..core.settings import Settings
from .options import Parser, told, with_parts
from .watch import Lines


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code: 1, the network did not help and was not saved."""
    return told(lambda: _train(_parsed(arguments)))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser("python -m polyhop.training", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
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
    from ..encoders import load
    from .treehop import card, recipe
    from .treehop.borrow import Borrowed
    from .treehop.hops import TEMPLATES, hops
    from .treehop.pool import of_texts
    from .treehop.questions import examples, read, texts_of
    from .treehop.train import Work, train

    settings, watcher = Settings(), Lines()
    embedder = load(settings=settings)
    chosen = with_parts(recipe.PUBLISHED if given.published else recipe.Recipe(), given.set)
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
