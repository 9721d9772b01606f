"""Conversations: what condensing the second turn brings, and whether it leaves other questions as they are.

python -m benchmarks.chat DIR [DIR ...] --split dev [--replay FILE] --json OUT.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from polyhop.agent import Agent, Collection
from polyhop.agent.evaluate.metrics import intervals
from polyhop.conversation.rules import condense
from polyhop.core.files import read_rows

from .common import BenchmarkError, Parser, positive, progress, run, write_json
from .conversations import Conversation, conversations, replayed
from .data import Source
from .indexes import ensure

K = 5
TURN, CONDENSED, BOTH, MEANT = "turn", "condensed", "both", "meant"
#: what stands in the history as the answer to the first turn
ANSWERS = {"gold": "the data's answer", "own": "polyhop's own answer", "none": "no answer"}


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = Parser(prog="python -m benchmarks.chat", description=(__doc__ or "").splitlines()[0])
    made.add_argument("folders", metavar="DIR", nargs="+", type=Path, help="folder with corpus.jsonl and SPLIT.jsonl")
    made.add_argument("--split", default="dev", help="which questions to ask (default: %(default)s)")
    made.add_argument("--replay", type=Path, metavar="FILE", help="decompositions of some of the questions")
    made.add_argument("--limit", type=positive, help="make only the first N conversations of each set")
    made.add_argument("--json", type=Path, metavar="OUT", help="write the figures to this file")
    return made


def main(arguments: Sequence[str]) -> None:
    """Measure each set, show the tables and write the figures."""
    options = parser().parse_args(arguments)
    steps = replayed(options.replay)
    sets = [_measure(Source(folder.absolute()), steps, options) for folder in options.folders]
    if options.json:
        write_json(options.json, {"command": f"python -m benchmarks.chat {shlex.join(arguments)}", "sets": sets})


def _measure(source: Source, steps: Mapping[str, Sequence[str]], options: argparse.Namespace) -> dict[str, Any]:
    path = source.folder / f"{options.split}.jsonl"
    rows = [row for _, row in read_rows(path)]
    made = conversations(rows, steps)[: options.limit]
    if not made:
        raise BenchmarkError(f"no conversation can be made of {str(path)!r}; give another DIR or --split")
    index = ensure(source, source.corpus())
    with Collection.open(index.home, index.name) as collection:
        agent = Agent(collection)
        alone = Alone(agent)
        found = {name: _asked(alone, made, name) for name in ANSWERS}
        apart = _apart(agent, rows)
    result = {"dataset": source.folder.name, "conversations": len(made), "answers": found, "self_contained": apart}
    Console(width=None if sys.stdout.isatty() else 120).print(_table(result))
    return result


class Alone:
    """Searches by an agent that knows of no conversation; what was asked once is remembered."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._found: dict[str, frozenset[str]] = {}

    def found(self, question: str) -> frozenset[str]:
        """Return the documents of the best passages for a question."""
        if question not in self._found:
            self._found[question] = documents(self.agent.retrieve(question, K))
        return self._found[question]


def documents(retrieval: Any) -> frozenset[str]:
    """Return the documents that were found."""
    return frozenset(passage.document for passage in retrieval.passages)


def _asked(alone: Alone, made: Sequence[Conversation], answers: str) -> dict[str, Any]:
    """Return recall by system, and in how many questions the entity stands that the pronoun means."""
    recalls: dict[str, list[float]] = {name: [] for name in (TURN, CONDENSED, BOTH, MEANT)}
    named = []
    for one in progress(made, f"conversations, {answers}", len(made)):
        said = [{"role": "assistant", "content": one.answer}] if answers == "gold" else []
        chat = alone.agent.chat([] if answers == "own" else [{"role": "user", "content": one.first}, *said])
        if answers == "own":
            chat.ask(one.first)
        both = chat.retrieve(one.turn, K)
        named.append(one.entity.lower() in both.question.lower())
        found = {TURN: alone.found(one.turn), CONDENSED: alone.found(both.question), BOTH: documents(both)}
        for name, there in (found | {MEANT: alone.found(one.meant)}).items():
            recalls[name].append(len(one.gold & there) / len(one.gold))
    values = {name: np.array(of_system) for name, of_system in recalls.items()}
    return {"named": round(float(np.mean(named)), 5), "recall": _figures(values)}


def _figures(values: Mapping[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """Return of each system its recall and the paired difference to the turn alone, with its interval."""
    differences = np.stack([own - values[TURN] for own in values.values()], axis=1)
    bounds = intervals(differences)
    return {
        name: {"mean": _rounded(own.mean()), "gain": _rounded(gain), "low": _rounded(low), "high": _rounded(high)}
        for (name, own), gain, (low, high) in zip(values.items(), differences.mean(axis=0), bounds, strict=True)
    }


def _apart(agent: Agent, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Ask each question after one that has nothing to do with it; what is touched is searched with and without."""
    touched = []
    for place, row in enumerate(rows):
        other = rows[(place + len(rows) // 2) % len(rows)]
        said = [("user", other["question"]), ("assistant", str(other.get("answer", "")))]
        history = [{"role": role, "content": content} for role, content in said]
        if condense(history, row["question"]).dependent:
            touched.append((history, row))
    changes = [_change(agent, history, row) for history, row in touched]
    untouched = 1 - len(touched) / len(rows)
    return {
        "questions": len(rows),
        "untouched": _rounded(untouched),
        "recall_change": _rounded(sum(changes) / len(rows)),
    }


def _change(agent: Agent, history: Sequence[Mapping[str, str]], row: Mapping[str, Any]) -> float:
    """Return how much recall a question gains by a conversation that it does not need."""
    titles = {(gold["title"] or "", gold["text"]) for gold in row["gold"]}
    found = [agent.retrieve(row["question"], K, history=turns) for turns in (history, [])]
    with_it, without = ({(one.title, one.text) for one in retrieval.passages} for retrieval in found)
    return (len(titles & with_it) - len(titles & without)) / len(titles)


def _table(result: Mapping[str, Any]) -> Table:
    apart = result["self_contained"]
    shown = Table(
        title=f"{result['dataset']}: {result['conversations']} conversations",
        caption=f"recall@{K} of the second turn in percent; gain over the turn alone with its 95 % paired interval; "
        f"{100 * apart['untouched']:.2f} % of {apart['questions']} self-contained questions left as they are, "
        f"recall {100 * apart['recall_change']:+.2f}",
    )
    for heading in ("history holds", "entity named", *next(iter(result["answers"].values()))["recall"]):
        shown.add_column(heading, justify="left" if heading == "history holds" else "right")
    for name, own in result["answers"].items():
        shown.add_row(
            ANSWERS[name], f"{100 * own['named']:.1f}", *(_cell(system, one) for system, one in own["recall"].items())
        )
    return shown


def _cell(system: str, one: Mapping[str, float]) -> str:
    gain = "" if system == TURN else f" ({100 * one['gain']:+.1f} [{100 * one['low']:+.1f}, {100 * one['high']:+.1f}])"
    return f"{100 * one['mean']:.1f}{gain}"


def _rounded(number: Any) -> float:
    return round(float(number), 5)


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
