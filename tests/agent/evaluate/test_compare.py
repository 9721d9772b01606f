"""Evaluation on the known passages, by the agent and by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from polyhop.agent import Agent, CallerError, Evaluation
from polyhop.agent.evaluate.compare import DEPTHS
from polyhop.agent.evaluate.metrics import metrics
from polyhop.agent.show import evaluation_table
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus
from tests.agent.commands import QUESTION, files, run, run_json

QUESTIONS: list[dict[str, Any]] = [{"question": text, "gold": list(gold)} for text, gold in corpus.HOPS.items()]


@pytest.fixture
def agent(films: Collection, tmp_path: Path, embedder: Encoder) -> Agent:
    """Return an agent that opened the known passages itself."""
    return Agent.open(films.folder.parent, films.name, embedder=embedder)


def test_the_systems_are_compared_with_paired_intervals(agent: Agent) -> None:
    """Four systems have all figures; polyhop finds both passages of each question, and its gain has an interval."""
    with agent:
        found = agent.evaluate(QUESTIONS)
    hybrid, polyhop = found.systems["hybrid"], found.systems["polyhop"]

    assert (3, 6, []) == (found.questions, found.gold, found.missing)
    assert ["dense", "bm25", "hybrid", "polyhop"] == list(found.systems)
    assert [1.0, 1.0, 1.0] == polyhop.figures["all@5"]
    assert list(metrics(DEPTHS)) == list(polyhop.figures) == list(polyhop.differences)
    for metric, (mean, low, high) in polyhop.differences.items():
        assert low <= mean <= high
        assert mean == pytest.approx(polyhop.figures[metric][0] - hybrid.figures[metric][0], abs=2e-5)
    assert ("", "hybrid", "hybrid") == (hybrid.against, polyhop.against, found.systems["dense"].against)
    assert 0 < found.systems["bm25"].ms


def test_variants_are_compared_with_the_run(agent: Agent) -> None:
    """A part left out wins nothing against polyhop, and every question is told to who listens."""
    heard: list[int] = []
    with agent:
        found = agent.evaluate(QUESTIONS, without=["link"], plus=["shared"], advance=heard.append)

    assert ["-link", "+shared"] == list(found.systems)[4:]
    assert "polyhop" == found.systems["-link"].against
    assert found.systems["-link"].figures["all@2"][0] <= found.systems["polyhop"].figures["all@2"][0]
    assert [1, 1, 1] == heard


def test_gold_that_is_not_there_is_listed_and_missed(agent: Agent) -> None:
    """It counts as missed, and is named with its question."""
    questions = [{"question": corpus.QUESTION, "gold": ["Jaws (film)", "Nowhere Man"]}]
    with agent:
        found = agent.evaluate(questions)

    assert ["question 1: 'Nowhere Man'"] == found.missing
    assert 0.5 == found.systems["polyhop"].figures["recall@10"][0]


def test_a_collection_without_any_gold_is_refused(agent: Agent) -> None:
    """Figures that are all zero because the keys are wrong are an error that says so."""
    with agent, pytest.raises(CallerError, match=r"none of the 1 gold passages, the first: question 1: 'Nowhere'"):
        agent.evaluate([{"question": corpus.QUESTION, "gold": ["Nowhere"]}])


def test_a_search_of_ones_own_is_evaluated(embedder: Encoder) -> None:
    """Around a retriever of the user's the hops are compared with the search alone, gold by title."""

    def search(question: str, k: int) -> list[dict[str, str]]:
        words = set(question.lower().split())
        best = sorted(corpus.DOCUMENTS, key=lambda one: (-len(words & set(one.text.lower().split())), one.key))
        return [{"id": one.key, "title": one.title, "text": one.text} for one in best[:k]]

    found = Agent.around(search, embedder=embedder).evaluate(QUESTIONS)

    assert 0 < found.systems["bm25"].figures["recall@5"][0] <= found.systems["polyhop"].figures["recall@5"][0]


def shown(found: Evaluation) -> str:
    """Return the table as text."""
    console = Console(width=200)
    with console.capture() as capture:
        console.print(evaluation_table(found, "title"))
    return capture.get()


def test_the_table_shows_shares_and_gains(agent: Agent) -> None:
    """Shares are in percent, gains have signs and name what they are over; the caption counts."""
    with agent:
        text = shown(agent.evaluate([*QUESTIONS, {"question": corpus.QUESTION, "gold": ["Nowhere"]}]))

    assert "recall@5 gains" in text
    assert "100.0" not in text  # a fourth question has no gold here
    assert "4 questions, 7 gold passages; 1 of them not in the collection" in text


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home with an indexed collection."""
    run("index", files(tmp_path / "docs"), home=tmp_path / "home")
    return tmp_path / "home"


def asked(folder: Path, *gold: str) -> Path:
    """Write a question file."""
    file = folder / "questions.jsonl"
    file.write_text(json.dumps({"question": QUESTION, "gold": list(gold)}) + "\n", encoding="utf-8")
    return file


def test_eval_prints_a_table(home: Path, tmp_path: Path) -> None:
    """`polyhop eval` shows a row for each system and variant, and says what gold is not there."""
    file = asked(tmp_path, "Jaws (film)", "Steven Spielberg", "Nowhere")
    result = run("eval", file, "--without", "link,named", "--with", "hops=3", home=home)

    for name in ("dense", "bm25", "hybrid", "polyhop", "-link", "-named", "+hops=3"):
        assert name in result.stdout
    assert "1 gold passage not in the collection" in result.stderr
    assert "questions.jsonl:1: 'Nowhere'" in result.stderr


def test_eval_prints_json(home: Path, tmp_path: Path) -> None:
    """--json prints one document with figures and facts."""
    said = run_json("eval", asked(tmp_path, "Jaws (film)", "Steven Spielberg"), "--seed", 4, home=home)

    assert (4, 1, 2, []) == (said["seed"], said["questions"], said["gold"], said["missing"])
    assert "all-MiniLM-L6-v2" == said["embedder"]
    assert [1.0, 1.0, 1.0] == said["systems"]["polyhop"]["figures"]["all@5"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--without", "lunk"], "unknown part 'lunk'; choose among hops, link"),
        (["--with", "link"], "unknown part 'link'; choose among span"),
        (["--collection", "nowhere"], "no collection 'nowhere'"),
    ],
)
def test_eval_refuses_what_it_cannot_do(home: Path, tmp_path: Path, options: list[str], said: str) -> None:
    """A mistake ends with exit code 2 and a sentence."""
    assert said in run("eval", asked(tmp_path, "Vienna"), *options, home=home, code=2).stderr


def test_eval_refuses_a_bad_file(home: Path, tmp_path: Path) -> None:
    """A bad line is told before a collection is opened."""
    file = asked(tmp_path)

    assert f"{file}:1: its gold is []" in run("eval", file, home=tmp_path / "nowhere", code=2).stderr
