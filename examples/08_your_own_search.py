"""Add hops to your own search. Run it with: python examples/08_your_own_search.py

`Agent.around` takes a function of (question, k), an object with such a method `search`, or a LangChain retriever.
Nothing is indexed. A name in a passage is looked up with your search, and followed if a result has that name.
"""

from __future__ import annotations

import re

from polyhop.agent import Agent

PAGES = [
    {"id": "p1", "title": "Checkout", "text": "Checkout is run by the Harbour Team."},
    {"id": "p2", "title": "Harbour Team", "text": "The Harbour Team sits in Lisbon and answers pages until midnight."},
    {"id": "p3", "title": "Search", "text": "Search is run by the Forest Team."},
    {"id": "p4", "title": "Forest Team", "text": "The Forest Team sits in Oslo and answers pages until ten."},
]


def words(text: str) -> set[str]:
    """Return the longer words of a text in lower case."""
    return set(re.findall(r"\w{5,}", text.lower()))


def search(question: str, k: int) -> list[dict[str, str]]:
    """Return at most k pages that share a word with the question; this stands for your own search."""
    shared = {page["id"]: len(words(question) & words(f"{page['title']} {page['text']}")) for page in PAGES}
    found = [page for page in PAGES if shared[page["id"]]]
    return sorted(found, key=lambda page: -shared[page["id"]])[:k]


def main() -> None:
    """Compare the search alone with the search plus hops."""
    question = "In which city are the people who run Checkout?"
    print("search alone:", [page["title"] for page in search(question, 2)])
    with Agent.around(search) as agent:
        answer = agent.ask(question, k=2)
        for passage in answer.retrieval.passages:
            print(f"with hops: {passage.title} (via {passage.via}, path {[step.title for step in passage.path]})")
        print(answer.text)


if __name__ == "__main__":
    main()
