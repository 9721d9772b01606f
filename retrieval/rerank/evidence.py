"""What is known of the passages found, a row of numbers for each: what the learned ranking judges by.

Cosines differ in range from embedder to embedder, and from collection to collection. Here each counts by its place
among the cosines that the same vector has with passages drawn at random: how many standard deviations it is above their
mean. BM25 scores are shares of the best one. What the ranking knows of a way is its kind alone, so that a new updater
is judged as others of its kind.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...core.types import Numbers, Vectors
from ...core.vectors import cosines
from ...core.words import content_words, name_key, word_key
from ..candidate import HOPS, Candidate
from ..query.clauses import clauses
from ..run import LoadedPassage, Run

#: the ways along which a passage may have been reached from another one
KINDS = ("link", "hyperlink", "words", "vector")
_OWN = (
    "cosine",  # in standard deviations above the mean of the collection
    "below best cosine",
    "cosine place",
    "lexical",
    "lexical place",
    "fused",
    "both",  # the mean of cosine and lexical score, each from 0 to 1 over what the search found
    "covered",  # of the question's words, by rarity
    "below best covered",
    "rarest",  # of the question's rarest words
    "title covers",
    "title in question",
    "heading covers",
    "length",
    "opening",
    "named",
    "has named",
    "name rarity",
    "place in document",
    "below document",
    "document",
    "in search",
    "in dense",
    "in lexical",
    "clauses",  # of the question; where it is of one piece, it is its own clause
    "clause cosine",  # with the clause that the passage is nearest to, in standard deviations
    "below best clause",
    "clause place",
    "clause covered",
    "beside best",  # cosine with the best passage of the search
    "moved",  # cosine with the question moved away from that passage
    "steered",  # the score that steered the hops, in standard deviations below the best
    "steered place",
)
_LED = ("led", "led cosine", "led covered")
_WAY: tuple[str, ...] = ("reached", "strength", "from cosine", "from below best", "from lexical", "from covered")
_WAY += ("from place", "adds", "alike", "same document", "fit")
_WAY += ("around", "bridges")  # the question's words around the name or link; the log of the passages that lead there
_ASKED = ("words", "rarity", "best cosine", "agreed")
NAMES = (*_OWN, *_LED, *(f"{kind}: {name}" for kind in KINDS for name in _WAY), *_ASKED)
_AT = {name: place for place, name in enumerate(NAMES)}
#: what is taken of a collection too small to tell: the mean and spread of random cosines, as many draws as they count
USUAL, SPREAD, DRAWS = 0.08, 0.1, 16
#: a word is among the rarest of a question with so much of the rarity of the rarest
RARE = 0.8
#: words on either side that count as around a name
AROUND = 12
#: the least that the scores that steered the hops count as spread
LEAST_SPREAD = 0.05
#: how far the question is moved away from the best passage
MOVED = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages found, by id, and what is known of each: rows of shape (passages, len(NAMES))."""

    ids: Sequence[str]
    known: Sequence[LoadedPassage]
    ways: Sequence[Mapping[str, Candidate]]
    rows: Numbers

    @classmethod
    def of(cls, found: Sequence[Candidate], steered: Sequence[Candidate], run: Run) -> Evidence:
        """Return the evidence for all passages found that are still there.

        `steered` is the ranking that steered the hops, with all of them; what it lacks counts as its last.
        """
        run.load(one["id"] for one in found)
        ways: dict[str, dict[str, Candidate]] = {}
        bridges: dict[tuple[str, str], set[str]] = {}
        for one in found:
            best = ways.setdefault(one["id"], {})
            if one["kind"] not in best or one["score"] > best[one["kind"]]["score"]:
                best[one["kind"]] = one
            bridges.setdefault((one["id"], one["kind"]), set()).update(one["path"][-1:])
        there = [(name, known) for name in sorted(ways) if (known := run.known(name)) is not None]
        ids, passages = [name for name, _ in there], [known for _, known in there]
        own = [ways[name] for name in ids]
        scores = {one["id"]: one["score"] for one in steered}
        rows = _rows(_Met.of(passages, own, bridges, run), run) if ids else np.zeros((0, len(NAMES)))
        rows[:, [_AT["steered"], _AT["steered place"]]] = _steered([scores.get(name) for name in ids])
        return cls(ids, passages, own, rows)


def _steered(scores: Sequence[float | None]) -> Numbers:
    """Return how far each score is below the best, in standard deviations, and its place, shape (passages, 2)."""
    if not scores:
        return np.zeros((0, 2))
    lowest = min((one for one in scores if one is not None), default=0.0)
    values = np.array([lowest if one is None else one for one in scores])
    return np.column_stack(((values - values.max()) / max(LEAST_SPREAD, values.std()), _places(values)))


def background(vectors: Vectors, sample: Vectors) -> tuple[Numbers, Numbers]:
    """Return mean and standard deviation of the cosines of each vector with a sample, each of shape (vectors,)."""
    count = len(sample)
    near = cosines(vectors, sample).astype(np.float64) if count else np.zeros((len(vectors), 0))
    mean = (near.sum(axis=1) + DRAWS * USUAL) / (count + DRAWS)
    square = ((near - mean[:, None]) ** 2).sum(axis=1) + DRAWS * SPREAD**2
    return mean, np.sqrt(square / (count + DRAWS))


@lru_cache(maxsize=16_384)
def _keys(text: str) -> frozenset[str]:
    return frozenset(map(word_key, content_words(text)))


@lru_cache(maxsize=4_096)
def _worded(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the words of a text as the key of a name, between blanks, and each as a word key."""
    joined = name_key(text)
    return f" {joined} ", tuple(map(word_key, joined.split()))


def _around(text: str, name: str, worth: Mapping[str, float]) -> float:
    """Return the share of the question's rarity that stands around a name, the first time that a text holds it."""
    joined, keys = _worded(text)
    wanted = f" {name.rpartition('*')[2]} "
    at = joined.find(wanted)
    if at < 0:
        return 0.0
    first = joined.count(" ", 0, at)
    last = first + wanted.count(" ") - 1
    return sum(worth[key] for key in sorted({*keys[max(0, first - AROUND) : last + AROUND]} & worth.keys()))


def _places(values: Numbers) -> Numbers:
    """Return 1 for the highest value, 1/2 for the next, and so on."""
    places: Numbers = 1.0 / (1 + np.argsort(np.argsort(-values, kind="stable"), kind="stable"))
    return places


@dataclass(frozen=True, slots=True)
class _Met:
    """The passages found, with what several features are made of.

    `worth` is the share of the question's rarity that each of its words has, and `holds` says which of them each
    passage holds, shape (passages, words). `bridges` are the passages that lead to each by each kind of way. `both` is
    the mean of cosine and lexical score, twice.
    """

    known: Sequence[LoadedPassage]
    ways: Sequence[Mapping[str, Candidate]]
    bridges: Mapping[tuple[str, str], set[str]]
    words: Sequence[str]
    worth: Numbers
    holds: Numbers
    vectors: Vectors
    sample: Vectors
    cosines: Numbers
    lexical: Numbers
    fused: Numbers
    both: Numbers

    @classmethod
    def of(
        cls,
        known: Sequence[LoadedPassage],
        ways: Sequence[Mapping[str, Candidate]],
        bridges: Mapping[tuple[str, str], set[str]],
        run: Run,
    ) -> _Met:
        """Return what is known of passages, at least one, and the ways to them."""
        words = sorted(run.weights)
        worth = np.array([run.weights[word] for word in words])
        worth = worth / (worth.sum() or 1.0)
        vectors = np.stack([one.vector for one in known])
        own = cosines(run.vector[None], vectors)[0].astype(np.float64).round(6)
        searched = [_searched(one) for one in ways]
        lexical = np.array([one.get("parts", {}).get("lexical", 0.0) if one else 0.0 for one in searched])
        fused = np.array([one["score"] if one else 0.0 for one in searched])
        first = fused > 0
        floor = own[first].min() if first.any() else own.min()
        near = (own - floor) / max(1e-6, own.max() - floor)
        holds, sample = _held(words, [one.words for one in known]), run.retriever.background()
        return cls(known, ways, bridges, words, worth, holds, vectors, sample, own, lexical, fused, near + lexical)


def _searched(ways: Mapping[str, Candidate]) -> Candidate | None:
    return ways.get("question") or ways.get("reformulation")


def _held(words: Sequence[str], keys: Sequence[frozenset[str]]) -> Numbers:
    """Return which of the question's words stand among each of the keys, shape (keys, words)."""
    return np.array([[word in own for word in words] for own in keys], float).reshape(len(keys), len(words))


Columns = Mapping[str, Numbers | Sequence[float] | float]


def _rows(met: _Met, run: Run) -> Numbers:
    rows = np.zeros((len(met.known), len(NAMES)))
    for columns in (
        _of_searches(met, run),
        _of_clauses(met, run),
        _of_words(met, run),
        _of_names(met, run),
        _of_documents(met),
    ):
        for name, values in columns.items():
            rows[:, _AT[name]] = values
    _put_ways(rows, met)
    return rows


def _of_searches(met: _Met, run: Run) -> Columns:
    """Return how near the passages are to the question, and what the halves of the search say of them."""
    own, lexical = met.cosines, met.lexical
    (mean,), (spread,) = background(run.vector[None], met.sample)
    searched = [_searched(one) for one in met.ways]
    return {
        "cosine": (own - mean) / spread,
        "below best cosine": (own.max() - own) / spread,
        "best cosine": (own.max() - mean) / spread,
        "cosine place": _places(own),
        "lexical": lexical,
        "lexical place": np.where(lexical > 0, _places(lexical), 0.0),
        "fused": met.fused,
        "both": np.maximum(-0.5, met.both / 2),
        "agreed": float(np.argmax(own) == np.argmax(lexical)),
        "in search": (met.fused > 0).astype(float),
        "in dense": [one.get("parts", {}).get("dense", 0.0) if one else 0.0 for one in searched],
        "in lexical": (lexical > 0).astype(float),
    }


def _of_clauses(met: _Met, run: Run) -> Columns:
    """Return how near the passages are to the clause that they are nearest to, and to the question when that is moved.

    A question that asks two things has passages that answer the one or the other. What the best passage says is known;
    what else is needed is near the rest of the question, or near that passage.
    """
    parts = run.clauses if len(run.clauses) else run.vector[None]
    best = met.vectors[int(np.argmax(met.both))]
    moved = run.vector - np.float32(MOVED) * best
    moved /= np.linalg.norm(moved) or 1.0
    means, spreads = background(np.stack([best, moved, *parts]), met.sample)
    near = cosines(np.stack([best, moved, *parts]), met.vectors).astype(np.float64).round(6)
    scaled = (near - means[:, None]) / spreads[:, None]
    asked = scaled[2:]
    words = [[word in own for word in met.words] for own in map(_keys, clauses(run.question))] or [
        [True] * len(met.words)
    ]
    shares = np.array(words, float) * met.worth
    shares /= np.maximum(1e-9, shares.sum(axis=1, keepdims=True))
    return {
        "clauses": math.log(len(parts)),
        "clause cosine": asked.max(axis=0),
        "below best clause": (asked.max(axis=1, keepdims=True) - asked).min(axis=0),
        "clause place": np.max([_places(one) for one in asked], axis=0),
        "clause covered": (met.holds @ shares.T).max(axis=1),
        "beside best": scaled[0],
        "moved": scaled[1],
    }


def _of_words(met: _Met, run: Run) -> Columns:
    """Return what of the question's words the passages and their titles hold, and how rare these words are."""
    covered, rare = met.holds @ met.worth, met.worth >= RARE * met.worth.max(initial=0.0)
    titles = [_keys(one.passage.title) for one in met.known]
    in_title = _held(met.words, titles)
    in_heading = _held(met.words, [_keys(one.passage.heading) for one in met.known])
    return {
        "covered": covered,
        "below best covered": covered.max() - covered,
        "rarest": met.holds[:, rare].mean(axis=1) if rare.any() else 0.0,
        "title covers": in_title @ met.worth,
        "title in question": in_title.sum(axis=1) / np.array([max(1, len(one)) for one in titles]),
        "heading covers": in_heading @ met.worth,
        "words": math.log1p(len(met.words)),
        "rarity": sum(run.weights.values()) / max(1, len(met.words)),
    }


def _of_names(met: _Met, run: Run) -> Columns:
    """Return whether the question names the passages."""
    named = [one.get("named") for one in met.ways]
    return {
        "named": [one["score"] if one else 0.0 for one in named],
        "has named": [float(one is not None) for one in named],
        "name rarity": [run.rarity(one["name"]) if one else 0.0 for one in named],
    }


def _of_documents(met: _Met) -> Columns:
    """Return where the passages stand in their documents, and among those of their documents that were found."""
    place, below, found = np.zeros((3, len(met.known)))
    documents: dict[str, list[int]] = {}
    for row in np.argsort(-met.both, kind="stable").tolist():
        documents.setdefault(met.known[row].passage.document, []).append(row)
    for own in documents.values():
        place[own] = np.log1p(np.arange(len(own)))
        below[own] = met.both[own[0]] - met.both[own]
        found[own] = math.log1p(len(own))
    return {
        "place in document": place,
        "below document": below,
        "document": found,
        "length": [math.log1p(len(one.passage.text)) - 6 for one in met.known],
        "opening": [float(one.passage.place == 0) for one in met.known],
    }


def _put_ways(rows: Numbers, met: _Met) -> None:
    """Fill in what is known of the way to each passage that was reached from another one."""
    vectors, known, holds, places = met.vectors, met.known, met.holds, _places(met.both)
    at = {one.passage.id: row for row, one in enumerate(known)}
    taken = [
        (row, at[one["path"][-1]], one)
        for row, own in enumerate(met.ways)
        for kind, one in own.items()
        if kind in HOPS and one["path"] and one["path"][-1] in at
    ]
    if not taken:
        return
    to, start = np.array([row for row, _, _ in taken]), np.array([bridge for _, bridge, _ in taken])
    bridges, which = np.unique(start, return_inverse=True)
    means, spreads = background(vectors[bridges], met.sample)
    alike = np.einsum("ij,ij->i", vectors[to], vectors[start]).astype(np.float64).round(6)
    column = {name: rows[:, _AT[name]] for name in _OWN}
    worth = dict(zip(met.words, met.worth.tolist(), strict=True))
    values = {
        "reached": np.ones(len(taken)),
        "strength": np.array([one.get("parts", {}).get("strength", 0.0) for _, _, one in taken]),
        "from cosine": column["cosine"][start],
        "from below best": column["below best cosine"][start],
        "from lexical": column["lexical"][start],
        "from covered": column["covered"][start],
        "from place": places[start],
        "adds": (np.maximum(0.0, holds[to] - holds[start])) @ met.worth,
        "alike": (alike - means[which]) / spreads[which],
        "same document": np.array(
            [float(known[row].passage.document == known[bridge].passage.document) for row, bridge, _ in taken]
        ),
        "fit": np.array([one.get("parts", {}).get("fit", 0.0) for _, _, one in taken]),
        "around": np.array([_around(known[bridge].passage.text, one["name"], worth) for _, bridge, one in taken]),
        "bridges": np.log1p([len(met.bridges[one["id"], one["kind"]]) for _, _, one in taken]),
    }
    for number, (row, bridge, one) in enumerate(taken):
        for name, value in values.items():
            rows[row, _AT[f"{one['kind']}: {name}"]] = value[number]
        rows[bridge, _AT["led"]] += 1
        rows[bridge, _AT["led cosine"]] = max(rows[bridge, _AT["led cosine"]], column["cosine"][row])
        rows[bridge, _AT["led covered"]] = max(rows[bridge, _AT["led covered"]], column["covered"][row])
    rows[:, _AT["led"]] = np.log1p(rows[:, _AT["led"]])
