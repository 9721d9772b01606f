"""Collections of many sizes: the index of a corpus, filled up with invented passages; nothing is embedded."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Collection, Document

from ..common import BenchmarkError, child, serve, tell, write_json
from ..data import Source
from ..indexes import Index, ensure, fill, place_of
from .filler import SEED, SPREAD, Filler


def ensure_sizes(source: Source, corpus: Mapping[str, Document], sizes: Sequence[int]) -> list[Index]:
    """Return an index of each size, in passages, made from the next smaller one; a killed run is gone on with."""
    base = ensure(source, corpus)
    if sizes[0] < base.chunks:
        raise BenchmarkError(f"{str(source.folder)!r} alone has {base.chunks} passages; no size may be below")
    found: list[Index] = []
    for size in sizes:
        index = place_of(f"growth {source.digest(corpus)} {size} {SEED} {SPREAD}").remembered()
        if not index.done:
            tell(f"growing to {size} passages")
            smaller = found[-1] if found else base
            child("speed.grown", {"base": asdict(base), "smaller": asdict(smaller), "to": asdict(index), "size": size})
        found.append(index.remembered())
    return found


def _make(job: dict[str, Any]) -> dict[str, Any]:
    base, smaller, index = (Index(**job[name]) for name in ("base", "smaller", "to"))
    if not (Path(index.home) / index.name).is_dir():
        _copy(smaller, index)
    with Collection.open(index.home, index.name) as collection:
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
    write_json(index.note, asdict(replace(smaller, name=index.name, chunks=0, done=False)))
    draft.rename(home / index.name)


def _filler(base: Index) -> Filler:
    with Collection.open(base.home, base.name) as collection:
        blocks = list(collection.record.live_vectors(collection.embedder_name))
        ids = [name for names, _ in blocks for name in names]
        passages = collection.passages(ids)
    return Filler([passages[name].text for name in ids], np.concatenate([vectors for _, vectors in blocks]))


if __name__ == "__main__":
    serve(_make)
