"""The reader over the head of a ranking: what holds the answer moves up, and nothing behind the head does."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Vectors
from polyhop.retrieval.rerank.reader import Reader, ReaderPage
from polyhop.retrieval.rerank.reader_reranker import MOST_PASSAGES, ReaderReranker
from polyhop.retrieval.rerank.role import RERANKERS, Reranker

from .contract import DEPTH, RerankerStructure, scene
from .rankings import item, told

__all__ = ["scene"]

QUESTION = "How long are backups kept?"
TEXTS = {
    "canteen": "Lunch is served from noon. The canteen closes at three.",
    "backup": "The server is saved each night. Copies are deleted after 45 days.",
    "holiday": "Employees have thirty days of leave a year.",
}


class TestReaderReranker(RerankerStructure):
    """It adds to a score, and so decides between passages that the ranking finds alike."""

    @pytest.fixture
    def reranker(self) -> Reranker:
        """Return the reader over a head of the contract's depth."""
        return ReaderReranker(DEPTH, margin=100.0)


def test_what_holds_the_answer_gains_most() -> None:
    """Three passages of one score: the one that says it comes first, and the gain is a part of its own."""
    run = told(QUESTION, TEXTS)
    ranked = ReaderReranker().rerank([item(name, 1.0) for name in TEXTS], run)

    assert "backup" == ranked[0]["id"]
    assert all(one["score"] == pytest.approx(sum(one["parts"].values())) for one in ranked)
    assert all("reader" in one["parts"] for one in ranked)


def test_what_is_not_read_stays_behind() -> None:
    """The answer at place three is not seen where two may be read."""
    run = told(QUESTION, TEXTS)
    ranked = ReaderReranker(2).rerank([item("canteen", 3.0), item("holiday", 2.0), item("backup", 1.0)], run)

    assert "backup" == ranked[-1]["id"]
    assert ranked[-1]["score"] < ranked[-2]["score"]


def test_only_what_contends_for_a_place_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four passages the two around the border are read; nobody is where a place has no second claimant."""
    read: list[str] = []
    told_by = Reader.logits

    def logits(self: Reader, pages: Sequence[ReaderPage]) -> list[Vectors]:
        read.extend(page.sentences[0] for page in pages)
        return told_by(self, pages)

    monkeypatch.setattr(Reader, "logits", logits)
    texts = {**TEXTS, "garden": "The garden is open at noon."}
    run = told(QUESTION, texts)

    def order(*scores: float) -> list[str]:
        read.clear()
        one = ReaderReranker(first=(2,), margin=0.3)
        return [item["id"] for item in one.rerank(list(map(item, texts, scores)), run)]

    assert ["canteen", "backup", "holiday", "garden"] == order(3.0, 1.9, 2.0, 0.0)
    assert 2 == len(read) and {"The server is saved each night.", "Employees have thirty days of leave a year."} == set(
        read
    )
    assert ["canteen", "backup", "holiday", "garden"] == order(3.0, 2.0, 1.0, 0.0)
    assert not read


def test_the_settings_say_how_many_are_read() -> None:
    """As for the other rerankers; what cannot be is said at once."""
    made = RERANKERS.make("reader=12")

    assert isinstance(made, ReaderReranker) and 12 == made.depth
    for wrong in ("reader=0", f"reader={MOST_PASSAGES + 1}", "reader=many"):
        with pytest.raises(CallerError, match="reader="):
            RERANKERS.make(wrong)
