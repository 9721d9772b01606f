"""Restrict a question to some of the documents. Run it with: python examples/03_filters.py

A filter holds for the whole run: the first search and every hop see only documents that match it.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import Agent, CallerError, Document

DOCUMENTS = [
    Document("plan-2023", "The office in Bern opens at 8.", "Bern", {"year": 2023, "tags": ["office"]}),
    Document("plan-2024", "The office in Bern opens at 9.", "Bern", {"year": 2024, "tags": ["office", "valid"]}),
    Document("canteen", "The canteen in Bern opens at 11.", "Canteen", {"year": 2024, "tags": ["food", "valid"]}),
    Document("note", "When the office in Bern opens was asked again.", "Note"),
]
FILTERS = [
    "",
    "year = 2023",
    "year >= 2024 and tags = 'valid'",
    "tags in ('food', 'office') and not year < 2024",
    "not year exists",
    "title like 'b*'",
    "year != 2023",
]


def main() -> None:
    """Ask the same question with several filters, and with one that is invalid."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        agent.collection.add(DOCUMENTS)
        for where in FILTERS:
            found = agent.retrieve("When does the office in Bern open?", where=where).passages
            print(f"{where or '(no filter)':<48} {', '.join(sorted(passage.document for passage in found))}")
        try:
            agent.retrieve("When does the office in Bern open?", where="year >= 2024 and tags")
        except CallerError as error:
            print(f"\n{error}")


if __name__ == "__main__":
    main()
