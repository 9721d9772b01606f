"""A conversation: turns that are understood by those before them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from ..conversation.turn import ASSISTANT, EXCHANGES, USER, Turn
from ..core.errors import CallerError
from ..graphs.state import Event
from .options import QuestionOptions, history_of
from .results import Answer, Retrieval

if TYPE_CHECKING:
    from .agent import Agent

#: turns that are kept
KEPT = 4 * EXCHANGES


class Chat:
    """A conversation with an agent; make one with `Agent.chat`.

    Each turn is understood by the last few before it, and is kept with its answer once the answer is there. Several
    threads may ask in one conversation: a turn then goes by what was kept when it began.

        chat = agent.chat()
        chat.ask("Who directed Jaws?")
        chat.ask("Where was he born?")

    Args:
        history: turns to go on from, as `history` returns them.

    Raises:
        CallerError: for a history that is none.
    """

    def __init__(self, agent: Agent, history: Sequence[Mapping[str, Any]] = ()) -> None:
        self._agent = agent
        self._turns = history_of(history)[-KEPT:]
        self._inside = threading.Lock()

    @property
    def history(self) -> list[Turn]:
        """Return the turns that are kept, oldest first, as plain JSON; change it as you like."""
        with self._inside:
            return history_of(self._turns)

    def clear(self) -> None:
        """Forget all turns."""
        with self._inside:
            self._turns = []

    def ask(self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Answer:
        """Answer a turn, and keep both; see `Agent.ask`.

        Raises:
            CallerError: for a `history`, which the conversation has itself, and as for `Agent.ask`.
            OperatorError: as for `Agent.ask`.
        """
        return self._remember(self._agent.ask(turn, k, **self._with_history(options)))

    def retrieve(self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Retrieval:
        """Return the passages for a turn without keeping it: nothing was answered; see `Agent.retrieve`.

        Raises:
            CallerError: as for `ask`.
            OperatorError: as for `ask`.
        """
        return self._agent.retrieve(turn, k, **self._with_history(options))

    def stream(self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Iterator[Event | Answer]:
        """Yield the events of a turn as they happen, then its answer, which is kept; see `Agent.stream`.

        Raises:
            CallerError: as for `ask`.
            OperatorError: as for `ask`.
        """
        for part in self._agent.stream(turn, k, **self._with_history(options)):
            yield self._remember(part) if isinstance(part, Answer) else part

    async def aask(self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Answer:
        """Do what `ask` does.

        Raises:
            CallerError: as for `ask`.
            OperatorError: as for `ask`.
        """
        return self._remember(await self._agent.aask(turn, k, **self._with_history(options)))

    async def aretrieve(self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]) -> Retrieval:
        """Do what `retrieve` does.

        Raises:
            CallerError: as for `ask`.
            OperatorError: as for `ask`.
        """
        return await self._agent.aretrieve(turn, k, **self._with_history(options))

    async def astream(
        self, turn: str, k: int | None = None, **options: Unpack[QuestionOptions]
    ) -> AsyncIterator[Event | Answer]:
        """Do what `stream` does.

        Raises:
            CallerError: as for `ask`.
            OperatorError: as for `ask`.
        """
        async for part in self._agent.astream(turn, k, **self._with_history(options)):
            yield self._remember(part) if isinstance(part, Answer) else part

    def _with_history(self, options: QuestionOptions) -> QuestionOptions:
        if "history" in options:
            raise CallerError("a conversation has a history of its own; give another to Agent.chat or to Agent.ask")
        with self._inside:
            return {**options, "history": list(self._turns)}

    def _remember(self, answer: Answer) -> Answer:
        asked = Turn(role=USER, content=answer.retrieval.turn, question=answer.question)
        said = Turn(role=ASSISTANT, content=answer.text if answer.found else "", titles=answer.titles)
        with self._inside:
            self._turns = [*self._turns, asked, said][-KEPT:]
        return answer
