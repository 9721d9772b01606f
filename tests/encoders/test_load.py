"""Choosing an embedder by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import OperatorError
from polyhop.core.settings import Settings
from polyhop.encoders import Encoder, load, weights


def test_settings_choose_the_embedder() -> None:
    """Without a name, the one of the settings is loaded."""
    assert "all-MiniLM-L6-v2" == load(settings=Settings()).name


@pytest.mark.slow
def test_folder_names_a_sentence_transformers_model(embedder: Encoder) -> None:
    """Any model that sentence-transformers can load works under its name."""
    model = load(str(weights.folder()))

    assert (str(weights.folder()), 384, 254) == (model.name, model.dimension, model.max_tokens)
    assert (0, 384) == model.encode_passages([]).shape
    assert [2, 0] == model.count_tokens(["hello world", ""])
    assert np.abs(embedder.encode_passages(["radium"]) - model.encode_passages(["radium"])).max() < 1e-5


@pytest.mark.slow
def test_unknown_model_names_the_remedy(tmp_path: Path) -> None:
    """A model that cannot be loaded is the operator's error, with the cause chained."""
    with pytest.raises(OperatorError, match="POLYHOP_EMBEDDER") as caught:
        load(str(tmp_path / "absent"))

    assert caught.value.__cause__ is not None
