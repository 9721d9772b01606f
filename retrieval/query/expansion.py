"""Pseudo-relevance feedback on words: what the first passages say, asked beside the question."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.words import content_words
from ..candidate import Candidate, Query
from ..run import Run
from .reformulations import found_beside, nearest

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
        return [Query(text=run.question, updater=self.name, checkpoint="", path=[], score=1.0)]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages that fit the question and the added words, best first."""
        finds = []
        for query in queries:
            text = " ".join([query["text"], *self.words(query["text"], run)])
            finds += found_beside(run.retriever.lexical(text, self.depth, where=run.where), self.name)
        return finds

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
        worth = {word: shares[word] * math.log((total + 1) / (counts.get(word, 0) + 1)) for word in new}
        return sorted(worth, key=lambda word: (-round(worth[word], 9), word))[: self.terms]
