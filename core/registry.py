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
from inspect import Parameter, signature
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from .errors import CallerError, OperatorError

Part = TypeVar("Part")
_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


class PartMissing(OperatorError):
    """A part cannot be had here, such as one without weights for an embedder; a run can go without it and say so.

    Args:
        notices: what to say, a sentence each.
    """

    def __init__(self, *notices: str) -> None:
        super().__init__("; ".join(notices))
        self.notices = notices


class Registry(Generic[Part]):
    """The parts that can play a role, by name.

    What a name leads to is called to make the part, without arguments or with the text behind `=` as the first one,
    converted where that is annotated as `int`, `float` or `Path`. Where it has a class method
    `configured(argument, given)`, that is called instead: `given` is what the role hands to its parts, such as the
    retriever of a hop updater that looks for weights. A thing that cannot be called is the part itself.

    Args:
        role: what a part is called in errors, such as "hop updater".
        group: the entry point group of other packages.
        known: the parts that come along, name to `module:attribute`.
        protocol: a runtime-checkable protocol that a part has to fulfil.
    """

    def __init__(self, role: str, group: str, known: Mapping[str, str], protocol: type) -> None:
        self.role = role
        self.group = group
        self._along = dict(known)
        self._known: dict[str, Any] = dict(known)
        self._protocol = protocol

    def add(self, name: str, part: Any) -> None:
        """Let a name lead to `part`, a class or the like, or its path `module:attribute`, in this process."""
        self._known[name] = part

    def added(self) -> dict[str, Any]:
        """Return what was added in this process, by name."""
        return {name: part for name, part in self._known.items() if part != self._along.get(name)}

    def __contains__(self, name: str) -> bool:
        return name in self._known or bool(entry_points(group=self.group, name=name))

    def names(self) -> list[str]:
        """Return the names that need no module: those that come along and those of installed packages."""
        return sorted({*self._known, *(entry.name for entry in entry_points(group=self.group))})

    def make(self, spec: str, given: Any = None) -> Part:
        """Return the part that `spec` names.

        Raises:
            CallerError: for a name that nothing has, a module that cannot be imported, an argument that does not fit,
                or a part that does not play the role.
        """
        name, _, argument = spec.strip().partition("=")
        target: Any = self.get(name.strip())
        if hasattr(target, "configured"):
            part = target.configured(argument, given)
        elif argument or callable(target):
            part = target(*_arguments(target, argument, spec))
        else:
            part = target
        if not isinstance(part, self._protocol):
            raise CallerError(
                f"{spec!r} gives {part!r:.80}, which is no {self.role}: see {self._protocol.__qualname__}"
            )
        return cast(Part, part)

    def make_all(self, specs: str, given: Any = None) -> list[Part]:
        """Return the parts of a list with commas or spaces between them, in its order.

        Raises:
            CallerError: as for `make`.
        """
        return [self.make(spec, given) for spec in listed(specs)]

    def get(self, name: str) -> Part:
        """Return what a name leads to as it is, neither called nor checked.

        Raises:
            CallerError: for a name that nothing has, or a module that cannot be imported.
        """
        path = self._known.get(name, name if ":" in name else "")
        if not isinstance(path, str):
            return cast(Part, path)
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
        return cast(Part, target)


def listed(specs: str) -> list[str]:
    """Return the names of a list with commas or spaces between them."""
    return specs.replace(",", " ").split()


def _arguments(target: Any, argument: str, spec: str) -> list[Any]:
    """Return the text behind `=` as the first parameter of `target` wants it, or nothing where there is none."""
    try:
        parameters = [*signature(target).parameters.values()] if callable(target) else []
    except ValueError:  # of something built in, which is no part
        parameters = []
    if not argument:
        if parameters and parameters[0].default is Parameter.empty and parameters[0].kind not in _VARIADIC:
            raise CallerError(f"{spec!r} needs an argument, as in {spec.strip('= ')}={parameters[0].name.upper()}")
        return []
    if not parameters:
        raise CallerError(f"{spec!r}: {spec.partition('=')[0]} takes no argument")
    annotation = parameters[0].annotation
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    try:
        return [{"int": int, "float": float, "Path": Path}.get(name, str)(argument)]
    except ValueError as error:
        raise CallerError(f"{spec!r}: {parameters[0].name} must be of type {name} ({error})") from None
