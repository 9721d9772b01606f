"""The reader: says of a sentence, read together with the question, whether it holds the answer or leads to it.

It began as the cross-encoder did, as some layers of the default embedder, and was trained on sentences of questions
whose answer is known (`polyhop.training.reader`). What stands above and before a sentence is read with it, so that
"It weighs 40 kg" is understood, and the reader knows which of it all is the sentence: that alone is of the second
segment.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from ...core.settings import Settings
from ...core.types import Numbers, Vectors
from ...core.weights_file import Linear, load_linear
from ...retrieval.rerank.cross import TokenScorer
from ...retrieval.rerank.pairs import ARROW, END, QUESTION, START, WHOLE, Tokens, ids_of

SHIPPED = Path(__file__).parent / "weights" / "reader.safetensors"
CALIBRATION = SHIPPED.with_suffix(".json")
FORMAT = 1
#: tokens of the sentence, of what stands above it and of what stands before it
SENTENCE, HEADING, BEFORE = 60, 20, 24
#: the columns of the logits
HOLDS, SUPPORTS = 0, 1
_LOADING = threading.Lock()


#: what the probability is told by: the best logit of holding the answer, and how far it is above the second best
FEATURES = ("best", "margin")
_FARTHEST = 8.0


class ReaderPair(NamedTuple):
    """A question and a sentence.

    `heading` is what stands above the sentence, with " > " between a title and a heading; `before` is the sentence that
    precedes it. Either may be empty.
    """

    question: str
    sentence: str
    heading: str = ""
    before: str = ""


def encode(pairs: Sequence[ReaderPair], tokenizer: Tokenizer) -> list[Tokens]:
    """Return the pairs as tokens: the question, the sentence, and what stands above and before it."""
    known = ids_of((part for pair in pairs for part in pair), tokenizer)
    return [_joined(*(known[part] for part in pair)) for pair in pairs]


def _joined(question: list[int], sentence: list[int], heading: list[int], before: list[int]) -> Tokens:
    first = [START, *question[:QUESTION], END]
    said = [*sentence[:SENTENCE], END]
    around = [*heading[:HEADING], *([ARROW] if heading and before else []), *before[:BEFORE]]
    ids = [*first, *said, *around[: WHOLE - len(first) - len(said) - 1]]
    return Tokens([*ids, END] if around else ids, len(first), len(first) + len(said))


class Reader(TokenScorer):
    """Reads sentences; any number of threads may call one instance at once.

    A pair costs about 8 ms of processor time.
    """

    def logits(self, pairs: Sequence[ReaderPair]) -> Vectors:
        """Return the logits of each pair, shape (len(pairs), 2).

        Column `HOLDS` is that the sentence holds the answer, column `SUPPORTS` that it does not but leads to it.
        """
        return self.score(encode(pairs, self.tokenizer))


def summary(holds: Vectors) -> Numbers:
    """Return the features of the logits of holding the answer, one for each sentence read, shape (len(FEATURES),).

    A sentence that is read alone is as far above the others as any may be.
    """
    first, *rest = sorted((float(logit) for logit in holds), reverse=True)
    return np.array([first, min(_FARTHEST, first - rest[0]) if rest else _FARTHEST])


def probability(holds: Vectors, file: Path = CALIBRATION) -> float:
    """Return how probable it is that the best of some sentences holds the answer, given their logits of holding it.

    Args:
        holds: the column `HOLDS` of the logits, shape (sentences,); of no sentences nothing can be expected.
        file: the unit that tells it, fitted on questions that the reader was trained without.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    if not len(holds):
        return 0.0
    value = float(_unit(file)(summary(holds)[None])[0])
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


@lru_cache(maxsize=4)
def _unit(file: Path) -> Linear:
    command = "training.reader calibrate"
    return load_linear(file, _right, what="calibration of the reader", command=command, format=FORMAT)


def _right(held: Mapping[str, Any]) -> Linear:
    return Linear.of(held["right"], FEATURES)


def reader(file: Path = SHIPPED) -> Reader:
    """Return the reader of a file of weights, loaded once in a process."""
    with _LOADING:
        return _reader(file, Settings().cache)


_reader = lru_cache(maxsize=4)(Reader)
