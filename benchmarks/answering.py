"""Asking every question for its answer, in a process of its own."""

from __future__ import annotations

from typing import Any

from polyhop.agent import Agent, Answer, Collection

from .common import bar, serve

K = 5


def ask_all(job: dict[str, Any]) -> dict[str, Any]:
    """Return for each question what was shown, whether it counts as found, and the passages."""
    with Collection.open(job["home"], job["name"]) as collection, bar(job["title"], len(job["questions"])) as advance:
        agent = Agent(collection)
        answers = []
        for question in job["questions"]:
            answers.append(_told(agent.ask(question, K)))
            advance(1)
    return {"answers": answers}


def _told(answer: Answer) -> dict[str, Any]:
    return {
        "found": answer.found,
        "shown": [one["sentence"] for one in answer.citations],
        "sufficiency": answer.retrieval.sufficiency,
        "documents": [passage.document for passage in answer.retrieval.passages],
        "passages": [{"title": passage.title, "text": passage.text} for passage in answer.retrieval.passages],
    }


if __name__ == "__main__":
    serve(ask_all)
