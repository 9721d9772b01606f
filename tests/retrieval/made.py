"""Candidates as tests make them."""

from __future__ import annotations

from collections.abc import Sequence

from polyhop.retrieval.candidate import Candidate


def bridge(name: str, score: float, path: Sequence[str]) -> Candidate:
    """Return a passage to go on from."""
    return Candidate(id=name, score=score, kind="question", via="search", path=list(path), name="")
