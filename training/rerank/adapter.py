"""Train the query adapter on candidate lists: python -m polyhop.training.rerank.adapter LISTS... --out FILE

A list and its untitled twin stay on one side; what does not beat plain cosine and feedback is not saved.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import CallerError, PolyhopError
from ...core.files import write_whole
from ...core.settings import Settings
from ...core.types import Vectors
from ...core.vectors import unit
from ...retrieval.rerank.adapter_weights import Card, save
from ..options import Parser, told, with_parts
from ..watch import Lines, Watcher
from .lists import divide, read
from .table import Floats, Table, interval, logits_of, table

if TYPE_CHECKING:
    from .adapter_fit import Recipe

BETAS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
NEAREST = (1, 2, 3, 5, 10)
WEIGHTS = (0.25, 0.5, 1.0, 2.0)
FEWEST = 8  # lists on either side


class NotBetter(PolyhopError):
    """The adapter beats plain cosine or feedback not at all on the lists kept apart, so it was not saved."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Mean recall at 5 on lists kept apart, of the incoming order, plain cosine, the best feedback and the adapter.

    `feedback` was chosen on the very lists that it is judged on, and so is a hard rival; `margin` is the lower end of
    the 95 % interval of what the adapter has more than the better of its two rivals. `weight` is what the
    cosine is best worth beside the incoming score, `mixed` the recall with it, and `low` and `high` the 95 % interval
    of its difference from the incoming order.
    """

    lists: int
    incoming: float
    cosine: float
    feedback: float
    beta: float
    nearest: int
    adapter: float
    margin: float
    weight: float
    mixed: float
    low: float
    high: float

    @property
    def better(self) -> bool:
        """Say whether the adapter by itself beats both of its untrained rivals, by more than chance."""
        return self.margin > 0

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types, rounded."""
        return {name: round(getattr(self, name), 4) for name in self.__dataclass_fields__}


def train(
    learned: Table, apart: Table, recipe: Recipe, *, out: Path, embedder: str, watcher: Watcher
) -> tuple[Card, str, Verdict]:
    """Train on some lists, judge on the others, and save the weights; returns them as card, digest and verdict.

    Raises:
        CallerError: if there are too few lists.
        NotBetter: if plain cosine or feedback is as good; nothing is saved.
    """
    from .adapter_fit import cosines, fit

    if min(len(learned), len(apart)) < FEWEST:
        raise CallerError(
            f"{len(learned)} lists to learn from and {len(apart)} to judge by are too few, {FEWEST} of each are the "
            "least; give more lists"
        )
    network = fit(learned, apart, recipe, say=watcher.say)
    verdict = judge(apart, cosines(network, apart), seed=recipe.seed)
    if not verdict.better:
        raise NotBetter(f"the adapter is no better than what needs no training, so nothing was saved: {verdict}")
    data = {"lists": len(learned), "taught": int(np.isfinite(learned.teacher).any(axis=1).sum())}
    card = Card(embedder, network.shape, recipe.seed, data, verdict.facts(), _version())
    return card, save(out, network.trained(), card), verdict


def judge(lists: Table, cosines: Floats, *, seed: int = 0) -> Verdict:
    """Compare an adapter's cosines with the incoming order, plain cosine and feedback."""
    incoming, alone = lists.recall(lists.scores), lists.recall(cosines)
    plain = lists.recall(moved(lists, lambda query, rows: query))
    tried = {(beta, nearest): _feedback(lists, beta, nearest) for beta in BETAS for nearest in NEAREST}
    beta, nearest = max(tried, key=lambda one: (float(tried[one].mean()), one))
    feedback = tried[beta, nearest]
    mixes = {weight: lists.recall(lists.scores + weight * cosines) for weight in WEIGHTS}
    weight = max(WEIGHTS, key=lambda one: (round(float(mixes[one].mean()), 6), -one))
    low, high = interval(mixes[weight] - incoming, seed)
    return Verdict(
        lists=len(lists),
        incoming=float(incoming.mean()),
        cosine=float(plain.mean()),
        feedback=float(feedback.mean()),
        beta=beta,
        nearest=nearest,
        adapter=float(alone.mean()),
        margin=interval(alone - max(plain, feedback, key=np.mean), seed)[0],
        weight=weight,
        mixed=float(mixes[weight].mean()),
        low=low,
        high=high,
    )


def _feedback(lists: Table, beta: float, nearest: int) -> Floats:
    return lists.recall(moved(lists, partial(rocchio, beta=beta, nearest=nearest)))


def moved(lists: Table, query_of: Callable[[Vectors, Vectors], Vectors]) -> Floats:
    """Return the cosines with a query made of the question's vector and the candidates', list by list."""
    found = np.zeros(lists.there.shape, np.float32)
    for line, size in enumerate(lists.there.sum(axis=1).tolist()):
        rows = lists.matrix[lists.rows[line, :size]]
        found[line, :size] = rows @ query_of(lists.matrix[lists.queries[line]], rows)
    return found


def rocchio(query: Vectors, rows: Vectors, *, beta: float, nearest: int) -> Vectors:
    """Return the question moved towards the mean of the first candidates."""
    return unit(query + beta * rows[:nearest].mean(axis=0)) if len(rows) else query


def text(card: Card, digest: str) -> str:
    """Return the card as Markdown for people."""
    shape, heldout, data = card.shape, card.heldout, card.data
    size = sum(int(np.prod(one)) for one in shape.parameters().values())
    rows = "\n".join(
        f"| {name} | {100 * heldout[key]:.1f} |"
        for name, key in (
            ("the incoming order", "incoming"),
            ("plain cosine", "cosine"),
            (f"feedback, the best of many (beta {heldout['beta']}, {heldout['nearest']} passages)", "feedback"),
            ("the adapter alone", "adapter"),
            (f"the incoming score and {heldout['weight']} times the adapter's cosine", "mixed"),
        )
    )
    low, high = 100 * heldout["low"], 100 * heldout["high"]
    return f"""# Query adapter for {card.embedder}

Weights `{digest}`, made by polyhop {card.polyhop} with seed {card.seed}: {size:,} numbers of 16 bits. The network makes
of a question and its first {shape.first} candidates' vectors the vector that all candidates are compared with; it fits
the vectors of this embedder only. Trained on {data["lists"]:,} candidate lists, {data["taught"]:,} of them with a
teacher's logits.

Mean recall@5, in percent, on {heldout["lists"]:,} lists of questions kept apart:

| | recall@5 |
| --- | --- |
{rows}

The last differs from the incoming order by {100 * (heldout["mixed"] - heldout["incoming"]):+.1f} points, with a 95 %
interval of {low:+.1f} to {high:+.1f}.
"""


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code: 1, the adapter did not help and was not saved."""
    return told(lambda: _run(_parsed(arguments)))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser("python -m polyhop.training.rerank.adapter", description=__doc__)
    parser.add_argument("lists", nargs="+", type=Path, help="candidate lists, JSON lines")
    parser.add_argument(
        "--teacher", action="append", type=Path, default=[], help="logits of a cross-encoder, a line for each list"
    )
    parser.add_argument("--share", type=float, default=0.15, help="of the questions, to keep apart")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="part of the recipe")
    parser.add_argument("--out", type=Path, required=True, help="the file to write; its card goes beside it, as .md")
    return parser.parse_args(arguments)


def _run(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...encoders import load
    from .adapter_fit import Recipe

    settings, watcher = Settings(), Lines()
    embedder = load(settings=settings)
    recipe: Recipe = with_parts(Recipe(), given.set)
    lists = read(given.lists)
    logits = logits_of(given.teacher, lists) if given.teacher else []
    whole = table(lists, embedder, settings.cache, watcher, logits=logits)
    places = {id(one): place for place, one in enumerate(lists)}
    learned, apart = (
        whole.part(np.array([places[id(one)] for one in side], np.int64)) for side in divide(lists, given.share)
    )
    card, digest, verdict = train(learned, apart, recipe, out=given.out, embedder=embedder.name, watcher=watcher)
    write_whole(given.out.with_suffix(".md"), text(card, digest).encode())
    return {"file": str(given.out), "digest": digest, "heldout": verdict.facts(), "data": card.data}


def _version() -> str:
    try:
        return version("polyhop")
    except PackageNotFoundError:
        return "0"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
