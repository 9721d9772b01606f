"""Requests taken apart."""

from __future__ import annotations

import pytest

from polyhop.tools.select.intents import MOST, essence, intents, searched


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("What is the weather in Oslo?", ["What is the weather in Oslo"]),
        (
            "Check the weather in Oslo and convert 100 euros to krone.",
            ["Check the weather in Oslo", "convert 100 euros to krone"],
        ),
        (
            "Translate the letter. After that, send it to the office. Finally, book a room.",
            ["Translate the letter", "send it to the office", "book a room"],
        ),
        ("1. Find a hotel\n2. Book a taxi\n- Tell my boss", ["Find a hotel", "Book a taxi", "Tell my boss"]),
        ("Show songs by Simon and Garfunkel", ["Show songs by Simon and Garfunkel"]),
        ("Play 'Wait and see. Then run' on repeat", ["Play 'Wait and see. Then run' on repeat"]),
        ("Get the list of cities, along with their postal codes", ["Get the list of cities", "their postal codes"]),
        (
            "天気を教えてください。レストランを予約してください。",
            ["天気を教えてください", "レストランを予約してください"],
        ),
        (
            "I'm a writer and my sister is moving to Rome. Find flights to Rome. This information will help us.",
            ["Find flights to Rome"],
        ),
        ("My company is expanding to China", ["My company is expanding to China"]),
        ("I'm looking for a hotel. Find a doctor", ["I'm looking for a hotel", "Find a doctor"]),
        ("", []),
    ],
)
def test_a_request_is_cut_into_what_it_asks(request_: str, expected: list[str]) -> None:
    """Sentences, lists and clauses with a verb are parts, quotes stay whole; who asks and why is no part of its own."""
    assert expected == [one.rstrip("。") for one in intents(request_)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], ["Please find cheap flights"]),
        (["find cheap flights"], ["Please find cheap flights"]),
        (["search for flights by price"], ["Please find cheap flights", "search for flights by price"]),
        (["flights", "please find cheap ones"], ["Please find cheap flights", "flights", "find cheap ones"]),
    ],
)
def test_nothing_is_searched_for_twice(found: list[str], expected: list[str]) -> None:
    """A request is searched for as a whole and by its intents; that it has one of its own words adds nothing."""
    assert expected == searched("Please find cheap flights", found)


def test_a_request_has_a_bounded_number_of_intents() -> None:
    """A long list costs no more than its first items."""
    assert MOST == len(intents(". ".join(f"Find hotel number {word}" for word in "abcdefghijklmn")))


def test_marks_that_stand_for_quotes_cannot_be_smuggled_in() -> None:
    """A request may hold any characters."""
    assert ["Find file 7 of mine"] == [" ".join(one.split()) for one in intents("Find file \0007\1 of mine")]


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("Could you please help me find cheap flights", "find cheap flights"),
        ("I would like to know the exchange rate", "the exchange rate"),
        ("the state of order A1B2C3D4", "the state of order"),
        ("open https://example.com/a/b in a browser", "open in a browser"),
        ("tell me", "tell me"),
    ],
)
def test_the_essence_leaves_out_what_says_nothing_of_the_tool(clause: str, expected: str) -> None:
    """Polite openings and values go, unless nothing else is left."""
    assert expected == essence(clause)
