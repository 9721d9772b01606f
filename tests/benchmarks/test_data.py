"""How corpora and questions are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.data import Source, key_of
from polyhop.agent import CallerError

PASSAGES: list[dict[str, Any]] = [
    {"title": "Danube", "text": "It ends in the Black Sea."},
    {"title": None, "text": "Vienna lies on it."},
]


def folder(path: Path, *, corpus: list[Any] | None = None, dev: list[Any] | None = None) -> Path:
    """Write a data set; strings are lines as they stand."""
    question = {"question": "Where does it end?", "gold": PASSAGES[:1], "type": "bridge", "hops": 2}
    for name, rows in {"corpus": corpus or PASSAGES, "dev": [question] if dev is None else dev}.items():
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (path / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_order_of_lines_says_nothing(tmp_path: Path) -> None:
    """A corpus is read in the order of its passages' hashes."""
    forward = Source(folder(tmp_path)).corpus()
    backward = Source(folder(tmp_path, corpus=PASSAGES[::-1])).corpus()

    assert list(forward.items()) == list(backward.items())
    assert sorted(forward) == list(forward)


def test_identical_lines_are_one_passage(tmp_path: Path) -> None:
    """A passage that stands twice is indexed once; one of the same title and another text is another."""
    other = {"title": "Danube", "text": "It begins in the Black Forest."}

    assert 3 == len(Source(folder(tmp_path, corpus=[*PASSAGES, PASSAGES[0], other])).corpus())


def test_blank_lines_are_passed_over(tmp_path: Path) -> None:
    """Blank lines and a byte order mark are no rows."""
    data = folder(tmp_path, corpus=["\ufeff" + json.dumps(PASSAGES[0]), "", "   ", json.dumps(PASSAGES[1])])

    assert 2 == len(Source(data).corpus())


def test_gold_is_matched_by_title_and_text(tmp_path: Path) -> None:
    """The same text under another title is not the gold passage."""
    data = folder(tmp_path, corpus=[{"title": "Rhine", "text": PASSAGES[0]["text"]}])
    (question,) = Source(data).questions("dev")

    assert not question.gold.intersection(Source(data).corpus())
    assert question.gold == {key_of("Danube", PASSAGES[0]["text"])}


def test_without_titles_only_the_text_counts(tmp_path: Path) -> None:
    """Untitled passages of equal texts are one, have no title, and are gold by their text."""
    source = Source(
        folder(tmp_path, corpus=[*PASSAGES, {"title": "Rhine", "text": PASSAGES[0]["text"]}]), untitled=True
    )
    corpus = source.corpus()
    (question,) = source.questions("dev")

    assert 2 == len(corpus)
    assert {""} == {document.title for document in corpus.values()}
    assert question.gold.issubset(corpus)


def test_a_title_inside_the_text_is_text(tmp_path: Path) -> None:
    """A text that opens with its title keeps it when titles are left out."""
    source = Source(folder(tmp_path, corpus=[{"title": "Danube", "text": "Danube is a river."}]), untitled=True)

    assert ["Danube is a river."] == [document.text for document in source.corpus().values()]


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    """Another text or another treatment of titles is another index; another order is not."""
    source = Source(folder(tmp_path))
    first, untitled = source.digest(source.corpus()), Source(tmp_path, untitled=True)
    folder(tmp_path, corpus=PASSAGES[::-1])
    shuffled = source.digest(source.corpus())
    folder(tmp_path, corpus=PASSAGES[:1])

    assert first == shuffled
    assert 3 == len({first, source.digest(source.corpus()), untitled.digest(untitled.corpus())})


def test_the_limit_takes_the_first_questions(tmp_path: Path) -> None:
    """`limit` counts questions, not lines; a larger one than there are takes all."""
    rows = ["", *({"question": f"q{number}", "gold": PASSAGES} for number in range(3))]
    source = Source(folder(tmp_path, dev=rows))

    assert ["q0", "q1"] == [question.text for question in source.questions("dev", 2)]
    assert 3 == len(source.questions("dev", 9))


@pytest.mark.parametrize(
    ("dev", "said"),
    [
        (["{"], "dev.jsonl:1: not JSON"),
        (["", "[1]"], "dev.jsonl:2: '[1]' is not an object"),
        ([{"question": " ", "gold": PASSAGES}], "its question is ' '"),
        ([{"question": "q", "gold": []}], "its gold is []"),
        ([{"question": "q"}], "its gold is None"),
        ([{"question": "q", "gold": ["Danube"]}], "'Danube' is no passage"),
        ([{"question": "q", "gold": [{"title": 3, "text": "t"}]}], "is no passage"),
        ([""], "holds no questions"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, dev: list[Any], said: str) -> None:
    """A question that cannot be measured is refused with its file, its line and what is wrong."""
    with pytest.raises(CallerError) as caught:
        Source(folder(tmp_path, dev=dev)).questions("dev")

    assert said in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 end in a sentence, not in a traceback."""
    (tmp_path / "corpus.jsonl").write_bytes(b'{"title": "\xff\xfe"}\n')

    with pytest.raises(CallerError, match=r"cannot read .*corpus\.jsonl"):
        Source(tmp_path).corpus()
