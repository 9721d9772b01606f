"""The reader: says which sentences of a page, read together with a question, hold its answer or lead to it.

It began as the default embedder and was trained on pages of questions whose answer is known
(`polyhop.training.reader`). All sentences of a page are read at once, under what stands above them, so that "It weighs
40 kg" and a row of a table are understood, and each costs little. What is said of a sentence is the mean of what is
said of its tokens; a third logit says of each token whether it is of the answer itself, as readers that mark spans do
(Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers", section 4.2), and the highest counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from ...core.settings import Settings
from ...core.types import Vectors
from .cross import TokenScorer
from .pairs import END, QUESTION, START, Tokens, ids_of

SHIPPED = Path(__file__).parent / "weights" / "reader.safetensors"
#: tokens of what stands above, of a sentence, and of a window in all
HEADING, SENTENCE, WHOLE = 24, 96, 256
#: the columns of the logits: the sentence holds the answer, it leads to it, one of its tokens is of the answer
HOLDS, SUPPORTS, ANSWER = 0, 1, 2
OUTPUTS = 3
_LOADING = threading.Lock()
#: the logits of a sentence without a token
NOTHING = -8.0


class ReaderPage(NamedTuple):
    """A question, and sentences that follow each other under one heading, with " > " between a title and a heading."""

    question: str
    heading: str
    sentences: Sequence[str]


class Window(NamedTuple):
    """Sentences of a page that are read at once: the tokens, and of each its place, its first token and the next's."""

    tokens: Tokens
    parts: Sequence[tuple[int, int, int]]


def windows(pages: Sequence[ReaderPage], tokenizer: Tokenizer, whole: int = WHOLE) -> list[list[Window]]:
    """Return each page as windows of `whole` tokens at most.

    A page that is too long for one is cut between sentences; the last sentence of a window is read again at the head
    of the next, for its sense, and judged where it was read first.
    """
    known = ids_of((part for page in pages for part in (page.question, page.heading, *page.sentences)), tokenizer)
    return [
        list(_windows(known[page.question], known[page.heading], [known[one] for one in page.sentences], whole))
        for page in pages
    ]


def _windows(
    question: Sequence[int], heading: Sequence[int], sentences: Sequence[Sequence[int]], whole: int
) -> Iterator[Window]:
    first = [START, *question[:QUESTION], END]
    above = [*first, *heading[:HEADING], *([END] if heading else [])]
    ids, parts = list(above), list[tuple[int, int, int]]()
    before: Sequence[int] = ()
    for place, sentence in enumerate(sentences):
        own = sentence[:SENTENCE]
        if parts and len(ids) + len(own) >= whole:
            yield Window(Tokens([*ids, END], len(first), len(ids) + 1), parts)
            room = whole - len(above) - len(own) - 1
            ids, parts = [*above, *before[max(0, len(before) - room) :]], []
        parts.append((place, len(ids), len(ids) + len(own)))
        ids += own
        before = own
    if parts:
        yield Window(Tokens([*ids, END], len(first), len(ids) + 1), parts)


class Reader(TokenScorer):
    """Reads pages; any number of threads may call one instance at once."""

    def logits(self, pages: Sequence[ReaderPage]) -> list[Vectors]:
        """Return the logits of each page's sentences, shape (sentences, OUTPUTS).

        Column `HOLDS` is that the sentence holds the answer, `SUPPORTS` that it does not but leads to it, `ANSWER` that
        one of its tokens is of the answer.
        """
        cut = windows(pages, self.tokenizer)
        told = iter(self.score([window.tokens for own in cut for window in own]))
        found = [np.empty((len(page.sentences), OUTPUTS), np.float32) for page in pages]
        for page, own in zip(found, cut, strict=True):
            for window in own:
                states = next(told)
                for place, start, end in window.parts:
                    page[place] = pooled(states[start:end])
        return found


def pooled(tokens: Vectors) -> Vectors:
    """Return the logits of a sentence from those of its tokens, shape (OUTPUTS,); without a token nothing is held."""
    if not len(tokens):
        return np.full(OUTPUTS, NOTHING, np.float32)
    made: Vectors = tokens.mean(axis=0)
    made[ANSWER] = tokens[:, ANSWER].max()
    return made


def reader(file: Path = SHIPPED) -> Reader:
    """Return the reader of a file of weights, loaded once in a process."""
    with _LOADING:
        return _reader(file, Settings().cache)


_reader = lru_cache(maxsize=4)(Reader)
