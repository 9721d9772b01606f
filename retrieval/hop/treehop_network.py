"""TreeHop's network: from a query vector and a passage's vector to the next query vector, in numpy.

Li et al., "TreeHop" (arXiv 2504.20114), equations 3 and 4, and the residual stack of its public code. The gate is no
attention over tokens: there is one query and one passage vector, and the softmax runs over the features.

    q' = q - c + G(q, c)
    a  = softmax((Wq q + bq) * (Wk c + bk) / sqrt(width))        element-wise product
    o  = a * (Wv c + bv)
    m  = o, then for each block  m = m + relu(linear(norm(m)))
    G  = project(out(m) + o)

Nothing here needs torch: the trainer's network has the same parameters under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.types import Vectors
from ...core.vectors import unit
from ...core.weights_file import Card, ForeignCheckpoint, WeightsFile

Parameters = Mapping[str, NDArray[np.float32]]

#: How the passage is taken out of the query: as published, or with learned factors `a q - b c + G`; and whether the
#: state that the next hop starts from has unit length.
FORMS = ("published", "scaled", "unit", "scaled-unit")
EPSILON = 1e-5  # of the layer norm


@dataclass(frozen=True, slots=True)
class TreeHopShape:
    """The sizes of a network: of its vectors, of its gate, how many residual blocks; and its form, one of `FORMS`."""

    dimension: int
    width: int = 512
    blocks: int = 3
    form: str = "published"

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form {self.form!r}, not one of {FORMS}")

    @property
    def scaled(self) -> bool:
        """Say whether query and passage have learned factors."""
        return self.form.startswith("scaled")

    @property
    def unit_state(self) -> bool:
        """Say whether the state is scaled to unit length after each hop."""
        return self.form.endswith("unit")

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter by name; matrices are (out, in)."""
        wide, narrow = (self.width, self.dimension), (self.width,)
        found: dict[str, tuple[int, ...]] = {}
        for part in ("query", "key", "value"):
            found |= {f"{part}.weight": wide, f"{part}.bias": narrow}
        for block in range(self.blocks):
            found |= {f"blocks.{block}.norm.weight": narrow, f"blocks.{block}.norm.bias": narrow}
            found |= {f"blocks.{block}.linear.weight": (self.width, self.width), f"blocks.{block}.linear.bias": narrow}
        found |= {"out.weight": (self.width, self.width), "out.bias": narrow}
        found["project.weight"] = (self.dimension, self.width)
        if self.scaled:
            found |= {"keep": (), "drop": ()}
        return found


@dataclass(frozen=True, slots=True, eq=False)
class TreeHopNetwork:
    """The network with its weights.

    It returns raw states, which the next hop starts from; `unit` makes of one what an index is asked with. To go on
    from the unit vector instead would be another network, unless its form says so.
    """

    shape: TreeHopShape
    parameters: Parameters

    def __call__(self, queries: Vectors, passages: Vectors) -> Vectors:
        """Return the next states of pairs, shapes (pairs, dimension) all three; queries are raw states."""
        gated = self._gated(queries, passages)
        value = gated
        for block in range(self.shape.blocks):
            value = value + np.maximum(self._linear(f"blocks.{block}.linear", self._norm(block, value)), 0)
        gain = (self._linear("out", value) + gated) @ self.parameters["project.weight"].T
        keep, drop = (self.parameters["keep"], self.parameters["drop"]) if self.shape.scaled else (1, 1)
        state: Vectors = (keep * queries - drop * passages + gain).astype(np.float32, copy=False)
        return unit(state) if self.shape.unit_state else state

    def _gated(self, queries: Vectors, passages: Vectors) -> Vectors:
        scores = self._linear("query", queries) * self._linear("key", passages) / np.sqrt(np.float32(self.shape.width))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        result: Vectors = weights * self._linear("value", passages)
        return result

    def _linear(self, name: str, rows: Vectors) -> Vectors:
        result: Vectors = rows @ self.parameters[f"{name}.weight"].T + self.parameters[f"{name}.bias"]
        return result

    def _norm(self, block: int, rows: Vectors) -> Vectors:
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        stem = f"blocks.{block}.norm"
        result: Vectors = centred / scale * self.parameters[f"{stem}.weight"] + self.parameters[f"{stem}.bias"]
        return result


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

    card: Card[TreeHopShape] = field(compare=False)
    digest: str
    gate: TreeHopNetwork = field(repr=False, compare=False)


def save(path: Path, parameters: Parameters, card: Card[TreeHopShape]) -> str:
    """Write weights as 16-bit floats in one step, and return the digest of the file."""
    return _KIND.save_halves(path, parameters, card)


def load(path: Path, *, embedder: str = "", dimension: int = 0) -> Checkpoint:
    """Read and check a file of weights; name and dimension of the embedder are compared where they are given.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of TreeHop weights.
        ForeignCheckpoint: if it belongs to another embedder.
    """
    card, digest, parameters = _KIND.load(path, TreeHopShape, embedder=embedder, dimension=dimension)
    return Checkpoint(card, digest, TreeHopNetwork(card.shape, parameters))


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
