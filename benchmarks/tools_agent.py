"""Agents that search for their tools: how many searches it takes until all tools of a request are bound.

DIR holds corpus.jsonl and SPLIT.jsonl as for `benchmarks.tools`. The model follows a script: it searches for the
request, if nothing was offered for it, and then for the clause of the request that is nearest to a tool it lacks, until
it has all or has no more to say. `polyhop` is `tool_agent`, which has searched for the request before the model speaks;
`bigtool` is langgraph-bigtool, where it is installed, over the same vectors; `dense` and `bm25` bind in its way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import ConfigDict, PrivateAttr

from polyhop.agent import Tool, ToolSelector
from polyhop.agent.toolbox import Limits, tool_agent

from .harness import FOLDER, LIMIT, SPLIT, Command, Given, Report, chosen, option, positive, progress
from .tools import Rank, rankers, requests, selecting, words

_BIGTOOL = ["bigtool"] if find_spec("langgraph_bigtool") else []
SYSTEMS = ["bm25", "dense", *_BIGTOOL, "polyhop"]
WITHIN = (1, 2, 3)
OPTIONS = (
    *(FOLDER, SPLIT, LIMIT),
    option("--systems", default=",".join(SYSTEMS), help="what to compare (default: %(default)s)"),
    option("--k", type=positive, default=5, help="tools that a search binds (default: %(default)s)"),
    option("--turns", type=positive, default=6, help="turns of the model (default: %(default)s)"),
    option("--threshold", type=float, help="of abstention (default: that of the model)"),
)
_CLAUSE = re.compile(r"(?<=[.!?;])\s+|(?:,\s*|\s+)(?:and|then|or)\s+|,\s*|\n+")
_LEAST = 2


@dataclass(slots=True)
class Script:
    """What the model does for one request.

    It searches for the request, where nothing was offered for it, and then for that clause of the request, not yet
    searched for, which shares most words with a tool that it lacks. `bound` holds how many of its tools it saw, and
    how many tools in all, in each turn.
    """

    request: str
    lacks: dict[str, frozenset[str]]
    turns: int
    searches: list[str] = field(default_factory=list)
    bound: list[tuple[int, int]] = field(default_factory=list)
    whole: int = 0

    def next(self, names: Sequence[str]) -> str:
        """Return the next search, given what is bound; nothing where the model has all, or has no more to say."""
        missing = [about for name, about in self.lacks.items() if name not in set(names)]
        self.bound.append((len(self.lacks) - len(missing), len(names)))
        self.whole = self.whole or (0 if missing else len(self.bound))
        if not missing or len(self.bound) >= self.turns:
            return ""
        text = self.request if not names and not self.searches else self._clause(missing)
        if text:
            self.searches.append(text)
        return text

    def _clause(self, missing: Sequence[frozenset[str]]) -> str:
        clauses = [one.strip() for one in _CLAUSE.split(self.request)]
        left = [one for one in clauses if one not in self.searches and len(words(one)) >= _LEAST]
        return max(left, key=lambda one: max(len(about & set(words(one))) for about in missing), default="")


class Seeker(BaseChatModel):
    """The script as a chat model; set `script` before each run. The first tool that it is shown is the search."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    script: Script | None = None
    _tools: list[Any] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "seeker"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        """Take the tools of this turn."""
        self._tools = list(tools)
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        search: BaseTool = self._tools[0]
        text = self.script.next([tool.name for tool in self._tools[1:]]) if self.script else ""
        call = {"id": f"search {len(messages)}", "name": search.name, "args": {next(iter(search.args)): text}}
        said = AIMessage("", tool_calls=[call]) if text else AIMessage("I have what I need, or give up.")
        return ChatResult(generations=[ChatGeneration(message=said)])


Run = Callable[[Script], None]


def measure(options: Given, report: Report) -> None:
    """Let the agents work, and show a column for each."""
    names = chosen(options.systems, SYSTEMS)
    asked = requests(options.folder / f"{options.split}.jsonl", options.limit)
    found = {}
    with selecting(options.folder, report, options.threshold) as selector:
        about = {tool.name: frozenset(words(f"{tool.name} {tool.description}")) for tool in selector.catalogue.tools()}
        runs = systems(selector, names, k=options.k, turns=options.turns)
        for name in names:
            lacks = [{tool: about.get(tool, frozenset()) for tool in sorted(one.gold)} for one in asked]
            scripts = [Script(one.text, own, options.turns) for one, own in zip(asked, lacks, strict=True)]
            for script in progress(scripts, name, len(scripts)):
                runs[name](script)
            found[name] = figures(scripts)
    report.add(dataset=options.folder.name, split=options.split, requests=len(asked), k=options.k, systems=found)
    table = [{"": row, **{name: f"{own[row]:.3f}" for name, own in found.items()}} for row in found[names[0]]]
    report.show(f"{options.folder.name} {options.split}: {len(asked)} requests, {len(about)} tools", table)


COMMAND = Command("tools_agent", __doc__, OPTIONS, measure)


def systems(selector: ToolSelector, names: Sequence[str], *, k: int, turns: int) -> dict[str, Run]:
    """Return each system as something that runs a script."""
    ranks = rankers(selector)
    tools = [_callable(tool) for tool in selector.catalogue.tools()] if {"polyhop", "bigtool"} & set(names) else []
    made: dict[str, Run] = {}
    for name in names:
        if name == "polyhop":
            model, limits = Seeker(), Limits(k=k, bound=max(15, k * turns), turns=turns + 1)
            made[name] = _graph(model, tool_agent(model, selector, tools, limits=limits))
        else:
            made[name] = _bigtool(selector, tools, k) if name == "bigtool" else _plain(ranks[name], k)
    return made


def figures(scripts: Sequence[Script]) -> dict[str, float]:
    """Return the shares of requests with all tools bound within so many turns, and what that took.

    A turn sees what the searches before it bound. `mean_turns` counts a request that never has all as one turn more
    than it took.
    """
    whole = np.array([script.whole for script in scripts])
    last = [script.bound[-1] for script in scripts]
    return {
        **{f"within@{count}": float(((whole > 0) & (whole <= count)).mean()) for count in WITHIN},
        "never": float((whole == 0).mean()),
        "mean_turns": float(np.mean([script.whole or len(script.bound) + 1 for script in scripts])),
        "searches": float(np.mean([len(script.searches) for script in scripts])),
        "tools_bound": float(np.mean([many for _, many in last])),
        "gold_bound": float(np.mean([had / len(one.lacks) for (had, _), one in zip(last, scripts, strict=True)])),
    }


def _callable(tool: Tool) -> BaseTool:
    schema = dict(tool.parameters) or {"type": "object", "properties": {}}
    return StructuredTool(name=tool.name, description=tool.description, args_schema=schema, func=lambda **_: "done")


def _graph(model: Seeker, agent: Any, **more: Any) -> Run:
    """Return a run of an agent's graph over the scripted model."""

    def go(script: Script) -> None:
        model.script = script
        agent.invoke({"messages": [("user", script.request)], **more}, {"recursion_limit": 100})

    return go


def _plain(rank: Rank, k: int) -> Run:
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
    COMMAND.run()
