"""Making the cases with the code of now, of a small part of the data that is chosen by hashes of what it says."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from polyhop.agent import Agent, Collection, Document, Settings, ToolSelector, check_citations
from polyhop.agent import JsonLines as Lines
from polyhop.conversation.rules import condense
from polyhop.core.files import read_rows

from ..claims import cases as claims
from ..conversations import Conversation, conversations
from ..data import key_of
from ..harness import PROFILES, BenchmarkError, progress, tell
from .cases import Golden, mark, rounded

T = TypeVar("T")
SETS = ("2wiki", "hotpotqa", "musique", "popqa")
TOOL_SETS = ("sealtools", "rapidapi")
QUESTIONS = 50
OTHERS = 1_500
SPLIT = "dev"
KEY = 12
Row = Mapping[str, Any]
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


@dataclass(frozen=True, slots=True)
class Passages:
    """Questions with passages enough to go wrong; keys are short hashes of title and text."""

    name: str
    rows: Sequence[Row]
    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests with tools enough to go wrong; tools are lines of the data as they stand there."""

    name: str
    rows: Sequence[Row]
    tools: Sequence[Row]

    def write(self, path: Path) -> Path:
        """Write the tools as a file that the catalogue can read."""
        path.write_text("".join(f"{json.dumps(tool)}\n" for tool in self.tools), encoding="utf-8")
        return path


def by_hash(items: Sequence[T], name: Callable[[T], str], count: int) -> list[T]:
    """Return the `count` items whose names have the smallest hashes."""
    return sorted(items, key=lambda item: (mark(name(item), 16), name(item)))[:count]


def passages(data: Path, name: str) -> Passages:
    """Return the part of a set of questions."""
    folder = data / "multihop" / name
    rows = by_hash(_rows(folder / f"{SPLIT}.jsonl"), lambda row: str(row["id"]), QUESTIONS)
    needed = [one for row in rows for one in (*row["gold"], *(row.get("distractors") or ()))]
    there = {_key(one): one for one in _rows(folder / "corpus.jsonl")}
    first = {_key(one): one for one in needed}
    others = by_hash([key for key in there if key not in first], str, OTHERS)
    wanted = [(key, there.get(key) or first[key]) for key in sorted({*first, *others})]
    made = [Document(key[:KEY], row["text"], row["title"] or "") for key, row in wanted]
    if any(one == other for one, other in pairwise(document.key for document in made)):
        raise BenchmarkError(f"two passages of {name!r} have one short key; make KEY longer")
    return Passages(name, rows, made)


def requests(data: Path, name: str) -> Requests:
    """Return the part of a set of requests."""
    folder = data / "tools" / name
    rows = by_hash(_rows(folder / f"{SPLIT}.jsonl"), lambda row: str(row["id"]), QUESTIONS)
    gold = {tool for row in rows for tool in row["gold"]}
    every = _rows(folder / "corpus.jsonl")
    others = by_hash([tool for tool in every if tool["name"] not in gold], _whole, OTHERS)
    tools = [*(tool for tool in every if tool["name"] in gold), *others]
    return Requests(name, rows, sorted(tools, key=_whole))


def _rows(path: Path) -> list[Row]:
    return [row for _, row in read_rows(path)]


def _key(row: Row) -> str:
    return key_of(row["title"] or "", row["text"])


def _whole(tool: Row) -> str:
    return json.dumps(tool, sort_keys=True)


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
        "passages": [_passage(one) for one in found.passages],
    }


def _passage(one: Any) -> dict[str, Any]:
    ids = {"id": mark(one.id, 4), "document": one.document, "via": one.via, "path": _marks(one.path)}
    about = {"name": mark(one.name, 4) if one.name else "", "hop": one.hop, "duplicates": _marks(one.duplicates)}
    return {**ids, **about, "score": rounded(one.score)}


def _marks(steps: Any) -> list[str]:
    return [mark(step.id, 4) for step in steps]


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
    why = mark(one["why"]) if one["why"] else ""
    told = {"passages": list(one["passages"]), "supported": one["supported"], "why": why}
    return {"sentence": mark(one["sentence"]), **told}


def _talks(world: Passages, agent: Agent) -> list[Golden]:
    """Hold the conversations that can be made of a set's questions, with the data's answer and with polyhop's own."""
    talks = conversations(world.rows, {})[:TALKS]
    made = []
    for one in progress(talks, f"{world.name}, conversations", len(talks)):
        name = mark(f"{one.first}\0{one.turn}")
        made += [Golden("chat", how, world.name, name, _talked(agent, one, how)) for how in ("gold", "own")]
    return made


def _talked(agent: Agent, one: Conversation, how: str) -> dict[str, Any]:
    chat = agent.chat(_turns(one.first, one.answer) if how == "gold" else [])
    first = answered(chat.ask(one.first)) if how == "own" else {}
    found = chat.retrieve(one.turn)
    return {"first": first, "understood": found.understood, "second": retrieved(found)}


def _turns(question: str, answer: str) -> Any:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _condensed(world: Passages) -> list[Golden]:
    """Have each question understood after the one before it, with which it has nothing to do."""
    made = []
    for before, row in zip([world.rows[-1], *world.rows], world.rows, strict=False):
        found: Any = condense(_turns(before["question"], str(before.get("answer", ""))), row["question"])
        gave = {"question": mark(found.question), "dependent": found.dependent}
        made.append(Golden("condense", "", world.name, str(row["id"]), gave))
    return made


def _claimed(world: Passages) -> list[Golden]:
    """Check true and false answers that are made of gold passages."""
    rows = [{**row, "others": list(row.get("distractors") or ())} for row in world.rows]
    made = enumerate(claims(rows, CLAIMS, SEED))
    names = [(f"{number:03} {one.kind} {mark(one.answer)}", one) for number, one in made]
    return [_checked(world.name, name, one.answer, one.texts, question=one.question) for name, one in names]


def _checked(dataset: str, name: str, answer: str, texts: Sequence[str], **more: Any) -> Golden:
    found = check_citations(answer, texts, **more)
    return Golden("citations", "", dataset, name, {"citations": [_citation(one) for one in found]})


def _of_pairs() -> list[Golden]:
    """Check the sentences of the tests, each true one and its false twin."""
    from tests.answering.citations import pairs

    return [
        _checked(PAIRS, f"{number:03} {pair.kind} {kind}", answer, pairs.TEXTS)
        for number, pair in enumerate(pairs.PAIRS)
        for kind, answer in (("true", pair.true), ("false", pair.false))
    ]


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
