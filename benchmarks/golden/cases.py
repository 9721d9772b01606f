"""A case: one thing that was asked, and what came of it, as it is kept in a file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..common import BenchmarkError

DECIMALS = 7


@dataclass(frozen=True, slots=True)
class Golden:
    """What was asked of what, in which profile, and `gave`: plain JSON values without any text of the data."""

    kind: str
    profile: str
    dataset: str
    id: str
    gave: Mapping[str, Any]

    @property
    def name(self) -> tuple[str, str, str, str]:
        """Return what tells a case from all others."""
        return self.kind, self.profile, self.dataset, self.id


def mark(text: str, size: int = 6) -> str:
    """Return a short hash that stands for a text."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()


def rounded(number: float | None) -> float | None:
    """Return a score as it is kept."""
    return None if number is None else round(float(number), DECIMALS)


def write(path: Path, cases: Sequence[Golden], about: Mapping[str, Any]) -> None:
    """Write cases to a file, compressed if its name ends so; equal cases make equal bytes."""
    rows = sorted(cases, key=lambda case: case.name)
    lines = ",\n".join(json.dumps(asdict(case), sort_keys=True, separators=(",", ":")) for case in rows)
    text = f'{{"about":{json.dumps(about, sort_keys=True)},"cases":[\n{lines}\n]}}\n'.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)
    except OSError as error:
        raise BenchmarkError(f"cannot write {str(path)!r} ({error}); choose another file") from error


def read(path: Path) -> list[Golden]:
    """Read the cases of a file."""
    try:
        raw = path.read_bytes()
        rows = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)["cases"]
        return [Golden(**row) for row in rows]
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"cannot read {str(path)!r} ({error!s:.80}); make it with `make DATA --out`") from error
