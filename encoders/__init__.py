"""Embedders: text in, unit vectors out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from ..core.settings import Settings
from ..core.types import Vectors
from .role import Embedder

_SOLOMON = "solomon="

__all__ = ["Embedder", "Vectors", "load"]


def load(name: str | None = None, settings: Settings | None = None) -> Embedder:
    """Load an embedder by name, by default the one of the settings.

    The imports wait for the choice: onnxruntime takes a quarter of a second, sentence-transformers several.
    """
    chosen = Settings() if settings is None else settings
    wanted = chosen.embedder if name is None else name
    if wanted in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"):
        return _minilm(chosen.cache)
    if wanted.startswith(_SOLOMON):
        from .solomon import Solomon

        return Solomon(wanted.removeprefix(_SOLOMON), threshold=chosen.gate)
    from .sentence_transformer import SentenceModel

    return SentenceModel(wanted)


@lru_cache(maxsize=2)
def _minilm(cache: Path) -> Embedder:
    """Load the default embedder once in a process: it holds 200 MB and may be shared by any number of threads."""
    from .minilm import MiniLM

    return MiniLM(cache)
