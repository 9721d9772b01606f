"""The link index: which names a passage bears and which it mentions."""

from __future__ import annotations


def names_of(title: str, text: str) -> list[tuple[str, int]]:
    return []
