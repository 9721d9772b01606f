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


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, DIGITS) if whole else None
