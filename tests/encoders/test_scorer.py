"""The graph that scores pairs, against the torch network that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from polyhop.encoders import minilm
from polyhop.encoders.bert import build_scorer
from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank.crossfile import SCALE, quantised
from polyhop.retrieval.rerank.pairs import CandidatePair, Tokens, encode
from tests import corpus

pytestmark = pytest.mark.slow

LAYERS = (0, 3)
Session = onnxruntime.InferenceSession


@pytest.fixture(scope="module")
def pairs() -> list[Tokens]:
    """Return each question with each passage, on a way or without one, of many lengths."""
    ways = ["", "Jaws: directed by Steven Spielberg", "a long way " * 9]
    texts = [*(one.text for one in corpus.DOCUMENTS), "", "river " * 99]
    made = [
        CandidatePair(question, ways[n % 3], text) for question in list(corpus.HOPS)[:2] for n, text in enumerate(texts)
    ]
    return encode(made, tokenizer())


@pytest.fixture(scope="module")
def network() -> Any:
    """Return the network with layers of the embedder, all of them shaken, and a head of random numbers."""
    import torch

    from polyhop.training.rerank.fit import TorchCrossEncoder

    torch.manual_seed(3)
    made = TorchCrossEncoder(LAYERS).eval()
    with torch.no_grad():
        for one in made.parameters():
            if one.requires_grad:
                one += 0.3 * one.std(correction=0) * torch.randn_like(one)
    return made


def session(network: Any, *, small: bool = False) -> Session:
    """Return the graph of a network, as it is or with matrices of 8 bits."""
    own = dict(network.trained())
    if small:
        for name in [name for name, value in own.items() if name.startswith("encoder.") and value.ndim == 2]:
            own[name], own[name + SCALE] = quantised(own[name])
    given = load(minilm.checked_weights())
    shared = {name: value for name, value in given.items() if name.startswith("embeddings.")}
    model = build_scorer({**shared, **own}, layers=len(LAYERS), heads=minilm.HEADS, epsilon=minilm.EPSILON)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return Session(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def logits(graph: Session, pairs: Sequence[Tokens], *, width: int = 128, fill: int = 0) -> NDArray[np.float32]:
    """Return the logits of pairs, padded to a width with some token."""
    ids, segments = np.full((len(pairs), width), fill, np.int32), np.zeros((len(pairs), width), np.int32)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = pair.ids
        segments[row, pair.first : len(pair.ids)] = 1
    lengths = np.array([len(pair.ids) for pair in pairs], np.int32)
    given: Mapping[str, Any] = {"ids": ids, "segments": segments, "lengths": lengths}
    found: NDArray[np.float32] = graph.run(None, given)[0]
    return found


def expected(network: Any, pairs: Sequence[Tokens]) -> NDArray[np.float32]:
    """Return the logits of the torch network."""
    import torch

    from polyhop.training.rerank.fit import padded

    with torch.no_grad():
        found: NDArray[np.float32] = network(*padded(pairs)).numpy()
    return found


def test_the_graph_is_the_network(network: Any, pairs: list[Tokens]) -> None:
    """In full precision both give the same logits, whatever the pair."""
    wanted = expected(network, pairs)

    assert wanted.std() > 0.05
    assert np.abs(wanted - logits(session(network), pairs)).max() < 1e-4


def test_eight_bits_rank_alike(network: Any, pairs: list[Tokens]) -> None:
    """With matrices of 8 bits the logits go along with those of the network."""
    assert np.corrcoef(expected(network, pairs), logits(session(network, small=True), pairs))[0, 1] > 0.99


def test_padding_changes_nothing(network: Any, pairs: list[Tokens]) -> None:
    """What stands behind a pair, how much of it and which token, is not read."""
    graph = session(network)
    short = [pair for pair in pairs if len(pair.ids) <= 64]
    first = logits(graph, short, width=64)

    assert np.abs(first - logits(graph, short, width=120, fill=999)).max() < 1e-5
    alone = np.concatenate([logits(graph, [pair], width=len(pair.ids)) for pair in short])
    assert np.abs(first - alone).max() < 1e-5


def test_the_segments_are_read(network: Any, pairs: list[Tokens]) -> None:
    """Where the question ends makes a difference: its segment has a vector of its own."""
    graph = session(network)
    moved = [pair._replace(first=pair.first + 3) for pair in pairs]
    assert np.abs(logits(graph, pairs) - logits(graph, moved)).max() > 1e-3


@pytest.mark.parametrize("small", [False, True], ids=["fp32", "8 bits"])
def test_threads_share_one_graph(network: Any, pairs: list[Tokens], *, small: bool) -> None:
    """Eight threads get what one gets."""
    graph = session(network, small=small)
    wanted = logits(graph, pairs[:6])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: logits(graph, pairs[:6]), range(8)))

    assert all(np.array_equal(wanted, one) for one in found)
