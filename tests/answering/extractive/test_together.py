"""Answers that no single sentence gives, and what is left alone because the evidence is not whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from polyhop.agent import Agent, Collection
from polyhop.answering.extractive.together import together
from polyhop.encoders import Encoder
from polyhop.retrieval.run import Run

FILES = {
    "drones.csv": "name,weight,range,price,released\n"
    "Kestrel,340 g,4 km,499 EUR,2021-03-02\n"
    "Merlin,1.2 kg,9500 m,899 EUR,2019-11-20\n"
    "Osprey,2.9 kg,12 km,1499 EUR,2023-06-01\n",
    "boats.csv": "name,draught,hire\nTarn,1.1 m,40 EUR\nWhin,110 kg,52 USD\n",
    "runner.md": """# Runner

## Supported runtimes

The following runtimes are supported:

- Python 3.12
- Node 22
- Java 21, with the long-term build

## Regions

- Oslo, with backups
- Turin
- Graz, with backups and audits

There are three zones in each region.

## Zones

- north
- south

## Choice

Users may have one of the following modes:

- open
- closed

## Plans

| Plan | Users | Storage | Support (days) |
| --- | --- | --- | --- |
| Solo | 1 | 20 GB | 5 |
| Team | 10 | 500 GB | 2 |
| Works | 250 | 2 TB | |
""",
    "ferries.txt": """The ferries of Lodra

The Alma is the ferry of the north shore. It was built in 1962 and is 48 m long.

The Birka sails in the south. The Birka was built in 1988, is 61 m long and was repaired in 1961.

The Cora has a red hull. Like the Birka, it is 90 m long. The Alma Nova is 75 m long.
""",
}
Teller = Callable[..., list[str] | None]


@pytest.fixture(scope="module")
def told(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    """Return what tells the answer from all passages, or from those of some documents alone."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("docs")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    Collection.create(home, embedder=embedder).close()
    with Agent.open(home, embedder=embedder) as agent:
        agent.index([str(folder)])

        def tell(question: str, *, without: str = "") -> list[str] | None:
            run = Run(agent.collection, question)
            heads = agent.collection.heads(sorted(agent.collection.keys()), 9)
            known = [one for ids in heads.values() for name in ids if (one := run.known(name)) is not None]
            found = together(question, [one for one in known if not without or without not in one.passage.text], run)
            return [*filter(None, [found.number]), *(one.text for one in found.sentences)] if found else None

        yield tell


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which runtimes are supported?", ["Python 3.12", "Node 22", "Java 21, with the long-term build"]),
        ("What are the supported runtimes?", ["Python 3.12", "Node 22", "Java 21, with the long-term build"]),
        (
            "How many regions are there?",
            ["3 are named:", "Oslo, with backups", "Turin", "Graz, with backups and audits"],
        ),
        ("Which modes are there?", ["open", "closed"]),
        ("Which regions have backups?", ["Oslo, with backups", "Graz, with backups and audits"]),
    ],
)
def test_all_that_is_asked_for_is_told(question: str, expected: list[str], told: Teller) -> None:
    """The items of the list of that name, or those that have what is asked, and how many they are."""
    assert expected == told(question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which is heavier, the Kestrel or the Merlin?", ["Merlin: weight: 1.2 kg", "Kestrel: weight: 340 g"]),
        ("Which drone costs less, the Merlin or the Kestrel?", ["Kestrel: price: 499 EUR", "Merlin: price: 899 EUR"]),
        ("Which has the longer range, the Kestrel or the Merlin?", ["Merlin: range: 9500 m", "Kestrel: range: 4 km"]),
        ("Which is newer, Kestrel or Merlin?", ["Kestrel: released: 2021-03-02", "Merlin: released: 2019-11-20"]),
        (
            "Is the Alma longer than the Birka?",
            [
                "The Birka was built in 1988, is 61 m long and was repaired in 1961.",
                "Alma: It was built in 1962 and is 48 m long.",
            ],
        ),
        (
            "Which ferry is older, the Alma or the Birka?",
            [
                "Alma: It was built in 1962 and is 48 m long.",
                "The Birka was built in 1988, is 61 m long and was repaired in 1961.",
            ],
        ),
        ("Which plan has the most storage?", ["Plan: Works; Users: 250; Storage: 2 TB"]),
        ("Which plan has the fewest users?", ["Plan: Solo; Users: 1; Storage: 20 GB; Support (days): 5"]),
    ],
)
def test_what_is_compared_is_told_the_first_one_first(question: str, expected: list[str], told: Teller) -> None:
    """Rows, cells and sentences, whatever the units are written as; of a whole group only the one that is asked for."""
    assert expected == told(question)


@pytest.mark.parametrize(
    ("question", "first"),
    [("Which of the drones has the longest range?", "Osprey"), ("What is the cheapest drone?", "Kestrel")],
)
def test_rows_of_a_file_are_compared(question: str, first: str, told: Teller) -> None:
    """Where all of them were found."""
    (row,) = told(question) or [""]

    assert row.startswith(f"name: {first};")


@pytest.mark.parametrize("question", ["Which of the drones has the longest range?", "How many drones are there?"])
def test_rows_that_were_not_found_leave_it_open(question: str, told: Teller) -> None:
    """The one that is missing may have the longest range, and nobody can count it."""
    assert told(question)
    assert told(question, without="Kestrel") is None


@pytest.mark.parametrize(
    "question",
    [
        "Which is heavier, the Kestrel or the Heron?",  # nobody speaks of the Heron
        "Which is heavier, the Tarn or the Whin?",  # weight of one alone
        "Which is cheaper, the Tarn or the Whin?",  # two currencies
        "Which boat has the larger draught, the Tarn or the Whin?",  # a length and a weight
        "Which is longer, the Kestrel or the Merlin?",  # the range is no length of theirs
        "Which is longer, the Alma or the Cora?",  # "like the Birka"
        "Which is longer, the Nova or the Birka?",  # the name is longer
        "Which drone of which the maker is older is heavier, the Kestrel or the Merlin?",
        "Which plan has the shortest support?",  # one has none
        "Which plan has the longest warranty?",
        "Which ferry is the longest?",  # nobody says which there are
        "How many zones are there?",  # a sentence says it
        "How many users may the Team plan have?",
        "Which runtimes are not supported?",
        "Which runtimes are deprecated?",
        "Which plans have more than 5 users?",
        "Which region has audits?",
        "What are runtimes?",  # asks what they are
        "How many users are there?",  # the list is of modes
        "What is the biggest zone?",
        "Which plan below 400 GB has the most users?",
    ],
)
def test_what_is_not_clear_is_left_alone(question: str, told: Teller) -> None:
    """A member is missing, units cannot be compared, or the question asks for something else."""
    assert told(question) is None
