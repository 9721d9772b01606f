"""A server on this machine that speaks the OpenAI chat protocol, gives prepared replies and plays faults."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Self

from polyhop.core.llm.litellm_model import LiteLLM
from polyhop.core.llm.role import Message

from .faults import BODIES, CHANGES, STATUSES, Fault, Faults, half
from .wire import Completion, event, failure, tokens, usage_of, words

JSON, EVENTS = "application/json", "text/event-stream"
_END = 60.0  # ends a hang
_POLL = 0.05
_RESET = struct.pack("ii", 1, 0)  # linger, for no time: a connection that is closed so is reset


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: the body, and the fault that it met."""

    body: Mapping[str, Any]
    fault: str = ""

    @property
    def messages(self) -> list[Message]:
        """Return the conversation."""
        return list(self.body["messages"])


class ModelServer:
    """A language model behind HTTP: litellm, the connection and the retries are the real ones.

    It listens on 127.0.0.1 only while it is used as a context manager, and takes any key and any name of a model.

        with ModelServer(["Steven Spielberg was born in Cincinnati [2]."], faults=[Fault("429", first=1)]) as server:
            answer = Agent(retriever, llm=server.model()).ask("Where was the director of Jaws born?")
            assert server.calls == 2

    Args:
        replies: texts in their order, or a function of the messages; where they are used up the status is 404.
        faults: what goes wrong and when; of several that fit a request the first one counts.
    """

    def __init__(
        self, replies: Sequence[str] | Callable[[list[Message]], str] = (), *, faults: Sequence[Fault | str] = ()
    ) -> None:
        self.requests: list[Request] = []
        self._replies = replies
        self._given = 0
        self._faults = Faults(faults)
        self._inside = threading.Lock()

    @property
    def url(self) -> str:
        """Return the base address, as `OPENAI_API_BASE` wants it."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    @property
    def calls(self) -> int:
        """Return how many completions were asked for."""
        return len(self.requests)

    def model(self, name: str = "openai/replay") -> LiteLLM:
        """Return this server as a model, as a user would configure it."""
        return LiteLLM(name, {"api_base": self.url, "api_key": "none"})

    def __enter__(self) -> Self:
        self._http = _Http(self)
        if not any(fault.kind == "refused" for fault in self._faults.all):
            self._http.server_activate()
            self._http.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.stop()

    def begin(self, body: Mapping[str, Any]) -> Fault | None:
        """Note a request, and return the fault that it meets."""
        fault = self._faults.meet()
        with self._inside:
            self.requests.append(Request(body, fault.kind if fault else ""))
        return fault

    def completion(self, body: Mapping[str, Any], fault: Fault | None) -> Completion | None:
        """Return what is said to a request, nothing where the replies are used up."""
        text: str | None = self._replies(body["messages"]) if callable(self._replies) else self._next(fault)
        if text is None:
            return None
        asked = sum(tokens(str(message.get("content"))) for message in body["messages"])
        said = Completion(text, usage=usage_of(asked, tokens(text)), model=str(body.get("model", "")))
        return CHANGES[fault.kind](said) if fault and fault.kind in CHANGES else said

    def _next(self, fault: Fault | None) -> str | None:
        """Return the next reply; one that a fault spoils is given once more to the request that follows."""
        with self._inside:
            if self._given == len(self._replies):
                return "" if fault else None
            self._given += fault is None
            return self._replies[self._given - (fault is None)]  # type: ignore[index]


class _Http(ThreadingMixIn, TCPServer):
    """One thread a connection, which are kept open as real servers keep them; `stop` ends what is under way."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, server: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.model = server
        self.over = threading.Event()
        self._thread: threading.Thread | None = None
        self._open: set[Any] = set()
        self._change = threading.Condition()
        self.server_bind()

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every connection and give the port back."""
        self.over.set()
        if self._thread:
            self.shutdown()
            self._thread.join(_END)
        self.server_close()
        with self._change:
            for connection in self._open:
                _shut(connection)
            self._change.wait_for(lambda: not self._open, _END)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Know the connection until it ends."""
        with self._change:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        super().shutdown_request(request)
        with self._change:
            self._open.discard(request)
            self._change.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that did not wait."""


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def do_POST(self) -> None:
        """Answer with a completion, or what goes wrong instead."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        fault = self.server.model.begin(body)
        kind = fault.kind if fault else ""
        if fault and kind == "slow" and self._gone(fault.wait):
            return
        if fault and kind in ("reset", "drip", *STATUSES, *BODIES):
            return self._break(fault, stream=bool(body.get("stream")))
        said = self.server.model.completion(body, fault)
        if said is None:
            return self._send(404, failure("the replies are used up", "no_reply", "not_found_error"))
        if body.get("stream"):
            usage = bool((body.get("stream_options") or {}).get("include_usage"))
            return self._stream(said, fault, usage=usage)
        self._whole(said, fault)

    def log_message(self, *arguments: object) -> None:
        """Say nothing on standard error."""

    def _break(self, fault: Fault, *, stream: bool) -> None:
        if fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            self.close_connection = True
        elif fault.kind == "drip":
            self._pieces(EVENTS if stream else JSON, itertools.repeat(b": wait\n\n" if stream else b" "), fault.wait)
        else:
            status, kind, data = fault.body()
            if stream and fault.kind == "garbage":
                kind, data = EVENTS, event(data)
            self._send(status, data, kind, fault.headers())

    def _whole(self, said: Completion, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if fault and kind == "endless":
            begun, mark, _ = said.whole().partition(b'"content": "')
            again = itertools.cycle(word.encode() for word in words(f" {said.text}"))
            return self._pieces(JSON, itertools.chain([begun + mark], again), fault.wait)
        data = (_unfinished(said) if kind == "unfinished" else said).whole()
        self._send(200, data, shown=len(data) // 2 if kind == "cut" else None)

    def _stream(self, said: Completion, fault: Fault | None, *, usage: bool) -> None:
        kind = fault.kind if fault else ""
        chunks: Iterable[bytes] = said.chunks(usage=usage)
        if kind == "endless":
            chunks = map(said.word, itertools.cycle(words(f" {said.text}")))
        elif kind in ("cut", "unfinished"):
            chunks = list(_unfinished(said).chunks(usage=False))[:-1]
        self._pieces(EVENTS, chunks, fault.wait if fault and kind == "endless" else 0, ends=kind != "cut")

    def _pieces(self, kind: str, pieces: Iterable[bytes], pace: float, *, ends: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(pieces):
            if number and pace and self.server.over.wait(pace):
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if ends:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def _send(
        self, status: int, data: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None, *,
        shown: int | None = None,
    ) -> None:  # fmt: skip
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[:shown])
        self.close_connection = self.close_connection or shown is not None

    def _gone(self, seconds: float) -> bool:
        """Wait, and say whether nobody waits any more for what comes then."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.server.over.wait(min(left, _POLL)) or _left(self.connection):
                self.close_connection = True
                return True
        return False


def _unfinished(said: Completion) -> Completion:
    return replace(said, text=half(said.text), finish=None)


def _left(connection: socket.socket) -> bool:
    """Say whether the other side has closed the connection."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
