"""The span hop: a name that a passage holds, asked next to what the passage leaves open of the question.

For "Where was the director of Jaws born?" the passage on Jaws leaves "Where was the ... born?" open and names Steven
Spielberg, so that "Steven Spielberg. Where was the born?" is asked, by vector. It is the query that an LLM would write
between two searches (Trivedi et al., "Interleaving Retrieval with Chain-of-Thought Reasoning", arXiv 2212.10509), made
without one. What is found has the score

    weight * rarity * confidence * (S(bridge) - cos(bridge, target)), at least 0

with the rarity of the name, confidence the cosine of query and target above a floor, times `doubt` where the target
does not hold the name's words, and the rest as in `LinkHop`.

A vector search seldom finds the passage that only mentions the name. So where few passages hold it, those of them that
are nearest to the query count as found too, as if they stood a little above the floor at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.types import Hit, Vectors
from ...core.words import STOP, capital_spans, content_words, name_key, word_key
from ..candidate import Candidate, Kind, Query
from ..run import LoadedPassage, Run
from .role import best_of, query_from, reached

LONGEST = 8  # words of a name


@dataclass(frozen=True, slots=True)
class SpanHop:
    """Asks for the names in a passage by vector; unlike `LinkHop` it needs no document that bears the name.

    Args:
        bridges: passages to go on from.
        spans: names to ask for of each, the rarest first.
        most: names to ask for in all, those of the best bridges and the rarest first: each costs an embedding.
        depth: passages to take from each search.
        floor: cosine of query and target below which nothing is found.
        doubt: the share of the score that a target without the name's words keeps.
        holders: a name that more passages mention is looked for by vector alone; 0 for all names.
        least: the confidence in a passage that holds the name, however far it is from the query.
    """

    bridges: int = 8
    spans: int = 4
    most: int = 8
    depth: int = 5
    weight: float = 1.0
    floor: float = 0.35
    doubt: float = 0.2
    holders: int = 60
    least: float = 0.02
    name: str = "span"
    kind: Kind = "words"
    checkpoint: str = ""

    def propose(self, bridges: Sequence[Candidate], run: Run) -> list[Query]:
        """Return a query for each name to ask for; its text is the name as the passage has it."""
        run.load(bridge["id"] for bridge in bridges[: self.bridges])
        known = [
            (bridge, there) for bridge in bridges[: self.bridges] if (there := run.known(bridge["id"])) is not None
        ]
        asked = frozenset(map(word_key, content_words(run.question)))
        names = [_names(there, asked) for _, there in known]
        run.prepare(key for one in names for key in one)
        queries = [
            query for (bridge, _), one in zip(known, names, strict=True) for query in self._rarest(bridge, one, run)
        ]
        queries.sort(key=lambda query: -query["score"] * query.get("strength", 0.0))
        return queries[: self.most]

    def search(self, queries: Sequence[Query], run: Run) -> list[Candidate]:
        """Return the passages nearest to the names and the open questions, each with the best name from a bridge."""
        asked = [(query, bridge) for query in queries if (bridge := run.known(query["path"][-1])) is not None]
        if not asked:
            return []
        texts = [f"{query['text']}. {run.lacking(bridge.words)}" for query, bridge in asked]
        different = list(dict.fromkeys(texts))
        vectors = dict(zip(different, run.retriever.embedder.encode_queries(different), strict=True))
        lists = run.retriever.dense(np.stack([vectors[text] for text in texts]), self.depth + 1, where=run.where)
        mentioned = self._mentioned(
            [(query, vectors[text]) for (query, _), text in zip(asked, texts, strict=True)], run
        )
        lists = [_joined(near, held) for near, held in zip(lists, mentioned, strict=True)]
        run.load(hit.id for hits in lists for hit in hits)
        return best_of(
            one
            for (query, bridge), hits in zip(asked, lists, strict=True)
            for one in self._found(query, bridge, hits, run)
        )

    def _mentioned(self, asked: Sequence[tuple[Query, Vectors]], run: Run) -> list[list[Hit]]:
        """Return for each query those of the passages that hold its name which are nearest to it."""
        keys = [name_key(query["text"]) for query, _ in asked]
        if not self.holders:
            return [[] for _ in keys]
        held = run.retriever.mentioning(sorted(set(keys)), self.holders, where=run.where)
        known = run.retriever.vectors(sorted({name for ids in held.values() for name in ids}))
        found = []
        for (_, vector), key in zip(asked, keys, strict=True):
            ids = [name for name in held.get(key, ()) if name in known]
            cosines = np.round(np.stack([known[name] for name in ids]) @ vector, 6).tolist() if ids else []
            hits = sorted(map(Hit, ids, cosines), key=lambda hit: (-hit.score, hit.id))
            found.append(hits[: self.depth])
        return found

    def _rarest(self, bridge: Candidate, names: dict[str, str], run: Run) -> Iterator[Query]:
        ranked = sorted((-run.rarity(key), key) for key in names)
        for negative, key in ranked[: self.spans]:
            yield query_from(self, bridge, names[key], -negative)

    def _found(self, query: Query, bridge: LoadedPassage, hits: Sequence[Hit], run: Run) -> Iterator[Candidate]:
        wanted = frozenset(map(word_key, content_words(query["text"])))
        for hit in hits:
            target = run.known(hit.id)
            if target is None or hit.id in query["path"]:
                continue
            certain = 1.0 if wanted <= target.words else self.doubt
            least = self.least if certain == 1.0 and self.holders else 0.0
            confidence = max(least, (round(hit.score, 6) - self.floor) / (1 - self.floor))
            gain = query["score"] - float(bridge.vector @ target.vector)
            score = self.weight * query.get("strength", 0.0) * confidence * certain * gain
            yield reached(
                self,
                query,
                hit.id,
                name_key(query["text"]),
                score=score,
                parts={"strength": query.get("strength", 0.0), "fit": confidence * certain},
            )


def _joined(near: Sequence[Hit], held: Sequence[Hit]) -> list[Hit]:
    """Return the hits of both lists, each passage once."""
    there = {hit.id for hit in near}
    return [*near, *(hit for hit in held if hit.id not in there)]


def _names(known: LoadedPassage, asked: frozenset[str]) -> dict[str, str]:
    """Return name key and surface of the names in a passage that are neither its own nor the question's nor numbers."""
    own = {word for key in known.names() for word in key.split()}
    found: dict[str, str] = {}
    for span in capital_spans(known.passage.text):
        key = name_key(span)
        words = [word for word in key.split() if word not in STOP]
        new = any(word not in own and word_key(word) not in asked for word in words)
        if new and len(words) <= LONGEST and not all(word.isdigit() for word in words):
            found.setdefault(key, span)
    return found
