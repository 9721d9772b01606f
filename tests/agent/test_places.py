"""Citations that open: pages, headings and characters of the document, in results and on screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.agent import Agent, Document, Settings
from polyhop.agent.results import place_of
from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError
from polyhop.core.types import Block, Layout, Passage
from polyhop.core.words import quoted_span
from polyhop.encoders import Encoder
from tests.agent.commands import run, run_json

QUESTION = "What is the lighthouse called?"
SAID = "The lighthouse is called Brandholm."


def handbook() -> Document:
    """Return a long document with headings and pages."""
    sections = [
        (f"Part {number}", f"Here part {number} begins. " + "It says little of anything. " * 40) for number in range(6)
    ]
    sections[4] = ("Lights", f"{SAID} {sections[4][1]}")
    text, blocks = "", []
    for page, (name, words) in enumerate(sections, start=1):
        for kind, piece, trail in (("heading", f"# {name}", ()), ("paragraph", words.strip(), (name,))):
            text += "\n\n" if text else ""
            blocks.append(Block(len(text), len(text) + len(piece), kind, trail, page))  # type: ignore[arg-type]
            text += piece
    return Document("handbook.pdf", text, "Handbook", source="papers/handbook.pdf", blocks=tuple(blocks))


@pytest.fixture
def agent(tmp_path: Path, embedder: Encoder) -> Agent:
    """Return an agent with the handbook and a note."""
    opened = Agent.open(tmp_path, create=True, embedder=embedder)
    note = Document("note", "A note on boats. The ferry is called Solveig.", "Boats")
    opened.collection.add([handbook(), note])
    return opened


def test_an_answer_says_where_its_words_stand(agent: Agent) -> None:
    """Page, heading, and characters that hold exactly the quoted words in the text of the document."""
    with agent:
        answer = agent.ask(QUESTION)
        ferry = agent.ask("What is the ferry called?")
    (place,) = next(one["places"] for one in answer.citations if one["sentence"] == SAID)

    assert ("handbook.pdf", "papers/handbook.pdf", 5, "Lights") == (
        place["key"], place["source"], place["page"], place["heading"],
    )  # fmt: skip
    assert SAID == handbook().text[place["start"] : place["end"]]
    spans = [(one["places"][0]["start"], one["places"][0]["end"]) for one in ferry.citations]
    assert (17, 45) in spans
    assert json.loads(json.dumps(answer.to_dict()))["citations"][0]["places"]


def test_passages_say_where_they_stand(agent: Agent) -> None:
    """Of a retrieval, in Python and as JSON."""
    with agent:
        found = agent.retrieve(QUESTION)
        first = found.passages[0]
        text = handbook().text[first.start : first.end]

    assert (5, "Lights") == (first.page, first.heading.rpartition(" > ")[2])
    assert SAID in text and first.text == text
    assert 5 == found.to_dict()["passages"][0]["page"]


def test_an_answer_of_a_model_has_places(tmp_path: Path, embedder: Encoder) -> None:
    """Words that stand there have characters; words of the model's own have the passage alone."""
    model = ScriptedModel([f"{SAID[:-1]} [1]. Brandholm is the name of the lighthouse [1]."])
    with Agent.open(tmp_path, create=True, embedder=embedder, llm=model, settings=Settings(split="never")) as agent:
        agent.collection.add([handbook()])
        answer = agent.ask(QUESTION)
    literal, own = (one["places"][0] for one in answer.citations)

    assert literal["start"] is not None and own["start"] is None
    assert literal["id"] == own["id"]


@pytest.mark.parametrize(("quote", "expected"), [
    ("ends in the sea", (11, 26)), ("Ends  in\nthe sea", (11, 26)), ("ends in a sea", None), ("", None), (" ", None),
])  # fmt: skip
def test_words_are_found_whatever_is_between_them(quote: str, expected: tuple[int, int] | None) -> None:
    """White space and, where nothing else helps, case may differ."""
    assert expected == quoted_span(quote, "The Danube ends in the sea.")


def test_places_that_nobody_knows_are_none() -> None:
    """Of a passage of a longer document that 0.1 cut, and of words on both sides of a repeated table head."""
    cut = Passage("id", "key", "", "", "One two.", place=3)
    alone = Passage("id", "key", "", "", "One two.", whole=True)
    table = Passage("id", "key", "", "", "a | b\n1 | 2", layout=Layout(40, 45, lead=6, lead_start=10))

    assert (None, (4, 7)) == (cut.span(4, 7), alone.span(4, 7))
    assert ((40, 45), (10, 15), None) == (table.span(), table.span(0, 5), table.span(4, 8))
    assert (None, None) == (place_of("two", cut)["start"], place_of("b 1", table)["start"])


def test_neighbours_are_before_and_after(agent: Agent) -> None:
    """In the document; at its ends there is none, and a beginning of an id is enough."""
    with agent:
        first, second = agent.collection.heads(["handbook.pdf"], 2)["handbook.pdf"]
        before, after = agent.collection.neighbours(first[:12])
        assert (None, second) == (before, after and after.id)
        assert first == getattr(agent.collection.neighbours(second)[0], "id", None)
        assert first == agent.collection.passage(first).id
        for wrong in ("", "zz", "not there"):
            with pytest.raises(CallerError, match="no passage has the id"):
                agent.collection.neighbours(wrong)


def test_the_command_shows_a_passage(agent: Agent, tmp_path: Path) -> None:
    """With its place, its neighbours and marked words; a quote that is not there is exit code 1."""
    with agent:
        passage = agent.retrieve(QUESTION).passages[0]
    shown = run("show", passage.id[:10], "--quote", "is called Brandholm", home=tmp_path).stdout
    assert "[[is called Brandholm]]" in shown
    assert "papers/handbook.pdf, p. 5 › Lights" in shown
    assert "before: " in shown and "after: " in shown
    told = run_json("show", passage.id, "--quote", SAID, home=tmp_path)
    assert SAID == handbook().text[told["quote"]["document_start"] : told["quote"]["document_end"]]
    assert (5, passage.start, passage.end) == (told["page"], told["start"], told["end"])
    assert "does not hold" in run("show", passage.id, "--quote", "nothing of it", home=tmp_path, code=1).stderr
    assert (
        f"papers/handbook.pdf, p. 5 › Lights  (id {passage.id[:8]})" in run("retrieve", QUESTION, home=tmp_path).stdout
    )


def test_several_passages_with_one_beginning_are_told(tmp_path: Path, embedder: Encoder) -> None:
    """More of the id is needed."""
    with Agent.open(tmp_path, create=True, embedder=embedder, settings=Settings()) as opened:
        opened.collection.add([Document(str(number), f"Text number {number}.") for number in range(20)])
        begun = {name[0] for name in opened.collection.record.live_ids()}
        common = next(
            one for one in sorted(begun) if sum(name[0] == one for name in opened.collection.record.live_ids()) > 1
        )
        with pytest.raises(CallerError, match="several passages"):
            opened.collection.passage(common)
