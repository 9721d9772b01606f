"""A hop updater that counts its calls in a file and waits until a gate is open, for tests of other processes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyhop.retrieval.candidate import Candidate, Kind, Query
from polyhop.retrieval.run import Run


@dataclass(frozen=True, slots=True)
class GatedHop:
    """Proposes nothing, late: `place` gets a line for each call, and the call ends once `place`.open is there."""

    place: str
    name: str = "gated"
    kind: Kind = "words"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Count the call and wait."""
        with Path(self.place).open("a", encoding="utf-8") as file:
            file.write("hop\n")
        while not Path(f"{self.place}.open").exists():
            time.sleep(0.01)
        return []

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Find nothing."""
        return []
