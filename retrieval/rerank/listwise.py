"""A linear scorer over what is known of a ranking, and with it the probability that its first passages suffice.

Both were trained on retrieved lists (`polyhop.training.rerank`), once with and once without what a cross-encoder says.
They read nothing but the ranking and cost well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.types import Numbers
from ...core.weights_file import Linear, load_linear
from ..candidate import Candidate
from ..run import Run
from .features import CROSS, NAMES, SUMMARY, Reading, cross_features, features, summary
from .role import reordered

SHIPPED = Path(__file__).parent / "weights" / "listwise.json"


@dataclass(frozen=True, slots=True)
class Model:
    """Scores the candidates of a head, and the head by a summary of their scores."""

    scorer: Linear
    sufficiency: Linear

    def scores(self, head: Reading) -> Numbers:
        """Return for each candidate the logit of its being needed, shape (candidates,)."""
        rows = features(head)
        if rows.shape[1] < len(self.scorer.weights):
            rows = np.column_stack([rows, cross_features(head)])
        return self.scorer(rows)


@dataclass(frozen=True, slots=True)
class Models:
    """The model for rankings that no cross-encoder has read, and that for those that one has."""

    plain: Model
    cross: Model

    def of(self, head: Reading) -> Model:
        """Return the model for a head."""
        return self.cross if any("logit" in item for item in head.items) else self.plain


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> Models:
    """Return the models of a file.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    return load_linear(file, _models, what="listwise weights", command="training.rerank")


def _models(rows: Mapping[str, Any]) -> Models:
    return Models(_model(rows["plain"], NAMES), _model(rows["cross"], (*NAMES, *CROSS)))


def _model(row: Mapping[str, Any], names: Sequence[str]) -> Model:
    return Model(Linear.of(row["scorer"], names), Linear.of(row["sufficiency"], SUMMARY))


@dataclass(frozen=True, slots=True)
class Listwise:
    """Orders the head of a ranking by the linear scorer, with a cross-encoder's logits where one has noted some."""

    file: Path = SHIPPED
    name: str = "listwise"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with the first passages of the ranker's order by their new scores, which are logits."""
        if not ranked:
            return []
        head = Reading.of(ranked, run)
        inside = {item["id"] for item in head.items}
        rest = [item for item in ranked if item["id"] not in inside]
        return reordered([*head.items, *rest], load(self.file).of(head).scores(head).tolist(), self.name)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The sufficiency of a ranking, from the scores that the linear scorer gives its candidates."""

    file: Path = SHIPPED

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
        """Return the probability that the first five passages hold everything needed, in the order they have."""
        if not ranked:
            return 0.0
        head = Reading.of(ranked, run)
        rows = {item["id"]: row for row, item in enumerate(head.items)}
        shown = [rows[item["id"]] for item in ranked if item["id"] in rows]
        model = load(self.file).of(head)
        logit = float(model.sufficiency(summary(head, model.scores(head), shown)[None])[0])
        return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))
