"""The reader over the passages that contend for a place among the first two or five.

The reader (`reader.py`) judges sentences and learned on pages that hold the answer; between passages the ranking knows
better. So what it says only adds to the score, and only where that may decide something: reading is by far the dearest
part of a question, and a passage whose score is far from those at the second and the fifth place stays where it is.
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
    """Adds what the reader says of passages to the scores of those that contend for a place among the first.

    A passage contends if its score is less than `margin` from the middle between the last of the first and the next.

    Args:
        depth: passages that may be read; one of 250 tokens costs about 50 ms on two cores.
        first: how many are the first; there may be several answers to that.
        margin: in the units of the learned ranking, which are logits.
        weight: of the highest logit that a token of the passage is of the answer.
        usual: that logit where nothing is known; a passage of which the reader says this keeps its score.
        file: weights, those that come along by default.
    """

    depth: int = 10
    first: tuple[int, ...] = (2, 5)
    margin: float = 0.4
    weight: float = 0.4
    usual: float = -1.0
    file: Path = SHIPPED
    name: str = "reader"

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MOST_PASSAGES:
            raise CallerError(f"reader={self.depth}: the reader reads 1 to {MOST_PASSAGES} passages")

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its first `depth` passages in the order of their new scores."""
        head = head_of(ranked, self.depth, run)
        scores = [item["score"] for item in head.items]
        read = self._contending(scores)
        pages = [
            ReaderPage(run.question, " > ".join(filter(None, (one.title, one.heading))), _sentences(one.text))
            for one, *_ in (head.known[place] for place in read)
        ]
        for place, told in zip(read, reader(self.file).logits(pages) if pages else (), strict=True):
            scores[place] += self.weight * (float(told[:, ANSWER].max()) - self.usual)
        return head.rescored(scores, self.name) if head.items else list(ranked)

    def _contending(self, scores: Sequence[float]) -> list[int]:
        """Return the places of the passages to read; one without a rival is not read."""
        best = sorted(scores, reverse=True)
        borders = [(best[last - 1] + best[last]) / 2 for last in self.first if last < len(best)]
        near = [[abs(score - border) < self.margin for score in scores] for border in borders]
        rivals = [one for one in near if sum(one) > 1]
        return [place for place in range(len(scores)) if any(one[place] for one in rivals)]


def _sentences(text: str) -> list[str]:
    """Return the lines and sentences of a passage, or its text where it has none."""
    found = [one for line in text.split("\n") if line.strip() for one in sentences(line)]
    return found[:MOST_SENTENCES] or [text]
