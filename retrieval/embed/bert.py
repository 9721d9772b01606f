"""BERT with mean pooling as an ONNX graph, written operator by operator with onnxruntime's fused kernels.

Writing the graph takes a second or two and needs neither torch nor its exporter, and the kernels are the ones that
onnxruntime's optimiser would have to find again in an exported graph. The names of the weights are those of a
`BertModel` checkpoint (Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_FUSED = "com.microsoft"

Weights = Mapping[str, NDArray[np.float32]]


@dataclass
class _Graph:
    """The checkpoint, and the operators and constants written so far."""

    weights: Weights
    heads: int
    epsilon: float
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], name: str, *, fused: bool = True, **attributes: Any) -> str:
        domain = _FUSED if fused else ""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, domain=domain, **attributes))
        return name


def build(weights: Weights, *, layers: int, heads: int, epsilon: float) -> onnx.ModelProto:
    """Return the graph `ids, lengths -> vectors`.

    `ids` is int32 (rows, width), padded on the right with anything; `lengths` is int32 (rows,), the tokens of each row;
    `vectors` is float32 (rows, hidden), unit rows.
    """
    graph = _Graph(weights, heads, epsilon)
    hidden = _embeddings(graph)
    for layer in range(layers):
        hidden = _layer(graph, layer, hidden)
    _pool(graph, hidden)
    size = weights["embeddings.LayerNorm.weight"].shape[0]
    body = helper.make_graph(
        graph.nodes,
        "sentence-embedder",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT32, ["rows", "width"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["rows"]),
        ],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["rows", size])],
        graph.constants,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="polyhop")


def _embeddings(graph: _Graph) -> str:
    """Add word and position vectors; a single text is all segment 0, whose vector joins the positions'."""
    weights, stem = graph.weights, "embeddings."
    words = graph.constant("words", weights[stem + "word_embeddings.weight"])
    segment = weights[stem + "token_type_embeddings.weight"][0]
    positions = graph.constant("positions", weights[stem + "position_embeddings.weight"] + segment)
    scale = graph.constant("embedded.scale", weights[stem + "LayerNorm.weight"])
    shift = graph.constant("embedded.shift", weights[stem + "LayerNorm.bias"])
    inputs = ["ids", "", words, positions, "", scale, shift]
    node = helper.make_node(
        "EmbedLayerNormalization", inputs, ["embedded", ""], domain=_FUSED, epsilon=graph.epsilon, name="embedded"
    )
    graph.nodes.append(node)
    return "embedded"


def _layer(graph: _Graph, layer: int, hidden: str) -> str:
    """Add one transformer layer: self-attention, then the feed-forward part."""
    weights, stem, name = graph.weights, f"encoder.layer.{layer}.", f"layer{layer}."
    parts = [stem + f"attention.self.{part}" for part in ("query", "key", "value")]
    joined = graph.constant(name + "qkv", np.concatenate([weights[part + ".weight"].T for part in parts], axis=1))
    bias = graph.constant(name + "qkv.bias", np.concatenate([weights[part + ".bias"] for part in parts]))
    seen = graph.add("Attention", [hidden, joined, bias, "lengths"], name + "attention", num_heads=graph.heads)
    seen = _project(graph, stem + "attention.output.", seen, hidden)
    inner = graph.constant(name + "inner", weights[stem + "intermediate.dense.weight"].T)
    inner_bias = graph.constant(name + "inner.bias", weights[stem + "intermediate.dense.bias"])
    wide = graph.add("MatMul", [seen, inner], name + "wide", fused=False)
    wide = graph.add("BiasGelu", [wide, inner_bias], name + "gelu")
    return _project(graph, stem + "output.", wide, seen)


def _project(graph: _Graph, stem: str, value: str, residual: str) -> str:
    """Add a projection back to the hidden size, the residual and the layer norm."""
    weights = graph.weights
    matrix = graph.constant(stem + "matrix", weights[stem + "dense.weight"].T)
    scale = graph.constant(stem + "scale", weights[stem + "LayerNorm.weight"])
    shift = graph.constant(stem + "shift", weights[stem + "LayerNorm.bias"])
    bias = graph.constant(stem + "bias", weights[stem + "dense.bias"])
    projected = graph.add("MatMul", [value, matrix], stem + "projected", fused=False)
    inputs = [projected, residual, scale, shift, bias]
    return graph.add("SkipLayerNormalization", inputs, stem + "normed", epsilon=graph.epsilon)


def _pool(graph: _Graph, hidden: str) -> None:
    """Add up the rows' own tokens and scale to length one; dividing by the count first would change nothing."""
    plain = False
    zero, one = (graph.constant(name, np.array(value, np.int64)) for name, value in (("zero", 0), ("one", 1)))
    axis = graph.constant("axis", np.array([1], np.int64))
    shape = graph.add("Shape", ["ids"], "shape", fused=plain)
    width = graph.add("Gather", [shape, one], "width", fused=plain)
    places = graph.add("Range", [zero, width, one], "places", fused=plain)
    lengths = graph.add("Cast", ["lengths"], "lengths.wide", fused=plain, to=TensorProto.INT64)
    column = graph.add("Unsqueeze", [lengths, axis], "lengths.column", fused=plain)
    inside = graph.add("Less", [places, column], "inside", fused=plain)
    mask = graph.add("Cast", [inside], "mask", fused=plain, to=TensorProto.FLOAT)
    mask = graph.add("Unsqueeze", [mask, axis], "mask.row", fused=plain)
    total = graph.add("MatMul", [mask, hidden], "total", fused=plain)
    total = graph.add("Squeeze", [total, axis], "total.flat", fused=plain)
    graph.add("LpNormalization", [total], "vectors", fused=plain, axis=-1, p=2)
