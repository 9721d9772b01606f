"""The speed benchmarks from their command line, each on data small enough for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.common import run
from benchmarks.speed import batch, catalogue, command, filters, ingest
from polyhop.agent import Collection, Document
from tests.benchmarks.test_multihop import sample, write


def measure(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a speed benchmark and return its figures."""
    out = folder / "out.json"
    assert 0 == run(lambda: command.main([*arguments, "--json", str(out)]))
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_search_is_measured_with_its_parts(tmp_path: Path) -> None:
    """Hybrid search and each bare part took time, and their sum is what the ratio is against."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "search", str(folder), "--limit", "4")
    times = {row["what"]: row["p50 ms"] for row in result["rows"]}

    assert {"hybrid", "encode", "chroma", "fts5", "reading passages", "sum of encode, chroma and fts5"} == set(times)
    assert 0 < min(times.values())
    assert times["hybrid"] / times["sum of encode, chroma and fts5"] == pytest.approx(result["ratio"], rel=0.01)


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_parts_of_the_graph_are_its_parts(tmp_path: Path) -> None:
    """What is timed as the bare work ranks as the graph does, for every question."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "graph", str(folder), "--limit", "4")

    assert (4, 0) == (result["questions"], result["different"])
    assert ["parts", "plain", "streaming", "checkpoints"] == [row["way"] for row in result["rows"]]
    assert [0.0, 1.0] == [result["rows"][0][key] for key in ("added p50 ms", "of the parts")]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_catalogue_is_measured_against_bare_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tools are there after the parts, each way took time, and the share is that of the two."""
    monkeypatch.setattr(catalogue, "OPENINGS", 1)
    monkeypatch.setattr(catalogue, "TURNS", 1)
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
    assert 0 < plain < mine


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_batch_is_measured_and_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way asks all questions and comes to the same results; one that comes to others is noticed."""
    monkeypatch.setattr(batch, "TURNS", tuple(batch.WAYS))
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "batch", str(folder), "--limit", "4")
    found = {"singly": [{"seconds": 2.0, "found": [["a"], ["b"]]}], "batch": [{"seconds": 1.0, "found": [["a"], []]}]}

    assert [("singly", 0), ("batch", 0), ("abatch", 0)] == [(row["way"], row["different"]) for row in result["rows"]]
    assert result["rows"][1]["of singly"] == result["ratio"] > 0
    assert [(1.0, 1.0, 0), (2.0, 2.0, 1)] == [tuple(row.values())[1:] for row in batch._figures(found, "ab")["rows"]]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_bounded_reading_is_measured_against_unbounded(tmp_path: Path) -> None:
    """On a collection that is smaller than the bound, both readings find the same."""
    folder = write(tmp_path / "films", *sample())
    result = measure(tmp_path, "lexical", str(folder), "--limit", "4")

    assert ["bm25", "hybrid", "polyhop"] == [row["system"] for row in result["rows"]]
    assert (0.0, 0.0) == (result["lost@5"], result["lost@20"])
    assert all(0 < row["recall@5"] <= row["recall@20"] <= 100 for row in result["rows"])


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_filters_are_measured_with_their_recall(tmp_path: Path) -> None:
    """Each filter has its times, the number of rows it lets pass, and finds what exact search finds."""
    result = measure(tmp_path, "filters", "--vectors", "600", "--queries", "4")
    passing = {row["filter"]: row["passing"] for row in result["rows"]}

    assert (600, 300, 100) == (passing["no filter"], passing["50.0% in clusters"], passing["0.1% in clusters"])
    assert [1.0] * len(result["rows"]) == pytest.approx([row["dense recall@10"] for row in result["rows"]], abs=0.05)


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_ingest_embeds_the_same_texts_in_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates of indexing and of both bare ways are told, with the peak of each process."""
    monkeypatch.setattr(ingest, "PARTS", 1)
    passages, questions = sample()
    corpus = write(tmp_path / "films", passages, questions) / "corpus.jsonl"
    result = measure(tmp_path, "ingest", str(corpus), "--limit", "8")
    rates = {row["way"]: row["passages/s"] for row in result["rows"]}

    assert 8 == result["passages"] <= result["chunks"]
    assert rates["polyhop"] / max(rates["onnxruntime"], rates["sentence-transformers"]) == pytest.approx(
        result["ratio"], abs=0.01
    )
    assert all(row["peak MB"] > 50 for row in result["rows"])


@pytest.mark.slow
def test_start_is_measured_in_new_processes(tmp_path: Path) -> None:
    """A cold process answers without torch, and the next answer is faster than the first."""
    with Collection.create(tmp_path / "home") as collection:
        collection.add([Document("a", "The Danube ends in the Black Sea.", "Danube")])
    result = measure(tmp_path, "start", str(tmp_path / "home"), "--times", "1")
    times = {row["what"]: row["p50 ms"] for row in result["rows"]}

    assert {"polyhop --help", "process to first answer", "next answer"} == set(times)
    assert 0 < times["next answer"] < times["process to first answer"]


@pytest.mark.slow
def test_a_home_without_a_collection_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reason why the process did not answer is passed on in one line."""
    assert 3 == run(lambda: command.main(["start", str(tmp_path), "--times", "1"]))
    assert "no collection 'default'" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: BENCHMARK"),
        (["magic"], "'magic'"),
        (["ingest"], "required: CORPUS.jsonl"),
        (["ingest", "/nowhere.jsonl"], "cannot read '/nowhere.jsonl'"),
        (["search", "/nowhere"], "cannot read '/nowhere/corpus.jsonl'"),
        (["filters", "--vectors", "0"], "--vectors"),
    ],
)
def test_a_bad_call_is_told_in_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """A call that cannot work ends with exit code 2 and one line that names the reason."""
    assert 2 == run(lambda: command.main(arguments))
    shown = capsys.readouterr()
    assert said in shown.err
    assert (1, "") == (shown.err.count("\n"), shown.out)


def test_the_cloud_is_clustered_and_its_filters_pass_their_shares() -> None:
    """Vectors are unit vectors nearer to their own cluster than to others; filters let through what they say."""
    cloud = filters.Cloud(2_000)
    passing = {one.where: one.passing.mean() for one in cloud.filters()}
    cosines = cloud.vectors[:400] @ cloud.vectors[:400].T
    same = cloud.clusters[:400, None] == cloud.clusters[None, :400]

    assert np.ones(2_000) == pytest.approx(np.linalg.norm(cloud.vectors, axis=1), abs=1e-5)
    assert cosines[same].mean() > 0.5 > 0.2 > abs(cosines[~same].mean())
    assert (0.5, 0.1) == (passing["cluster < 10"], passing["cluster < 2"])
    assert 0.5 == pytest.approx(passing["share < 0.5"], abs=4 * (0.25 / 2_000) ** 0.5)
