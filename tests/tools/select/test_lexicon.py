"""The words of a catalogue by field."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.tools.select import lexicon
from polyhop.tools.select.lexicon import DESCRIBED, INPUTS, NAME, OFFERED, Lexicon, service
from polyhop.tools.tool import Tool

from .shops import TOOLS

LEXICON = Lexicon.of(TOOLS)


@pytest.mark.parametrize(
    ("text", "field", "name"),
    [
        ("forecasts", NAME, "get_forecast"),
        ("currencies and amounts of money", DESCRIBED, "convert_currency"),
        ("a recipient", INPUTS, "send_mail"),
        ("something from music", OFFERED, "get_lyrics"),
    ],
)
def test_a_word_counts_in_the_field_where_it_stands(text: str, field: int, name: str) -> None:
    """Each column has its best tool, whatever form the word has, and so has BM25 over all."""
    words = LEXICON.words(text)
    rows = np.arange(len(TOOLS))[::-1]
    shared = LEXICON.shared(words, rows)

    assert name == TOOLS[rows[shared[:, field].argmax()]].name
    assert name == TOOLS[LEXICON.bm25(words).argmax()].name
    assert 0 < shared[:, field].max() <= LEXICON.rarity[words].sum()


def test_a_text_without_known_words_matches_nothing() -> None:
    """Function words and foreign ones count for nothing."""
    assert [] == LEXICON.words("what is the xyzzy")
    assert 0 == np.abs(LEXICON.bm25([])).max()


def test_an_empty_catalogue_has_an_empty_lexicon() -> None:
    """Nothing fails before there are tools."""
    assert (0,) == Lexicon.of(()).bm25(Lexicon.of(()).words("weather")).shape


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (Tool("search", server="shop"), "shop"),
        (Tool("search_for_shop"), "shop"),
        (Tool("cars_for_sale_for_shop"), "shop"),
        (Tool("shop__search"), "shop"),
        (Tool("searchShop"), ""),
    ],
)
def test_a_tool_belongs_to_its_server_or_to_what_its_name_says(tool: Tool, expected: str) -> None:
    """The usual ways to put the service into a name are understood."""
    assert expected == service(tool)


def test_words_of_requests_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many words are asked for, a bounded number is remembered, and a forgotten one is found again."""
    monkeypatch.setattr(lexicon, "REMEMBERED", 4)
    small = Lexicon.of(TOOLS)
    weather = small.words("weather")
    small.words(" ".join(f"unheard{chr(97 + n)}" for n in range(26)))

    assert 4 == small._known.cache_info().currsize
    assert weather == small.words("weather") != []
