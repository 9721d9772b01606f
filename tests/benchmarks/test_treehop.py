"""The benchmark of the trained hop alone, on tiny data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import treehop
from benchmarks.harness import run
from polyhop.core.types import Hit
from polyhop.retrieval.hop.tree import Branch, Growth, Tree, merged

from .test_multihop import sample, write


@pytest.mark.slow
def test_it_compares_the_trained_hop_with_plain_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both arms have a row for plain search and one for each pruning, differences taken from the former."""
    monkeypatch.setenv("POLYHOP_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out.json"

    assert 0 == run(
        lambda: treehop.COMMAND.main([str(write(tmp_path / "data", *sample())), "--split", "dev", "--json", str(out)])
    )
    arms = json.loads(out.read_text())["arms"]
    names = ["dense", "treehop", "treehop, published pruning"]
    assert [(False, names), (True, names)] == [(arm["untitled"], list(arm["figures"])) for arm in arms]
    assert [0.0, 0.0] == [max(arm["figures"]["dense"]["difference"]) for arm in arms]


def test_a_branch_displaces_a_passage_only_where_both_steps_are_sure() -> None:
    """A branch is worth the mean of its cosines less the margin, and a passage the best of all its ways."""
    near = [Hit("a", 0.8), Hit("b", 0.6), Hit("c", 0.3)]
    tree = Tree([[Branch("a", 0.8, ())], [Branch("c", 0.7, ("a",)), Branch("d", 0.2, ("a",))]])

    assert Growth().hops == len(tree.layers)
    assert ["a", "c", "b", "d"] == merged(near, tree, margin=0.05)
