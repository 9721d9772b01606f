"""Train the rerankers, in steps: python -m polyhop.training.rerank documents|evidence|ranking|lists|cross|listwise ...

documents  make questions of one sentence and of two or three that links lead between, over documents of your own
evidence   note what is known of each passage found for the questions of a domain, one kind of documents
ranking    train the learned ranking on domains, and judge it on each as if it were left out
lists      retrieve candidates for questions whose gold passages are known
cross      train the cross-encoder on candidate lists; a killed training goes on where it was
listwise   train the listwise scorer and the sufficiency estimate, with the logits of a cross-encoder on lists new to it
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..harness import OUT, SET, SOURCES, Lines, Step, option, path, run, with_parts, write, write_json
from ..questions import Sources
from .lists import SHARE, divide, read


def _documents(given: Namespace) -> dict[str, Any]:
    from .chains import made

    found = made(given.documents, given.count, given.seed)
    write(given.out, found)
    return {"file": str(given.out), "questions": len(found), **Counter(one.kind for one in found)}


def _evidence(given: Namespace) -> dict[str, Any]:
    from .gather import gather

    domain = gather(Sources.of(given), made=given.made)
    domain.save(given.out)
    return {"file": str(given.out), "questions": len(domain.wanted) // 2, "passages": len(domain.of)}


def _ranking(given: Namespace) -> dict[str, Any]:
    from .gather import load
    from .ranking import RankingRecipe, trained

    groups = [[(file.stem, load(file)) for file in files] for files in given.domains]
    weigh = [float(one) for one in given.weigh.split(",") if one]
    return write_json(given.out, *trained(groups, with_parts(RankingRecipe(), given.set), Lines(), weigh))


def _lists(given: Namespace) -> dict[str, Any]:
    from .collect import collect

    found = collect(Sources.of(given), hops=tuple(filter(None, given.hops.split(","))))
    write(given.out, found)
    return {"file": str(given.out), "lists": len(found), "candidates": sum(len(one.candidates) for one in found)}


def _cross(given: Namespace) -> dict[str, Any]:
    from ...encoders.minilm import tokenizer
    from ...retrieval.rerank import crossfile
    from .fit import CrossEncoderRecipe, CrossEncoderTrainer

    learned, apart = divide(read(given.lists), SHARE)
    recipe = with_parts(CrossEncoderRecipe(), given.set)
    state = given.out.with_name(given.out.name + ".state")
    trainer = CrossEncoderTrainer(learned, recipe, tokenizer=tokenizer(), state=state, watcher=Lines())
    progress = trainer.run()
    data = {"lists": len(learned), "apart": len(apart), "pairs": progress.pairs}
    crossfile.save(given.out, trainer.network.trained(), crossfile.CrossEncoderCard(len(recipe.layers), data))
    state.unlink(missing_ok=True)
    return {"file": str(given.out), **data}


def _listwise(given: Namespace) -> dict[str, Any]:
    from .listwise import trained

    domains, unseen = ([read(files) for files in one] for one in (given.lists, given.unseen))
    return write_json(given.out, *trained(domains, given.cross, Lines(), unseen=unseen))


def _files(text: str) -> list[Path]:
    return [Path(one) for one in text.split(",")]


def main(arguments: Sequence[str]) -> int:
    """Take the step that the arguments name and return the exit code."""
    hops = option("--hops", "updaters beside link, with commas between (default: %(default)s)", default="span")
    lists, weights = (
        path("lists", "files of candidate lists", nargs="+"),
        path("--cross", "weights of the cross-encoder", required=True),
    )
    domains = (
        option("lists", "a domain: files of candidate lists with commas between", nargs="*", type=_files),
        option(
            "--unseen", "a domain that the cross-encoder was not trained on", action="append", type=_files, default=[]
        ),
    )
    texts = (
        path(
            "documents", "folder of documents that link to each other, or JSON lines of passages that name each other"
        ),
        option("--count", "questions to make at most", type=int, default=150),
        option("--seed", "of all that chance decides", type=int, default=0),
    )
    made = option("--made", "the questions were made of the texts by program", action="store_true")
    groups = option(
        "domains", "a group: files of evidence with commas between; its domains weigh the same", nargs="+", type=_files
    )
    weigh = option("--weigh", "what the groups weigh, numbers with commas; by default all the same", default="")
    steps = {
        "evidence": Step(_evidence, (*SOURCES, made, OUT), "note what is known of passages found"),
        "ranking": Step(_ranking, (groups, weigh, SET, OUT), "train the learned ranking"),
        "documents": Step(_documents, (*texts, OUT), "make questions over documents that link to each other"),
        "lists": Step(_lists, (*SOURCES, hops, OUT), "retrieve candidates"),
        "cross": Step(_cross, (lists, SET, OUT), "train the cross-encoder"),
        "listwise": Step(_listwise, (*domains, weights, OUT), "train the listwise scorer and the sufficiency estimate"),
    }
    return run("training.rerank", __doc__, steps, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
