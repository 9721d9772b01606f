"""The learned ranking: a small network over what is known of every way to every passage found.

The weighted sum of `path.py` steers the hops, quickly and after each search; this one decides, once, after the last,
with that sum as a part. It was trained on questions of many kinds of documents, single-hop ones among them, and chosen
by leaving out whole kinds (`polyhop.training.rerank ranking`), so that ordinary questions keep the search's ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.types import Numbers
from ...core.vectors import product
from ...core.weights_file import load_linear
from ..candidate import Candidate
from ..run import Run
from .evidence import KINDS, NAMES, Evidence
from .role import STEP, order

SHIPPED = Path(__file__).parent / "weights" / "learned.json"
FORMAT = 1
#: standard deviations beyond which a feature counts no more
FARTHEST = 4.0
#: what a passage's score is the sum of: the search, being named by the question, each kind of way, and the ranking that
#: steered the hops, which is made otherwise and errs elsewhere
PARTS = ("search", "named", *KINDS, "path")
_NAMED = np.array([name in ("named", "has named", "name rarity") for name in NAMES])
_STEERED = np.array([name in ("steered", "steered place") for name in NAMES])
_WAYS = {kind: np.array([name.startswith(f"{kind}: ") for name in NAMES]) for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Network:
    """A linear unit, and beside it one hidden layer, over features brought to one scale.

    With f features and h hidden units: `centre`, `spread` and `linear` of shape (f,), `hidden` (f, h), `shift` (h,) and
    `out` (h,).
    """

    centre: Numbers
    spread: Numbers
    linear: Numbers
    hidden: Numbers
    shift: Numbers
    out: Numbers

    def __call__(self, rows: Numbers) -> Numbers:
        """Return a score for each row, shape (rows,)."""
        scores: Numbers = self.scores(rows, [])[0]
        return scores

    def scores(self, rows: Numbers, shown: Sequence[NDArray[np.bool_]]) -> Numbers:
        """Return a score for each row without any of the columns `shown`, then with the first of them, and so on.

        Shape (1 + len(shown), rows). Columns that are not shown count as zero.
        """
        late = np.zeros(len(self.centre), bool)
        for columns in shown:
            late |= columns
        scaled, empty = self._scaled(rows), self._scaled(np.zeros(len(self.centre)))
        weights = np.column_stack((self.linear, self.hidden))
        sums = [product(np.where(late, empty, scaled), weights)]
        for columns in shown:
            sums.append(sums[-1] + product((scaled - empty)[:, columns], weights[columns]))
        found: Numbers = np.stack([one[:, 0] + np.maximum(0.0, one[:, 1:] + self.shift) @ self.out for one in sums])
        return found

    def _scaled(self, rows: Numbers) -> Numbers:
        scaled: Numbers = np.clip((rows - self.centre) / self.spread, -FARTHEST, FARTHEST)
        return scaled

    @classmethod
    def of(cls, held: Mapping[str, Any]) -> Network:
        """Return the network that a file describes, whose features have to be those of `evidence`."""
        if list(held["features"]) != list(NAMES):
            raise ValueError(f"features {list(held['features'])} instead of {list(NAMES)}")
        names = ("centre", "spread", "linear", "hidden", "shift", "out")
        made = cls(*(np.array(held[name], np.float64) for name in names))
        width, units = len(NAMES), len(made.shift)
        shapes = [(width,), (width,), (width,), (width, units), (units,), (units,)]
        if [getattr(made, name).shape for name in names] != shapes or not (made.spread > 0).all():
            raise ValueError(f"weights of shapes {[getattr(made, name).shape for name in names]} instead of {shapes}")
        if not all(np.isfinite(getattr(made, name)).all() for name in names):
            raise ValueError("weights that are not finite")
        return made


@lru_cache(maxsize=4)
def load(file: Path = SHIPPED) -> Network:
    """Return the network of a file.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    return load_linear(file, Network.of, what="weights of the ranking", command="training.rerank", format=FORMAT)


def parts_of(rows: Numbers, network: Network) -> dict[str, Numbers]:
    """Return what the score of each row is the sum of: the search alone, and what each other part adds in turn."""
    shown = {"named": _NAMED, **_WAYS, "path": _STEERED}
    scores = network.scores(rows, list(shown.values()))
    return {"search": scores[0], **dict(zip(shown, np.diff(scores, axis=0), strict=True))}


@dataclass(frozen=True, slots=True)
class Learned:
    """Orders all passages found by the network.

    Args:
        file: weights of the network, those that come along by default.
    """

    file: Path = SHIPPED
    name: str = "learned"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the passages by their new scores, whose parts are of the search and of the ways that led there."""
        if not ranked:
            return []
        ways = [one for item in ranked for one in run.ways.get(item["id"], (item,))]
        evidence = Evidence.of(ways, ranked, run)
        parts = {name: values.tolist() for name, values in parts_of(evidence.rows, load(self.file)).items()}
        at = {name: row for row, name in enumerate(evidence.ids)}
        known = [_scored(item, parts, at[item["id"]]) for item in ranked if item["id"] in at]
        known.sort(key=order)
        gone = [item for item in ranked if item["id"] not in at]
        lowest = known[-1]["score"] if known else 0.0
        behind = [lowest - STEP * place for place in range(1, len(gone) + 1)]
        return [*known, *(_at(item, {"search": score}) for item, score in zip(gone, behind, strict=True))]


def _scored(item: Candidate, parts: Mapping[str, Sequence[float]], row: int) -> Candidate:
    own = {name: round(values[row], 6) for name, values in parts.items() if name == "search" or values[row]}
    return _at(item, own)


def _at(item: Candidate, parts: dict[str, float]) -> Candidate:
    return Candidate(**{**item, "score": sum(parts.values()), "parts": parts})
