"""The choice of a prompt by its reward: for models that cannot be trained, at the price of some calls.

Rejection sampling over prompts instead of weights: wordings first, then sets of examples behind the best of them. An
example is what the model itself wrote where that found more than the request alone, otherwise the descriptions of the
gold tools. What was chosen counts only if it is no worse on requests that chose nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...core.errors import CallerError, ModelError
from ...core.llm.gateway import Gateway
from ...core.llm.role import BudgetError
from ...graphs.select import written
from ...prompts import load
from ...tools.select.prompt import QueryPrompt, Shot
from ..catalogues import ToolRequest
from ..harness import TrainingWatcher
from .examples import Judge, QueryGeneratorRecipe, divided, of_gold

#: shipped wordings; the first is what `select_tools` uses by itself
WORDINGS = ("tool_queries", "tool_queries_brief", "tool_queries_catalogue")
_LEAST = 3


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses a prompt for the model behind a gateway; a gateway with a cache makes no call twice."""

    judge: Judge
    llm: Gateway
    recipe: QueryGeneratorRecipe
    watcher: TrainingWatcher
    wordings: Sequence[str] = field(default_factory=lambda: [load(name) for name in WORDINGS])

    async def run(self, asked: Sequence[ToolRequest]) -> tuple[QueryPrompt, dict[str, Any]]:
        """Return the prompt, and what each one came to.

        A third of the requests gives the examples, a third chooses, and a third confirms. Where the budget is met, the
        first wording stays; with a cache, the same command with a larger budget goes on from there.
        """
        if len(asked) < _LEAST:
            raise CallerError(f"{len(asked)} requests are too few to choose a prompt; give {_LEAST} or more")
        rest, apart = divided(asked, 1 / 3, self.recipe.seed)
        choosing, shown = divided(rest, 1 / 2, self.recipe.seed + 1)
        first, *others = [QueryPrompt(wording) for wording in self.wordings]
        tried = [(first, await self._reward(first, choosing))]
        facts: dict[str, Any] = {"alone": self.judge.mean(apart, [()] * len(apart))}
        try:
            for other in others:
                tried.append((other, await self._reward(other, choosing)))
            for more in await self._with_shots(_best(tried), shown):
                tried.append((more, await self._reward(more, choosing)))
            best = _best(tried)
            facts["default"] = await self._reward(first, apart)
            facts["chosen"] = facts["default"] if best == first else await self._reward(best, apart)
        except BudgetError as error:
            self.watcher.say(f"stopped early: {error}")
            facts["stopped"] = str(error)
            best = first
        facts["tried"] = [{"system": one.system[:60], "shots": len(one.shots), "reward": value} for one, value in tried]
        better = best != first and facts["chosen"] >= facts["default"]
        return (best if better else first), facts | {"better": better}

    async def _with_shots(self, prompt: QueryPrompt, shown: Sequence[ToolRequest]) -> list[QueryPrompt]:
        """Return the prompt with different sets of examples."""
        said = await self._written(prompt, shown)
        shots = [self._shot(one, queries) for one, queries in zip(shown, said, strict=True)]
        chance = np.random.default_rng(self.recipe.seed)
        size = min(self.recipe.shots, len(shots))
        sets = [sorted(chance.choice(len(shots), size, replace=False).tolist()) for _ in range(self.recipe.sets)]
        return [
            replace(prompt, shots=tuple(shots[place] for place in each)) for each in dict.fromkeys(map(tuple, sets))
        ]

    def _shot(self, request: ToolRequest, said: Sequence[str]) -> Shot:
        alone, own = self.judge.reward(request, ()), self.judge.reward(request, said)
        return Shot(request.text, tuple(said if said and own > alone else of_gold(request, self.judge.shop)))

    async def _reward(self, prompt: QueryPrompt, asked: Sequence[ToolRequest]) -> float:
        reward = self.judge.mean(asked, await self._written(prompt, asked))
        self.watcher.say(f"{reward:.3f}: {prompt.system[:40]!r} with {len(prompt.shots)} examples")
        return reward

    async def _written(self, prompt: QueryPrompt, asked: Sequence[ToolRequest]) -> list[list[str]]:
        """Return the queries for each request, none where the model gave nothing that can be read.

        Raises:
            ModelError: where it gave nothing for any of them.
        """
        turn = asyncio.Semaphore(self.recipe.together)
        failures: list[ModelError] = []

        async def one(request: ToolRequest) -> list[str]:
            async with turn:
                try:
                    return await written(request.text, self.llm, prompt)
                except BudgetError:
                    raise
                except ModelError as error:
                    failures.append(error)
                    return []

        said = await asyncio.gather(*map(one, asked))
        if len(failures) == len(asked) and failures:
            raise failures[-1]
        return said


def _best(tried: Sequence[tuple[QueryPrompt, float]]) -> QueryPrompt:
    return max(tried, key=lambda one: one[1])[0]
