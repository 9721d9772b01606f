"""A small collection whose hops are known: films, their directors, the directors' cities, the cities' rivers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from polyhop.core.types import Document, Link
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection, Options

_TEXTS: dict[str, tuple[str, int, str]] = {
    "Jaws (film)": (
        "film",
        1975,
        "Jaws is a 1975 thriller film directed by Steven Spielberg, with music by John Williams.",
    ),
    "Steven Spielberg": ("person", 1946, "Steven Spielberg is an American film director who was born in Cincinnati."),
    "John Williams": ("person", 1932, "John Williams is an American composer of film music, born in New York City."),
    "Cincinnati": ("place", 1788, "Cincinnati is a city in the United States that lies on the Ohio River."),
    "Ohio River": (
        "place",
        0,
        "The Ohio River begins at Pittsburgh and is the largest tributary of the Mississippi by volume.",
    ),
    "The Third Man": (
        "film",
        1949,
        "The Third Man is a 1949 film noir directed by Carol Reed and set in Vienna after the war.",
    ),
    "Carol Reed": ("person", 1906, "Carol Reed was an English film director and producer, born in Putney in London."),
    "Vienna": ("place", 0, "Vienna is the capital of Austria; the Danube flows through it."),
    "Danube": ("place", 0, "The Danube is the second-longest river of Europe; it ends in the Black Sea."),
    "Seven Samurai": ("film", 1954, "Seven Samurai is a 1954 Japanese film directed by Akira Kurosawa."),
    "Akira Kurosawa": ("person", 1910, "Akira Kurosawa was a Japanese film director, born in Tokyo."),
    "Tokyo": ("place", 1457, "Tokyo is the capital of Japan; the Sumida River runs through the city."),
}

DOCUMENTS = [
    Document(f"{title}.md", text, title, {"kind": kind, "year": year, "tags": [kind, title.split()[0].lower()]})
    for title, (kind, year, text) in _TEXTS.items()
]

#: a page whose author links to two of the documents; it is not one of them
LINKING = Document(
    "list.md",
    "Carol Reed and the Danube are on the list.",
    metadata={"kind": "list"},
    links=(Link(0, 10, "Carol%20Reed.md"), Link(19, 25, "Danube.md")),
)

#: question -> (first passage, the one that it leads to); the second shares little with the question
HOPS = {
    "In which city was the director of Jaws born?": ("Jaws (film)", "Steven Spielberg"),
    "Where was the director of Seven Samurai born?": ("Seven Samurai", "Akira Kurosawa"),
    "Which river flows through the city in which The Third Man is set?": ("The Third Man", "Vienna"),
}
QUESTION = next(iter(HOPS))


def untitled(documents: Iterable[Document] = DOCUMENTS) -> list[Document]:
    """Return the documents without their titles; their names then stand in the texts alone."""
    return [replace(document, title="") for document in documents]


def collection(
    home: Path,
    embedder: Encoder,
    *,
    documents: Iterable[Document] = DOCUMENTS,
    name: str = "films",
    options: Options | None = None,
) -> Collection:
    """Return an open collection that holds the documents."""
    opened = Collection.create(home, name, embedder=embedder, options=options or Options(wait=0.2))
    opened.add(documents)
    return opened


def ids(opened: Collection) -> dict[str, str]:
    """Return document key without suffix -> id of its first passage."""
    heads = opened.heads(opened.keys(), 1)
    return {key.removesuffix(".md"): first for key, (first,) in heads.items()}
