"""The registry of a role: from a name in the settings to the part that plays it.

A part is named in one of three ways, in the settings as in code:

- by the name of one that comes along (`link`);
- by the name of an entry point that another package declares in the role's group (`polyhop.hop_updaters`, ...);
- as `module:attribute`, for a class of one's own that needs no package.

Each may be followed by `=` and an argument: `cross=32`, `e2rank=MODEL`, `my_package.hops:MyHop=weights.json`. Nothing
is imported before it is asked for, so that a run loads the parts that it uses and no others.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar, cast

from .errors import CallerError

Part = TypeVar("Part")


class Registry(Generic[Part]):
    """The parts that can play a role, by name.

    What a name leads to is called to make the part: without arguments, or with the text behind `=`. Where it has a
    class method `configured(argument, given)`, that is called instead: `given` is what the role hands to its parts,
    such as the retriever of a hop updater that looks for weights. A thing that cannot be called is the part itself.

    Args:
        role: what a part is called in errors, such as "hop updater".
        group: the entry point group of other packages.
        known: the parts that come along, name to `module:attribute`.
        protocol: a runtime-checkable protocol that a part has to fulfil.
    """

    def __init__(self, role: str, group: str, known: Mapping[str, str], protocol: type) -> None:
        self.role = role
        self.group = group
        self._known = dict(known)
        self._protocol = protocol

    def names(self) -> list[str]:
        """Return the names that need no module: those that come along and those of installed packages."""
        return sorted({*self._known, *(entry.name for entry in entry_points(group=self.group))})

    def make(self, spec: str, given: Any = None) -> Part:
        """Return the part that `spec` names.

        Raises:
            CallerError: for a name that nothing has, a module that cannot be imported, or a part that does not play
                the role.
        """
        name, _, argument = spec.strip().partition("=")
        target = self._target(name.strip())
        if hasattr(target, "configured"):
            part = target.configured(argument, given)
        elif not callable(target):
            part = target
        else:
            part = target(argument) if argument else target()
        if not isinstance(part, self._protocol):
            raise CallerError(
                f"{spec!r} gives {part!r:.80}, which is no {self.role}: see {self._protocol.__qualname__}"
            )
        return cast(Part, part)

    def make_all(self, specs: str, given: Any = None) -> list[Part]:
        """Return the parts of a list with commas or spaces between them, in its order."""
        return [self.make(spec, given) for spec in specs.replace(",", " ").split()]

    def _target(self, name: str) -> Any:
        path = self._known.get(name, name if ":" in name else "")
        if not path:
            for entry in entry_points(group=self.group, name=name):
                path = entry.value
        module, _, attribute = path.partition(":")
        try:
            target: Any = importlib.import_module(module)
            for step in attribute.split("."):
                target = getattr(target, step)
        except (ImportError, AttributeError, ValueError) as error:
            if not path:
                raise CallerError(
                    f"unknown {self.role} {name!r}; choose among {self.names()}, or name a class as module:Class"
                ) from None
            raise CallerError(f"the {self.role} {name!r} cannot be loaded from {path!r}: {error}") from error
        return target
