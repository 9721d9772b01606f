"""Writing files so that no reader, and no kill, ever leaves half of one."""

from __future__ import annotations

import os
from pathlib import Path

from ..core.errors import OperatorError


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in its place in one step: a reader finds the old one or the whole new one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OperatorError(f"cannot write {str(path)!r} ({error}); free some space or choose another --out") from error
