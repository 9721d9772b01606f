"""How TreeHop is trained: sizes, loss, optimiser, and how much is kept apart, as one frozen value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...retrieval.hop.tree import Growth
from ...retrieval.hop.treehop_network import Shape

#: `infonce` takes every passage of the batch for a negative, `explicit` only the example's own, as the public code
#: does; `sigmoid` judges each pair for itself.
LossName = Literal["infonce", "explicit", "sigmoid"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes one trained network differ from another on the same examples.

    Args:
        keep: the factor of the query that the scaled forms begin with.
        drop: the factor of the passage that they begin with.
        factor_rate: the factors' learning rate, as a multiple of `rate`: two numbers would hardly move at that of
            thousands.
        rate: the highest learning rate; it rises over `warmup` of the steps and then falls to a tenth as a cosine does.
        negatives: of an example's own negatives, drawn anew for each batch.
        mined: negatives to find from each of question and last passage before training begins.
        back: whether the passages of the path are negatives too. A search leaves them out anyway, and what pushes the
            query away from them takes what they say of the next passage along.
        gain: of the passage that the gate passes on at the start, 0 to begin at random.
        noise: length of the noise that is added to the vectors of questions and paths, which have length 1.
        patience: epochs without a gain on the examples kept apart, after which training ends.
        share: of the questions that are kept apart, at most `most_heldout`.
        save_every: steps between two states on disk from which a killed training goes on.
    """

    width: int = 768
    blocks: int = 1
    form: str = "published"
    keep: float = 1.0
    drop: float = 1.0
    factor_rate: float = 30.0
    gain: float = 2.5
    noise: float = 0.6
    loss: LossName = "infonce"
    temperature: float = 0.05
    rate: float = 1e-4
    decay: float = 0.5
    dropout: float = 0.2
    batch: int = 256
    epochs: int = 6
    warmup: float = 0.1
    negatives: int = 8
    mined: int = 8
    back: bool = False
    patience: int = 4
    share: float = 0.15
    most_heldout: int = 500
    seed: int = 0
    save_every: int = 100
    growth: Growth = Growth()  # noqa: RUF009 - a frozen value

    def shape(self, dimension: int) -> Shape:
        """Return the shape of the network; a gate that begins as a copy is at least as wide as the vectors."""
        width = max(self.width, dimension) if self.gain else self.width
        return Shape(dimension, width, self.blocks, self.form)

    def facts(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


#: The paper's own: for 1,024 dimensions, 25 million weights. Li et al., "TreeHop" (arXiv 2504.20114), section 4, and
#: its public code, in which dropout has no effect.
PUBLISHED = Recipe(
    width=2048,
    blocks=3,
    gain=0.0,
    noise=0.0,
    loss="explicit",
    temperature=0.15,
    rate=6e-5,
    decay=2e-8,
    dropout=0.0,
    batch=64,
    epochs=20,
    warmup=0.0,
    negatives=5,
    mined=0,
)
