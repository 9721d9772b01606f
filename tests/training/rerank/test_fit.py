"""Training the cross-encoder: what it learns, how it goes on after a kill, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from polyhop.core.errors import CallerError
from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank.crossfile import SCALE, shapes
from polyhop.retrieval.rerank.pairs import encode
from polyhop.training.rerank.fit import CrossEncoderRecipe, CrossEncoderTrainer, padded
from polyhop.training.rerank.lists import CandidateList
from tests.training.silence import Silence

from .questions import rivers


class Listening(Silence):
    """Remembers what was said, and interrupts the training after some steps."""

    def __init__(self, steps: int = -1) -> None:
        self.said: list[str] = []
        self.left = steps

    def say(self, message: str) -> None:
        """Remember."""
        self.said.append(message)

    def step(self, what: str, done: int, total: int) -> None:
        """Interrupt once it is time."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def trainer(
    state: Path, *, given: list[CandidateList] | None = None, watcher: Silence | None = None, **parts: Any
) -> CrossEncoderTrainer:
    """Return the training of a small network on few lists."""
    usual: dict[str, Any] = {"layers": (0,), "pairs": 80, "rate": 1e-3, "save_every": 2}
    recipe = CrossEncoderRecipe(**{**usual, **parts})
    lists = rivers(24, way=lambda number: "by road") if given is None else given
    return CrossEncoderTrainer(lists, recipe, tokenizer=tokenizer(), state=state, watcher=watcher or Silence())


def same(one: Mapping[str, NDArray[np.float32]], other: Mapping[str, NDArray[np.float32]]) -> bool:
    """Say whether two networks are the same to the last bit."""
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_what_can_be_learned_is_learned(tmp_path: Path) -> None:
    """Where gold passages speak of one thing the loss falls, and unseen gold is ranked first."""
    import torch

    made = trainer(tmp_path / "state", pairs=480)
    progress = made.run()
    with torch.no_grad():
        for one in rivers(8, start=100):
            tokens = encode([one.pair(each) for each in one.candidates], tokenizer())
            assert len(one.candidates) - 1 == int(made.network(*padded(tokens)).argmax())

    assert np.mean(progress.losses[-5:]) < 0.5 * np.mean(progress.losses[:5])
    assert 480 <= progress.pairs < 480 + 16


@pytest.mark.slow
def test_what_is_saved_is_what_was_trained(tmp_path: Path) -> None:
    """The trained weights are those that the file of weights is to hold; the words stay the embedder's."""
    made = trainer(tmp_path / "state", pairs=16)
    before = {name: value.copy() for name, value in made.network.trained().items()}
    words = made.network.bert.embeddings.word_embeddings.weight.clone()
    made.run()
    after = made.network.trained()

    assert {name: shape for name, shape in shapes(1).items() if not name.endswith(SCALE)} == {
        name: value.shape for name, value in after.items()
    }
    assert all(not np.array_equal(before[name], after[name]) for name in after if not name.endswith("key.bias"))
    assert words.equal(made.network.bert.embeddings.word_embeddings.weight)


@pytest.mark.slow
def test_an_interrupted_training_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """Interrupted between two states and begun again, it comes to the very same weights."""
    whole = trainer(tmp_path / "whole")
    whole.run()
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "cut", watcher=Listening(steps=4)).run()
    heard = Listening()
    resumed = trainer(tmp_path / "cut", watcher=heard)
    progress = resumed.run()

    assert same(whole.network.trained(), resumed.network.trained())
    assert ["going on after 32 pairs"] == [message for message in heard.said if "going on" in message]
    assert progress.pairs == whole.now.pairs


@pytest.mark.slow
def test_a_state_of_another_training_or_a_broken_one_is_passed_over(tmp_path: Path) -> None:
    """What cannot be gone on from is told, and training begins anew."""
    state = tmp_path / "state"
    trainer(state, pairs=32).run()
    kept = state.read_bytes()
    other = rivers(24, way=lambda number: "by rail")
    for parts, said in (
        ({"pairs": 33}, "another training"),
        ({"pairs": 32, "given": other}, "another training"),
        ({"pairs": 32}, "going on"),
    ):
        state.write_bytes(kept)
        heard = Listening()
        made = trainer(state, watcher=heard, **parts)  # type: ignore[arg-type]
        assert (made.resume() is None) == ("another" in said)
        assert [said in message for message in heard.said] == [True] * len(heard.said)

    state.write_bytes(kept[:500])
    heard = Listening()
    trainer(state, pairs=16, watcher=heard).run()
    assert "cannot be read" in heard.said[0]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"layers": (6,)}, r"layers=\(6,\)"),
        ({"layers": (-1,)}, "layers 0 to 5"),
        ({"layers": ()}, r"layers=\(\)"),
        ({"pairs": 0}, "pairs=0"),
        ({"lists": 0}, "lists=0"),
        ({"wrong": 0}, "wrong=0"),
        ({"save_every": 0}, "save_every=0"),
        ({"warmup": 0.0}, "warmup=0.0"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(parts: dict[str, Any], said: str, tmp_path: Path) -> None:
    """A part out of range is named with its value before anything is read."""
    with pytest.raises(CallerError, match=said):
        trainer(tmp_path / "state", **parts)


def test_too_few_lists_are_told(tmp_path: Path) -> None:
    """Lists without a gold passage, or with nothing else, teach nothing."""
    lists = rivers(12)
    lists[3:] = [replace(one, candidates=one.candidates[:3]) for one in lists[3:]]
    with pytest.raises(CallerError, match="3 candidate lists with right and wrong passages are too few"):
        trainer(tmp_path / "state", given=lists)
