"""Conversations: what condensing the second turn brings, and whether it leaves other questions as they are.

python -m benchmarks.chat DIR [DIR ...] --split dev [--replay FILE] --json OUT.json
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Agent
from polyhop.conversation.rules import condense
from polyhop.core.files import read_rows

from .conversations import Conversation, conversations, replayed
from .data import Source
from .harness import FOLDERS, LIMIT, SPLIT, BenchmarkError, Command, Given, Report, option, progress
from .indexes import ensure
from .metrics import gained, interval, rounded, rows

K = 5
TURN, CONDENSED, BOTH, MEANT = "turn", "condensed", "both", "meant"
#: what stands in the history as the answer to the first turn
ANSWERS = {"gold": "the data's answer", "own": "polyhop's own answer", "none": "no answer"}
REPLAY = option("--replay", type=Path, metavar="FILE", help="decompositions of some of the questions")


def measure(options: Given, report: Report) -> None:
    """Measure each set and show its table."""
    steps = replayed(options.replay)
    for folder in options.folders:
        source = Source(folder.absolute())
        path = source.folder / f"{options.split}.jsonl"
        questions = [row for _, row in read_rows(path)]
        made = conversations(questions, steps)[: options.limit]
        if not made:
            raise BenchmarkError(f"no conversation can be made of {str(path)!r}; give another DIR or --split")
        with ensure(source, source.corpus()).opened() as collection:
            agent = Agent(collection)
            # An agent that knows of no conversation is asked the same several times.
            alone = cache(lambda question, agent=agent: documents(agent.retrieve(question, K)))
            found = {name: _asked(agent, alone, made, name) for name in ANSWERS}
            apart = _apart(agent, questions)
        about = {"dataset": source.folder.name, "conversations": len(made)}
        report.add_to("sets", {**about, "answers": found, "self_contained": apart})
        title = f"{source.folder.name}: {len(made)} conversations"
        report.show(title, _table(found), f"recall@{K} of the second turn; gain over the turn alone, paired; {apart}")


COMMAND = Command("chat", __doc__, (FOLDERS, SPLIT, LIMIT, REPLAY), measure)


def documents(retrieval: Any) -> frozenset[str]:
    """Return the documents that were found."""
    return frozenset(passage.document for passage in retrieval.passages)


def _asked(agent: Agent, alone: Any, made: Sequence[Conversation], answers: str) -> dict[str, Any]:
    """Return recall by system, and in how many questions the entity stands that the pronoun means."""
    recalls: dict[str, list[list[float]]] = {name: [] for name in (TURN, CONDENSED, BOTH, MEANT)}
    named = []
    for one in progress(made, f"conversations, {answers}", len(made)):
        said = [{"role": "assistant", "content": one.answer}] if answers == "gold" else []
        chat = agent.chat([] if answers == "own" else [{"role": "user", "content": one.first}, *said])
        if answers == "own":
            chat.ask(one.first)
        both = chat.retrieve(one.turn, K)
        named.append(one.entity.lower() in both.question.lower())
        found = {TURN: alone(one.turn), CONDENSED: alone(both.question), BOTH: documents(both), MEANT: alone(one.meant)}
        for name, there in found.items():
            recalls[name].append([len(one.gold & there) / len(one.gold)])
    values = {name: np.array(own) for name, own in recalls.items()}
    figures = rows(gained(values, TURN), ("mean", "gain"), seed=0).to_dict()
    return {"named": rounded(np.mean(named)), "recall": figures}


def _apart(agent: Agent, questions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Ask each question after one that has nothing to do with it; what is touched is searched with and without."""
    changes = []
    for place, row in enumerate(questions):
        other = questions[(place + len(questions) // 2) % len(questions)]
        said = [("user", other["question"]), ("assistant", str(other.get("answer", "")))]
        none: Any = []
        history: Any = [{"role": role, "content": content} for role, content in said]
        if condense(history, row["question"]).dependent:
            gold = {(one["title"] or "", one["text"]) for one in row["gold"]}
            found = [agent.retrieve(row["question"], K, history=turns).passages for turns in (history, none)]
            with_it, without = (len(gold & {(one.title, one.text) for one in passages}) for passages in found)
            changes.append((with_it - without) / len(gold))
    untouched, change = 1 - len(changes) / len(questions), sum(changes) / len(questions)
    return {"questions": len(questions), "untouched": rounded(untouched), "recall_change": rounded(change)}


def _table(answers: Mapping[str, Any]) -> list[dict[str, str]]:
    made = []
    for name, own in answers.items():
        row = {"history holds": ANSWERS[name], "entity named": f"{100 * own['named']:.1f}"}
        for system, one in own["recall"].items():
            gain = "" if system == TURN else f" ({interval(one['gain'], '+')})"
            row[system] = f"{100 * one['mean'][0]:.1f}{gain}"
        made.append(row)
    return made


if __name__ == "__main__":
    COMMAND.run()
