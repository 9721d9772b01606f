"""A case: one thing that was asked, and what came of it, as it is kept in a file; and what differs between makes."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..harness import BenchmarkError

DECIMALS = 7
#: 2: hops are counted, not searches
FORMAT = 2
_AFTER_HOPS = re.compile(r"AfterHops\(limit=(\d+)\)")
TOLERANCE = 1e-6
#: for the last digit that is kept of either score
ROUNDING = 1.1e-7
EXAMPLES = 8


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


@dataclass(frozen=True, slots=True)
class Difference:
    """A case that gave something else: where first, and what it was and is."""

    case: Golden
    where: str
    was: Any
    now: Any

    def __str__(self) -> str:
        name = " ".join(filter(None, self.case.name))
        return f"{name}: {self.where or 'the case'} was {self.was!r:.60}, is {self.now!r:.60}"


def differences(before: Sequence[Golden], after: Sequence[Golden]) -> list[Difference]:
    """Return each case that is not the same in both, with the first thing in it that differs."""
    old, new = ({case.name: case for case in cases} for cases in (before, after))
    found = []
    for name in sorted({*old, *new}):
        if name not in old or name not in new:
            was, now = ("there" if name in cases else "missing" for cases in (old, new))
            found.append(Difference(old.get(name) or new[name], "", was, now))
        elif first := next(_unequal(old[name].gave, new[name].gave, ""), None):
            found.append(Difference(old[name], *first))
    return found


def _unequal(was: Any, now: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield where two values differ, in their order; numbers with decimals may differ by the tolerance."""
    if isinstance(was, Mapping) and isinstance(now, Mapping) and set(was) == set(now):
        for key in was:
            yield from _unequal(was[key], now[key], f"{where}.{key}" if where else key)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for place, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _unequal(one, other, f"{where}[{place}]")
    elif isinstance(was, float) and isinstance(now, float):
        if not abs(was - now) <= TOLERANCE + ROUNDING:
            yield where, was, now
    elif type(was) is not type(now) or was != now:
        yield where, was, now


def summary(found: Sequence[Difference], cases: Sequence[Golden]) -> str:
    """Return how many cases differ, by kind and profile, and the first examples."""
    if not found:
        return f"identical: {len(cases):,} cases\n"
    all_of = Counter((case.kind, case.profile) for case in cases)
    counts = Counter((one.case.kind, one.case.profile) for one in found)
    lines = [f"different: {len(found):,} of {len(cases):,} cases"]
    for group in sorted({*all_of, *counts}):
        lines.append(f"  {group[0]:<13} {group[1]:<8} {counts[group]:>4} of {all_of[group]}")
    lines += ["first:", *(f"  {one}" for one in _spread(found))]
    return "\n".join(lines) + "\n"


def _spread(found: Sequence[Difference]) -> list[Difference]:
    """Return a few differences, of as many kinds and profiles as there are."""
    turns: Counter[tuple[str, str]] = Counter()
    ranked = []
    for place, one in enumerate(found):
        turns[group := (one.case.kind, one.case.profile)] += 1
        ranked.append((turns[group], place))
    return [found[place] for _, place in sorted(ranked)[:EXAMPLES]]
