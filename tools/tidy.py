"""The edge where tools come in: whatever a source says becomes a tool within bounds, with notes for its owner."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .schema import Bounded, arguments, circle, normal
from .tool import Note, Tool, words

NAME = 512
SERVER = 200
OWNER = 1_000
DESCRIPTION = 10_000
TAGS = 32
TAG = 100

# Line breaks and tabs aside: C0 and C1 controls, marks that turn the direction of a line, and invisible tag characters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a source says of a tool, of whatever types."""

    name: Any
    description: Any = ""
    parameters: Any = None
    server: Any = ""
    tags: Any = ()
    kind: str = "function"
    output: Any = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""  # where it stands, for a tool without a name


def checked(draft: Draft, owner: str) -> Iterator[Tool | Note]:
    """Yield the tool that a draft makes, and before it what is to be said of it; no tool if it cannot be called."""
    if reason := _unfit(draft.name):
        yield Note(owner, draft.place or f"{draft.name!r:.60}", reason, "left out; give it a name", lost=True)
        return
    name = draft.name
    parameters, wrong = normal(draft.parameters)
    for complaint in wrong:
        made = "it was cut there" if parameters else "it is taken to have no inputs"
        yield Note(owner, name, f"its schema: {complaint}", f"{made}; mend the schema")
    if at := circle(parameters):
        what = f"its schema refers to itself at {at!r}"
        yield Note(owner, name, what, "kept; some models refuse such a schema: flatten it")
    output, wrong = normal_output(draft.output)
    for complaint in wrong:
        yield Note(owner, name, f"its output schema: {complaint}", "cut there; mend the schema")
    description, remarks = _described(draft.description)
    for what, remedy in remarks:
        yield Note(owner, name, what, remedy)
    extras, wrong = _extras(draft.extras)
    for complaint in wrong:
        yield Note(owner, name, f"its extras: {complaint}", "left out; make them plain JSON")
    if not description:
        yield Note(owner, name, "it has no description", "one was made of its name and inputs; write a better one")
        description = made_of(name, parameters)
        extras["described"] = False
    yield Tool(
        name=name,
        description=description,
        parameters=parameters,
        server=line(draft.server, SERVER),
        tags=_tags(draft.tags),
        kind=draft.kind,
        output=output,
        extras=extras,
        owner=owner,
    )


def normal_output(schema: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a schema of what a tool gives, which may be of any type."""
    if not isinstance(schema, Mapping):
        return {}, [] if schema is None else [f"it is a {type(schema).__name__}, not an object"]
    bounded = Bounded()
    return bounded.copy(schema), bounded.complaints


def made_of(name: str, parameters: Mapping[str, Any]) -> str:
    """Return a description for a tool that has none."""
    said = words(name) or name
    inputs = ", ".join(words(one.name) or one.name for one in arguments(parameters)[:12])
    return f"{said[:1].upper()}{said[1:]}{f' by {inputs}' if inputs else ''}."


def line(value: Any, most: int) -> str:
    """Return a short string on one line; nothing for what is no string."""
    return " ".join(_readable(value).split())[:most] if isinstance(value, str) else ""


def _readable(text: str) -> str:
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode("utf-8")


def _unfit(name: Any) -> str:
    if not isinstance(name, str):
        return f"its name is a {type(name).__name__}, not a string"
    if not name.strip():
        return "it has no name"
    if len(name) > NAME:
        return f"its name has {len(name)} characters, at most {NAME} are taken"
    if _readable(name) != name or len(name.splitlines()) > 1:
        return "its name holds control characters"
    return ""


def _described(description: Any) -> tuple[str, list[tuple[str, str]]]:
    if description is None:
        return "", []
    if not isinstance(description, str):
        return "", [(f"its description is a {type(description).__name__}, not a string", "left out; write a string")]
    remarks = []
    if len(description) > DESCRIPTION:
        remarks.append((f"its description has {len(description)} characters", f"cut to {DESCRIPTION}; shorten it"))
    short = description[:DESCRIPTION]
    clean = _readable(short)
    if clean != short:
        remarks.append(("its description holds control characters", "they were taken out; write it without them"))
    return clean.strip(), remarks


def _tags(tags: Any) -> tuple[str, ...]:
    listed = [tags] if isinstance(tags, str) else list(tags) if isinstance(tags, Sequence | set | frozenset) else []
    return tuple(filter(None, dict.fromkeys(line(tag, TAG) for tag in listed[:TAGS])))


def _extras(extras: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    bounded = Bounded()
    kept = bounded.copy({name: value for name, value in extras.items() if value not in (None, "", [], {})})
    return kept if isinstance(kept, dict) else {}, bounded.complaints
