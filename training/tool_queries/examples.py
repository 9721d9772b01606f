"""What a query generator learns from: requests with the queries that should have been written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from ...core.llm.role import Message
from ...core.llm.structured import instructed, parsed
from ...core.llm.transformers_model import LocalModel
from ...graphs.select import ToolQueries
from ...tools.select.prompt import QueryPrompt, reply, tidy
from ...tools.tool import Tool
from ..tools.collect import Request, Shop
from .recipe import Recipe

# A description says what a tool does in its first sentence.
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_WORDS = 30
Item = TypeVar("Item")


class Example(NamedTuple):
    """The tokens of a prompt and of the reply that is wanted."""

    prompt: list[int]
    reply: list[int]


def messages(request: str, prompt: QueryPrompt) -> list[Message]:
    """Return what `select_tools` tells a model, to the letter."""
    return instructed(prompt.messages(request), ToolQueries)


def example(request: str, queries: Sequence[str], prompt: QueryPrompt, model: LocalModel) -> Example:
    """Return an example in the model's tokens."""
    return Example(model.ids(messages(request, prompt)), model.closed(reply(queries)))


def queries_in(text: str) -> list[str]:
    """Return the queries in a reply; one that cannot be read holds none."""
    value, _ = parsed(text, ToolQueries)
    return tidy(value.tools) if value is not None else []


def described(tool: Tool) -> str:
    """Return a tool in the words of its catalogue: the first sentence of its description, or its name."""
    first = _SENTENCE.split(" ".join(tool.description.split()), maxsplit=1)[0]
    return " ".join(first.split()[:_WORDS]) or tool.title


def of_gold(request: Request, shop: Shop) -> list[str]:
    """Return the descriptions of the tools that a request needs."""
    return tidy(described(shop.tools[row]) for row in request.gold.tolist())


def greedy(model: LocalModel, asked: Sequence[Request], prompt: QueryPrompt, recipe: Recipe) -> list[list[str]]:
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
