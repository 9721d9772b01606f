"""What a set of queries is worth."""

from __future__ import annotations

import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders import Encoder
from polyhop.training.tool_queries.examples import (
    QueryGeneratorRecipe,
    checked,
    described,
    divided,
    interleaved,
    of_gold,
    queries_in,
    worth,
)
from tests.tools.catalogues import tool

from .worlds import ROW, judge, requests


def test_lists_are_interleaved() -> None:
    """The first of every list comes before the second of any, each tool once, lists of any length."""
    assert [1, 4, 6, 2, 3] == interleaved([[1, 2, 3], [4, 1, 5], [6]], 5)
    assert [] == interleaved([[], []], 5)


def test_the_metrics_go_by_what_can_be_had() -> None:
    """Recall counts what was found, average precision where; more gold tools than places are no loss."""
    assert 0.5 == worth([7, 8, 1], {1, 2}, precise=False)
    assert pytest.approx(1 / 6) == worth([7, 8, 1], {1, 2}, precise=True)
    assert 1.0 == worth([2, 1], {1, 2, 3}, precise=True)
    assert 0.0 == worth([], {1}, precise=True)


@pytest.mark.parametrize("ranking", ["interleaved", "select"])
def test_the_right_query_is_rewarded(embedder: Encoder, ranking: str) -> None:
    """Descriptions of the gold tools find what the request alone does not, in the paper's ranking and in ours."""
    judging = judge(embedder, QueryGeneratorRecipe(k=2, ranking=ranking))  # type: ignore[arg-type]
    one = requests()[0]

    assert 0.0 == judging.reward(one, ())
    assert 0.0 < judging.reward(one, of_gold(one, judging.shop))
    assert ROW["send_mail"] in judging.ranked(one.text, ["Send a message by electronic mail."])


def test_the_request_stays_a_query(embedder: Encoder) -> None:
    """Its own first tool leads, whatever the queries find."""
    judging = judge(embedder)

    assert ROW["get_lyrics"] == judging.ranked("Words of a song", ["Reserve a meeting room"])[0]


def test_a_reply_that_cannot_be_read_has_no_queries() -> None:
    """So that the request alone is searched for, as where the reply names no tools."""
    assert [] == queries_in("I cannot help with that") == queries_in('{"tools": []}') == queries_in('{"tools": [" "]}')
    assert ["Book a room"] == queries_in('Sure: {"tools": ["Book  a room", "Book a room", ""]}')


def test_a_tool_is_described_by_its_first_sentence() -> None:
    """One without a description by its name."""
    assert "Tell the weather." == described(tool(description="Tell the weather. Needs a key."))
    assert "get forecast" == described(tool(description=""))


def test_requests_are_divided_once_and_for_all() -> None:
    """The parts are those of the seed, and nothing is in both."""
    learned, apart = divided(range(10), 0.3, 1)

    assert (list(range(10)), 3) == (sorted([*learned, *apart]), len(apart))
    assert (learned, apart) == divided(range(10), 0.3, 1)


def test_a_recipe_that_makes_no_sense_is_refused() -> None:
    """The message names the part."""
    with pytest.raises(CallerError, match="draws=0"):
        checked(QueryGeneratorRecipe(draws=0))
    with pytest.raises(CallerError, match=r"apart=1\.0"):
        checked(QueryGeneratorRecipe(apart=1.0))
