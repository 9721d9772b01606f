"""Instructions that metadata can answer, as filters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polyhop.core.types import Document, Metadata
from polyhop.encoders import Encoder
from polyhop.retrieval.query import fields
from polyhop.retrieval.query.instructions import Period
from polyhop.retrieval.retriever import CallableRetriever, MultiRetriever
from polyhop.store.collection import Collection


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open documents that are dated in several ways."""
    rows: dict[str, Metadata] = {
        "new": {"date": "2021-05-01", "pages": 3, "O'Key `x\\": "it's"},
        "old": {"date": "1989-12-31", "pages": 900},
        "year": {"date": 1990, "pages": 1},
        "none": {"pages": 7},
    }
    with Collection.create(tmp_path_factory.mktemp("fields"), "dated", embedder=embedder) as made:
        made.add(
            [
                Document(key, f"Text of {key}.", metadata=metadata, source=f"https://{key}.example/a*c")
                for key, metadata in rows.items()
            ]
        )
        yield made


@pytest.mark.parametrize(("years", "passing"), [
    (Period(since=1990), ["new", "year"]),
    (Period(until=1989), ["old"]),
    (Period(1989, 1990), ["old", "year"]),
    (Period(since=2022), []),
])  # fmt: skip
def test_years_become_a_filter_on_the_key_that_dates(years: Period, passing: list[str], dated: Collection) -> None:
    """Numbers and ISO dates are both asked; a document without a date does not pass."""
    condition = fields.dated(dated, years)
    assert condition is not None
    assert "date" == condition.key
    assert passing == dated.keys(condition.where)


def test_the_keys_of_all_collections_are_known(dated: Collection, embedder: Encoder) -> None:
    """Keys are read from the record, of several collections together; a search of one's own has none."""
    assert {"date", "pages", "O'Key `x\\"} <= set(fields.keys(MultiRetriever([dated, dated])))
    assert fields.keys(CallableRetriever(lambda question, k: [], embedder)) == []
    assert fields.dated(CallableRetriever(lambda question, k: [], embedder), Period(since=2000)) is None


@pytest.mark.parametrize(("condition", "passing"), [
    (fields.equal("O'Key `x\\", "IT'S"), ["new"]),
    (fields.equal("pages", "900"), ["old"]),
    (fields.equal("date", "*"), []),
    (fields.of_site("OLD.example"), ["old"]),
    (fields.of_site("a*c"), ["new", "none", "old", "year"]),
    (fields.of_site("a?c"), []),
])  # fmt: skip
def test_values_are_taken_as_they_are(condition: fields.Condition, passing: list[str], dated: Collection) -> None:
    """Quotes, backquotes and wild cards in keys and values mean themselves."""
    assert passing == dated.keys(condition.where)


def test_filters_are_joined_whole() -> None:
    """An `or` in one of them stays its own."""
    assert "(a = 1 or b = 2) and (c = 3)" == fields.joined("a = 1 or b = 2", "", "c = 3")
    assert "a = 1" == fields.joined(" ", "a = 1")
