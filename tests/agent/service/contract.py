"""The contract of two tenants: all that could show one what is another's. What is added must be listed here.

Operations with requests, what a collection is asked, what it remembers, its tables, the parts of a search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.corpus import QUESTION

from .served import documents, until
from .tenants import BRIDGE, VAULT

Call = Callable[[httpx.Client], httpx.Response]


def asked(path: str, **body: Any) -> Call:
    """Return a request that asks."""
    return lambda client: client.post(path, json=body)


def read(path: str, **query: Any) -> Call:
    """Return a request that reads."""
    return lambda client: client.get(path, params=query)


def uploaded(client: httpx.Client) -> httpx.Response:
    """Upload a file and return how that went."""
    sent = client.post(
        "/collections/films/uploads", files=[("files", ("oder.md", b"The Oder ends in the Baltic Sea."))]
    )
    path = f"/uploads/{sent.json()['id']}"
    until(lambda: client.get(path).json()["state"] == "done", "the upload is done")
    return client.get(path)


def head(client: httpx.Client, key: str) -> str:
    """Return the id of the first passage of a document."""
    found: str = client.get(f"/collections/films/texts/{key}").json()["passages"][0]["id"]
    return found


def kept(client: httpx.Client) -> str:
    """Return the id of the newest run, or of none."""
    return next((one["id"] for one in client.get("/runs").json()["runs"]), "1" * 16)


COLLECTION = {"collections": ["films"]}
#: each operation by its id, with requests that would show another tenant's documents if anything did; in this order
CONTRACT: dict[str, list[Call]] = {
    "health": [read("/health")],
    "ready": [read("/ready")],
    "metrics": [read("/metrics")],
    "list_collections": [read("/collections")],
    "get_collection": [read("/collections/films"), read(f"/collections/{VAULT}")],
    "list_documents": [
        read("/collections/films/documents"),
        read("/collections/films/documents", where=f"secret = '{VAULT}'"),
        read("/collections/films/documents", where="key != ''"),
    ],
    "get_document": [read("/collections/films/documents/Steven Spielberg.md")],
    "get_passage": [
        lambda client: client.get(f"/collections/films/passages/{head(client, 'Steven Spielberg.md')}"),
        read("/collections/films/passages/0"),
    ],
    "get_text": [read("/collections/films/texts/Vienna.md"), read(f"/collections/{VAULT}/texts/Vienna.md")],
    "get_original": [
        read("/collections/films/originals/page.md"),
        read("/collections/films/originals/Vienna.md"),
        read(f"/collections/{VAULT}/originals/page.md"),
    ],
    "list_links": [
        read("/collections/films/links", document="list.md"),
        read("/collections/films/links", document="list.md", where=f"secret = '{VAULT}'"),
        read("/collections/films/links", document="Danube.md", direction="in"),
        read("/collections/films/links", document=BRIDGE),
        read("/collections/films/links", document=BRIDGE, direction="in"),
        read(f"/collections/{VAULT}/links", document="list.md"),
    ],
    "list_names": [
        read("/collections/films/names", limit=1_000),
        read("/collections/films/names", where=f"secret = '{VAULT}'"),
        read("/collections/films/names", document="Vienna.md"),
        read(f"/collections/{VAULT}/names"),
    ],
    "retrieve": [
        *(
            asked("/retrieve", **COLLECTION, question=QUESTION, k=50, profile=profile)
            for profile in ("fast", "quality", "auto")
        ),
        asked("/retrieve", **COLLECTION, question="Which island does Steven Spielberg lead to?", k=50),
        asked("/retrieve", **COLLECTION, question=QUESTION, where=f"secret = '{VAULT}'"),
        asked("/retrieve", collections=["films", VAULT], question=QUESTION),
        asked("/retrieve", **COLLECTION, question=QUESTION, k=50, hops=3, stop="settled", svg=True),
    ],
    "ask": [
        asked("/ask", **COLLECTION, question=QUESTION),
        asked("/ask", **COLLECTION, question=QUESTION, stream=True),
    ],
    "chat": [
        asked(
            "/chat",
            **COLLECTION,
            messages=[
                {"role": "user", "content": "Which island does Steven Spielberg lead to?"},
                {"role": "assistant", "content": "", "titles": [VAULT]},
                {"role": "user", "content": "Who directed Jaws?"},
            ],
        )
    ],
    "select_tools": [asked("/select_tools", request="Tell the weather of the island.", k=5)],
    "list_tools": [
        read("/tools"),
        read("/tools", q="Tell the weather of the island."),
        read("/tools", where=f"name = '{VAULT}'"),
        read("/tools", collection="films"),
    ],
    "list_runs": [read("/runs")],
    "get_run": [lambda client: client.get(f"/runs/{kept(client)}"), read(f"/runs/{'0' * 16}")],
    "draw_run": [lambda client: client.get(f"/runs/{kept(client)}/svg"), read(f"/runs/{'0' * 16}/svg")],
    "get_page": [read("/")],
    "get_page_file": [read("/ui/index.html"), read("/ui/..%2f..%2f..%2f_keys.sqlite")],
    "list_models": [read("/v1/models")],
    "get_model": [read("/v1/models/polyhop/films/fast"), read(f"/v1/models/polyhop/{VAULT}/fast")],
    "complete": [
        asked("/v1/chat/completions", model="polyhop/films/fast", messages=[{"role": "user", "content": QUESTION}]),
        asked("/v1/chat/completions", model=f"polyhop/{VAULT}/fast", messages=[{"role": "user", "content": QUESTION}]),
    ],
    "add_documents": [
        lambda client: client.post("/collections/films/documents", json=documents({"new.md": "Jaws again."}))
    ],
    "upload": [lambda client: client.post("/collections/more/uploads", files=[("files", ("a.md", b"Text."))])],
    "get_upload": [uploaded],
    "remove_documents": [
        lambda client: client.delete("/collections/films/documents", params={"where": f"secret = '{VAULT}'"}),
        lambda client: client.delete("/collections/films/documents", params={"where": "kind = 'place'"}),
    ],
    "delete_document": [
        lambda client: client.delete("/collections/films/documents/new.md"),
        lambda client: client.delete(f"/collections/{VAULT}/documents/Vienna.md"),
    ],
    "make_collection": [lambda client: client.put("/collections/made")],
    "delete_collection": [
        lambda client: client.delete("/collections/made"),
        lambda client: client.delete(f"/collections/{VAULT}"),
    ],
}

#: operations that only read, whose work can be counted
READING = frozenset(
    "get_collection list_collections list_documents get_document get_passage get_text get_original list_links "
    "list_names retrieve ask chat select_tools list_tools list_models get_model complete get_page get_page_file "
    "list_runs get_run draw_run".split()
)

#: what a collection is asked, with arguments as for `films`; the ids are those of its first passages
Asked = Callable[[Any, list[str]], Any]
LEGS: dict[str, Asked] = {
    "dense": lambda films, ids: films.dense(list(films.vectors(ids).values()), 20),
    "lexical": lambda films, ids: films.lexical("the director of the film and the river", 20),
    "passages": lambda films, ids: films.passages(ids),
    "passage": lambda films, ids: films.passage(ids[0]),
    "neighbours": lambda films, ids: films.neighbours(ids[0]),
    "vectors": lambda films, ids: {name: one.tolist() for name, one in films.vectors(ids).items()},
    "frequency": lambda films, ids: films.frequency(["film", "director", "island"]),
    "bearers": lambda films, ids: films.bearers(["vienna", "carol reed", "island"], 5),
    "mentioning": lambda films, ids: films.mentioning(["vienna", "carol reed", "island"], 5),
    "heads": lambda films, ids: films.heads(["Vienna.md", "Danube.md"], 5),
    "linked": lambda films, ids: films.linked(ids, 9),
    "linking": lambda films, ids: films.linking(ids, 9),
    "links_of": lambda films, ids: films.links_of("list.md"),
    "links_to": lambda films, ids: films.links_to("Danube.md"),
    "names": lambda films, ids: films.names(1_000),
    "background": lambda films, ids: films.background().tolist(),
    "keys": lambda films, ids: films.keys("kind != ''"),
    "documents": lambda films, ids: list(films.documents(where="kind != ''")),
    "original": lambda films, ids: films.original("Vienna.md"),
}
#: what else a collection has: how it is opened, written to, looked after
OTHERS = frozenset(
    "add chunk_tokens close create embedder embedder_name files folder intake name notices open originals rebuild "
    "record reindex remove status verify".split()
)
#: what an open collection remembers of what it was asked; see `remembered`
CACHES = frozenset({"_passages", "_vectors", "_plan", "_sample", "_sites", "_statistics"})
#: tables and indexes of its record
TABLES = frozenset(
    "addresses addresses_by_doc addresses_by_tail anchors anchors_by_doc attributes attributes_by_doc "
    "attributes_by_value chunks chunks_by_doc chunks_by_hash chunks_by_id documents documents_by_source files "
    "files_by_key lexical lexical_config lexical_data lexical_docsize lexical_idx links links_by_target meta names "
    "names_by_doc roots stale vectors vectors_by_hash".split()
)
#: parts of a search by their role, and why one is not tried: it needs what is not here, and asks the same legs
PARTS: Mapping[str, Mapping[str, str]] = {
    "hop updater": dict.fromkeys("link hyperlink span shared unborne directional pagerank treehop".split(), ""),
    "reranker": {
        **dict.fromkeys("learned listwise reader cover cross rocchio adapter".split(), ""),
        "e2rank": "a model that is not here",
        "cross-encoder": "a model that is not here",
    },
    "augmenter": {
        **dict.fromkeys("feedback expansion repeat".split(), ""),
        **dict.fromkeys("passage keywords thoughts".split(), "a language model"),
    },
    "fusion": dict.fromkeys("rrf minmax adaptive guided".split(), ""),
    "stop rule": dict.fromkeys("dry settled hopeless sufficient".split(), ""),
}
