"""Files of examples: what one step of a training makes and another learns from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from ..core.errors import CallerError
from ..core.files import read_rows, write_whole

T = TypeVar("T")


def write(path: Path, examples: Iterable[Any]) -> None:
    """Write examples, which are dataclasses of plain JSON, whole or not at all."""
    write_whole(path, "".join(json.dumps(asdict(one)) + "\n" for one in examples).encode())


def load(paths: Sequence[Path], kind: type[T]) -> list[T]:
    """Return the examples of some files; `kind` refuses what is none with a ValueError.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """
    return [_read(place, row, kind) for path in paths for place, row in read_rows(path)]


def _read(place: str, row: dict[str, Any], kind: type[T]) -> T:
    try:
        return kind(**row)
    except (TypeError, ValueError) as error:
        raise CallerError(
            f"{place}: no example of this training ({error}); make it with the `examples` step"
        ) from error
