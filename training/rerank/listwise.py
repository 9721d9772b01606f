"""The weights of the listwise scorer, chosen so that they carry over to questions of a kind that is not among them.

Everything that is chosen is chosen by what is left out: one domain after the other, and one part of the questions of
all domains after the other. The units are fitted to the rest and judged there. Without a cross-encoder they are made
from all lists, with one from lists it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import CallerError
from ...core.types import Numbers
from ...core.weights_file import Linear
from ...retrieval.rerank.cross import CrossEncoder, PairScorer
from ..harness import TrainingWatcher
from .linear import (
    FOLDS,
    RankingExample,
    described,
    example,
    fit_scorer,
    fit_sufficiency,
    ranker,
    recall,
    surprise,
    useful,
)
from .lists import SHARE, CandidateList, divide

#: on the squares of the distance to the ranker's own weights, and with a cross-encoder to those without one
PENALTIES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0)
#: shares of the examples that are seen again with a gold passage missing
FAILURES = (0.0, 0.1, 0.2, 0.3)
PENALTY_OF_SUFFICIENCY = 0.1

Domain = Sequence[CandidateList]
Examples = Sequence[Sequence[RankingExample]]


def trained(
    domains: Sequence[Domain], cross: Path, watcher: TrainingWatcher, *, unseen: Sequence[Domain] = ()
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the models as plain JSON types, and figures on the domains that were left out.

    Args:
        domains: lists of questions some of which the cross-encoder was trained on; see `divide`.
        unseen: lists of questions none of which it was trained on.

    Raises:
        CallerError: if there are too few lists, or one domain alone.
    """
    known = [*(divide(one, SHARE)[1] for one in domains), *unseen]
    plain = [[example(one) for one in domain] for domain in (*domains, *unseen)]
    if len(plain) < 2 or not all(any(map(useful, map(example, domain))) for domain in known):
        sizes = [len(domain) for domain in known]
        raise CallerError(
            f"{len(plain)} domains, with {sizes} lists that the cross-encoder has not seen; two at least are needed, "
            "each with lists of right and wrong candidates"
        )
    splits = list(_splits(plain))
    priors = [ranker(learned) for learned, _ in splits]

    def alone(place: int, penalty: float) -> Linear:
        return fit_scorer(splits[place][0], penalty=penalty, prior=priors[place])

    penalty, figures = _chosen(PENALTIES, splits, lambda own, place, value: recall(own, alone(place, value)))
    first = fit_scorer(plain, penalty=penalty, prior=ranker(plain))
    apart = [alone(place, penalty) for place in range(len(splits))]
    read = _read(known, first, PairScorer(cross), watcher)
    read_splits = list(_splits(read))

    def both(place: int, penalty: float) -> Linear:
        return fit_scorer(read_splits[place][0], penalty=penalty, prior=apart[place])

    pull, cross_figures = _chosen(PENALTIES, read_splits, lambda own, place, value: recall(own, both(place, value)))
    second = fit_scorer(read, penalty=pull, prior=first)
    read_apart = [both(place, pull) for place in range(len(splits))]
    facts: dict[str, Any] = {"lists": [*map(len, plain)], "read": [*map(len, known)]}
    facts |= {"recall": {"plain": figures, "cross": cross_figures}, "penalties": {"plain": penalty, "cross": pull}}
    models = {}
    for name, examples, unit, parts, others in (
        ("plain", plain, first, splits, apart),
        ("cross", read, second, read_splits, read_apart),
    ):
        sufficiency, facts[f"{name} sufficiency"] = _sufficiency(examples, unit, parts, others)
        models[name] = described(unit, sufficiency)
    return models, facts


def _read(domains: Sequence[Domain], unit: Linear, scorer: PairScorer, watcher: TrainingWatcher) -> Examples:
    """Return lists as examples of which the cross-encoder has read as many candidates as it does for a question."""
    made: list[list[RankingExample]] = []
    size, depth = sum(map(len, domains)), CrossEncoder().depth
    for number, domain in enumerate(domains):
        made.append([])
        for one in domain:
            best = np.argsort(-unit(example(one).rows), kind="stable")[:depth].tolist()
            logits = scorer.logits([one.pair(one.candidates[place]) for place in best]).tolist()
            made[number].append(example(one, dict(zip(best, logits, strict=True))))
            watcher.step("reading", sum(map(len, made)), size)
    return made


def _splits(domains: Examples) -> Iterator[tuple[Examples, Examples]]:
    """Yield what to learn from and what to judge: each domain left out, then each part of the questions of all."""
    for place, own in enumerate(domains):
        rest = [*domains[:place], *domains[place + 1 :]]
        yield rest, [own if number == place else [] for number in range(len(domains))]
    for fold in range(FOLDS):
        sides = [[[one for one in domain if (one.fold == fold) == out] for domain in domains] for out in (False, True)]
        yield sides[0], sides[1]


def _chosen(
    values: Sequence[float],
    splits: Sequence[tuple[Examples, Examples]],
    judge: Callable[[Sequence[RankingExample], int, float], Numbers],
) -> tuple[float, Mapping[str, Sequence[float]]]:
    """Return the value with the best mean of what is left out, and the figures with each.

    These are of each domain without which the units were fitted, and then of its questions left out in parts.
    """
    table = {}
    for value in values:
        judged = [
            [judge(own, place, value) if own else np.empty(0) for own in out] for place, (_, out) in enumerate(splits)
        ]
        domains = [one.mean() for found in judged[:-FOLDS] for one in found if len(one)]
        parts = [np.concatenate(found).mean() for found in zip(*judged[-FOLDS:], strict=True)]
        table[value] = [round(float(one), 4) for one in (*domains, *parts)]
    return max(table, key=lambda value: float(np.mean(table[value]))), {
        f"{value:g}": row for value, row in table.items()
    }


def _sufficiency(
    domains: Examples, unit: Linear, splits: Sequence[tuple[Examples, Examples]], scorers: Sequence[Linear]
) -> tuple[Linear, Mapping[str, Sequence[float]]]:
    """Return the unit of the sufficiency that is least surprised by what is left out, and how much with each share.

    Args:
        scorers: of each split.
    """
    units = {
        (place, share): fit_sufficiency(learned, scorer, failures=share, penalty=PENALTY_OF_SUFFICIENCY)
        for place, ((learned, _), scorer) in enumerate(zip(splits, scorers, strict=True))
        for share in FAILURES
    }
    share, figures = _chosen(
        FAILURES, splits, lambda own, place, value: -surprise(own, scorers[place], units[place, value])
    )
    return fit_sufficiency(domains, unit, failures=share, penalty=PENALTY_OF_SUFFICIENCY), figures
