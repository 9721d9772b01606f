"""The weights of the listwise scorer: without a cross-encoder from all lists, with one from lists it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import CallerError
from ...core.linear import Linear
from ...retrieval.rerank.cross import PairScorer
from ...retrieval.rerank.features import HEAD
from ..harness import Watcher
from .lists import SHARE, CandidateList, divide

#: share of the examples that are seen again with a gold passage missing; chosen on dev questions
FAILURES = 0.08
#: How far the scorer goes from the plain one towards that with the cross-encoder. All the way is best on sets like
#: those of its training, and costs two points on MuSiQue, which is not among them; chosen on dev questions.
TRUST = 0.6


def trained(
    lists: Sequence[CandidateList], cross: Path, watcher: Watcher
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the models as plain JSON types, and figures on the lists kept apart from the cross-encoder.

    Raises:
        CallerError: if there are too few lists.
    """
    from .linear import described, example, fit_scorer, fit_sufficiency, sufficient, useful

    _, apart = divide(lists, SHARE)
    if not any(map(useful, map(example, apart))):
        raise CallerError(
            f"{len(apart)} of {len(lists)} candidate lists are kept apart, none with right and wrong ones; give more"
        )
    plain = [example(one) for one in lists]
    scorer = PairScorer(cross)
    read = []
    for number, one in enumerate(apart, start=1):
        read.append(example(one, scorer.logits([one.pair(each) for each in one.candidates[:HEAD]]).tolist()))
        watcher.step("reading", number, len(apart))
    models: dict[str, Any] = {}
    plain_unit: Linear | None = None
    facts: dict[str, Any] = {"lists": len(lists), "apart": len(apart)}
    for name, examples, judged in (("plain", plain, [example(one) for one in apart]), ("cross", read, read)):
        unit = fit_scorer(examples)
        plain_unit = plain_unit or unit
        unit = _between(plain_unit, unit)
        models[name] = described(unit, fit_sufficiency(examples, unit, failures=FAILURES))
        facts |= {f"{name} all-gold@5": round(sufficient(judged, unit), 4)}
    return models, facts


def _between(plain: Linear, read: Linear) -> Linear:
    """Return a unit between the plain one and that with the cross-encoder's features; of the plain one it is that."""
    known = np.zeros(len(read.weights))
    known[: len(plain.weights)] = plain.weights
    return Linear((1 - TRUST) * known + TRUST * read.weights, (1 - TRUST) * plain.bias + TRUST * read.bias)
