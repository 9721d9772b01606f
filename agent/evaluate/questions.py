"""Questions with what ought to be found for them, and when a passage is that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from ...core.errors import CallerError
from ...core.files import read_rows
from ...core.words import name_key
from ...retrieval.retriever import Retriever
from .systems import PassageLike

# How much of a gold text is searched for, and how deep, to tell whether the collection has it.
OPENING = 400
DEPTH = 20
HEADS = 50
SHOWN = 60
EXAMPLE = '{"question": "…", "gold": ["document key or title", …]}'


@dataclass(frozen=True, slots=True)
class Gold:
    """Something to be found: `name` is a document key, a title or a passage id; or a text, perhaps with its title."""

    name: str = ""
    title: str = ""
    text: str = ""

    def is_met(self, found: PassageLike) -> bool:
        """Say whether a passage is it: by name, or because one text holds the other and the titles do not differ."""
        if not self.text:
            return self.name in (found.id, found.document) or _folded(self.name) == _folded(found.title)
        if self.title and found.title and _folded(self.title) != _folded(found.title):
            return False
        mine, other = f" {_folded(self.text)} ", f" {_folded(found.text)} "
        return bool(other.strip()) and (mine in other or other in mine)

    def __str__(self) -> str:
        said = self.name or " | ".join(filter(None, (self.title, self.text)))
        return repr(said if len(said) <= SHOWN else f"{said[: SHOWN - 1]}…")


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and its gold; `place` says where it was written, for messages.

    `answers` are those that count as right, where somebody gave some.
    """

    text: str
    gold: tuple[Gold, ...]
    place: str = ""
    answers: tuple[str, ...] = ()


def read_questions(path: Path | str, limit: int | None = None) -> list[GoldQuestion]:
    """Return the first `limit` questions of a JSON-lines file, all by default.

    Raises:
        CallerError: for a file that cannot be read or holds no question, and for a line that is none.
    """
    found = [question_of(row, place) for place, row in islice(read_rows(Path(path)), limit)]
    if not found:
        raise CallerError(f"{str(path)!r} holds no questions; give a line {EXAMPLE} for each")
    return found


def questions_of(given: Iterable[Mapping[str, Any] | GoldQuestion]) -> list[GoldQuestion]:
    """Return questions given as values or as rows of such a file.

    Raises:
        CallerError: for a row that is no question, or where there is none.
    """
    found = [
        one if isinstance(one, GoldQuestion) else question_of(one, f"question {number}")
        for number, one in enumerate(given, start=1)
    ]
    if not found:
        raise CallerError(f"there are no questions to evaluate; give some, each {EXAMPLE}")
    return found


def question_of(row: Any, place: str) -> GoldQuestion:
    """Return a row as a question; what else it holds is not looked at.

    Raises:
        CallerError: for a row that is no question; it names the `place`.
    """
    if not isinstance(row, Mapping):
        raise CallerError(f"{place}: {row!r:.80} is no question; give {EXAMPLE}")
    text, gold = row.get("question"), row.get("gold")
    if not isinstance(text, str) or not text.strip():
        raise CallerError(f"{place}: its question is {text!r:.80}; give a text")
    if not isinstance(gold, Sequence) or isinstance(gold, str) or not gold:
        raise CallerError(f"{place}: its gold is {gold!r:.80}; give a list, at least one document key, title or text")
    return GoldQuestion(
        text, tuple(dict.fromkeys(_gold(one, place) for one in gold)), place, _answers(row.get("answer"))
    )


def _answers(given: Any) -> tuple[str, ...]:
    """Return the texts and numbers among what is given as an answer, or as a list of them."""
    every = given if isinstance(given, list | tuple) else [given]
    return tuple(str(one) for one in every if isinstance(one, str | int | float) and name_key(str(one)))


def _gold(given: Any, place: str) -> Gold:
    if isinstance(given, str) and given.strip():
        return Gold(name=given)
    if isinstance(given, Mapping):
        title, text = given.get("title") or "", given.get("text") or ""
        if isinstance(title, str) and isinstance(text, str) and _folded(text):
            return Gold(title=title, text=text)
        if isinstance(title, str) and title.strip() and not text:
            return Gold(name=title)
    raise CallerError(
        f"{place}: {given!r:.80} is no gold; "
        "give a document key, a title, a passage id, or an object with title and text"
    )


def is_there(gold: Gold, retriever: Retriever, titles: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a retriever holds something that is the gold; `titles` are its document keys by folded title."""
    if not gold.text:
        named = [gold.name, *titles.get(_folded(gold.name), ())]
        heads = retriever.heads(named, 1)
        return bool(retriever.passages([gold.name])) or any(heads.values())
    hits = [hit.id for hit in retriever.lexical(gold.text[:OPENING], DEPTH)]
    keys = list(titles.get(_folded(gold.title), ())) if gold.title else []
    heads = retriever.heads(keys, HEADS) if keys else {}
    ids = [*hits, *(name for there in heads.values() for name in there)]
    return any(gold.is_met(passage) for passage in retriever.passages(ids).values())


def by_title(documents: Iterable[tuple[str, str, str]]) -> dict[str, list[str]]:
    """Return the keys of documents, given as (key, title, source), by folded title."""
    found: dict[str, list[str]] = {}
    for key, title, _ in documents:
        found.setdefault(_folded(title), []).append(key)
    return found


@lru_cache(maxsize=16_384)
def _folded(text: str) -> str:
    """Return a text as its words alone: cleaning at indexing time changes spaces and quotes.

    A text without any words is compared as it is.
    """
    return name_key(text) or text.strip()
