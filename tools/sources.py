"""Which importer a file or address is for, and which sources a catalogue remembers."""

from __future__ import annotations

import hmac
import json
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import CallerError, OperatorError
from ..core.private import sealed
from ..core.settings import Settings
from .catalogue import Catalogue
from .importers.definitions import Functions, JsonLines
from .importers.documents import is_address, parsed, text_of
from .importers.mcp import McpServer
from .importers.openapi import OpenApi
from .importers.role import SourceError, ToolSource

_KEY = "sources"
_KINDS: Mapping[str, Any] = {"json_lines": JsonLines, "functions": Functions, "openapi": OpenApi, "mcp": McpServer}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def sources_of(place: str | Path) -> list[ToolSource]:
    """Return the sources that a file or address holds, told by what is in it.

    JSON lines, OpenAPI documents, function definitions, and the `mcpServers` of an agent's configuration are known.

    Raises:
        SourceError: if it is none of these, or cannot be read.
        SourceAway: for an address that does not answer.
    """
    if not is_address(place):
        place = Path(place).expanduser().absolute()
        if place.suffix.lower() in (".jsonl", ".ndjson"):
            return [JsonLines(place)]
    document = parsed(text_of(place), place)
    if isinstance(document, Mapping) and ("openapi" in document or "swagger" in document):
        return [OpenApi(str(place))]
    if isinstance(document, Mapping) and isinstance(document.get("mcpServers"), Mapping):
        return [_configured(str(name), one) for name, one in document["mcpServers"].items()]
    if isinstance(document, Mapping | list) and not is_address(place):
        return [Functions(place)]
    raise SourceError(
        f"{str(place)!r} is no source of tools; give JSON lines, an OpenAPI document, function definitions, or --mcp"
    )


class UnknownSources(CallerError):
    """A catalogue remembers sources that this user has not noted there."""


def remember(catalogue: Catalogue, source: ToolSource) -> bool:
    """Note a source in the catalogue, to be synced again; return whether it can be.

    What is in memory only, and servers with variables or headers, which may be secret, are not noted. The note is
    sealed for this user and the catalogue's place: see `remembered`.
    """
    described = _described(source)
    if described is not None:
        seal = _seal(catalogue, source.owner, described)
        known = {**_known(catalogue), source.owner: {**described, "seal": seal}}
        catalogue.collection.record.put(**{_KEY: json.dumps(known)})
    return described is not None


def forget(catalogue: Catalogue, owner: str) -> None:
    """Remove a source from the catalogue's notes."""
    known = {name: one for name, one in _known(catalogue).items() if name != owner}
    catalogue.collection.record.put(**{_KEY: json.dumps(known)})


def remembered(catalogue: Catalogue, *, trusted: bool = False) -> list[ToolSource]:
    """Return the sources that were noted, by owner.

    Reading a source runs its command, fetches its address or reads its file. A catalogue that was copied, moved, or
    made by somebody else may name any, so that its sources have to be `trusted` once; they are sealed then.

    Raises:
        UnknownSources: where one was not noted in this place by this user; the message shows all of them.
        CallerError: for a note that cannot be read.
    """
    known = sorted(_known(catalogue).items())
    plain = {owner: {name: value for name, value in one.items() if name != "seal"} for owner, one in known}
    strange = {
        owner: plain[owner]
        for owner, one in known
        if not hmac.compare_digest(str(one.get("seal", "")).encode(), _seal(catalogue, owner, plain[owner]).encode())
    }
    if strange and not trusted:
        told = "; ".join(f"{owner!r}: {_told(one)}" for owner, one in strange.items())
        raise UnknownSources(
            f"the catalogue in {str(catalogue.collection.folder)!r} was copied, or made by somebody else or an earlier "
            f"version, and asks for this: {told}. If all of it may be run and read, `polyhop tools sync --trusted`"
        )
    try:
        sources: list[ToolSource] = [_made(one) for one in plain.values()]
    except (KeyError, TypeError, ValueError) as error:
        raise CallerError(f"the catalogue's notes of its sources cannot be read ({error!r}); add them again") from error
    for source in sources if strange else ():
        remember(catalogue, source)
    return sources


def _made(one: Mapping[str, Any]) -> ToolSource:
    source: ToolSource = _KINDS[one["kind"]](**{name: value for name, value in one.items() if name != "kind"})
    return source


def _told(one: Mapping[str, Any]) -> str:
    """Return what reading a source does."""
    if command := one.get("command"):
        return f"run {shlex.join(map(str, command)) if isinstance(command, list) else command}"[:500]
    return f"read {one.get('url') or one.get('document') or one.get('path') or one.get('definitions')!r}"[:500]


def _seal(catalogue: Catalogue, owner: str, described: Mapping[str, Any]) -> str:
    place = os.path.realpath(catalogue.collection.folder)
    try:
        return sealed(json.dumps([place, owner, described], sort_keys=True), Settings().cache)
    except OSError as error:
        raise OperatorError(f"the key in the cache cannot be used ({error}); see POLYHOP_CACHE") from error


def _known(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    try:
        known = json.loads(catalogue.collection.record.get(_KEY, "{}"))
    except (TypeError, ValueError):
        known = None
    if not isinstance(known, dict) or not all(isinstance(one, dict) for one in known.values()):
        raise CallerError("the catalogue's notes of its sources cannot be read; make it anew")
    return known


def _described(source: ToolSource) -> dict[str, Any] | None:
    match source:
        case JsonLines(path, owner):
            return {"kind": "json_lines", "path": str(Path(path).expanduser().absolute()), "owner": owner}
        case Functions(str() | Path() as path, owner, server):
            place = str(Path(path).expanduser().absolute())
            return {"kind": "functions", "definitions": place, "owner": owner, "server": server}
        case OpenApi(str() | Path() as document, owner, server):
            return {"kind": "openapi", "document": str(document), "owner": owner, "server": server}
        case McpServer(command, url, name, env, headers, cwd, seconds) if not env and not headers:
            given = {"command": list(command), "url": url, "name": name, "cwd": cwd, "seconds": seconds}
            return {"kind": "mcp", **given}
    return None


def _configured(name: str, given: Any) -> McpServer:
    """Return a server of an agent's configuration; `${NAME}` stands for a variable of the environment."""
    if not isinstance(given, Mapping):
        raise SourceError(f"the MCP server {name!r} is a {type(given).__name__}; give it a command or a url")
    command, words = given.get("command"), given.get("args")
    listed: Sequence[Any] = words if isinstance(words, list) else ()
    return McpServer(
        command=tuple(_filled(word) for word in (command, *listed) if word is not None) if command else (),
        url=_filled(given.get("url")),
        name=name,
        env=_mapping(given.get("env")),
        headers=_mapping(given.get("headers")),
        cwd=_filled(given.get("cwd")),
    )


def _filled(text: Any) -> str:
    """Return a setting with its variables filled in; null is one that was not given."""
    return "" if text is None else _VARIABLE.sub(lambda match: os.environ.get(match[1], ""), str(text))


def _mapping(value: Any) -> dict[str, str]:
    given = value.items() if isinstance(value, Mapping) else ()
    return {str(key): _filled(one) for key, one in given if one is not None}
