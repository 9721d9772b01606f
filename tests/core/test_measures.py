"""Measures in texts and cells."""

from __future__ import annotations

import pytest

from polyhop.core.measures import DATED, NUMBER, measures, unit_of


def read(text: str, unit: str = "") -> list[tuple[str, float]]:
    """Return the kinds and values of a text's measures."""
    return [(one.kind, round((one.low + one.high) / 2, 3)) for one in measures(text, unit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It weighs 1.2 kg.", [("mass", 1200)]),
        ("340g", [("mass", 340)]),
        ("two tonnes", [("mass", 2e6)]),
        ("a range of 9,500 m and 4 km", [("length", 9500), ("length", 4000)]),
        ("kept for 3 weeks", [("time", 3 * 7 * 86400)]),
        ("a 48-hour limit", [("time", 48 * 3600)]),
        ("500 GB", [("data", 5e11)]),
        ("€1,499.50", [("EUR", 1499.5)]),
        ("3 million dollars", [("USD", 3e6)]),
        ("a dam of 1962 m", [("length", 1962)]),
        ("12 Kilometres", [("length", 12000)]),
        ("seats 9", [(NUMBER, 9)]),
    ],
)
def test_a_measure_is_read_in_one_unit_of_its_kind(text: str, expected: list[tuple[str, float]]) -> None:
    """Whatever unit it is written in, as word or as symbol."""
    assert expected == read(text)


@pytest.mark.parametrize(
    "text", ["3-5 kg", "3 – 5 kg", "3 to 5 kg", "1,5 kg", "1.250 EUR", "model A4", "version 3.12.4", "1960s"]
)
def test_what_can_be_read_in_two_ways_is_none(text: str) -> None:
    """Ranges, decimal commas, thousands with a point, names and decades."""
    assert [] == read(text)


def test_a_symbol_is_read_as_it_is_written() -> None:
    """A small m is a metre, and a large one nothing that is known."""
    assert [("length", 5.0)] == read("5 m")
    assert [] == [kind for kind, _ in read("5 M") if kind == "length"]


def test_a_number_of_a_column_has_its_unit() -> None:
    """The name of the column gives the unit, also of what looks like a year."""
    assert ("m", "kg", "EUR", "", "%") == tuple(
        map(unit_of, ("Range (m)", "Weight [kg]", "Price in EUR", "Sensor", "Battery (%)"))
    )
    assert [("length", 1200)] == read("1200", "m")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("1962", "1988"), ("2019-11-20", "2021-03-02"), ("3 March 1951", "14 March 1951"), ("May 1990", "1991")],
)
def test_dates_follow_each_other(earlier: str, later: str) -> None:
    """A date is the time from its first to its last day."""
    (first,), (second,) = ([one for one in measures(text) if one.kind == DATED] for text in (earlier, later))

    assert first.high < second.low


def test_a_year_and_a_day_in_it_overlap() -> None:
    """Nobody knows which of them is earlier."""
    (year,), (day,) = (list(measures(text))[:1] for text in ("in 1990", "5 May 1990"))

    assert year.low <= day.low <= day.high <= year.high


def test_months_and_years_have_some_play() -> None:
    """Twelve months are as long as a year, thirteen longer."""
    (twelve,), (year,), (more,) = (list(measures(text)) for text in ("12 months", "1 year", "14 months"))

    assert twelve.low <= year.low <= twelve.high
    assert year.high < more.low
