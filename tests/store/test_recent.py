"""What is kept at hand: of one generation, and not too much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from polyhop.store.search import Recent


class Shelf:
    """Values that are there, and which of them were fetched."""

    def __init__(self, capacity: int = 4) -> None:
        self.recent: Recent[str] = Recent(capacity)
        self.fetched: list[list[str]] = []
        self.version = 0

    def read(self, *ids: str) -> dict[str, str]:
        """Read through the cache; nothing begins with x."""
        return self.recent.read(ids, self.version, self._fetch)

    def _fetch(self, ids: Sequence[str]) -> Mapping[str, str]:
        self.fetched.append(list(ids))
        return {name: f"{name}{self.version}" for name in ids if not name.startswith("x")}


def test_what_is_at_hand_is_not_fetched_again() -> None:
    """Only what is missing is fetched, in one go; what is not there is asked for each time."""
    shelf = Shelf()
    assert {"a": "a0"} == shelf.read("a", "x")
    assert {"a": "a0", "b": "b0"} == shelf.read("a", "b", "x")
    assert [["a", "x"], ["b", "x"]] == shelf.fetched


def test_a_new_generation_forgets_everything() -> None:
    """Values of an older generation are never returned."""
    shelf = Shelf()
    shelf.read("a")
    shelf.version = 1
    assert {"a": "a1"} == shelf.read("a")


def test_what_is_used_stays_and_the_rest_goes() -> None:
    """Of more than fit those stay that were read lately."""
    shelf = Shelf(capacity=4)
    for name in "abacade":
        shelf.read(name)
    shelf.fetched.clear()
    shelf.read("a", "b")
    assert [["b"]] == shelf.fetched
