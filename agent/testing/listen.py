"""The HTTP of the server of replies: one thread a connection, which are kept open as real servers keep them."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any

from . import wire
from .faults import Fault, half

if TYPE_CHECKING:
    from .server import ReplayServer

JSON, EVENTS = "application/json", "text/event-stream"
ENDING = 5.0
_LOOK = 0.05
_RESET = struct.pack("ii", 1, 0)  # linger, for no time: a connection that is closed so is reset


class Http(ThreadingMixIn, TCPServer):
    """Listens on this machine's own address; `stop` also ends whatever is still being answered."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, server: ReplayServer, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler, bind_and_activate=False)
        self.replay = server
        self.over = threading.Event()
        self._open: set[Any] = set()
        self._change = threading.Condition()
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise

    @property
    def server_port(self) -> int:
        """Return the port."""
        return int(self.server_address[1])

    def start(self, refusing: float | None = None) -> None:
        """Listen from now on, or after some seconds in which connections are refused."""
        if not refusing:
            self.server_activate()
        self._thread = threading.Thread(target=self._serve, args=(refusing,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End every connection and give the port back."""
        self.over.set()
        self._thread.join(ENDING)
        self.server_close()
        with self._change:
            for connection in self._open:
                _shut(connection)
            self._change.wait_for(lambda: not self._open, ENDING)

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

    def _serve(self, refusing: float | None) -> None:
        if refusing:
            if self.over.wait(None if refusing == float("inf") else refusing):
                return
            self.server_activate()
        self.timeout = _LOOK
        while not self.over.is_set():
            self.handle_request()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Http

    def do_GET(self) -> None:
        """Answer with the list of models."""
        if self.path.endswith("/models"):
            return self._send(200, wire.models("replay"))
        self._lost()

    def do_POST(self) -> None:
        """Answer with a completion, or what goes wrong instead."""
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.endswith("/chat/completions"):
            return self._lost()
        body = wire.request(data)
        if isinstance(body, str):
            return self._send(400, wire.failure(body, "bad_request"))
        fault = self.server.replay.begin(body)
        try:
            self._answer(body, fault)
        finally:
            self.server.replay.end()

    def log_message(self, *arguments: object) -> None:
        """Say nothing on standard error."""

    def _answer(self, body: Mapping[str, Any], fault: Fault | None) -> None:
        if fault is not None and fault.kind == "slow" and self._gone(fault.wait):
            return
        if fault is not None and not fault.alters:
            return self._break(fault, stream=bool(body.get("stream")))
        said = self.server.replay.say(body, fault)
        if isinstance(said, str):
            return self._send(404, wire.failure(said, "no_recording", "not_found_error"))
        if body.get("stream"):
            wanted = bool((body.get("stream_options") or {}).get("include_usage"))
            return self._stream(said, fault, usage=wanted)
        self._whole(said, fault)

    def _break(self, fault: Fault, *, stream: bool) -> None:
        if fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            self.close_connection = True
        elif fault.kind == "drip":
            self._pieces(EVENTS if stream else JSON, itertools.repeat(b": wait\n\n" if stream else b" "), fault.wait)
        else:
            kind, data = fault.body()
            if stream and fault.kind == "garbage":
                kind, data = EVENTS, wire.event(data)
            self._send(fault.status or 200, data, kind, fault.headers())

    def _whole(self, said: wire.Said, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "endless":
            begun, _, _ = said.completion().partition(b'"content": "')
            words = itertools.cycle(word.encode() for word in wire.words(f" {said.text}"))
            return self._pieces(JSON, itertools.chain([begun, b'"content": "'], words), fault.wait if fault else 0)
        if kind == "unfinished":
            said = _unfinished(said)
        data = said.completion()
        self._send(200, data, shown=len(data) // 2 if kind == "cut" else None)

    def _stream(self, said: wire.Said, fault: Fault | None, *, usage: bool) -> None:
        chunks: Iterable[bytes] = said.chunks(usage=usage)
        kind = fault.kind if fault else ""
        if kind == "endless":
            chunks = map(said.word, itertools.cycle(wire.words(f" {said.text}")))
        if kind in ("cut", "unfinished"):
            chunks = list(_unfinished(said).chunks(usage=False))[:-1]
        pace = fault.wait if fault and kind == "endless" else self.server.replay.pace
        self._pieces(EVENTS, chunks, pace, ends=kind != "cut")

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
        self,
        status: int,
        data: bytes,
        kind: str = JSON,
        headers: Mapping[str, str] | None = None,
        *,
        shown: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[:shown])
        self.close_connection = self.close_connection or shown is not None

    def _lost(self) -> None:
        said = f"there is no {self.command} {self.path}; there are POST /v1/chat/completions and GET /v1/models"
        self._send(404, wire.failure(said, "unknown_url"))

    def _gone(self, seconds: float) -> bool:
        """Wait, and say whether nobody waits any more for what comes then."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.server.over.wait(min(left, _LOOK)) or _left(self.connection):
                self.close_connection = True
                return True
        return False


def _unfinished(said: wire.Said) -> wire.Said:
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
