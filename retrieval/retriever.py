"""The retriever role: what a run may ask of the place where the passages are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import CallerError, OperatorError
from ..core.types import Hit, Passage, ResolvedLink, Vectors
from ..core.words import name_key
from ..encoders.role import Encoder, accepted
from ..store.names import names_of

Item = TypeVar("Item")
#: name -> [(document key, kind)]: the documents that bear it; empty where they are too many
Bearers = dict[str, list[tuple[str, int]]]


class Retriever(Protocol):
    """A place that holds passages.

    `Collection` is one; `MultiRetriever` joins them; `CallableRetriever` wraps a search of the user's.
    """

    @property
    def embedder(self) -> Encoder: ...

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return for each query vector its k nearest passages, best first, ties by id."""
        ...

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Return the k passages that fit the words of the question best, ties by id."""
        ...

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Return the passages that are there, by id."""
        ...

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the unit vectors of the passages that are there, by id."""
        ...

    def frequency(self, words: Sequence[str]) -> tuple[Mapping[str, int], int]:
        """Return in how many passages each word stands, and how many passages there are."""
        ...

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Return the documents that bear each name key, and none of them for a name that more than `most` bear.

        A name that nobody bears is left out, so that whoever joins retrievers can tell a common name from an unknown.
        """
        ...

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return the passages that hold each name as a phrase, told as `bearers` tells: none if more than `most` do."""
        ...

    def heads(self, documents: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return the ids of the first `most` passages of each document, in their order."""
        ...

    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[ResolvedLink]]:
        """Return where the links that authors wrote into passages lead, in the order of the text, `most` for each.

        Both ends pass the filter. Passages without links to others are left out.
        """
        ...

    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return the ids of the passages that link to each passage, or to the document whose first it is.

        `most` for each; both ends pass the filter. Passages to which nothing links are left out.
        """
        ...

    def background(self) -> Vectors:
        """Return the unit vectors of some passages drawn at random, shape (passages, dimension); none if nobody can."""
        ...


def source_of(retriever: Retriever) -> str:
    """Return the name of a collection, or of several, as they are opened; empty around a search of the user's own."""
    members: Sequence[Any] = getattr(retriever, "members", None) or [retriever]
    return ",".join(str(name) for one in members if (name := getattr(one, "name", "")))


class MultiRetriever:
    """Collections searched as one; they must have the same embedder.

    Raises:
        CallerError: for no collection.
        OperatorError: for collections with different embedders.
    """

    def __init__(self, members: Sequence[Retriever]) -> None:
        if not members:
            raise CallerError("no collection was given; name at least one")
        embedders = sorted({member.embedder.name for member in members})
        if len(embedders) > 1:
            raise OperatorError(
                f"collections made with different embedders cannot be searched together: {', '.join(embedders)}; "
                "bring them to one with `polyhop reindex --embedder NAME`"
            )
        self._members = list(members)

    @property
    def members(self) -> Sequence[Retriever]:
        """Return what is searched as one."""
        return tuple(self._members)

    @property
    def embedder(self) -> Encoder:
        """Return the embedder all members share."""
        return self._members[0].embedder

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Merge the members' lists by cosine."""
        lists = [member.dense(vectors, k, where=where) for member in self._members]
        return [_best(hits, k) for hits in zip(*lists, strict=True)]

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Merge the members' lists by BM25 score, which is comparable as far as the members' word statistics are."""
        return _best([member.lexical(question, k, where=where) for member in self._members], k)

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Return the passages of all members."""
        return {name: found for member in self._members for name, found in member.passages(ids).items()}

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the vectors of all members."""
        return {name: found for member in self._members for name, found in member.vectors(ids).items()}

    def frequency(self, words: Sequence[str]) -> tuple[Mapping[str, int], int]:
        """Add up the members' counts."""
        counts = [member.frequency(words) for member in self._members]
        return {word: sum(found.get(word, 0) for found, _ in counts) for word in words}, sum(
            total for _, total in counts
        )

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Join the members' bearers; a name that is too common in one of them or in all together has none."""
        found = [member.bearers(names, most, where=where) for member in self._members]
        return {name: sorted(set(bearers)) for name, bearers in _joined(found, most).items()}

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Join the members' passages; a name that is too common in one of them or in all together has none."""
        return _joined([member.mentioning(names, most, where=where) for member in self._members], most)

    def heads(self, documents: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Join the members' passages; a key that several members have stands for all its documents."""
        joined: dict[str, list[str]] = {}
        for member in self._members:
            for document, found in member.heads(documents, most, where=where).items():
                joined.setdefault(document, []).extend(found)
        return {document: list(dict.fromkeys(found)) for document, found in joined.items()}

    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[ResolvedLink]]:
        """Join the members' links: a link leads to where it was written."""
        return {
            name: found for member in self._members for name, found in member.linked(ids, most, where=where).items()
        }

    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Join the members' passages; each has the links among its own."""
        joined: dict[str, list[str]] = {}
        for member in self._members:
            for name, found in member.linking(ids, most, where=where).items():
                joined.setdefault(name, []).extend(found)
        return {name: list(dict.fromkeys(found))[:most] for name, found in joined.items()}

    def background(self) -> Vectors:
        """Return the members' samples."""
        return np.concatenate([member.background() for member in self._members])


class CallableRetriever:
    """A search of the user's own in the place of a collection.

    `search` is an object with `search(question, k)`, or a LangChain retriever (`invoke(question)`), or such a
    function. It returns passages best first: `Passage`, a mapping with `text` and optionally `id`, `title` and
    `metadata`, or an object with `page_content` and `metadata`. Filters are the user's business and refused here.
    What was returned lately is remembered by id, so that a run can come back to it.
    """

    REMEMBERED = 20_000
    NAMES_PER_CALL = 12
    DEPTH = 5

    def __init__(self, search: Any, embedder: Encoder) -> None:
        self._search = search
        self.embedder = accepted(embedder)
        self._seen: OrderedDict[str, Passage] = OrderedDict()
        self._inside = threading.Lock()

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return nothing: a search by text cannot be asked with a vector."""
        return [[] for _ in np.atleast_2d(np.asarray(vectors))]

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Return the user's ranking; its order is kept, scores fall with the rank.

        Raises:
            CallerError: for a filter, and for a search that returns no passages.
        """
        if where.strip():
            raise CallerError(f"a filter ({where!r}) needs a collection of polyhop's; filter inside your own retriever")
        returned = self._call(question, k)
        if not isinstance(returned, Iterable):
            raise CallerError(f"your retriever returned {returned!r:.80}; return passages, best first")
        found = [_passage(item) for item in islice(returned, k)]
        with self._inside:
            for passage in found:
                self._seen[passage.id] = passage
                self._seen.move_to_end(passage.id)
            while len(self._seen) > self.REMEMBERED:
                self._seen.popitem(last=False)
        return [Hit(name, 1 / rank) for rank, name in enumerate(dict.fromkeys(item.id for item in found), start=1)]

    def passages(self, ids: Sequence[str]) -> Mapping[str, Passage]:
        """Return the passages that were returned lately."""
        with self._inside:
            return {name: self._seen[name] for name in ids if name in self._seen}

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Embed the passages."""
        found = self.passages(ids)
        texts = ["\n".join(filter(None, (item.title, item.heading, item.text))) for item in found.values()]
        return dict(zip(found, self.embedder.encode_passages(texts), strict=True))

    def frequency(self, words: Sequence[str]) -> tuple[Mapping[str, int], int]:
        """Return nothing known: every word counts the same."""
        return {}, 0

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> Bearers:
        """Ask the user's search for each name and keep what bears it; at most `NAMES_PER_CALL` names are asked."""
        found: Bearers = {}
        for name in list(names)[: self.NAMES_PER_CALL]:
            hits = self.lexical(name, self.DEPTH, where=where)
            passages = self.passages([hit.id for hit in hits])
            bearing = [
                (key, kind)
                for key, item in passages.items()
                for own, kind in names_of(item.title, item.text, item.layout.blocks if item.layout else ())
                if own == name
            ]
            if bearing:
                found[name] = bearing if len(bearing) <= most else []
        return found

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Ask the user's search for each name and keep what holds it; at most `NAMES_PER_CALL` names are asked."""
        found: dict[str, list[str]] = {}
        for name in list(names)[: self.NAMES_PER_CALL]:
            hits = self.lexical(name, self.DEPTH, where=where)
            texts = self.passages([hit.id for hit in hits])
            holding = [key for key, item in texts.items() if f" {name} " in f" {name_key(item.text)} "]
            if holding:
                found[name] = holding if len(holding) <= most else []
        return found

    def heads(self, documents: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return each passage for itself: what is inside a document of the user's is not known here."""
        return {name: [name] for name in self.passages(documents)}

    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[ResolvedLink]]:
        """Return nothing: what the links of the user's passages lead to is not known here."""
        return {}

    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> Mapping[str, Sequence[str]]:
        """Return nothing, as `linked` does."""
        return {}

    def background(self) -> Vectors:
        """Return nothing: a search of the user's own has no passages but those it finds."""
        return np.empty((0, self.embedder.dimension), np.float32)

    def _call(self, question: str, k: int) -> Iterable[Any]:
        if callable(getattr(self._search, "search", None)):
            return self._search.search(question, k)  # type: ignore[no-any-return]
        if callable(getattr(self._search, "invoke", None)):
            return self._search.invoke(question)  # type: ignore[no-any-return]
        if callable(self._search):
            return self._search(question, k)  # type: ignore[no-any-return]
        raise CallerError(f"{self._search!r} is no retriever; give an object with search(question, k), or a function")


def _passage(item: Any) -> Passage:
    if isinstance(item, Passage):
        return item
    if isinstance(item, Mapping):
        text, metadata = item.get("text"), dict(item.get("metadata") or {})
        title, name = str(item.get("title") or ""), item.get("id")
    else:
        text, metadata = getattr(item, "page_content", None), dict(getattr(item, "metadata", None) or {})
        title, name = str(metadata.get("title") or ""), getattr(item, "id", None)
    if not isinstance(text, str) or not text.strip():
        raise CallerError(f"a passage of your retriever has no text: {item!r:.200}; return mappings with `text`")
    key = str(name) if name is not None else blake2b(f"{title}\0{text}".encode(), digest_size=16).hexdigest()
    return Passage(key, key, title, "", text, metadata, str(metadata.get("source") or ""))


def _joined(found: Sequence[Mapping[str, Sequence[Item]]], most: int) -> dict[str, list[Item]]:
    """Return what the members found for each name; nothing for one that is too common for any or for all together."""
    joined: dict[str, list[Item]] = {}
    for name in dict.fromkeys(name for one in found for name in one):
        parts = [one[name] for one in found if name in one]
        items = [item for part in parts for item in part] if all(parts) else []
        joined[name] = items if len(items) <= most else []
    return joined


def _best(lists: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    best: dict[str, float] = {}
    for hit in (hit for hits in lists for hit in hits):
        best[hit.id] = max(hit.score, best.get(hit.id, hit.score))
    ranked = sorted(best.items(), key=lambda item: (-round(item[1], 6), item[0]))
    return [Hit(name, score) for name, score in ranked[:k]]
