"""Files of weights, taken only if whole and as expected: safetensors with a header of ours, JSON of linear units."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import CallerError, OperatorError
from .files import write_whole
from .types import Numbers

Parameters = Mapping[str, NDArray[np.float32]]


class NoCheckpoint(CallerError):
    """The file of weights that was asked for is not there."""


class BrokenCheckpoint(OperatorError):
    """A file of weights is cut short, altered, or something else altogether."""


class ForeignCheckpoint(OperatorError):
    """The weights were trained for the vectors of another embedder."""


class Sized(Protocol):
    """The sizes of a network."""

    @property
    def dimension(self) -> int:
        """Return the dimension of the vectors that it takes."""

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by name."""


S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True)
class Card(Generic[S]):
    """What weights for the vectors of one embedder say of themselves.

    `data` is what they were trained on; `heldout` holds the figures on questions kept apart from training, such as the
    recall with and without the network at equal k.
    """

    embedder: str
    shape: S
    seed: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)
    heldout: Mapping[str, Any] = field(default_factory=dict)
    polyhop: str = ""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A kind of weights: the key of their header, its format, what messages call them, and what to do.

    Args:
        absent: what to do where there are none.
        broken: what to do where a file cannot be used.
        foreign: what to do where a file belongs to another embedder, if such weights do.
    """

    header: str
    format: int
    what: str
    absent: str
    broken: str
    foreign: str = ""

    def save(self, path: Path, tensors: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> str:
        """Write weights as they are, whole or not at all, and return the digest of the file.

        Raises:
            OperatorError: where the file cannot be written.
        """
        from safetensors.numpy import save as serialise

        header = json.dumps({"format": self.format, **card}, sort_keys=True)
        data = serialise(dict(sorted(tensors.items())), metadata={self.header: header})
        write_whole(path, data)
        return digest(data)

    def save_halves(self, path: Path, parameters: Parameters, card: Card[S]) -> str:
        """Write weights as 16-bit floats, whole or not at all, and return the digest of the file."""
        return self.save(
            path, {name: np.asarray(value, np.float16) for name, value in parameters.items()}, asdict(card)
        )

    def load(
        self, path: Path, shape: Callable[..., S], *, embedder: str = "", dimension: int = 0
    ) -> tuple[Card[S], str, Parameters]:
        """Read and check a file of weights that fit one embedder; return its card, its digest and the weights.

        Name and dimension of the embedder are compared where they are given.

        Raises:
            NoCheckpoint: if there is no such file.
            BrokenCheckpoint: if it is no sound file of such weights.
            ForeignCheckpoint: if it belongs to another embedder.
        """
        data = self.read(path)
        header, tensors = self.parse(path, data)
        try:
            card = Card(**{**header, "shape": shape(**header["shape"])})
            expected = card.shape.parameters()
        except (KeyError, TypeError, ValueError) as error:
            raise self.odd_header(path, error) from error
        self.check(path, expected, tensors)
        trained = (card.embedder, card.shape.dimension)
        wanted = (embedder or trained[0], dimension or trained[1])
        if trained != wanted:
            raise ForeignCheckpoint(
                f"the {self.what} {str(path)!r} were trained for {trained[0]!r} ({trained[1]} dimensions), "
                f"not for {wanted[0]!r} ({wanted[1]}); {self.foreign}"
            )
        return card, digest(data), {name: np.asarray(value, np.float32) for name, value in tensors.items()}

    def read(self, path: Path) -> bytes:
        """Return the bytes of a file.

        Raises:
            NoCheckpoint: if it is not there.
            BrokenCheckpoint: if it cannot be read.
        """
        try:
            return path.read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise NoCheckpoint(f"no {self.what} at {str(path)!r}; {self.absent}") from error
        except OSError as error:
            raise BrokenCheckpoint(f"cannot read the {self.what} {str(path)!r} ({error}); {self.broken}") from error

    def parse(self, path: Path, data: bytes) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Return the header without its format, and the tensors.

        Raises:
            BrokenCheckpoint: if it is no whole file of this kind and format.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load as deserialise

        try:
            tensors = deserialise(data)
            length = int.from_bytes(data[:8], "little")
            header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][self.header])
            number = header.pop("format")
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BrokenCheckpoint(
                f"{str(path)!r} is no whole file of {self.what} ({len(data):,} bytes; {error}); {self.broken}"
            ) from error
        if number != self.format:
            raise BrokenCheckpoint(
                f"the {self.what} {str(path)!r} have format {number!r}, this polyhop reads {self.format}; {self.broken}"
            )
        return header, tensors

    def odd_header(self, path: Path, error: Exception) -> BrokenCheckpoint:
        """Return the error for a header that does not say what such weights say."""
        return BrokenCheckpoint(f"the header of {str(path)!r} is not that of {self.what} ({error}); {self.broken}")

    def check(self, path: Path, expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Any]) -> None:
        """Refuse weights unless each is there, has its shape and is finite."""
        if found := sorted(expected.keys() ^ tensors.keys()):
            raise BrokenCheckpoint(f"{str(path)!r} lacks, or should not have, the weights {found[:4]}; {self.broken}")
        for name, shape in expected.items():
            if tensors[name].shape != shape:
                raise BrokenCheckpoint(
                    f"{str(path)!r}: {name!r} has shape {tensors[name].shape}, not {shape}; {self.broken}"
                )
            if not np.isfinite(tensors[name]).all():
                raise BrokenCheckpoint(f"{str(path)!r}: {name!r} holds values that are not finite; {self.broken}")


def digest(data: bytes) -> str:
    """Return a hash of a whole file, which tells weights apart."""
    return hashlib.sha256(data).hexdigest()[:16]


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear unit over named features."""

    weights: Numbers
    bias: float

    def __call__(self, rows: Numbers) -> Numbers:
        """Return a number for each row, shape (rows,)."""
        result: Numbers = rows @ self.weights + self.bias
        return result

    @classmethod
    def of(cls, row: Mapping[str, Any], names: Sequence[str]) -> Linear:
        """Return the unit that a file describes, whose features have to be these."""
        if list(row["weights"]) != list(names):
            raise ValueError(f"features {list(row['weights'])} instead of {list(names)}")
        weights, bias = np.array(list(row["weights"].values()), np.float64), float(row["bias"])
        if not (np.isfinite(weights).all() and np.isfinite(bias)):
            raise ValueError("weights that are not finite")
        return cls(weights, bias)


def load_linear(
    file: Path, make: Callable[[Mapping[str, Any]], T], *, what: str, command: str, format: int | None = None
) -> T:
    """Return what is made of a JSON file of linear units.

    Args:
        make: makes it of the content, by `Linear.of`; what it raises says that the file is not as it should be.
        what: what messages call the weights.
        command: the module that makes them.
        format: the file's format, where it has one.

    Raises:
        OperatorError: if the file is missing or not as it should be.
    """
    try:
        held = json.loads(file.read_text("utf-8"))
        if format is not None and held["format"] != format:
            raise ValueError(f"format {held['format']!r}, this polyhop reads {format}")
        return make(held)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OperatorError(
            f"cannot use the {what} {str(file)!r} ({error}); make it again with `python -m polyhop.{command}`, or "
            "restore the file from a copy"
        ) from error
