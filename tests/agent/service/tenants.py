"""Two tenants: one that is asked for, and one whose every word is a secret."""

from __future__ import annotations

import random
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from polyhop.agent import Catalogue, Collection, Document, Tools
from polyhop.agent.service.keys import KeyStore, home_of
from polyhop.core.types import Link
from polyhop.encoders import Encoder
from polyhop.tools.tool import Tool
from tests import corpus

from .served import Served

#: stands in every document and tool of the secret tenant and in no request, so that an answer with it has leaked
MARK = "zanzibar"
#: a document that he alone has
ONLY = "Lighthouse.md"
#: a collection, a value and a tool that he alone has; requests name them
VAULT = "vault"
OWN, SECRET = "acme", "bolt"
COLLECTION_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
#: a document of the first tenant whose author links to the other's, by every way there is
BRIDGE = "bridge.md"
LINKS = [f"../{{}}/films/{ONLY}", f"/_tenants/{{}}/films/{ONLY}", f"{ONLY}", f"../../_tenants/{{}}/films/{ONLY}#top"]
QUESTIONS = [*corpus.HOPS, "Which island does Steven Spielberg lead to?", "Who made the films of the 1970s?"]


@dataclass(frozen=True)
class Tenants:
    """A server, and the keys of its tenants; without a `secret` key there is one tenant alone."""

    server: Served
    own: str
    secret: str = ""

    def client(self, key: str) -> httpx.Client:
        """Return a client with a key."""
        return self.server.connect(key)


def fill(home: Path, embedder: Encoder, *, secret: bool) -> tuple[str, str]:
    """Make the tenants' collections in a home, and return their keys, "" for one that is not there."""
    keys = KeyStore(home)
    documents = [*corpus.DOCUMENTS, corpus.LINKING, bridge()]
    corpus.collection(home_of(home, OWN), embedder, documents=documents).close()
    _tools(home_of(home, OWN), embedder, "get_forecast", "Tell the weather.")
    own = keys.add(OWN, ["read", "write", "admin"])
    if not secret:
        return own, ""
    where = home_of(home, SECRET)
    with Collection.create(where, "films", embedder=embedder) as films:
        films.add(map(_marked, [*corpus.DOCUMENTS, Document(ONLY, "The lighthouse is white.", "Lighthouse")]))
    with Collection.create(where, VAULT, embedder=embedder) as more:
        more.add(map(_marked, corpus.DOCUMENTS))
    _tools(where, embedder, VAULT, f"Tell the weather of the island {MARK}.")
    return own, keys.add(SECRET, ["read", "write", "admin"])


def bridge() -> Document:
    """Return a document with a link to what the other tenant has, written in several ways."""
    targets = [one.format(SECRET) for one in LINKS]
    text = " ".join("there" for _ in targets)
    links = tuple(Link(6 * place, 6 * place + 5, target) for place, target in enumerate(targets))
    return Document(BRIDGE, f"{text} is where the film leads.", "Bridge", links=links)


def _marked(one: Document) -> Document:
    """Return a document that bears the names of another tenant's, under the same key, and says the secret."""
    return Document(
        one.key,
        f"{one.text} {one.title} leads to the island {MARK}.",
        one.title,
        {**one.metadata, "secret": VAULT},
        VAULT,
    )


def _tools(home: Path, embedder: Encoder, name: str, description: str) -> None:
    with Catalogue.create(home, embedder=embedder) as catalogue:
        catalogue.sync(Tools([Tool(name, description)], "shop"))


def hostile(rng: random.Random, known: Mapping[str, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield requests that try to reach what is another tenant's: `known` has its passages, documents and uploads."""
    names = [
        "films",
        VAULT,
        f"../{SECRET}/films",
        f"_tenants/{SECRET}/films",
        f"../_tenants/{SECRET}/{VAULT}",
        "..",
        "_keys",
    ]
    filters = [
        f"secret = '{VAULT}'",
        "not secret = ''",
        f"key = 'x' or secret = '{VAULT}'",
        f"source = '{VAULT}'",
        "') or 1 = 1 --",
    ]
    while True:
        name, where = rng.choice(names), rng.choice(filters)
        place = urllib.parse.quote(name, safe=rng.choice(["", "/"]))
        body = {
            "collections": [name],
            "question": rng.choice(QUESTIONS),
            "k": rng.choice([1, 20]),
            "where": rng.choice(["", where]),
            "hops": rng.choice([None, 0, 2]),
            "svg": rng.random() < 0.1,
        }
        key = urllib.parse.quote(rng.choice(known["documents"] + known["passages"]), safe="")
        yield rng.choice(
            [
                {"method": "POST", "url": "/retrieve", "json": body},
                {"method": "POST", "url": "/ask", "json": body},
                {"method": "POST", "url": "/ask", "json": {**body, "stream": True}},
                {"method": "GET", "url": f"/collections/{place}"},
                {"method": "GET", "url": f"/collections/{place}/documents", "params": {"where": where}},
                {"method": "GET", "url": f"/collections/{place}/documents/{key}"},
                {"method": "GET", "url": f"/collections/{place}/texts/{key}", "params": {"lines": "true"}},
                {"method": "GET", "url": f"/collections/{place}/originals/{key}", "headers": {"Range": "bytes=0-99"}},
                {"method": "GET", "url": f"/collections/{place}/passages/{rng.choice(known['passages'])}"},
                {
                    "method": "GET",
                    "url": f"/collections/{place}/links",
                    "params": {
                        "document": rng.choice([BRIDGE, urllib.parse.unquote(key)]),
                        "direction": rng.choice(["in", "out"]),
                        "where": rng.choice(["", where]),
                    },
                },
                {
                    "method": "GET",
                    "url": f"/collections/{place}/names",
                    "params": {"limit": 1_000, "where": rng.choice(["", where])},
                },
                {
                    "method": "GET",
                    "url": "/tools",
                    "params": {
                        "collection": name if COLLECTION_NAME.fullmatch(name) else "tools",
                        "q": rng.choice(["", "weather of the island"]),
                        "where": rng.choice(["", where]),
                    },
                },
                {"method": "GET", "url": f"/ui/{place}/record.sqlite"},
                {"method": "GET", "url": f"/runs/{rng.choice(known['runs'])}{rng.choice(['', '/svg'])}"},
                {"method": "GET", "url": "/runs"},
                {"method": "DELETE", "url": f"/collections/{urllib.parse.quote(VAULT)}/documents/{key}"},
                {"method": "DELETE", "url": f"/collections/{VAULT}"},
                {"method": "GET", "url": f"/uploads/{rng.choice(known['uploads'])}"},
                {
                    "method": "POST",
                    "url": "/select_tools",
                    "json": {"request": "weather of the island", "where": rng.choice(["", where])},
                },
                {
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "json": {
                        "model": f"polyhop/{name}/fast",
                        "messages": [{"role": "user", "content": body["question"]}],
                    },
                },
                {"method": "GET", "url": f"/v1/models/polyhop/{place}/fast"},
                {"method": "GET", "url": "/metrics"},
                {"method": "GET", "url": "/v1/models"},
                {"method": "GET", "url": "/collections"},
            ]
        )
