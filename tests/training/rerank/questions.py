"""Question files about the known passages, and candidate lists made by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from polyhop.training.rerank.lists import CandidateList, ListedCandidate
from tests import corpus

TEXTS = {one.title: one.text for one in corpus.DOCUMENTS}


def passage(title: str) -> dict[str, str]:
    """Return a passage as question files hold it."""
    return {"title": title, "text": TEXTS[title]}


def rows() -> list[dict[str, Any]]:
    """Return the known questions with both gold passages and a distractor."""
    return [
        {"question": question, "gold": [passage(title) for title in hop], "distractors": [passage("Tokyo")]}
        for question, hop in corpus.HOPS.items()
        if "Tokyo" not in hop
    ]


def written(path: Path, rows: Iterable[Any]) -> Path:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def passages(path: Path) -> Path:
    """Write all known passages as a corpus."""
    return written(path, map(passage, TEXTS))


def candidate(name: str, text: str, *, gold: bool = False, **facts: Any) -> ListedCandidate:
    """Return a candidate found by search."""
    usual: dict[str, Any] = {"way": "", "score": 0.5, "kind": "question", "via": "search"}
    return ListedCandidate(id=name, gold=name if gold else "", text=text, **{**usual, **facts})


def rivers(count: int, *, start: int = 0, way: Callable[[int], str] = lambda number: "") -> list[CandidateList]:
    """Return lists whose gold passage is about a river, and the others about all else."""
    others: Sequence[str] = ("The town has a mill.", "A film about bees.", "He painted walls.")
    return [
        CandidateList(
            f"What flows past town {number}?",
            1,
            (
                *(candidate(f"{number} {place}", f"{text} {number}") for place, text in enumerate(others)),
                candidate(f"{number} gold", f"A river with water, number {number}.", gold=True, way=way(number)),
            ),
            {"flows": 1.0, "town": 0.5},
        )
        for number in range(start, start + count)
    ]
