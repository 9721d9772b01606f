"""Searching one collection: dense, lexical and filtered, always live passages, k of them whenever k exist."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from ..core.check import check_k, unit_rows
from ..core.errors import CallerError
from ..core.types import Hit, Passage, ResolvedLink, Vectors
from ..store import lexical
from . import links, sites
from .names import Kind
from .record import LIVE, Record
from .vector_index import VectorIndex

if TYPE_CHECKING:
    from .filter import Filter, Sql
    from .link_table import TableLink

# Up to so many matching chunks a filtered search scores exactly on the stored vectors; above, it over-fetches.
EXACT = 2_000
# Up to so many it remembers which they are, instead of asking SQLite about each candidate.
MEMBERS = 20_000
# An approximate search for more than so many neighbours costs more than scoring everything.
DEEPEST = 5_000
# Fetched beyond k, to see whether the k-th has company of the same score.
SPARE = 8
TIES = 500
# Passages and vectors kept at hand, some 3 kB each: questions come back to the same ones, and each run reads a hundred.
RECENT = 4_096
# A search that a writer disturbs is made again, so often at the most.
ATTEMPTS = 4
# Passages by which it is judged what a cosine is worth here.
SAMPLE = 512
UNIVERSE = "SELECT id FROM documents WHERE live IS NOT NULL"


#: lends the vector index for the time of a search
Lender = Callable[[], AbstractContextManager[VectorIndex]]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a filter is to be answered.

    `rows` are the matching chunks if they are few, `members` their ids by row if they are not very many; `matching`
    counts them.
    """

    filter: Filter | None
    rows: tuple[int, ...] | None
    matching: int
    total: int
    members: dict[int, str] | None = None
    ids: frozenset[str] = frozenset()

    def first_limit(self, k: int) -> int:
        """Return how many unfiltered results should hold k that pass, with half as many again to spare."""
        return SPARE + (k if self.filter is None else 3 * k * self.total // (2 * self.matching))


class CollectionReader:
    """Reads the record and the vector index; safe to share between threads."""

    def __init__(
        self,
        record: Record,
        index: Callable[[], AbstractContextManager[VectorIndex]],
        embedder: str,
        dimension: int,
        *,
        postings: int,
    ) -> None:
        self._record = record
        self._index = index
        self.embedder_name = embedder
        self._dimension = dimension
        self._postings = postings
        self._statistics = lexical.Statistics()
        self._passages: Recent[Passage] = Recent(RECENT)
        self._vectors: Recent[Vectors] = Recent(RECENT)
        self._plan = lru_cache(maxsize=64)(self._make_plan)
        self._sample = lru_cache(maxsize=1)(self._draw)
        self._sites = lru_cache(maxsize=1)(lambda generation: sites.known(record))

    def dense(self, vectors: ArrayLike, k: int, *, where: str = "") -> list[list[Hit]]:
        """Return for each query vector its k nearest live passages by cosine, ties by id.

        Raises:
            VectorError: for a vector that is zero, not finite or of the wrong dimension.
            FilterError: for a filter that cannot be read.
        """
        queries = unit_rows(vectors, self._dimension)
        check_k(k)
        return self._steady(lambda generation: self._dense(queries, k, self._plan(where, generation)))

    def lexical(self, question: str, k: int, *, where: str = "") -> list[Hit]:
        """Return the k live passages that BM25 likes best for the words of the question, ties by id.

        Raises:
            CallerError: for a k that is none.
            FilterError: for a filter that cannot be read.
        """
        check_k(k)
        return self._steady(lambda generation: self._lexical(question, k, where, generation))

    def passages(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Return the live passages among `ids`; they are shared, so nobody may change their metadata."""
        return self._passages.read(ids, self._generation(), self._record.passages)

    def passage(self, id: str) -> Passage:
        """Return a passage by its id, or by as much of the beginning of that as tells it from all others.

        Raises:
            CallerError: if there is none, or several.
        """
        sql = f"SELECT DISTINCT c.id FROM {LIVE} WHERE c.id >= ? AND c.id < ? ORDER BY c.id LIMIT 2"
        with self._record.reading() as connection:
            found = [row[0] for row in connection.execute(sql, (id, f"{id}g"))] if id else []
        if len(found) != 1:
            told = "several passages have ids that begin with" if found else "no passage has the id"
            raise CallerError(f"{told} {id!r}; `polyhop retrieve` shows the ids of what it finds")
        return self.passages(found)[found[0]]

    def neighbours(self, id: str) -> tuple[Passage | None, Passage | None]:
        """Return the passages right before and after one in its document, None at its ends.

        Raises:
            CallerError: if there is no passage of that id.
        """
        here = self.passage(id)
        sql = f"SELECT c.ord, c.id FROM {LIVE} WHERE d.key = ? AND c.ord IN (?, ?)"
        with self._record.reading() as connection:
            ids = dict(connection.execute(sql, (here.document, here.place - 1, here.place + 1)).fetchall())
        there = self.passages(list(ids.values()))
        before, after = (there.get(ids.get(here.place + step, "")) for step in (-1, 1))
        return before, after

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors of the live passages among `ids`."""
        return self._vectors.read(ids, self._generation(), lambda new: self._record.vectors(new, self.embedder_name))

    def _steady(self, search: Callable[[int], Found]) -> Found:
        """Search again if something was written meanwhile: passages of the plan may have gone, and new ones come."""
        for _ in range(ATTEMPTS):
            generation = self._generation()
            found = search(generation)
            if generation == self._generation():
                break
        return found

    def _dense(self, queries: Vectors, k: int, plan: Plan) -> list[list[Hit]]:
        if plan.matching == 0:
            return [[] for _ in queries]
        if plan.rows is not None:
            return self._exact(queries, k, plan.rows)
        return self._approximate(queries, k, plan)

    def _lexical(self, question: str, k: int, where: str, generation: int) -> list[Hit]:
        plan = self._plan(where, generation)
        with self._record.reading() as connection:
            counts = self._statistics.counts(connection, lexical.query_words(question), generation)
            expression = lexical.match_expression(counts, postings=self._postings)
            if not expression or plan.matching == 0:
                return []
            if plan.rows is not None:
                rows = lexical.top_within(connection, expression, plan.rows)
                return _ranked(self._live_rows(connection, rows, None))[:k]
            return self._lexical_over_fetched(connection, expression, k, plan)

    def frequency(self, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return in how many chunks each word stands, and how many chunks there are."""
        generation = self._generation()
        with self._record.reading() as connection:
            counts = self._statistics.counts(connection, words, generation)
        return counts, self._plan("", generation).total

    def bearers(self, names: Sequence[str], most: int, *, where: str = "") -> dict[str, list[tuple[str, int]]]:
        """Return [(document key, kind)] sorted by key for each name key that is borne, none if by more than `most`.

        The count of a name stops at `most`: one which half the collection bears costs no more than a rare one.
        """
        check, values = _check(_condition(where))
        count = (
            "SELECT value, (SELECT count(*) FROM (SELECT 1 FROM names WHERE name = value LIMIT ?)) AS number"
            " FROM json_each(?) WHERE number > 0"
        )
        fetch = (
            "SELECT n.name, d.key, n.kind FROM json_each(?) j CROSS JOIN names n ON n.name = j.value"
            f" CROSS JOIN documents d ON d.id = n.doc WHERE {check} ORDER BY n.name, d.key"
        )
        with self._record.reading() as connection:
            borne = connection.execute(count, (most + 1, json.dumps(list(names)))).fetchall()
            found: dict[str, list[tuple[str, int]]] = {name: [] for name, number in borne if number > most}
            known = json.dumps([name for name, number in borne if number <= most])
            for name, document, kind in connection.execute(fetch, (known, *values)):
                found.setdefault(name, []).append((document, kind))
        return found

    def mentioning(self, names: Sequence[str], most: int, *, where: str = "") -> dict[str, list[str]]:
        """Return the ids of the passages that hold each name key as a phrase, none if more than `most` do."""
        condition = _condition(where)
        found: dict[str, list[str]] = {}
        with self._record.reading() as connection:
            for name in names:
                rows = lexical.phrase(connection, name, most + 1)
                live = self._live_rows(connection, rows, condition) if len(rows) <= most else []
                if live or len(rows) > most:
                    found[name] = sorted(hit.id for hit in live)
        return found

    def heads(self, documents: Sequence[str], most: int, *, where: str = "") -> dict[str, list[str]]:
        """Return the ids of the first `most` passages of each document, in their order."""
        check, values = _check(_condition(where))
        sql = (
            "SELECT d.key, c.id FROM json_each(?) j CROSS JOIN documents d ON d.key = j.value"
            " CROSS JOIN chunks c ON c.doc = d.id AND c.version = d.live"
            f" WHERE c.ord < ? AND {check} ORDER BY d.key, c.ord"
        )
        found: dict[str, list[str]] = {}
        with self._record.reading() as connection:
            for document, chunk in connection.execute(sql, (json.dumps(list(documents)), most, *values)):
                found.setdefault(document, []).append(chunk)
        return found

    def linked(self, ids: Sequence[str], most: int, *, where: str = "") -> dict[str, list[ResolvedLink]]:
        """Return where the links that authors wrote into passages lead, in the order of the text, `most` for each.

        Only what leads to another passage, or to another document as a whole, is told, and only where both ends pass
        the filter. Passages without such links are left out.

        Raises:
            FilterError: for a filter that cannot be read.
        """
        check, found = _check(_condition(where)), self._sites(self._generation())
        with self._record.reading() as connection:
            return links.linked(connection, ids, most, check=check, sites=found)

    def linking(self, ids: Sequence[str], most: int, *, where: str = "") -> dict[str, list[str]]:
        """Return the ids of the passages that link to each passage, `most` for each; both ends pass the filter.

        A link to a document as a whole leads to its first passage. Where very many link to a passage, only the first
        hundreds that were written are looked at.

        Raises:
            FilterError: for a filter that cannot be read.
        """
        check, found = _check(_condition(where)), self._sites(self._generation())
        with self._record.reading() as connection:
            return links.linking(connection, ids, most, check=check, sites=found)

    def links_of(self, key: str, *, where: str = "") -> list[TableLink]:
        """Return all links that stand in a document, in the order of its text, also those that lead nowhere here.

        A document that does not pass the filter has none, and one that it leaves out is none to lead to.

        Raises:
            FilterError: for a filter that cannot be read.
        """
        check, found = _check(_condition(where)), self._sites(self._generation())
        with self._record.reading() as connection:
            from . import link_table

            return link_table.outgoing(connection, key, check=check, sites=found)

    def links_to(self, key: str, *, where: str = "") -> list[TableLink]:
        """Return the links of other documents that lead to a document; both ends pass the filter.

        Raises:
            FilterError: for a filter that cannot be read.
        """
        check, found = _check(_condition(where)), self._sites(self._generation())
        with self._record.reading() as connection:
            from . import link_table

            return link_table.incoming(connection, key, check=check, sites=found)

    def names(self, most: int, *, after: str = "", document: str = "", where: str = "") -> list[str]:
        """Return the first `most` name keys behind `after` that documents bear, of one document where it is named.

        Raises:
            FilterError: for a filter that cannot be read.
        """
        check, values = _check(_condition(where))
        own, keys = ("AND d.key = ?", (document,)) if document else ("", ())
        sql = (
            "SELECT DISTINCT n.name FROM names n CROSS JOIN documents d ON d.id = n.doc WHERE n.name > ? AND n.kind < ?"
            f" {own} AND d.live IS NOT NULL AND {check} ORDER BY n.name LIMIT ?"
        )
        with self._record.reading() as connection:
            return [row[0] for row in connection.execute(sql, (after, Kind.FUZZY, *keys, *values, most))]

    def background(self) -> Vectors:
        """Return the vectors of at most `SAMPLE` passages drawn at random, the same ones until something is written."""
        return self._sample(self._generation())

    def keys(self, where: str = "") -> list[str]:
        """Return the keys of the documents that a filter lets pass, sorted; all of them for no filter."""
        documents, values = _matching(_condition(where))
        with self._record.reading() as connection:
            rows = connection.execute(f"SELECT key FROM documents WHERE id IN ({documents}) ORDER BY key", values)
            return [row[0] for row in rows]

    def _draw(self, _generation: int) -> Vectors:
        # The hash of a text is as good as a die.
        sql = "SELECT vector FROM vectors WHERE embedder = ? ORDER BY hash LIMIT ?"
        with self._record.reading() as connection:
            found = connection.execute(sql, (self.embedder_name, SAMPLE)).fetchall()
        return np.frombuffer(b"".join(row[0] for row in found), np.float32).reshape(len(found), self._dimension)

    def _generation(self) -> int:
        return int(self._record.get("generation", 0))

    def _make_plan(self, where: str, _generation: int) -> Plan:
        total = self._record.count()[1]
        condition = _condition(where)
        if condition is None:
            return Plan(None, None, total, total)
        documents, values = condition.sql_enumerate(UNIVERSE)
        matching = f"FROM {LIVE} WHERE d.id IN ({documents})"
        with self._record.reading() as connection:
            rows = connection.execute(f"SELECT c.row {matching} LIMIT ?", (*values, EXACT + 1)).fetchall()
            if len(rows) <= EXACT:
                return Plan(condition, tuple(row[0] for row in rows), len(rows), total)
            count = int(connection.execute(f"SELECT count(*) {matching}", values).fetchone()[0])
            if count > MEMBERS:
                return Plan(condition, None, count, total)
            members = dict(connection.execute(f"SELECT c.row, c.id {matching}", values))
        return Plan(condition, None, count, total, members, frozenset(members.values()))

    def _exact(self, queries: Vectors, k: int, rows: Sequence[int]) -> list[list[Hit]]:
        sql = (
            "SELECT c.id, v.vector FROM chunks c JOIN vectors v ON v.hash = c.hash AND v.embedder = ?"
            " WHERE c.row IN (SELECT value FROM json_each(?)) ORDER BY c.id"
        )
        best: list[list[Hit]] = [[] for _ in queries]
        for start in range(0, len(rows), EXACT):
            with self._record.reading() as connection:
                found = connection.execute(
                    sql, (self.embedder_name, json.dumps(rows[start : start + EXACT]))
                ).fetchall()
            ids = [row[0] for row in found]
            matrix = np.frombuffer(b"".join(row[1] for row in found), np.float32).reshape(len(found), self._dimension)
            for number, scores in enumerate(queries @ matrix.T):
                best[number] = _ranked([*best[number], *map(Hit, ids, scores.tolist())])[:k]
        return best

    def _approximate(self, queries: Vectors, k: int, plan: Plan) -> list[list[Hit]]:
        """Ask the vector index, and again and deeper for those queries alone whose list is not certain yet."""
        best: dict[int, list[Hit]] = {}
        pushed = self._pushed_down(plan.filter)
        limit = plan.first_limit(k) if pushed is None else SPARE + k
        while len(best) < len(queries) and limit < min(plan.total if pushed is None else plan.matching, DEEPEST):
            left = [place for place in range(len(queries)) if place not in best]
            with self._index() as index:
                found = index.query(queries[left], limit, pushed)
            names = {name for near in found for name, _ in near}
            live = self._live(names, plan.filter) if plan.members is None else names & plan.ids
            for place, near in zip(left, found, strict=True):
                kept = _ranked([Hit(name, score) for name, score in near if name in live])
                if _settled(kept, k, limit):
                    best[place] = kept[:k]
            limit *= 4
        if left := [place for place in range(len(queries)) if place not in best]:
            best.update(zip(left, self._exact(queries[left], k, self._matching_rows(plan.filter)), strict=True))
        return [best[place] for place in range(len(queries))]

    def _pushed_down(self, condition: Filter | None) -> Filter | None:
        """Return the filter if the vector index applies it, which it cannot do while metadata is being written."""
        if condition is None:
            return None
        with self._index() as index:
            return condition if index.can_filter(condition) and not self._record.get("dirty") else None

    def _live(self, ids: set[str], condition: Filter | None) -> set[str]:
        check, values = _check(condition)
        sql = f"SELECT c.id FROM {LIVE} WHERE c.id IN (SELECT value FROM json_each(?)) AND {check}"
        with self._record.reading() as connection:
            return {row[0] for row in connection.execute(sql, (json.dumps(sorted(ids)), *values))}

    def _matching_rows(self, condition: Filter | None) -> list[int]:
        documents, values = _matching(condition)
        with self._record.reading() as connection:
            sql = f"SELECT c.row FROM {LIVE} WHERE d.id IN ({documents})"
            return [row[0] for row in connection.execute(sql, values)]

    def _lexical_over_fetched(self, connection: sqlite3.Connection, expression: str, k: int, plan: Plan) -> list[Hit]:
        limit = plan.first_limit(k)
        while True:
            rows = lexical.top(connection, expression, limit)
            if plan.members is None:
                kept = _ranked(self._live_rows(connection, rows, plan.filter))
            else:
                kept = _ranked([Hit(plan.members[row], score) for row, score in rows if row in plan.members])
            if _settled(kept, k, limit) or len(rows) < limit:
                return kept[:k]
            limit *= 4

    @staticmethod
    def _live_rows(
        connection: sqlite3.Connection, rows: Sequence[tuple[int, float]], condition: Filter | None
    ) -> list[Hit]:
        check, values = _check(condition)
        sql = f"SELECT c.row, c.id FROM {LIVE} WHERE c.row IN (SELECT value FROM json_each(?)) AND {check}"
        ids = dict(connection.execute(sql, (json.dumps([row for row, _ in rows]), *values)))
        return [Hit(ids[row], score) for row, score in rows if row in ids]


def _condition(where: str) -> Filter | None:
    if not where.strip():
        return None
    from .filter import parse  # the filter language, which most questions do not use

    return parse(where)


def _check(condition: Filter | None) -> Sql:
    return condition.sql_check("d.id") if condition else ("1", [])


def _matching(condition: Filter | None) -> Sql:
    return condition.sql_enumerate(UNIVERSE) if condition else (UNIVERSE, [])


def _settled(hits: Sequence[Hit], k: int, limit: int) -> bool:
    """Say whether the first k are certain: those that tie with the last of them have all been seen.

    Of more than `TIES` equals, as in a collection of templates, the first that the index gives are taken.
    """
    if len(hits) <= k:
        return False
    return limit >= TIES or round(hits[-1].score, 6) < round(hits[k - 1].score, 6)


def _ranked(hits: list[Hit]) -> list[Hit]:
    """Sort by score, then id; scores are compared to six decimals, below which they depend on the batch."""
    return sorted(hits, key=lambda hit: (-round(hit.score, 6), hit.id))


Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by id, of one generation of the record; safe to share between threads.

    There are two shelves: what is used moves to the newer one, and when that holds half of `capacity` the older one is
    dropped. Read the generation before the values: they may be newer than it says, never older.
    """

    def __init__(self, capacity: int) -> None:
        self._half = max(1, capacity // 2)
        self._shelves: tuple[int, dict[str, Value], dict[str, Value]] = (-1, {}, {})
        self._inside = threading.Lock()

    def read(
        self, ids: Sequence[str], generation: int, fetch: Callable[[Sequence[str]], Mapping[str, Value]]
    ) -> dict[str, Value]:
        """Return the values that are there, fetching those that are not at hand all in one go."""
        shelves = self._of(generation)
        _, newer, older = shelves
        found: dict[str, Value] = {}
        missing: list[str] = []
        for name in ids:
            value = newer.get(name)
            if value is None and (value := older.get(name)) is not None:
                newer[name] = value
            if value is None:
                missing.append(name)
            else:
                found[name] = value
        if missing:
            new = fetch(missing)
            newer.update(new)
            found.update(new)
        if len(newer) >= self._half:
            with self._inside:
                if self._shelves is shelves:
                    self._shelves = (generation, {}, newer)
        return found

    def _of(self, generation: int) -> tuple[int, dict[str, Value], dict[str, Value]]:
        shelves = self._shelves
        if shelves[0] != generation:
            with self._inside:
                shelves = self._shelves = (generation, {}, {})
        return shelves
