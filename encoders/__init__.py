"""Encoders: text in, unit vectors out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..core.errors import CallerError
from ..core.registry import Registry
from ..core.settings import Settings
from ..core.types import Vectors
from .role import Encoder, old_name

__all__ = ["ENCODERS", "Encoder", "Vectors", "load", "load_recorded", "with_transform"]

_MINILM = "polyhop.encoders.minilm:MiniLM"
_KNOWN = {
    "all-MiniLM-L6-v2": _MINILM,
    "sentence-transformers/all-MiniLM-L6-v2": _MINILM,
    "solomon": "polyhop.encoders.solomon:Solomon",
}
#: a class of one's own, `module:Class`, maybe with an argument
_OWN = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*(=.*)?", re.DOTALL)

#: encoders by name; the settings are handed to those that are `configured`
ENCODERS: Registry[Encoder] = Registry("encoder", "polyhop.encoders", _KNOWN, Encoder)


def load(name: str | None = None, settings: Settings | None = None) -> Encoder:
    """Load an encoder, by default the one of the settings.

    A name that is none of the registry's, nor `module:Class`, is that of a sentence-transformers model, as is that of
    a folder. The imports wait for the choice: onnxruntime takes a quarter of a second, sentence-transformers several.

    Raises:
        CallerError: for a class that cannot be loaded or is no encoder.
        OperatorError: for a model that sentence-transformers cannot load.
    """
    chosen = Settings() if settings is None else settings
    wanted = chosen.embedder if name is None else name
    if _named(wanted) or _own(wanted):
        return ENCODERS.make(wanted, chosen)
    from .sentence_transformer import SentenceModel

    return SentenceModel(wanted)


def load_recorded(name: str, settings: Settings | None = None) -> Encoder:
    """Load the encoder whose name stands in a collection or an export.

    Such a file may come from anybody, so it cannot have a class of its choice imported and called. Where the settings
    name a class whose encoders bear the name, it is that one.

    Raises:
        CallerError: for the name of a class that the settings do not name.
        OperatorError: for a model that sentence-transformers cannot load.
    """
    chosen = Settings() if settings is None else settings
    if _own(chosen.embedder) and not _named(name):
        encoder = load(settings=chosen)
        if encoder.name == name:
            return encoder
    if _own(name):
        raise CallerError(
            f"encoder {name!r} is a class, which a collection cannot choose; name it in POLYHOP_EMBEDDER, or give the "
            "encoder itself"
        )
    return load(name, chosen)


def with_transform(encoder: Encoder, spec: str) -> Encoder:
    """Return an encoder whose queries go through the transform of this name; one that has a transform keeps its own.

    Raises:
        CallerError: for a transform that is not there, or is none.
        OperatorError: for weights that cannot be used, or are another encoder's.
    """
    if not spec:
        return encoder
    from .transform import TRANSFORMS, Transformed

    return encoder if isinstance(encoder, Transformed) else Transformed(encoder, TRANSFORMS.make(spec, encoder))


def _named(wanted: str) -> bool:
    name = wanted.partition("=")[0].strip()
    return name in _KNOWN or name in ENCODERS.names()


def _own(wanted: str) -> bool:
    return _OWN.fullmatch(wanted.strip()) is not None and not Path(wanted).exists()


def __getattr__(name: str) -> Any:
    return old_name(__name__, name)
