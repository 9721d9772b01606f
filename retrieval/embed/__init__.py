"""Embedders: text in, unit vectors out."""

from __future__ import annotations

from ...core.settings import Settings
from .role import Embedder, Vectors

__all__ = ["Embedder", "Vectors", "load"]


def load(name: str | None = None, settings: Settings | None = None) -> Embedder:
    """Load an embedder by name, by default the one of the settings.

    The imports wait for the choice: onnxruntime takes a quarter of a second, sentence-transformers several.
    """
    chosen = Settings() if settings is None else settings
    wanted = chosen.embedder if name is None else name
    if wanted in ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"):
        from .minilm import MiniLM

        return MiniLM(chosen.cache)
    from .sentence import SentenceModel

    return SentenceModel(wanted)
