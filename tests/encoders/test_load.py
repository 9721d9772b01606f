"""Choosing an encoder by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.core.settings import Settings
from polyhop.encoders import Encoder, load, load_recorded, minilm
from polyhop.store.collection import Collection
from tests import corpus

from .contract import EncoderContract
from .letters import Letters

OWN = "tests.encoders.letters:Letters"


class TestLetters(EncoderContract):
    """A class of one's own, by the name of its module."""

    @pytest.fixture
    def one(self) -> Encoder:
        """Return the encoder that the settings name."""
        return load(settings=Settings(embedder=OWN))


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_default_encoder_is_loaded_once(name: str) -> None:
    """Both of its names lead to the one that the process shares, as do the settings without a name."""
    assert load(name) is load() is load("all-MiniLM-L6-v2")


def test_a_class_of_ones_own_may_have_an_argument() -> None:
    """What stands behind the equals sign is what the class is made of."""
    assert ("letters", "mine=a:b") == (load(OWN).name, load(f"{OWN}=mine=a:b").name)


@pytest.mark.parametrize(("name", "said"), [
    ("tests.encoders.absent:Letters", "cannot be loaded"), ("tests.encoders.letters:Absent", "cannot be loaded"),
    ("builtins:object", "is no encoder: see Encoder"), ("all-MiniLM-L6-v2=large", "takes no argument"),
])  # fmt: skip
def test_what_is_no_encoder_is_refused(name: str, said: str) -> None:
    """A class that is not there or does not play the role is the caller's mistake."""
    with pytest.raises(CallerError, match=said):
        load(name)


def test_a_collection_is_opened_again_by_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that the settings name serves the collections that bear its name; without it nothing is guessed."""
    monkeypatch.setenv("POLYHOP_EMBEDDER", f"{OWN}=mine")
    with Collection.create(tmp_path, "films") as made:
        made.add(corpus.DOCUMENTS)
    with Collection.open(tmp_path, "films") as again:
        assert ("mine", Letters) == (again.embedder_name, type(again.embedder))
    assert "all-MiniLM-L6-v2" == load_recorded("all-MiniLM-L6-v2").name


@pytest.mark.parametrize("settings", [Settings(), Settings(embedder=OWN)])
def test_a_record_cannot_choose_a_class(settings: Settings, tmp_path: Path) -> None:
    """A name in a file that may come from anybody has nothing imported or called."""
    harm = tmp_path / "harm"
    with pytest.raises(CallerError, match="POLYHOP_EMBEDDER"):
        load_recorded(f"os:mkdir={harm}", settings)
    assert not harm.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model", "a=b", "solo:mon", "x.y:z=1"])
def test_folder_names_a_sentence_transformers_model(
    name: str, embedder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any model that sentence-transformers can load works under its name, also where it looks like a class."""
    (tmp_path / name).symlink_to(minilm.model_folder())
    monkeypatch.chdir(tmp_path)
    model = load(name)

    assert (name, 384, 254) == (model.name, model.dimension, model.max_tokens)
    assert (0, 384) == model.encode_passages([]).shape
    assert [2, 0] == model.count_tokens(["hello world", ""])
    assert np.abs(embedder.encode_passages(["radium"]) - model.encode_passages(["radium"])).max() < 1e-5


@pytest.mark.slow
def test_unknown_model_names_the_remedy(tmp_path: Path) -> None:
    """A model that cannot be loaded is the operator's error, with the cause chained."""
    with pytest.raises(OperatorError, match="POLYHOP_EMBEDDER") as caught:
        load(str(tmp_path / "absent"))

    assert caught.value.__cause__ is not None
