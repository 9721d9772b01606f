"""Conversations: turns that go by those before, kept, bounded and apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent import Agent, Answer, CallerError, Settings
from polyhop.agent.chat import KEPT, Chat
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus

TURNS = {
    "Who directed Jaws?": "Who directed Jaws?",
    "Where was he born?": "Where was Steven Spielberg born?",
    "On which river does that city lie?": "On which river does Cincinnati lie?",
    "Who directed Seven Samurai?": "Who directed Seven Samurai?",
    "And where was he born?": "Where was Akira Kurosawa born?",
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("chat"), embedder) as opened:
        yield opened


@pytest.fixture
def agent(films: Collection) -> Agent:
    """Return an agent over the known passages."""
    return Agent(films, settings=Settings())


def understood(answer: Answer) -> str:
    """Return what a turn was understood as, without the conjunction that opened it."""
    return answer.question.removeprefix("And ").replace("where", "Where")


def test_a_conversation_is_understood(agent: Agent) -> None:
    """Over polyhop's own extractive answers each turn means what a reader takes it to mean, and finds it."""
    chat = agent.chat()
    answers = [chat.ask(turn) for turn in TURNS]

    assert list(TURNS.values()) == [understood(answer) for answer in answers]
    assert list(TURNS) == [answer.retrieval.turn for answer in answers]
    assert [False, True, True, False, True] == [answer.retrieval.understood for answer in answers]
    assert ["Cincinnati" in answers[1].text, "Ohio River" in answers[2].text] == [True, True]


def test_it_goes_on_from_what_was_written_down(agent: Agent) -> None:
    """The history is plain JSON, and a conversation made of it understands the next turn."""
    chat = agent.chat()
    chat.ask("Who directed Jaws?")
    copy = agent.chat(json.loads(json.dumps(chat.history)))

    assert chat.history == copy.history
    assert "Where was Steven Spielberg born?" == copy.ask("Where was he born?").question
    assert (2, 4) == (len(chat.history), len(copy.history))


def test_conversations_of_one_agent_do_not_mix(agent: Agent) -> None:
    """Asked at the same time from many threads, each goes by its own turns."""
    films = {"Jaws": "Steven Spielberg", "Seven Samurai": "Akira Kurosawa", "The Third Man": "Carol Reed"}

    def talk(film: str) -> str:
        chat = agent.chat()
        chat.ask(f"Who directed {film}?")
        return chat.ask("Where was he born?").question

    with ThreadPoolExecutor(6) as pool:
        asked = list(pool.map(talk, [*films, *films]))
    assert [f"Where was {name} born?" for name in [*films.values(), *films.values()]] == asked


def test_every_way_of_asking_understands(agent: Agent) -> None:
    """Streams and the twins for async code keep the turn too; passages alone answer nothing and are not kept."""
    turn, meant = list(TURNS.items())[1]

    async def through(chat: Chat) -> list[str]:
        found = [(await chat.aretrieve(turn)).question, (await chat.aask(turn)).question]
        return found + [part.question async for part in chat.astream(turn) if isinstance(part, Answer)]

    chat = agent.chat()
    chat.ask("Who directed Jaws?")
    assert meant == chat.retrieve(turn).question
    assert 2 == len(chat.history)
    streamed = list(chat.stream(turn))
    assert "condense" == streamed[0]["event"]  # type: ignore[index]
    assert meant == streamed[-1].question  # type: ignore[union-attr]
    assert [meant] * 3 == asyncio.run(through(chat))
    assert 2 + 3 * 2 == len(chat.history)


def test_a_batch_follows_one_history(agent: Agent) -> None:
    """Questions asked at once may all follow the same turns."""
    history = [{"role": "user", "content": "Who directed Jaws?"}, {"role": "assistant", "content": "Steven Spielberg"}]
    found = agent.batch(["Where was he born?", "When was it released?"], history=history)

    assert ["Where was Steven Spielberg born?", "When was Jaws released?"] == [one.question for one in found]


def test_old_turns_are_forgotten_and_all_on_demand(agent: Agent) -> None:
    """What is kept is bounded; after `clear` a turn is a first turn."""
    chat = agent.chat([{"role": "user", "content": f"What is {n}?"} for n in range(200)])
    assert KEPT == len(chat.history)
    chat.ask("Who directed Jaws?")
    assert KEPT == len(chat.history)
    chat.clear()
    assert ([], "Where was he born?") == (chat.history, chat.retrieve("Where was he born?").question)


def test_a_turn_that_fails_is_not_kept(agent: Agent) -> None:
    """An empty turn, or a history given twice, is the caller's mistake and leaves the conversation as it was."""
    chat = agent.chat()
    for mistake in ({"turn": " "}, {"turn": "Who?", "history": []}):
        with pytest.raises(CallerError):
            chat.ask(**mistake)  # type: ignore[arg-type]
    assert [] == chat.history


def test_a_killed_run_of_a_conversation_is_the_same_request(tmp_path: Path, films: Collection) -> None:
    """With a thread, a turn is kept under what it started from: turn and history."""
    asking = Agent(films, checkpoints=tmp_path / "runs.sqlite")
    history = [{"role": "user", "content": "Who directed Jaws?"}, {"role": "assistant", "content": "Steven Spielberg"}]
    first, again = (asking.ask("Where was he born?", history=history, thread="one") for _ in range(2))

    assert (first.question, first.text) == (again.question, again.text)
    asking.close()


@pytest.mark.parametrize(
    ("history", "said"),
    [
        ("Who?", "must be a list of turns"),
        ({"role": "user"}, "must be a list of turns"),
        (["Who?"], "turn 0 of the history must be a mapping"),
        ([{"role": "system", "content": "x"}], "role 'system'"),
        ([{"content": "x"}], "role None"),
        ([{"role": "user", "content": 1}], "content of turn 0 of the history must be a string"),
        ([{"role": "user", "content": "x", "name": "y"}], "holds ['name']"),
        ([{"role": "user", "content": "x", "titles": []}], "holds ['titles']"),
        ([{"role": "assistant", "content": "x", "titles": "y"}], "titles of turn 0 of the history must be a list"),
        ([{"role": "user", "content": "x" * 100_001}], "100001 characters"),
        ([{"role": "user", "content": "x"}] * 1001, "1001 turns"),
    ],
)
def test_a_bad_history_is_refused(history: Any, said: str, agent: Agent) -> None:
    """The message says which turn is wrong, and how."""
    with pytest.raises(CallerError) as caught:
        agent.retrieve("Where was he born?", history=history)
    assert said in str(caught.value)
