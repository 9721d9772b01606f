"""The state of a training on disk: saved whole, and gone on from only by the same training."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..core.files import write_whole
from .watch import Watcher


def save(path: Path, state: Mapping[str, Any], mark: str) -> None:
    """Write the state of the training that `mark` tells from others."""
    held = io.BytesIO()
    torch.save({"mark": mark, **state}, held)
    write_whole(path, held.getvalue())


def load(path: Path, mark: str, watcher: Watcher) -> Mapping[str, Any] | None:
    """Return the state of this training, or None where there is none to go on from; the reason is told."""
    try:
        kept: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever torch says of a file that it cannot read
        watcher.say(f"the training state cannot be read ({error.__class__.__name__}); beginning anew")
        return None
    if kept.get("mark") != mark:
        watcher.say("another training was under way here, with other settings or data; beginning anew")
        return None
    return kept
