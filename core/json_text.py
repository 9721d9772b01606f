"""JSON for people and programs: characters that a terminal would obey, or that turn a text around, are escaped."""

from __future__ import annotations

import json
import re
from typing import Any

# Controls with DEL and C1, soft hyphen, marks of direction, zero-width and interlinear characters, tags, line ends of
# Unicode, and halves of pairs, which no encoding takes. JSON itself escapes what is below the space.
_HIDDEN = re.compile(
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


def json_text(value: Any, **options: Any) -> str:
    """Return a value as JSON, as `json.dumps` does it but readable in all scripts and safe to print.

    Whoever reads it gets the same value.
    """
    return _HIDDEN.sub(_escaped, json.dumps(value, ensure_ascii=False, **options))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found.group())[1:-1]
