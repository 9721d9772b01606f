"""Stop rules, alone and combined."""

from __future__ import annotations

import pytest

from polyhop.retrieval.stop import (
    AfterHops,
    AfterSeconds,
    MaxHops,
    Progress,
    Stop,
    WhenCancelled,
    WhenDry,
    WhenHopeless,
    WhenSettled,
    WhenSufficient,
)


def progress(**facts: object) -> Progress:
    """Return the progress of a run that goes well."""
    usual = {"hops": 1, "new_passages": 5, "new_best": 3, "queries": 4, "seconds": 0.5, "cancelled": False}
    return Progress(**{**usual, **facts})  # type: ignore[arg-type]


RULES: list[tuple[Stop, dict[str, object], bool]] = [
    (MaxHops(2), {"hops": 1}, False),
    (MaxHops(2), {"hops": 2}, True),
    (MaxHops(0), {"hops": 0}, True),
    (AfterSeconds(1.0), {"seconds": 0.99}, False),
    (AfterSeconds(1.0), {"seconds": 1.0}, True),
    (AfterSeconds(0), {"seconds": 0.0}, True),
    (WhenDry(), {}, False),
    (WhenDry(), {"new_passages": 0}, True),
    (WhenDry(), {"new_passages": 0, "unread": 1}, False),
    (WhenDry(), {"new_passages": 3, "unread": 0}, True),
    (WhenDry(), {"queries": 0}, True),
    (WhenDry(), {"queries": 0, "unread": 1}, True),
    (WhenSettled(), {"hops": 0, "new_best": 0}, False),
    (WhenSettled(), {"hops": 1, "new_best": 0}, True),
    (WhenSettled(), {"hops": 2, "new_best": 1}, False),
    (WhenSettled(after=2), {"hops": 1, "new_best": 0}, False),
    (WhenHopeless(), {}, False),
    (WhenHopeless(), {"best_query": 0.7, "kth": 1.0}, False),
    (WhenHopeless(), {"best_query": 0.69, "kth": 1.0}, True),
    (WhenHopeless(), {"best_query": 0.0, "kth": 0.0}, False),
    (WhenHopeless(share=2.0), {"best_query": 1.9, "kth": 1.0}, True),
    (WhenHopeless(), {"kth": 1e9}, False),
    (WhenSufficient(), {}, False),
    (WhenSufficient(), {"sufficiency": 0.89}, False),
    (WhenSufficient(), {"sufficiency": 0.9}, True),
    (WhenSufficient(least=0.0), {"sufficiency": 0.0}, True),
    (WhenSufficient(least=0.0), {"sufficiency": None}, False),
    (WhenCancelled(), {}, False),
    (WhenCancelled(), {"cancelled": True}, True),
    (MaxHops(2) | WhenDry(), {"queries": 0}, True),
    (MaxHops(2) & WhenDry(), {"queries": 0}, False),
    (MaxHops(2) & WhenDry(), {"queries": 0, "hops": 2}, True),
]


@pytest.mark.parametrize(("rule", "facts", "expected"), RULES, ids=[f"{rule}-{facts}" for rule, facts, _ in RULES])
def test_rules_fire_on_their_facts(rule: Stop, facts: dict[str, object], expected: bool) -> None:  # noqa: FBT001
    """Each rule, and each combination, fires exactly when its condition holds, and says itself as the reason."""
    assert expected == rule(progress(**facts)) == bool(rule.reason(progress(**facts)))


def test_the_reason_is_the_part_that_fired() -> None:
    """Of alternatives the one that fired is reported; of a conjunction the whole."""
    rule = MaxHops(3) | (WhenDry() & AfterSeconds(1.0)) | WhenCancelled()
    assert "WhenCancelled()" == rule.reason(progress(cancelled=True))
    assert "MaxHops(limit=3)" == rule.reason(progress(hops=4, cancelled=True))
    assert repr(WhenDry() & AfterSeconds(1.0)) == rule.reason(progress(queries=0, seconds=2.0))
    assert "" == rule.reason(progress())


def test_rules_are_values() -> None:
    """Rules that are written alike are equal and print as they are written."""
    assert MaxHops(1) | WhenDry() == MaxHops(1) | WhenDry()
    assert "AnyOf(rules=(MaxHops(limit=1), WhenDry()))" == repr(MaxHops(1) | WhenDry())
    assert "AllOf(rules=(MaxHops(limit=1), WhenDry()))" == repr(MaxHops(1) & WhenDry())
    assert 1 == len({AfterSeconds(1.0), AfterSeconds(1.0)})


def test_a_rule_of_ones_own_combines() -> None:
    """A subclass with a call is a rule like any other."""

    class AfterMany(Stop):
        def __call__(self, progress: Progress) -> bool:
            return progress.new_passages > 4

        def __repr__(self) -> str:
            return "AfterMany()"

    assert "AfterMany()" == (AfterMany() | MaxHops(8)).reason(progress())
    with pytest.raises(NotImplementedError):
        Stop()(progress())


@pytest.mark.parametrize(
    "rule", [MaxHops(1), AfterSeconds(1.0), WhenDry(), WhenSettled(), WhenHopeless(), WhenCancelled()], ids=repr
)
def test_a_rule_that_never_looks_at_the_sufficiency_says_so(rule: Stop) -> None:
    """So the estimate is not made for it; one that may look, or of whom nobody knows, is asked for in company too."""
    assert not rule.asks_sufficiency
    assert not (rule | rule).asks_sufficiency
    for one in (WhenSufficient(), Stop()):
        assert one.asks_sufficiency
        assert (rule | one).asks_sufficiency
        assert (one & rule).asks_sufficiency


def test_the_old_rule_counts_searches() -> None:
    """What 0.1 called `AfterHops` counted the first search too, and says so."""
    with pytest.warns(DeprecationWarning, match=r"AfterHops\(3\) is MaxHops\(2\) now"):
        assert MaxHops(2) == AfterHops(3)
