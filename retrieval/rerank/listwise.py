"""A linear scorer over a ranking that a cross-encoder has read, and the probability that its first passages suffice.

Both were trained on retrieved lists (`polyhop.training.rerank`), once with and once without what a cross-encoder says.
They read nothing but the ranking and cost well under a millisecond. Features of a candidate come first, then those of
a ranking, then the parts that use them.
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
from .evidence import KINDS
from .learned import PARTS
from .role import WHOLE, reordered

SHIPPED = Path(__file__).parent / "weights" / "listwise.json"
#: candidates that are looked at; what lies behind them keeps its order
HEAD = 30
#: passages that have to suffice, however many are asked for
FIRST = 5

#: what the path score is the sum of besides, where the learned ranking has not judged
_STEERED = ("cosine", "covered")
_SHOWN = 7  # places whose scores the summary holds
_LOWEST = -8.0

#: features of a candidate
NAMES = (
    *PARTS,
    "below first",
    "above fifth",
    "place",
    "children",
    "best child",
    "parent",
    *(f"by {kind}" for kind in KINDS),
)
#: what a cross-encoder adds: its logit, its place, the best logit of the candidates led to, and the bridge's
CROSS = ("logit", "logit place", "logit child", "logit parent")
#: features of a ranking
SUMMARY = (
    *(f"score {place}" for place in range(1, _SHOWN + 1)),
    "right below",
    "log right below",
    "right shown",
    "log right shown",
    "best below",
    "shown on paths",
    "named shown",
    "best covered",
    "mean covered",
    "best search",
    "mean search",
    "share missed",
    "missed",
    "share missed by 20",
    "question",
    "question weight",
    "rarest missed",
    "share of first",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The head of a ranking as it is judged: `HEAD` passages in the order of the ranker, whatever rerankers made of it.

    `words` are those words of the question that each passage holds, `weights` the rarity of the question's words.
    """

    items: Sequence[Candidate]
    words: Sequence[frozenset[str]]
    weights: Mapping[str, float]

    @classmethod
    def of(cls, ranked: Sequence[Candidate], run: Run) -> Reading:
        """Return the head of a ranking; a passage that is gone holds no words."""
        items = in_first_order(ranked)[:HEAD]
        run.load(item["id"] for item in items)
        known = [run.known(item["id"]) for item in items]
        asked = frozenset(run.weights)
        return cls(items, [asked & one.words if one else frozenset() for one in known], run.weights)

    def covered(self, rows: Sequence[int]) -> frozenset[str]:
        """Return the words of the question that some passages hold together."""
        return frozenset().union(*(self.words[row] for row in rows))

    def weigh(self, words: frozenset[str]) -> float:
        """Return the summed rarity of some of the question's words, in an order that does not depend on the run."""
        return sum(self.weights[word] for word in sorted(words))


def in_first_order(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Return a ranking as the ranker had it, before any reranker."""
    return sorted(ranked, key=lambda item: (-round(base_score(item), 6), item["id"]))


def base_score(item: Candidate) -> float:
    """Return the score that the learned ranking gave, or the ranker, whatever rerankers made of it."""
    parts = item.get("parts", {})
    own = [parts[name] for name in (*PARTS, *_STEERED, WHOLE) if name in parts]
    return sum(own) if own else item["score"]


def features(head: Reading) -> Numbers:
    """Return the features of each candidate, shape (candidates, len(NAMES))."""
    items = head.items
    if not items:
        return np.empty((0, len(NAMES)))
    scores = np.array([base_score(item) for item in items])
    bridges = _bridges(items)
    children = np.bincount([row for row in bridges if row >= 0], minlength=len(items))
    parts = [item.get("parts", {}) for item in items]
    columns: list[Sequence[float] | Numbers] = [[part.get(name, 0.0) for part in parts] for name in PARTS]
    columns += [
        scores - scores[0],
        scores - scores[min(FIRST, len(items)) - 1],
        1 / (1 + np.arange(len(items))),
        np.log1p(children),
        *_relatives(scores, bridges, floor=0.0),
        *([float(item["kind"] == kind) for item in items] for kind in KINDS),
    ]
    return np.column_stack(columns)


def cross_features(head: Reading) -> Numbers:
    """Return what a cross-encoder adds, shape (candidates, len(CROSS)); candidates not read get its lowest logit."""
    lowest = min((item["logit"] for item in head.items if "logit" in item), default=0.0)
    logits = np.array([item.get("logit", lowest) for item in head.items])
    places = np.argsort(np.argsort(-logits, kind="stable"), kind="stable")
    best, led = _relatives(logits, _bridges(head.items), floor=lowest)
    return np.column_stack([logits, 1 / (1 + places), best, led])


def summary(head: Reading, scores: Numbers, shown: Sequence[int]) -> Numbers:
    """Return the features of a ranking, shape (len(SUMMARY),).

    Args:
        scores: of the candidates of the head: logits of their being needed.
        shown: rows of the head in the order in which they are shown.
    """
    logits = np.clip(scores[list(shown)], _LOWEST, -_LOWEST)
    places = np.full(_SHOWN, _LOWEST)
    places[: len(logits)] = logits[:_SHOWN]
    right = 1 / (1 + np.exp(-logits))
    inside, outside = right[:FIRST].sum(), right[FIRST:].sum()
    first = [head.items[row] for row in shown[:FIRST]]
    whole = head.weigh(frozenset(head.weights)) or 1.0
    covered = [head.weigh(head.words[row]) / whole for row in shown[:FIRST]]
    searched = [item.get("parts", {}).get("search", 0.0) for item in first]
    known = [
        *places,
        outside,
        np.log(outside + 1e-3),
        inside,
        np.log1p(inside),
        right[FIRST:].max(initial=0.0),
        sum(bool(item["path"]) for item in first),
        sum(item.get("parts", {}).get("named", 0.0) for item in first),
        max(covered, default=0.0),
        _mean(covered),
        max(searched, default=0.0),
        _mean(searched),
    ]
    return np.array([*known, *_coverage(head, shown)])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _coverage(head: Reading, shown: Sequence[int]) -> list[float]:
    """Return what the shown passages leave open of the question, and how much there is to it."""
    everything = frozenset(head.weights)
    total = head.weigh(everything) or 1.0
    missed, deep = everything - head.covered(shown[:FIRST]), everything - head.covered(shown[:20])
    rarest = max((head.weights[word] for word in missed), default=0.0)
    first = head.weigh(head.covered(shown[:1]))
    open_words = head.weigh(missed)
    shares = [open_words / total, open_words, head.weigh(deep) / total]
    return [*shares, len(everything), total, rarest, first / total]


def _bridges(items: Sequence[Candidate]) -> list[int]:
    """Return for each candidate the row of the candidate that led to it, or -1."""
    rows = {item["id"]: row for row, item in enumerate(items)}
    return [rows.get(item["path"][-1], -1) if item["path"] else -1 for item in items]


def _relatives(values: Numbers, bridges: Sequence[int], *, floor: float) -> tuple[Numbers, Numbers]:
    """Return for each row the best value among the rows it leads to, and the value of the row that led to it."""
    best, led = np.full(len(values), floor), np.full(len(values), floor)
    for row, bridge in enumerate(bridges):
        if bridge >= 0:
            best[bridge] = max(best[bridge], values[row])
            led[row] = values[bridge]
    return best, led


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
