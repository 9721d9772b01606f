"""Mails (.eml): one a file, with its attachments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..decode import refuse_known
from ..documents import Item, UnreadableError
from ..message import documents, parse

_FIELDS = ("From", "To", "Subject", "Date", "Message-ID", "Received", "Content-Type", "Sender", "Return-Path")


def read(path: Path) -> Iterator[Item]:
    """Yield the mail and its attachments; the title is the subject."""
    data = path.read_bytes()
    refuse_known(data[:16])
    message = parse(data)
    if not any(name in message for name in _FIELDS):
        raise UnreadableError("not a mail: it has none of the fields that mails begin with")
    yield from documents(message, path)
