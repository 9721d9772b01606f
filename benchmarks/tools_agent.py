"""Agents that search for their tools: how many searches it takes until all tools of a request are bound.

DIR holds corpus.jsonl and SPLIT.jsonl as for `benchmarks.tools`. The model follows a script: it searches for the
request, if nothing was offered for it, and then for the clause of the request that is nearest to a tool it lacks, until
it has all or has no more to say. `polyhop` is `tool_agent`, which has searched for the request before the model speaks;
`bigtool` is langgraph-bigtool, where it is installed, over the same vectors; `dense` and `bm25` bind in its way.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.tools import BaseTool, StructuredTool
from rich.console import Console
from rich.table import Table

from polyhop.agent import JsonLines, Tool, ToolSelector, __version__
from polyhop.agent.toolbox import Limits, tool_agent

from .bm25 import words
from .common import Parser, chosen, positive, progress, run, write_json
from .indexes import place_of
from .seeker import Script, Seeker
from .tool_figures import Request
from .tools import rankers, requests

SYSTEMS = ("bm25", "dense", "bigtool", "polyhop")
WITHIN = (1, 2, 3)
Run = Callable[[Script], None]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.tools_agent", description=__doc__)
    made.add_argument("folder", metavar="DIR", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    made.add_argument("--split", default="dev", help="which requests to ask (default: %(default)s)")
    made.add_argument("--systems", default=",".join(_here()), help="what to compare (default: %(default)s)")
    made.add_argument("--limit", type=positive, help="ask only the first N requests")
    made.add_argument("--k", type=positive, default=5, help="tools that a search binds (default: %(default)s)")
    made.add_argument("--turns", type=positive, default=6, help="turns of the model (default: %(default)s)")
    made.add_argument("--threshold", type=float, help="of abstention (default: that of the model)")
    made.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Let the agents work, show the table and write the figures."""
    options = parser().parse_args(arguments)
    names = chosen(options.systems, _here())
    asked = requests(options.folder / f"{options.split}.jsonl", options.limit)
    corpus = options.folder.absolute() / "corpus.jsonl"
    index = place_of(f"tools {corpus}")
    with ToolSelector.open(index.home, index.name, create=True, threshold=options.threshold) as selector:
        selector.sync(JsonLines(corpus, owner="corpus"))
        about = {tool.name: frozenset(words(f"{tool.name} {tool.description}")) for tool in selector.catalogue.tools()}
        runs = systems(selector, names, k=options.k, turns=options.turns)
        found = {}
        for name in names:
            scripts = [_script(one, about, options.turns) for one in asked]
            for script in progress(scripts, name, len(scripts)):
                runs[name](script)
            found[name] = figures(scripts)
    result = {
        "dataset": options.folder.name,
        "split": options.split,
        "requests": len(asked),
        "tools": len(about),
        "k": options.k,
        "polyhop_version": __version__,
        "command": f"python -m benchmarks.tools_agent {shlex.join(arguments)}",
        "systems": found,
    }
    Console(width=None if sys.stdout.isatty() else 120).print(table(result))
    if options.json:
        write_json(options.json, result)


def systems(selector: ToolSelector, names: Sequence[str], *, k: int, turns: int) -> dict[str, Run]:
    """Return each system as something that runs a script."""
    ranks = rankers(selector)
    tools = [_callable(tool) for tool in selector.catalogue.tools()] if {"polyhop", "bigtool"} & set(names) else []
    made: dict[str, Run] = {}
    for name in names:
        if name == "polyhop":
            model = Seeker()
            bound = max(15, k * turns)
            agent = tool_agent(model, selector, tools, limits=Limits(k=k, bound=bound, turns=turns + 1))
            made[name] = _graph(model, agent)
        elif name == "bigtool":
            made[name] = _bigtool(selector, tools, k)
        else:
            made[name] = _plain(ranks[name], k)
    return made


def figures(scripts: Sequence[Script]) -> dict[str, float]:
    """Return the shares of requests with all tools bound within so many turns, and what that took.

    A turn sees what the searches before it bound. `mean_turns` counts a request that never has all as one turn more
    than it took.
    """
    whole = np.array([script.whole for script in scripts])
    taken = np.array([script.whole or len(script.bound) + 1 for script in scripts])
    shares = {f"within@{count}": float(((whole > 0) & (whole <= count)).mean()) for count in WITHIN}
    last = [script.bound[-1] for script in scripts]
    return {
        **shares,
        "never": float((whole == 0).mean()),
        "mean_turns": float(taken.mean()),
        "searches": float(np.mean([len(script.searches) for script in scripts])),
        "tools_bound": float(np.mean([many for _, many in last])),
        "gold_bound": float(np.mean([had / len(one.lacks) for (had, _), one in zip(last, scripts, strict=True)])),
    }


def table(result: Mapping[str, Any]) -> Table:
    """Return the figures as a table."""
    made = Table(title=f"{result['dataset']} {result['split']}: {result['requests']} requests, {result['tools']} tools")
    made.add_column("")
    rows = list(next(iter(result["systems"].values())))
    for name in result["systems"]:
        made.add_column(name, justify="right")
    for row in rows:
        made.add_row(row, *(f"{own[row]:.3f}" for own in result["systems"].values()))
    return made


def _here() -> list[str]:
    """Return the systems that can run here."""
    return [name for name in SYSTEMS if name != "bigtool" or find_spec("langgraph_bigtool")]


def _script(one: Request, about: Mapping[str, frozenset[str]], turns: int) -> Script:
    return Script(one.text, {name: about.get(name, frozenset()) for name in sorted(one.gold)}, turns)


def _callable(tool: Tool) -> BaseTool:
    def do(**_: Any) -> str:
        return "done"

    schema = dict(tool.parameters) or {"type": "object", "properties": {}}
    return StructuredTool(name=tool.name, description=tool.description, args_schema=schema, func=do)


def _graph(model: Seeker, agent: Any, **more: Any) -> Run:
    """Return a run of an agent's graph over the scripted model."""

    def go(script: Script) -> None:
        model.script = script
        agent.invoke({"messages": [("user", script.request)], **more}, {"recursion_limit": 100})

    return go


def _plain(rank: Callable[[str, int], list[str]], k: int) -> Run:
    """Return a run that binds whatever the searches of the model find, beside what was bound."""

    def go(script: Script) -> None:
        bound: dict[str, None] = {}
        while text := script.next(list(bound)):
            bound |= dict.fromkeys(rank(text, k))

    return go


def _bigtool(selector: ToolSelector, tools: Sequence[BaseTool], k: int) -> Run:
    """Return a run of langgraph-bigtool's agent over the vectors of the catalogue."""
    from langgraph.store.memory import InMemoryStore
    from langgraph_bigtool import create_agent

    catalogue = selector.catalogue
    snapshot = catalogue.snapshot()
    known = dict(zip((tool.embed_text for tool in snapshot.tools), snapshot.vectors, strict=True))

    def embed(texts: Sequence[str]) -> list[list[float]]:
        return [
            (known[text] if text in known else catalogue.embedder.encode_queries([text])[0]).tolist() for text in texts
        ]

    store = InMemoryStore(index={"embed": embed, "dims": int(snapshot.vectors.shape[1]), "fields": ["text"]})
    for tool in snapshot.tools:
        store.put(("tools",), tool.name, {"text": tool.embed_text})
    model = Seeker()
    agent = create_agent(model, {tool.name: tool for tool in tools}, limit=k).compile(store=store)
    return _graph(model, agent, selected_tool_ids=[])


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
