"""Write the default embedder's ONNX graph into the cache: `python -m polyhop.encoders.export FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from . import graph_cache, weights

VERSION = 1  # of the graph in bert.py: raise it whenever that file changes what it writes
HEADS, EPSILON = 12, 1e-12


def target(cache: Path) -> Path:
    """Return where the graph lies in `cache`; new weights or a new graph get a new name."""
    return cache / f"all-MiniLM-L6-v2-{weights.SHA256[:12]}-v{VERSION}.onnx"


def export(cache: Path) -> Path:
    """Write the graph unless a sound one is there; concurrent processes wait for the first."""
    return graph_cache.keep(target(cache), _graph)


def _graph() -> bytes:
    """Return the serialised graph of the packaged weights."""
    from safetensors.numpy import load

    from .bert import build

    parameters = load(weights.checked(weights.folder() / "model.safetensors"))
    return bytes(build(parameters, layers=6, heads=HEADS, epsilon=EPSILON).SerializeToString())


def main(arguments: list[str]) -> int:
    """Export into the folder that is the only argument; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m polyhop.encoders.export FOLDER", file=sys.stderr)
        return 2
    return graph_cache.told(lambda: export(Path(arguments[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
