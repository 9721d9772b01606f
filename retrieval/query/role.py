"""The searcher role, which runs queries, and the augmenter role, which also reformulates the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ...core.registry import Registry
from ..candidate import Candidate, Query
from ..run import Run


@runtime_checkable
class Searcher(Protocol):
    """Runs queries. The first search is one; hop updaters and augmenters are others."""

    @property
    def name(self) -> str: ...

    @property
    def checkpoint(self) -> str: ...

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the queries find, scores not negative."""
        ...


@runtime_checkable
class Augmenter(Searcher, Protocol):
    """Reformulates the question; what it finds is of kind `reformulation` and joins the first search.

    One whose text a language model writes (`Written`) leaves `reformulate` to the step that asks the model.
    """

    def reformulate(self, run: Run) -> list[Query]:
        """Return the further queries, without a path."""
        ...


AUGMENTERS: Registry[Augmenter] = Registry(
    "augmenter",
    "polyhop.augmenters",
    {
        "feedback": "polyhop.retrieval.query.reformulations:Feedback",
        "expansion": "polyhop.retrieval.query.reformulations:Expansion",
        "repeat": "polyhop.retrieval.query.reformulations:Repeat",
        "passage": "polyhop.retrieval.query.reformulations:PASSAGE",
        "keywords": "polyhop.retrieval.query.reformulations:KEYWORDS",
        "thoughts": "polyhop.retrieval.query.reformulations:THOUGHTS",
    },
    Augmenter,
)


def first_query(text: str, searcher: Searcher, score: float = 1.0) -> Query:
    """Return a query that no passage led to, for the searcher that shall run it."""
    return Query(text=text, updater=searcher.name, checkpoint=searcher.checkpoint, path=[], score=score)
