"""Kept runs: what is kept, how much of it, and whether the same comes of the same question."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import Agent, Answer, CallerError, Config, Document, MaxHops, OperatorError, Retrieval, Settings
from polyhop.agent import traces as module
from polyhop.agent.testing import ScriptedModel
from polyhop.agent.traces import FOLDER, NoRun, RunStore, differences, read, replay, result_of
from polyhop.core.telemetry import new_id
from polyhop.encoders import Encoder
from polyhop.retrieval.retriever import CallableRetriever
from tests import corpus


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home with the known passages, closed."""
    corpus.collection(tmp_path, embedder).close()
    return tmp_path


def asking(home: Path, **settings: Any) -> Agent:
    """Return an agent that keeps its runs."""
    return Agent.open(home, "films", settings=Settings(**{"runs": 10, **settings}))


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return json.loads(json.dumps(value, default=str))


def test_nothing_is_kept_unless_it_is_asked_for(home: Path) -> None:
    """By default no run leaves a trace on the disk."""
    with Agent.open(home, "films") as agent:
        agent.ask(corpus.QUESTION)
    assert not (home / FOLDER).exists() and [] == RunStore(home).ids()


def test_a_kept_run_holds_what_was_asked_and_what_came_of_it(home: Path) -> None:
    """Question, options, settings and the whole result, which comes back as the object that it was."""
    with asking(home, profile="quality") as agent:
        answer = agent.ask(corpus.QUESTION, 3, where="year > 0")
        found = agent.retrieve(corpus.QUESTION, 2)

    runs = RunStore(home)
    assert [found.run, answer.retrieval.run] == runs.ids()
    record = runs.get(answer.retrieval.run)
    assert ("answer", corpus.QUESTION, 3, "year > 0", "quality", ["films"]) == (
        *(record[name] for name in ("task", "question", "k", "where")),
        record["settings"]["profile"],
        [one["name"] for one in record["collections"]],
    )
    assert plain(answer.to_dict()) == record["result"]
    again = result_of(record)
    assert isinstance(again, Answer) and answer == replace(again, retrieval=answer.retrieval)
    assert plain(answer.to_dict()) == plain(again.to_dict())
    whole = result_of(runs.get("last"))
    assert isinstance(whole, Retrieval) and whole == replace(found, passages=whole.passages)
    assert whole.left_out == found.left_out != []


@pytest.mark.parametrize("how", ["stream", "batch", "chat"])
def test_every_way_of_asking_is_kept(how: str, home: Path) -> None:
    """Streams, batches and conversations are runs too."""
    with asking(home) as agent:
        if how == "stream":
            list(agent.stream(corpus.QUESTION))
        elif how == "batch":
            agent.batch([corpus.QUESTION])
        else:
            chat = agent.chat()
            chat.ask("Who directed Jaws?")
            chat.ask("Where was he born?")

    runs = RunStore(home)
    assert {"stream": 1, "batch": 1, "chat": 2}[how] == len(runs.list())
    if how == "chat":
        record = runs.get("last")
        assert "Where was he born?" == record["question"] and 2 == len(record["history"])
        assert replay(record, home).same


def test_the_newest_are_kept(home: Path) -> None:
    """As many runs stay as the setting says, whoever writes at the same time."""
    with asking(home, runs=3) as agent, ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: agent.retrieve(corpus.QUESTION, 1).run, range(8)))

    assert sorted(kept, reverse=True)[:3] == RunStore(home).ids()
    assert 3 == len(list((home / FOLDER).iterdir()))


def test_a_large_run_keeps_less_of_its_passages(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a bound the texts are cut, and what is too large even so is not kept; the answer comes either way."""
    with asking(home) as agent:
        whole = (home / FOLDER / f"{agent.retrieve(corpus.QUESTION).run}.json").stat().st_size
        monkeypatch.setattr(module, "BEGINNING", 10)
        monkeypatch.setattr(module, "MOST_BYTES", whole - 100)
        cut = agent.retrieve(corpus.QUESTION)
        assert {10} == {len(one["text"]) for one in RunStore(home).get(cut.run)["result"]["passages"]}
        monkeypatch.setattr(module, "MOST_BYTES", 100)
        assert agent.retrieve(corpus.QUESTION).passages
    assert cut.run == RunStore(home).ids()[0]


def test_a_disk_that_takes_nothing_costs_no_answer(home: Path) -> None:
    """A run that cannot be kept has its result nevertheless."""
    (home / FOLDER).write_text("a file in the place of the folder", encoding="utf-8")
    with asking(home) as agent:
        assert agent.ask(corpus.QUESTION).found


def test_what_a_killed_process_left_is_no_run(home: Path) -> None:
    """Half a file, a draft and foreign files are passed over; an old draft is removed with the next run."""
    folder = home / FOLDER
    with asking(home) as agent:
        first = agent.retrieve(corpus.QUESTION).run
        torn = folder / f"{new_id()}.json"
        torn.write_bytes((folder / f"{first}.json").read_bytes()[:1_000])
        (folder / "notes.json").write_text("{}", encoding="utf-8")
        young, old = folder / f".{first}.json.7", folder / f".{first}.json.8"
        for draft in (young, old):
            draft.touch()
        os.utime(old, (0, time.time() - 2 * module.STALE))
        agent.retrieve(corpus.QUESTION)

    runs = RunStore(home)
    assert 2 == len(runs.list()) and young.exists() and not old.exists()
    with pytest.raises(OperatorError, match="cannot read a run"):
        runs.get(torn.stem)


@pytest.mark.parametrize("id", ["", "zzz", "../films/record", "*", "0000000000000000"])
def test_an_unknown_run_is_told(id: str, home: Path) -> None:
    """Only ids and beginnings of them name runs; nothing else reaches a file."""
    with asking(home) as agent:
        agent.retrieve(corpus.QUESTION)
    with pytest.raises(NoRun):
        RunStore(home).get(id)


def test_a_beginning_that_fits_several_runs_is_refused(home: Path) -> None:
    """The whole id, or enough of it, is needed."""
    with asking(home) as agent:
        ids = [agent.retrieve(corpus.QUESTION).run for _ in range(2)]
    with pytest.raises(NoRun, match="several"):
        RunStore(home).get(ids[0][:4])
    assert ids[0] == RunStore(home).get(ids[0])["id"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', "\x00", '{"format": 2, "id": "a"}', "[" * 100_000])
def test_a_file_that_is_no_run_is_told(text: str, tmp_path: Path) -> None:
    """A file of something else is a caller's mistake that says what would be one."""
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(CallerError, match=r"run\.json"):
        read(tmp_path / "run.json")


def test_the_same_comes_of_the_same(home: Path) -> None:
    """Asked again under its own settings, whatever those of the moment are, a run ends as it did; nothing is kept."""
    with asking(home, profile="quality", max_hops=2, updaters="link,span") as agent:
        agent.ask(corpus.QUESTION, 4, where="kind != 'list'")

    again = replay(RunStore(home).get("last"), home)
    assert (True, [], []) == (again.same, list(again.differences), list(again.notices))
    assert 1 == len(RunStore(home).ids())


def test_what_differs_is_told(home: Path, embedder: Encoder) -> None:
    """A passage that is gone, ranks and scores that moved, another answer; and that the collection was written to."""
    with asking(home) as agent:
        before = agent.ask(corpus.QUESTION, 3)
        agent.collection.remove(["Steven Spielberg.md"])
        agent.collection.add([Document("new.md", "The director of Jaws was born in Ohio.", "Jaws (film) trivia")])

    again = replay(RunStore(home).get("last"), home)
    told = {one.what: (one.before, one.now) for one in again.differences}
    assert not again.same
    rank = 1 + [one.title for one in before.retrieval.passages].index("Steven Spielberg")
    assert (f"rank {rank}", "not there") == told["passage 'Steven Spielberg'"]
    assert "not there" == told["passage 'Jaws (film) trivia'"][0]
    assert before.text == told["text"][0] != told["text"][1]
    assert ["collection 'films' has been written to since"] == list(again.notices)


def test_what_no_setting_says_is_told(home: Path) -> None:
    """A configuration or a model of one's own cannot be asked again; the notices say so."""
    model = ScriptedModel(["He was born in Cincinnati [1]."] * 9)
    settings = Settings(runs=1)
    with Agent.open(home, "films", settings=settings, config=Config(stop=MaxHops(0)), llm=model) as agent:
        agent.ask(corpus.QUESTION)

    again = replay(RunStore(home).get("last"), home)
    assert ["config", "language model"] == RunStore(home).get("last")["own"]
    assert 2 == len([notice for notice in again.notices if "no setting says" in notice]) and not again.same


def test_differences_have_a_tolerance(home: Path) -> None:
    """A score counts as another from a millionth on; order, stop reason and citations always count."""
    with asking(home) as agent:
        was = plain(agent.ask(corpus.QUESTION).to_dict())
    assert [] == differences(was, plain(was))

    near, far, other = plain(was), plain(was), plain(was)
    near["retrieval"]["passages"][0]["score"] += 1e-6
    far["retrieval"]["passages"][0]["score"] += 3e-6
    other["retrieval"]["passages"].reverse()
    other["retrieval"]["stopped"] = "elsewhere"
    other["citations"] = []
    title = was["retrieval"]["passages"][0]["title"]

    assert [] == differences(was, near)
    assert [f"score of {title!r}"] == [one.what for one in differences(was, far)]
    told = {one.what for one in differences(was, other)}
    assert {"stopped", "citations", f"passage {title!r}"} <= told and "text" not in told


def test_no_secret_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither paths nor addresses of the machine are in a run: those may hold a password."""
    monkeypatch.setenv("POLYHOP_LLM_URL", "http://user:hush@127.0.0.1:1")
    with asking(home) as agent:
        agent.retrieve(corpus.QUESTION)
    text = (home / FOLDER / f"{RunStore(home).ids()[0]}.json").read_text(encoding="utf-8")
    assert "hush" not in text and str(home) not in text


def test_around_a_search_of_ones_own_nothing_is_kept(
    embedder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no home to keep it in."""
    monkeypatch.chdir(tmp_path)
    agent = Agent(
        CallableRetriever(lambda question, k: [{"text": "Jaws is a film."}], embedder), settings=Settings(runs=5)
    )
    assert agent.retrieve("What is Jaws?").passages
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]
