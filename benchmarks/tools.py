"""Tool selection on requests whose gold tools are known.

DIR holds corpus.jsonl (name, description, parameters) and SPLIT.jsonl (query, gold: names). `bm25` is what tool search
in frameworks does: BM25 over the words of name and description. `dense` is cosine of the embedder, `hybrid` both by
reciprocal rank with equal weights. Requests of the --foreign folders show how often `polyhop` says that nothing fits.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import JsonLines, ToolSelector
from polyhop.agent.evaluate.metrics import Values, scores
from polyhop.core.types import Hit
from polyhop.retrieval.fusion.rrf import rrf

from .data import Question, questions_of
from .harness import FOLDER, LIMIT, SEED, SPLIT, BenchmarkError, Command, Given, Report, chosen, option, progress, timed
from .indexes import place_of
from .metrics import flat, interval, ndcg, percent, rounded, rows, share
from .systems import Answers

SYSTEMS = ("bm25", "dense", "hybrid", "polyhop")
DEPTHS = (3, 5, 10)
NAMES = tuple(f"{metric}@{k}" for metric in ("recall", "completeness", "ndcg") for k in DEPTHS)
BY_GROUP = ("recall@5", "completeness@5")
BASELINE = "bm25"
#: from here on a request counts among those of several tools
SEVERAL = 3
#: characters of a definition to a token, about
TOKEN = 4
#: from this cosine on a tool does what another does, when all that can answer a request is hidden
TWINS = 0.85
WARM = 3
#: how deep either half goes before both are fused
DEEP = 50
_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FUNCTION = frozenset(
    "a an the of in on at by to for from with as is are was were be been it its this that these those he she they i we "
    "you my your our me us him her them who what which when where how and or not no so also can could would should "
    "will do does did have has had if there their any all some".split()
)
Rank = Callable[[str, int], list[str]]
OPTIONS = (
    *(FOLDER, SPLIT, LIMIT, SEED),
    option("--systems", default=",".join(SYSTEMS), help="what to compare (default: %(default)s)"),
    option("--foreign", metavar="DIR", type=Path, action="append", default=[], help="requests of other tools"),
)


def measure(options: Given, report: Report) -> None:
    """Ask each system every request, and show a column for each."""
    systems = chosen(options.systems, SYSTEMS)
    asked = requests(options.folder / f"{options.split}.jsonl", options.limit)
    others = [one for folder in options.foreign for one in requests(folder / f"{options.split}.jsonl", options.limit)]
    with selecting(options.folder, report) as selector:
        ranks = rankers(selector)
        outcomes = {name: ask(ranks[name], asked, name) for name in systems}
        found = figures(outcomes, asked, seen(options.folder), seed=options.seed)
        report.add(dataset=options.folder.name, split=options.split, requests=len(asked), seed=options.seed)
        notes = {}
        if "polyhop" in systems:
            notes = {"definitions": definitions(selector, asked), "abstention": abstention(selector, asked, others)}
        known = {tool.name for tool in selector.catalogue.tools()}
        report.add(systems=found, gold_missing=sum(len(one.gold - known) for one in asked), **notes)
    title = f"{options.folder.name} {options.split}: {len(asked)} requests, {report.values['tools']:,} tools"
    report.show(title, _table(found), "\n".join(["percent [95 % bootstrap interval]", *map(str, notes.items())]))


COMMAND = Command("tools", __doc__, OPTIONS, measure)


@contextmanager
def selecting(folder: Path, report: Report, threshold: float | None = None) -> Iterator[ToolSelector]:
    """Open the catalogue of a folder's tools, which is kept in the cache and brought up to date first."""
    corpus = folder.absolute() / "corpus.jsonl"
    index = place_of(f"tools {corpus}")
    with ToolSelector.open(index.home, index.name, create=True, threshold=threshold) as selector:
        synced, ms = timed(selector.sync, JsonLines(corpus, owner="corpus"))
        if synced.failed or not len(selector.catalogue):
            raise BenchmarkError(f"no tools in {str(corpus)!r}: {synced.failed or 'it is empty'}; give another DIR")
        report.add(tools=len(selector.catalogue.tools()), added=synced.added, sync_s=round(ms / 1000, 3))
        yield selector


def requests(file: Path, limit: int | None = None) -> list[Question]:
    """Read the first `limit` requests of a file, all by default; their gold are names of tools."""
    return questions_of(file, limit, _request)


def _request(place: str, row: dict[str, Any]) -> Question:
    text, gold = row.get("query"), row.get("gold")
    if not isinstance(text, str) or not text.strip() or not isinstance(gold, list) or not gold:
        raise BenchmarkError(f"{place}: {row!r:.80} is no request; an object with query and gold is expected")
    return Question(text, frozenset(map(str, gold)))


def seen(folder: Path) -> frozenset[str] | None:
    """Return the tools that are gold in training, or None where there are no training requests."""
    file = folder / "train.jsonl"
    return frozenset(name for one in requests(file) for name in one.gold) if file.is_file() else None


def words(text: str) -> list[str]:
    """Return the words of a text, identifiers in their parts, without function words."""
    return [word for word in _WORD.findall(_HUMP.sub(" ", text).lower()) if word not in _FUNCTION]


class Bm25:
    """BM25 over texts with the usual k1 1.5 and b 0.75 (Robertson and Zaragoza, 2009)."""

    def __init__(self, names: Sequence[str], texts: Iterable[str], *, k1: float = 1.5, b: float = 0.75) -> None:
        self._names = names
        counted = [Counter(words(text)) for text in texts]
        lengths = np.array([one.total() for one in counted], np.float64)
        shares = k1 * (1 - b + b * lengths / max(1.0, lengths.mean()))
        found: dict[str, list[tuple[int, int]]] = {}
        for row, one in enumerate(counted):
            for word, count in one.items():
                found.setdefault(word, []).append((row, count))
        self._worth: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for word, places in found.items():
            rows, times = (np.array(column) for column in zip(*places, strict=True))
            rarity = np.log(1 + (len(counted) - len(rows) + 0.5) / (len(rows) + 0.5))
            self._worth[word] = rows, rarity * times * (k1 + 1) / (times + shares[rows])

    def rank(self, text: str, k: int) -> list[str]:
        """Return the names of the k best texts."""
        scores = np.zeros(len(self._names))
        for word in set(words(text)) & set(self._worth):
            rows, worth = self._worth[word]
            scores[rows] += worth
        order = np.argsort(-scores, kind="stable")[:k]
        return [self._names[row] for row in order if scores[row] > 0]


def rankers(selector: ToolSelector) -> dict[str, Rank]:
    """Return each system as a function from a request and k to names of tools, best first."""
    catalogue = selector.catalogue
    tools = catalogue.tools()
    names = {tool.id: tool.name for tool in tools}
    lexical = Bm25([tool.name for tool in tools], (f"{tool.name} {tool.description}" for tool in tools))

    def dense(text: str, k: int) -> list[str]:
        return [names[hit.id] for hit in catalogue.dense(catalogue.embedder.encode_queries([text]), k)[0]]

    def hybrid(text: str, k: int) -> list[str]:
        halves = (dense(text, DEEP), lexical.rank(text, DEEP))
        return [hit.id for hit in rrf([[Hit(name, -float(x)) for x, name in enumerate(one)] for one in halves])][:k]

    def polyhop(text: str, k: int) -> list[str]:
        return [one.tool.name for one in selector.select(text, k).ranked]

    return {"bm25": lexical.rank, "dense": dense, "hybrid": hybrid, "polyhop": polyhop}


def ask(rank: Rank, asked: Sequence[Question], name: str) -> Answers:
    """Ask one system everything; the first few are asked once before their time is taken."""
    for one in asked[:WARM]:
        rank(one.text, DEPTHS[-1])
    found = [timed(rank, one.text, DEPTHS[-1]) for one in progress(asked, name, len(asked))]
    return Answers([ranking for ranking, _ in found], [ms for _, ms in found])


def figures(
    outcomes: Mapping[str, Answers], asked: Sequence[Question], seen: frozenset[str] | None, *, seed: int
) -> dict[str, dict[str, Any]]:
    """Return the figures of each system, with 95 % bootstrap intervals, and against BM25 where that is one of them."""
    gold = [one.gold for one in asked]
    values = {
        name: np.hstack([scores(one.rankings, gold, DEPTHS), ndcg(one.rankings, gold, DEPTHS)])
        for name, one in outcomes.items()
    }
    estimated = rows(values, NAMES, seed=seed).to_dict()
    found: dict[str, dict[str, Any]] = {}
    for name, own in outcomes.items():
        found[name] = flat(estimated[name]) | {"by_gold": _groups(values[name], gold)}
        found[name] |= own.costs()
        if seen is not None:
            found[name]["by_seen"] = _by_seen(own.rankings, asked, seen)
        if BASELINE in values and name != BASELINE:
            gaps = rows({name: values[name] - values[BASELINE]}, NAMES, seed=seed).to_dict()
            found[name] |= flat(gaps[name], BASELINE)
    return found


def _groups(values: Values, gold: Sequence[frozenset[str]]) -> dict[str, Any]:
    """Return short figures by the number of gold tools, and of all that need several."""
    sizes = np.array([len(one) for one in gold])
    groups = {str(size): sizes == size for size in np.unique(sizes)} | {f"{SEVERAL}+": sizes >= SEVERAL}
    return {
        name: {one: rounded(values[own, NAMES.index(one)].mean()) for one in BY_GROUP} | {"n": int(own.sum())}
        for name, own in groups.items()
        if own.any()
    }


def _by_seen(rankings: Sequence[Sequence[str]], asked: Sequence[Question], seen: frozenset[str]) -> dict[str, Any]:
    """Return how many of the gold tools are among the first five, those that are gold in training apart."""
    pairs = [(name in seen, name in ranking[:5]) for x, ranking in zip(asked, rankings, strict=True) for name in x.gold]
    hits = {label: [hit for own, hit in pairs if own == known] for label, known in (("seen", True), ("unseen", False))}
    return {label: {"recall@5": share(sum(own), len(own)), "n": len(own)} for label, own in hits.items()}


def definitions(selector: ToolSelector, asked: Sequence[Question], k: int = 5) -> dict[str, Any]:
    """Return about how many tokens the definitions of k selected tools have, and those of all tools."""
    sizes = {tool.name: len(json.dumps(tool.definition(), ensure_ascii=False)) for tool in selector.catalogue.tools()}
    sent = [sum(sizes[one.tool.name] for one in selector.select(request.text, k).tools) for request in asked[:100]]
    return {"k": k, "tokens_sent": round(float(np.mean(sent)) / TOKEN), "tokens_all": sum(sizes.values()) // TOKEN}


def abstention(selector: ToolSelector, asked: Sequence[Question], others: Sequence[Question]) -> dict[str, Any]:
    """Return which share of the requests is kept, of other catalogues' refused, and refused once the gold is hidden."""
    kept = [not selector.select(one.text).abstained for one in progress(asked, "kept", len(asked))]
    strange = [selector.select(one.text).abstained for one in others]
    left = [_without(selector, one) for one in progress(asked, "without gold", len(asked))]
    return {
        "kept": rounded(np.mean(kept)),
        "foreign_refused": share(sum(strange), len(strange)),
        "foreign_requests": len(strange),
        "without_gold_refused": rounded(np.mean(left)),
    }


def _without(selector: ToolSelector, request: Question) -> bool:
    """Say whether a request is refused when its gold tools, and what is near to them, are hidden."""
    snapshot = selector.catalogue.snapshot()
    gold = [row for name in sorted(request.gold) for row in snapshot.by_name(name)]
    near = (snapshot.vectors @ snapshot.vectors[gold].T).max(1) >= TWINS if gold else np.zeros(len(snapshot.ids), bool)
    hidden = [snapshot.ids[row] for row in sorted({*np.flatnonzero(near).tolist(), *gold})]
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in hidden)
    return selector.select(request.text, where=f"not key in ({names})" if hidden else "").abstained


def _table(systems: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a row for each figure, with a column for each system."""
    every = systems.values()
    cells = {name: [interval([one[name], *one[f"{name}_ci"]]) for one in every] for name in NAMES}
    for group in next(iter(every))["by_gold"]:
        cells[f"completeness@5, {group} gold"] = [percent(one["by_gold"][group]["completeness@5"]) for one in every]
    cells |= {cost: [f"{one[cost]:.1f}" for one in every] for cost in ("p50_ms", "p95_ms")}
    return [{"": name, **dict(zip(systems, row, strict=True))} for name, row in cells.items()]


if __name__ == "__main__":
    COMMAND.run()
