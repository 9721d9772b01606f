"""Train the rerankers, in three steps: python -m polyhop.training.rerank lists|cross|listwise ...

lists     retrieve candidates for questions whose gold passages are known
cross     train the cross-encoder on candidate lists; a killed training goes on where it was
listwise  train the listwise scorer and the sufficiency estimate, with a cross-encoder's logits on lists it has not seen
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..options import Parser, add_sources, stepwise, take, with_parts
from ..watch import Lines


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    return take(_parser(), arguments, {"lists": _lists, "cross": _cross, "listwise": _listwise})


def _parser() -> Parser:
    parser, steps = stepwise("python -m polyhop.training.rerank", __doc__)
    lists = steps.add_parser("lists", help="retrieve candidates")
    add_sources(lists)
    lists.add_argument(
        "--hops", default="span", help="updaters beside link, with commas between (default: %(default)s)"
    )
    cross = steps.add_parser("cross", help="train the cross-encoder")
    cross.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="part of the recipe")
    listwise = steps.add_parser("listwise", help="train the listwise scorer and the sufficiency estimate")
    listwise.add_argument("--cross", type=Path, required=True, help="weights of the cross-encoder")
    listwise.add_argument(
        "--unseen", action="append", type=_files, default=[], help="a domain that the cross-encoder was not trained on"
    )
    listwise.add_argument(
        "lists", nargs="*", type=_files, help="a domain: files of candidate lists with commas between"
    )
    cross.add_argument("lists", nargs="+", type=Path, help="files of candidate lists")
    for one in (lists, cross, listwise):
        one.add_argument("--out", type=Path, required=True, help="file to write")
    return parser


def _files(text: str) -> list[Path]:
    return [Path(one) for one in text.split(",")]


def _lists(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from .collect import Sources, collect
    from .lists import write

    sources = Sources.of(given)
    hops = tuple(filter(None, given.hops.split(",")))
    found = collect(sources, given.home or Settings().cache / "training", Lines(), hops=hops)
    write(given.out, found)
    return {"file": str(given.out), "lists": len(found), "candidates": sum(len(one.candidates) for one in found)}


def _cross(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...encoders.minilm import tokenizer
    from ...retrieval.rerank import crossfile
    from .fit import Recipe, Trainer
    from .lists import SHARE, divide, read

    learned, apart = divide(read(given.lists), SHARE)
    recipe = with_parts(Recipe(), given.set)
    state = given.out.with_name(given.out.name + ".state")
    trainer = Trainer(learned, recipe, tokenizer=tokenizer(), state=state, watcher=Lines())
    progress = trainer.run()
    data = {"lists": len(learned), "apart": len(apart), "pairs": progress.pairs}
    crossfile.save(given.out, trainer.network.trained(), crossfile.Card(len(recipe.layers), data))
    state.unlink(missing_ok=True)
    return {"file": str(given.out), **data}


def _listwise(given: argparse.Namespace) -> Mapping[str, Any]:
    import json

    from ...core.files import write_whole
    from .lists import read
    from .listwise import trained

    domains, unseen = ([read(paths) for paths in one] for one in (given.lists, given.unseen))
    models, facts = trained(domains, given.cross, Lines(), unseen=unseen)
    write_whole(given.out, (json.dumps(models, indent=2) + "\n").encode())
    return {"file": str(given.out), **facts}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
