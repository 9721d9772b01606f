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
_WAY = ("reached", "strength", "from cosine", "from below best", "from lexical", "from covered", "from place", "adds")
_WAY += ("alike", "same document", "fit")
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
    cosines = (vectors @ sample.T).astype(np.float64) if count else np.zeros((len(vectors), 0))
    mean = (cosines.sum(axis=1) + DRAWS * USUAL) / (count + DRAWS)
    square = ((cosines - mean[:, None]) ** 2).sum(axis=1) + DRAWS * SPREAD**2
    return mean, np.sqrt(square / (count + DRAWS))


@lru_cache(maxsize=16_384)
def _keys(text: str) -> frozenset[str]:
    return frozenset(map(word_key, content_words(text)))


def _places(values: Numbers) -> Numbers:
    """Return 1 for the highest value, 1/2 for the next, and so on."""
    places: Numbers = 1.0 / (1 + np.argsort(np.argsort(-values, kind="stable"), kind="stable"))
    return places


def _rows(
    ids: Sequence[str], known: Sequence[LoadedPassage], ways: Sequence[Mapping[str, Candidate]], run: Run
) -> Numbers:
    rows = np.zeros((len(ids), len(NAMES)))
    if not ids:
        return rows
    weights, sample = run.weights, run.retriever.background()
    words = sorted(weights)
    worth = np.array([weights[word] for word in words])
    worth = worth / (worth.sum() or 1.0)
    vectors = np.stack([one.vector for one in known])
    cosines = np.round((vectors @ run.vector).astype(np.float64), 6)
    (mean,), (spread,) = background(run.vector[None], sample)

    def held(keys: Sequence[frozenset[str]]) -> Numbers:
        return np.array([[word in own for word in words] for own in keys], float).reshape(len(keys), len(words))

    holds = held([one.words for one in known])
    covered = holds @ worth
    rare = worth >= RARE * worth.max(initial=0.0)
    searched = [one.get("question") or one.get("reformulation") for one in ways]
    lexical = np.array([one.get("parts", {}).get("lexical", 0.0) if one else 0.0 for one in searched])
    fused = np.array([one["score"] if one else 0.0 for one in searched])
    dense = np.array([one.get("parts", {}).get("dense", 0.0) if one else 0.0 for one in searched])
    first = fused > 0
    floor = cosines[first].min() if first.any() else cosines.min()
    near = (cosines - floor) / max(1e-6, cosines.max() - floor)
    both = near + lexical

    def put(name: str, values: Numbers | Sequence[float] | float) -> None:
        rows[:, _AT[name]] = values

    put("cosine", (cosines - mean) / spread)
    put("below best cosine", (cosines.max() - cosines) / spread)
    put("cosine place", _places(cosines))
    put("lexical", lexical)
    put("lexical place", np.where(lexical > 0, _places(lexical), 0.0))
    put("fused", fused)
    put("both", np.maximum(-0.5, both / 2))
    put("covered", covered)
    put("below best covered", covered.max() - covered)
    put("rarest", holds[:, rare].mean(axis=1) if rare.any() else 0.0)
    titles = [_keys(one.passage.title) for one in known]
    in_title = held(titles)
    put("title covers", in_title @ worth)
    put("title in question", in_title.sum(axis=1) / np.array([max(1, len(one)) for one in titles]))
    put("heading covers", held([_keys(one.passage.heading) for one in known]) @ worth)
    put("length", [math.log1p(len(one.passage.text)) - 6 for one in known])
    put("opening", [float(one.passage.place == 0) for one in known])
    named = [one.get("named") for one in ways]
    put("named", [one["score"] if one else 0.0 for one in named])
    put("has named", [float(one is not None) for one in named])
    put("name rarity", [run.rarity(one["name"]) if one else 0.0 for one in named])
    documents: dict[str, list[int]] = {}
    order = np.argsort(-both, kind="stable").tolist()
    for row in order:
        documents.setdefault(known[row].passage.document, []).append(row)
    for own in documents.values():
        for place, row in enumerate(own):
            rows[row, _AT["place in document"]] = math.log1p(place)
            rows[row, _AT["below document"]] = both[own[0]] - both[row]
            rows[row, _AT["document"]] = math.log1p(len(own))
    put("in search", first.astype(float))
    put("in dense", dense)
    put("in lexical", (lexical > 0).astype(float))
    put("words", math.log1p(len(words)))
    put("rarity", sum(weights.values()) / max(1, len(words)))
    put("best cosine", (cosines.max() - mean) / spread)
    put("agreed", float(np.argmax(cosines) == np.argmax(lexical)))
    _put_ways(rows, ids, known, ways, (vectors, sample, holds, worth, _places(both)))
    return rows


def _put_ways(
    rows: Numbers,
    ids: Sequence[str],
    known: Sequence[LoadedPassage],
    ways: Sequence[Mapping[str, Candidate]],
    shared: tuple[Vectors, Vectors, Numbers, Numbers, Numbers],
) -> None:
    """Fill in what is known of the way to each passage that was reached from another one."""
    vectors, sample, holds, worth, places = shared
    at = {name: row for row, name in enumerate(ids)}
    taken = [
        (row, at[one["path"][-1]], one)
        for row, own in enumerate(ways)
        for kind, one in own.items()
        if kind in HOPS and one["path"] and one["path"][-1] in at
    ]
    if not taken:
        return
    to, start = np.array([row for row, _, _ in taken]), np.array([bridge for _, bridge, _ in taken])
    bridges, which = np.unique(start, return_inverse=True)
    means, spreads = background(vectors[bridges], sample)
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
        "adds": (np.maximum(0.0, holds[to] - holds[start])) @ worth,
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
