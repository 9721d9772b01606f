"""TreeHop's weights on disk: one safetensors file whose header says what they were trained for and what they bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...core.weights_file import Card, ForeignCheckpoint, WeightsFile
from .treehop_network import Gate, Parameters, Shape

FORMAT = 1
FILE = "treehop.safetensors"
SHIPPED = Path(__file__).parent / "weights"
_KIND = WeightsFile(
    header="treehop",
    format=FORMAT,
    what="TreeHop weights",
    absent="check the path, or make them with `polyhop train`",
    broken="train it again with `polyhop train`, or restore the file from a copy",
    foreign="make others with `polyhop train`",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights that are ready for use; `digest` is a hash of the whole file and tells one from another."""

    card: Card[Shape] = field(compare=False)
    digest: str
    gate: Gate = field(repr=False, compare=False)


def save(path: Path, parameters: Parameters, card: Card[Shape]) -> str:
    """Write weights as 16-bit floats in one step, and return the digest of the file."""
    return _KIND.save_halves(path, parameters, card)


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Checkpoint:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of TreeHop weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    card, digest, parameters = _KIND.load(path, Shape, embedder=embedder, dimension=dimension)
    return Checkpoint(card, digest, Gate(card.shape, parameters))


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
