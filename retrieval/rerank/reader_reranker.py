"""The reader over the head of a ranking: passages in which it sees the answer move up.

The reader (`reader.py`) judges sentences and learned on pages that hold the answer; between passages the ranking knows
better. So what it says only adds to the score: `weight` times the logit that a token of the passage is of the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import CallerError
from ...core.words import sentences
from ..candidate import Candidate
from ..run import Run
from .reader import ANSWER, SHIPPED, ReaderPage, reader
from .role import head_of

#: passages that one question may have read, and sentences of a passage
MOST_PASSAGES, MOST_SENTENCES = 50, 24


@dataclass(frozen=True, slots=True)
class ReaderReranker:
    """Adds what the reader says of the first passages to their scores.

    Args:
        depth: passages to read; one of 250 tokens costs about 50 ms on two cores.
        weight: of the highest logit that a token of the passage is of the answer.
        file: weights, those that come along by default.
    """

    depth: int = 8
    weight: float = 0.4
    file: Path = SHIPPED
    name: str = "reader"

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MOST_PASSAGES:
            raise CallerError(f"reader={self.depth}: the reader reads 1 to {MOST_PASSAGES} passages")

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its first `depth` passages in the order of their new scores."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        pages = [
            ReaderPage(run.question, " > ".join(filter(None, (one.title, one.heading))), _sentences(one.text))
            for one, *_ in head.known
        ]
        logits = [float(told[:, ANSWER].max()) for told in reader(self.file).logits(pages)]
        scores = [item["score"] + self.weight * logit for item, logit in zip(head.items, logits, strict=True)]
        return head.rescored(scores, self.name)


def _sentences(text: str) -> list[str]:
    """Return the lines and sentences of a passage, or its text where it has none."""
    found = [one for line in text.split("\n") if line.strip() for one in sentences(line)]
    return found[:MOST_SENTENCES] or [text]
