"""Collections of many sizes: the index of a corpus, filled up with invented passages, of which nothing is embedded.

They have words of real ones, names of their own, and vectors near real ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyhop.agent import Document

from .harness import BenchmarkError, child, tell
from .indexes import Arm, Index, fill, place_of

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


def ensure_sizes(arm: Arm, sizes: Sequence[int]) -> list[Index]:
    """Return an index of each size, in passages, made from the next smaller one; a killed run is gone on with."""
    base, source = arm.index, arm.source
    if sizes[0] < base.chunks:
        raise BenchmarkError(f"{str(source.folder)!r} alone has {base.chunks} passages; no size may be below")
    found: list[Index] = []
    for size in sizes:
        index = place_of(f"growth {source.digest(arm.corpus)} {size} {SEED} {SPREAD}")
        if not index.done:
            tell(f"growing to {size} passages")
            smaller = found[-1] if found else base
            child(_make, base=asdict(base), smaller=asdict(smaller), to=asdict(index), size=size)
        found.append(index.remembered())
    return found


def _make(job: dict[str, Any]) -> dict[str, Any]:
    base, smaller, index = (Index(**job[name]) for name in ("base", "smaller", "to"))
    if not (Path(index.home) / index.name).is_dir():
        _copy(smaller, index)
    with index.opened() as collection:
        have = int(collection.status()["passages"]) - base.chunks
    want = job["size"] - base.chunks
    # Batches become safe in their order, so that what is there are the first `have`.
    return asdict(fill(index.remembered(), _filler(base).documents(have, want), want - have))


def _copy(smaller: Index, index: Index) -> None:
    """Begin with the smaller collection and its cost; a copy that is cut short never gets the name."""
    home = Path(index.home)
    draft = home / f"{index.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(home / smaller.name, draft, ignore=shutil.ignore_patterns("holders"))
    replace(smaller, name=index.name, chunks=0, done=False).noted()
    draft.rename(home / index.name)


def _filler(base: Index) -> Filler:
    with base.opened() as collection:
        blocks = list(collection.record.live_vectors(collection.embedder_name))
        ids = [name for names, _ in blocks for name in names]
        passages = collection.passages(ids)
    return Filler([passages[name].text for name in ids], np.concatenate([vectors for _, vectors in blocks]))


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
