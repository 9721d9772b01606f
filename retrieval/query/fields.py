"""Instructions that metadata can answer, as filters of the filter language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .instructions import Period

#: keys that date a document, the most telling first
_DATES = (
    "published publication_date date_published pubdate published_at issued release_date released date year "
    "publication_year day created created_at creation_date timestamp time updated updated_at modified last_modified"
).split()
_FIRST_YEAR, _LAST_YEAR = 1000, 2999
_ISO = re.compile(r"[12]\d{3}(?:-\d\d(?:-\d\d.*)?)?")
_NUMBER, _TEXT = 1, 2  # kinds of values in the table of attributes
_SHAPES = "SELECT kind, min(value), max(value) FROM attributes WHERE key = ? GROUP BY kind"
# The next key is one seek away in the index: a collection has few keys and many values.
_KEYS = (
    "WITH RECURSIVE known(key) AS (SELECT min(key) FROM attributes UNION ALL"
    " SELECT (SELECT min(key) FROM attributes WHERE key > known.key) FROM known WHERE known.key IS NOT NULL)"
    " SELECT key FROM known WHERE key IS NOT NULL LIMIT 500"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter that an instruction comes to, and the key that it asks."""

    where: str
    key: str


def keys(retriever: Any) -> list[str]:
    """Return the metadata keys that the documents of a retriever have; none where it does not tell."""
    found: dict[str, None] = {}
    for record in _records(retriever):
        with record.reading() as connection:
            found.update((row[0], None) for row in connection.execute(_KEYS))
    return list(found)


def dated(retriever: Any, years: Period) -> Condition | None:
    """Return the filter for a period on the most telling key that dates documents; None where no key does."""
    known = {key.lower().replace("-", "_"): key for key in keys(retriever)}
    for name in _DATES:
        if name in known and (kinds := _kinds(retriever, known[name])):
            key = _quoted_key(known[name])
            said = [_between(key, years, number=kind == _NUMBER) for kind in kinds]
            return Condition(" or ".join(said) if len(said) == 1 else f"({' or '.join(said)})", known[name])
    return None


def equal(key: str, value: str) -> Condition:
    """Return the filter for a key with a value, whatever letters are large; a number may be one or its digits."""
    pattern = re.sub(r"([\\*?])", r"\\\1", value)
    said = [f"{_quoted_key(key)} like {quoted(pattern)}"]
    if re.fullmatch(r"\d{1,15}", value):
        said.append(f"{_quoted_key(key)} = {int(value)}")
    return Condition(said[0] if len(said) == 1 else f"({' or '.join(said)})", key)


def of_site(site: str) -> Condition:
    """Return the filter for a source that holds a text."""
    pattern = re.sub(r"([\\*?])", r"\\\1", site)
    return Condition(f"source like {quoted(f'*{pattern}*')}", "source")


def joined(*filters: str) -> str:
    """Return a filter under which all of those given hold."""
    given = [one for one in filters if one.strip()]
    return given[0] if len(given) == 1 else " and ".join(f"({one})" for one in given)


def quoted(text: str) -> str:
    """Return a text as a string of the filter language."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _between(key: str, years: Period, *, number: bool) -> str:
    bounds = []
    if years.since is not None:
        bounds.append(f"{key} >= {years.since if number else quoted(str(years.since))}")
    if years.until is not None:
        bounds.append(f"{key} < {years.until + 1 if number else quoted(str(years.until + 1))}")
    return f"({' and '.join(bounds)})" if len(bounds) > 1 else bounds[0]


def _kinds(retriever: Any, key: str) -> Sequence[int]:
    """Return in which kinds of values a key holds years or dates that begin with one."""
    found: dict[int, None] = {}
    for record in _records(retriever):
        with record.reading() as connection:
            shapes: Mapping[int, tuple[Any, Any]] = {
                kind: (low, high) for kind, low, high in connection.execute(_SHAPES, (key,))
            }
        if _NUMBER in shapes and all(_FIRST_YEAR <= value <= _LAST_YEAR for value in shapes[_NUMBER]):
            found[_NUMBER] = None
        if _TEXT in shapes and all(_ISO.fullmatch(value) for value in shapes[_TEXT]):
            found[_TEXT] = None
    return list(found)


def _quoted_key(key: str) -> str:
    return "`" + key.replace("\\", "\\\\").replace("`", "``") + "`"


def _records(retriever: Any) -> list[Any]:
    """Return the records of the collections that are searched; a search of the user's own has none."""
    members = getattr(retriever, "members", None)
    if members is not None:
        return [record for member in members for record in _records(member)]
    record = getattr(retriever, "record", None)
    return [] if record is None else [record]
