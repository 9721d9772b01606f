"""The reducers of the shared state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyhop.graphs.state import Event, add_finds, append
from polyhop.retrieval.hop.role import Find


def find(name: str = "a", via: str = "search", path: tuple[str, ...] = (), value: float = 1.0) -> Find:
    """Return a find with defaults."""
    return Find(id=name, via=via, path=list(path), name="", value=value)


finds = st.lists(
    st.builds(find, st.sampled_from("abc"), st.sampled_from(["search", "link"]), st.sampled_from([(), ("x",)]))
)


@given(finds, finds, finds)
def test_adding_finds_is_associative_and_repeats_nothing(
    first: list[Find], second: list[Find], third: list[Find]
) -> None:
    """In whatever steps finds arrive, the same ones are kept in the same order, and a replayed step adds nothing."""
    once = add_finds(add_finds(add_finds([], first), second), third)
    assert once == add_finds(add_finds([], first), add_finds(second, third)) == add_finds(once, second)


def test_ways_to_a_passage_are_kept_apart() -> None:
    """The same passage by another way, another path or another name is another find."""
    ways = [find(), find(via="link"), find(path=("b",)), Find(id="a", via="search", path=[], name="n", value=1.0)]
    assert ways == add_finds(ways[:1], ways)


def test_reducers_leave_their_arguments_alone() -> None:
    """What was in the state is not changed, so that a checkpoint of it stays true."""
    old, events = [find()], [Event(event="plan")]
    add_finds(old, [find("b")])
    assert [Event(event="plan"), Event(event="hop")] == append(events, [Event(event="hop")])
    assert ([find()], [Event(event="plan")]) == (old, events)
