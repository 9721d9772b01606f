"""The reducers of the shared state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from polyhop.graphs.state import Event, add_found, append
from polyhop.retrieval.candidate import Candidate


def find(name: str = "a", via: str = "search", path: tuple[str, ...] = (), value: float = 1.0) -> Candidate:
    """Return a find with defaults."""
    return Candidate(id=name, via=via, path=list(path), name="", score=value)


finds = st.lists(
    st.builds(find, st.sampled_from("abc"), st.sampled_from(["search", "link"]), st.sampled_from([(), ("x",)]))
)


@given(finds, finds, finds)
def test_adding_finds_is_associative_and_repeats_nothing(
    first: list[Candidate], second: list[Candidate], third: list[Candidate]
) -> None:
    """In whatever steps finds arrive, the same ones are kept in the same order, and a replayed step adds nothing."""
    once = add_found(add_found(add_found([], first), second), third)
    assert once == add_found(add_found([], first), add_found(second, third)) == add_found(once, second)


def test_ways_to_a_passage_are_kept_apart() -> None:
    """The same passage by another way, another path or another name is another find."""
    ways = [
        find(),
        find(via="link"),
        find(path=("b",)),
        Candidate(id="a", kind="question", via="search", path=[], name="n", score=1.0),
    ]
    assert ways == add_found(ways[:1], ways)


def test_reducers_leave_their_arguments_alone() -> None:
    """What was in the state is not changed, so that a checkpoint of it stays true."""
    old, events = [find()], [Event(event="plan")]
    add_found(old, [find("b")])
    assert [Event(event="plan"), Event(event="hop")] == append(events, [Event(event="hop")])
    assert ([find()], [Event(event="plan")]) == (old, events)
