"""What the listwise scorer and the sufficiency estimate know of a ranking: one row of numbers for each candidate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..embed.role import Vectors
from .role import Ranked

#: candidates that are looked at; what lies behind them keeps its order
HEAD = 30

_PARTS = ("search", "cosine", "covered", "named", "path", "direction")
_WAYS = ("named", "path", "search")
NAMES = (
    *_PARTS,
    *(f"has {name}" for name in _WAYS),
    "below first",
    "above fifth",
    "rank",
    "children",
    "best child",
    "parent",
    "via span",
    "via link",
)
#: what a cross-encoder adds: its own logit, the best of the candidates led to, and the bridge's
CROSS = ("cross", "cross rank", "cross child", "cross parent")


def features(ranked: Sequence[Ranked], logits: Sequence[float] | None = None) -> Vectors:
    """Return the features of the first `HEAD` passages, shape (passages, len(NAMES)), with those of `CROSS` behind.

    Args:
        logits: of a cross-encoder, for the first passages; where it has read fewer, the others get its lowest.
    """
    head = ranked[:HEAD]
    if not head:
        return np.empty((0, len(NAMES) + (len(CROSS) if logits is not None else 0)), np.float32)
    scores = np.array([base_score(item) for item in head])
    rows = {item["id"]: row for row, item in enumerate(head)}
    bridges = [rows.get(item["path"][-1], -1) if item["path"] else -1 for item in head]
    children = np.zeros(len(head))
    np.add.at(children, [row for row in bridges if row >= 0], 1)
    parts = [item.get("parts", {}) for item in head]
    columns = [[part.get(name, 0.0) for part in parts] for name in _PARTS]
    columns += [[float(name in part) for part in parts] for name in _WAYS]
    columns += [
        scores - scores[0],
        scores - scores[min(4, len(head) - 1)],
        1 / (1 + np.arange(len(head))),
        np.log1p(children),
        *_relatives(scores, bridges),
        [item["via"] == "span" for item in head],
        [item["via"] == "link" for item in head],
    ]
    if logits is not None:
        read = np.full(len(head), min(logits, default=0.0))
        read[: len(logits)] = logits[: len(head)]
        order = np.argsort(np.argsort(-read, kind="stable"), kind="stable")
        columns += [read, 1 / (1 + order), *_relatives(read, bridges, floor=float(read.min()))]
    return np.column_stack(columns).astype(np.float32)


def base_score(item: Ranked) -> float:
    """Return the score that the ranker gave, whatever rerankers made of it."""
    parts = item.get("parts", {})
    return sum(parts[name] for name in _PARTS if name in parts) if parts else item["score"]


def _relatives(values: Vectors, bridges: Sequence[int], *, floor: float = 0.0) -> tuple[Vectors, Vectors]:
    """Return for each row the best value among the rows it leads to, and the value of the row that led to it."""
    best, led = np.full(len(values), floor), np.full(len(values), floor)
    for row, bridge in enumerate(bridges):
        if bridge >= 0:
            best[bridge] = max(best[bridge], values[row])
            led[row] = values[bridge]
    return best, led
