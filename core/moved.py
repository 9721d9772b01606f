"""Old names of modules, and of what packages exported, which work for one more release and warn."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = __name__.partition(".")[0]
#: what 0.1 called a module, a folder of modules or (`package:name`) an export, and what it is called now
MOVED = dict(line.split("\t") for line in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines()[1:])


class Moved(MetaPathFinder):
    """Finds a module under its old name: the very module that has the new one."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how an old name is loaded, or nothing where it is none."""
        new = new_name(fullname)
        return None if new is None else ModuleSpec(fullname, _Alias(fullname, new))


class _Alias(Loader):
    """Gives the module with the new name in the place of a module of its own."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module with the new name."""
        _warn(self._old, self._new, 3)
        module = import_module(self._new)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module what it was: importlib has just given it the old name's specification."""
        module.__spec__ = self._spec


def new_name(fullname: str) -> str | None:
    """Return what an old name became, the longest known part of it counting, or nothing."""
    package, _, name = fullname.partition(".")
    old = name if package == PACKAGE else ""
    while old and old not in MOVED:
        old = old.rpartition(".")[0]
    return f"{PACKAGE}.{MOVED[old]}{name[len(old) :]}" if old else None


def exported(package: str, name: str) -> Any:
    """Return what a package of ours exported in 0.1 under a name.

    Raises:
        AttributeError: if it exported no such name.
    """
    old = f"{package.removeprefix(f'{PACKAGE}.')}:{name}"
    if old not in MOVED:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    module, _, new = MOVED[old].partition(":")
    _warn(f"{package}.{name}", f"{PACKAGE}.{module}.{new}", 4)
    return getattr(import_module(f"{PACKAGE}.{module}"), new)


def _warn(old: str, new: str, level: int) -> None:
    warnings.warn(f"{old} is {new} now; the old name goes with the next release", DeprecationWarning, level)


def install() -> None:
    """Find old names from now on; asked for more than once it does nothing more."""
    if not any(isinstance(finder, Moved) for finder in sys.meta_path):
        # First: the folder behind an old name would otherwise be searched, and its modules loaded a second time.
        sys.meta_path.insert(0, Moved())
