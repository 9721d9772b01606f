"""Files of weights: one safetensors file with a header of ours, taken only if it is whole and as expected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CallerError, OperatorError
from .files import write_whole

Parameters = Mapping[str, NDArray[np.float32]]


class NoCheckpoint(CallerError):
    """The file of weights that was asked for is not there."""


class BrokenCheckpoint(OperatorError):
    """A file of weights is cut short, altered, or something else altogether."""


class ForeignCheckpoint(OperatorError):
    """The weights were trained for the vectors of another embedder."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of weights: the key of their header, its format, what messages call them, and what to do.

    Args:
        absent: what to do where there are none.
        broken: what to do where a file cannot be used.
        foreign: what to do where a file belongs to another embedder.
    """

    header: str
    format: int
    what: str
    absent: str
    broken: str
    foreign: str

    def save(self, path: Path, parameters: Parameters, card: Mapping[str, Any]) -> str:
        """Write weights as 16-bit floats, whole or not at all, and return the digest of the file."""
        from safetensors.numpy import save as serialise

        header = json.dumps({"format": self.format, **card}, sort_keys=True)
        halves = {name: np.asarray(value, np.float16) for name, value in sorted(parameters.items())}
        data = serialise(halves, metadata={self.header: header})
        write_whole(path, data)
        return digest(data)

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

    def checked(self, path: Path, expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Any]) -> Parameters:
        """Return the weights as 32-bit floats once each is there, has its shape and is finite."""
        if found := sorted(expected.keys() ^ tensors.keys()):
            raise BrokenCheckpoint(f"{str(path)!r} lacks, or should not have, the weights {found[:4]}; {self.broken}")
        for name, shape in expected.items():
            if tensors[name].shape != shape:
                raise BrokenCheckpoint(
                    f"{str(path)!r}: {name!r} has shape {tensors[name].shape}, not {shape}; {self.broken}"
                )
            if not np.isfinite(tensors[name]).all():
                raise BrokenCheckpoint(f"{str(path)!r}: {name!r} holds values that are not finite; {self.broken}")
        return {name: np.asarray(value, np.float32) for name, value in tensors.items()}

    def of_embedder(self, path: Path, trained: tuple[str, int], wanted: tuple[str, int]) -> None:
        """Compare the embedder, name and dimension, that weights were trained for; empty and 0 are as they are."""
        wanted = (wanted[0] or trained[0], wanted[1] or trained[1])
        if trained != wanted:
            raise ForeignCheckpoint(
                f"the {self.what} {str(path)!r} were trained for {trained[0]!r} ({trained[1]} dimensions), "
                f"not for {wanted[0]!r} ({wanted[1]}); {self.foreign}"
            )


def digest(data: bytes) -> str:
    """Return a hash of a whole file, which tells weights apart."""
    return hashlib.sha256(data).hexdigest()[:16]
