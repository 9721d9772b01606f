"""The network in torch is the one in numpy, whatever its form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from polyhop.core.errors import CallerError
from polyhop.retrieval.hop.treehop_network import FORMS, TreeHopNetwork, TreeHopShape
from polyhop.training.treehop.network import TorchTreeHop, parameters_of, rounded
from tests.retrieval.hop import gates


def network(form: str) -> TorchTreeHop:
    """Return a network with the weights that the tests of the numpy one have."""
    shape = gates.shape(form=form)
    made = TorchTreeHop(shape, dropout=0.5).eval()
    made.load_state_dict({name: torch.from_numpy(np.asarray(value)) for name, value in gates.drawn(shape).items()})
    return made


@pytest.mark.parametrize("form", FORMS)
def test_both_networks_are_one(form: str) -> None:
    """The same weights give the same next states, in torch and in numpy."""
    made = network(form)
    queries, passages = np.random.default_rng(4).normal(size=(2, 9, 384)).astype(np.float32)
    expected = made(torch.from_numpy(queries), torch.from_numpy(passages)).detach().numpy()

    np.testing.assert_allclose(
        expected, TreeHopNetwork(made.shape, parameters_of(made))(queries, passages), rtol=1e-3, atol=1e-4
    )


def test_states_follow_paths_of_any_length() -> None:
    """A path's state is the question's vector moved by each passage in turn; padding moves nothing."""
    made, chance = network("published"), np.random.default_rng(4)
    questions, passages = (chance.normal(size=size).astype(np.float32) for size in ((3, 384), (3, 2, 384)))
    found = made.states(torch.from_numpy(questions), torch.from_numpy(passages), torch.tensor([0, 1, 2]))
    gate = TreeHopNetwork(made.shape, parameters_of(made))
    once = gate(questions, passages[:, 0])
    expected = np.stack([questions[0], once[1], gate(once, passages[:, 1])[2]])

    np.testing.assert_allclose(expected, found.detach().numpy(), rtol=1e-3, atol=1e-3)


def test_the_factors_begin_where_they_are_told_to() -> None:
    """A scaled network starts with the given factors, and they have a group of their own."""
    made = TorchTreeHop(gates.shape(form="scaled"), keep=0.5, drop=-0.25)
    groups = made.groups(0.1, 30)

    assert (0.5, -0.25) == (made.keep.item(), made.drop.item())
    assert ([0.1, 3.0], [made.keep, made.drop]) == ([group["peak"] for group in groups], groups[1]["params"])


def test_rounded_weights_are_those_of_the_file() -> None:
    """What is judged is what will be read back: weights of 16 bits."""
    made = network("published")
    found = rounded(made.shape, parameters_of(made)).parameters["key.weight"]

    np.testing.assert_array_equal(parameters_of(made)["key.weight"].astype(np.float16).astype(np.float32), found)


def test_a_gain_begins_as_a_copy_of_the_passage() -> None:
    """The first state is near `q + (gain - 1) c`, which is what training then corrects."""
    made = TorchTreeHop(TreeHopShape(384, 400, 1), gain=2.5).eval()
    query, passage = np.random.default_rng(4).normal(size=(2, 5, 384)).astype(np.float32) / 384**0.5
    expected = query + 1.5 * passage
    found = made(torch.from_numpy(query), torch.from_numpy(passage)).detach().numpy()
    cosines = (expected * found).sum(axis=1) / np.linalg.norm(expected, axis=1) / np.linalg.norm(found, axis=1)

    assert (cosines > 0.95).all()


def test_a_gain_needs_room_for_the_passage() -> None:
    """A gate narrower than the vectors cannot hold a copy, and says so."""
    with pytest.raises(CallerError, match="width of at least the dimension, 384, not 256"):
        TorchTreeHop(TreeHopShape(384, 256, 1), gain=2.5)
