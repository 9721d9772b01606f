"""Invented passages that make a collection large: words of real ones, names of their own, vectors near real ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from polyhop.agent import Document

Floats = NDArray[np.float32]

SEED = 0
BLOCK = 500
# Noise of this length on a unit vector: a cosine of 0.89 with the real passage, and 0.8 among those around it.
SPREAD = 0.5
SHORTEST, LONGEST = 30, 110
MENTIONS = 2
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
GIVEN = 997
# Coprime to the number of names of four syllables, so that neighbours sound different and no two are alike.
STRIDE = 7_368_787


class Filler:
    """Passages by number, always the same; those of lower numbers are mentioned in later ones."""

    def __init__(self, texts: Sequence[str], vectors: Floats) -> None:
        self._words = [word for text in texts for word in text.split()]
        self._vectors = vectors

    def documents(self, start: int, stop: int) -> Iterator[Document]:
        """Yield the passages from number `start` up to `stop`, each with its vector."""
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            for number, document in zip(range(block * BLOCK, stop), self._block(block), strict=False):
                if number >= start:
                    yield document

    def _block(self, block: int) -> Iterator[Document]:
        random = np.random.default_rng([SEED, block])
        near = self._vectors[random.integers(0, len(self._vectors), BLOCK)]
        noise = _unit(random.standard_normal(near.shape, np.float32))
        vectors = _unit(near + SPREAD * noise)
        words = random.integers(0, len(self._words), (BLOCK, LONGEST))
        lengths = random.integers(SHORTEST, LONGEST + 1, BLOCK)
        mentioned = random.random((BLOCK, MENTIONS))
        for place in range(BLOCK):
            number = block * BLOCK + place
            body = [self._words[word] for word in words[place, : lengths[place]]]
            for part, share in enumerate(mentioned[place], start=1):
                body.insert(len(body) * part // (MENTIONS + 1), name(int(share * number)))
            text = f"{name(number)} is a {' '.join(body)}"
            yield Document(f"filler-{number}", text, name(number), vector=tuple(vectors[place].tolist()))


def name(number: int) -> str:
    """Return the name that only this passage bears: a given name that others have too, and a surname."""
    base = len(SYLLABLES)
    return f"{_spelt(number % GIVEN, 2)} {_spelt(number * STRIDE % base**4, 4)}"


def _spelt(number: int, syllables: int) -> str:
    spelt = ""
    for _ in range(syllables):
        number, syllable = divmod(number, len(SYLLABLES))
        spelt += SYLLABLES[syllable]
    return spelt.capitalize()


def _unit(rows: Floats) -> Floats:
    units: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units
