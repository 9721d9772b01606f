"""Addresses of what can be read: `polyhop://COLLECTION/passages/ID` and `polyhop://COLLECTION/documents/KEY`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote

from ...core.errors import CallerError

Kind = Literal["passages", "documents"]
#: characters of an address: a key of a document has 4,096 at most, each of which may be twelve here
LONGEST = 60_000
_ADDRESS = re.compile(r"polyhop://([a-z0-9][a-z0-9._-]{0,62})/(passages|documents)/(.+)", re.DOTALL)
#: as clients are told of them (RFC 6570)
TEMPLATES: Mapping[Kind, str] = {
    "passages": "polyhop://{collection}/passages/{id}",
    "documents": "polyhop://{collection}/documents/{key}",
}


@dataclass(frozen=True, slots=True)
class McpPlace:
    """What an address names: a passage by its id, or a document by its key."""

    collection: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return the address; slashes of a key are escaped, so that nobody takes `..` for a way up."""
        return f"polyhop://{self.collection}/{self.kind}/{quote(self.name, safe='')}"

    @classmethod
    def of(cls, address: str) -> McpPlace:
        """Read an address.

        Raises:
            CallerError: for what is none.
        """
        found = _ADDRESS.fullmatch(address) if len(address) <= LONGEST else None
        if found is None:
            raise CallerError(f"{address!r:.200} is no address here; they are {' and '.join(TEMPLATES.values())}")
        collection, kind, name = found.groups()
        return cls(collection, "passages" if kind == "passages" else "documents", unquote(name))


def cursor_of(collection: str, key: str) -> str:
    """Return the cursor behind a document; a key "" stands before the first one of a collection."""
    return base64.urlsafe_b64encode(json.dumps([collection, key]).encode()).decode()


def after_cursor(cursor: str | None) -> tuple[str, str]:
    """Return the collection and the key that a list goes on behind.

    Raises:
        CallerError: for what is no cursor of ours.
    """
    if not cursor:
        return "", ""
    try:
        collection, key = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError):
        collection = key = None
    if not isinstance(collection, str) or not isinstance(key, str):
        raise CallerError("the cursor is none of this server's; list from the start, without one")
    return collection, key
