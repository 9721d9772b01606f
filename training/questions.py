"""Files of questions whose gold passages are known, the collection of their passages, and what polyhop finds there.

A line of a file is `{question, gold, also, ordered, distractors, answer, absent}`. A gold passage is `{title, text}`,
or a string: a passage id, a document key, or a title.

Gold passages stand among the distractors of all questions and among other passages, so that nothing but what they say
tells them from the rest: neither their place in a file nor a title that only they have.
"""

from __future__ import annotations

import math
import random
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from ..core.errors import CallerError
from ..core.files import read_rows
from ..core.settings import Settings
from ..core.types import Document
from ..graphs.loop import ask
from ..graphs.state import Request, State
from ..ingest.index import index_paths
from ..retrieval.config import Config
from ..retrieval.run import Run
from ..retrieval.stop import MaxHops, WhenDry
from ..store.collection import Collection
from .harness import Lines
from .pool import key_of

Made = TypeVar("Made")

NAME = "pool"


@dataclass(frozen=True, slots=True)
class HopQuestion:
    """A question of a file: its gold passages and others that are known to be wrong, as {title, text} or by name.

    `answer` is empty where the file has none; `absent` says that the gold passages are near to a question that they do
    not answer. `also` would do as well as the gold passage of a question that has one.
    """

    place: str
    question: str
    gold: tuple[Any, ...]
    ordered: bool = False
    distractors: tuple[Any, ...] = ()
    answer: str = ""
    absent: bool = False
    also: tuple[Any, ...] = ()

    def texts(self, *, distractors: bool = True) -> Iterator[tuple[str, str]]:
        """Yield (title, text) of the passages that the file itself holds."""
        given = (*self.gold, *self.distractors) if distractors else self.gold
        yield from (pair(one) for one in given if not isinstance(one, str) and "text" in one)

    def identities(self) -> Iterator[str]:
        """Yield the identities of the gold passages that the file itself holds."""
        yield from (key_of(*one) for one in self.texts(distractors=False))


@dataclass(frozen=True, slots=True)
class Sources:
    """What questions are asked of.

    Args:
        questions: files of questions with gold passages, and perhaps distractors.
        corpora: files of more passages.
        apart: files of questions whose gold passages are left out wherever they stand, under whatever title, and with
            them the questions that need them.
        others: passages to draw from the corpora.
        limit: questions to take of each file, the first ones; 0 takes all.
        home: folder of the collection, which is kept, so that a killed run goes on where it was; by default the cache.
        files: a folder whose files are searched in the place of passages; gold texts stand in them word for word.
    """

    questions: Sequence[Path]
    corpora: Sequence[Path] = ()
    apart: Sequence[Path] = ()
    others: int = 5_000
    untitled: bool = False
    seed: int = 0
    limit: int = 0
    home: Path | None = None
    files: Path | None = None

    @classmethod
    def of(cls, given: Namespace) -> Sources:
        """Return what a command line with the options `SOURCES` names."""
        names = ("questions", "apart", "others", "untitled", "limit", "home", "files")
        return cls(corpora=given.corpus, **{name: getattr(given, name) for name in names})


def read(path: Path, *, untitled: bool = False) -> list[HopQuestion]:
    """Return the questions of a file, with `untitled` without the titles of their passages.

    Raises:
        CallerError: for a file or a line that cannot be read; it names the place.
    """
    found = [_asked(place, row, untitled=untitled) for place, row in read_rows(path)]
    if not found:
        raise CallerError(f"{str(path)!r} holds no questions; give JSON lines with `question` and `gold`")
    return found


def texts_of(path: Path, *, untitled: bool = False) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of a file of passages."""
    for place, row in read_rows(path):
        yield pair(_passage(place, row, untitled=untitled))


def pair(one: Mapping[str, Any]) -> tuple[str, str]:
    """Return title and text of a passage of a file."""
    return str(one.get("title") or ""), one["text"]


def of_each(sources: Sources, make: Callable[[HopQuestion, Collection], Made]) -> list[Made]:
    """Return what is made of each question, asked of the collection of all passages, or of all files.

    Raises:
        CallerError: if a file cannot be read, or no question is left.
    """
    watcher, found = Lines(), []
    home = sources.home or Settings().cache / "training"
    if sources.files is not None:
        asked = [_held(one) for path in sources.questions for one in read(path)[: sources.limit or None]]
        filling = indexed(sources.files, home)
    else:
        asked, texts = gathered(sources)
        filling = filled(texts, home, watcher)
    with filling as collection:
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
    bare = [replace(one, gold=tuple({"text": each["text"]} for each in one.gold), distractors=()) for one in kept]
    return bare, sorted({("", text) for _, text in texts})


def indexed(files: Path, home: Path) -> Collection:
    """Return the collection of these files, which is made or brought up to date first.

    Raises:
        CallerError: if there are none.
    """
    mark = blake2b(str(files.resolve()).encode(), digest_size=12).hexdigest()
    collection = Collection.create(home, f"{NAME}-{mark}")
    index_paths(collection, [files])
    return collection


def filled(texts: Sequence[tuple[str, str]], home: Path, watcher: Lines) -> Collection:
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


def walked(question: str, collection: Collection, k: int, *, searches: int = 2, **parts: Any) -> tuple[State, Run]:
    """Return what a run comes to that has the default parts, no estimate and no deadline, and these parts."""
    usual = {"stop": MaxHops(searches - 1) | WhenDry(), "sufficiency": None, "duplicates": None, "seconds": math.inf}
    run = Run(collection, config=Config(**{**usual, **parts}))
    return ask(Request(question=question, k=k), run), run


def _held(one: HopQuestion) -> HopQuestion:
    """Return a question all of whose gold passages its file holds."""
    if named := [passage for passage in one.gold if isinstance(passage, str)]:
        raise CallerError(f"{one.place}: its gold passage {named[0]!r:.60} is only named; give its title and text")
    return one


def _asked(place: str, row: Mapping[str, Any], *, untitled: bool) -> HopQuestion:
    question, gold = row.get("question"), row.get("gold")
    if not isinstance(question, str) or not question.strip():
        raise CallerError(f"{place}: its question is {question!r}; a text is expected")
    if not isinstance(gold, list) or not gold:
        raise CallerError(f"{place}: its gold is {gold!r:.60}; a list of passages, at least one, is expected")
    checked, wrong, also = (
        tuple(_passage(place, one, untitled=untitled) for one in some)
        for some in (gold, row.get("distractors") or (), row.get("also") or ())
    )
    answer = str(row.get("answer", "") or "").strip()
    return HopQuestion(
        place,
        question,
        checked,
        row.get("ordered") is True,
        wrong,
        answer,
        absent=row.get("absent") is True,
        also=also if len(checked) == 1 else (),
    )


def _passage(place: str, one: Any, *, untitled: bool) -> Any:
    if isinstance(one, str) and one.strip():
        return one
    if isinstance(one, dict) and isinstance(one.get("marks"), list) and one["marks"]:
        return one
    if isinstance(one, dict) and isinstance(one.get("text"), str) and one["text"].strip():
        return {"text": one["text"]} if untitled else one
    raise CallerError(f"{place}: {one!r:.80} is no passage; an object with title and text, or a key, is expected")
