"""Reformulations of a question: pseudo-relevance feedback on vectors or on words, repetition, and what a language model
writes.

A text that a language model writes is put behind the question, which always stays a query of its own. A reply that is
empty, far too long, in another script, only the question again or a refusal is not used: the question then stands
alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Hit, Vectors
from ...core.vectors import unit
from ...core.words import content_words, fold, word_key
from ..candidate import Candidate, Query
from ..fusion.rrf import rrf
from ..run import LoadedPassage, Run
from .role import first_query

#: of reciprocal ranks, as in the first search
SMOOTH = 60


def reformulated(hits: Sequence[Hit], name: str) -> list[Candidate]:
    """Return the hits of a ranking as candidates: the first has score 1, the others less by rank."""
    return [
        Candidate(id=hit.id, kind="reformulation", via=name, path=[], name="", score=(SMOOTH + 1) / (SMOOTH + rank))
        for rank, hit in enumerate(hits, start=1)
    ]


def nearest(run: Run, most: int) -> list[LoadedPassage]:
    """Return the passages nearest to the question, out of those that were found already, if some were."""
    ids = run.found or [hit.id for hit in run.retriever.dense(run.vector, most, where=run.where)[0]]
    run.load(ids)
    known = [one for name in ids if (one := run.known(name)) is not None]
    return sorted(known, key=lambda one: (-round(one.cosine, 6), one.passage.id))[:most]


@dataclass(frozen=True, slots=True)
class Reformulation:
    """Searches with texts that were made of the question, each of which holds it.

    Several texts of one question are drawn apart and embedded each by itself; the mean of their unit vectors is what is
    searched with (O1 Embedder, arXiv 2502.07555, inference).

    Args:
        depth: passages to take.
        words: whether the words of the texts are searched for as well, and both rankings fused.
        telling: whether texts are left out that leave the nearest passages of the question as they are, and nothing is
            searched for when all do (LREM, arXiv 2510.14321, the filter of its data).
    """

    name: str
    depth: int = 20
    words: bool = False
    telling: bool = False
    checkpoint: str = ""

    def reformulate(self, run: Run) -> list[Query]:
        """Return nothing: somebody else writes the texts."""
        return []

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return what the mean of the texts' vectors finds, best first."""
        texts = list(dict.fromkeys(query["text"] for query in queries))
        if not texts:
            return []
        vectors = run.retriever.embedder.encode_queries(texts)
        if self.telling:
            kept = self._telling(vectors, run)
            texts, vectors = [texts[place] for place in kept], vectors[kept]
        if not texts:
            return []
        mean = unit(vectors.mean(axis=0, keepdims=True))
        (near,) = run.retriever.dense(mean, self.depth, where=run.where)
        if self.words:
            lexical = [run.retriever.lexical(text, self.depth, where=run.where) for text in texts]
            near = rrf([near, *lexical], SMOOTH)[: self.depth]
        return reformulated(near, self.name)

    def _telling(self, vectors: Vectors, run: Run) -> list[int]:
        """Return the places of the vectors that find another passage among the best than the question does."""
        best = max(1, run.k)
        known = {one.passage.id for one in nearest(run, best)}
        lists = run.retriever.dense(vectors, best, where=run.where)
        return [place for place, hits in enumerate(lists) if not known.issuperset(hit.id for hit in hits)]


@dataclass(frozen=True, slots=True)
class Repeat(Reformulation):
    """Says the question twice.

    It adds nothing that was not known. What a reformulation brings beyond it is what it says; on models that read from
    left to right a part of the gain is the repetition (LREM, table of controls).
    """

    name: str = "repeat"

    def reformulate(self, run: Run) -> list[Query]:
        """Return the question, twice."""
        text = f"{run.question} {run.question}"
        return [first_query(text, self)]


@dataclass(frozen=True, slots=True)
class Feedback:
    """Moves the question towards the passages nearest to it and searches once more.

    Rocchio's formula without negatives: `unit(question + beta * mean(nearest))`. Salton, The SMART Retrieval System,
    1971, chapter 14. It helps questions whose words the collection does not use, and drifts where the first passages
    are wrong, so the question itself always stays a query of its own.

    Args:
        nearest: passages taken for relevant.
        depth: passages to take from the second search.
    """

    beta: float = 0.5
    nearest: int = 3
    depth: int = 20
    name: str = "feedback"
    checkpoint: str = ""

    def reformulate(self, run: Run) -> list[Query]:
        """Return the question as a query of this augmenter."""
        return [first_query(run.question, self)]

    def vectors(self, queries: Sequence[Query], run: Run) -> Vectors:
        """Return the moved unit vectors, shape (len(queries), dimension)."""
        near = [known.vector for known in nearest(run, self.nearest)]
        texts = np.stack([run.embed(query["text"]) for query in queries])
        return unit((texts + self.beta * np.mean(near, axis=0) if near else texts).astype(np.float32))

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages nearest to the moved question, best first."""
        if not queries:
            return []
        lists = run.retriever.dense(self.vectors(queries, run), self.depth, where=run.where)
        return [one for hits in lists for one in reformulated(hits, self.name)]


SHORTEST = 3  # letters of a word that is added


@dataclass(frozen=True, slots=True)
class Expansion:
    """Adds the telling words of the first passages to the question and searches by words once more.

    After RM3 (Abdul-Jaleel et al., "UMass at TREC 2004: Novelty and HARD"), with the rarity of a word in the place of
    its share in a model of the collection, and whole words in the place of weighted ones: the lexical index knows no
    weights, and rare words count more in BM25 by themselves. It costs no embedding.

    Args:
        passages: passages taken for relevant, the nearest to the question.
        terms: words to add.
        depth: passages to take from the second search.
    """

    passages: int = 3
    terms: int = 10
    depth: int = 50
    name: str = "expansion"
    checkpoint: str = ""

    def reformulate(self, run: Run) -> list[Query]:
        """Return the question as a query of this augmenter."""
        return [first_query(run.question, self)]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages that fit the question and the added words, best first."""
        found = []
        for query in queries:
            text = " ".join([query["text"], *self.words(query["text"], run)])
            found += reformulated(run.retriever.lexical(text, self.depth, where=run.where), self.name)
        return found

    def words(self, question: str, run: Run) -> list[str]:
        """Return the words to add, the most telling first: often said in the first passages and rare elsewhere."""
        asked = set(content_words(question))
        shares: dict[str, float] = {}
        for known in nearest(run, self.passages):
            said = Counter(content_words(f"{known.passage.title} {known.passage.text}"))
            for word, times in said.items():
                shares[word] = shares.get(word, 0.0) + times / said.total()
        new = [word for word in shares if word not in asked and len(word) >= SHORTEST]
        counts, total = run.retriever.frequency(new)
        scores = {word: shares[word] * math.log((total + 1) / (counts.get(word, 0) + 1)) for word in new}
        return sorted(scores, key=lambda word: (-round(scores[word], 9), word))[: self.terms]


_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^\s*```[^\n]*\n|\n?```\s*$")
_LABEL = re.compile(r"^\s*(?:passage|keywords?|thought|answer|query)\s*:\s*", re.IGNORECASE)
_REFUSAL = re.compile(
    r"^\W*(?:i\s?['’]?m (?:very )?sorry|i am (?:very )?sorry|sorry\b|i can(?:no|['’])?t\b"
    r"|i (?:do not|don['’]t) (?:know|have)|i (?:am|['’]m) (?:not able|unable)|as an? (?:ai|language model)"
    r"|unfortunately\b|please provide|no (?:answer|passage)\b)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[,;\n•·|]+|\s-\s|^\s*(?:[-*]|\d+[.)])\s+", re.MULTILINE)
_SPACE = re.compile(r"\s+")
#: a reply is taken for going round in circles if fewer of its words than this share are different ones
DIFFERENT = 0.3
ENOUGH = 20  # words before that is asked
#: share of the letters of a script that the question is not written in, from which on a reply is taken for rubbish
FOREIGN = 0.3
LETTERS = 0.6  # share of the signs of a text that are letters, digits or spaces


class Unusable(ValueError):
    """A reply of a language model that cannot be searched with; it says why."""


@dataclass(frozen=True, slots=True)
class Written(Reformulation):
    """A reformulation by a language model; its prompt is called `augment-` and as the updater.

    Args:
        samples: replies to draw, each by itself.
        temperature: of the draws; above 0 where there are several.
        tokens: that a reply may have.
        most: words that a reply may have; of keywords the first are taken, of all else a longer one is refused.
        listed: whether the reply is a list of keywords.
    """

    samples: int = 1
    temperature: float = 0.0
    tokens: int = 200
    most: int = 200
    listed: bool = False

    def text(self, question: str, reply: str) -> str:
        """Return the question with what was written behind it.

        Raises:
            Unusable: if that is nothing to search with.
        """
        said = _SPACE.sub(" ", _LABEL.sub("", _FENCE.sub("", _THINKING.sub("", reply)).strip(" \t\r\n\"'“”"))).strip()
        if not said:
            raise Unusable("it is empty")
        if _REFUSAL.match(said):
            raise Unusable(f"it is a refusal ({said[:40]!r})")
        if _foreign(said, question):
            raise Unusable(f"it is not in the signs of the question ({said[:40]!r})")
        if self.listed:
            return f"{question} {' '.join(keywords(reply, question, self.most))}"
        words = content_words(said)
        if len(said.split()) > self.most:
            raise Unusable(f"it has {len(said.split())} words, at most {self.most} are taken")
        if set(map(word_key, words)) <= set(map(word_key, content_words(question))):
            raise Unusable("it only says the question again")
        if len(words) >= ENOUGH and len(set(words)) < DIFFERENT * len(words):
            raise Unusable("it says the same again and again")
        return f"{question} {said}"


PASSAGE = Written("passage", most=200, tokens=200)
KEYWORDS = Written("keywords", words=True, most=16, tokens=80, listed=True)
THOUGHTS = Written("thoughts", telling=True, samples=3, temperature=0.7, most=64, tokens=96)


def keywords(reply: str, question: str, most: int) -> list[str]:
    """Return the keywords of a reply, at most so many words, without those of the question and those said before.

    Forbidden, repeated and known words are deleted by rules, not by asking (LREM, arXiv 2510.14321, section on data).

    Raises:
        Unusable: if none is left.
    """
    known = set(map(word_key, content_words(question)))
    found: list[str] = []
    for part in _PARTS.split(_LABEL.sub("", _FENCE.sub("", _THINKING.sub("", reply)).strip())):
        new = [word for word in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", part) if content_words(word)]
        for word in new:
            key = word_key(content_words(word)[0])
            if key not in known and len(found) < most:
                known.add(key)
                found.append(word)
    if not found:
        raise Unusable("it holds no word that the question has not")
    return found


def _foreign(said: str, question: str) -> bool:
    """Say whether a text is mostly signs, or in letters of a script that the question has none of."""
    plain = sum(char.isalnum() or char.isspace() for char in said)
    letters = [char for char in fold(said) if char.isalpha()]
    own = {_script(char) for char in fold(question) if char.isalpha()}
    strange = sum(_script(char) not in own for char in letters)
    return plain < LETTERS * len(said) or not letters or strange > FOREIGN * len(letters)


def _script(char: str) -> int:
    """Return a number for the part of Unicode that a letter stands in, all of Latin being one."""
    code = ord(char)
    return 0 if code < 0x250 or 0x1E00 <= code < 0x1F00 else code >> 8 if code < 0x2E80 else 0x2E
