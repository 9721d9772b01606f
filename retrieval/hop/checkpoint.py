"""TreeHop's weights on disk: one safetensors file whose header says what they were trained for and what they bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...core.weights_file import BrokenCheckpoint, ForeignCheckpoint, Kind, NoCheckpoint, digest
from .treehop_network import FORMS, Gate, Parameters, Shape

__all__ = [
    "BrokenCheckpoint",
    "Card",
    "Checkpoint",
    "ForeignCheckpoint",
    "NoCheckpoint",
    "find",
    "load",
    "save",
    "shipped",
]

FORMAT = 1
FILE = "treehop.safetensors"
SHIPPED = Path(__file__).parent / "weights"
_KIND = Kind(
    header="treehop",
    format=FORMAT,
    what="TreeHop weights",
    absent="check the path, or make them with `polyhop train`",
    broken="train it again with `polyhop train`, or restore the file from a copy",
    foreign="make others with `polyhop train`",
)


@dataclass(frozen=True, slots=True)
class Card:
    """What a checkpoint says of itself.

    `heldout` holds the recall on questions kept apart from training, with and without the network at equal k; `data`
    what it was trained on.
    """

    embedder: str
    shape: Shape
    seed: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    heldout: Mapping[str, Any] = field(default_factory=dict)
    polyhop: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights that are ready for use; `digest` is a hash of the whole file and tells one from another."""

    card: Card = field(compare=False)
    digest: str
    gate: Gate = field(repr=False, compare=False)


def save(path: Path, parameters: Parameters, card: Card) -> str:
    """Write weights as 16-bit floats in one step, so that a reader finds the old file or the whole new one.

    Returns the digest of the file.
    """
    return _KIND.save(path, parameters, asdict(card))


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Checkpoint:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of TreeHop weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    data = _KIND.read(path)
    header, tensors = _KIND.parse(path, data)
    try:
        card = Card(**{**header, "shape": Shape(**header["shape"])})
        expected = card.shape.parameters()
    except (KeyError, TypeError) as error:
        raise _KIND.odd_header(path, error) from error
    if card.shape.form not in FORMS:
        raise BrokenCheckpoint(f"{str(path)!r} has form {card.shape.form!r}, not one of {FORMS}; {_KIND.broken}")
    parameters = _KIND.checked(path, expected, tensors)
    _KIND.of_embedder(path, (card.embedder, card.shape.dimension), (embedder, dimension))
    return Checkpoint(card, digest(data), Gate(card.shape, parameters))


def find(folders: Sequence[Path], *, embedder: str, dimension: int) -> tuple[Checkpoint | None, list[str]]:
    """Return the weights for an embedder, from the first folder that has some, else those shipped; and what to tell.

    Weights of another embedder, left over from before a collection was embedded anew, are passed over and told.
    """
    told: list[str] = []
    for path in (*(folder / FILE for folder in folders), shipped(embedder)):
        if not path.is_file():
            continue
        try:
            return load(path, embedder=embedder, dimension=dimension), told
        except ForeignCheckpoint as error:
            told.append(str(error))
    told.append(
        f"updater 'treehop' is left out: there are no TreeHop weights for the embedder {embedder!r}; "
        "make some with `polyhop train`"
    )
    return None, told


def shipped(embedder: str) -> Path:
    """Return where the weights for an embedder lie that come with polyhop, if they do."""
    return SHIPPED / f"{embedder.removeprefix('sentence-transformers/').replace('/', '_')}.safetensors"
