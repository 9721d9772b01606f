"""Small causal models of random weights, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.encoders.decoders import TEMPLATE, tokenizer


def causal(folder: Path, texts: Sequence[str] = (), *, positions: int = 1_024, template: str | None = TEMPLATE) -> str:
    """Write a small causal model, whose tokens are words of the texts, into a folder and return its name."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    read = tokenizer(template=template, texts=texts, pieces_known=1_000)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(read),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=128,
        max_position_embeddings=positions,
        eos_token_id=read.eos_token_id,
        bos_token_id=None,
        pad_token_id=read.pad_token_id,
        initializer_range=0.05,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    read.save_pretrained(folder)
    return str(folder)
