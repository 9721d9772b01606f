"""Prompt texts, one file each."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def load(name: str) -> str:
    """Return the prompt called `name`; `ValueError` lists those there are."""
    folder = resources.files(__name__)
    file = folder / f"{name}.md"
    if "/" in name or not file.is_file():
        known = sorted(entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md"))
        raise ValueError(f"unknown prompt {name!r}; choose one of {known}")
    return file.read_text(encoding="utf-8")


def prompted(name: str, said: str) -> list[dict[str, str]]:
    """Return the messages for a language model: the prompt called `name`, and what the user says."""
    return [{"role": "system", "content": load(name)}, {"role": "user", "content": said}]
