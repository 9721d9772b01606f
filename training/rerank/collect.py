"""From question files to candidate lists: a collection of their passages, and what polyhop retrieves for each question.

Gold passages stand among the distractors of all questions and among other passages, so that nothing but what they say
tells them from the rest: neither their place in a file nor a title that only they have.
"""

from __future__ import annotations

import random
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from ...core.errors import CallerError
from ...core.types import Document
from ...graphs.context import Context
from ...graphs.executor import walk
from ...graphs.state import Request
from ...graphs.stop import AfterHops, WhenDry
from ...retrieval.hop import checkpoint
from ...retrieval.hop.directional import DirectionalHop
from ...retrieval.hop.link import LinkHop
from ...retrieval.hop.role import HopUpdater
from ...retrieval.hop.span import SpanHop
from ...retrieval.hop.treehop import TreeHop
from ...retrieval.query.first import FirstSearch
from ...retrieval.rerank.pairs import candidate, way
from ...retrieval.rerank.path import PathScore
from ...retrieval.rerank.role import Ranked
from ...retrieval.run import Run
from ...store.collection import Collection
from ..treehop.pool import key_of
from ..treehop.questions import HopQuestion, read, texts_of
from ..watch import Watcher
from .lists import Candidate, CandidateList

Made = TypeVar("Made")

DEEP = 40  # candidates of a question
NAME = "pool"


@dataclass(frozen=True, slots=True)
class Sources:
    """What lists are made of.

    Args:
        questions: files of questions with gold passages, and perhaps distractors.
        corpora: files of more passages.
        apart: files of questions whose gold passages are left out wherever they stand, under whatever title, and with
            them the questions that need them.
        others: passages to draw from the corpora.
        limit: questions to take of each file, the first ones; 0 takes all.
    """

    questions: Sequence[Path]
    corpora: Sequence[Path] = ()
    apart: Sequence[Path] = ()
    others: int = 5_000
    untitled: bool = False
    seed: int = 0
    limit: int = 0

    @classmethod
    def of(cls, given: Namespace) -> Sources:
        """Return what a command line that has `add_sources` names."""
        return cls(given.questions, given.corpus, given.apart, given.others, untitled=given.untitled, limit=given.limit)


def collect(sources: Sources, home: Path, watcher: Watcher, *, hops: Sequence[str] = ("span",)) -> list[CandidateList]:
    """Return a list for each question; the collection is kept in `home`, so that a killed run goes on where it was.

    Args:
        hops: updaters beside the link hop: `span`, `directional`, `treehop` or none.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    return of_each(sources, home, watcher, lambda one, collection: _retrieved(one, collection, hops))


def of_each(
    sources: Sources, home: Path, watcher: Watcher, make: Callable[[HopQuestion, Collection], Made]
) -> list[Made]:
    """Return what is made of each question, asked of the collection of all passages; see `collect`."""
    asked, texts = gathered(sources)
    found = []
    with filled(texts, home, watcher) as collection:
        for number, one in enumerate(asked, start=1):
            found.append(make(one, collection))
            watcher.step("retrieving", number, len(asked))
    return found


def gathered(sources: Sources) -> tuple[list[HopQuestion], list[tuple[str, str]]]:
    """Return the questions to ask and the (title, text) of the passages to search, which are sorted."""
    closed = {text for path in sources.apart for one in read(path) for _, text in one.texts(distractors=False)}
    titled = [_held(one) for path in sources.questions for one in read(path)[: sources.limit or None]]
    kept = [one for one in titled if closed.isdisjoint(text for _, text in one.texts(distractors=False))]
    if not kept:
        raise CallerError("no question is left whose gold passages are not kept apart; give other files")
    texts = {pair for one in kept for pair in one.texts() if pair[1] not in closed}
    rest = [pair for path in sources.corpora for pair in texts_of(path) if pair[1] not in closed]
    random.Random(sources.seed).shuffle(rest)
    texts.update(rest[: sources.others])
    if not sources.untitled:
        return kept, sorted(texts)
    bare = [replace(one, gold=tuple(map(_bare, one.gold)), distractors=()) for one in kept]
    return bare, sorted({("", text) for _, text in texts})


def _held(one: HopQuestion) -> HopQuestion:
    """Return a question all of whose gold passages its file holds."""
    if named := [passage for passage in one.gold if isinstance(passage, str)]:
        raise CallerError(f"{one.place}: its gold passage {named[0]!r:.60} is only named; give its title and text")
    return one


def _bare(passage: object) -> object:
    return {"text": passage["text"]} if isinstance(passage, dict) else passage


def filled(texts: Sequence[tuple[str, str]], home: Path, watcher: Watcher) -> Collection:
    """Return the collection of these passages, which is made or finished first."""
    mark = blake2b("\0".join(key_of(*text) for text in texts).encode(), digest_size=12).hexdigest()
    collection = Collection.create(home, f"{NAME}-{mark}")
    size, done = sum(len(text) for _, text in texts), 0

    def heard(characters: int) -> None:
        nonlocal done
        done += characters
        watcher.step("indexing", done, size)

    with collection.intake(progress=heard) as intake:
        for title, text in texts:
            intake.put(Document(key=key_of(title, text), text=text, title=title))
    return collection


def _retrieved(one: HopQuestion, collection: Collection, hops: Sequence[str]) -> CandidateList:
    updaters: list[HopUpdater] = [FirstSearch(), LinkHop(), *(_updater(name, collection) for name in hops)]
    context = Context(
        retriever=collection,
        updaters={each.name: each for each in updaters},
        hops=("link",),
        ranker=PathScore(),
        stop=AfterHops(2) | WhenDry(),
        further=tuple(hops),
    )
    state = walk(Request(question=one.question, k=DEEP), context)
    run = context.working(state)
    gold = set(one.identities())
    candidates = tuple(_candidates(state["ranked"][:DEEP], run, gold))
    return CandidateList(one.question, len(gold), candidates, dict(run.weights))


def _updater(name: str, collection: Collection) -> HopUpdater:
    """Return the updater of a name; for others than the default embedder there are no weights of `treehop`."""
    if name != "treehop":
        return {one.name: one for one in (SpanHop(), DirectionalHop())}[name]
    embedder = collection.embedder
    weights, told = checkpoint.find((), embedder=embedder.name, dimension=embedder.dimension)
    if weights is None:
        raise CallerError(f"--hop treehop: {' '.join(told)}")
    return TreeHop(weights)


def _candidates(ranked: Sequence[Ranked], run: Run, gold: set[str]) -> Iterator[Candidate]:
    for item in ranked:
        known = run.known(item["id"])
        bridge = run.known(item["path"][-1]) if item["path"] else None
        if known is None:
            continue
        passage = known.passage
        yield Candidate(
            id=passage.id,
            gold=passage.document if passage.document in gold else "",
            text=candidate(passage.title, passage.heading, passage.text),
            way=way(bridge.passage.title, bridge.passage.text, item["name"]) if bridge else "",
            score=item["score"],
            via=item["via"],
            path=tuple(item["path"]),
            parts=item.get("parts", {}),
        )
