"""What a query generator learns from: requests, the queries that should have been written, and what these are worth.

The reward of a set of queries: how right the tools are that it finds, merged with those of the request itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from ...core.errors import CallerError
from ...core.llm.gateway import instructed, parsed
from ...core.llm.role import Message
from ...core.llm.transformers_model import LocalModel
from ...encoders.role import Encoder
from ...graphs.select import ToolQueries
from ...tools.select import model as scorer
from ...tools.select.features import Searched, read, search
from ...tools.select.lexicon import Numbers
from ...tools.select.prompt import QueryPrompt, reply, tidy
from ...tools.tool import Tool
from ..catalogues import Shop, ToolRequest
from ..harness import counted

# A description says what a tool does in its first sentence.
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORDS = 30
# Reciprocal rank fusion (Cormack et al., 2009) of the two halves of a text's list, with its usual constant.
_SMOOTH = 60
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class QueryGeneratorRecipe:
    """How a query generator is trained, and what it is trained for.

    Args:
        k: tools that count for the reward.
        metric: average precision or recall, among the first k.
        ranking: the lists of request and queries interleaved, as in the paper, or the ranking of `select_tools`.
        apart: share of the requests that is not trained on and says whether it helped.
        epochs: times that each example is seen, in each round.
        batch: examples in a step.
        rate: highest learning rate.
        warmup: share of the steps in which the rate rises.
        length: tokens of prompt and reply together; longer examples are left out.
        save_every: steps between two states to go on from.
        rounds: of sampling and fine-tuning.
        draws: query sets that are sampled for a request.
        temperature: of the sampling.
        enough: reward from which on the best set is kept even if it is no better than the greedy one.
        tokens: that a reply may have.
        together: requests that are sampled at once, or asked of a model side by side.
        sets: sets of examples that are tried.
        shots: examples in a set.
    """

    k: int = 5
    metric: Literal["precision", "recall"] = "precision"
    ranking: Literal["interleaved", "select"] = "interleaved"
    apart: float = 0.1
    epochs: int = 2
    batch: int = 8
    rate: float = 1e-5
    warmup: float = 0.1
    length: int = 2_048
    save_every: int = 100
    rounds: int = 3
    draws: int = 8
    temperature: float = 0.8
    enough: float = 1.0
    tokens: int = 200
    together: int = 4
    sets: int = 4
    shots: int = 3
    seed: int = 0


def checked(recipe: QueryGeneratorRecipe) -> QueryGeneratorRecipe:
    """Return a recipe that can be trained by; one that cannot is a `CallerError`."""
    counted(recipe, "k", "epochs", "batch", "length", "save_every", "rounds", "draws", "tokens", "together", "shots")
    for name in ("rate", "temperature"):
        if not getattr(recipe, name) > 0:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: more than 0 is expected")
    for name in ("apart", "warmup"):
        if not 0 <= getattr(recipe, name) < 1:
            raise CallerError(f"{name}={getattr(recipe, name)!r}: a share, less than 1, is expected")
    return recipe


class PromptCompletion(NamedTuple):
    """The tokens of a prompt and of the reply that is wanted."""

    prompt: list[int]
    reply: list[int]


def messages(request: str, prompt: QueryPrompt) -> list[Message]:
    """Return what `select_tools` tells a model, to the letter."""
    return instructed(prompt.messages(request), ToolQueries)


def example(request: str, queries: Sequence[str], prompt: QueryPrompt, model: LocalModel) -> PromptCompletion:
    """Return an example in the model's tokens."""
    return PromptCompletion(model.ids(messages(request, prompt)), model.closed(reply(queries)))


def queries_in(text: str) -> list[str]:
    """Return the queries in a reply; one that cannot be read holds none."""
    value, _ = parsed(text, ToolQueries)
    return tidy(value.tools) if value is not None else []


def described(tool: Tool) -> str:
    """Return a tool in the words of its catalogue: the first sentence of its description, or its name."""
    first = _SENTENCE.split(" ".join(tool.description.split()), maxsplit=1)[0]
    return " ".join(first.split()[:_WORDS]) or tool.title


def of_gold(request: ToolRequest, shop: Shop) -> list[str]:
    """Return the descriptions of the tools that a request needs."""
    return tidy(described(shop.tools[row]) for row in request.gold.tolist())


def greedy(
    model: LocalModel, asked: Sequence[ToolRequest], prompt: QueryPrompt, recipe: QueryGeneratorRecipe
) -> list[list[str]]:
    """Return the queries that a model writes for each request when nothing is left to chance."""
    written = []
    for first in range(0, len(asked), recipe.together):
        prompts = [model.ids(messages(one.text, prompt)) for one in asked[first : first + recipe.together]]
        written += [queries_in(drawn[0].text) for drawn in model.draw(prompts, max_tokens=recipe.tokens)]
    return written


def divided(items: Sequence[Item], share: float, seed: int) -> tuple[list[Item], list[Item]]:
    """Return the items in two parts, the second of about this share, drawn at random."""
    order = np.random.default_rng(seed).permutation(len(items))
    size = round(share * len(items))
    return [items[place] for place in sorted(order[size:])], [items[place] for place in sorted(order[:size])]


@dataclass(frozen=True, slots=True)
class Judge:
    """Searches a catalogue for a request and its queries, and says what the outcome is worth."""

    shop: Shop
    embedder: Encoder
    recipe: QueryGeneratorRecipe = field(default_factory=QueryGeneratorRecipe)

    def ranked(self, request: str, queries: Sequence[str]) -> list[int]:
        """Return the rows of the first k tools; without queries, those of the request alone."""
        texts = [request, *queries]
        searched = search(texts, self.embedder.encode_queries(texts), self.shop.vectors, self.shop.lexicon)
        if self.recipe.ranking == "select":
            return self._selected(searched)
        return interleaved(_lists(searched, self.recipe.k), self.recipe.k)

    def reward(self, request: ToolRequest, queries: Sequence[str]) -> float:
        """Return the metric, from 0 to 1."""
        found = self.ranked(request.text, queries)
        return worth(found, set(request.gold.tolist()), precise=self.recipe.metric == "precision")

    def mean(self, asked: Sequence[ToolRequest], written: Iterable[Sequence[str]]) -> float:
        """Return the mean reward of the queries of several requests."""
        return float(np.mean([self.reward(one, queries) for one, queries in zip(asked, written, strict=True)]))

    def _selected(self, searched: Searched) -> list[int]:
        reading = read(searched, self.shop.lexicon)
        order = np.argsort(-scorer.load()(reading, self.shop.lexicon).total, kind="stable")
        return [int(row) for row in reading.rows[order[: self.recipe.k]]]


def interleaved(lists: Iterable[Sequence[int]], k: int) -> list[int]:
    """Return the first k of the first of every list, then the second of every list, and so on, each once."""
    merged = dict.fromkeys(row for rank in zip_longest(*lists) for row in rank if row is not None)
    return list(merged)[:k]


def worth(found: Sequence[int], gold: set[int], *, precise: bool) -> float:
    """Return the recall of what was found, or its average precision, out of what as many places can hold."""
    places = [place for place, row in enumerate(found, start=1) if row in gold]
    most = min(len(gold), len(found))
    if not most:
        return 0.0
    return sum(hits / place if precise else 1.0 for hits, place in enumerate(places, start=1)) / most


def _lists(searched: Searched, depth: int) -> list[list[int]]:
    """Return for each text its best tools by words and by meaning together."""
    fused = _shares(searched.cosines, -2.0) + _shares(searched.bm25, 0.0)
    return [np.argsort(-row, kind="stable")[:depth].tolist() for row in fused]


def _shares(scores: Numbers, above: float) -> Numbers:
    order = np.argsort(-scores, axis=1, kind="stable")
    shares = np.zeros(scores.shape, np.float32)
    np.put_along_axis(shares, order, (1 / (_SMOOTH + 1 + np.arange(scores.shape[1], dtype=np.float32)))[None], 1)
    shares[scores <= above] = 0.0
    return shares
