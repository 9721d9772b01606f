"""Making the cases with the code of now."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyhop.agent import Agent, Collection, Settings, ToolSelector, check_citations
from polyhop.agent import JsonLines as Lines
from polyhop.conversation.rules import condense

from ..claims import cases as claims
from ..common import PROFILES, progress, tell
from ..conversations import Conversation, conversations
from .cases import Golden, mark, rounded
from .world import SETS, TOOL_SETS, Passages, Requests, passages, requests

K = 10
#: the profile whose retrievals are made by themselves
ALONE = "fast"
TALKS = 10
CLAIMS = 40
SEED = 0
#: longer than any question takes, on however slow a machine
SECONDS = 3_600.0
KEPT = ("POLYHOP_CACHE",)
PAIRS = "pairs"
EVERY = (*SETS, *TOOL_SETS, PAIRS)


def make(data: Path, sets: Sequence[str] = EVERY) -> list[Golden]:
    """Make the cases of some sets, whatever the environment says about settings."""
    made: list[Golden] = []
    with tempfile.TemporaryDirectory(prefix="polyhop-golden-") as home, _defaults():
        for name in sets:
            if name in SETS:
                made += _of_questions(passages(data, name), Path(home))
            elif name in TOOL_SETS:
                made += _of_tools(requests(data, name), Path(home))
            else:
                made += _of_pairs()
    return made


@contextmanager
def _defaults() -> Iterator[None]:
    """Take the settings out of the environment for a while."""
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("POLYHOP_")}
    os.environ.update({name: taken[name] for name in KEPT if name in taken})
    try:
        yield
    finally:
        os.environ.update(taken)


def _of_questions(world: Passages, home: Path) -> list[Golden]:
    """Index a set and ask its questions in each profile; then talk, and check answers made of its passages."""
    tell(f"indexing {len(world.documents)} passages of {world.name}")
    with Collection.create(home, world.name) as collection:
        with collection.intake() as intake:
            for document in world.documents:
                intake.put(document)
        made: list[Golden] = []
        for profile in PROFILES:
            agent = Agent(collection, settings=Settings(profile=profile, seconds=SECONDS))
            for row in progress(world.rows, f"{world.name}, {profile}", len(world.rows)):
                answer = agent.ask(row["question"], K)
                # A second look takes long, so that of the answer is kept there and not made twice.
                found = agent.retrieve(row["question"], K) if profile == ALONE else answer.retrieval
                made.append(Golden("retrieve", profile, world.name, str(row["id"]), retrieved(found)))
                made.append(Golden("ask", profile, world.name, str(row["id"]), answered(answer)))
        made += _talks(world, Agent(collection, settings=Settings(seconds=SECONDS)))
    return made + _condensed(world) + _claimed(world)


def retrieved(found: Any) -> dict[str, Any]:
    """Return what is kept of a retrieval."""
    return {
        "question": mark(found.question),
        "stopped": found.stopped,
        "hops": found.hops,
        "sufficiency": rounded(found.sufficiency),
        "instructions": [mark(one) for one in found.instructions],
        "notices": list(found.notices),
        "again": found.looked_again,
        "passages": [
            {
                "id": mark(one.id, 4),
                "document": one.document,
                "via": one.via,
                "path": [mark(step.id, 4) for step in one.path],
                "name": mark(one.name, 4) if one.name else "",
                "hop": one.hop,
                "duplicates": [mark(step.id, 4) for step in one.duplicates],
                "score": rounded(one.score),
            }
            for one in found.passages
        ],
    }


def answered(answer: Any) -> dict[str, Any]:
    """Return what is kept of an answer."""
    return {
        "text": mark(answer.text),
        "found": answer.found,
        "extractive": answer.extractive,
        "citations": [_citation(one) for one in answer.citations],
        "documents": [one.document for one in answer.retrieval.passages],
        "stopped": answer.retrieval.stopped,
        "notices": list(answer.notices),
    }


def _citation(one: Any) -> dict[str, Any]:
    return {
        "sentence": mark(one["sentence"]),
        "passages": list(one["passages"]),
        "supported": one["supported"],
        "why": mark(one["why"]) if one["why"] else "",
    }


def _talks(world: Passages, agent: Agent) -> list[Golden]:
    """Hold the conversations that can be made of a set's questions, with the data's answer and with polyhop's own."""
    talks = conversations(world.rows, {})[:TALKS]
    made = []
    for one in progress(talks, f"{world.name}, conversations", len(talks)):
        name = mark(f"{one.first}\0{one.turn}")
        made += [Golden("chat", how, world.name, name, _talked(agent, one, how)) for how in ("gold", "own")]
    return made


def _talked(agent: Agent, one: Conversation, how: str) -> dict[str, Any]:
    told = [{"role": "user", "content": one.first}, {"role": "assistant", "content": one.answer}]
    chat = agent.chat(told if how == "gold" else [])
    first = answered(chat.ask(one.first)) if how == "own" else {}
    found = chat.retrieve(one.turn)
    return {"first": first, "understood": found.understood, "second": retrieved(found)}


def _condensed(world: Passages) -> list[Golden]:
    """Have each question understood after the one before it, with which it has nothing to do."""
    made = []
    for before, row in zip([world.rows[-1], *world.rows], world.rows, strict=False):
        said = [("user", before["question"]), ("assistant", str(before.get("answer", "")))]
        found: Any = condense([{"role": role, "content": content} for role, content in said], row["question"])
        gave = {"question": mark(found.question), "dependent": found.dependent}
        made.append(Golden("condense", "", world.name, str(row["id"]), gave))
    return made


def _claimed(world: Passages) -> list[Golden]:
    """Check true and false answers that are made of gold passages."""
    rows = [{**row, "others": list(row.get("distractors") or ())} for row in world.rows]
    made = []
    for number, one in enumerate(claims(rows, CLAIMS, SEED)):
        made.append(_checked(world.name, f"{number:03} {one.kind} {mark(one.answer)}", one.answer, one))
    return made


def _checked(dataset: str, name: str, answer: str, about: Any) -> Golden:
    found = check_citations(answer, about.texts, question=about.question)
    return Golden("citations", "", dataset, name, {"citations": [_citation(one) for one in found]})


def _of_pairs() -> list[Golden]:
    """Check the sentences of the tests, each true one and its false twin."""
    from tests.answering.citations import pairs

    made = []
    for number, pair in enumerate(pairs.PAIRS):
        for kind, answer in (("true", pair.true), ("false", pair.false)):
            found = [_citation(one) for one in check_citations(answer, pairs.TEXTS)]
            made.append(Golden("citations", "", PAIRS, f"{number:03} {pair.kind} {kind}", {"citations": found}))
    return made


def _of_tools(world: Requests, home: Path) -> list[Golden]:
    """Fill a catalogue and ask for what its requests need."""
    tell(f"indexing {len(world.tools)} tools of {world.name}")
    with ToolSelector.open(home, f"tools-{world.name}", create=True) as selector:
        selector.sync(Lines(world.write(home / f"{world.name}.jsonl"), owner="golden"))
        rows: Sequence[Any] = world.rows
        return [
            Golden("tools", "", world.name, str(row["id"]), selected(selector.select(row["query"], K)))
            for row in progress(rows, world.name, len(rows))
        ]


def selected(found: Any) -> dict[str, Any]:
    """Return what is kept of a selection of tools."""
    return {
        "answerable": rounded(found.answerable),
        "abstained": found.abstained,
        "why": mark(found.why) if found.why else "",
        "intents": [mark(one) for one in found.intents],
        "needed": [[one.name, one.gives, one.to, rounded(one.score)] for one in found.needed],
        "ranked": [[one.name, list(one.alternatives), rounded(one.score)] for one in found.ranked],
    }
