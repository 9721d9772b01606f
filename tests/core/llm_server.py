"""A real HTTP server on a loopback port that speaks as much of the OpenAI protocol as a chat completion needs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from polyhop.core.llm import Gateway, LiteLLM


@dataclass(frozen=True)
class Reply:
    """What the server says next: a text, or a status with an error, or raw bytes, after some seconds."""

    text: str = ""
    status: int = 200
    raw: bytes = b""
    seconds: float = 0.0

    def body(self) -> bytes:
        """Return the body of the response."""
        if self.raw:
            return self.raw
        if self.status != 200:
            return json.dumps({"error": {"message": f"scripted {self.status}", "type": "scripted"}}).encode()
        message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.text}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        head = {"id": "x", "object": "chat.completion", "created": 1, "model": "test"}
        return json.dumps({**head, "choices": [message], "usage": usage}).encode()


@dataclass
class LlmServer:
    """The server's address, what it was asked, and a model that asks it."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def model(self) -> LiteLLM:
        """Return the model as a user configures it."""
        return LiteLLM("openai/test", {"api_base": self.url, "api_key": "none"})

    def gateway(self, timeout: float = 10.0) -> Gateway:
        """Return the way that a run takes to the model."""
        return Gateway([self.model()], timeout=timeout)

    def prompt(self) -> str:
        """Return what the user message of the last request said."""
        return str(self.requests[-1]["messages"][-1]["content"])


@contextmanager
def serving(replies: Sequence[Reply]) -> Iterator[LlmServer]:
    """Run a server that gives the replies in their order, the last one again and again."""
    said = LlmServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            reply = replies[min(len(said.requests), len(replies)) - 1]
            time.sleep(reply.seconds)
            body = reply.body()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing on standard error."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that did not wait."""

    with Server(("127.0.0.1", 0), Handler) as server:
        said.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield said
        finally:
            server.shutdown()
            thread.join()
