"""The multi-hop benchmark from its command line, on passages that polyhop ships."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import indexes, multihop
from benchmarks.data import Source
from benchmarks.harness import run
from polyhop.agent import Collection, Document, example
from polyhop.agent.evaluate.metrics import DEPTHS
from tests.clock import Clock

PASSAGES = 40
QUESTIONS = 6
TIMES = ("ms", "index_s", "peak_mb", "command")


def write(folder: Path, passages: list[dict[str, str]], questions: list[dict[str, Any]]) -> Path:
    """Write a data set whose question file has blank lines."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in passages), encoding="utf-8")
    (folder / "dev.jsonl").write_text("".join(f"\n{json.dumps(row)}\n" for row in questions), encoding="utf-8")
    return folder


def sample() -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    """Return a few real questions and a small corpus that holds their gold passages."""
    with example.passages_path() as path:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    by_title = {row["title"]: {"title": row["title"], "text": row["text"]} for row in rows}
    questions: list[dict[str, Any]] = [
        {"question": one.question, "type": one.type, "hops": 2, "gold": [by_title[title] for title in one.titles]}
        for one in example.questions()[:QUESTIONS]
    ]
    gold = [passage for question in questions for passage in question["gold"]]
    others = [passage for passage in by_title.values() if passage not in gold]
    return [*gold, *others][:PASSAGES], questions


def measure(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the command and return the figures that it wrote."""
    out = folder / "figures" / "out.json"
    assert 0 == run(lambda: multihop.COMMAND.main([str(folder), *arguments, "--json", str(out)]))
    result: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return result


def timeless(value: Any) -> Any:
    """Return figures without those that another run may change."""
    if not isinstance(value, dict):
        return value
    return {key: timeless(one) for key, one in value.items() if not key.endswith(TIMES)}


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_order_of_the_corpus_changes_no_figure(tmp_path: Path) -> None:
    """A shuffled corpus file, indexed anew, gives identical figures for every system."""
    passages, questions = sample()
    shuffled = random.Random(7).sample(passages, len(passages))
    first = measure(write(tmp_path / "a" / "films", passages, questions), "--fresh")
    second = measure(write(tmp_path / "b" / "films", shuffled, questions), "--fresh")

    assert passages != shuffled
    assert timeless(first) == timeless(second)
    assert 1 / 2 <= first["systems"]["polyhop"]["recall@5"]


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_the_figures_have_the_promised_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Facts and figures carry their names, shares lie from 0 to 1, and a second run goes without indexing."""
    passages, questions = sample()
    folder = write(tmp_path / "films", passages, questions)
    result = measure(folder, "--systems", "hybrid,polyhop", "--limit", "3", "--seed", "5")
    again = measure(folder, "--systems", "hybrid")
    polyhop = result["systems"]["polyhop"]

    expected = {"dataset": "films", "split": "dev", "untitled": False, "questions": 3, "passages": PASSAGES, "seed": 5}
    assert expected == {key: result[key] for key in expected}
    assert {"hybrid", "polyhop"} == set(result["systems"])
    for k in DEPTHS:
        for metric in (f"recall@{k}", f"all@{k}"):
            low, high = polyhop[f"{metric}_ci"]
            assert 0 <= low <= polyhop[metric] <= high <= 1
            assert polyhop[metric] - result["systems"]["hybrid"][metric] == pytest.approx(
                polyhop[f"{metric}_vs_hybrid"][0], abs=2e-5
            )
    assert {"recall@5", "all@5", "n"} == set(polyhop["by_type"][questions[0]["type"]])
    assert 3 == polyhop["by_hops"]["2"]["n"]
    assert 0 < polyhop["p50_ms"] <= polyhop["p95_ms"]
    assert polyhop["peak_mb"] > 50
    assert result["index_s"] == again["index_s"] == polyhop["index_s"] > 0
    assert "recall@5 - hybrid" in capsys.readouterr().out
    assert ("fast", 0.0) == (result["profile"], polyhop["looked_again"])
    assert 0 <= polyhop["sufficiency"] <= 1 and 0 <= polyhop["sufficiency_ece"] <= 1
    assert "sufficiency" not in result["systems"]["hybrid"]
    closer = measure(folder, "--systems", "polyhop", "--limit", "2", "--profile", "quality")
    assert ("quality", 1.0) == (closer["profile"], closer["systems"]["polyhop"]["looked_again"])


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_a_corpus_smaller_than_k_without_titles(tmp_path: Path) -> None:
    """Without titles equal texts are one passage; k beyond the corpus returns what there is; missing gold is told."""
    passages, questions = sample()
    twins = [*passages[:5], passages[0] | {"title": "Another title"}]
    questions[0]["gold"] = [*questions[0]["gold"], {"title": "Nowhere", "text": "It is not in the corpus."}]
    result = measure(write(tmp_path / "few", twins, questions[:1]), "--untitled", "--systems", "dense,bm25")

    assert 5 == result["passages"]
    assert 1 == result["gold_missing"]
    assert 5.0 == result["systems"]["dense"]["mean_passages"]
    assert 2 / 3 == pytest.approx(result["systems"]["dense"]["recall@20"], abs=1e-5)


def documents(count: int) -> Iterator[Document]:
    """Yield documents that differ."""
    return (Document(key=str(number), text=f"Passage number {number} is about rivers.") for number in range(count))


def dying(count: int) -> Iterator[Document]:
    """Yield documents until something goes wrong."""
    yield from documents(count)
    raise InterruptedError("the machine went down")


@pytest.mark.slow
@pytest.mark.usefixtures("embedder")
def test_an_interrupted_index_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before an interruption stays, is not taken for a whole index, and its cost is counted."""
    monkeypatch.setattr(indexes, "BATCH", 4)
    Clock(monkeypatch, indexes, tick=lambda: 1.0)
    index = indexes.Index(str(tmp_path), "cut-short")
    with pytest.raises(InterruptedError):
        indexes.fill(index, dying(9), 600)
    interrupted = index.remembered()
    with Collection.open(index.home, index.name) as collection:
        kept = collection.status()["documents"]
    finished = indexes.fill(interrupted, documents(12), 600)

    assert 8 == kept
    assert not interrupted.done
    assert interrupted.seconds > 0
    assert (True, 12) == (finished.done, finished.chunks)
    assert finished.seconds > interrupted.seconds
    assert finished == index.remembered()


def test_an_index_that_was_deleted_is_not_remembered(tmp_path: Path) -> None:
    """A note without its collection counts for nothing."""
    index = indexes.Index(str(tmp_path), "gone")
    done = replace(index, seconds=3.0, chunks=5, done=True)
    index.note.write_text(json.dumps({"seconds": 3.0, "peak_mb": 0.0, "chunks": 5, "done": True}), encoding="utf-8")
    without = index.remembered()
    (tmp_path / "gone").mkdir()

    assert index == without
    assert done == index.remembered()


def test_the_content_and_the_embedder_name_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another content or another embedder has another place in the cache."""
    first, other = indexes.place_of("a"), indexes.place_of("b")
    monkeypatch.setenv("POLYHOP_EMBEDDER", "another-model")

    assert 3 == len({first.name, other.name, indexes.place_of("a").name})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--limit", "0"], "--limit"),
        (["--limit", "three"], "'three'"),
        (["--systems", "dense,magic"], "unknown system 'magic'; choose among dense, bm25, hybrid, polyhop"),
        (["--systems", ","], "unknown system"),
        (["--profile", "slow"], "--profile"),
        (["--seed", "-1"], "--seed"),
        (["--split", "nowhere"], "nowhere.jsonl"),
        (["--surprise"], "unrecognized arguments: --surprise"),
    ],
)
def test_a_bad_call_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """A call that cannot work ends with exit code 2 and one line that names the reason."""
    folder = write(tmp_path / "few", *sample())

    assert 2 == run(lambda: multihop.COMMAND.main([str(folder), *arguments]))
    shown = capsys.readouterr()
    assert said in shown.err
    assert (1, "") == (shown.err.count("\n"), shown.out)


def test_a_missing_folder_and_a_bad_line_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files are read before anything is indexed, and the bad line is named."""
    folder = write(tmp_path / "few", *sample())
    with (folder / "dev.jsonl").open("a", encoding="utf-8") as lines:
        lines.write("{broken\n")

    assert 2 == run(lambda: multihop.COMMAND.main([str(tmp_path / "nowhere")]))
    assert "nowhere/corpus.jsonl" in capsys.readouterr().err
    assert 2 == run(lambda: multihop.COMMAND.main([str(folder)]))
    assert f"dev.jsonl:{2 * QUESTIONS + 1}: not JSON" in capsys.readouterr().err


def test_the_sample_holds_its_gold(tmp_path: Path) -> None:
    """The tests above ask for passages that are there."""
    source = Source(write(tmp_path / "films", *sample()))
    gold = frozenset[str]().union(*(question.gold for question in source.questions("dev")))

    assert PASSAGES == len(source.corpus())
    assert gold.issubset(source.corpus())
