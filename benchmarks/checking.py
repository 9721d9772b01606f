"""What the check of citations makes of true answers and of false ones."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from polyhop.agent import check_citations

from .claims import TRUE, Case

DIGITS = 5


def checked(answers: Sequence[Case]) -> dict[str, Any]:
    """Return the share of true answers that are lost and of the false ones that are caught, in all and by kind.

    An answer is borne out if each of its sentences is.
    """
    counts: Counter[str] = Counter()
    refuted: Counter[str] = Counter()
    began = time.perf_counter()
    for one in answers:
        found = check_citations(one.answer, one.texts, question=one.question)
        counts[one.kind] += 1
        refuted[one.kind] += not all(citation["supported"] for citation in found)
    milliseconds = 1000 * (time.perf_counter() - began) / max(1, len(answers))
    kinds = [kind for kind in counts if kind != TRUE]
    return {
        "true": counts[TRUE],
        "lost": _share(refuted[TRUE], counts[TRUE]),
        "false": sum(counts[kind] for kind in kinds),
        "caught": _share(sum(refuted[kind] for kind in kinds), sum(counts[kind] for kind in kinds)),
        "by_kind": {kind: {"n": counts[kind], "caught": _share(refuted[kind], counts[kind])} for kind in sorted(kinds)},
        "ms": round(milliseconds, 3),
    }


def pooled(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of several sets together."""

    def mean(share: str, count: str) -> float | None:
        whole = sum(one[count] for one in parts)
        return round(sum((one[share] or 0.0) * one[count] for one in parts) / whole, DIGITS) if whole else None

    kinds = {kind: [one["by_kind"][kind] for one in parts if kind in one["by_kind"]] for kind in parts[0]["by_kind"]}
    return {
        "true": sum(one["true"] for one in parts),
        "lost": mean("lost", "true"),
        "false": sum(one["false"] for one in parts),
        "caught": mean("caught", "false"),
        "by_kind": {
            kind: {
                "n": sum(one["n"] for one in own),
                "caught": _share(
                    round(sum(one["n"] * (one["caught"] or 0.0) for one in own)), sum(one["n"] for one in own)
                ),
            }
            for kind, own in kinds.items()
        },
        "ms": round(sum(one["ms"] for one in parts) / len(parts), 3),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, DIGITS) if whole else None
