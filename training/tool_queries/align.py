"""Alignment by rejection sampling: a model learns from those of its own query sets that find the right tools.

    repeat: for each request, sample sets of queries; keep the best, if it is better than the greedy one or good enough;
            fine-tune on what was kept

It needs the gold tools and no gold queries. Each round begins with the model of the one before, and is kept only where
it is better on requests that nothing was learned from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from ...core.files import read_rows, write_whole
from ...core.llm.transformers_model import LocalModel
from ...tools.select.prompt import QueryPrompt
from ..catalogues import ToolRequest
from ..harness import TrainingWatcher
from .examples import Judge, QueryGeneratorRecipe, divided, example, greedy, messages, queries_in


class SampledQueries(NamedTuple):
    """What came of sampling for a request: the best set of queries, its reward, and that of the greedy one."""

    request: str
    queries: list[str]
    best: float
    greedy: float

    def kept(self, enough: float) -> bool:
        """Say whether it is worth learning from."""
        return bool(self.queries) and (self.best > self.greedy or self.best >= enough)


@dataclass(frozen=True, slots=True)
class Aligner:
    """Aligns a model; whatever it makes stands in `folder`, from which it goes on after a kill."""

    judge: Judge
    prompt: QueryPrompt
    recipe: QueryGeneratorRecipe
    folder: Path
    watcher: TrainingWatcher

    def run(self, name: str, asked: Sequence[ToolRequest]) -> tuple[str, list[dict[str, Any]]]:
        """Return the folder of the best model, or `name` where no round was better, and what came of each round.

        Where too few requests are given to set some apart, those that were learned from say whether it helped.
        """
        learned, apart = divided(asked, self.recipe.apart, self.recipe.seed)
        apart = apart or learned
        model = LocalModel(name, exact=True)
        reached = self._reward(model, apart)
        rounds: list[dict[str, Any]] = []
        for number in range(1, self.recipe.rounds + 1):
            place = self.folder / f"round-{number}"
            facts = self._round(model, learned, place) | {"before": reached}
            rounds.append(facts)
            if not facts["kept"]:
                break
            tuned = LocalModel(place / "model", exact=True)
            facts["after"] = self._reward(tuned, apart)
            self.watcher.say(f"round {number}: {facts['kept']:,} kept, reward {reached:.3f} to {facts['after']:.3f}")
            if facts["after"] <= reached:
                break
            model, reached = tuned, facts["after"]
        return model.name, rounds

    def _round(self, model: LocalModel, asked: Sequence[ToolRequest], place: Path) -> dict[str, Any]:
        """Sample and fine-tune once, or find that this was done before."""
        from .fit import Tuner

        done = place / "done.json"
        if done.is_file():
            facts: dict[str, Any] = json.loads(done.read_text("utf-8"))
            return facts
        outcomes = self.sampled(model, asked, place / "outcomes.jsonl")
        kept = [one for one in outcomes if one.kept(self.recipe.enough)]
        facts = {
            "requests": len(outcomes),
            "kept": len(kept),
            "better": sum(one.best > one.greedy for one in outcomes),
            "greedy": fmean(one.greedy for one in outcomes),
            "best": fmean(max(one.best, one.greedy) for one in outcomes),
        }
        if kept:
            examples = [example(one.request, one.queries, self.prompt, model) for one in kept]
            tuner = Tuner(model, examples, self.recipe, path=place / "state", watcher=self.watcher)
            facts["losses"] = ends(tuner.run())
            model.save(place / "model")
            tuner.close()
        write_whole(done, json.dumps(facts).encode())
        return facts

    def sampled(self, model: LocalModel, asked: Sequence[ToolRequest], file: Path) -> list[SampledQueries]:
        """Return the outcome for each request; those that stand in the file already are not sampled again."""
        known = [SampledQueries(**row) for row in _whole_lines(file)]
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as lines:
            for one in known:
                lines.write(f"{json.dumps(one._asdict())}\n")
            for first in range(len(known), len(asked), self.recipe.together):
                for one in self._outcomes(model, asked[first : first + self.recipe.together], first):
                    known.append(one)
                    lines.write(f"{json.dumps(one._asdict())}\n")
                lines.flush()
                self.watcher.step(f"sampling for {file.parent.name}", len(known), len(asked))
        return known

    def _outcomes(self, model: LocalModel, asked: Sequence[ToolRequest], seed: int) -> Iterator[SampledQueries]:
        plain = greedy(model, asked, self.prompt, self.recipe)
        prompts = [model.ids(messages(one.text, self.prompt)) for one in asked]
        recipe = self.recipe
        drawn = model.draw(
            prompts,
            max_tokens=recipe.tokens,
            temperature=recipe.temperature,
            draws=recipe.draws,
            seed=recipe.seed + seed,
        )
        for one, first, draws in zip(asked, plain, drawn, strict=True):
            base = self.judge.reward(one, first)
            sets = [first, *(queries_in(draw.text) for draw in draws)]
            scored = [(self.judge.reward(one, queries), queries) for queries in sets if queries]
            best, queries = max(scored, key=lambda each: each[0], default=(base, []))
            yield SampledQueries(one.text, queries, best, base)

    def _reward(self, model: LocalModel, asked: Sequence[ToolRequest]) -> float:
        return self.judge.mean(asked, greedy(model, asked, self.prompt, self.recipe))


def ends(losses: Sequence[float]) -> Mapping[str, float]:
    """Return the mean loss of the first and of the last tenth of the steps."""
    size = max(1, len(losses) // 10)
    return {"first": round(fmean(losses[:size]), 4), "last": round(fmean(losses[-size:]), 4)}


def _whole_lines(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file whose last line may have been cut off by a kill."""
    if not file.is_file():
        return []
    whole = file.read_bytes().rpartition(b"\n")[0]
    write_whole(file, whole + b"\n" if whole else b"")
    return [row for _, row in read_rows(file)]
