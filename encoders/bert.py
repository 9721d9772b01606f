"""BERT with mean pooling as an ONNX graph, written operator by operator with onnxruntime's fused kernels.

One graph embeds texts, another scores pairs of texts.

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

#: Weights by name; a matrix of 8-bit numbers has the scales of its rows beside it, under its name and `SCALE`.
Weights = Mapping[str, NDArray[Any]]
SCALE = ".scale"


@dataclass
class _Graph:
    """The checkpoint, and the operators and constants written so far."""

    weights: Weights
    heads: int
    epsilon: float
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def constant(self, name: str, value: NDArray[Any]) -> str:
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
    total = _total(graph, _hidden(graph, layers, pairs=False))
    graph.add("LpNormalization", [total], "vectors", fused=False, axis=-1, p=2)
    size = weights["embeddings.LayerNorm.weight"].shape[0]
    return _model(
        graph, ["ids", "lengths"], helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["rows", size])
    )


def build_scorer(weights: Weights, *, layers: int, heads: int, epsilon: float, tokens: bool = False) -> onnx.ModelProto:
    """Return the graph `ids, segments, lengths -> logits`.

    As `build`, with `segments` of the shape of `ids`, 0 for a token of the first text and 1 for one of the second;
    the mean of the last hidden states goes through the linear units `head`, and `logits` is float32 (rows, units), or
    (rows,) where there is one. With `tokens` each hidden state goes through them, and `logits` is (rows, width, units).
    Matrices of 8 bits are multiplied in integers, with the other side quantised as it
    comes (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
    arXiv 1712.05877).
    """
    graph, plain = _Graph(weights, heads, epsilon), False
    states = _hidden(graph, layers, pairs=True)
    if not tokens:
        total = _total(graph, states)
        count = graph.add("Cast", ["lengths.column"], "count", fused=plain, to=TensorProto.FLOAT)
        states = graph.add("Div", [total, count], "mean", fused=plain)
    head = graph.constant("head", weights["head.weight"].T)
    score = graph.add("MatMul", [states, head], "score", fused=plain)
    bias, units = graph.constant("head.bias", weights["head.bias"]), len(weights["head.bias"])
    flat = units == 1 and not tokens
    score = graph.add("Add", [score, bias], "score.column" if flat else "logits", fused=plain)
    if flat:
        graph.add("Squeeze", [score, "axis"], "logits", fused=plain)
    shape: list[str | int | None] = ["rows"] if flat else ["rows", "width", units] if tokens else ["rows", units]
    inputs = ["ids", "segments", "lengths"]
    return _model(graph, inputs, helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape))


def _model(graph: _Graph, inputs: list[str], output: onnx.ValueInfoProto) -> onnx.ModelProto:
    """Return the model around a graph; `lengths` has a number for each row, other inputs one for each token."""
    shapes = {name: ["rows"] if name == "lengths" else ["rows", "width"] for name in inputs}
    given = [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name, shape in shapes.items()]
    body = helper.make_graph(graph.nodes, "bert", given, [output], graph.constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="polyhop")


def _hidden(graph: _Graph, layers: int, *, pairs: bool) -> str:
    hidden = _embeddings(graph, pairs=pairs)
    for layer in range(layers):
        hidden = _layer(graph, layer, hidden)
    return hidden


def _embeddings(graph: _Graph, *, pairs: bool) -> str:
    """Add word, position and segment vectors; a single text is all segment 0, whose vector joins the positions'."""
    weights, stem = graph.weights, "embeddings."
    words = graph.constant("words", weights[stem + "word_embeddings.weight"])
    segments, places = weights[stem + "token_type_embeddings.weight"], weights[stem + "position_embeddings.weight"]
    positions = graph.constant("positions", places if pairs else places + segments[0])
    scale = graph.constant("embedded.scale", weights[stem + "LayerNorm.weight"])
    shift = graph.constant("embedded.shift", weights[stem + "LayerNorm.bias"])
    which = ["segments", graph.constant("segment", segments)] if pairs else ["", ""]
    inputs = ["ids", which[0], words, positions, which[1], scale, shift]
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
    if parts[0] + ".weight" + SCALE in weights:
        scales = np.concatenate([weights[part + ".weight" + SCALE] for part in parts])
        seen = _integer_attention(graph, name, [hidden, joined, bias], scales)
    else:
        seen = graph.add("Attention", [hidden, joined, bias, "lengths"], name + "attention", num_heads=graph.heads)
    seen = _project(graph, stem + "attention.output.", seen, hidden)
    inner_bias = graph.constant(name + "inner.bias", weights[stem + "intermediate.dense.bias"])
    wide = _times(graph, stem + "intermediate.dense.weight", seen)
    wide = graph.add("BiasGelu", [wide, inner_bias], name + "gelu")
    return _project(graph, stem + "output.", wide, seen)


def _integer_attention(graph: _Graph, name: str, inputs: list[str], scales: NDArray[np.float32]) -> str:
    """Add self-attention with 8-bit query, key and value matrices."""
    hidden, joined, bias = inputs
    small = [f"{name}small{part}" for part in ("", ".scale", ".zero")]
    graph.nodes.append(helper.make_node("DynamicQuantizeLinear", [hidden], small, name=name + "small"))
    scale = graph.constant(name + "qkv.scale", scales)
    zero = graph.constant(name + "qkv.zero", np.zeros(len(scales), np.int8))
    given = [small[0], joined, bias, small[1], scale, "lengths", small[2], zero]
    return graph.add("QAttention", given, name + "attention", num_heads=graph.heads)


def _times(graph: _Graph, weight: str, value: str) -> str:
    """Add the product with a weight matrix."""
    weights = graph.weights
    matrix = graph.constant(weight + ".matrix", weights[weight].T)
    if weight + SCALE not in weights:
        return graph.add("MatMul", [value, matrix], weight + ".product", fused=False)
    scales = graph.constant(weight + ".scales", weights[weight + SCALE])
    zero = graph.constant(weight + ".zero", np.zeros(weights[weight].shape[0], np.int8))
    return graph.add("DynamicQuantizeMatMul", [value, matrix, scales, zero], weight + ".product")


def _project(graph: _Graph, stem: str, value: str, residual: str) -> str:
    """Add a projection back to the hidden size, the residual and the layer norm."""
    weights = graph.weights
    scale = graph.constant(stem + "scale", weights[stem + "LayerNorm.weight"])
    shift = graph.constant(stem + "shift", weights[stem + "LayerNorm.bias"])
    bias = graph.constant(stem + "bias", weights[stem + "dense.bias"])
    projected = _times(graph, stem + "dense.weight", value)
    inputs = [projected, residual, scale, shift, bias]
    return graph.add("SkipLayerNormalization", inputs, stem + "normed", epsilon=graph.epsilon)


def _total(graph: _Graph, hidden: str) -> str:
    """Add up the rows' own tokens; to scale them to length one they need not be divided by their count."""
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
    return graph.add("Squeeze", [total, axis], "total.flat", fused=plain)
