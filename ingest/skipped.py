"""What ingest could not use, and why."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import PolyhopError


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a part of one (`rows.jsonl:17`, `scan.pdf:3`), that gave no document; `reason` is one line."""

    path: str
    reason: str


class UnreadableError(PolyhopError):
    """A file or a row cannot become a document; the message is the reason that `Skipped` reports."""


def one_line(error: BaseException, limit: int = 200) -> str:
    """Describe an exception as `Class: message` without line breaks, cut to `limit` characters."""
    message = " ".join(str(error).split())
    name = type(error).__name__
    return (f"{name}: {message}" if message else name)[:limit]
