"""Two makes of the same cases, and what is different between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cases import Golden

TOLERANCE = 1e-6
#: for the last digit that is kept of either score
ROUNDING = 1.1e-7
EXAMPLES = 8


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
        group = one.case.kind, one.case.profile
        ranked.append((turns[group], place))
        turns[group] += 1
    return [found[place] for _, place in sorted(ranked)[:EXAMPLES]]
