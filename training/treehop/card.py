"""The card of a checkpoint: what it says of itself, as Markdown for people."""

from __future__ import annotations

import math

from ...retrieval.hop.checkpoint import Card


def text(card: Card, digest: str) -> str:
    """Return the card of a checkpoint that was trained here."""
    shape, heldout, data = card.shape, card.heldout, card.data
    sizes = sum(math.prod(size) for size in shape.parameters().values())
    kinds = "\n".join(f"- {count:,} of kind `{kind}`" for kind, count in data["kinds"].items())
    after, before = heldout["with_network"], heldout["without"]
    return f"""# TreeHop weights for {card.embedder}

Checkpoint `{digest}`, made by polyhop {card.polyhop} with seed {card.seed}. The network moves a query vector past what
a passage has answered (arXiv 2504.20114); it fits the vectors of this embedder only.

| | |
| --- | --- |
| form | {shape.form} |
| dimension, gate, blocks | {shape.dimension}, {shape.width}, {shape.blocks} |
| weights | {sizes:,}, stored in 16 bits |
| passages of the training | {data["passages"]:,} |

Trained on {data["examples"]:,} examples:

{kinds}

On {heldout["questions"]} questions kept apart, none of whose gold passages is gold of a training example, recall of
the gold passages at {heldout["k"]:.1f} passages a question is {100 * after:.1f} % with the network and
{100 * before:.1f} % by plain search: difference {_points(after - before)}, with a 95 % interval of
{_points(heldout["low"])} to {_points(heldout["high"])}.
"""


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
