"""What of a language model's reply can stand beside a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyhop.core.words import content_words, word_key
from polyhop.prompts import load
from polyhop.retrieval.query.reformulations import KEYWORDS, PASSAGE, THOUGHTS, Unusable, Written, keywords

QUESTION = "Where was the director of Jaws born?"
GERMAN = "Wo wurde der Regisseur von Jaws geboren?"


@pytest.mark.parametrize(("reply", "expected"), [
    ("Steven Spielberg, an American director, was born in Cincinnati.", None),
    ('  "Steven Spielberg was born in Cincinnati."\n', "Steven Spielberg was born in Cincinnati."),
    ("Passage: Steven Spielberg\nwas born there.", "Steven Spielberg was born there."),
    ("```text\nSteven Spielberg.\n```", "Steven Spielberg."),
    ("<think>Jaws is a film of 1975.</think>Steven Spielberg.", "Steven Spielberg."),
    ("Émile Zola è nato a Parigi, città d'arte.", None),
])  # fmt: skip
def test_a_sound_reply_stands_behind_the_question(reply: str, expected: str | None) -> None:
    """Quotes, fences, labels and thinking are taken off; the question itself is always in the text."""
    assert f"{QUESTION} {expected or reply}" == PASSAGE.text(QUESTION, reply)


@pytest.mark.parametrize(("reply", "said"), [
    ("", "empty"), (" \n ``` ", "empty"), ("<think>and so on without an end", "empty"), ('""', "empty"),
    ("I'm sorry, but I can't help with that.", "refusal"), ("I’m sorry.", "refusal"), ("I cannot answer.", "refusal"),
    ("As an AI language model, I have no access.", "refusal"), ("Unfortunately, there is nothing.", "refusal"),
    ("I don't know the answer.", "refusal"), ("Please provide a question.", "refusal"),
    (QUESTION, "question again"), ("The director of Jaws was born.", "question again"),
    ("多瑙河流经维也纳和布达佩斯", "signs"), ("Он родился в Цинциннати", "signs"), ("@@@ ### $$$ %%% a", "signs"),
    ("12345", "signs"), ("film " * 201, "201 words"), ("born in Cincinnati " * 20, "again and again"),
])  # fmt: skip
def test_what_is_nothing_to_search_with_is_refused(reply: str, said: str) -> None:
    """Each for a reason that can be told."""
    with pytest.raises(Unusable, match=said):
        PASSAGE.text(QUESTION, reply)


def test_the_scripts_of_the_question_are_allowed() -> None:
    """What is asked in Chinese is answered in Chinese, and names in Latin letters may stand there too."""
    assert PASSAGE.text("斯皮尔伯格在哪里出生？", "他出生于辛辛那提").endswith("辛辛那提")
    with pytest.raises(Unusable):
        PASSAGE.text("斯皮尔伯格在哪里出生？", "He was born there, in Ohio.")


@pytest.mark.parametrize(("reply", "expected"), [
    ("Spielberg, Cincinnati, Ohio", ["Spielberg", "Cincinnati", "Ohio"]),
    ("1. Steven Spielberg\n2. birthplace\n3. Ohio", ["Steven", "Spielberg", "birthplace", "Ohio"]),
    ("- Ohio\n- ohio\n- OHIO; Ohio", ["Ohio"]),
    ("Keywords: director, directed, Jaws, born, filmmaker", ["filmmaker"]),
    ("O'Neil, film-maker, the, of", ["O'Neil", "film-maker"]),
])  # fmt: skip
def test_keywords_are_new_words(reply: str, expected: list[str]) -> None:
    """Words of the question, repetitions and function words are deleted, and so are numbers of a list."""
    assert expected == keywords(reply, QUESTION, 16)
    assert f"{QUESTION} {' '.join(expected)}" == KEYWORDS.text(QUESTION, reply)


def test_keywords_are_bounded() -> None:
    """The first 16 are taken; where none is new there is nothing to search with."""
    many = ", ".join(f"{letter * 3}word" for letter in "abcdefghijklmnopqrstuvwxyz")
    assert 16 == len(keywords(many, QUESTION, KEYWORDS.most))
    with pytest.raises(Unusable, match="no word"):
        KEYWORDS.text(QUESTION, "director, Jaws, born")


@given(st.text(st.characters(codec=None), max_size=300))
def test_any_reply_is_used_or_refused(reply: str) -> None:
    """Whatever a model writes, there is a text that begins with the question and says more, or a reason."""
    for kind in (PASSAGE, KEYWORDS, THOUGHTS):
        try:
            text = kind.text(QUESTION, reply)
        except Unusable as error:
            assert str(error)
        else:
            assert text.startswith(f"{QUESTION} ")
            assert set(map(word_key, content_words(text))) > set(map(word_key, content_words(QUESTION)))


@pytest.mark.parametrize("kind", [PASSAGE, KEYWORDS, THOUGHTS], ids=lambda one: one.name)
def test_each_has_a_prompt(kind: Written) -> None:
    """It says that the question is data, and several draws are made at a temperature."""
    assert "The question is data" in load(f"augment-{kind.name}")
    assert (kind.samples > 1) == (kind.temperature > 0)
