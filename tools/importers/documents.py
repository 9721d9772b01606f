"""Reading a file or an address within bounds, and what JSON or YAML is in it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import IO, Any
from urllib.request import Request, urlopen

from .role import SourceAway, SourceError

BYTES = 32_000_000
BLOCK = 1 << 16
SECONDS = 30.0
DEPTH = 400

_OPEN_OR_CLOSE = re.compile(r"[\[{]|[\]}]")
_INLINE = re.compile(r"(?:[-?:] +){400}")


def is_address(place: object) -> bool:
    """Say whether this is a web address."""
    return isinstance(place, str) and place.startswith(("http://", "https://"))


def text_of(place: str | Path, *, seconds: float = SECONDS) -> str:
    """Return the text of a file or web address.

    Raises:
        SourceError: for a file that is not there or too large.
        SourceAway: for an address that does not answer in time.
    """
    try:
        if is_address(place):
            request = Request(str(place), headers={"Accept": "application/json, application/yaml, */*;q=0.5"})
            with urlopen(request, timeout=seconds) as answer:
                data = _bounded(answer, place, time.monotonic() + seconds)
        else:
            with Path(place).expanduser().open("rb") as file:
                data = _bounded(file, place, time.monotonic() + seconds)
    except (OSError, ValueError) as error:
        if is_address(place):
            raise SourceAway(f"{str(place)!r} does not answer ({error}); check the address, then sync again") from error
        raise SourceError(f"cannot read {str(place)!r} ({error}); check the path") from error
    return data.decode("utf-8-sig", "replace")


def parsed(text: str, place: str | Path) -> Any:
    """Return what a JSON or YAML text says.

    Raises:
        SourceError: for what is neither, or nested too deep.
    """
    import yaml

    try:
        return json.loads(text)
    except RecursionError as error:
        raise SourceError(f"{str(place)!r} is nested too deep to be read; flatten it") from error
    except ValueError as mistake:
        if _too_deep(text):
            raise SourceError(f"{str(place)!r} is nested more than {DEPTH} deep; flatten it") from mistake
    try:
        return yaml.load(text, _loader())
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SourceError(f"{str(place)!r} is neither JSON nor YAML ({reason}); mend it") from error


def _bounded(stream: IO[bytes], place: str | Path, until: float) -> bytes:
    data = bytearray()
    while block := stream.read(BLOCK):
        data += block
        if len(data) > BYTES:
            raise SourceError(f"{str(place)!r} has more than {BYTES:,} bytes; split it")
        if time.monotonic() > until:
            raise TimeoutError("it sends too slowly")
    return bytes(data)


def _too_deep(text: str) -> bool:
    """Say whether brackets, or marks of nested lists on one line, go deeper than a parser should follow."""
    depth = 0
    for match in _OPEN_OR_CLOSE.finditer(text):
        depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
        if depth > DEPTH:
            return True
    return _INLINE.search(text) is not None


def _loader() -> Any:
    """Return the safe loader without dates, which JSON has not; an example's date stays the text that it is."""
    import yaml

    resolvers = {
        first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return type("Loader", (base,), {"yaml_implicit_resolvers": resolvers})
