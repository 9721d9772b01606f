"""Training the reader: what it learns, and how it goes on after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.answering.extractive.reader import HOLDS, Reader
from polyhop.core.errors import CallerError
from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank import crossfile
from polyhop.training.harness import write
from polyhop.training.reader.__main__ import main
from polyhop.training.reader.fit import Recipe, Trainer, load_into
from polyhop.training.reader.lists import GoldReading, GoldSentence
from polyhop.training.rerank.fit import TorchCrossEncoder
from tests.training.silence import Silence


def rivers(count: int, domain: str = "rivers") -> list[GoldReading]:
    """Return questions whose answer stands in the sentence that speaks of water."""
    names = [f"Kel{number}" for number in range(count)]
    return [
        GoldReading(
            domain,
            f"Tell me of {name}.",
            [
                GoldSentence(f"{name} has water.", label="holds"),
                GoldSentence(f"{name} has stones.", "Stones", "It is dry."),
                GoldSentence(f"{name} has sand."),
            ],
        )
        for name in names
    ]


def trainer(state: Path, *, watcher: Silence | None = None, **parts: Any) -> Trainer:
    """Return the training of a small network on few readings."""
    usual: dict[str, Any] = {"layers": (0,), "cross": False, "pairs": 240, "rate": 1e-3, "save_every": 2}
    recipe = Recipe(**{**usual, **parts})
    return Trainer(rivers(30), recipe, tokenizer=tokenizer(), state=state, watcher=watcher or Silence())


class Killing(Silence):
    """Interrupts the training after some steps."""

    left = 4

    def step(self, what: str, done: int, total: int) -> None:
        """Interrupt once it is time."""
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_killed_training_ends_alike(tmp_path: Path) -> None:
    """It goes on where it was last saved, to the same weights as one that nobody killed; and the loss falls."""
    whole = trainer(tmp_path / "a")
    losses = whole.run().losses
    with pytest.raises(KeyboardInterrupt):
        trainer(tmp_path / "b", watcher=Killing()).run()
    again = trainer(tmp_path / "b")
    again.run()

    assert losses[-1] < losses[0] / 2
    one, other = whole.network.trained(), again.network.trained()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_readings_become_weights_and_a_calibration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps, one after the other, end in files that the reader uses."""
    known, foreign, out = tmp_path / "known.jsonl", tmp_path / "foreign.jsonl", tmp_path / "reader.safetensors"
    write(known, rivers(30))
    write(foreign, rivers(40, "lakes"))
    parts = [part for one in ("layers=0", "cross=false", "pairs=240", "rate=1e-3") for part in ("--set", one)]
    assert 0 == main(["fit", "--readings", str(known), str(foreign), "--without", "lakes", *parts, "--out", str(out)])
    assert {"rivers": 27} == json.loads(capsys.readouterr().out)["readings"]

    calibration = tmp_path / "reader.json"
    assert 0 == main(["calibrate", str(out), "--readings", str(known), str(foreign), "--out", str(calibration)])
    told = json.loads(capsys.readouterr().out)
    assert told["lakes"]["unseen"] and not told["rivers"]["unseen"]
    assert told["lakes"]["top"] > 0.9 and told["lakes"]["answerable"] > 0.9
    pairs = rivers(1)[0].pairs()
    assert 0 == Reader(out, tmp_path).logits(pairs)[:, HOLDS].argmax()


@pytest.mark.slow
def test_it_may_begin_with_other_weights(tmp_path: Path) -> None:
    """The cross-encoder's layers and head are taken over as they are in 8 bits; another number of layers is refused."""
    made = TorchCrossEncoder((0, 2, 4), 2)
    load_into(made, crossfile.SHIPPED)
    _, held = crossfile.load(crossfile.SHIPPED)
    name = "encoder.layer.1.output.dense.weight"

    wanted = held[name] * held[name + crossfile.SCALE][:, None]
    assert np.allclose(wanted, made.trained()[name])
    assert np.allclose(held["head.weight"][0], made.trained()["head.weight"][0])
    with pytest.raises(CallerError, match="layers"):
        load_into(TorchCrossEncoder((0,), 2), crossfile.SHIPPED)
    with pytest.raises(CallerError, match="too few"):
        trainer(tmp_path / "state", questions=31)
