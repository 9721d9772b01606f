"""The cross-encoder's weights on disk: one safetensors file of 8-bit matrices, and its ONNX graph in the cache.

Words and positions are the default embedder's and lie in its package; the file holds the layers, the vectors of the two
segments and the head. `python -m polyhop.retrieval.rerank.crossfile FOLDER FILE` writes the graph.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.weights_file import BrokenCheckpoint, WeightsFile, digest
from ...encoders import graph_cache, minilm

FORMAT = 1
MOST_LAYERS = 24
MOST_OUTPUTS = 8
VERSION = 1  # of the graph: raise it whenever bert.py changes what it writes
SHIPPED = Path(__file__).parent / "weights" / "cross.safetensors"
SCALE = ".scale"
#: Numbers of a matrix go from -63 to 63: on processors without 8-bit dot products, sums of two full products overflow.
LARGEST = 63
HIDDEN, INNER = 384, 1536
_KIND = WeightsFile(
    header="cross",
    format=FORMAT,
    what="cross-encoder weights",
    absent="check the path",
    broken="train it again with `python -m polyhop.training.rerank`, or restore the file from a copy",
)

Parameters = Mapping[str, NDArray[Any]]
BrokenWeights = BrokenCheckpoint  # its name in 0.1


@dataclass(frozen=True, slots=True)
class CrossEncoderCard:
    """What the weights say of themselves: how many layers and logits, and what they were trained on and with.

    `tokens` says that there are logits for each token, not for a pair.
    """

    layers: int
    data: Mapping[str, Any] = field(default_factory=dict)
    polyhop: str = ""
    outputs: int = 1
    tokens: bool = False


def save(path: Path, parameters: Mapping[str, NDArray[np.float32]], card: CrossEncoderCard) -> None:
    """Write trained weights with their matrices in 8 bits, whole or not at all."""
    small: dict[str, NDArray[Any]] = {}
    for name, value in parameters.items():
        if name.startswith("encoder.") and value.ndim == 2:
            small[name], small[name + SCALE] = quantised(value)
        else:
            small[name] = np.asarray(value, np.float32)
    _KIND.save(path, small, asdict(card))


def quantised(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a matrix (out, in) as 8-bit numbers and the scale of each row, shape (out,)."""
    scales = np.maximum(np.abs(matrix).max(axis=1), np.finfo(np.float32).tiny) / LARGEST
    return np.rint(matrix / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def load(path: Path) -> tuple[CrossEncoderCard, Parameters]:
    """Read and check a file of weights.

    Raises:
        NoCheckpoint: if there is no such file.
        BrokenCheckpoint: if it is no sound file of cross-encoder weights.
    """
    return _parse(path, _KIND.read(path))


def plain(parameters: Parameters) -> dict[str, NDArray[np.float32]]:
    """Return weights as `save` takes them, with their 8-bit matrices as numbers of the size that they stand for."""
    own = {name: value for name, value in parameters.items() if not name.endswith(SCALE)}
    scales = {name: parameters[name + SCALE][:, None] for name in own if name + SCALE in parameters}
    return {name: np.asarray(value * scales.get(name, 1), np.float32) for name, value in own.items()}


def graph(cache: Path, path: Path) -> tuple[Path, list[str]]:
    """Return where the graph of a file of weights lies in `cache`, and the arguments of the process that writes it.

    Raises what `load` raises: here an error keeps its type, which it cannot in a process of its own.
    """
    data = _KIND.read(path)
    _parse(path, data)
    return cache / f"cross-{digest(data)}-{minilm.SHA256[:12]}-v{VERSION}.onnx", [str(cache), str(path)]


def shapes(layers: int, outputs: int = 1) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight by name; matrices are (out, in)."""
    found: dict[str, tuple[int, ...]] = {"embeddings.token_type_embeddings.weight": (2, HIDDEN)}
    found |= {"head.weight": (outputs, HIDDEN), "head.bias": (outputs,)}
    attention = {f"attention.self.{part}": (HIDDEN, HIDDEN) for part in ("query", "key", "value")}
    matrices = {
        **attention,
        "attention.output.dense": (HIDDEN, HIDDEN),
        "intermediate.dense": (INNER, HIDDEN),
        "output.dense": (HIDDEN, INNER),
    }
    for layer in range(layers):
        stem = f"encoder.layer.{layer}."
        for name, shape in matrices.items():
            rows = shape[:1]
            found |= {f"{stem}{name}.weight": shape, f"{stem}{name}.weight{SCALE}": rows, f"{stem}{name}.bias": rows}
        for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
            found |= {f"{stem}{norm}.weight": (HIDDEN,), f"{stem}{norm}.bias": (HIDDEN,)}
    return found


def _parse(path: Path, data: bytes) -> tuple[CrossEncoderCard, Parameters]:
    header, tensors = _KIND.parse(path, data)
    try:
        card = CrossEncoderCard(**header)
    except TypeError as error:
        raise _KIND.odd_header(path, error) from error
    if type(card.layers) is not int or not 1 <= card.layers <= MOST_LAYERS:
        raise _KIND.odd_header(path, ValueError(f"{card.layers!r} layers"))
    if type(card.outputs) is not int or not 1 <= card.outputs <= MOST_OUTPUTS:
        raise _KIND.odd_header(path, ValueError(f"{card.outputs!r} outputs"))
    if type(card.tokens) is not bool:
        raise _KIND.odd_header(path, ValueError(f"tokens={card.tokens!r}"))
    expected = shapes(card.layers, card.outputs)
    _KIND.check(path, expected, tensors)
    for name, tensor in tensors.items():
        if tensor.dtype != (kind := np.int8 if name + SCALE in expected else np.float32):
            raise BrokenCheckpoint(
                f"{str(path)!r}: {name!r} is of type {tensor.dtype}, not {kind.__name__}; {_KIND.broken}"
            )
    return card, tensors


def _build(path: Path) -> bytes:
    from safetensors.numpy import load as deserialise

    from ...encoders.bert import build_scorer

    card, own = load(path)
    given = deserialise(minilm.checked_weights())
    shared = {name: value for name, value in given.items() if name.startswith("embeddings.")}
    shape: dict[str, Any] = {"layers": card.layers, "heads": minilm.HEADS, "epsilon": minilm.EPSILON}
    made = build_scorer({**shared, **own}, **shape, tokens=card.tokens)
    return bytes(made.SerializeToString())


def main(arguments: list[str]) -> int:
    """Write the graph of a file of weights into a folder; return the exit status."""
    if len(arguments) != 2:
        print("usage: python -m polyhop.retrieval.rerank.crossfile FOLDER FILE", file=sys.stderr)
        return 2
    cache, path = map(Path, arguments)
    return graph_cache.told(lambda: graph_cache.keep(graph(cache, path)[0], lambda: _build(path)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
