"""The registry: parts by name, by entry point and by `module:Class`, and errors that say what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

from polyhop.core.errors import CallerError
from polyhop.core.registry import Registry


@runtime_checkable
class Greeter(Protocol):
    """A role of one method."""

    def greet(self) -> str: ...


class Plain:
    """Needs nothing, or takes a text."""

    def __init__(self, name: str = "nobody") -> None:
        self.name = name

    def greet(self) -> str:
        """Return whom it greets."""
        return self.name


class Told(Plain):
    """Is made of its argument and of what the role hands out."""

    @classmethod
    def configured(cls, argument: str, given: object) -> Told:
        """Return a greeter of both."""
        return cls(f"{argument} of {given}")


READY = Plain("ready")
HERE = __name__


@pytest.fixture
def greeters() -> Registry[Greeter]:
    """A registry with a part of each way to be made, and one that does not play the role."""
    known = {"plain": f"{HERE}:Plain", "told": f"{HERE}:Told", "ready": f"{HERE}:READY", "none": "builtins:object"}
    return Registry("greeter", "polyhop.test_greeters", known, Greeter)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("plain", "nobody"),
        ("plain=you", "you"),
        ("told=me", "me of home"),
        ("told", " of home"),
        ("ready", "ready"),
        (f"{HERE}:Plain=a=b", "a=b"),
        (f" {HERE}:Plain ", "nobody"),
    ],
)
def test_parts_are_made_of_names(greeters: Registry[Greeter], spec: str, said: str) -> None:
    """A name, with an argument or without, or a class gives the part."""
    assert said == greeters.make(spec, "home").greet()


def test_a_list_keeps_its_order(greeters: Registry[Greeter]) -> None:
    """Commas and spaces both separate."""
    assert ["ready", "x", "nobody"] == [one.greet() for one in greeters.make_all("ready, plain=x plain")]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("plian", r"unknown greeter 'plian'; choose among \['none', 'plain', 'ready', 'told'\]"),
        ("no_such_module_here:Hop", "cannot be loaded from 'no_such_module_here:Hop'"),
        (f"{HERE}:Missing", "has no attribute 'Missing'"),
        ("none", "which is no greeter: see Greeter"),
        ("", "unknown greeter ''"),
        (":", "cannot be loaded"),
    ],
)
def test_a_wrong_name_is_refused_with_what_to_do(greeters: Registry[Greeter], spec: str, told: str) -> None:
    """Nothing that is no such part gets through."""
    with pytest.raises(CallerError, match=told):
        greeters.make(spec)


def test_an_installed_package_adds_a_part(
    greeters: Registry[Greeter], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry point of a real distribution on the path is found by its name and listed."""
    (tmp_path / "foreign_greeter.py").write_text("class Foreign:\n    def greet(self):\n        return 'foreign'\n")
    about = tmp_path / "foreign_greeter-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-greeter\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[polyhop.test_greeters]\nforeign = foreign_greeter:Foreign\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "foreign" in greeters.names()
    assert "foreign" == greeters.make("foreign").greet()
    sys.modules.pop("foreign_greeter")
