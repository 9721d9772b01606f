"""The built files of the web page: they belong to the sources, are small, and name whose code they hold."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import polyhop.agent.service as service

PAGE = Path(__file__).resolve().parents[3] / "agent" / "service" / "page"
#: what is served; under `make test` the wheel's
DIST = Path(service.__file__).with_name("page") / "dist"
FIRST_VIEW = 150_000  # bytes, compressed
REBUILD = "run `npm ci && npm run build` in agent/service/page and commit what it makes"


def first_view() -> set[str]:
    """Return the files that are loaded before anybody does anything: those of index.html, and what they import."""
    found: set[str] = set()
    open_ = ["index.html"]
    while open_:
        name = open_.pop()
        found.add(name)
        text = (DIST / name).read_text(encoding="utf-8")
        named = re.findall(r'/ui/([\w.-]+\.(?:js|css|svg))"', text) if name == "index.html" else []
        named += re.findall(r'(?:\bfrom|\bimport)\s*"\./([\w.-]+)"', text) if name.endswith(".js") else []
        open_ += set(named) - found
    return found


def test_the_bundle_belongs_to_the_sources() -> None:
    """The hash that the build wrote is that of the sources: nothing was changed without building it."""
    sources = [
        *(PAGE / "src").rglob("*"),
        *(PAGE / name for name in ("build.mjs", "package.json", "package-lock.json")),
    ]
    hashed = hashlib.sha256()
    for name in sorted(str(one.relative_to(PAGE)) for one in sources if one.is_file()):
        hashed.update(name.encode() + b"\0" + (PAGE / name).read_bytes() + b"\0")

    assert hashed.hexdigest() == (DIST / "SOURCES.sha256").read_text().strip(), REBUILD


def test_the_first_view_is_small() -> None:
    """What is loaded at first is bounded, and holds nothing of what shows PDF files."""
    names = first_view()

    assert {"index.html", "page.js", "style.css", "icon.svg"} <= names
    assert FIRST_VIEW >= sum(len(gzip.compress((DIST / name).read_bytes())) for name in names)
    assert [] == [name for name in sorted(names) if "GlobalWorkerOptions" in (DIST / name).read_text(encoding="utf-8")]


def test_the_licence_of_every_library_is_beside_it() -> None:
    """Each library that the page is built of has its licence there; esbuild only builds."""
    known = json.loads((PAGE / "package.json").read_text())["devDependencies"].keys() - {"esbuild"}
    text = (DIST / "LICENSES.txt").read_text(encoding="utf-8")

    assert set() == {name for name in known if not re.search(rf"^{re.escape(name)} [\d.]+ \(", text, re.MULTILINE)}


def test_the_lock_file_names_no_registry() -> None:
    """Whoever builds takes the libraries from the registry that he uses; their hashes are in the lock file."""
    packages = json.loads((PAGE / "package-lock.json").read_text())["packages"]

    assert [] == [name for name, one in packages.items() if "resolved" in one]
    assert [] == [name for name, one in packages.items() if name and "integrity" not in one]
