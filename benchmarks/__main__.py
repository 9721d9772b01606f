"""The list of benchmarks, and a way to start them by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from . import (
    ablation,
    answers,
    augment,
    budgets,
    chat,
    exclusions,
    faults,
    house,
    keywords,
    multihop,
    rerank,
    splitting,
    tools,
    tools_agent,
    treehop,
)
from .common import BenchmarkError, run
from .golden import command as golden
from .speed import command as speed

COMMANDS = {
    "multihop": (
        multihop.main,
        "DIR",
        "quality and latency of dense, bm25, hybrid and polyhop on questions with gold passages",
    ),
    "ablation": (
        ablation.main,
        "DIR [DIR ...]",
        "what each part of polyhop adds to its recall, and what stop rules save",
    ),
    "augment": (
        augment.main,
        "DIR [DIR ...]",
        "what reformulating the question gains and costs: never, always, and where a gate lets it through",
    ),
    "rerank": (
        rerank.main,
        "DIR [DIR ...]",
        "what second looks gain and cost, by reranker, and how good the estimated sufficiency is",
    ),
    "tools": (
        tools.main,
        "DIR",
        "which tools a request needs: bm25, dense, hybrid and polyhop, abstention, tokens of definitions",
    ),
    "tools_agent": (
        tools_agent.main,
        "DIR",
        "how many searches an agent makes until all tools of a request are bound, against langgraph-bigtool",
    ),
    "chat": (
        chat.main,
        "DIR [DIR ...]",
        "what condensing the second turn of a conversation brings, and whether it leaves other questions alone",
    ),
    "splitting": (
        splitting.main,
        "DIR [DIR ...] --decompositions FILE",
        "what sub-questions by a language model gain and cost, and when they are worth it",
    ),
    "answers": (
        answers.main,
        "DIR [DIR ...]",
        "what the check of citations catches, what extractive answers hold, and answers that should not be given",
    ),
    "treehop": (
        treehop.main,
        "DIR [DIR ...]",
        "the trained hop alone against plain vector search at equal k",
    ),
    "exclusions": (
        exclusions.main,
        "DIR [DIR ...]",
        "what becomes of “not about X” and “only after 2012”: p-MRR, and recall of what stays relevant",
    ),
    "keywords": (
        keywords.main,
        "DIR [DIR ...]",
        "questions in keyword syntax: the same text in both halves against a translation for each",
    ),
    "faults": (
        faults.main,
        "[--json OUT]",
        "what the user sees of each fault of a language model's server, and what that takes",
    ),
    "budgets": (
        budgets.main,
        "[--schedules N]",
        "whether many runs together ever spend more on language models than they may",
    ),
    "golden": (
        golden.main,
        "make DATA --out FILE | compare DATA FILE",
        "whether the code of now gives what that of another version gave, question by question",
    ),
    "house": (
        house.main,
        "[REPO]",
        "how much code there is outside the tests, and what a plain question imports of it",
    ),
    **{f"speed {name}": (one.main, one.usage, one.summary) for name, one in speed.COMMANDS.items()},
}


def main(arguments: Sequence[str]) -> None:
    """Start the benchmark that the first words name, or list them all."""
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(listing())
        return
    if arguments[0] == "speed":
        return speed.main(arguments[1:])
    if arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]][0](arguments[1:])
    raise BenchmarkError(f"unknown benchmark {arguments[0]!r}; `python -m benchmarks` lists them")


def listing() -> str:
    """Return one line for each command."""
    starts = {f"python -m benchmarks.{name} {usage}": summary for name, (_, usage, summary) in COMMANDS.items()}
    width = max(map(len, starts))
    return "".join(f"{start:<{width}}  {summary}\n" for start, summary in starts.items())


if __name__ == "__main__":
    sys.exit(run(lambda: main(sys.argv[1:])))
