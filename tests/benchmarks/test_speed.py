"""The speed benchmarks from their command line, each on data small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as overview
from benchmarks import speed
from benchmarks.harness import run
from tests.benchmarks.test_multihop import sample, write


def measure(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a speed benchmark and return its figures."""
    out = folder / "out.json"
    assert 0 == run(lambda: overview.main(["speed", *arguments, "--json", str(out)]))
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_parts_of_the_graph_are_its_parts(tmp_path: Path) -> None:
    """What is timed as the bare work ranks as the graph does, for every question."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "graph", str(folder), "--limit", "4")

    assert (4, 0) == (result["questions"], result["different"])
    assert ["parts", "loop", "graph", "streaming", "checkpoints"] == [row["way"] for row in result["rows"]]
    assert [0.0, 1.0] == [result["rows"][0][key] for key in ("added p50 ms", "of the parts")]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_catalogue_is_measured_against_bare_encoding(tmp_path: Path) -> None:
    """All tools are there after the parts, each way took time, and the share is that of the two."""
    rows = [{"name": f"tool_{number}", "description": f"Do thing {number}."} for number in range(6)]
    (tmp_path / "tools.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, rows[0]]))
    result = measure(tmp_path, "catalogue", str(tmp_path / "tools.jsonl"))
    polyhop, bare, share, *opened = (row["figure"] for row in result["rows"])

    assert 6 == result["tools"] and 0 < min(opened)
    assert share == pytest.approx(polyhop / bare, rel=0.2)


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_question_is_measured_against_a_plain_search(tmp_path: Path) -> None:
    """The ratio is that of the two medians."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "fast", str(folder), "--limit", "4")
    plain, mine = (row["p50 ms"] for row in result["rows"])

    assert (4, ["embedding and hybrid search", "polyhop"]) == (
        result["questions"],
        [row["what"] for row in result["rows"]],
    )
    assert mine / plain == pytest.approx(result["ratio"], rel=0.01)
    assert min(plain, mine) > 0


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_batch_is_measured_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way asks all questions and comes to the same results; one that comes to others is noticed."""
    monkeypatch.setattr(speed, "TURNS", tuple(speed.WAYS))
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "batch", str(folder), "--limit", "4")
    found = {"singly": [{"seconds": 2.0, "found": [["a"], ["b"]]}], "batch": [{"seconds": 1.0, "found": [["a"], []]}]}

    assert [("singly", 0), ("batch", 0), ("abatch", 0)] == [(row["way"], row["different"]) for row in result["rows"]]
    assert result["rows"][1]["of singly"] == result["ratio"] > 0
    assert [(1.0, 1.0, 0), (2.0, 2.0, 1)] == [tuple(row.values())[1:] for row in speed.batch_table(found, 2)]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_bounded_reading_is_measured_against_unbounded(tmp_path: Path) -> None:
    """On a collection that is smaller than the bound, both readings find the same."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "lexical", str(folder), "--limit", "4")

    assert ["bm25", "hybrid", "polyhop"] == [row["system"] for row in result["rows"]]
    assert (0.0, 0.0) == (result["lost@5"], result["lost@20"])
    assert all(0 < row["recall@5"] <= row["recall@20"] <= 100 for row in result["rows"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "unknown benchmark 'speed'"),
        (["magic"], "'speed magic'"),
        (["catalogue"], "required: TOOLS.jsonl"),
        (["catalogue", "/nowhere.jsonl"], "cannot read '/nowhere.jsonl'"),
        (["fast", "/nowhere"], "cannot read '/nowhere/corpus.jsonl'"),
        (["growth", "/nowhere", "--sizes", "0"], "--sizes"),
    ],
)
def test_a_bad_call_is_told_in_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """A call that cannot work ends with exit code 2 and one line that names the reason."""
    assert 2 == run(lambda: overview.main(["speed", *arguments]))
    shown = capsys.readouterr()
    assert said in shown.err
    assert (1, "") == (shown.err.count("\n"), shown.out)
