"""Train the gate, in two steps: python -m polyhop.training.augment examples|gate ...

examples  ask questions whose gold passages are known, as they are and with each reformulation
gate      fit the gate to them, in seconds
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import CallerError
from ..core.types import Numbers
from ..core.weights_file import Linear
from ..retrieval.candidate import Candidate
from ..retrieval.query.gate import FEATURES, FORMAT, Gate, features
from ..retrieval.query.reformulations import Expansion, Feedback
from ..retrieval.query.role import Augmenter
from ..retrieval.run import Run
from ..store.collection import Collection
from .harness import OUT, SOURCES, Step, described, drawn_by, load, option, path, run, write, write_json
from .questions import HopQuestion, Sources, of_each, walked

DEPTH = 10
FOLDS = 5
STEPS = 50
FEWEST = 20  # questions with a difference, below which there is nothing to learn from
LEAST = 1e-9  # of a gain that is a difference


@dataclass(frozen=True, slots=True)
class GateExample:
    """A question: the gate's numbers after the first search, and nDCG@10 as it is and with each reformulation."""

    question: str
    features: Sequence[float]
    without: float
    augmented: Mapping[str, float]

    def __post_init__(self) -> None:
        if len(self.features) != len(FEATURES) or not np.isfinite(self.features).all():
            raise ValueError(f"{len(self.features)} features, not {len(FEATURES)} finite ones")


@dataclass(frozen=True)
class Noting(Gate):
    """Lets everything through and keeps what a gate would have looked at."""

    augmenter: str = ""
    seen: list[Sequence[float]] = field(default_factory=list)

    def chance(self, ranked: Sequence[Candidate], finds: Sequence[Candidate], run: Run) -> float:
        """Return that it is certain to help."""
        self.seen.append(features(ranked, finds, run).tolist())
        return 1.0


def collect(sources: Sources, augmenters: Sequence[Augmenter] = (Feedback(), Expansion())) -> list[GateExample]:
    """Return an example for each question.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    return of_each(sources, lambda one, collection: _example(one, collection, augmenters))


def _example(one: HopQuestion, collection: Collection, augmenters: Sequence[Augmenter]) -> GateExample:
    gold, gate = set(one.identities()), Noting()
    without = gain(_documents(one.question, collection), gold)
    gains = {
        each.name: gain(_documents(one.question, collection, augment=each, gate=gate), gold) for each in augmenters
    }
    return GateExample(one.question, gate.seen[0] if gate.seen else (), without, gains)


def _documents(question: str, collection: Collection, **parts: Any) -> list[str]:
    """Return the first documents of a run with the default parts."""
    ranked = walked(question, collection, DEPTH, **parts)[0]["ranked"][: 2 * DEPTH]
    there = collection.passages([item["id"] for item in ranked])
    return list(dict.fromkeys(there[item["id"]].document for item in ranked if item["id"] in there))[:DEPTH]


def gain(documents: Sequence[str], gold: set[str]) -> float:
    """Return the normalised discounted cumulative gain of a ranking, from 0 to 1.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002.
    """
    worth = 1 / np.log2(np.arange(2, DEPTH + 2))
    found = sum(worth[place] for place, name in enumerate(documents[:DEPTH]) if name in gold)
    return float(found / worth[: len(gold)].sum())


@dataclass(frozen=True, slots=True)
class GateDataset:
    """The questions as arrays: features, and what a reformulation adds to the gain of each."""

    rows: Numbers
    added: Numbers
    folds: Numbers

    def part(self, chosen: Numbers) -> GateDataset:
        """Return some of the questions."""
        return GateDataset(self.rows[chosen], self.added[chosen], self.folds[chosen])

    @property
    def differing(self) -> NDArray[np.bool_]:
        """Return which questions a reformulation helps or harms."""
        result: NDArray[np.bool_] = np.abs(self.added) > LEAST
        return result


def cases(examples: Sequence[GateExample], augmenter: str) -> GateDataset:
    """Return the examples of one augmenter; all examples of a question are in one fold, by its hash."""
    chosen = [one for one in examples if augmenter in one.augmented]
    return GateDataset(
        np.array([one.features for one in chosen], np.float64).reshape(len(chosen), len(FEATURES)),
        np.array([one.augmented[augmenter] - one.without for one in chosen], np.float64),
        np.array([drawn_by(one.question) % FOLDS for one in chosen], np.int64),
    )


def fit(given: GateDataset, *, penalty: float) -> Linear:
    """Return the unit that tells questions which a reformulation helps from those that it harms.

    Each question counts by how much is won or lost there; one that stays as it is teaches nothing. The penalty is on
    the square of the weights of standardised features, in units of one question of the mean difference.
    """
    there = given.differing
    rows, added = given.rows[there], given.added[there]
    centre, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-6] = 1.0
    inputs = np.column_stack([(rows - centre) / spread, np.ones(len(rows))])
    shares, marks = np.abs(added) / np.abs(added).mean(), (added > 0).astype(np.float64)
    ridge = np.diag([*[penalty] * rows.shape[1], 1e-6])
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):  # Newton's method
        right = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (shares * (right - marks)) + ridge @ weights
        curve = (inputs * (shares * right * (1 - right))[:, None]).T @ inputs + ridge
        weights = weights - np.linalg.solve(curve, slope)
    own = weights[:-1] / spread
    return Linear(own, float(weights[-1] - own @ centre))


def judged(given: GateDataset, *, penalty: float, threshold: float = 0.5) -> dict[str, float]:
    """Return what always, the gate and a perfect gate add to the gain, in points, on folds that it has not seen."""
    passed = np.zeros(len(given.added), bool)
    for fold in range(FOLDS):
        apart = given.folds == fold
        learned = given.part(~apart)
        if apart.any() and learned.differing.any():
            unit = fit(learned, penalty=penalty)
            passed[apart] = 1 / (1 + np.exp(-unit(given.rows[apart]))) >= threshold
    points = {
        "always": given.added,
        "gate": np.where(passed, given.added, 0.0),
        "perfect": np.maximum(given.added, 0.0),
    }
    return {
        "questions": len(given.added),
        "better": int((given.added > LEAST).sum()),
        "worse": int((given.added < -LEAST).sum()),
        **{name: round(100 * float(added.mean()), 3) for name, added in points.items()},
        "share": round(float(passed.mean()), 4),
    }


def trained(
    examples: Sequence[GateExample], augmenters: Sequence[str], *, penalty: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the file of gates as plain JSON types, and figures on folds that they have not seen.

    Raises:
        CallerError: if too few questions make a difference.
    """
    gates, facts = {}, {}
    for name in augmenters:
        given = cases(examples, name)
        if (differing := int(given.differing.sum())) < FEWEST:
            raise CallerError(
                f"{name!r} changes {differing} of {len(given.added)} questions, at least {FEWEST} are needed; give more"
            )
        gates[name] = described(fit(given, penalty=penalty), FEATURES)
        facts[name] = judged(given, penalty=penalty)
    return {"format": FORMAT, "gates": gates}, facts


def _examples(given: Namespace) -> dict[str, Any]:
    found = collect(Sources.of(given))
    write(given.out, found)
    return {"file": str(given.out), "questions": len(found)}


def _gate(given: Namespace) -> dict[str, Any]:
    examples = load(given.examples, GateExample)
    names = sorted({name for one in examples for name in one.augmented})
    return write_json(given.out, *trained(examples, names, penalty=given.penalty))


_PENALTY = option("--penalty", "on the squares of the weights (default: %(default)s)", type=float, default=10.0)


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    steps = {
        "examples": Step(_examples, (*SOURCES, OUT), "ask questions"),
        "gate": Step(_gate, (path("examples", "files of examples", nargs="+"), _PENALTY, OUT), "fit the gate"),
    }
    return run("training.augment", __doc__, steps, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
