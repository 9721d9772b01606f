"""The adapter's weights on disk: one safetensors file whose header says what they fit and what they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...core.weights_file import Kind, digest
from .adapted import Adapter, Parameters, Shape

FORMAT = 1
SHIPPED = Path(__file__).parent / "weights"
_KIND = Kind(
    header="adapter",
    format=FORMAT,
    what="adapter weights",
    absent="check the path, or leave the adapter out",
    broken="train it again with `python -m polyhop.training.rerank.adapter`, or restore the file from a copy",
    foreign="leave the adapter out, or train one for it",
)


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
    return _KIND.save(path, parameters, asdict(card))


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Loaded:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of an adapter's weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    data = _KIND.read(path)
    header, tensors = _KIND.parse(path, data)
    try:
        card = Card(**{**header, "shape": Shape(**header["shape"])})
        expected = card.shape.parameters()
    except (KeyError, TypeError, ValueError) as error:
        raise _KIND.odd_header(path, error) from error
    parameters = _KIND.checked(path, expected, tensors)
    _KIND.of_embedder(path, (card.embedder, card.shape.dimension), (embedder, dimension))
    return Loaded(card, digest(data), Adapter(card.shape, parameters))
