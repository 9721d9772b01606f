"""Guards of the packaging: what the folders hold is what the wheel holds, and each file is one module."""

from __future__ import annotations

import importlib
import os
import re
import sys
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "agent",
    "answering",
    "conversation",
    "core",
    "encoders",
    "graphs",
    "ingest",
    "prompts",
    "retrieval",
    "store",
    "tools",
    "training",
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = set(PROJECT["tool"]["setuptools"]["packages"])
#: of which the wheel has the built files alone
PAGE = "agent/service/page/"
WHEEL = os.environ.get("POLYHOP_WHEEL", "")

needs_wheel = pytest.mark.skipif(not WHEEL, reason="compares the built wheel; make test sets POLYHOP_WHEEL")


def undeclared(root: Path, declared: set[str]) -> set[str]:
    """Return the packages that exist on disk and would be missing from the wheel."""
    homes = (file.parent for room in ROOMS for file in (root / room).rglob("*.py"))
    return {"polyhop." + ".".join(home.relative_to(root).parts) for home in homes} - declared


def held(root: Path) -> set[str]:
    """Return every file below the rooms of `root`; caches and what the web page is built from are left out."""
    files = (file for room in ROOMS for file in (root / room).rglob("*") if file.is_file())
    names = {str(file.relative_to(root)) for file in files if "__pycache__" not in file.parts}
    return {name for name in names if not name.startswith(PAGE) or name.startswith(f"{PAGE}dist/")}


def modules() -> list[str]:
    """Return the import names of all source files; `__main__` files run a program when imported."""
    files = sorted(name for name in held(ROOT) if name.endswith(".py") and not name.endswith("__main__.py"))
    return ["polyhop." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for name in files]


def normal(requirement: str) -> str:
    """Return the normalised project name of a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def test_every_code_folder_is_declared() -> None:
    """A folder of code that pyproject.toml does not list would be missing from the wheel."""
    assert set() == undeclared(ROOT, DECLARED)


def test_an_undeclared_folder_is_found(tmp_path: Path) -> None:
    """The guard itself reports a new folder of code."""
    (tmp_path / "agent" / "policies").mkdir(parents=True)
    (tmp_path / "agent" / "policies" / "patient.py").touch()

    assert {"polyhop.agent.policies"} == undeclared(tmp_path, {"polyhop.agent"})


def test_every_declared_package_exists() -> None:
    """pyproject.toml lists no folder that is gone."""
    assert [] == [name for name in sorted(DECLARED) if not (ROOT / Path(*name.split(".")[1:])).is_dir()]


def test_every_room_is_typed_and_linked() -> None:
    """Each room says that it is typed, and type checkers find it under its import name."""
    for room in ROOMS:
        assert (ROOT / room / "py.typed").is_file()
        assert (ROOT / room).resolve() == (ROOT / ".links" / "polyhop" / room).resolve()


@needs_wheel
def test_wheel_holds_what_the_folders_hold() -> None:
    """Code, prompts and data files reach the wheel, and nothing that was deleted stays in it."""
    assert held(ROOT) == held(Path(WHEEL) / "polyhop")


@pytest.mark.slow
def test_every_source_file_is_one_module() -> None:
    """All modules import, and no file is loaded under a second name."""
    for name in modules():
        importlib.import_module(name)

    homes = [ROOT / room for room in ROOMS] + [Path(WHEEL).resolve() / "polyhop"] * bool(WHEEL)
    origins = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    paths = {name: Path(origin).resolve() for name, origin in origins.items() if origin}
    ours = {name: path for name, path in paths.items() if any(path.is_relative_to(home) for home in homes)}
    assert set(modules()) <= set(ours)
    loaded = {id(sys.modules[name]): path for name, path in ours.items()}  # an old name is the same module
    assert {} == {path: count for path, count in Counter(loaded.values()).items() if count > 1}


@needs_wheel
@pytest.mark.slow
def test_modules_come_from_the_wheel() -> None:
    """A run against the wheel never imports a module from the checkout."""
    strays = {}
    for name in modules():
        origin = Path(importlib.import_module(name).__file__ or "").resolve()
        if not origin.is_relative_to(Path(WHEEL).resolve()):
            strays[name] = origin

    assert {} == strays


def test_constraints_pin_every_requirement() -> None:
    """What pyproject.toml asks for has one exact version in constraints.txt, torch included."""
    project = PROJECT["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values()), "torch"]
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {normal(line) for line in lines}

    assert [] == [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)]
    assert {"polyhop"} == {normal(requirement) for requirement in wanted} - pinned  # an extra that has another in it
