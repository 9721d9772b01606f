"""The first search: the question itself, dense and lexical, and the passages that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...core.types import Hit, Vectors
from ...core.words import STOP, WORD, name_key
from ..candidate import Candidate, Query
from ..fusion.role import Fusion, FusionInput
from ..fusion.rrf import ReciprocalRank
from ..hop.mentions import Mention, mentions
from ..hop.unborne import name_of, short_bearers, single
from ..run import KIND_WEIGHT, Run

#: the score of what only a clause of the question found: above nothing, below everything else
TRIFLE = 1e-6


@dataclass(frozen=True, slots=True)
class FirstSearch:
    """Runs queries that are texts: hybrid search, plus a look at the names in the text.

    Its candidates are via its own name, or via `named` where the text names them.

    Args:
        depth: passages from each half, more if more are asked for.
        shared: what the score of a name with several bearers is divided by.
        phrased: whether passages with the phrases of a query come first in the lexical half.
        clause_depth: passages near each clause of a question of several.
        short: whether a capitalised word that no document is called names those with it in their titles: "the Aldra"
            the MV Aldra. What ranks a single hop was trained without.
    """

    depth: int = 50
    per_name: int = 3
    shared: float = 1.3
    phrased: bool = False
    clause_depth: int = 20
    short: bool = False
    fusion: Fusion = field(default_factory=ReciprocalRank)
    name: str = "search"
    checkpoint: str = ""

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return hybrid hits, best first, then the passages named.

        A passage that leads both halves has value 1, and all values are times the score of the query.
        """
        if not queries:
            return []
        vectors = self._vectors([query.get("dense_text", query["text"]) for query in queries], run)
        depth = max(self.depth, run.k)
        dense = run.retriever.dense(vectors, depth, where=run.where)
        candidates = []
        for query, vector, near in zip(queries, vectors, dense, strict=True):
            words = run.retriever.lexical(query["text"], depth, where=run.where)
            if self.phrased:
                words = _with_phrases(words, query.get("phrases", ()), run)
            run.load(hit.id for hits in (near, words) for hit in hits)
            asked = FusionInput(query["text"], vector, depth, run.vectors, run.retriever.frequency)
            ranking = self.fusion.fuse(near, words, asked)
            best = max((hit.score for hit in words), default=0.0)
            lexical = {hit.id: query["score"] * hit.score / best for hit in words if best > 0}
            close = {hit.id for hit in near}
            candidates += [
                Candidate(
                    id=hit.id,
                    kind="question",
                    via=self.name,
                    path=[],
                    name="",
                    score=query["score"] * hit.score,
                    parts={"lexical": lexical.get(hit.id, 0.0), "dense": float(hit.id in close)},
                )
                for hit in ranking
            ]
            if query["text"] == run.question:
                candidates += self._of_clauses({hit.id for hit in ranking}, run)
            candidates += self._named(query, run)
        return candidates

    def _of_clauses(self, found: set[str], run: Run) -> list[Candidate]:
        """Return what is near a clause of the question and was not found otherwise, with next to no score."""
        if not len(run.clauses):
            return []
        lists = run.retriever.dense(run.clauses, self.clause_depth, where=run.where)
        ids = dict.fromkeys(hit.id for hits in lists for hit in hits if hit.id not in found)
        run.load(ids)
        return [
            Candidate(id=name, kind="question", via=self.name, path=[], name="", score=TRIFLE, parts={}) for name in ids
        ]

    def _named(self, query: Query, run: Run) -> list[Candidate]:
        """Return the passages whose names stand in the question: a comparison names both of its sides."""
        (found,) = mentions([query["text"]], run.retriever, where=run.where, question=True)
        if self.short:
            found += _short_names(query["text"], found, self.per_name, run)
        run.meet(document for mention in found for document, _ in mention.bearers)
        run.prepare(mention.key for mention in found)
        best: dict[str, Candidate] = {}
        for mention in found:
            telling = run.rarity(mention.key) / (1.0 if len(mention.bearers) == 1 else self.shared)
            for known, kind in run.nearest(mention.bearers, self.per_name):
                name, score = known.passage.id, query["score"] * KIND_WEIGHT[kind] * telling
                if name not in best or score > best[name]["score"]:
                    best[name] = Candidate(id=name, kind="named", via="named", path=[], name=mention.key, score=score)
        return list(best.values())

    def _vectors(self, texts: list[str], run: Run) -> list[Vectors]:
        others = [text for text in texts if text != run.question]
        embedded = dict(zip(others, run.retriever.embedder.encode_queries(others), strict=True)) if others else {}
        return [embedded.get(text, run.vector) if text != run.question else run.vector for text in texts]


def _short_names(text: str, found: Sequence[Mention], most: int, run: Run) -> list[Mention]:
    """Return the words that are capitalised inside a question, in none of its names, and in `most` titles at most."""
    taken = {word for mention in found for word in mention.key.split()}
    keys = {
        name_of(match.group()) for match in WORD.finditer(text) if match.start() and match.group()[0].isupper()
    } - taken
    borne = short_bearers((key for key in keys if single(key) and key not in STOP), run)
    return [Mention(key, tuple(bearers)) for key, bearers in sorted(borne.items()) if len(bearers) <= most]


def _with_phrases(hits: Sequence[Hit], phrases: Sequence[str], run: Run) -> list[Hit]:
    """Return the hits with those first that hold most of the phrases word for word, otherwise in their order."""
    keys = [f" {name_key(phrase)} " for phrase in phrases]
    if not keys:
        return list(hits)
    run.load(hit.id for hit in hits)
    held = {}
    for hit in hits:
        known = run.known(hit.id)
        text = f" {name_key(f'{known.passage.title} {known.passage.text}')} " if known is not None else ""
        held[hit.id] = sum(key in text for key in keys)
    best = max((hit.score for hit in hits), default=0.0)
    raised = [Hit(hit.id, hit.score + held[hit.id] * (best + 1.0)) for hit in hits]
    return sorted(raised, key=lambda hit: (-round(hit.score, 6), hit.id))
