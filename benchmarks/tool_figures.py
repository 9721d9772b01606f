"""Figures of tool selection: ranking, abstention, and what the definitions cost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table

from polyhop.agent import ToolSelector
from polyhop.agent.evaluate.metrics import Values, intervals, scores

from .common import progress

DEPTHS = (3, 5, 10)
MOST = max(DEPTHS)
NAMES = tuple(f"{metric}@{k}" for metric in ("recall", "completeness", "ndcg") for k in DEPTHS)
BY_GROUP = ("recall@5", "completeness@5")
#: from here on a request counts among those of several tools
SEVERAL = 3
BASELINE = "bm25"
DIGITS = 5
# Characters of a definition to a token, about.
TOKEN = 4
# From this cosine on a tool does what another does, when all that can answer a request is hidden.
TWINS = 0.85


@dataclass(frozen=True, slots=True)
class Request:
    """A request and the names of its gold tools."""

    text: str
    gold: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system ranked for each request, and the milliseconds that it took."""

    rankings: list[list[str]]
    ms: list[float]


def figures(
    outcomes: Mapping[str, Outcome], asked: Sequence[Request], seen: frozenset[str] | None, *, seed: int
) -> dict[str, dict[str, Any]]:
    """Return the figures of each system, with 95 % bootstrap intervals, and against BM25 where that is one of them."""
    values = {name: _values(outcome.rankings, asked) for name, outcome in outcomes.items()}
    found: dict[str, dict[str, Any]] = {}
    for name, own in values.items():
        found[name] = _estimated(own, "", seed) | _groups(own, asked)
        found[name] |= {f"p{share}_ms": round(float(np.percentile(outcomes[name].ms, share)), 3) for share in (50, 95)}
        if seen is not None:
            found[name]["by_seen"] = _by_seen(outcomes[name].rankings, asked, seen)
        if BASELINE in values and name != BASELINE:
            found[name] |= _estimated(own - values[BASELINE], f"_vs_{BASELINE}", seed)
    return found


def _values(rankings: Sequence[Sequence[str]], asked: Sequence[Request]) -> Values:
    """Return a row for each request and a column for each of `NAMES`."""
    gold = [one.gold for one in asked]
    gains = 1 / np.log2(np.arange(2, MOST + 2))
    ndcg = np.zeros((len(asked), len(DEPTHS)))
    for row, (ranking, wanted) in enumerate(zip(rankings, gold, strict=True)):
        hits = np.array([name in wanted for name in ranking[:MOST]] + [False] * (MOST - len(ranking)))
        for column, k in enumerate(DEPTHS):
            ndcg[row, column] = (hits[:k] * gains[:k]).sum() / gains[: min(k, len(wanted))].sum()
    return np.hstack([scores(rankings, gold, DEPTHS), ndcg])


def _estimated(values: Values, mark: str, seed: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, mean, interval in zip(NAMES, values.mean(axis=0), intervals(values, seed=seed), strict=True):
        bounds = [_rounded(bound) for bound in interval]
        found |= {f"{name}{mark}": [_rounded(mean), *bounds]} if mark else {name: _rounded(mean), f"{name}_ci": bounds}
    return found


def _groups(values: Values, asked: Sequence[Request]) -> dict[str, Any]:
    """Return short figures by the number of gold tools, and of all that need several."""
    sizes = np.array([len(one.gold) for one in asked])
    groups = {str(size): sizes == size for size in sorted(set(sizes.tolist()))}
    groups[f"{SEVERAL}+"] = sizes >= SEVERAL
    found = {}
    for name, rows in groups.items():
        if rows.any():
            means = values[rows].mean(axis=0)
            found[name] = {one: _rounded(means[NAMES.index(one)]) for one in BY_GROUP} | {"n": int(rows.sum())}
    return {"by_gold": found}


def _by_seen(rankings: Sequence[Sequence[str]], asked: Sequence[Request], seen: frozenset[str]) -> dict[str, Any]:
    """Return how many of the gold tools are among the first five, those that are gold in training apart."""
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for ranking, one in zip(rankings, asked, strict=True):
        for name in one.gold:
            hits[name in seen].append(name in ranking[:5])
    return {
        label: {"recall@5": _rounded(np.mean(hits[known])) if hits[known] else None, "n": len(hits[known])}
        for label, known in (("seen", True), ("unseen", False))
    }


def definitions(selector: ToolSelector, asked: Sequence[Request], k: int = 5) -> dict[str, Any]:
    """Return about how many tokens the definitions of k selected tools have, and those of all tools."""
    sizes = {tool.name: len(json.dumps(tool.definition(), ensure_ascii=False)) for tool in selector.catalogue.tools()}
    sent = [sum(sizes[one.tool.name] for one in selector.select(request.text, k).tools) for request in asked[:100]]
    return {"k": k, "tokens_sent": round(float(np.mean(sent)) / TOKEN), "tokens_all": sum(sizes.values()) // TOKEN}


def abstention(selector: ToolSelector, asked: Sequence[Request], others: Sequence[Sequence[Request]]) -> dict[str, Any]:
    """Return which share of the requests is kept, of other catalogues' refused, and refused once the gold is hidden."""
    kept = [not selector.select(one.text).abstained for one in progress(asked, "kept", len(asked))]
    strange = [selector.select(one.text).abstained for other in others for one in other]
    left = [_without(selector, one) for one in progress(asked, "without gold", len(asked))]
    return {
        "kept": _rounded(np.mean(kept)),
        "foreign_refused": _rounded(np.mean(strange)) if strange else None,
        "foreign_requests": len(strange),
        "without_gold_refused": _rounded(np.mean(left)),
    }


def _without(selector: ToolSelector, request: Request) -> bool:
    """Say whether a request is refused when its gold tools, and what is near to them, are hidden."""
    snapshot = selector.catalogue.snapshot()
    gold = [row for name in sorted(request.gold) for row in snapshot.by_name(name)]
    near = (snapshot.vectors @ snapshot.vectors[gold].T).max(1) >= TWINS if gold else np.zeros(len(snapshot.ids), bool)
    hidden = [snapshot.ids[row] for row in sorted({*np.flatnonzero(near).tolist(), *gold})]
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in hidden)
    return selector.select(request.text, where=f"not key in ({names})" if hidden else "").abstained


def table(result: Mapping[str, Any]) -> Table:
    """Return the figures for the screen: a column for each system, shares in percent with their intervals."""
    title = f"{result['dataset']} {result['split']}: {result['requests']} requests, {result['tools']:,} tools"
    notes = [f"{name}: {result[name]}" for name in ("abstention", "definitions") if name in result]
    shown = Table("", title=title, caption="\n".join(["percent [95 % bootstrap interval]", *notes]))
    systems = result["systems"]
    for name in systems:
        shown.add_column(name, justify="right")
    for name in NAMES:
        shown.add_row(name, *(_interval(one[name], one[f"{name}_ci"]) for one in systems.values()))
    for group in next(iter(systems.values()))["by_gold"]:
        label = f"completeness@5, {group} gold"
        shown.add_row(label, *(f"{100 * one['by_gold'][group]['completeness@5']:.1f}" for one in systems.values()))
    for cost in ("p50_ms", "p95_ms"):
        shown.add_row(cost, *(f"{one[cost]:.1f}" for one in systems.values()))
    return shown


def _interval(mean: float, bounds: Sequence[float]) -> str:
    low, high = bounds
    return f"{100 * mean:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _rounded(number: Any) -> float:
    return round(float(number), DIGITS)
