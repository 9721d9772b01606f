"""What all encoders ask of their input."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.errors import CallerError


def readable(texts: Sequence[str]) -> list[str]:
    """Return the texts as a tokenizer can read them: surrogate pairs joined, lone ones replaced by U+FFFD."""
    if isinstance(texts, str):
        raise CallerError(f"encode: expected a sequence of texts, got the string {texts[:40]!r}; put it into a list")
    return [_readable(text, place) for place, text in enumerate(texts)]


def _readable(text: str, place: int) -> str:
    if not isinstance(text, str):
        raise CallerError(f"encode: text {place} is {text!r} of type {type(text).__name__!r}; pass strings only")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
