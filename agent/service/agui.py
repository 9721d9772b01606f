"""A run as events of the AG-UI protocol (https://docs.ag-ui.com/concepts/events).

A hop is a step. What a node says is added to the state's `events` by a JSON patch, so that a client draws the hops as
they come; the whole outcome is the `result` of `RUN_FINISHED`. An answer that a language model writes comes in pieces.
One that is taken back, because its citations do not hold or the model failed, is ended, the answer that counts is
another message, and a snapshot of the messages says which.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from ...graphs.state import Event
from ..results import Answer

Told = dict[str, Any]


class AgUiRun:
    """Makes events of one run, in order: `begin`, `hear` for each event of the run, then `end` or `fail`."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._ids = {"threadId": uuid.uuid4().hex, "runId": uuid.uuid4().hex}
        self._hop = -1
        self._message = ""
        self._said = ""

    def begin(self) -> Iterator[Told]:
        """Yield what comes before the first search."""
        yield _event("RUN_STARTED", **self._ids)
        yield _event("STATE_SNAPSHOT", snapshot={"question": self._question, "hop": 0, "events": []})
        yield from self._step(0)

    def hear(self, event: Event) -> Iterator[Told]:
        """Yield what an event of the run comes to."""
        if event["event"] == "text":
            yield from self._write(event)
            return
        yield from self._step(event.get("hop", self._hop))
        patch: list[Told] = [{"op": "add", "path": "/events/-", "value": dict(event)}]
        patch.append({"op": "replace", "path": "/hop", "value": self._hop})
        yield _event("STATE_DELTA", delta=patch)

    def end(self, answer: Answer, result: Mapping[str, Any]) -> Iterator[Told]:
        """Yield the answer and the end."""
        if self._message and self._said != answer.text:
            yield from self._close()
        if not self._message:
            yield from self._open()
            yield _event("TEXT_MESSAGE_CONTENT", messageId=self._message, delta=answer.text)
        message = self._message
        yield from self._close()
        said = {"id": message, "role": "assistant", "content": answer.text}
        asked = {"id": self._ids["runId"], "role": "user", "content": self._question}
        yield _event("MESSAGES_SNAPSHOT", messages=[asked, said])
        yield _event("STEP_FINISHED", stepName=_named(self._hop))
        yield _event("RUN_FINISHED", **self._ids, result=dict(result))

    def fail(self, message: str, code: str) -> Iterator[Told]:
        """Yield the end of a run that failed."""
        yield _event("RUN_ERROR", message=message, code=code)

    def _step(self, hop: int) -> Iterator[Told]:
        """Yield the end of a step and the begin of the next, where a hop is the next."""
        if hop <= self._hop:
            return
        if self._hop >= 0:
            yield _event("STEP_FINISHED", stepName=_named(self._hop))
        self._hop = hop
        yield _event("STEP_STARTED", stepName=_named(hop))

    def _write(self, event: Event) -> Iterator[Told]:
        if event.get("again"):
            yield from self._close()
            return
        if not event.get("text"):
            return
        if not self._message:
            yield from self._open()
        self._said += event["text"]
        yield _event("TEXT_MESSAGE_CONTENT", messageId=self._message, delta=event["text"])

    def _open(self) -> Iterator[Told]:
        self._message = uuid.uuid4().hex
        yield _event("TEXT_MESSAGE_START", messageId=self._message, role="assistant")

    def _close(self) -> Iterator[Told]:
        if self._message:
            yield _event("TEXT_MESSAGE_END", messageId=self._message)
        self._message = self._said = ""


def _named(hop: int) -> str:
    return f"hop {hop}" if hop else "search"


def _event(kind: str, **fields: Any) -> Told:
    return {"type": kind, "timestamp": int(1000 * time.time()), **fields}
