"""The lexical half: scripts without spaces, hostile questions, and a bounded number of postings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyhop.core.types import Document
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from polyhop.store.lexical import TERMS, analyse, match_expression, query_words
from tests import corpus

CJK = [
    Document("chinese", "长城是中国古代的军事防御工程。"),
    Document("japanese", "富士山は日本で一番高い山です。"),
    Document("korean", "한강은 서울을 가로질러 흐른다."),
    Document("english", "Don't use AND, OR or NOT: the near operator isn't a word of C++."),
    Document("accents", "Žižkov and Málaga, naïve café."),
]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open passages in several scripts."""
    with corpus.collection(tmp_path_factory.mktemp("lexical"), embedder, documents=CJK) as opened:
        yield opened


def keys(opened: Collection, question: str) -> list[str]:
    """Return the documents that a question finds by its words."""
    hits = opened.lexical(question, 5)
    passages = opened.passages([hit.id for hit in hits])
    return [passages[hit.id].document for hit in hits]


@pytest.mark.parametrize(("question", "expected"), [
    ("中国的长城在哪里？", "chinese"),
    ("军事", "chinese"),
    ("日本の富士山", "japanese"),
    ("서울", "korean"),
    ("zizkov", "accents"),
    ("CAFÉ", "accents"),
])  # fmt: skip
def test_words_are_found_in_their_script(question: str, expected: str, scripts: Collection) -> None:
    """Parts of Chinese, Japanese and Korean sentences are found; accents and case do not matter."""
    assert [expected] == keys(scripts, question)


def test_runs_are_cut_into_overlapping_pairs() -> None:
    """A run of CJK characters becomes its bigrams, a lone one stays, other scripts are left as they are."""
    assert "a  北京 京大 大学  b" == analyse("a 北京大学 b")
    assert " 山 " == analyse("山")
    assert "plain text" == analyse("plain text")


HOSTILE = [
    '"', '"unclosed', "AND", "a AND OR NOT b", "NEAR(a b, 5)", "title:jaws", "body : x", "-word", "^first", "a*", "*",
    "(((", "col:{a b}", "' OR 1=1 --", "\"; DROP TABLE chunks; --", "a + b", "{}", "[]", "%", "_", "\\", "\u0000",
    "C++", "a\nb",
]  # fmt: skip


@pytest.mark.parametrize("question", HOSTILE)
def test_a_question_cannot_speak_to_fts5(question: str, scripts: Collection) -> None:
    """Operators, quotes and column names in a question are words or nothing."""
    keys(scripts, question)
    assert len(CJK) == scripts.status()["passages"]


def test_operators_are_looked_up_as_words(scripts: Collection) -> None:
    """The word NEAR finds the passage that holds it."""
    assert ["english"] == keys(scripts, "NEAR")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, database=None, deadline=None)
@given(st.text(max_size=60))
def test_any_question_can_be_asked(scripts: Collection, question: str) -> None:
    """No text at all makes the lexical search fail."""
    scripts.lexical(question.encode("utf-8", "replace").decode(), 3)


def test_function_words_are_left_out_while_others_remain() -> None:
    """A question of function words alone keeps them."""
    assert ("director", "jaws") == query_words("Who is the director of Jaws?")
    assert ("who", "was", "he") == query_words("Who was he?")


@pytest.mark.parametrize(("counts", "expected"), [
    ({"rare": 10, "common": 90}, '"rare" OR "common"'),
    ({"rare": 10, "common": 91}, '"rare"'),
    ({"huge": 500}, '"huge"'),
    ({"huge": 500, "b": 500}, '"b"'),
    ({"none": 0, "some": 1}, '"some"'),
    ({"none": 0}, ""),
    ({}, ""),
])  # fmt: skip
def test_the_rarest_words_fill_the_budget(counts: dict[str, int], expected: str) -> None:
    """Words enter the expression from the rarest on while their postings fit; one word always may."""
    assert expected == match_expression(counts, postings=100)


def test_a_question_of_many_words_is_cut() -> None:
    """An expression holds a bounded number of words."""
    assert TERMS == len(re.findall('"', match_expression({f"w{n}": 1 for n in range(500)}))) / 2


def test_counts_follow_the_collection(tmp_path: object, embedder: Encoder) -> None:
    """What is remembered of word counts is forgotten when something is written."""
    with corpus.collection(tmp_path, embedder, documents=[Document("a", "a heron stood")]) as opened:  # type: ignore[arg-type]
        assert ({"herons": 1, "egret": 0}, 1) == opened.frequency(["herons", "egret"])
        opened.add([Document("b", "an egret and a heron")])
        assert ({"herons": 2, "egret": 1}, 2) == opened.frequency(["herons", "egret"])
        opened.remove(["a", "b"])
        assert ({"herons": 0, "egret": 0}, 0) == opened.frequency(["herons", "egret"])
