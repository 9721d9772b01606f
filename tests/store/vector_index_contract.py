"""What every vector index must keep; a new one is put to the same checks by subclassing `VectorIndexContract`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.types import Metadata, Vectors
from polyhop.store.filter import parse
from polyhop.store.vector_index import VECTOR_INDEXES, Generation, IndexFailed, VectorIndex

ROWS, DIMENSION = 40, 16
IDS = [f"{number:032x}" for number in range(ROWS)]
VECTORS: Vectors = np.random.default_rng(1).normal(size=(ROWS, DIMENSION)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
# Of each kind of value, one of them absent from some rows, and kinds mixed under one key.
METADATA: list[Metadata] = [
    {
        "key": f"doc {number}",
        "title": f"Row {number}",
        "source": "a'b",
        "year": 1990 + number,
        "tags": ["even" if number % 2 == 0 else "odd", number],
        **({"draft": number % 4 == 0} if number % 3 else {}),
    }
    for number in range(ROWS)
]
FILTERS = [
    "year >= 2000 and year < 2010",
    "tags = 'odd' or tags in (2, 4)",
    "not draft exists",
    "draft != true",
    "title like 'row 1*' and not key = 'doc 12'",
    "year = '1995'",
]
Make = Callable[[str], VectorIndex]


class VectorIndexContract:
    """Subclass it as `Test…` and give `spec`, as it would stand in `POLYHOP_INDEX`."""

    @pytest.fixture
    def spec(self) -> str:
        """Return what names the engine."""
        raise NotImplementedError

    @pytest.fixture
    def make(self, spec: str, tmp_path: Path) -> Iterator[Make]:
        """Return what makes an unopened index of a generation."""
        made: list[VectorIndex] = []

        def make(name: str) -> VectorIndex:
            made.append(VECTOR_INDEXES.make(spec, Generation(name, tmp_path / name, DIMENSION)))
            return made[-1]

        yield make
        for index in made:
            index.close()
            index.drop()

    @pytest.fixture
    def filled(self, make: Make) -> VectorIndex:
        """Return an open index that holds all rows."""
        index = make("polyhop-contract-1")
        index.open()
        index.upsert(IDS, VECTORS, METADATA if index.holds_metadata else [])
        index.commit()
        return index

    def test_rows_find_themselves(self, filled: VectorIndex) -> None:
        """The nearest row of each row is itself, with a cosine of 1; lists are sorted and as long as was asked."""
        found = filled.query(VECTORS, 5)
        assert IDS == [near[0][0] for near in found]
        for row, near in zip(VECTORS, found, strict=True):
            scores = [score for _, score in near]
            assert 5 == len(near) and sorted(scores, reverse=True) == scores
            expected = [float(row @ VECTORS[IDS.index(name)]) for name, _ in near]
            np.testing.assert_allclose(expected, scores, atol=1e-5)

    def test_rows_come_back_as_they_were(self, filled: VectorIndex) -> None:
        """Ids and vectors can be read; those that are not there are left out."""
        assert sorted(IDS) == sorted(filled.ids())
        there, vectors = filled.get([IDS[3], "f" * 32, IDS[1]])
        assert {IDS[3], IDS[1]} == set(there)
        np.testing.assert_allclose([VECTORS[IDS.index(name)] for name in there], vectors, atol=1e-6)
        assert [] == filled.get([])[0] == filled.get(["f" * 32])[0]

    def test_rows_are_replaced_and_removed(self, filled: VectorIndex) -> None:
        """An upsert replaces, a deletion removes and passes over what is not there."""
        filled.upsert(IDS[:1], VECTORS[1:2], METADATA[1:2] if filled.holds_metadata else [])
        filled.delete([IDS[1], "f" * 32])
        filled.commit()
        filled.check(ROWS - 1)
        assert IDS[0] == filled.query(VECTORS[1:2], 1)[0][0][0]
        assert IDS[1] not in filled.ids()

    def test_what_is_committed_is_there_again(self, make: Make, filled: VectorIndex) -> None:
        """A generation that is closed opens with its rows and the fingerprint that it had."""
        before = filled.query(VECTORS[:3], 4)
        fingerprint = filled.fingerprint()
        filled.close()
        filled.close()
        again = make("polyhop-contract-1")
        assert fingerprint == again.fingerprint()
        again.open()
        again.check(ROWS)
        assert [[name for name, _ in near] for near in before] == [
            [name for name, _ in near] for near in again.query(VECTORS[:3], 4)
        ]

    def test_another_number_of_rows_is_a_failure(self, filled: VectorIndex) -> None:
        """The check says what the record must not rely on."""
        filled.check()
        filled.check(ROWS)
        with pytest.raises(IndexFailed, match=str(ROWS)):
            filled.check(ROWS + 1)

    def test_generations_are_apart(self, make: Make, filled: VectorIndex) -> None:
        """One is dropped without the other, also when it is not there."""
        other = make("polyhop-contract-2")
        other.open()
        other.check(0)
        other.upsert(IDS[:1], VECTORS[:1], METADATA[:1] if other.holds_metadata else [])
        other.commit()
        other.close()
        make("polyhop-contract-2").drop()
        make("polyhop-contract-3").drop()
        empty = make("polyhop-contract-2")
        empty.open()
        empty.check(0)
        filled.check(ROWS)

    def test_damage_changes_the_fingerprint(self, make: Make, filled: VectorIndex, tmp_path: Path) -> None:
        """Files that are cut short are told before they are opened; who has no files says nothing."""
        before = filled.fingerprint()
        filled.close()
        files = [path for path in (tmp_path / "polyhop-contract-1").rglob("*") if path.is_file()]
        assert bool(files) == filled.embedded == bool(before)
        for path in files:
            path.write_bytes(path.read_bytes()[:-1])
        assert filled.embedded == (before != make("polyhop-contract-1").fingerprint())

    @pytest.mark.parametrize("where", FILTERS)
    def test_filters_that_it_applies_are_applied_exactly(self, where: str, filled: VectorIndex) -> None:
        """Among the rows that pass, and no others, the nearest are found; who says no holds no metadata for nothing."""
        condition = parse(where)
        if not filled.can_filter(condition):
            return
        assert filled.holds_metadata
        passing = [place for place in range(ROWS) if condition.matches(METADATA[place])]
        for row, near in zip(VECTORS, filled.query(VECTORS, ROWS, condition), strict=True):
            expected = sorted(passing, key=lambda place: -float(row @ VECTORS[place]))
            assert [IDS[place] for place in expected] == [name for name, _ in near]
