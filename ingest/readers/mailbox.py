"""Mailboxes (.mbox): mail after mail, as documents `path#message-id`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from ..decode import refuse_known
from ..documents import Item, Skipped, UnreadableError, one_line
from ..message import documents, message_id, parse

MAX_MESSAGE = 50_000_000
MAX_LINE = 1 << 20
# "From " alone also begins sentences; the line between two mails ends with a date.
_FROM = re.compile(rb"From .*\d{4}(?: [+-]\d{4})?\s*$")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read(path: Path) -> Iterator[Item]:
    """Yield the mails with their attachments, and a `Skipped` for each that gives none."""
    seen: dict[str, int] = {}
    for number, data in enumerate(_messages(path), 1):
        if len(data) > MAX_MESSAGE:
            yield Skipped(f"{path}#{number}", f"longer than the limit of {MAX_MESSAGE:,} bytes a mail")
            continue
        try:
            message = parse(_ESCAPED.sub(rb"\1", data))
            name = message_id(message) or hashlib.sha256(data).hexdigest()[:12]
            count = seen[name] = seen.get(name, 0) + 1
            yield from documents(message, path, key=f"{path}#{name}" + (f"-{count}" if count > 1 else ""))
        except Exception as error:  # one broken mail must not end the mailbox
            yield Skipped(f"{path}#{number}", f"cannot be read: {one_line(error)}")


def _messages(path: Path) -> Iterator[bytes]:
    """Yield the mails, one in memory at a time; one over the limit comes cut just beyond it."""
    with path.open("rb") as file:
        head = file.readline(MAX_LINE)
        refuse_known(head)
        if not head.startswith(b"From "):
            raise UnreadableError("not a mailbox: its first line does not begin with 'From '")
        lines: list[bytes] = []
        size, blank = 0, False
        while line := file.readline(MAX_LINE):
            if blank and line.startswith(b"From ") and _FROM.match(line):
                yield b"".join(lines)
                lines, size = [], 0
            elif size <= MAX_MESSAGE:
                lines.append(line)
                size += len(line)
            blank = not line.strip()
        yield b"".join(lines)
