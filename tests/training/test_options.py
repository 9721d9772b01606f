"""Parts of a recipe by name: read as the type that each has, mistakes told with what is expected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest

from polyhop.core.errors import CallerError
from polyhop.training.harness import with_parts
from polyhop.training.rerank.fit import CrossEncoderRecipe as CrossRecipe
from polyhop.training.treehop.network import TreeHopRecipe as HopRecipe


@dataclass(frozen=True)
class Recipe:
    """A part of each type."""

    loss: Literal["plain", "steep"] = "plain"
    form: str = "round"
    width: int = 3
    rate: float = 0.5
    bare: bool = False
    layers: tuple[int, ...] = (0, 1)
    inner: dict[str, int] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((), Recipe()),
        (("loss=steep", "form=a=b"), Recipe(loss="steep", form="a=b")),
        (("width=7", "rate=1e-3", "bare=true"), Recipe(width=7, rate=1e-3, bare=True)),
        (("rate=2",), Recipe(rate=2)),
        (("layers=4", "layers=1,3, 5"), Recipe(layers=(1, 3, 5))),
    ],
)
def test_parts_are_replaced(settings: tuple[str, ...], expected: Recipe) -> None:
    """Each setting names a part, and the last one of a name counts."""
    assert expected == with_parts(Recipe(), settings)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("widht=3", r"no part of the recipe is called so.*'layers', 'loss', 'rate', 'width'"),
        ("inner={}", "no part of the recipe is called so"),
        ("width", "a value of type int is expected"),
        ("width=wide", "a value of type int is expected"),
        ("width=1.5", "a value of type int is expected"),
        ("bare=1", "a value of type bool is expected"),
        ("loss=none", r"choose among \['plain', 'steep'\]"),
        ("layers=", "whole numbers with commas"),
        ("layers=1;2", "whole numbers with commas"),
    ],
)
def test_what_is_no_part_or_no_value_of_it_is_told(setting: str, said: str) -> None:
    """The setting is named as it was given, with what would do."""
    with pytest.raises(CallerError, match=said) as refused:
        with_parts(Recipe(), ["rate=1", setting])
    assert repr(setting) in str(refused.value)


def test_the_recipes_of_both_trainers_can_be_set() -> None:
    """Each part that is a number, a text or a list of numbers is known by its name."""
    assert "sigmoid" == with_parts(HopRecipe(), ["loss=sigmoid"]).loss
    assert (0, 5) == with_parts(CrossRecipe(), ["layers=0,5"]).layers
