"""TreeHop's weights on disk: one safetensors file whose header says what they were trained for and what they bring."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import CallerError, OperatorError
from ...core.files import write_whole
from .gate import FORMS, Gate, Parameters, Shape

FORMAT = 1
FILE = "treehop.safetensors"
SHIPPED = Path(__file__).parent / "weights"
_HEADER = "treehop"
_REMEDY = "train it again with `polyhop train`, or restore the file from a copy"


class NoCheckpoint(CallerError):
    """The file of weights that was asked for is not there."""


class BrokenCheckpoint(OperatorError):
    """A file of weights is cut short, altered, or something else altogether."""


class ForeignCheckpoint(OperatorError):
    """The weights were trained for the vectors of another embedder."""


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
    from safetensors.numpy import save as serialise

    header = json.dumps({"format": FORMAT, **asdict(card)}, sort_keys=True)
    halves = {name: np.asarray(value, np.float16) for name, value in sorted(parameters.items())}
    data = serialise(halves, metadata={_HEADER: header})
    write_whole(path, data)
    return _digest(data)


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Checkpoint:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of TreeHop weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NoCheckpoint(
            f"no TreeHop weights at {str(path)!r}; check the path, or make them with `polyhop train`"
        ) from error
    except OSError as error:
        raise BrokenCheckpoint(f"cannot read the TreeHop weights {str(path)!r} ({error}); {_REMEDY}") from error
    card, parameters = _parse(path, data)
    _check_origin(path, card, embedder, dimension)
    return Checkpoint(card, _digest(data), Gate(card.shape, parameters))


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


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _parse(path: Path, data: bytes) -> tuple[Card, Parameters]:
    from safetensors import SafetensorError
    from safetensors.numpy import load as deserialise

    try:
        tensors = deserialise(data)
        length = int.from_bytes(data[:8], "little")
        text = json.loads(data[8 : 8 + length])["__metadata__"][_HEADER]
        header = json.loads(text)
        number = header.pop("format")
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenCheckpoint(
            f"{str(path)!r} is no whole file of TreeHop weights ({len(data):,} bytes; {error}); {_REMEDY}"
        ) from error
    if number != FORMAT:
        raise BrokenCheckpoint(
            f"the TreeHop weights {str(path)!r} have format {number!r}, this polyhop reads {FORMAT}; {_REMEDY}"
        )
    try:
        card = Card(**{**header, "shape": Shape(**header["shape"])})
        expected = card.shape.parameters()
    except (KeyError, TypeError) as error:
        raise BrokenCheckpoint(
            f"the header of {str(path)!r} is not that of TreeHop weights ({error}); {_REMEDY}"
        ) from error
    if card.shape.form not in FORMS:
        raise BrokenCheckpoint(f"{str(path)!r} has form {card.shape.form!r}, not one of {FORMS}; {_REMEDY}")
    return card, _checked(path, expected, tensors)


def _checked(path: Path, expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Any]) -> Parameters:
    """Return the weights as 32-bit floats once each is there, has its shape and is finite."""
    if found := sorted(expected.keys() ^ tensors.keys()):
        raise BrokenCheckpoint(f"{str(path)!r} lacks, or should not have, the weights {found[:4]}; {_REMEDY}")
    for name, shape in expected.items():
        if tensors[name].shape != shape:
            raise BrokenCheckpoint(f"{str(path)!r}: {name!r} has shape {tensors[name].shape}, not {shape}; {_REMEDY}")
        if not np.isfinite(tensors[name]).all():
            raise BrokenCheckpoint(f"{str(path)!r}: {name!r} holds values that are not finite; {_REMEDY}")
    return {name: np.asarray(value, np.float32) for name, value in tensors.items()}


def _check_origin(path: Path, card: Card, embedder: str, dimension: int) -> None:
    wanted = (embedder or card.embedder, dimension or card.shape.dimension)
    if (card.embedder, card.shape.dimension) != wanted:
        raise ForeignCheckpoint(
            f"the TreeHop weights {str(path)!r} were trained for {card.embedder!r} ({card.shape.dimension} "
            f"dimensions), not for {wanted[0]!r} ({wanted[1]}); make others with `polyhop train`"
        )
