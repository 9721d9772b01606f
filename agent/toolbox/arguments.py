"""What is wrong with the arguments of a call, by the schema of the tool."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

# Faults that are told at once, and characters of each.
MOST = 5
CHARACTERS = 300
# Keywords judged for one call, and what counts as more: a reference by an anchor, and so many characters or items.
STEPS = 20_000
ANCHOR = 100
QUOTED = 1_000
# Regular expressions may take for ever; the others look through all references by themselves, uncounted.
LEFT = frozenset({"pattern", "patternProperties", "unevaluatedProperties", "unevaluatedItems"})


def faults(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with arguments, one line each; nothing where the schema itself cannot be judged by.

    Schemas come from whoever runs a server: references out of the schema are not followed, what may take for ever (see
    `LEFT`) is left to the server, and so is whatever is not judged after `STEPS`, as where references double.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema, default=Draft202012Validator)
    found: list[str] = []
    try:
        kind.check_schema({key: value for key, value in schema.items() if key != "$schema"})
        for error in islice(_judge(kind)(schema, registry=Registry()).iter_errors(dict(arguments)), MOST):
            found.append(_line(list(error.absolute_path), error.message))
    except _Enough:
        return found
    except (SchemaError, Unresolvable, RecursionError, ArithmeticError, TypeError, ValueError):
        return []
    return found


class _Enough(Exception):
    """The end of the steps."""


def _judge(kind: Any) -> Any:
    """Return a validator of this kind for one use, which counts what it does and stays itself in every subschema."""
    from attrs import evolve  # comes with jsonschema
    from jsonschema.validators import extend

    left = STEPS

    def counted(rule: Callable[..., Any], keyword: str) -> Callable[..., Any]:
        def run(judge: Any, value: Any, instance: Any, schema: Any) -> Any:
            nonlocal left
            left -= _cost(keyword, value, instance)
            if left < 0:
                raise _Enough
            if keyword in LEFT or (keyword == "additionalProperties" and "patternProperties" in schema):
                return None
            return rule(judge, value, instance, schema)

        return run

    made = extend(kind, {keyword: counted(rule, keyword) for keyword, rule in kind.VALIDATORS.items()})
    made.evolve = evolve  # its own would follow a `$schema` of a subschema to a validator that does not count
    return made


def _cost(keyword: str, value: Any, instance: Any) -> int:
    """Return the steps of judging by a keyword: long values are quoted, and an anchor is looked for everywhere."""
    anchor = keyword.endswith(("$ref", "Ref")) and isinstance(value, str) and not value.startswith("#/")
    return 1 + (ANCHOR if anchor else 0) + (len(instance) // QUOTED if isinstance(instance, str | list) else 0)


def parsed(value: Any) -> Any:
    """Return arguments that a model wrote as JSON in a string."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _line(path: list[str | int], message: str) -> str:
    where = ".".join(map(str, path)) or "arguments"
    return f"{where}: {' '.join(message.split())}"[:CHARACTERS]
