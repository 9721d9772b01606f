"""Train a generator of tool queries: python -m polyhop.training.tool_queries sft|align|prompt ... --out DIR

`sft` teaches a causal model the descriptions of the tools that requests need; `align` lets it learn from those of its
own queries that find the right tools, and may begin with what `sft` made; `prompt` trains nothing and chooses wording
and examples for a model as it is. Each goes on where it was when it is started again with the same arguments.
"""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ...core.files import write_whole
from ...core.llm.cache import ReplyCache
from ...core.llm.gateway import Gateway
from ...core.llm.litellm_model import LiteLLM
from ...core.llm.role import Budget, LanguageModel, Ledger
from ...core.llm.transformers_model import LocalModel
from ...core.settings import Settings
from ...encoders import load
from ...prompts import load as wording
from ...tools.select.prompt import QueryPrompt
from ..catalogues import ToolRequest, requests, shop
from ..harness import SET, Lines, Step, mark_of, option, path, paths, run, with_parts, write_json
from .align import Aligner, ends
from .examples import Judge, QueryGeneratorRecipe, checked, divided, example, greedy, of_gold
from .wording import WORDINGS, Chooser

#: what is beside a model, and tells `select_tools` how it was trained to be asked
PROMPT = "tool_queries.json"


def _train(given: Namespace) -> Mapping[str, Any]:
    recipe = checked(with_parts(QueryGeneratorRecipe(), given.set))
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
    write_json(given.out / "report.json", facts, {})
    return facts


def _sft(given: Namespace, asked: list[ToolRequest], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
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


def _align(given: Namespace, asked: list[ToolRequest], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
    best, rounds = Aligner(judge, prompt, judge.recipe, given.out, Lines()).run(given.model, asked)
    if best == given.model:
        raise CallerError(
            f"no round made {given.model!r} better on the requests apart: {rounds!r}; nothing is kept. Begin with a "
            "model that writes valid replies (sft), or give more requests, draws, or a higher rate"
        )
    _keep(LocalModel(best, exact=True), given.out, prompt)
    return _facts(given, asked, {"rounds": rounds})


def _choose(given: Namespace, asked: list[ToolRequest], judge: Judge, prompt: QueryPrompt) -> dict[str, Any]:
    wordings = [prompt.system, *map(wording, WORDINGS), *(QueryPrompt.load(file).system for file in given.wording)]
    cache = ReplyCache(given.out / "replies.sqlite")
    # one that runs here where the name is a folder's, otherwise one of litellm's
    model: LanguageModel = LocalModel(given.model) if Path(given.model).is_dir() else LiteLLM(given.model)
    gateway = Gateway([model], [Ledger(Budget(calls=given.calls))], cache)
    chooser = Chooser(judge, gateway, judge.recipe, Lines(), list(dict.fromkeys(wordings)))
    try:
        chosen, facts = asyncio.run(chooser.run(asked))
    finally:
        cache.close()
    chosen.save(given.out / PROMPT)
    return {"file": str(given.out / PROMPT), "requests": len(asked), **facts}


_HOW = {"sft": _sft, "align": _align, "prompt": _choose}


def _beside(name: str) -> QueryPrompt:
    """Return the prompt that a model was trained with, or the shipped one."""
    file = Path(name) / PROMPT
    return QueryPrompt.load(file) if file.is_file() else QueryPrompt()


def _keep(model: Any, out: Path, prompt: QueryPrompt) -> None:
    model.save(out / "model")
    prompt.save(out / "model" / PROMPT)


def _facts(given: Namespace, learned: Sequence[Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": str(given.out / "model"), "from": given.model, "requests": len(learned), **more}


def _claimed(given: Namespace, recipe: QueryGeneratorRecipe, prompt: QueryPrompt) -> dict[str, Any]:
    """Refuse a folder in which another training is, and return the report of this one if it is finished."""
    data = [blake2b(file.read_bytes()).hexdigest() for file in (given.data, given.corpus) if file.is_file()]
    said = [given.how, given.model, given.limit, asdict(recipe), asdict(prompt), data]
    mark = mark_of(*said)
    file = given.out / "training"
    if file.is_file() and file.read_text("utf-8") != mark:
        raise CallerError(
            f"{str(given.out)!r} holds another training, with other data or settings; give another --out, or remove it"
        )
    write_whole(file, mark.encode())
    report = given.out / "report.json"
    facts: dict[str, Any] = json.loads(report.read_text("utf-8")) if report.is_file() else {}
    return {} if "stopped" in facts else facts


def main(arguments: Sequence[str]) -> int:
    """Train as the arguments say and return the exit code."""
    options = (
        option("how", "fine-tune on descriptions, align, or choose a prompt", choices=list(_HOW)),
        path("--data", "training requests: JSON lines of query and gold", required=True),
        path("--corpus", "tools: JSON lines of name and description", required=True),
        option("--model", "a folder or a name on the hub; for prompt also one of litellm", required=True),
        path("--out", "folder to write to", required=True),
        path("--prompt", "how the model is asked: a wording, or what `prompt` made"),
        paths("--wording", "prompt: one more wording to try"),
        option("--limit", "requests to use, the first of the file", type=int),
        option("--calls", "prompt: calls that the model may be asked for", type=int),
        SET,
    )
    return run("training.tool_queries", __doc__, Step(_train, options), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
