"""Files: written whole or not at all, and JSON lines whose mistakes are told with their places."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import CallerError, OperatorError


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Lend a file to write, which takes the place of `path` once it is whole; a link keeps pointing to it.

    What is no file, such as `/dev/null` or a pipe, is lent itself: a file must not take its place.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        yield real
        return
    draft = real.with_name(f".{real.name}.{os.getpid()}")
    try:
        yield draft
        draft.replace(real)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in its place in one step: a reader finds the old one or the whole new one. The folder is made.

    Raises:
        OperatorError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(path) as draft, draft.open("wb") as file:
            file.write(data)
            file.flush()
            if draft.is_file():
                os.fsync(file.fileno())
    except OSError as error:
        raise OperatorError(f"cannot write {str(path)!r} ({error}); free some space or choose another file") from error


def read_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (place, object) for each line of a JSON-lines file that is not blank; the place is for messages.

    Raises:
        CallerError: if the file cannot be read, or a line is not one object.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # whole: a reader that gives up leaves no file open
    except (OSError, UnicodeDecodeError) as error:
        raise CallerError(f"cannot read {str(path)!r} ({error}); give a JSON-lines file in UTF-8") from error
    for number, line in enumerate(io.StringIO(text), start=1):
        if line.strip():
            yield f"{path}:{number}", _row(f"{path}:{number}", line)


def _row(place: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CallerError(f"{place}: not JSON ({error}); one object a line is expected") from error
    if not isinstance(row, dict):
        raise CallerError(f"{place}: {line.strip()[:60]!r} is not an object; one object a line is expected")
    return row
