"""The adapter's weights on disk: one safetensors file whose header says what they fit and what they bring."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...core.files import write_whole
from ..hop.checkpoint import BrokenCheckpoint, ForeignCheckpoint, NoCheckpoint
from .adapted import Adapter, Parameters, Shape

FORMAT = 1
SHIPPED = Path(__file__).parent / "weights"
_HEADER = "adapter"
_REMEDY = "train it again with `python -m polyhop.training.rerank.adapter`, or restore the file from a copy"


@dataclass(frozen=True, slots=True)
class Card:
    """What the weights say of themselves; `heldout` holds the figures on questions kept apart from training."""

    embedder: str
    shape: Shape
    seed: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    heldout: Mapping[str, Any] = field(default_factory=dict)
    polyhop: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An adapter that is ready for use; `digest` is a hash of the whole file and tells one from another."""

    card: Card = field(compare=False)
    digest: str
    adapter: Adapter = field(repr=False, compare=False)


def shipped() -> Path:
    """Return where the weights lie that come with polyhop."""
    return SHIPPED / "adapter.safetensors"


def save(path: Path, parameters: Parameters, card: Card) -> str:
    """Write weights as 16-bit floats in one step, and return the digest of the file."""
    from safetensors.numpy import save as serialise

    header = json.dumps({"format": FORMAT, **asdict(card)}, sort_keys=True)
    halves = {name: np.asarray(value, np.float16) for name, value in sorted(parameters.items())}
    data = serialise(halves, metadata={_HEADER: header})
    write_whole(path, data)
    return _digest(data)


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Loaded:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of an adapter's weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NoCheckpoint(f"no adapter weights at {str(path)!r}; check the path, or leave the adapter out") from error
    except OSError as error:
        raise BrokenCheckpoint(f"cannot read the adapter weights {str(path)!r} ({error}); {_REMEDY}") from error
    card, tensors = _parse(path, data)
    wanted = (embedder or card.embedder, dimension or card.shape.dimension)
    if (card.embedder, card.shape.dimension) != wanted:
        raise ForeignCheckpoint(
            f"the adapter weights {str(path)!r} were trained for {card.embedder!r} ({card.shape.dimension} "
            f"dimensions), not for {wanted[0]!r} ({wanted[1]}); leave the adapter out, or train one for it"
        )
    return Loaded(card, _digest(data), Adapter(card.shape, _checked(path, card.shape, tensors)))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _parse(path: Path, data: bytes) -> tuple[Card, Mapping[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as deserialise

    try:
        tensors = deserialise(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][_HEADER])
        number = header.pop("format")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenCheckpoint(
            f"{str(path)!r} is no whole file of adapter weights ({len(data):,} bytes; {error}); {_REMEDY}"
        ) from error
    if number != FORMAT:
        raise BrokenCheckpoint(
            f"the adapter weights {str(path)!r} have format {number!r}, this polyhop reads {FORMAT}; {_REMEDY}"
        )
    try:
        card = Card(**{**header, "shape": Shape(**header["shape"])})
        card.shape.parameters()
    except (KeyError, TypeError) as error:
        raise BrokenCheckpoint(
            f"the header of {str(path)!r} is not that of adapter weights ({error}); {_REMEDY}"
        ) from error
    return card, tensors


def _checked(path: Path, shape: Shape, tensors: Mapping[str, Any]) -> Parameters:
    """Return the weights as 32-bit floats once each is there, has its shape and is finite."""
    expected = shape.parameters()
    if found := sorted(expected.keys() ^ tensors.keys()):
        raise BrokenCheckpoint(f"{str(path)!r} lacks, or should not have, the weights {found[:4]}; {_REMEDY}")
    for name, size in expected.items():
        if tensors[name].shape != size:
            raise BrokenCheckpoint(f"{str(path)!r}: {name!r} has shape {tensors[name].shape}, not {size}; {_REMEDY}")
        if not np.isfinite(tensors[name]).all():
            raise BrokenCheckpoint(f"{str(path)!r}: {name!r} holds values that are not finite; {_REMEDY}")
    return {name: np.asarray(value, np.float32) for name, value in tensors.items()}
