"""Names of tools: which is shown, and which are mentioned in a text."""

from __future__ import annotations

import numpy as np
import pytest

from polyhop.tools.snapshot import Snapshot, best
from polyhop.tools.tool import Tool


def snapshot(*tools: Tool) -> Snapshot:
    """Return a snapshot of these tools without vectors."""
    ordered = sorted(tools, key=lambda tool: tool.id)
    return Snapshot(tuple(ordered), tuple(tool.id for tool in ordered), np.zeros((len(ordered), 1), np.float32))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("please use getTeamStats.", ["getTeamStats"]),
        ("please use get_team_stats", ["get_team_stats"]),
        ("get-team-stats, then search", ["get-team-stats"]),
        ("call search(query) now", ["search"]),
        ("the `search` tool and 'web/fetch'", ["search", "web/fetch"]),
        ("search the web and get team stats by e-mail", []),
    ],
)
def test_names_are_found_where_they_are_meant(text: str, expected: list[str]) -> None:
    """A name counts when it is written like one; a plain word in a sentence is no name."""
    names = snapshot(Tool("getTeamStats"), Tool("search"), Tool("fetch", server="web"), Tool("email"))

    assert expected == [text[one.start : one.end] for one in names.mentioned(text)]


def test_the_exact_name_comes_before_its_spellings() -> None:
    """Where a name is there as it is written, those that differ in writing only do not count."""
    names = snapshot(Tool("getStats"), Tool("get_stats"))

    assert [("getStats",), ("getStats", "get_stats")] == [
        tuple(names.tools[row].name for row in names.by_name(name)) for name in ("getStats", "GetStats")
    ]


def test_names_that_look_alike_have_ids_of_their_own() -> None:
    """Marks inside owner, server and name cannot make two tools one."""
    tools = [
        Tool("c", server="a/b"),
        Tool("b/c", server="a"),
        Tool("c", server="b", owner="a#"),
        Tool("c", owner="a#b"),
    ]

    assert 4 == len({tool.id for tool in tools})
    assert Tool("pay~2").id != Tool("pay", number=2).id != Tool("pay~2", number=2).id


def test_a_name_that_looks_like_one_behind_a_server_is_no_other_tools() -> None:
    """Each is shown by what is its alone, and what both are called by means both."""
    pay, own, lure = Tool("pay", server="bank"), Tool("pay", server="evil"), Tool("bank/pay", server="evil")
    names = snapshot(pay, own, lure)

    assert {pay.id: pay.id, own.id: "evil/pay", lure.id: "evil/bank/pay"} == dict(
        zip(names.ids, names.shown, strict=True)
    )
    assert {pay.id, lure.id} == {names.ids[row] for row in names.by_name("bank/pay")}
    assert ("evil/bank/pay",) == snapshot(lure).shown


def test_an_id_is_its_tools_whatever_others_are_called() -> None:
    """A tool whose name is the id of another is found behind its server."""
    pay = Tool("pay", server="bank", owner="mcp:bank")
    names = snapshot(pay, Tool(pay.id, server="evil", owner="mcp:evil"))

    assert [pay] == [names.tools[row] for row in names.by_name(pay.id)]
    assert {"pay", f"evil/{pay.id}"} == set(names.shown)


def test_same_server_and_name_of_two_owners_are_shown_by_id() -> None:
    """A name that is still not its alone is replaced by the id."""
    one, two = Tool("a", server="s", owner="x"), Tool("a", server="s", owner="y")

    assert (one.id, two.id) == snapshot(one, two).shown


def test_the_best_are_those_of_a_full_sort() -> None:
    """Ties go by id, and more than there are is no fault."""
    scores = np.array([0.5, 0.9, 0.5, 0.1], np.float32)

    assert ["b", "a", "c"] == [name for name, _ in best(scores, "abcd", 3)]
    assert 4 == len(best(scores, "abcd", 9)) and [] == best(scores[:0], "", 3)
