"""Readings of published question sets: which sentence is marked, what stands beside it, and what is asked otherwise."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.training.reader.collect import FORMATS, collected, row_text, said_otherwise
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


def test_a_cell_of_a_table_with_levels_of_headers_answers(tmp_path: Path) -> None:
    """AIT-QA: of a figure that stands twice nobody knows which is meant."""
    table = {
        "id": "t",
        "column_header": [["Year", "2018"], ["Year", "2017"]],
        "row_header": [["Fuel", "Cost"], ["Fuel", "Gallons"]],
        "data": [["$9", "$6"], ["4", "4"]],
    }
    asked = [
        {"table_id": "t", "question": "What did fuel cost in 2017?", "answers": ["$6"]},
        {"table_id": "t", "question": "How many gallons in 2017?", "answers": ["4"]},
    ]
    (tmp_path / "aitqa_tables.jsonl").write_text(json.dumps(table))
    (tmp_path / "aitqa_questions.jsonl").write_text("\n".join(map(json.dumps, asked)))
    (found,) = FORMATS["aitqa"](tmp_path, "reports", np.random.default_rng(0))

    assert ["Fuel - Cost; Year - 2018: $9; Year - 2017: $6"] == held(found)
    (right,) = (one for one in found.sentences if one.label == "holds")
    assert right.answer is not None and "$6" == right.text[slice(*right.answer)]


def test_a_turn_that_stands_alone_is_asked(tmp_path: Path) -> None:
    """Doc2Dial: not one that leans on those before, nor one that the agent asks back for."""
    page = "Late fees\n\nThe fee is due in May. A late fee costs 9 dollars.\n\nMoving\n\nTell the office your address."
    answer = str({"text": ["A late fee costs 9 dollars."], "answer_start": [page.index("A late")]})
    turns = [
        "user: How much does a late fee cost?",
        "agent: 9 dollars.\tuser: How much does a late fee cost?",
        "user: And is it due in May?\tagent: 9 dollars.\tuser: How much does a late fee cost?",
        "user: What must drivers pay every year?",
        "agent: Do you own a car?\tuser: What must drivers pay every year?",
    ]
    ids = ["a_1", "a_2", "a_3", "b_1", "b_2"]
    with (tmp_path / "rc.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "question", "context", "answers", "title"])
        writer.writerows([one, said, page, answer, "Fees#1"] for one, said in zip(ids, turns, strict=True))
    made = list(FORMATS["doc2dial"](tmp_path / "rc.csv", "agencies", np.random.default_rng(0)))

    assert {"How much does a late fee cost?"} == {one.question for one in made}
    assert ["A late fee costs 9 dollars."] == held(made[0])
    assert "Fees > Late fees" == made[0].pages[0].heading


def test_reviews_of_one_place_are_its_pages(tmp_path: Path) -> None:
    """DSTC11: the sentences that were told from are marked, in reviews and in its questions."""
    place = {
        "name": "OLD MILL",
        "reviews": {
            "0": {"sentences": {"0": "We slept well.", "1": "Baths were clean."}},
            "1": {"sentences": {"0": "Loud."}},
        },
        "faqs": {"3": {"question": "Is breakfast included?", "answer": "Yes."}},
    }
    told = [
        {"domain": "hotel", "entity_id": 7, "doc_type": "review", "doc_id": 0, "sent_id": 1},
        {"domain": "hotel", "entity_id": 7, "doc_type": "faq", "doc_id": 3},
    ]
    logs = [[{"text": "Fine. Are the bathrooms clean there?"}], [{"text": "I want a cheap hotel."}]]
    made = {"logs": logs, "labels": [{"knowledge": told}, {}], "knowledge": {"hotel": {"7": place}}}
    for name, content in made.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (found,) = FORMATS["dstc11"](tmp_path, "places", np.random.default_rng(0))

    assert "Are the bathrooms clean there?" == found.question
    assert ["Baths were clean.", "Is breakfast included? Yes."] == held(found)
    assert {"Old Mill > Guest review", "Old Mill > FAQ"} == {one.heading for one in found.pages}


def test_attributes_of_a_product_are_lines(tmp_path: Path) -> None:
    """SemiPQA: told as a page shows them; a question made of the attribute's name is left out."""
    lines = [
        ("1", "is this for toddlers?", 'age_range:  { value:"little kid" }', "1"),
        (
            "1",
            "is this for toddlers?",
            "item_weight:  { unit:pounds, normalized_value:{ unit:kg, value:1 }, value:2.2 }",
            "0",
        ),
        ("2", "what is the item weight?", "item_weight:  { unit:pounds, value:2.2 }", "1"),
    ]
    with (tmp_path / "set.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerows([("qid", "question", "candidate", "label"), *lines])
    (found,) = FORMATS["semipqa"](tmp_path / "set.csv", "products", np.random.default_rng(0))

    assert ["Age range: little kid"] == held(found)
    assert {"Age range: little kid", "Item weight: 2.2 pounds"} == {one.text for one in found.sentences}


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
