"""Cleaning of text and metadata."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.ingest.documents import clean_metadata, clean_text, clean_title, parse_scalar, stem_title

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_text_is_composed_and_storable() -> None:
    """Text is NFC, with newlines only, without NUL and lone surrogates."""
    assert "é\na\nb\n" == clean_text("e\u0301\r\na\x00\rb\ud800\n")
    assert "ab" == clean_text("a\x00b")


def test_titles_are_one_line() -> None:
    """Line breaks and repeated spaces in titles become one space; file names lose their joiners."""
    assert "a b c" == clean_title(" a\n b\t c ")
    assert "annual report 2024" == stem_title(Path("x/annual_report-2024.txt"))
    assert "---.txt" == stem_title(Path("---.txt"))


@pytest.mark.parametrize(
    "cell, value",
    [
        *[("12", 12), ("-3.5", -3.5), ("1e3", 1000.0), ("NaN", None), ("-inf", None), ("", None), (" x ", "x")],
        *[(text, text) for text in ("007", "+44", "1,5", "9" * 30, "1e999", "Nantes", "٣")],
    ],
)
def test_cells_are_numbers_only_where_nothing_is_lost(cell: str, value: object) -> None:
    """Numbers are parsed; codes with leading zeros, signs or many digits stay text; NaN and infinity are dropped."""
    assert value == parse_scalar(cell)


def test_metadata_is_flattened() -> None:
    """Two levels become dotted keys, deeper ones JSON text, and what is no value is dropped."""
    fields = {
        "a": {"b": {"c": {"d": 1}}, "e": None},
        "list": [1, None, math.nan, "x"],
        "objects": [{"k": 1}],
        "empty": [],
        "nan": math.nan,
        "big": 2**70,
        "yes": True,
        " ": 1,
    }

    assert {
        "a.b.c": '{"d": 1}',
        "list": [1, "x"],
        "objects": '[{"k": 1}]',
        "big": str(2**70),
        "yes": True,
    } == clean_metadata(fields)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_any_json_becomes_storable_metadata(fields: dict[str, object]) -> None:
    """Whatever JSON holds, keys are text and values are scalars, or lists of scalars, that UTF-8 and SQLite take."""
    for key, value in clean_metadata(fields).items():
        key.encode()
        for scalar in value if isinstance(value, list) else [value]:
            assert isinstance(scalar, str | int | float)
            if isinstance(scalar, str):
                assert "\x00" not in scalar
                scalar.encode()
            else:
                assert math.isfinite(scalar)
                assert isinstance(scalar, float) or -(2**63) <= scalar < 2**63
