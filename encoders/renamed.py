"""What 0.1 called the role and its methods: the old names work for one more release and warn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ..core.errors import CallerError
from ..core.types import Vectors
from .role import Encoder

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
    _warn(f"the function {module}.embed_queries", "the method encode_queries")
    return lambda encoder, texts: accepted(encoder).encode_queries(texts)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is {new} now; the old name goes with the next release", DeprecationWarning, stacklevel=3)
