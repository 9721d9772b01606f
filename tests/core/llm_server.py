"""An OpenAI-compatible server on loopback that says what it was told to say, faults included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """One answer of the server: a completion with `text`, or another status, or a raw body, after a delay."""

    text: str = ""
    status: int = 200
    body: str | None = None
    seconds: float = 0.0

    def encoded(self) -> bytes:
        """Return the body to send."""
        if self.body is not None:
            return self.body.encode()
        if self.status != 200:
            return json.dumps({"error": {"message": f"status {self.status}", "type": "test"}}).encode()
        message = {"role": "assistant", "content": self.text}
        completion = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "test",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        return json.dumps(completion).encode()


@dataclass
class Script:
    """What the server will say, the last reply for ever, and what it was asked."""

    replies: list[Reply]
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def next(self) -> Reply:
        """Return the reply to the latest request."""
        return self.replies[min(len(self.asked), len(self.replies)) - 1]


@contextmanager
def llm_server(*replies: Reply) -> Iterator[Script]:
    """Serve the replies in their order on a free port of this machine."""
    script = Script(list(replies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            script.asked.append(json.loads(self.rfile.read(length)))
            reply = script.next()
            time.sleep(reply.seconds)
            body = reply.encoded()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # the client gave up waiting, as a test of time-outs wants

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
