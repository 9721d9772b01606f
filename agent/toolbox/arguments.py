"""What is wrong with the arguments of a call, by the schema of the tool."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

# Faults that are told at once, and characters of each.
MOST = 5
CHARACTERS = 300


def faults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with arguments, one line each; nothing where the schema itself cannot be judged by.

    Schemas come from whoever runs a server: references out of the schema are not followed, and regular expressions,
    which may take for ever, are left to the server.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import extend, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema, default=Draft202012Validator)
    judge = extend(kind, dict.fromkeys(("pattern", "patternProperties"), _nothing))
    try:
        kind.check_schema({key: value for key, value in schema.items() if key != "$schema"})
        found = list(islice(judge(schema, registry=Registry()).iter_errors(dict(arguments)), MOST))
    except (SchemaError, Unresolvable, RecursionError, ArithmeticError, TypeError, ValueError):
        return []
    return [_line(list(error.absolute_path), error.message) for error in found]


def parsed(value: Any) -> Any:
    """Return arguments that a model wrote as JSON in a string."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _nothing(*_: object) -> None:
    """Find nothing wrong."""


def _line(path: list[str | int], message: str) -> str:
    where = ".".join(map(str, path)) or "arguments"
    return f"{where}: {' '.join(message.split())}"[:CHARACTERS]
