"""The path-aware cross-encoder: question, way and candidate read together, in 8-bit integers, without torch.

It began as some layers of the default embedder and was trained on candidate lists (Nogueira and Cho, "Passage
Re-ranking with BERT", arXiv 1901.04085, with the way to a candidate put before it, as in path retrieval; see
`pairs.py`). It scores any text for any request: a tool is a candidate without a way.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...core.errors import CallerError
from ...core.settings import Settings
from ...core.types import Vectors
from ...encoders import graph_cache
from ...encoders.minilm import tokenizer
from ..candidate import Candidate
from ..run import Run
from . import crossfile
from .pairs import CandidatePair, Tokens, candidate, encode, led
from .role import head_of

_BATCH_TOKENS = 1024
#: passages that one question may have read
MOST_PAIRS = 200
_STEP = 8  # to which a pair's tokens are padded
_LOADING = threading.Lock()


class TokenScorer:
    """Scores pairs of tokens; any number of threads may call one instance at once.

    Activations are quantised by the range of their batch, so that a logit differs in the third digit with the company
    that a pair is read in; the same pairs, in whatever order, give the same logits.
    """

    def __init__(
        self, file: Path = crossfile.SHIPPED, cache: Path | None = None, *, threads: int | None = None
    ) -> None:
        """Load the weights' graph from `cache`, writing it first where there is none."""
        home = (Settings().cache if cache is None else cache).expanduser()
        path, arguments = crossfile.graph(home, file)
        self._session = graph_cache.session(path, crossfile.__name__, arguments, threads=threads or graph_cache.cores())
        self.tokenizer = tokenizer()

    def score(self, tokens: Sequence[Tokens]) -> list[Vectors]:
        """Return the logits of each pair, shape (outputs,), (width, outputs) where each token has some; () for one."""
        order = sorted(range(len(tokens)), key=lambda place: (-len(tokens[place].ids), *tokens[place]))
        result: list[Vectors] = [np.empty(0, np.float32)] * len(tokens)
        start = 0
        while start < len(order):
            width = -(-len(tokens[order[start]].ids) // _STEP) * _STEP
            places = order[start : start + max(1, _BATCH_TOKENS // width)]
            for place, logits in zip(places, self._run([tokens[place] for place in places], width), strict=True):
                result[place] = logits
            start += len(places)
        return result

    def _run(self, tokens: Sequence[Tokens], width: int) -> Vectors:
        ids, segments = np.zeros((2, len(tokens), width), np.int32)
        for row, pair in enumerate(tokens):
            ids[row, : len(pair.ids)] = pair.ids
            segments[row, pair.first : pair.last] = 1
        lengths = np.array([len(pair.ids) for pair in tokens], np.int32)
        logits: Vectors = self._session.run(None, {"ids": ids, "segments": segments, "lengths": lengths})[0]
        return logits


class PairScorer(TokenScorer):
    """Scores candidates for questions."""

    def logits(self, pairs: Sequence[CandidatePair]) -> Vectors:
        """Return a logit for each pair, shape (len(pairs),); above 0 the candidate is more likely right than not."""
        return np.array(self.score(encode(pairs, self.tokenizer)), np.float32)


def scorer(file: Path = crossfile.SHIPPED) -> PairScorer:
    """Return the scorer of a file of weights, loaded once in a process."""
    with _LOADING:
        return _scorer(file, Settings().cache)


_scorer = lru_cache(maxsize=4)(PairScorer)


@dataclass(frozen=True, slots=True)
class CrossEncoder:
    """Orders the head of a ranking by the cross-encoder's logits and notes them for whoever comes after.

    Args:
        depth: passages to read; each costs about 4 ms on two cores.
        file: weights, those that come along by default.
    """

    depth: int = 16
    file: Path = crossfile.SHIPPED
    name: str = "cross"

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= MOST_PAIRS:
            raise CallerError(f"cross={self.depth}: the cross-encoder reads 1 to {MOST_PAIRS} passages")

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its first `depth` passages in the order of their logits, which are their scores."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        run.load(name for item in head.items for name in item["path"][-1:])
        pairs = [
            CandidatePair(run.question, led(item, run), candidate(passage.title, passage.heading, passage.text))
            for item, (passage, *_) in zip(head.items, head.known, strict=True)
        ]
        logits = [round(logit, 6) for logit in scorer(self.file).logits(pairs).tolist()]
        return head.read(logits).rescored(logits, self.name)
