"""Golden outputs: what differs between two makes is found, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.golden import command
from benchmarks.golden.cases import Golden, differences, read, summary, write
from benchmarks.golden.make import by_hash, passages, requests
from benchmarks.harness import BenchmarkError

GOLDEN = Path(command.__file__).parent / "0.1.0.json.gz"
GAVE: dict[str, Any] = {
    "stopped": "hops",
    "hops": 2,
    "sufficiency": 0.5,
    "passages": [{"id": "a", "path": [], "score": 1.25}, {"id": "b", "path": ["a"], "score": 0.75}],
}
BEFORE = [
    Golden("retrieve", "fast", "films", "1", GAVE),
    Golden("retrieve", "quality", "films", "1", GAVE),
    Golden("ask", "fast", "films", "1", {"text": "0a", "found": True}),
]


def changed(**values: Any) -> list[Golden]:
    """Return the cases with something else in the first."""
    return [replace(BEFORE[0], gave=GAVE | values), *BEFORE[1:]]


def scored(score: float) -> list[Golden]:
    """Return the cases with another score of the second passage in the first."""
    return changed(passages=[GAVE["passages"][0], GAVE["passages"][1] | {"score": score}])


def test_the_same_is_identical() -> None:
    """Cases in another order are the same, and so are scores that differ by less than a millionth."""
    assert [] == differences(BEFORE, BEFORE[::-1])
    assert [] == differences(BEFORE, scored(0.75 + 9e-7))
    assert "identical: 3 cases\n" == summary([], BEFORE)


@pytest.mark.parametrize(
    "after, where",
    [
        (scored(0.75 + 2e-6), "passages[1].score"),
        (scored(float("nan")), "passages[1].score"),
        (changed(passages=GAVE["passages"][::-1]), "passages[0].id"),
        (changed(passages=GAVE["passages"][:1]), "passages"),
        (changed(stopped="dry"), "stopped"),
        (changed(hops=1), "hops"),
        (changed(sufficiency=None), "sufficiency"),
        (changed(more=1), ""),
    ],
)
def test_each_difference_is_found(after: list[Golden], where: str) -> None:
    """Order, scores, stop reasons and whatever else is kept count, and the first place is told."""
    (found,) = differences(BEFORE, after)

    assert (BEFORE[0].name, where) == (found.case.name, found.where)


def test_cases_may_not_go_or_come() -> None:
    """A case that is missing or new is a difference."""
    assert [("there", "missing")] == [(one.was, one.now) for one in differences(BEFORE, BEFORE[1:])]
    assert [("missing", "there")] == [(one.was, one.now) for one in differences(BEFORE[1:], BEFORE)]


def test_the_summary_counts_by_kind_and_profile() -> None:
    """Each kind and profile has its line, and examples say what was and is."""
    said = summary(differences(BEFORE, changed(stopped="dry")[:2]), BEFORE).splitlines()

    assert "different: 2 of 3 cases" == said[0]
    assert [["ask", "fast", "1", "of", "1"], ["retrieve", "fast", "1", "of", "1"]] == [
        line.split() for line in said[1:3]
    ]
    assert ["retrieve", "quality", "0", "of", "1"] == said[3].split()
    assert "  retrieve fast films 1: stopped was 'hops', is 'dry'" in said


def test_a_file_has_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    """Neither the time nor the order of the cases shows, and what was written is read."""
    one, other = tmp_path / "one.json.gz", tmp_path / "other.json.gz"
    write(one, BEFORE, {"polyhop": "1"})
    write(other, BEFORE[::-1], {"polyhop": "1"})

    assert one.read_bytes() == other.read_bytes()
    assert sorted(BEFORE, key=lambda case: case.name) == read(one)
    with pytest.raises(BenchmarkError, match="cannot read"):
        read(tmp_path / "none.json.gz")


def test_what_0_1_0_wrote_is_told_in_hops(tmp_path: Path) -> None:
    """It counted searches and called the rule by them; a file of today, even of that version, is read as it is."""
    old = {"hops": 2, "stopped": "MaxHops(limit=1)", "passages": [{"hop": 1}]}
    cases = [
        Golden("retrieve", "fast", "films", "1", old),
        Golden("chat", "own", "films", "1", {"first": {"stopped": "WhenDry()"}, "second": {**old, "hops": 1}}),
        Golden("ask", "fast", "films", "1", {"stopped": "MaxHops(limit=1) | WhenDry()"}),
    ]
    then, today = tmp_path / "then.json", tmp_path / "today.json"
    rows = [asdict(case) for case in cases]
    then.write_text(json.dumps({"about": {"cases": 3, "polyhop": "0.1.0"}, "cases": rows}))
    write(today, cases, {"cases": 3, "polyhop": "0.1.0"})

    new = {"hops": 1, "stopped": "MaxHops(limit=1)", "passages": [{"hop": 1}]}
    assert [
        new,
        {"first": {"stopped": "WhenDry()"}, "second": {**new, "hops": 0}},
        {"stopped": "MaxHops(limit=1) | WhenDry()"},
    ] == [case.gave for case in read(then)]
    assert [case.gave for case in sorted(cases, key=lambda case: case.name)] == [case.gave for case in read(today)]


def test_the_outputs_of_0_1_0_have_no_searches_left() -> None:
    """The file that comes along says after reading what a run says now."""
    stopped = {case.gave["stopped"] for case in read(GOLDEN) if "stopped" in case.gave}
    hops = {case.gave["hops"] for case in read(GOLDEN) if "hops" in case.gave}

    assert ({"MaxHops(limit=1)", "WhenDry()"}, {0, 1}) == (stopped, hops)


def test_the_command_ends_with_1_where_something_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `make` wrote compares as identical until the code gives something else."""
    file = str(tmp_path / "golden.json")
    now = [replace(one, dataset="popqa") for one in BEFORE]
    monkeypatch.setattr(command, "make", lambda data, sets: now)
    command.COMMAND.main(["make", "DATA", "--out", file])
    command.COMMAND.main(["compare", "DATA", file])
    assert "identical: 3 cases\n" == capsys.readouterr().out

    now = [replace(one, dataset="popqa") for one in scored(0.5)]
    with pytest.raises(SystemExit) as ended:
        command.COMMAND.main(["compare", "DATA", file])
    assert 1 == ended.value.code
    assert "passages[1].score was 0.75, is 0.5" in capsys.readouterr().out


def test_the_world_is_small_and_holds_what_the_questions_need(tmp_path: Path) -> None:
    """Gold and distractors are there, even such as the corpus lacks, and choosing depends on names alone."""
    texts = [{"title": f"T{number}", "text": f"text {number}"} for number in range(5)]
    question = {"id": "q", "question": "Which?", "gold": texts[:1], "distractors": [{"title": None, "text": "else"}]}
    folder, tools = tmp_path / "multihop" / "films", tmp_path / "tools" / "shops"
    for path, rows in (
        (folder / "corpus.jsonl", texts),
        (folder / "dev.jsonl", [question]),
        (tools / "corpus.jsonl", [{"name": "a"}, {"name": "b"}]),
        (tools / "dev.jsonl", [{"id": "r", "query": "Do a", "gold": ["a"]}]),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert {"else", *(f"text {number}" for number in range(5))} == {
        one.text for one in passages(tmp_path, "films").documents
    }
    assert ["a", "b"] == [one["name"] for one in requests(tmp_path, "shops").tools]
    assert by_hash(["x", "y", "z"], str, 2) == by_hash(["z", "y", "x"], str, 2)
