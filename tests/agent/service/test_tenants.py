"""Two tenants: nothing of one is seen, counted or felt by the other, whatever is asked.

The contract is a table of all operations: one that is added fails the suite until it stands there. What operations are
made of is in `test_tenant_parts.py`.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from polyhop.encoders import Encoder
from tests.corpus import QUESTION

from .contract import CONTRACT
from .served import Served, command, documents
from .tenants import BRIDGE, MARK, ONLY, OWN, SECRET, VAULT, Tenants, fill, hostile

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

#: `HOSTILE_REQUESTS=10000 pytest tests/agent/service/test_tenants.py -k hostile` asks more
HOSTILE = int(os.environ.get("HOSTILE_REQUESTS", "150"))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Tenants]:
    """Return a server with two tenants."""
    home = tmp_path_factory.mktemp("both")
    own, secret = fill(home, embedder, secret=True)
    with Served(home, key=own, keep_originals="true", runs="200") as server:
        yield Tenants(server, own, secret)


def shown(answer: httpx.Response) -> tuple[int, str]:
    """Return an answer without addresses, times and the ids that are drawn anew for each run."""
    text = answer.text.replace(str(answer.url.copy_with(path="/", query=None)), "/")
    text = re.sub(r'"(ms|seconds|timestamp|created)": ?[\d.e-]+|"at": ?"[^"]*"', "", text)
    return answer.status_code, re.sub(r"(chatcmpl-)?\b([0-9a-f]{32}|[0-9a-f]{16})\b", _drawn_or_kept(text), text)


def _drawn_or_kept(text: str) -> Callable[[re.Match[str]], str]:
    """Return what takes the place of an id: its rank in the text, so that equal ids stay equal."""
    ranks: dict[str, str] = {}
    return lambda found: ranks.setdefault(found[2], f"#{len(ranks)}")


def test_the_other_tenant_changes_nothing(tmp_path: Path, embedder: Encoder) -> None:
    """Each operation answers as if nobody else were there: the same rows, counts, events and errors, and no secret.

    The other tenant asks the same before, so that whatever is cached is his.
    """
    own, secret = fill(tmp_path / "both", embedder, secret=True)
    single, _ = fill(tmp_path / "alone", embedder, secret=False)
    with (
        Served(tmp_path / "both", key=own, runs="50") as both,
        Served(tmp_path / "alone", key=single, runs="50") as alone,
    ):
        paths = both.client.get("/openapi.json").json()["paths"].values()
        with both.connect(secret) as other:
            for name, call in ((name, call) for name, calls in CONTRACT.items() for call in calls):
                if name not in ("delete_collection", "delete_document", "remove_documents"):
                    call(other)
                answer, expected = call(both.client), call(alone.client)

                assert shown(expected) == shown(answer), name
                assert MARK not in answer.text, name
            left = {one: other.get(f"/collections/{one}").json()["documents"] for one in ("films", VAULT)}

    assert {operation["operationId"] for path in paths for operation in path.values()} == set(CONTRACT)
    assert {"films": 15, VAULT: 12} == left  # thirteen, and those that he added himself


def test_no_file_of_the_other_tenant_is_opened(both: Tenants) -> None:
    """As long as nobody asks with his key, the server has none of his files open: no leg can read what is not there."""
    both.server.stop()
    both.server.start()  # so that nobody has asked yet
    for name in ("retrieve", "ask", "select_tools", "list_models", "get_document"):
        for call in CONTRACT[name]:
            call(both.server.client)
    opened = [one.path for one in psutil.Process(both.server.process.pid).open_files()]

    assert [] == [path for path in opened if f"/{SECRET}/" in path]
    assert [path for path in opened if f"/{OWN}/" in path]


@pytest.mark.timeout(7_200)
def test_hostile_requests_learn_nothing(both: Tenants) -> None:
    """Forged ids, names that lead elsewhere, filters that try to widen, and wrong keys: no word of the other tenant."""
    rng = random.Random(7)
    with both.client(both.secret) as secret:
        found = secret.post("/retrieve", json={"collections": ["films"], "question": QUESTION, "k": 20}).json()
        sent = secret.post("/collections/films/uploads", files=[("files", ("secret.md", MARK.encode()))]).json()
    known = {
        "passages": [one["id"] for one in found["passages"]],
        "documents": [*(one["document"] for one in found["passages"]), "secret.md", ONLY],
        "uploads": [sent["id"]],
        "runs": [found["run"]],
    }
    wrong = [both.secret[:-1], both.secret[:16] + both.own[16:], ".", "Bearer", "x" * 60, both.own.replace("_", "-")]
    with both.client(both.own) as own, both.client("") as nobody, both.client(both.secret) as secret:
        for request in itertools.islice(hostile(rng, known), HOSTILE):
            if rng.random() < 0.2:
                refused = {**request.get("headers", {}), "Authorization": f"Bearer {rng.choice(wrong)}"}
                answer = nobody.request(**{**request, "headers": refused})
                assert answer.status_code in (401, 404, 405) or answer.url.path == "/", request  # the page is open
            if rng.random() < 0.2 and request["method"] != "DELETE":
                secret.request(**request)  # so that what is cached of it is his
            answer = own.request(**request)

            assert answer.status_code < 500, (request, answer.text)
            assert MARK not in answer.text, request


def test_a_link_to_another_tenant_leads_nowhere(both: Tenants) -> None:
    """However it is written, as far as it is taken for one at all; and nobody there is told of it."""
    at = "/collections/films/links"
    with both.client(both.secret) as secret:
        there = secret.get("/collections/films/documents/Lighthouse.md").status_code
        back = secret.get(at, params={"document": ONLY, "direction": "in"}).json()
    links = both.server.client.get(at, params={"document": BRIDGE}).json()["links"]

    assert (200, []) == (there, back["links"])
    assert links and {None} == {one["to"] for one in links}


def test_a_key_does_what_its_scopes_say(both: Tenants) -> None:
    """Reading, writing and administration need a scope each; without a key nothing but health is told."""
    at = "/collections/films/documents"
    keys = {
        scope: command(both.server.home, "keys", "add", "--tenant", OWN, "--scope", scope).strip()
        for scope in ("read", "write", "admin")
    }
    codes = {}
    for name, key in {**keys, "none": ""}.items():
        with both.client(key) as client:
            codes[name] = [
                client.get("/collections").status_code,
                client.post(at, json=documents({"scoped.md": "Text."})).status_code,
                client.put("/collections/scoped").status_code,
                client.get("/health").status_code,
            ]

    assert [200, 403, 403, 200] == codes["read"]
    assert [403, 200, 403, 200] == codes["write"]
    assert [403, 403, 200, 200] == codes["admin"]
    assert [401, 401, 401, 200] == codes["none"]
    assert "Bearer" == httpx.get(f"{both.server.url}/collections").headers["www-authenticate"]
    assert 200 == httpx.get(f"{both.server.url}/collections", headers={"X-API-Key": keys["read"]}).status_code


def test_a_revoked_key_is_refused_from_the_next_request_on(both: Tenants) -> None:
    """The server need not be told."""
    key = command(both.server.home, "keys", "add", "--tenant", OWN).strip()
    with both.client(key) as client:
        before = client.get("/collections").status_code
        command(both.server.home, "keys", "revoke", key.split("_")[1])

        assert [200, 401] == [before, client.get("/collections").status_code]


def test_counters_are_for_whoever_runs_the_server(both: Tenants) -> None:
    """They are of all tenants, so that an admin of one may not read them."""
    key = command(both.server.home, "keys", "add", "--scope", "admin").strip()
    with both.client(both.own) as own, both.client(key) as operator:
        assert [403, 200] == [one.get("/metrics").status_code for one in (own, operator)]
        assert SECRET not in operator.get("/metrics").text
