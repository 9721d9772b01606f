"""The cross-encoder as a torch module: some layers of the default embedder's model and a head that scores a pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from ...encoders import weights
from ...retrieval.rerank.pairs import Tokens

GIVEN = 6  # layers of the embedder


class Network(nn.Module):
    """Scores pairs: the mean of the last hidden states goes through one linear unit.

    Words, positions and their norm stay as the embedder has them, so that only layers need to be shipped; the vectors
    of the two segments are trained. There is no dropout: in three epochs nothing is learnt by heart, and drawing it
    takes a quarter of the time on a CPU.

    Args:
        layers: the layers of the embedder to begin with, from 0.
    """

    def __init__(self, layers: Sequence[int]) -> None:
        super().__init__()
        config = BertConfig(
            hidden_size=384,
            num_hidden_layers=GIVEN,
            num_attention_heads=12,
            intermediate_size=1536,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.bert = BertModel(config, add_pooling_layer=False)
        self.bert.load_state_dict(load(weights.checked(weights.folder() / "model.safetensors")), strict=False)
        self.bert.encoder.layer = nn.ModuleList([self.bert.encoder.layer[place] for place in layers])
        self.bert.embeddings.requires_grad_(False)
        self.bert.embeddings.token_type_embeddings.requires_grad_(True)
        self.head = nn.Linear(384, 1)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor, segments: Tensor, inside: Tensor) -> Tensor:
        """Return the logits, shape (rows,), of padded pairs, each argument of shape (rows, width)."""
        states = self.bert(input_ids=ids, token_type_ids=segments, attention_mask=inside).last_hidden_state
        mask = inside[..., None].to(states.dtype)
        logits: Tensor = self.head((states * mask).sum(1) / mask.sum(1)).squeeze(-1)
        return logits

    def trained(self) -> Mapping[str, NDArray[np.float32]]:
        """Return what differs from the embedder, by the names of a BERT checkpoint, and the head's."""
        own = {name: value for name, value in self.bert.state_dict().items() if name.startswith("encoder.")}
        own["embeddings.token_type_embeddings.weight"] = self.bert.embeddings.token_type_embeddings.weight
        own |= {"head.weight": self.head.weight, "head.bias": self.head.bias}
        return {name: value.detach().cpu().float().numpy() for name, value in own.items()}


def padded(pairs: Sequence[Tokens]) -> tuple[Tensor, Tensor, Tensor]:
    """Return ids, segments and mask, each of shape (pairs, width of the longest)."""
    shape = len(pairs), max(len(pair.ids) for pair in pairs)
    ids, segments, inside = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    for row, pair in enumerate(pairs):
        length = len(pair.ids)
        ids[row, :length] = torch.tensor(pair.ids)
        segments[row, pair.first : length] = 1
        inside[row, :length] = 1
    return ids, segments, inside
