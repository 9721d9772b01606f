"""A process that indexes documents with vectors of their own and says what was acknowledged; made to be killed.

    python indexing_child.py HOME [STEP NUMBER]

Prints the number of documents after each batch that is safe. With STEP it kills itself the NUMBERth time the write path
reports that step.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyhop.core.types import Document
from polyhop.store.collection import Collection, Options

ROWS, BATCH, EDITED, REMOVED = 2_000, 1_000, 300, 200
# Texts lie near few directions; isotropic noise is what no approximate index finds exactly.
TOPICS = np.random.default_rng(0).normal(size=(24, 384))


class Given:
    """The embedder of documents that all bring their own vectors: never asked for one, so nothing has to be loaded."""

    name = "given"
    dimension = 384
    max_tokens = 256

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Refuse, but for nothing."""
        if texts:
            raise AssertionError(f"{len(texts)} texts were to be embedded, although their vectors are given")
        return np.empty((0, self.dimension), np.float32)

    encode_queries = encode_passages

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words."""
        return [len(text.split()) for text in texts]


def document(number: int, *, edition: int) -> Document:
    """Return a document whose text and vector follow from its number and edition."""
    weights = np.random.default_rng((number, edition)).normal(size=24)
    vector = weights @ TOPICS
    text = f"Entry {number} of edition {edition}: the river Aare{number % 97} meets Lake Brienz{number % 31}."
    return Document(f"doc-{number:05}", text, f"Entry {number}", {"number": number}, vector=tuple(vector.tolist()))


def work(home: Path, observe: object) -> None:
    """Index everything, then edit some and remove some, so that each kind of write can be interrupted."""
    with Collection.create(home, "crash", embedder=Given(), options=Options(observe=observe)) as collection:  # type: ignore[arg-type]
        present = len(collection.keys())
        with collection.intake(batch=BATCH) as intake:
            for number in range(ROWS):
                edited = number < EDITED
                intake.put(document(number, edition=2 if edited and present == ROWS else 1))
                if (number + 1) % BATCH == 0:
                    intake.flush()
                    print(number + 1, flush=True)
        with collection.intake(batch=BATCH) as intake:
            for number in range(EDITED):
                intake.put(document(number, edition=2))
            intake.flush()
            print(ROWS + EDITED, flush=True)
        collection.remove([f"doc-{number:05}" for number in range(ROWS - REMOVED, ROWS)])
        print("done", flush=True)


def killer(step: str, number: int) -> object:
    """Return an observer that kills this process the `number`th time it hears `step`."""
    left = [number]

    def observe(heard: str) -> None:
        left[0] -= heard == step
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return observe


if __name__ == "__main__":
    arguments = sys.argv[2:]
    work(Path(sys.argv[1]), killer(arguments[0], int(arguments[1])) if arguments else lambda step: None)
