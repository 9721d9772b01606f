"""Write the default embedder's ONNX graph into the cache: `python -m polyhop.retrieval.embed.export FOLDER`."""

from __future__ import annotations

import os
import sys
import tempfile
import zlib
from pathlib import Path

from filelock import FileLock

from ...core.errors import PolyhopError
from . import weights

VERSION = 1  # of the graph in bert.py: raise it whenever that file changes what it writes
_CHECK_BYTES = 4


def target(cache: Path) -> Path:
    """Return where the graph lies in `cache`; new weights or a new graph get a new name."""
    return cache / f"all-MiniLM-L6-v2-{weights.SHA256[:12]}-v{VERSION}.onnx"


def read(path: Path) -> bytes | None:
    """Return the graph's bytes, or None if the file is absent, cut short or altered.

    The file ends in a CRC-32 of what precedes it, so that no crash can part a graph from its checksum.
    """
    try:
        with path.open("rb") as file:
            graph = file.read(max(0, path.stat().st_size - _CHECK_BYTES))
            check = file.read()
    except FileNotFoundError:
        return None
    return graph if graph and zlib.crc32(graph).to_bytes(_CHECK_BYTES, "big") == check else None


def export(cache: Path) -> Path:
    """Write the graph unless a sound one is there; concurrent processes wait for the first."""
    cache.mkdir(parents=True, exist_ok=True)
    path = target(cache)
    with FileLock(path.with_suffix(".lock")):
        if read(path) is None:
            _write(path, _graph())
    return path


def _graph() -> bytes:
    """Return the serialised graph of the packaged weights."""
    from safetensors.numpy import load

    from .bert import build

    parameters = load(weights.checked(weights.folder() / "model.safetensors"))
    return bytes(build(parameters, layers=6, heads=12, epsilon=1e-12).SerializeToString())


def _write(path: Path, graph: bytes) -> None:
    """Put the graph and its checksum at `path` in one step; a reader sees the old file or the whole new one."""
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(graph)
            file.write(zlib.crc32(graph).to_bytes(_CHECK_BYTES, "big"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def main(arguments: list[str]) -> int:
    """Export into the folder that is the only argument; return the exit status."""
    if len(arguments) != 1:
        print("usage: python -m polyhop.retrieval.embed.export FOLDER", file=sys.stderr)
        return 2
    try:
        export(Path(arguments[0]))
    except (PolyhopError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
