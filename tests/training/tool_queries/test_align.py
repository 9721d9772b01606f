"""Fine-tuning and alignment of a small causal model, end to end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from polyhop.core.errors import CallerError
from polyhop.core.llm.transformers_model import LocalModel
from polyhop.encoders import Encoder
from polyhop.training.tool_queries.align import Aligner, SampledQueries
from polyhop.training.tool_queries.examples import PromptCompletion, QueryGeneratorRecipe, described, example, greedy
from polyhop.training.tool_queries.fit import Tuner, padded
from tests.tools.select.shops import TOOLS
from tests.training.silence import Silence

from .worlds import ASKED, PROMPT, ROW, judge, model, requests

RECIPE = QueryGeneratorRecipe(
    k=2, epochs=40, batch=9, rate=5e-3, rounds=1, draws=12, temperature=1.0, tokens=40, apart=0.0, save_every=10
)


def examples(tuned: LocalModel) -> list[PromptCompletion]:
    """Return each request with each of the tools: how to reply, and nothing of which tool is right."""
    replies = [[described(TOOLS[ROW[name]])] for name in ASKED.values()]
    return [example(text, queries, PROMPT, tuned) for text in ASKED for queries in replies]


def test_only_the_reply_is_learned() -> None:
    """Prompt and padding are read and not learned."""
    ids, mask, labels = padded([PromptCompletion([5, 6], [7]), PromptCompletion([5], [7, 8, 9])])

    assert [[5, 6, 7, 0], [5, 7, 8, 9]] == ids.tolist()
    assert [[1, 1, 1, 0], [1, 1, 1, 1]] == mask.tolist()
    assert [[-100, -100, 7, -100], [-100, 7, 8, 9]] == labels.tolist()


def test_what_is_kept_is_better_or_good_enough() -> None:
    """A set without queries teaches nothing."""
    assert SampledQueries("a", ["b"], best=0.5, greedy=0.2).kept(1.0)
    assert SampledQueries("a", ["b"], best=1.0, greedy=1.0).kept(1.0)
    assert not SampledQueries("a", ["b"], best=0.5, greedy=0.5).kept(1.0)
    assert not SampledQueries("a", [], best=1.0, greedy=1.0).kept(1.0)


@pytest.mark.slow
def test_a_model_learns_to_reply_and_then_what_is_rewarded(tmp_path: Path, embedder: Encoder) -> None:
    """Fine-tuning makes the loss fall; of its samples, those that find more than the greedy one make it better."""
    tuned = LocalModel(model(tmp_path / "random"), exact=True)
    losses = Tuner(tuned, examples(tuned), RECIPE, path=tmp_path / "state", watcher=Silence()).run()
    tuned.save(tmp_path / "sft")
    judging = judge(embedder, RECIPE)
    aligner = Aligner(judging, PROMPT, replace(RECIPE, epochs=12), tmp_path / "aligned", Silence())
    best, rounds = aligner.run(str(tmp_path / "sft"), requests())

    assert losses[-1] < losses[0] / 4
    assert all(greedy(tuned, requests(), PROMPT, RECIPE))
    assert str(tmp_path / "aligned" / "round-1" / "model") == best
    assert rounds[0]["better"] > 0 and rounds[0]["best"] > rounds[0]["greedy"]
    assert rounds[0]["after"] > rounds[0]["before"]
    again = LocalModel(best, exact=True)
    reward = judging.mean(requests(), greedy(again, requests(), PROMPT, RECIPE))
    assert rounds[0]["after"] == reward

    assert (best, rounds) == aligner.run(str(tmp_path / "sft"), requests())


def test_a_line_that_was_cut_off_is_sampled_again(tmp_path: Path, embedder: Encoder) -> None:
    """Whole lines are taken as they are: nothing is asked of a model for them."""
    known = SampledQueries("Tell my boss that I am ill", ["Send a mail"], best=0.5, greedy=0.0)
    file = tmp_path / "round" / "outcomes.jsonl"
    file.parent.mkdir()
    file.write_text(f'{json.dumps(known._asdict())}\n{{"request": "I am fly')
    aligner = Aligner(judge(embedder), PROMPT, RECIPE, tmp_path, Silence())

    assert [known] == aligner.sampled(LocalModel("nowhere"), requests()[:1], file)
    assert f"{json.dumps(known._asdict())}\n" == file.read_text()


@pytest.mark.slow
def test_a_training_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed after some steps and begun again, it ends with the same weights as one that ran through."""
    recipe = replace(RECIPE, epochs=4, save_every=1)
    name = model(tmp_path / "random")
    weights = []
    for path, stopped in ((tmp_path / "one", 0), (tmp_path / "two", 2)):
        if stopped:
            first = LocalModel(name, exact=True)
            killed = Tuner(first, examples(first), recipe, path=path, watcher=Killer(stopped))
            with pytest.raises(KeyboardInterrupt):
                killed.run()
        tuned = LocalModel(name, exact=True)
        tuner = Tuner(tuned, examples(tuned), recipe, path=path, watcher=Silence())
        assert recipe.epochs == len(tuner.run())
        tuner.close()
        assert not path.exists()
        weights.append(tuned.network.state_dict()["model.embed_tokens.weight"])

    assert torch.equal(*weights)


@pytest.mark.slow
def test_examples_that_are_all_too_long_are_refused(tmp_path: Path) -> None:
    """The message says what to change."""
    tuned = LocalModel(model(tmp_path / "random"), exact=True)
    with pytest.raises(CallerError, match="raise `length`"):
        Tuner(tuned, examples(tuned), replace(RECIPE, length=5), path=tmp_path / "state", watcher=Silence())


class Killer(Silence):
    """Ends a training in the step after so many."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def step(self, what: str, done: int, total: int) -> None:
        """End it."""
        if done > self._steps:
            raise KeyboardInterrupt
