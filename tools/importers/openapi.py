"""OpenAPI 3.x documents: each operation is a tool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..schema import Expander
from ..tidy import OWNER, Draft, checked, line
from ..tool import Note, Tool, words
from .documents import parsed, text_of
from .role import SourceError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Headers that OpenAPI tells readers to ignore among parameters: content negotiation and security describe them.
_NEGOTIATED = frozenset({"accept", "content-type", "authorization"})
_BODY = "body"


@dataclass(frozen=True, slots=True)
class OpenApi:
    """An OpenAPI 3.x document: a file, an address, its text in JSON or YAML, or the object that it is.

    The inputs of a tool are the parameters of its operation together with the properties of its body; `extras` says
    where each belongs in a request. References to other documents are not followed.
    """

    document: str | Path | Mapping[str, Any]
    owner: str = ""
    server: str = ""

    def __post_init__(self) -> None:
        if not self.owner:
            object.__setattr__(self, "owner", _named(self.document))

    def read(self) -> Iterator[Tool | Note]:
        """Yield the operations.

        Raises:
            SourceError: for a document that is none, or cannot be read.
            SourceAway: for an address that does not answer.
        """
        document = _loaded(self.document, self.owner)
        server = self.server or line(_mapping(document.get("info")).get("title"), OWNER)
        for path, item in _mapping(document.get("paths")).items():
            shared = _mapping(Expander(document, left=2_000).expand(item)) if _refers(item) else _mapping(item)
            for method in METHODS:
                operation = shared.get(method)
                if isinstance(operation, Mapping):
                    yield from _Operation(document, shared, operation, method, str(path)).tool(self.owner, server)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One operation and what it stands in."""

    document: Mapping[str, Any]
    shared: Mapping[str, Any]
    operation: Mapping[str, Any]
    method: str
    path: str

    def tool(self, owner: str, server: str) -> Iterator[Tool | Note]:
        """Yield the tool, and what is to be said of it."""
        expander = Expander(self.document)
        name = self.operation.get("operationId")
        called = f"{self.method.upper()} {self.path}"
        if name is None or (isinstance(name, str) and not name.strip()):
            name = "_".join([self.method, *words(self.path).split()])
            yield Note(owner, called, "it has no operationId", f"called {name!r:.80}; give it one")
        properties, required, places, media = self._inputs(expander)
        schema = {"type": "object", "properties": properties, "required": required} if properties else None
        extras = {
            "method": self.method.upper(),
            "path": self.path,
            "url": self._url(),
            "in": places,
            "media": media,
            "deprecated": self.operation.get("deprecated") is True or None,
        }
        draft = Draft(
            name=name,
            description=self._description(),
            parameters=schema,
            server=server,
            tags=self.operation.get("tags") or (),
            kind="openapi",
            output=self._output(expander),
            extras=extras,
            place=called,
        )
        for complaint in expander.complaints:
            yield Note(owner, str(name)[:200], f"its schema: {complaint}", "cut there; put it into the document")
        yield from checked(draft, owner)

    def _description(self) -> str:
        said = [self.operation.get("summary"), self.operation.get("description")]
        parts = [part.strip() for part in said if isinstance(part, str) and part.strip()]
        return "\n".join(parts[1:] if len(parts) > 1 and parts[1].startswith(parts[0].rstrip(".")) else parts)

    def _url(self) -> str:
        for place in (self.operation, self.shared, self.document):
            servers = place.get("servers")
            if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
                return line(servers[0].get("url"), OWNER)
        return ""

    def _inputs(self, expander: Expander) -> tuple[dict[str, Any], list[str], dict[str, str], str]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        places: dict[str, str] = {}
        for one in self._parameters(expander):
            name, place = one["name"], str(one.get("in", "query"))
            if place == "header" and name.lower() in _NEGOTIATED:
                continue
            properties[name] = _described(_schema_of(one), one.get("description"))
            places[name] = place
            if one.get("required") is True or place == "path":
                required.append(name)
        media, body, needed = self._body(expander)
        inside = _mapping(body.get("properties"))
        if body and inside and not inside.keys() & properties.keys():
            properties.update(inside)
            places.update(dict.fromkeys(inside, _BODY))
            required += [name for name in body.get("required") or () if needed and name in inside]
        elif body:
            name = _BODY if _BODY not in properties else "request_body"
            properties[name], places[name] = body, _BODY
            required += [name] if needed else []
        return properties, required, places, media

    def _parameters(self, expander: Expander) -> list[dict[str, Any]]:
        """Return the parameters of path and operation; the operation's replace those of the same name and place."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for place in (self.shared, self.operation):
            given = place.get("parameters")
            for one in given if isinstance(given, list) else ():
                plain = expander.expand(one)
                if isinstance(plain, dict) and isinstance(plain.get("name"), str):
                    found[plain["name"], str(plain.get("in"))] = plain
        return list(found.values())

    def _body(self, expander: Expander) -> tuple[str, dict[str, Any], bool]:
        body = expander.expand(self.operation.get("requestBody"))
        if not isinstance(body, dict):
            return "", {}, False
        media, schema = _content(body)
        return media, _described(schema, body.get("description")), body.get("required") is True

    def _output(self, expander: Expander) -> dict[str, Any] | None:
        responses = {str(code): one for code, one in _mapping(self.operation.get("responses")).items()}
        good = next((code for code in sorted(responses) if code.startswith("2")), "default")
        answer = expander.expand(responses.get(good))
        return _content(answer)[1] or None if isinstance(answer, dict) else None


def _schema_of(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter, which stands in it or in its content."""
    schema = parameter.get("schema")
    return schema if isinstance(schema, dict) else _content(parameter)[1]


def _content(holder: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the media type and schema of a content object, JSON's first."""
    content = _mapping(holder.get("content"))
    media = next((name for name in content if "json" in str(name)), next(iter(content), ""))
    schema = _mapping(content.get(media)).get("schema")
    return str(media), schema if isinstance(schema, dict) else {}


def _described(schema: dict[str, Any], description: Any) -> dict[str, Any]:
    return {**schema, "description": description} if isinstance(description, str) and description else schema


def _loaded(document: str | Path | Mapping[str, Any], owner: str) -> Mapping[str, Any]:
    if isinstance(document, str | Path):
        text = document if _is_text(document) else text_of(document)
        document = parsed(str(text), owner)
    if not isinstance(document, Mapping):
        raise SourceError(f"{owner!r} holds a {type(document).__name__}, no OpenAPI document; give one")
    version = str(document.get("openapi", ""))
    if not version.startswith("3."):
        was = f"swagger {document['swagger']!r}" if "swagger" in document else f"openapi {version!r}"
        raise SourceError(f"{owner!r} is {was:.80}; 3.x is read: convert it")
    return document


def _is_text(document: str | Path) -> bool:
    return isinstance(document, str) and ("\n" in document or document.lstrip().startswith("{"))


def _named(document: str | Path | Mapping[str, Any]) -> str:
    if isinstance(document, Mapping) or _is_text(document):
        return "openapi"
    place = str(document)
    return (place if "://" in place else str(Path(place).expanduser().absolute()))[-OWNER:]


def _refers(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("$ref"), str)


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
