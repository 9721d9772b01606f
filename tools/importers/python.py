"""Python functions: signature, types and docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from ..tidy import Draft, checked
from ..tool import Note, Tool

_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True, slots=True)
class PythonFunctions:
    """Functions with types and docstrings; Google, NumPy and reST styles are read."""

    functions: Iterable[Callable[..., Any]]
    owner: str = "python"
    server: str = ""

    def read(self) -> Iterator[Tool | Note]:
        """Yield a tool for each function."""
        for function in self.functions:
            if callable(function):
                yield from self._tool(function)
            else:
                what = f"it is a {type(function).__name__}, not a function"
                yield Note(self.owner, f"{function!r:.60}", what, "left out; give functions", lost=True)

    def _tool(self, function: Callable[..., Any]) -> Iterator[Tool | Note]:
        from docstring_parser import ParseError, parse

        inner = inspect.unwrap(getattr(function, "func", function))
        name = getattr(inner, "__name__", type(function).__name__)
        text = inspect.getdoc(inner) or ""
        try:
            doc = parse(text)
            description = "\n\n".join(filter(None, (doc.short_description, doc.long_description)))
            said = {one.arg_name: one.description or "" for one in doc.params}
        except ParseError:
            description, said = text, {}
        parameters, output, wrong = _schemas(function, said)
        for complaint in wrong:
            yield Note(self.owner, name, complaint, "taken without; give it a type that JSON has")
        draft = Draft(
            name=name,
            description=description,
            parameters=parameters,
            server=self.server,
            tags=[str(getattr(inner, "__module__", "") or "").removeprefix("__main__")],
            kind="python",
            output=output,
            place=f"{function!r:.80}",
        )
        yield from checked(draft, self.owner)


def _schemas(
    function: Callable[..., Any], said: Mapping[str, str]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[str]]:
    """Return the schema of what a function takes, that of what it returns, and what could not be told."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None, None, ["it does not tell its signature"]
    hints, wrong = _hints(function)
    properties: dict[str, Any] = {}
    required = []
    for name, parameter in signature.parameters.items():
        if parameter.kind in _VARIABLE or name in ("self", "cls"):
            continue
        schema = _schema(hints.get(name), f"its input {name!r}", wrong)
        if said.get(name):
            schema["description"] = said[name]
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        elif isinstance(parameter.default, str | int | float | bool | None):
            schema["default"] = parameter.default
        properties[name] = schema
    parameters = {"type": "object", "properties": properties, "required": required} if properties else None
    return parameters, _schema(hints.get("return"), "its result", wrong) or None, wrong


def _hints(function: Callable[..., Any]) -> tuple[dict[str, Any], list[str]]:
    inner = inspect.unwrap(getattr(function, "func", function))
    subject = inner if inspect.isroutine(inner) else type(inner).__call__
    try:
        return get_type_hints(subject, include_extras=True), []
    except Exception as error:  # annotations may be any expression, and raise anything
        return {}, [f"its types cannot be read ({type(error).__name__}: {error!s:.100})"]


def _schema(hint: Any, what: str, wrong: list[str]) -> dict[str, Any]:
    """Return the JSON schema of a type; empty for one that has none, which is noted."""
    from pydantic import TypeAdapter

    if hint is None or hint is Any or hint is type(None):
        return {}
    try:
        return TypeAdapter(hint).json_schema()
    except Exception as error:  # pydantic raises many kinds for types that it does not know
        wrong.append(f"{what} has a type without a schema ({type(error).__name__})")
        return {}
