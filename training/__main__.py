"""Train TreeHop on question files: python -m polyhop.training QUESTIONS... [--corpus PASSAGES]... --out FILE

A user's own collection is trained on by `polyhop train`.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from ..core.files import write_whole
from ..core.settings import Settings
from .harness import OUT, SET, Lines, Step, option, path, paths, run, with_parts


def _train(given: Namespace) -> dict[str, Any]:
    from ..encoders import load
    from .pool import of_texts
    from .questions import read, texts_of
    from .treehop.examples import examples
    from .treehop.links import TEMPLATES, Borrowed, hops
    from .treehop.network import PUBLISHED, TreeHopRecipe
    from .treehop.train import Work, card_text, train

    settings, watcher = Settings(), Lines()
    embedder = load(settings=settings)
    chosen = with_parts(PUBLISHED if given.published else TreeHopRecipe(), given.set)
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
    write_whole(given.out.with_suffix(".md"), card_text(report.card, report.digest).encode())
    return report.facts()


OPTIONS = (
    path("questions", "JSON lines: question, gold, ordered, distractors", nargs="*"),
    paths("--corpus", "JSON lines of more passages"),
    option("--hops", "examples to make of passages that name each other", type=int, default=0),
    option("--anyway", "save a network that does not beat plain search, to compare with", action="store_true"),
    paths("--apart", "questions whose gold passages no example may touch"),
    option("--pairs", "let unlinked gold passages lead to each other", action="store_true"),
    option("--untitled", "leave the titles out", action="store_true"),
    option("--published", "begin with the paper's recipe", action="store_true"),
    SET,
    OUT,
)


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code: 1, the network did not help and was not saved."""
    return run("training", __doc__, Step(_train, OPTIONS), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
