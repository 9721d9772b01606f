"""A case: one thing that was asked, and what came of it, as it is kept in a file."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..common import BenchmarkError

DECIMALS = 7
#: 2: hops are counted, not searches
FORMAT = 2
_AFTER_HOPS = re.compile(r"AfterHops\(limit=(\d+)\)")


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
    told = json.dumps({**about, "format": FORMAT}, sort_keys=True)
    text = f'{{"about":{told},"cases":[\n{lines}\n]}}\n'.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(text, 9, mtime=0) if path.suffix == ".gz" else text)
    except OSError as error:
        raise BenchmarkError(f"cannot write {str(path)!r} ({error}); choose another file") from error


def read(path: Path) -> list[Golden]:
    """Read the cases of a file; what 0.1.0 wrote is told as it would be now."""
    try:
        raw = path.read_bytes()
        whole = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
        cases = [Golden(**row) for row in whole["cases"]]
        old = whole["about"].get("format", 1) < FORMAT and whole["about"]["polyhop"] == "0.1.0"
        return [replace(one, gave=_in_hops(one.gave)) for one in cases] if old else cases
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BenchmarkError(f"cannot read {str(path)!r} ({error!s:.80}); make it with `make DATA --out`") from error


def _in_hops(gave: Mapping[str, Any]) -> dict[str, Any]:
    """Return what 0.1.0 gave with hops in the place of searches, in whatever it gave inside as well."""
    told: dict[str, Any] = {}
    for key, value in gave.items():
        if isinstance(value, Mapping):
            told[key] = _in_hops(value)
        elif key == "hops":
            told[key] = value - 1
        elif key == "stopped":
            told[key] = _AFTER_HOPS.sub(lambda found: f"MaxHops(limit={int(found[1]) - 1})", value)
        else:
            told[key] = value
    return told
