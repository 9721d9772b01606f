"""Train a generator of tool queries: python -m polyhop.training.tool_queries sft|align|prompt ... --out DIR

`sft` teaches a causal model the descriptions of the tools that requests need; `align` lets it learn from those of its
own queries that find the right tools, and may begin with what `sft` made; `prompt` trains nothing and chooses wording
and examples for a model as it is. Each goes on where it was when it is started again with the same arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import CallerError
from ...core.files import write_whole
from ...tools.select.prompt import QueryPrompt
from ..options import Parser, told, with_parts
from ..watch import Lines
from .recipe import Recipe, checked

if TYPE_CHECKING:
    from ...core.llm import LanguageModel
    from ..tools.collect import Request
    from .reward import Judge

#: what is beside a model, and tells `select_tools` how it was trained to be asked
PROMPT = "tool_queries.json"


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code."""
    return told(lambda: _train(_parsed(arguments)))


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = Parser("python -m polyhop.training.tool_queries", description=__doc__)
    parser.add_argument("how", choices=list(_HOW), help="fine-tune on descriptions, align, or choose a prompt")
    parser.add_argument("--data", type=Path, required=True, help="training requests: JSON lines of query and gold")
    parser.add_argument("--corpus", type=Path, required=True, help="tools: JSON lines of name and description")
    parser.add_argument("--model", required=True, help="a folder or a name on the hub; for prompt also one of litellm")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--prompt", type=Path, help="how the model is asked: a wording, or what `prompt` made")
    parser.add_argument("--wording", type=Path, action="append", default=[], help="prompt: one more wording to try")
    parser.add_argument("--limit", type=int, help="requests to use, the first of the file")
    parser.add_argument("--calls", type=int, help="prompt: calls that the model may be asked for")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a part of the recipe")
    return parser.parse_args(arguments)


def _train(given: argparse.Namespace) -> Mapping[str, Any]:
    from ...core.settings import Settings
    from ...encoders import load
    from ..tools.collect import requests, shop
    from .reward import Judge

    recipe = checked(with_parts(Recipe(), given.set))
    prompt = QueryPrompt.load(given.prompt) if given.prompt else _beside(given.model)
    if known := _claimed(given, recipe, prompt):
        return known
    embedder = load(settings=Settings())
    tools = shop(given.corpus, embedder)
    judge = Judge(tools, embedder, recipe)
    asked = requests(given.data, tools.tools)[: given.limit]
    if not asked:
        raise CallerError(f"{str(given.data)!r} holds no requests; give JSON lines of query and gold")
    facts = _HOW[given.how](given, asked, judge, prompt)
    write_whole(given.out / "report.json", (json.dumps(facts, indent=2) + "\n").encode())
    return facts


def _sft(given: argparse.Namespace, asked: list[Request], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
    from ...core.llm.transformers_model import LocalModel
    from .align import ends
    from .examples import divided, example, greedy, of_gold
    from .fit import Tuner

    recipe, model = judge.recipe, LocalModel(given.model, exact=True)
    learned, apart = divided(asked, recipe.apart, recipe.seed)
    apart = apart or learned
    before = judge.mean(apart, greedy(model, apart, prompt, recipe))
    examples = [example(one.text, of_gold(one, judge.shop), prompt, model) for one in learned]
    tuner = Tuner(model, examples, recipe, path=given.out / "state", watcher=Lines())
    losses = tuner.run()
    _keep(model, given.out, prompt)
    tuner.close()
    reward = {"before": before, "after": judge.mean(apart, greedy(model, apart, prompt, recipe))}
    return _facts(given, learned, {"losses": ends(losses), "alone": judge.mean(apart, [()] * len(apart)), **reward})


def _align(given: argparse.Namespace, asked: list[Request], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
    from ...core.llm.transformers_model import LocalModel
    from .align import Aligner

    best, rounds = Aligner(judge, prompt, judge.recipe, given.out, Lines()).run(given.model, asked)
    if best == given.model:
        raise CallerError(
            f"no round made {given.model!r} better on the requests apart: {rounds!r}; nothing is kept. Begin with a "
            "model that writes valid replies (sft), or give more requests, draws, or a higher rate"
        )
    _keep(LocalModel(best, exact=True), given.out, prompt)
    return _facts(given, asked, {"rounds": rounds})


def _choose(given: argparse.Namespace, asked: list[Request], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
    from ...core.llm import Budget, Gateway, Ledger, ReplyCache
    from ...prompts import load
    from .wording import WORDINGS, Chooser

    wordings = [prompt.system, *map(load, WORDINGS), *(QueryPrompt.load(file).system for file in given.wording)]
    cache = ReplyCache(given.out / "replies.sqlite")
    gateway = Gateway([_model(given.model)], [Ledger(Budget(calls=given.calls))], cache)
    chooser = Chooser(judge, gateway, judge.recipe, Lines(), list(dict.fromkeys(wordings)))
    try:
        chosen, facts = asyncio.run(chooser.run(asked))
    finally:
        cache.close()
    chosen.save(given.out / PROMPT)
    return {"file": str(given.out / PROMPT), "requests": len(asked), **facts}


_HOW = {"sft": _sft, "align": _align, "prompt": _choose}


def _model(name: str) -> LanguageModel:
    """Return the model: one that runs here where the name is a folder's, otherwise one of litellm's."""
    from ...core.llm import LiteLLM
    from ...core.llm.transformers_model import LocalModel

    return LocalModel(name) if Path(name).is_dir() else LiteLLM(name)


def _beside(name: str) -> QueryPrompt:
    """Return the prompt that a model was trained with, or the shipped one."""
    file = Path(name) / PROMPT
    return QueryPrompt.load(file) if file.is_file() else QueryPrompt()


def _keep(model: Any, out: Path, prompt: QueryPrompt) -> None:
    model.save(out / "model")
    prompt.save(out / "model" / PROMPT)


def _facts(given: argparse.Namespace, learned: Sequence[Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": str(given.out / "model"), "from": given.model, "requests": len(learned), **more}


def _claimed(given: argparse.Namespace, recipe: Recipe, prompt: QueryPrompt) -> dict[str, Any]:
    """Refuse a folder in which another training is, and return the report of this one if it is finished."""
    data = [blake2b(file.read_bytes()).hexdigest() for file in (given.data, given.corpus) if file.is_file()]
    said = [given.how, given.model, given.limit, asdict(recipe), asdict(prompt), data]
    mark = blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()
    file = given.out / "training"
    if file.is_file() and file.read_text("utf-8") != mark:
        raise CallerError(
            f"{str(given.out)!r} holds another training, with other data or settings; give another --out, or remove it"
        )
    write_whole(file, mark.encode())
    report = given.out / "report.json"
    facts: dict[str, Any] = json.loads(report.read_text("utf-8")) if report.is_file() else {}
    return {} if "stopped" in facts else facts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
