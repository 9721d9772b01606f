"""The lexical half: what FTS5 is given, and a query that reads a bounded number of postings."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

from ..core.words import STOP

# Han, Hiragana, Katakana, Hangul and their extensions: scripts written without spaces, or with long compounds.
CJK = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u30ff\u3130-\u318f\u31f0-\u31ff"
    "\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
)
_RUN = re.compile(f"[{CJK}]+")
_WORD = re.compile(r"[^\W_]+")

POSTINGS = 20_000
TERMS = 64
REMEMBERED = 100_000
WEIGHTS = (1.0, 1.0)


def analyse(text: str) -> str:
    """Return the text as FTS5 is to see it: runs of CJK characters cut into overlapping bigrams.

    FTS5 cuts words at spaces and would take a whole Chinese or Japanese sentence for one word.
    """
    return _RUN.sub(lambda run: f" {' '.join(bigrams(run.group()))} ", text) if _RUN.search(text) else text


def bigrams(run: str) -> list[str]:
    """Return the overlapping pairs of characters, or the one character there is."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@lru_cache(maxsize=4096)
def query_words(text: str) -> tuple[str, ...]:
    """Return the distinct words of a question, lower case, in order, without function words where others remain."""
    words = tuple(dict.fromkeys(_WORD.findall(analyse(text).lower())))
    return tuple(word for word in words if word not in STOP) or words


class Statistics:
    """How many chunks hold a word, remembered until the index changes."""

    def __init__(self) -> None:
        self._generation = -1
        self._counts: dict[str, int] = {}
        self._stems: dict[str, tuple[str, ...]] = {}

    def counts(self, connection: sqlite3.Connection, words: Sequence[str], generation: int) -> dict[str, int]:
        """Return the number of chunks for each word; 0 for a word that the index has not."""
        if generation != self._generation or len(self._counts) > REMEMBERED:
            self._generation, self._counts = generation, {}
        counts = self._counts
        if new := [word for word in dict.fromkeys(words) if word not in counts]:
            counts.update(self._count(connection, new))
        return {word: counts[word] for word in words if word in counts}

    def _count(self, connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, int]:
        """Count words that are not remembered; one that FTS5 cuts into several terms is as rare as its rarest term."""
        if len(self._stems) > REMEMBERED:
            self._stems = {}
        stems = self._stems
        if new := [word for word in words if word not in stems]:
            stems.update(zip(new, _terms(connection, new), strict=True))
        terms = {word: stems[word] for word in words}
        sql = "SELECT term, doc FROM temp.lexical_terms WHERE term IN (SELECT value FROM json_each(?))"
        asked = json.dumps(list(dict.fromkeys(term for one in terms.values() for term in one)))
        found = dict(connection.execute(sql, (asked,)).fetchall())
        return {word: min((found.get(term, 0) for term in one), default=0) for word, one in terms.items()}


def _terms(connection: sqlite3.Connection, words: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the terms that FTS5 makes of each word, by letting FTS5 do it."""
    terms: list[list[str]] = [[] for _ in words]
    connection.execute(
        "INSERT INTO temp.scratch (rowid, word) SELECT key + 1, value FROM json_each(?)", (json.dumps(list(words)),)
    )
    for row, term in connection.execute("SELECT doc, term FROM temp.scratch_terms ORDER BY doc, offset"):
        terms[row - 1].append(term)
    connection.execute("DELETE FROM temp.scratch")
    return [tuple(one) for one in terms]


def match_expression(counts: dict[str, int], *, postings: int = POSTINGS) -> str:
    """Return the FTS5 expression of the rarest words whose postings fit in `postings`; empty if no word is known.

    The rarest known word is always in: a query must be allowed one posting list, however long.
    """
    chosen: list[str] = []
    budget = postings
    for word in sorted((word for word, count in counts.items() if count), key=lambda word: (counts[word], word)):
        if chosen and (counts[word] > budget or len(chosen) == TERMS):
            break
        budget -= counts[word]
        chosen.append(word)
    return " OR ".join(f'"{word}"' for word in chosen)


def top(connection: sqlite3.Connection, expression: str, limit: int) -> list[tuple[int, float]]:
    """Return (chunk row, BM25 score, higher is better) of the best `limit` chunks."""
    sql = (
        "SELECT rowid, -bm25(lexical, ?, ?) AS score FROM lexical WHERE lexical MATCH ?"
        " ORDER BY score DESC, rowid LIMIT ?"
    )
    return connection.execute(sql, (*WEIGHTS, expression, limit)).fetchall()


def top_within(connection: sqlite3.Connection, expression: str, rows: Sequence[int]) -> list[tuple[int, float]]:
    """Return the matching chunks among `rows` (a small set), best first; BM25 is computed for those alone."""
    sql = (
        "SELECT rowid, -bm25(lexical, ?, ?) AS score FROM lexical WHERE lexical MATCH ?"
        " AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY score DESC, rowid"
    )
    return connection.execute(sql, (*WEIGHTS, expression, json.dumps(list(rows)))).fetchall()


def phrase(connection: sqlite3.Connection, words: str, limit: int) -> list[tuple[int, float]]:
    """Return (chunk row, 1.0) of up to `limit` chunks that hold these words in a row; folded words without marks."""
    sql = "SELECT rowid, 1.0 FROM lexical WHERE lexical MATCH ? LIMIT ?"
    return connection.execute(sql, (f'"{analyse(words)}"', limit)).fetchall()
