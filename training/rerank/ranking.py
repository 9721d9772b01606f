"""The weights of the learned ranking, judged on kinds of documents that they were not trained on.

The loss is listwise: each gold text's best passage against all passages that hold none (Cao et al., "Learning to Rank:
From Pairwise Approach to Listwise Approach", ICML 2007). All domains of a group weigh the same, and so do all groups.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...core.errors import CallerError
from ...core.types import Numbers
from ...retrieval.rerank.evidence import NAMES
from ...retrieval.rerank.learned import FARTHEST, FORMAT, Network
from ..harness import TrainingWatcher
from .gather import MOST_GOLD, Domain

Score = Callable[[Numbers], Numbers]
#: features that are rankings of their own
SEARCHES = ("lexical", "cosine", "fused", "both")
FIRST = 5  # passages that have to hold what is wanted
LEADING = 2  # places of the ranking of words where easy questions have their gold texts
DIGITS = 5


@dataclass(frozen=True, slots=True)
class RankingRecipe:
    """How the network is trained.

    Args:
        hidden: units of the hidden layer.
        passages: of a question that are learned from, the gold ones and those that the search likes best.
        decay: of the weights, as in AdamW.
        easy: what a question counts that was made of the texts and whose gold texts lead the ranking of words: it
            shares their words as no user's question does, and would teach to trust them.
        networks: fitted with one seed after the other; their mean is the network that is used, all side by side.
    """

    hidden: int = 24
    passages: int = 100
    epochs: int = 20
    batch: int = 64
    rate: float = 5e-3
    decay: float = 1e-3
    easy: float = 0.3
    networks: int = 4
    seed: int = 0


class Packed(NamedTuple):
    """Questions of equal length: features of shape (questions, passages, features), and which passages are there.

    `gold` says which are gold, shape (questions, MOST_GOLD, passages); `domain` numbers each question's domain, and
    `easy` says whether all its gold texts lead the ranking of words.
    """

    rows: Tensor
    there: Tensor
    gold: Tensor
    domain: NDArray[np.int64]
    easy: NDArray[np.bool_]


def packed(domains: Sequence[Domain], passages: int) -> tuple[Packed, Numbers, Numbers]:
    """Return the questions that have a gold passage among those found, and centre and spread of each feature."""
    every = np.concatenate([one.rows for one in domains]).astype(np.float64)
    centre, spread = every.mean(axis=0), every.std(axis=0) + 1e-3
    liked, words = (NAMES.index("both"), NAMES.index("covered")), NAMES.index("lexical")
    rows, there, gold, of, easy = [], [], [], [], []
    for number, domain in enumerate(domains):
        for own, marks, _ in domain.questions():
            if not marks.any():
                continue
            worth = own[:, liked[0]] + 0.5 * own[:, liked[1]] + 100 * marks.any(axis=1)
            kept = np.argsort(-worth, kind="stable")[:passages]
            scaled = np.zeros((passages, len(NAMES)), np.float32)
            scaled[: len(kept)] = np.clip((own[kept] - centre) / spread, -FARTHEST, FARTHEST)
            held = np.zeros((MOST_GOLD, passages), bool)
            held[: marks.shape[1], : len(kept)] = marks[kept].T
            rows.append(scaled)
            there.append(np.arange(passages) < len(kept))
            gold.append(held)
            of.append(number)
            first = np.argsort(-own[:, words], kind="stable")[:LEADING]
            easy.append(domain.made and bool(marks[first].any(axis=0).all()))
    stacked = [torch.from_numpy(np.stack(part)) for part in (rows, there, gold)]
    return Packed(stacked[0], stacked[1], stacked[2], np.array(of), np.array(easy)), centre, spread


class RankingNetwork(nn.Module):
    """The network of `retrieval.rerank.learned` in torch."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(len(NAMES), 1, bias=False)
        self.hidden = nn.Linear(len(NAMES), hidden)
        self.dropped = nn.Dropout(0.1)
        self.out = nn.Linear(hidden, 1, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Return a score for each row, shape (questions, passages)."""
        told: Tensor = self.linear(rows) + self.out(self.dropped(torch.relu(self.hidden(rows))))
        return told[..., 0]

    def trained(self, centre: Numbers, spread: Numbers) -> Network:
        """Return the network as it is used."""
        linear, hidden, shift, out = (
            one.detach().numpy().astype(np.float64)
            for one in (self.linear.weight[0], self.hidden.weight.T, self.hidden.bias, self.out.weight[0])
        )
        return Network(centre, spread, linear, hidden, shift, out)


def fit(
    data: Packed, worth: NDArray[np.float64], recipe: RankingRecipe, *, centre: Numbers, spread: Numbers
) -> Network:
    """Return the mean of networks with the least loss over the questions.

    Each question counts its `worth`; 0 leaves it out.
    """
    seeds = range(recipe.seed, recipe.seed + recipe.networks)
    each = [_fitted(data, worth, replace(recipe, seed=seed)).trained(centre, spread) for seed in seeds]
    share = 1 / len(each)
    return Network(
        centre,
        spread,
        share * sum((one.linear for one in each), np.zeros(len(NAMES))),
        np.concatenate([one.hidden for one in each], axis=1),
        np.concatenate([one.shift for one in each]),
        share * np.concatenate([one.out for one in each]),
    )


def _fitted(data: Packed, worth: NDArray[np.float64], recipe: RankingRecipe) -> RankingNetwork:
    torch.manual_seed(recipe.seed)
    chance = np.random.default_rng(recipe.seed)
    network = RankingNetwork(recipe.hidden)
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    places, counts = np.flatnonzero(worth), torch.from_numpy(worth.astype(np.float32))
    steps = recipe.epochs * math.ceil(len(places) / recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    network.train()
    for _ in range(recipe.epochs):
        chance.shuffle(places)
        for start in range(0, len(places), recipe.batch):
            some = places[start : start + recipe.batch]
            loss = _loss(network(data.rows[some]), data.there[some], data.gold[some], counts[some])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    network.eval()
    return network


def _loss(scores: Tensor, there: Tensor, gold: Tensor, counts: Tensor) -> Tensor:
    low = torch.tensor(-1e9)
    scores = scores.where(there, low)
    others = torch.logsumexp(scores.where(~gold.any(dim=1), low), dim=1)
    right = torch.logsumexp(scores[:, None, :].where(gold, low), dim=2)
    wanted = gold.any(dim=2)
    each = (functional.softplus(others[:, None] - right) * wanted).sum(dim=1) / wanted.sum(dim=1)
    return (each * counts).sum() / counts.sum()


def worth_of(
    of: NDArray[np.int64], groups: Sequence[Sequence[int]], weigh: Sequence[float] = ()
) -> NDArray[np.float64]:
    """Return what each question counts: domains of a group the same, groups as they `weigh`, by default all the same.

    Those of no group count nothing.
    """
    worth = np.zeros(len(of))
    for group, weight in zip(groups, weigh or [1.0] * len(groups), strict=True):
        for number in group:
            own = of == number
            worth[own] = weight / (max(1, own.sum()) * len(group))
    return worth


@dataclass(frozen=True, slots=True)
class _Column:
    at: int

    def __call__(self, rows: Numbers) -> Numbers:
        column: Numbers = rows[:, self.at]
        return column


def recall(domain: Domain, score: Score) -> tuple[float, float]:
    """Return recall at two and at five passages in the order of the scores."""
    found = []
    for rows, marks, _ in domain.questions():
        first = np.argsort(-score(rows), kind="stable")
        found.append([marks[first[:most]].any(axis=0).mean() for most in (2, FIRST)])
    two, five = np.mean(found, axis=0).tolist() if found else (0.0, 0.0)
    return two, five


def trained(
    groups: Sequence[Sequence[tuple[str, Domain]]],
    recipe: RankingRecipe,
    watcher: TrainingWatcher,
    weigh: Sequence[float] = (),
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the network as plain JSON types, and recall at 2 and 5 of each domain by a network not trained on it.

    `groups` are domains by name, which count as they `weigh`, by default the same. Beside the figures of the network
    stand those of the word search, of cosine, and of both fused by rank and by score.

    Raises:
        CallerError: for fewer than two domains, two of a name, a domain where no gold text was found, and another
            number of weights than of groups.
    """
    if weigh and len(weigh) != len(groups):
        raise CallerError(f"{len(weigh)} weights for {len(groups)} groups; give one for each")
    names, domains = [name for group in groups for name, _ in group], [one for group in groups for _, one in group]
    if len(domains) < 2:
        raise CallerError("one domain can't be left out of itself; give two at least")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CallerError(f"two domains are called {twice[0]!r}; rename a file, for the figures are told by name")
    if empty := [name for name, domain in zip(names, domains, strict=True) if not domain.marks.any()]:
        raise CallerError(f"for no question of {empty[0]!r} a gold text was found; nothing can be learned from it")
    data, centre, spread = packed(domains, recipe.passages)
    numbers = {name: number for number, name in enumerate(names)}
    members = [[numbers[name] for name, _ in group] for group in groups]
    easy = np.where(data.easy, recipe.easy, 1.0)
    facts: dict[str, Any] = {}
    for number, name in enumerate(names):
        rest = [[one for one in group if one != number] for group in members]
        network = fit(data, easy * worth_of(data.domain, rest, weigh), recipe, centre=centre, spread=spread)
        ways: dict[str, Score] = {feature: _Column(NAMES.index(feature)) for feature in SEARCHES}
        ways["learned"] = network
        facts[name] = {
            way: [round(100 * one, 1) for one in recall(domains[number], score)] for way, score in ways.items()
        }
        watcher.step("domains left out", number + 1, len(names))
    network = fit(data, easy * worth_of(data.domain, members, weigh), recipe, centre=centre, spread=spread)
    return described(network), {"left out": facts}


def described(network: Network) -> dict[str, Any]:
    """Return a network as plain JSON types."""
    parts = {
        name: _rounded(getattr(network, name)) for name in ("centre", "spread", "linear", "hidden", "shift", "out")
    }
    return {"format": FORMAT, "features": list(NAMES), **parts}


def _rounded(values: Numbers) -> Any:
    return [_rounded(row) for row in values] if values.ndim > 1 else [float(f"{one:.{DIGITS}g}") for one in values]
