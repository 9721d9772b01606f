"""Growing a tree of passages: from each passage kept in a layer the next query, until so many layers are there.

Li et al., "TreeHop" (arXiv 2504.20114), section 3.3, for many questions at once: one search and one call of the network
for a whole layer of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import numpy as np

from ...core.types import Hit, Vectors
from ...core.vectors import unit
from .treehop_network import TreeHopNetwork

#: `ranks` keeps the best of a layer. `published` is what the authors' public code does, which takes the order of the
#: scores for their ranks and so keeps little better than chance; it is there to be compared with. `none` keeps all.
Pruning = Literal["ranks", "published", "none"]

PAIRS = 1_024  # that the network sees at once


class SearchPlace(Protocol):
    """Where passages are searched by vector; a `Retriever` is one."""

    def dense(self, vectors: Vectors, k: int) -> list[list[Hit]]:
        """Return for each query vector its k nearest passages, best first."""
        ...

    def vectors(self, ids: Sequence[str]) -> Mapping[str, Vectors]:
        """Return the unit vectors of the passages that are there, by id."""
        ...


@dataclass(frozen=True, slots=True)
class Growth:
    """How far a tree grows.

    Args:
        hops: layers, the first search included.
        width: passages that a question keeps of each layer.
        depth: passages to take from each search.
        redundant: whether a branch goes on from a passage that an earlier layer has found.
    """

    hops: int = 2
    width: int = 5
    depth: int = 5
    redundant: bool = False
    pruning: Pruning = "ranks"


class Branch(NamedTuple):
    """A passage in a tree: its cosine with the query that found it, and the passages on the way to it."""

    id: str
    cosine: float
    path: tuple[str, ...]


@dataclass(slots=True)
class Tree:
    """The layers of one question, the first search first, each best first."""

    layers: list[list[Branch]] = field(default_factory=list)

    def passages(self) -> list[str]:
        """Return the passages, layer by layer, each once."""
        return list(dict.fromkeys(branch.id for layer in self.layers for branch in layer))


def merged(near: Sequence[Hit], tree: Tree, *, margin: float = 0.05) -> list[str]:
    """Return plain search and a tree as one ranking, ties by id.

    The score of a passage is its cosine with the question, or along a branch the mean of the cosines less `margin`,
    whichever is more: so a branch displaces a passage only where both its steps are sure.
    """
    scores = {hit.id: hit.score for hit in near}
    steps: dict[tuple[str, ...], float] = {}
    for layer in tree.layers:
        for branch in layer:
            path = (*branch.path, branch.id)
            steps[path] = branch.cosine
            ways = [steps[path[:length]] for length in range(1, len(path) + 1) if path[:length] in steps]
            own = sum(ways) / len(ways) - (margin if branch.path else 0.0)
            scores[branch.id] = max(own, scores.get(branch.id, -1.0))
    return sorted(scores, key=lambda name: (-round(scores[name], 6), name))


class _Tip(NamedTuple):
    """Where a tree goes on: which question, the raw state of the query, and how it came there."""

    question: int
    state: Vectors
    path: tuple[str, ...]


def grow(questions: Vectors, place: SearchPlace, gate: TreeHopNetwork, growth: Growth | None = None) -> list[Tree]:
    """Return the tree of each question, given by its vector."""
    chosen = growth or Growth()
    trees = [Tree() for _ in questions]
    tips = [_Tip(number, vector, ()) for number, vector in enumerate(questions)]
    for hop in range(chosen.hops):
        if not tips:
            break
        layers = _layers(tips, trees, place, chosen)
        for tree, layer in zip(trees, layers, strict=True):
            tree.layers.append([branch for _, branch in layer])
        if hop + 1 < chosen.hops:
            tips = _onward(layers, place, gate)
    return trees


def ranked(cosines: Sequence[float], ids: Sequence[str]) -> list[int]:
    """Return the places of a layer's passages, best first, ties by id."""
    return sorted(range(len(ids)), key=lambda place: (-round(cosines[place], 6), ids[place], place))


def kept(order: Sequence[int], width: int, pruning: Pruning = "ranks") -> list[int]:
    """Return those places of a layer that are kept, best first; `order` is that of `ranked`."""
    if pruning == "none":
        return list(order)
    if pruning == "published":
        return [place for place in order if order[place] < width]
    return list(order[:width])


def _layers(
    tips: Sequence[_Tip], trees: Sequence[Tree], place: SearchPlace, growth: Growth
) -> list[list[tuple[_Tip, Branch]]]:
    """Search for all tips and return what is kept, with the tip that found it, by question."""
    deep = growth.depth + max(len(tip.path) for tip in tips)
    lists = place.dense(unit(np.stack([tip.state for tip in tips])), deep)
    seen = [set() if growth.redundant else set(tree.passages()) for tree in trees]
    pools: list[list[tuple[_Tip, Branch]]] = [[] for _ in trees]
    for tip, hits in zip(tips, lists, strict=True):
        taken = [hit for hit in hits if hit.id not in tip.path][: growth.depth]
        new = (hit for hit in taken if hit.id not in seen[tip.question])
        pools[tip.question] += [(tip, Branch(hit.id, hit.score, tip.path)) for hit in new]
    orders = [ranked([branch.cosine for _, branch in pool], [branch.id for _, branch in pool]) for pool in pools]
    return [
        [pool[place] for place in kept(order, growth.width, growth.pruning)]
        for pool, order in zip(pools, orders, strict=True)
    ]


def _onward(layers: Sequence[Sequence[tuple[_Tip, Branch]]], place: SearchPlace, gate: TreeHopNetwork) -> list[_Tip]:
    """Return the tips that the network makes of a layer; passages that are gone since end their branch."""
    pairs = [pair for layer in layers for pair in layer]
    there = place.vectors(sorted({branch.id for _, branch in pairs}))
    pairs = [(tip, branch) for tip, branch in pairs if branch.id in there]
    tips = []
    for start in range(0, len(pairs), PAIRS):
        some = pairs[start : start + PAIRS]
        states = gate(np.stack([tip.state for tip, _ in some]), np.stack([there[branch.id] for _, branch in some]))
        found = zip(some, states, strict=True)
        tips += [_Tip(tip.question, state, (*tip.path, branch.id)) for (tip, branch), state in found]
    return tips
