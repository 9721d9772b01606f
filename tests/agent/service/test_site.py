"""The web page's files: their types, how long they last, how they are packed, and what they may do."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from polyhop.agent import Settings
from polyhop.agent.service.app import make_app
from polyhop.agent.service.keys import KeyStore
from polyhop.agent.service.limits import ServerLimits
from polyhop.agent.service.state import Service
from polyhop.encoders import Encoder

SCRIPT = b"console.log('hop');" * 50
FILES = {
    "index.html": b"<!doctype html><title>polyhop</title>",
    "assets/main-Dk3xPq9a.js": SCRIPT,
    "assets/main-Dk3xPq9a.js.gz": gzip.compress(SCRIPT),
    "assets/style.css": b"body{}",
    "assets/no-typescript.js": b"1",
    "secret.env": b"KEY=1",
    ".hidden.js": b"1",
}


@pytest.fixture
async def client(tmp_path: Path, embedder: Encoder) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the application over a page of a few files; a file lies beside its folder."""
    folder = tmp_path / "dist"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (tmp_path / "beside.js").write_bytes(b"1")
    settings = Settings(home=tmp_path / "home")
    app = make_app(Service(settings, embedder, ServerLimits(), open_here=True), page=folder)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as made:
        yield made


async def test_the_page_is_sent_and_may_run_its_own_files_alone(client: httpx.AsyncClient) -> None:
    """The policy lets nothing of another origin run, load or frame it."""
    answer = await client.get("/")

    assert (200, FILES["index.html"]) == (answer.status_code, answer.content)
    assert ("text/html; charset=utf-8", "nosniff") == (
        answer.headers["content-type"],
        answer.headers["x-content-type-options"],
    )
    policy = dict(one.split(" ", 1) for one in answer.headers["content-security-policy"].split("; "))
    assert ("'none'", "'none'", "'none'") == tuple(
        policy[one] for one in ("default-src", "frame-ancestors", "base-uri")
    )
    assert "'self' 'wasm-unsafe-eval'" == policy["script-src"]
    assert "http" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("path", "lasts"),
    [
        ("/", False),
        ("/ui/assets/style.css", False),
        ("/ui/assets/main-Dk3xPq9a.js", True),
        ("/ui/assets/no-typescript.js", False),
    ],
)
async def test_a_name_with_a_hash_lasts(client: httpx.AsyncClient, path: str, *, lasts: bool) -> None:
    """What changes its name when it changes is kept for a year; the rest is asked for again, and not sent twice."""
    answer = await client.get(path)
    again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})

    assert ("public, max-age=31536000, immutable" if lasts else "no-cache") == answer.headers["cache-control"]
    assert (304, b"") == (again.status_code, again.content)


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, br", "gzip"), ("identity", None), ("br;q=1", None)])
async def test_a_packed_file_is_sent_where_it_is_taken(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    """Packed or not, it is the same script."""
    answer = await client.get("/ui/assets/main-Dk3xPq9a.js", headers={"Accept-Encoding": accepted})

    assert (SCRIPT, encoding) == (answer.content, answer.headers.get("content-encoding"))
    assert ("text/javascript; charset=utf-8", "Accept-Encoding") == (
        answer.headers["content-type"],
        answer.headers["vary"],
    )


@pytest.mark.parametrize(
    "path",
    [
        "secret.env",
        ".hidden.js",
        "..%2fbeside.js",
        "%2e%2e/beside.js",
        "assets",
        "assets/",
        "assets/none.js",
        "assets/style.css/x.js",
        "%2fetc%2fpasswd.txt",
        "a%00.js",
        "assets/main-Dk3xPq9a.js.gz",
    ],
)
async def test_nothing_else_is_sent(client: httpx.AsyncClient, path: str) -> None:
    """Neither what no page is made of nor what lies elsewhere."""
    assert 404 == (await client.get(f"/ui/{path}")).status_code


async def test_the_page_is_open_and_the_rest_is_not(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """Whoever has no key gets the page, which asks for one, and nothing else."""
    KeyStore(tmp_path / "home").add("default", ["read"])

    assert [200, 200, 401] == [
        (await client.get(path)).status_code for path in ("/", "/ui/assets/style.css", "/collections")
    ]


async def test_a_build_without_the_page_says_so(tmp_path: Path, embedder: Encoder) -> None:
    """As a problem."""
    app = make_app(Service(Settings(home=tmp_path), embedder, ServerLimits(), open_here=True), page=tmp_path / "none")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as made:
        answer = await made.get("/")

    assert (404, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
