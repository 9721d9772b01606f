"""The check of citations on sentences as a model writes them."""

from __future__ import annotations

from collections import Counter

from polyhop.answering.citations.check import check_citations
from tests.answering.citations.pairs import PAIRS, TEXTS

#: Shares that are demanded of the check.
CAUGHT = 0.85
LOST = 0.05


def supported(answer: str) -> bool:
    """Return whether the one sentence of an answer is borne out."""
    return check_citations(answer, TEXTS)[0]["supported"]


def test_false_sentences_are_caught_and_true_ones_kept() -> None:
    """Of a model's sentences hardly any true one is lost, and few of their false twins pass."""
    lost = [pair.true for pair in PAIRS if not supported(pair.true)]
    passed = [pair.false for pair in PAIRS if supported(pair.false)]

    assert len(lost) <= LOST * len(PAIRS), lost
    assert len(passed) <= (1 - CAUGHT) * len(PAIRS), passed


def test_each_kind_is_caught() -> None:
    """Names, numbers, denials and wrong passages are caught for the most part, each kind by itself."""
    kinds = Counter(pair.kind for pair in PAIRS)
    caught = Counter(pair.kind for pair in PAIRS if not supported(pair.false))

    assert {"name", "number", "negation", "passage"} == set(kinds)
    assert all(caught[kind] >= 0.75 * count for kind, count in kinds.items()), caught


def test_what_is_wrong_is_said() -> None:
    """A sentence that is not borne out says why, one that is says nothing."""
    first = PAIRS[0]

    assert "" == check_citations(first.true, TEXTS)[0]["why"]
    assert "1977" in check_citations("Jaws came out in 1977 [3].", TEXTS)[0]["why"]
    assert "it cites no passage" == check_citations("Jaws came out in 1975.", TEXTS)[0]["why"]
