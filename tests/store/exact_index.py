"""A vector index of one's own: every row is scored, and filters are applied before that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from polyhop.core.types import Metadata, Vectors
from polyhop.store.filter import Filter
from polyhop.store.vector_index import Generation, IndexFailed, file_sizes


class ExactIndex:
    """Keeps all rows in memory and in one file, in the generation's folder or in a folder at an address."""

    embedded = True
    holds_metadata = True

    def __init__(self, generation: Generation, address: str) -> None:
        self.location = f"exact index {address}".strip()
        self._folder = Path(address) / generation.name if address else generation.folder
        self._rows: dict[str, tuple[Vectors, Metadata]] = {}  # never changed, only exchanged, since others may read it

    @classmethod
    def configured(cls, argument: str, given: Generation) -> ExactIndex:
        """Return the index of a generation."""
        return cls(given, argument)

    def open(self) -> None:
        """Read the file, if there is one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if (self._folder / "rows.json").exists():
            stored = json.loads((self._folder / "rows.json").read_text())
            self._rows = {name: (np.array(row, np.float32), metadata) for name, row, metadata in stored}

    def check(self, rows: int | None = None) -> None:
        """Compare the number of rows."""
        if rows not in (None, len(self._rows)):
            raise IndexFailed(f"it holds {len(self._rows)} rows, the record {rows}")

    def fingerprint(self) -> str:
        """Return the size of the file."""
        return file_sizes(self._folder)

    def can_filter(self, condition: Filter) -> bool:
        """Return True: a filter knows itself what matches."""
        return True

    def query(self, vectors: Vectors, limit: int, where: Filter | None = None) -> list[list[tuple[str, float]]]:
        """Score all rows that pass."""
        rows = {name: row for name, (row, known) in self._rows.items() if where is None or where.matches(known)}
        if not rows:
            return [[] for _ in vectors]
        names, scores = list(rows), vectors @ np.stack(list(rows.values())).T
        return [[(names[place], float(near[place])) for place in np.argsort(-near)[:limit]] for near in scores]

    def upsert(self, ids: Sequence[str], vectors: Vectors, metadata: Sequence[Metadata]) -> None:
        """Add or replace rows."""
        self._rows = {**self._rows, **dict(zip(ids, zip(vectors, metadata, strict=True), strict=True))}

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows."""
        self._rows = {name: row for name, row in self._rows.items() if name not in set(ids)}

    def ids(self) -> list[str]:
        """Return all ids."""
        return list(self._rows)

    def get(self, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Return the rows that are there."""
        there = [name for name in ids if name in self._rows]
        return there, np.array([self._rows[name][0] for name in there], np.float32)

    def commit(self) -> None:
        """Write the file."""
        stored = [(name, row.tolist(), dict(metadata)) for name, (row, metadata) in self._rows.items()]
        (self._folder / "rows.json").write_text(json.dumps(stored))

    def drop(self) -> None:
        """Delete the file."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Do nothing."""
