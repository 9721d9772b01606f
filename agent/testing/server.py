"""A server on this machine that speaks the OpenAI chat protocol, replays recordings and plays faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ...core.errors import CallerError, OperatorError
from ...core.llm import LiteLLM, Price
from . import wire
from .faults import Fault, Faults
from .listen import Http
from .recording import Messages, Recording, Replies, Source, last


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the body, when (seconds of `time.monotonic`), and the fault that it met."""

    body: Mapping[str, Any]
    at: float
    fault: str = ""

    @property
    def messages(self) -> Messages:
        """Return the conversation."""
        return self.body["messages"]  # type: ignore[no-any-return]

    @property
    def prompt(self) -> str:
        """Return what the user said last."""
        return last(self.messages)


class ReplayServer:
    """A language model behind HTTP, for tests: litellm, the connection and the retries are the real ones.

    It listens on 127.0.0.1 only while it is used as a context manager, and takes any key and any name of a model.
    A request that no recording fits gets status 404 and is told what was asked and what the recordings ask for.

        with ReplayServer(["Steven Spielberg was born in Cincinnati [2]."], faults=["429:first=1"]) as server:
            answer = Agent(retriever, llm=server.model()).ask("Where was the director of Jaws born?")
            assert server.calls == 2

    Args:
        replies: a file of recordings, recordings or texts, or a function of the messages; see `Recording`.
        faults: what goes wrong and when, as `Fault` or as text; of several that fit a request the first one counts.
        seed: of the faults that strike at random.
        port: by default one that is free.
        pace: seconds between the words of a streamed reply.
    """

    def __init__(
        self,
        replies: Source = (),
        *,
        faults: Sequence[Fault | str] = (),
        seed: int = 0,
        port: int = 0,
        pace: float = 0.0,
    ) -> None:
        self.pace = pace
        self.requests: list[Request] = []
        self._replies = Replies(replies)
        self._faults = Faults(faults, seed)
        self._port = port
        self._inside = threading.Lock()
        self._now = self._most = self._number = 0
        self._http: Http | None = None

    @property
    def url(self) -> str:
        """Return the base address, as `OPENAI_API_BASE` wants it."""
        if not self._port:
            raise CallerError("the server has no address yet; use it as a context manager")
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that lead litellm, and other OpenAI clients, to this server."""
        return {"OPENAI_API_BASE": self.url, "OPENAI_BASE_URL": self.url, "OPENAI_API_KEY": "none"}

    @property
    def calls(self) -> int:
        """Return how many completions were asked for."""
        return len(self.requests)

    @property
    def most(self) -> int:
        """Return how many completions were under way at once, at the most."""
        return self._most

    def model(self, name: str = "openai/replay", *, dollars: Price | None = None) -> LiteLLM:
        """Return this server as a model, as a user would configure it, at a price if there is to be one."""
        return LiteLLM(name, {"api_base": self.url, "api_key": "none"}, dollars)

    def __enter__(self) -> Self:
        try:
            self._http = Http(self, self._port)
        except OSError as error:
            raise OperatorError(f"cannot listen on port {self._port} ({error}); choose another one, or 0") from error
        self._port = self._http.server_port
        self._http.start(self._faults.refused)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            self._http.stop()
            self._http = None

    def begin(self, body: Mapping[str, Any]) -> Fault | None:
        """Note a request, and return the fault that it meets."""
        fault = self._faults.meet("\n".join(wire.text_of(message) for message in body["messages"]))
        request = Request(body, time.monotonic(), fault.kind if fault else "")
        with self._inside:
            self.requests.append(request)
            self._now += 1
            self._most = max(self._most, self._now)
        return fault

    def end(self) -> None:
        """Note that a request has been dealt with."""
        with self._inside:
            self._now -= 1

    def say(self, body: Mapping[str, Any], fault: Fault | None) -> wire.Said | str:
        """Return what is said to a request, or why nothing is."""
        keep = fault is not None and fault.kind != "slow"
        try:
            recording = self._replies.say(body["messages"], body.get("response_format"), keep=keep)
        except Exception as error:
            return f"the function of replies raised {error!r}"
        if recording is None and not (fault and fault.replaces):
            return f"nothing is recorded for {last(body['messages'])[:500]!r}: {self._replies.wanted()}"
        said = self._said(body, recording or Recording())
        return fault.altered(said) if fault else said

    def _said(self, body: Mapping[str, Any], recording: Recording) -> wire.Said:
        with self._inside:
            self._number += 1
            number = self._number
        text, usage = recording.reply, recording.usage
        if usage is None:
            text = wire.cut(text, body.get("max_completion_tokens") or body.get("max_tokens"))
        return wire.Said(
            text,
            recording.finish if text == recording.reply else "length",
            usage=wire.usage(body["messages"], text) if usage is None else wire.counted(*usage),
            model=str(body.get("model", "")),
            id=f"chatcmpl-{number}",
        )
