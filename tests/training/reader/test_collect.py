"""Readings of published question sets: which sentence is marked, what stands beside it, and what is asked otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.training.reader.collect import collected, row_text, said_otherwise
from polyhop.training.reader.lists import OTHERS, GoldPage, GoldReading, divide, nearest, read
from polyhop.training.reader.lists import GoldSentence as Read

TEXT = "Rust eats iron. The bridge at Ulm was built in 1911. It was painted green. Nobody knows why."


def squad(file: Path, *asked: tuple[str, str]) -> Path:
    """Write a set of one paragraph, with questions and their answers, or none."""
    questions = [
        {"question": question, "answers": [{"text": answer, "answer_start": TEXT.index(answer)}] if answer else []}
        for question, answer in asked
    ]
    article = {"title": "Ulm_bridge", "paragraphs": [{"context": TEXT, "qas": questions}]}
    file.write_text(json.dumps({"data": [article]}))
    return file


def held(one: GoldReading) -> list[str]:
    """Return the sentences that hold the answer."""
    return [each.text for each in one.sentences if each.label == "holds"]


def test_the_sentence_with_the_answer_is_marked(tmp_path: Path) -> None:
    """It stands under the title and behind the sentence before it; a question without an answer has none."""
    file = squad(tmp_path / "set.json", ("when was the bridge built?", "1911"), ("who paid for it?", ""))
    answered, open_ = collected("squad", file, "bridges", limit=0)

    assert ["The bridge at Ulm was built in 1911."] == held(answered)
    (right,) = (one for one in answered.sentences if one.label == "holds")
    assert right.answer is not None and "1911" == right.text[slice(*right.answer)]
    assert "Ulm bridge" == answered.pages[0].heading
    assert not open_.answered and len(open_.sentences) == 4


def test_some_are_asked_of_something_else(tmp_path: Path) -> None:
    """Where a name is exchanged in the question nothing holds its answer, where it is in a copy that does not."""
    asked = [(f"In which year, tell me {number}, was the bridge at Ulm built?", "1911") for number in range(60)]
    asked += [(f"What is known of {name} there?", "painted") for name in ("Linz", "Bonn", "Gera")]
    found = collected("squad", squad(tmp_path / "set.json", *asked), "bridges", limit=0)
    copies = [one for one in found if len(one.pages) == 2]
    exchanged = [one for one in found if not one.answered]

    assert copies and all(len(held(one)) == 1 for one in copies)
    assert all("Ulm" not in one.question for one in exchanged if "year" in one.question)
    assert 0 < len(exchanged) < 20
    assert found == collected("squad", tmp_path / "set.json", "bridges", limit=0)


def test_a_row_of_a_table_answers(tmp_path: Path) -> None:
    """Rows are told as column and value; the header holds nothing, and questions over all rows are left out."""
    (tmp_path / "csv").mkdir()
    rows = [["Town", "Tram lines"], ["Ulm", "2"], ["Linz", "5"], ["Graz", "6"], ["Gera", "3"]]
    (tmp_path / "csv" / "a.csv").write_text("".join('"{}","{}"\n'.format(*row) for row in rows))
    asked = [("q1", "tram lines in graz", "6"), ("q2", "which town has the most lines", "Graz")]
    lines = ["id\tutterance\tcontext\ttargetValue", *(f"{a}\t{b}\tcsv/a.csv\t{c}" for a, b, c in asked)]
    (tmp_path / "training.tsv").write_text("\n".join(lines) + "\n")
    first, *made = collected("wikitables", tmp_path, "tables", limit=0)

    assert ["Town: Graz; Tram lines: 6"] == held(first)
    assert any(one.text == "Town; Tram lines" and one.label == "no" for one in first.sentences)
    assert made and all("ram lines" in one.question.lower() or "ram" in one.question.lower() for one in made)
    assert "a: 1; 3" == row_text(["a", "b", ""], ["1", "-", "3"])


def test_sentences_that_lead_to_the_answer_are_marked(tmp_path: Path) -> None:
    """Of two gold passages the one that names the other supports."""
    gold = [
        {"title": "Red Dust (film)", "text": "Red Dust is a film by Ida Moor. It is long."},
        {"title": "Ida Moor", "text": "Ida Moor was born in Cork. She died in 1990."},
    ]
    file = tmp_path / "train.jsonl"
    file.write_text(json.dumps({"question": "Where was the director born?", "answer": "Cork", "gold": gold}) + "\n")
    (one,) = collected("multihop", file, "hops", limit=0)

    assert one.led
    assert ["Ida Moor was born in Cork."] == held(one)
    assert ["Red Dust is a film by Ida Moor."] == [each.text for each in one.sentences if each.label == "supports"]


def test_questions_are_worded_otherwise() -> None:
    """Some are in lower case, some are key words, and most as they were."""
    chance = np.random.default_rng(0)
    said = {said_otherwise("How long are Backups kept in Ulm?", chance) for _ in range(60)}

    assert {"How long are Backups kept in Ulm?", "how long are backups kept in ulm?"} <= said
    assert any("?" not in one and "Backups" in one for one in said)


def test_the_nearest_pages_are_kept() -> None:
    """Those come first that share most words with the question, in the heading or below."""
    others = [GoldPage("", [Read(f"Nothing of number {number}.")]) for number in range(20)]
    near, named = GoldPage("", [Read("The harbour is old.")]), GoldPage("Harbour", [Read("Its gates open late.")])
    found = nearest("When does the harbour open?", [*others, near, named])

    assert [named, near] == found and len(found) == OTHERS


def test_spans_mark_what_answers(tmp_path: Path) -> None:
    """Lines of text with the characters that answer, and of other passages, are read as any set."""
    rows = [
        {
            "question": "When?",
            "heading": "Ulm",
            "text": TEXT,
            "spans": [[46, 50]],
            "others": [{"heading": "", "text": "A."}],
        },
        {"question": "Why?", "heading": "", "text": TEXT, "spans": [], "others": []},
    ]
    file = tmp_path / "set.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    one, open_ = collected("spans", file, "bridges", limit=0, seed=2)

    assert ["The bridge at Ulm was built in 1911."] == held(one) and not open_.answered
    assert ["A."] == [each.text for each in one.pages[-1].sentences]


def test_what_is_no_reading_is_refused(tmp_path: Path) -> None:
    """A label that nobody knows is told with its place."""
    file = tmp_path / "readings.jsonl"
    page = {"heading": "", "sentences": [{"text": "c", "label": "perhaps"}]}
    row: dict[str, Any] = {"domain": "a", "question": "b?", "pages": [page]}
    file.write_text(json.dumps(row) + "\n")

    with pytest.raises(CallerError, match="no reading"):
        read([file])


def test_the_last_of_each_domain_are_kept_apart() -> None:
    """A tenth of each, in its order."""
    given = [GoldReading(domain, f"{number}?", [GoldPage("", [Read("a")])]) for domain in "ab" for number in range(20)]
    learned, apart = divide(given)

    assert ["18?", "19?"] * 2 == [one.question for one in apart]
    assert len(given) == len(learned) + len(apart)
