"""Search several collections as one. Run it with: python examples/04_several_collections.py

A hop may lead from one collection to another: here from a ticket to the handbook.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Document

TICKETS = [
    Document("t-1", "Printing on floor 3 fails since Monday. The printer there is a Lark 400.", "Ticket 1"),
    Document("t-2", "The lights on floor 2 flicker.", "Ticket 2"),
]
HANDBOOK = [
    Document("lark", "The Lark 400 is reset by holding its green button for ten seconds.", "Lark 400"),
    Document("wren", "The Wren 20 is a scanner. It has no buttons.", "Wren 20"),
]


def main() -> None:
    """Fill two collections, then ask each alone and both together."""
    question = "How is the printer on floor 3 reset?"
    with TemporaryDirectory() as home:
        for name, documents in {"tickets": TICKETS, "handbook": HANDBOOK}.items():
            with Agent.open(home, name, create=True) as agent:
                agent.collection.add(documents)
        for names in [("tickets",), ("handbook",), ("tickets", "handbook")]:
            with Agent.open(home, *names) as agent:
                print(f"{' + '.join(names):<20} {agent.ask(question, k=2).text}")


if __name__ == "__main__":
    main()
