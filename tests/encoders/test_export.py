"""The packaged weights and the check of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.errors import OperatorError
from polyhop.encoders import minilm


def test_packaged_weights_are_the_expected_ones() -> None:
    """The installed package holds the weights that polyhop was tested with."""
    assert 90_868_376 == len(minilm.checked_weights())


def test_other_weights_are_refused(tmp_path: Path) -> None:
    """Altered weights are named, with what to do about them."""
    (tmp_path / "model.safetensors").write_bytes(b"something else")

    with pytest.raises(OperatorError, match="reinstall"):
        minilm.checked_weights(tmp_path)


def test_absent_weights_are_refused(tmp_path: Path) -> None:
    """Missing weights are the operator's error too, with the cause chained."""
    with pytest.raises(OperatorError, match="cannot read") as caught:
        minilm.checked_weights(tmp_path)

    assert isinstance(caught.value.__cause__, FileNotFoundError)
