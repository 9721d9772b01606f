"""Graphs that are kept in the cache: each is written once, whole, by a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

from ..core.errors import OperatorError, PolyhopError
from ..core.files import write_whole
from ..core.private import private_folder

# onnxruntime tells its maker how it is used, and keeps what it would tell in ~/.cache/Microsoft, unless this is said
# before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

_CHECK_BYTES = 4
_EXPORT_SECONDS = 300
_REMEDY = "make the folder writable and leave 200 MB free, or name another one with POLYHOP_CACHE"


def session(path: Path, module: str, arguments: Sequence[str], *, threads: int) -> onnxruntime.InferenceSession:
    """Return a session for the graph at `path`; its kernels are fused already, so there is nothing left to optimise.

    Where the file is absent or damaged, `python -m module arguments` is run to write it.

    Raises:
        OperatorError: for a graph that can be neither read nor made.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Idle workers must sleep: spinning ones take the cores from other threads that embed or rank at the same time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(_graph(path, module, arguments), options, providers=["CPUExecutionProvider"])


def cores() -> int:
    """Return the cores that this process may use, where the system tells; else those there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def keep(path: Path, build: Callable[[], bytes]) -> Path:
    """Write the graph unless a sound one is there; concurrent processes wait for the first.

    Raises:
        OperatorError: where the file cannot be written.
    """
    private_folder(path.parent)
    with FileLock(path.with_suffix(".lock")):
        if read(path) is None:
            graph = build()
            write_whole(path, graph + zlib.crc32(graph).to_bytes(_CHECK_BYTES, "big"))
    return path


def told(work: Callable[[], object]) -> int:
    """Do the work of an export's process and return its exit status; what went wrong is written for its parent."""
    try:
        work()
    except (PolyhopError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def _graph(path: Path, module: str, arguments: Sequence[str]) -> bytes:
    """Return the graph from the cache, after exporting it if it is absent or damaged."""
    try:
        found = read(path)
        if found is None:
            _export(path.parent, module, arguments)
            found = read(path)
    except OSError as error:
        raise OperatorError(f"graph cache: cannot read {str(path)!r}: {error}; {_REMEDY}") from error
    if found is None:
        raise OperatorError(f"graph cache: {str(path)!r} is damaged right after it was written; check the disk")
    return found


def _export(cache: Path, module: str, arguments: Sequence[str]) -> None:
    """Run the export in a process of its own, which keeps its 480 MB of memory out of this one."""
    command = [sys.executable, "-P", "-m", module, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_EXPORT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OperatorError(f"graph cache: the export into {str(cache)!r} failed: {error}; {_REMEDY}") from error
    if done.returncode:
        reason = done.stderr.strip() or f"exit status {done.returncode}"
        raise OperatorError(f"graph cache: the export into {str(cache)!r} failed: {reason}; {_REMEDY}")
