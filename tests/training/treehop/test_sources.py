"""Where examples come from: question files, and passages that name each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from polyhop.training import pool
from polyhop.training.pool import Pool
from polyhop.training.questions import read
from polyhop.training.treehop.examples import examples, gather
from polyhop.training.treehop.links import hops
from tests import corpus
from tests.training.silence import Silence


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("films"), embedder) as opened:
        yield opened


@pytest.fixture(scope="module")
def passages(films: Collection) -> Pool:
    """Return the known passages in memory."""
    return pool.of_collection(films, most=1_000, seed=0)


def asked(folder: Path, *rows: Any) -> Path:
    """Write a file of questions."""
    path = folder / "questions.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


def titles(made: Any, passages: Pool) -> list[tuple[list[str], list[str]]]:
    """Return the titles of path and next passages."""
    named = {one.id: one.title for one in passages.passages}
    return [([named[name] for name in one.path], [named[name] for name in one.next]) for one in made]


def test_ordered_gold_is_a_chain(passages: Pool, tmp_path: Path) -> None:
    """Each passage of ordered gold leads to the next, by way of all before it."""
    row = {"question": "q", "ordered": True, "gold": ["Jaws (film)", "Steven Spielberg", "Cincinnati"]}

    assert [
        (["Jaws (film)"], ["Steven Spielberg"]),
        (["Jaws (film)", "Steven Spielberg"], ["Cincinnati"]),
    ] == titles(examples(read(asked(tmp_path, row)), passages), passages)


def test_unordered_gold_follows_names(passages: Pool, tmp_path: Path) -> None:
    """Where the order is not known, a passage leads to those that it names."""
    row = {"question": "q", "gold": ["Cincinnati", "Steven Spielberg", "The Third Man", "Jaws (film)"]}

    assert [
        (["Jaws (film)"], ["Steven Spielberg"]),
        (["Jaws (film)", "Steven Spielberg"], ["Cincinnati"]),
    ] == titles(examples(read(asked(tmp_path, row)), passages), passages)


def test_gold_without_links_is_left_out_or_paired(passages: Pool, tmp_path: Path) -> None:
    """A comparison teaches no hop, unless each side is to lead to the other."""
    given = read(asked(tmp_path, {"question": "q", "gold": ["Tokyo", "Danube"]}))

    assert [] == list(examples(given, passages))
    assert [(["Tokyo"], ["Danube"]), (["Danube"], ["Tokyo"])] == titles(examples(given, passages, pairs=True), passages)


def test_gold_is_found_by_any_name(passages: Pool, tmp_path: Path) -> None:
    """A passage is named by id, key, title, or title and text; distractors become negatives."""
    films = {one.title: one for one in passages.passages}
    tokyo = {"title": "Tokyo", "text": films["Tokyo"].text}
    row = {
        "question": "q",
        "ordered": True,
        "gold": [films["Seven Samurai"].id, "Akira Kurosawa.md", tokyo],
        "distractors": ["Vienna", "nowhere"],
    }
    made = list(examples(read(asked(tmp_path, row)), passages))

    assert [["Akira Kurosawa"], ["Tokyo"]] == [end for _, end in titles(made, passages)]
    assert [(films["Vienna"].id,)] * 2 == [one.negatives for one in made]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "questions.jsonl:2: not JSON"),
        ("[1]", "questions.jsonl:2: '[1]' is not an object"),
        ('{"gold": ["a"]}', "its question is None"),
        ('{"question": "q", "gold": []}', r"its gold is \[\]"),
        ('{"question": "q", "gold": [7]}', "7 is no passage"),
    ],
)
def test_a_bad_line_is_told_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    """A line that cannot be used is an error of the call that names file and line."""
    with pytest.raises(CallerError, match=said.replace("[1]", r"\[1\]")):
        read(asked(tmp_path, {"question": "q", "gold": ["a"]}, line))


def test_a_file_without_questions_is_told(tmp_path: Path) -> None:
    """So is a file that is empty or away."""
    with pytest.raises(CallerError, match="holds no questions"):
        read(asked(tmp_path, ""))
    with pytest.raises(CallerError, match="cannot read"):
        read(tmp_path / "none")


def test_passages_that_name_each_other_are_examples(passages: Pool) -> None:
    """From a passage the example leads to one that it names, and the name itself is not in the query."""
    made = list(hops(passages, seed=0, most=100, per_passage=9, templates={"cloze": _cloze}))

    assert (["Jaws (film)"], ["Steven Spielberg"]) in titles(made, passages)
    assert (["Steven Spielberg"], ["Cincinnati"]) in titles(made, passages)
    for one, (_, ends) in zip(made, titles(made, passages), strict=True):
        assert all(end not in one.question for end in ends)
        assert set() == one.gold & set(one.negatives)


def _cloze(seen: Any, chance: Any) -> str:
    return f"{seen.before} what {seen.after}"


def test_examples_of_a_seed_are_the_same_and_bounded(passages: Pool) -> None:
    """A seed gives the same examples again, another one others, never more than asked for."""
    one, again, other = (list(hops(passages, seed=seed, most=8)) for seed in (1, 1, 2))

    assert one == again != other
    assert (8, 8) == (len(one), len(other))


def test_a_query_is_written_by_each_template(passages: Pool) -> None:
    """All templates are drawn from, and none writes an empty query."""
    made = list(hops(passages, seed=3, most=100, per_passage=9))

    assert {"names:asked", "names:cloze", "names:joined"} == {one.kind for one in made}
    assert all(len(one.question.split()) > 3 for one in made)


def test_a_pool_is_searched_exactly(passages: Pool, films: Collection) -> None:
    """The passages in memory rank as the collection does."""
    vectors = films.embedder.encode_queries(list(corpus.HOPS))

    assert [[hit.id for hit in hits] for hits in films.dense(vectors, 4)] == [
        [hit.id for hit in hits] for hits in passages.dense(vectors, 4)
    ]


def test_a_large_collection_is_sampled(films: Collection) -> None:
    """No more passages are read than asked for, drawn by the seed."""
    first, again = (pool.of_collection(films, most=5, seed=2) for _ in range(2))

    assert 5 == len(first.passages)
    assert [one.id for one in first.passages] == [one.id for one in again.passages]


def test_vectors_are_kept_and_damage_is_mended(embedder: Encoder, tmp_path: Path) -> None:
    """What was embedded once is read from the cache; a file that is broken there is made again."""
    texts = ["Jaws is a film.", "Vienna is a city."]
    first = pool.embedded(texts, embedder, tmp_path, Silence())
    (kept,) = (tmp_path / "training").glob("*.npy")
    kept.write_bytes(kept.read_bytes()[:50])
    second = pool.embedded(texts, embedder, tmp_path, Silence())
    np.save(kept, first * 2)

    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first * 2, pool.embedded(texts, embedder, tmp_path, Silence()))


def test_a_collection_gives_examples_of_both_sorts(films: Collection, tmp_path: Path) -> None:
    """Passages that name each other and a file of questions are taken together; useless questions are told."""
    told: list[str] = []

    class Listening(Silence):
        def say(self, message: str) -> None:
            told.append(message)

    rows = [{"question": "q", "ordered": True, "gold": ["Tokyo", "Danube"]}, {"question": "x", "gold": ["nowhere"]}]
    found = gather(films, questions=asked(tmp_path, *rows), hops=5, watcher=Listening())

    assert 1 == sum(one.kind == "questions" for one in found.examples)
    assert 6 == len(found.examples)
    assert told[0].startswith("1 of 2 questions are of no use")


def test_a_collection_without_links_says_so(films: Collection) -> None:
    """Without questions and without names there is nothing to train on."""
    with pytest.raises(CallerError, match="gives no examples"):
        gather(films, hops=0, watcher=Silence())
