"""Let an LLM write the answer and have its citations checked. Run it with: python examples/10_with_an_llm.py

The model is a server of this very process that speaks the OpenAI protocol and claims one thing that no passage says.
For a real one set POLYHOP_LLM to a litellm name and the key that it wants, and leave the server out.
"""

from __future__ import annotations

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Document, Settings

DOCUMENTS = [
    Document("jaws", "Jaws is a thriller of 1975 that Steven Spielberg directed.", "Jaws"),
    Document("spielberg", "Steven Spielberg is a film director who was born in Cincinnati.", "Steven Spielberg"),
]
REPLY = "Steven Spielberg was born in Cincinnati [2]. He directed Jaws in 1975 [1]. Jaws was filmed in Paris [1]."


class Model(BaseHTTPRequestHandler):
    """A model that always says the same."""

    def do_POST(self) -> None:
        """Answer a chat completion."""
        self.rfile.read(int(self.headers["Content-Length"]))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": REPLY}}
        body = json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def main() -> None:
    """Ask with the model of the local server."""
    with HTTPServer(("127.0.0.1", 0), Model) as server, TemporaryDirectory() as home:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ.update(OPENAI_API_BASE=f"http://127.0.0.1:{server.server_port}/v1", OPENAI_API_KEY="none")
        with Agent.open(home, create=True, settings=Settings(llm="openai/scripted")) as agent:
            agent.collection.add(DOCUMENTS)
            answer = agent.ask("Where was the director of Jaws born?", k=2)
        print(f"{answer.model}: {answer.text}")
        for one in answer.citations:
            print(f"  {'supported' if one['supported'] else 'NOT BORNE OUT'}: {one['sentence']} {one['passages']}")
        server.shutdown()


if __name__ == "__main__":
    main()
