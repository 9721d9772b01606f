"""How a query generator is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...core.errors import CallerError


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a query generator is trained, and what it is trained for.

    Args:
        k: tools that count for the reward.
        metric: average precision or recall, among the first k.
        ranking: the lists of request and queries interleaved, as in the paper, or the ranking of `select_tools`.
        apart: share of the requests that is not trained on and says whether it helped.
        epochs: times that each example is seen, in each round.
        batch: examples in a step.
        rate: highest learning rate.
        warmup: share of the steps in which the rate rises.
        length: tokens of prompt and reply together; longer examples are left out.
        save_every: steps between two states to go on from.
        rounds: of sampling and fine-tuning.
        draws: query sets that are sampled for a request.
        temperature: of the sampling.
        enough: reward from which on the best set is kept even if it is no better than the greedy one.
        tokens: that a reply may have.
        together: requests that are sampled at once, or asked of a model side by side.
        sets: sets of examples that are tried.
        shots: examples in a set.
    """

    k: int = 5
    metric: Literal["precision", "recall"] = "precision"
    ranking: Literal["interleaved", "select"] = "interleaved"
    apart: float = 0.1
    epochs: int = 2
    batch: int = 8
    rate: float = 1e-5
    warmup: float = 0.1
    length: int = 2_048
    save_every: int = 100
    rounds: int = 3
    draws: int = 8
    temperature: float = 0.8
    enough: float = 1.0
    tokens: int = 200
    together: int = 4
    sets: int = 4
    shots: int = 3
    seed: int = 0


def checked(recipe: Recipe) -> Recipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    for name in ("k", "epochs", "batch", "length", "save_every", "rounds", "draws", "tokens", "together", "shots"):
        if getattr(recipe, name) < 1:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: a number from 1 on is expected")
    for name in ("rate", "temperature"):
        if not getattr(recipe, name) > 0:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: more than 0 is expected")
    for name in ("apart", "warmup"):
        if not 0 <= getattr(recipe, name) < 1:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: a share, less than 1, is expected")
    return recipe
