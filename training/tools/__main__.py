"""Train tool selection: python -m polyhop.training.tools FOLDER... --out FILE

A folder holds corpus.jsonl (tools) and train.jsonl (requests with the names of their gold tools). With several folders,
requests of one are asked of another to learn what cannot be answered.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ...core.files import write_whole
from ...encoders.role import Encoder
from ...tools.select.model import model_of
from ..options import Parser, told


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code."""
    return told(lambda: _train(_parsed(arguments)))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser("python -m polyhop.training.tools", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders with corpus.jsonl and train.jsonl")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the requests")
    parser.add_argument("--out", type=Path, required=True, help="file to write, JSON")
    return parser.parse_args(arguments)


def _train(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ...encoders import load

    weights, facts = train(given.folders, load(settings=Settings()), seed=given.seed)
    write_whole(given.out, (json.dumps(weights, indent=2) + "\n").encode())
    return {"file": str(given.out), **facts}


def train(folders: Sequence[Path], embedder: Encoder, *, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the content of the weights file, and what it was made of."""
    from .collect import bank, examples, remembering, requests, shop
    from .fit import fit, fit_answerable, fit_service
    from .lessons import lessons

    if len({folder.resolve() for folder in folders}) < len(folders):
        raise CallerError(f"the folders {[str(folder) for folder in folders]} are not all different; name each once")
    shops = [shop(folder / "corpus.jsonl", embedder) for folder in folders]
    asked = [requests(folder / "train.jsonl", one.tools) for folder, one in zip(folders, shops, strict=True)]
    embed = remembering(embedder)
    learned = [examples(one, at, embed) for one, at in zip(asked, shops, strict=True)]
    every = [example for one in learned for example in one]
    weights = fit(every, seed=seed)
    weights["bank"] = bank(asked)
    weights["service"] = fit_service(weights, every)
    learnt = lessons(model_of(weights), shops, asked, learned, embed=embed, seed=seed)
    weights["answerable"], weights["threshold"] = fit_answerable(learnt)
    facts = {
        "requests": sum(map(len, asked)),
        "tools": sum(len(one.tools) for one in shops),
        "refused": sum(len(one.rows) for one in learnt if not one.right),
    }
    return weights, facts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
