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
from ...core.words import content_words, word_key
from ..candidate import HOPS, Candidate
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
)
_LED = ("led", "led cosine", "led covered")
_WAY: tuple[str, ...] = ("reached", "strength", "from cosine", "from below best", "from lexical", "from covered")
_WAY += ("from place", "adds", "alike", "same document", "fit")
_ASKED = ("words", "rarity", "best cosine", "agreed")
NAMES = (*_OWN, *_LED, *(f"{kind}: {name}" for kind in KINDS for name in _WAY), *_ASKED)
_AT = {name: place for place, name in enumerate(NAMES)}
#: what is taken of a collection too small to tell: the mean and spread of random cosines, as many draws as they count
USUAL, SPREAD, DRAWS = 0.08, 0.1, 16
#: a word is among the rarest of a question with so much of the rarity of the rarest
RARE = 0.8


@dataclass(frozen=True, slots=True)
class Evidence:
    """Passages found, by id, and what is known of each: rows of shape (passages, len(NAMES))."""

    ids: Sequence[str]
    known: Sequence[LoadedPassage]
    ways: Sequence[Mapping[str, Candidate]]
    rows: Numbers

    @classmethod
    def of(cls, found: Sequence[Candidate], run: Run) -> Evidence:
        """Return the evidence for all passages found that are still there."""
        run.load(one["id"] for one in found)
        ways: dict[str, dict[str, Candidate]] = {}
        for one in found:
            best = ways.setdefault(one["id"], {})
            if one["kind"] not in best or one["score"] > best[one["kind"]]["score"]:
                best[one["kind"]] = one
        there = [(name, known) for name in sorted(ways) if (known := run.known(name)) is not None]
        ids, passages = [name for name, _ in there], [known for _, known in there]
        return cls(ids, passages, [ways[name] for name in ids], _rows(ids, passages, [ways[name] for name in ids], run))


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


def _places(values: Numbers) -> Numbers:
    """Return 1 for the highest value, 1/2 for the next, and so on."""
    places: Numbers = 1.0 / (1 + np.argsort(np.argsort(-values, kind="stable"), kind="stable"))
    return places


@dataclass(frozen=True, slots=True)
class _Met:
    """The passages found, with what several features are made of.

    `worth` is the share of the question's rarity that each of its words has, and `holds` says which of them each
    passage holds, shape (passages, words). `both` is the mean of cosine and lexical score, twice.
    """

    known: Sequence[LoadedPassage]
    ways: Sequence[Mapping[str, Candidate]]
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
    def of(cls, known: Sequence[LoadedPassage], ways: Sequence[Mapping[str, Candidate]], run: Run) -> _Met:
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
        return cls(known, ways, words, worth, holds, vectors, sample, own, lexical, fused, near + lexical)


def _searched(ways: Mapping[str, Candidate]) -> Candidate | None:
    return ways.get("question") or ways.get("reformulation")


def _held(words: Sequence[str], keys: Sequence[frozenset[str]]) -> Numbers:
    """Return which of the question's words stand among each of the keys, shape (keys, words)."""
    return np.array([[word in own for word in words] for own in keys], float).reshape(len(keys), len(words))


Columns = Mapping[str, Numbers | Sequence[float] | float]


def _rows(
    ids: Sequence[str], known: Sequence[LoadedPassage], ways: Sequence[Mapping[str, Candidate]], run: Run
) -> Numbers:
    rows = np.zeros((len(ids), len(NAMES)))
    if not ids:
        return rows
    met = _Met.of(known, ways, run)
    for columns in (_of_searches(met, run), _of_words(met, run), _of_names(met, run), _of_documents(met)):
        for name, values in columns.items():
            rows[:, _AT[name]] = values
    _put_ways(rows, ids, met)
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


def _put_ways(rows: Numbers, ids: Sequence[str], met: _Met) -> None:
    """Fill in what is known of the way to each passage that was reached from another one."""
    vectors, known, holds, places = met.vectors, met.known, met.holds, _places(met.both)
    at = {name: row for row, name in enumerate(ids)}
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
    }
    for number, (row, bridge, one) in enumerate(taken):
        for name, value in values.items():
            rows[row, _AT[f"{one['kind']}: {name}"]] = value[number]
        rows[bridge, _AT["led"]] += 1
        rows[bridge, _AT["led cosine"]] = max(rows[bridge, _AT["led cosine"]], column["cosine"][row])
        rows[bridge, _AT["led covered"]] = max(rows[bridge, _AT["led covered"]], column["covered"][row])
    rows[:, _AT["led"]] = np.log1p(rows[:, _AT["led"]])
