"""The encoder role, what every encoder asks of its input, and the old names of 0.1, which work and warn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from ..core.errors import CallerError
from ..core.types import Vectors


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into unit vectors; the same text always gives the same vector.

    Many models were trained to read queries in another way than passages, each behind a prompt of its own. A model that
    makes no difference gives the same vectors for both.

    `name` is recorded in a collection and a collection refuses another encoder; it stands for the model with its
    prompts. `max_tokens` is how much of a passage is read, counted as `count_tokens` counts.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension): for what is searched with.

        Raises:
            CallerError: for one string in the place of a sequence, and for what is no string.
        """

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension): for what is found.

        Raises:
            CallerError: as for `encode_queries`.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""


def __getattr__(name: str) -> Any:
    return old_name(__name__, name)


def readable(texts: Sequence[str]) -> list[str]:
    """Return the texts as a tokenizer can read them: surrogate pairs joined, lone ones replaced by U+FFFD.

    Raises:
        CallerError: for one string in the place of a sequence, and for what is no string.
    """
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


_MEMBERS = ("name", "dimension", "max_tokens", "encode_queries", "encode_passages", "count_tokens")


class OldMethods:
    """`embed` and `embed_queries` for the encoders that come along."""

    def embed(self: Encoder, texts: Sequence[str]) -> Vectors:
        """Do what `encode_passages` does."""
        _warn("the method embed", "encode_passages, or encode_queries for what is searched with")
        return self.encode_passages(texts)

    def embed_queries(self: Encoder, texts: Sequence[str]) -> Vectors:
        """Do what `encode_queries` does."""
        _warn("the method embed_queries", "encode_queries")
        return self.encode_queries(texts)


class _Adapted:
    """An encoder of one's own that has the old methods."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.encode_passages: Callable[[Sequence[str]], Vectors] = inner.embed
        self.encode_queries: Callable[[Sequence[str]], Vectors] = getattr(inner, "embed_queries", inner.embed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def accepted(encoder: Any) -> Encoder:
    """Return an encoder that a caller hands in; one with the old methods is wrapped.

    Raises:
        CallerError: if it lacks something that an encoder has.
    """
    if hasattr(encoder, "embed") and not hasattr(encoder, "encode_passages"):
        kind = type(encoder).__name__
        _warn(f"{kind}.embed", f"encode_passages (and {kind}.embed_queries is encode_queries, which has to be there)")
        encoder = _Adapted(encoder)
    if missing := [name for name in _MEMBERS if not hasattr(encoder, name)]:
        raise CallerError(f"{encoder!r:.80} is no encoder: it lacks {', '.join(missing)}; see polyhop.encoders.Encoder")
    return encoder  # type: ignore[no-any-return]


def old_name(module: str, name: str) -> Any:
    """Return what a module had under one of the two old names."""
    if name == "Embedder":
        _warn(f"{module}.Embedder", f"{module}.Encoder")
        return Encoder
    if name != "embed_queries":
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    _warn(f"the function {module}.embed_queries", "the method encode_queries")
    return lambda encoder, texts: accepted(encoder).encode_queries(texts)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is {new} now; the old name goes with the next release", DeprecationWarning, stacklevel=3)
