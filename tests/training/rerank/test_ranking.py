"""The learned ranking is trained on what is known of passages found, and judged on what it has not seen."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.core.types import Passage
from polyhop.encoders import Encoder
from polyhop.retrieval.rerank import learned
from polyhop.retrieval.rerank.evidence import NAMES
from polyhop.retrieval.rerank.learned import Learned
from polyhop.training.questions import Sources, walked
from polyhop.training.rerank.__main__ import main
from polyhop.training.rerank.gather import MOST_GOLD, Domain, GoldText, gather, load
from polyhop.training.rerank.ranking import RankingRecipe, recall, trained, worth_of
from tests import corpus
from tests.training.silence import Silence

from .questions import TEXTS, passage, passages, rows, written

TELLS = NAMES.index("covered")


def made(questions: int = 60, seed: int = 0, *, gold: int = 2, size: int = 12) -> Domain:
    """Return a domain of random features whose gold passages one of them tells, and cosine does not."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(questions, size, len(NAMES))).astype(np.float32)
    marks = np.zeros((questions, size, MOST_GOLD), bool)
    marks[:, range(gold), range(gold)] = True
    features[:, :gold, TELLS] += 4.0
    return Domain(
        features.reshape(-1, len(NAMES)),
        np.repeat(np.arange(questions), size).astype(np.int32),
        marks.reshape(-1, MOST_GOLD),
        np.full(questions, gold, np.int32),
    )


def small(**parts: Any) -> RankingRecipe:
    """Return a training that takes no time."""
    return replace(RankingRecipe(hidden=4, epochs=12, batch=16, rate=2e-2), **parts)


def written_weights(folder: Path, *groups: Sequence[tuple[str, Domain]], **parts: Any) -> tuple[Path, dict[str, Any]]:
    """Train and write the weights, and return their file and what was told of the domains."""
    weights, facts = trained(groups, small(**parts), Silence())
    (folder / "weights.json").write_text(json.dumps(weights))
    return folder / "weights.json", dict(facts["left out"])


# Gold texts


def a_passage(text: str, *, source: str = "docs/rates.md#2", title: str = "Rates") -> Passage:
    """Return a passage of a file."""
    return Passage("1" * 32, "rates.md", title, "", text, source=source)


SENTENCE = "The department pays up to 90 euros a night for a room in another town."


@pytest.mark.parametrize(
    ("text", "file", "held"),
    [
        (SENTENCE, "", True),
        ("the DEPARTMENT pays up to 90 euros", "rates.md", True),
        (SENTENCE, "./docs/rates.md", True),
        (SENTENCE, "other/rates.md", False),
        (SENTENCE, "ates.md", False),
        (f"{SENTENCE} Who stays longer asks the head of the office first, and gets an answer by mail.", "", True),
        ("The department pays nothing at all for tickets, however far the journey leads.", "", False),
    ],
    ids=["the text", "other letters", "its file", "another folder", "part of a name", "cut elsewhere", "another text"],
)
def test_a_gold_text_is_known_by_its_words_and_its_file(text: str, file: str, *, held: bool) -> None:
    """Word for word, or by half of its runs of words where the passages were cut in another way."""
    assert held == GoldText(text, file).held(a_passage(f"Rates follow. {SENTENCE}"))


def test_the_sentence_counts_before_the_passage_around_it() -> None:
    """A line may say which sentence of its text has to be found, and in which file."""
    row = {"text": "All of it.", "sentence": "Of it.", "file": "a.md"}

    assert (GoldText("Of it.", "a.md"), GoldText("All of it.")) == (
        GoldText.of(row),
        GoldText.of({"text": row["text"]}),
    )


# Domains


@pytest.mark.slow
def test_a_question_counts_once_for_each_profile(tmp_path: Path) -> None:
    """Both gold passages of each are marked among the passages found, and `quality` finds all that `fast` does."""
    asked = rows()
    domain = gather(
        Sources([written(tmp_path / "q.jsonl", asked)], [passages(tmp_path / "corpus.jsonl")], home=tmp_path)
    )
    found = list(domain.questions())

    assert [2] * 2 * len(asked) == domain.wanted.tolist() == [wanted for _, _, wanted in found]
    assert (len(domain.of), len(NAMES)) == domain.rows.shape
    assert np.isfinite(domain.rows).all()
    for (fast, fast_marks, _), (quality, marks, _) in zip(found[::2], found[1::2], strict=True):
        assert len(fast) <= len(quality)
        assert [1, 1] == fast_marks.sum(axis=0).tolist() == marks.sum(axis=0).tolist()
    words = NAMES.index("words: reached")
    assert not any(fast[:, words].any() for fast, _, _ in found[::2])
    assert any(quality[:, words].any() for quality, _, _ in found[1::2])


@pytest.mark.slow
def test_files_are_searched_in_the_place_of_passages(tmp_path: Path) -> None:
    """The gold text is the sentence, in the file that the line names."""
    (tmp_path / "docs").mkdir()
    for title in ("Vienna", "Danube", "Tokyo"):
        (tmp_path / "docs" / f"{title}.txt").write_text(TEXTS[title])
    row = {"question": "Where does the Danube end?", "gold": [{**passage("Danube"), "file": "docs/Danube.txt"}]}
    asked = [written(tmp_path / "q.jsonl", [row])]
    domain = gather(Sources(asked, [], files=tmp_path / "docs", home=tmp_path))

    assert [1, 1] == [marks.sum() for _, marks, _ in domain.questions()]
    row["gold"] = [passage(title) for title in list(TEXTS)[: MOST_GOLD + 1]]
    with pytest.raises(CallerError, match="no question has one to 4 gold texts"):
        gather(Sources([written(tmp_path / "q.jsonl", [row])], [], files=tmp_path / "docs", home=tmp_path))


def test_a_domain_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Under the path that was named, whatever its suffix."""
    domain = made(5)
    domain.save(tmp_path / "one.evidence")
    found = load(tmp_path / "one.evidence")

    for name in ("rows", "of", "marks", "wanted"):
        np.testing.assert_array_equal(getattr(domain, name), getattr(found, name))


def test_a_file_that_is_no_evidence_is_refused(tmp_path: Path) -> None:
    """Made with other features, of another kind, cut off, empty or missing: the step that makes one is named."""
    domain, path = made(5), tmp_path / "one.npz"
    domain.save(path)
    with np.load(path) as held:
        others = {**held, "names": np.array([*NAMES[:-1], "colour"])}
        kept = {name: held[name] for name in held if name != "marks"}
    whole = path.read_bytes()
    np.savez(tmp_path / "others.npz", **others)
    np.savez(tmp_path / "kept.npz", **kept)
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.npz").write_bytes(b"")
    written(tmp_path / "text.npz", rows())
    with (tmp_path / "array.npz").open("wb") as out:
        np.save(out, domain.rows)

    for name in ("others", "kept", "cut", "empty", "text", "array", "missing"):
        with pytest.raises(CallerError, match=rf"{name}\.npz.* the `evidence` step"):
            load(tmp_path / f"{name}.npz")


# Weights


def test_what_one_feature_tells_is_learned(tmp_path: Path) -> None:
    """On a domain that was left out the gold passages come first, and the figures of plain searches stand beside."""
    file, told = written_weights(tmp_path, [("a", made(seed=1)), ("b", made(seed=2))], [("c", made(seed=3))])
    network, fresh = learned.load(file), made(seed=4)

    assert ["a", "b", "c"] == list(told)
    for ways in told.values():
        assert {"lexical", "cosine", "fused", "both", "learned"} == set(ways)
        assert all(0 <= one <= 100 and math.isfinite(one) for figures in ways.values() for one in figures)
        assert min(ways["learned"]) > 90 > max(ways["cosine"])
    assert min(recall(fresh, network)) > 0.9


def test_the_same_seed_gives_the_same_weights() -> None:
    """And another seed others."""
    groups = [[("a", made(seed=1)), ("b", made(seed=2))]]
    first, again, other = (trained(groups, small(epochs=2, seed=seed), Silence())[0] for seed in (0, 0, 1))

    assert first == again
    assert first["hidden"] != other["hidden"]


def test_weights_order_what_a_run_finds(tmp_path: Path, embedder: Encoder) -> None:
    """The file is one that the reranker takes, with other scores than those that come along."""
    file, _ = written_weights(tmp_path, [("a", made(seed=1)), ("b", made(seed=2))], epochs=2)
    with corpus.collection(tmp_path, embedder) as films:
        own, _ = walked(corpus.QUESTION, films, 10, light=(Learned(file),))
        usual, _ = walked(corpus.QUESTION, films, 10)

    assert {one["id"] for one in own["ranked"]} == {one["id"] for one in usual["ranked"]}
    assert [one["score"] for one in own["ranked"]] != [one["score"] for one in usual["ranked"]]
    assert not any("notices" in event for event in own["events"])


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([[("a", made(3))]], "give two at least"),
        ([[("a", made(3))], [("a", made(3, 1))]], "two domains are called 'a'"),
        ([[("a", made(3)), ("bare", replace(made(3), marks=made(3).marks & False))]], "for no question of 'bare'"),
    ],
    ids=["one domain", "two of a name", "nothing found"],
)
def test_domains_that_teach_nothing_are_refused(groups: list[list[tuple[str, Domain]]], said: str) -> None:
    """Before anything is trained."""
    with pytest.raises(CallerError, match=said):
        trained(groups, small(), Silence())


def test_groups_weigh_the_same_and_their_domains_too() -> None:
    """However many questions a domain has; one that is left out counts nothing."""
    of = np.array([0, 0, 0, 1, 2, 2, 3])
    worth = worth_of(of, [[0, 1], [2]])

    assert [pytest.approx(0.5), pytest.approx(0.5), pytest.approx(1.0), 0.0] == [
        worth[of == number].sum() for number in range(4)
    ]
    assert pytest.approx(0.5 / 3) == worth[0]
    assert pytest.approx(2.0) == worth_of(of, [[0, 1], [2]], [1.0, 2.0])[of == 2].sum()


def test_recall_is_of_what_is_wanted() -> None:
    """Of two gold texts one is second, the other sixth: half at two, half at five; a question without finds is none."""
    domain = made(1, size=6)
    marks = np.zeros_like(domain.marks)
    marks[1, 0] = marks[5, 1] = True
    falling = -np.arange(6.0)

    one = replace(domain, marks=marks, wanted=np.array([2, 2], np.int32))
    assert (0.5, 0.5) == recall(one, lambda given: falling)
    assert (0.5, 1.0) == recall(one, lambda given: falling[::-1])


# The steps


@pytest.mark.slow
def test_question_files_become_weights_of_the_ranking(
    tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two domains are gathered from question files, and the network trained on both is one that a run can use."""
    known, asked = passages(tmp_path / "corpus.jsonl"), rows()
    files = []
    for number, part in enumerate((asked[:2], asked[2:])):
        questions, out = written(tmp_path / f"{number}.jsonl", part), tmp_path / f"domain{number}.npz"
        call = ["evidence", questions, "--corpus", known, "--home", tmp_path, "--out", out]
        assert 0 == main([str(one) for one in call])
        told = json.loads(capsys.readouterr().out)
        assert (str(out), len(part), len(load(out).of)) == (told["file"], told["questions"], told["passages"])
        files.append(str(out))

    weights = tmp_path / "weights.json"
    assert 0 == main(["ranking", *files, "--set", "epochs=2", "--set", "hidden=3", "--out", str(weights)])
    told = json.loads(capsys.readouterr().out)
    assert ["domain0", "domain1"] == list(told["left out"])
    assert (len(NAMES), 3 * RankingRecipe().networks) == learned.load(weights).hidden.shape
