"""Training the reader: what it learns, and how it goes on after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.core.errors import CallerError
from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank import crossfile
from polyhop.retrieval.rerank.reader import ANSWER, HOLDS, OUTPUTS, Reader
from polyhop.training.harness import write
from polyhop.training.questions import read as read_questions
from polyhop.training.reader.__main__ import main
from polyhop.training.reader.fit import Recipe, Trainer, network
from polyhop.training.reader.lists import GoldPage, GoldReading, GoldSentence
from tests.training.silence import Silence


def rivers(count: int, domain: str = "rivers") -> list[GoldReading]:
    """Return questions whose answer stands in the sentence that speaks of water."""
    names = [f"Kel{number}" for number in range(count)]
    return [
        GoldReading(
            domain,
            f"Tell me of {name}.",
            [
                GoldPage(
                    "", [GoldSentence(f"{name} has sand."), GoldSentence(f"{name} has water.", "holds", (10, 15))]
                ),
                GoldPage("Stones", [GoldSentence("It is dry."), GoldSentence(f"{name} has stones.")]),
            ],
        )
        for name in names
    ]


def trainer(state: Path, *, watcher: Silence | None = None, **parts: Any) -> Trainer:
    """Return the training of a small network on few readings."""
    usual: dict[str, Any] = {"layers": (0,), "readings": 96, "rate": 1e-3, "save_every": 2}
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
    parts = [part for one in ("layers=0", "readings=240", "rate=1e-3") for part in ("--set", one)]
    assert 0 == main(["fit", "--readings", str(known), str(foreign), "--without", "lakes", *parts, "--out", str(out)])
    assert {"rivers": 27} == json.loads(capsys.readouterr().out)["readings"]

    assert 0 == main(["judge", str(out), "--readings", str(known), str(foreign)])
    told = json.loads(capsys.readouterr().out)
    assert told["lakes"]["top"] > 0.9 and told["lakes"]["told apart"] > 0.9
    (own, beside) = Reader(out, tmp_path).logits(rivers(1)[0].read())
    assert 1 == own[:, HOLDS].argmax() and own[1, HOLDS] > beside[:, HOLDS].max()
    assert own[1, ANSWER] > own[0, ANSWER]


def test_what_is_kept_apart_becomes_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pages are passages, those that hold nothing stand beside; of a domain left out as many are taken."""
    known, foreign, out = tmp_path / "known.jsonl", tmp_path / "foreign.jsonl", tmp_path / "questions.jsonl"
    write(known, rivers(20))
    write(foreign, rivers(3, "lakes"))
    given = ["questions", "--readings", str(known), str(foreign), "--without", "lakes", "--out", str(out)]
    assert 0 == main(given)
    assert {"questions": 5, "absent": 0}.items() <= json.loads(capsys.readouterr().out).items()
    first, *_ = read_questions(out)

    assert ("Tell me of Kel18.", "water") == (first.question, first.answer)
    assert ["Kel18 has sand.\nKel18 has water."] == [text for _, text in first.texts(distractors=False)]
    assert ["Stones"] == [one["title"] for one in first.distractors]


@pytest.mark.slow
def test_it_may_begin_with_other_weights(tmp_path: Path) -> None:
    """Layers and head are taken over as they are in 8 bits; another number of layers is refused."""
    recipe, file = Recipe(layers=(0,)), tmp_path / "a.safetensors"
    given = trainer(tmp_path / "state", readings=24)
    given.run()
    card = crossfile.CrossEncoderCard(1, outputs=OUTPUTS, tokens=True)
    crossfile.save(file, given.network.trained(), card)
    wanted, held = network(recipe, file).trained(), crossfile.plain(crossfile.load(file)[1])

    assert all(np.allclose(wanted[name], held[name]) for name in held)
    with pytest.raises(CallerError, match="layers"):
        network(Recipe(layers=(0, 1)), file)
    with pytest.raises(CallerError, match="too few"):
        trainer(tmp_path / "state", questions=31)
