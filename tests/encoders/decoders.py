"""Small decoders of random weights, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from tests import corpus

END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
STEPS = 60
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def tokenizer(
    *, template: str | None = TEMPLATE, closes: bool = False, texts: Sequence[str] = (), pieces_known: int = 600
) -> Any:
    """Return a byte-level tokenizer of some texts; one that `closes` puts the end token behind each text by itself."""
    from transformers import PreTrainedTokenizerFast

    pieces = Tokenizer(models.BPE())
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces_known, special_tokens=[END, START, STOP], initial_alphabet=alphabet, show_progress=False
    )
    pieces.train_from_iterator(texts or [document.text for document in corpus.DOCUMENTS], trainer)
    if closes:
        ends = [(END, pieces.token_to_id(END))]
        pieces.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=ends)
    special = [START]
    made = PreTrainedTokenizerFast(
        tokenizer_object=pieces, eos_token=STOP, pad_token=END, additional_special_tokens=special
    )
    made.chat_template = template
    return made


def config(words: int, *, positions: int, **other: Any) -> Any:
    """Return what a small decoder is made of."""
    from transformers import Qwen3Config

    return Qwen3Config(
        vocab_size=words,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        intermediate_size=64,
        max_position_embeddings=positions,
        **other,
    )


def decoder(folder: Path, *, positions: int = 4_096, template: str | None = TEMPLATE, closes: bool = False) -> str:
    """Write a small decoder into a folder and return its name."""
    import torch
    from transformers import Qwen3Model

    read = tokenizer(template=template, closes=closes)
    torch.manual_seed(0)
    Qwen3Model(config(len(read), positions=positions, initializer_range=0.3)).save_pretrained(folder)
    read.save_pretrained(folder)
    return str(folder)


def encoder(folder: Path) -> str:
    """Write a small model that reads both ways into a folder and return its name."""
    import torch
    from transformers import BertConfig, BertModel

    read = tokenizer()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(read), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config).save_pretrained(folder)
    read.save_pretrained(folder)
    return str(folder)


def both(folder: Path) -> str:
    """Write a small model with an encoder and a decoder into a folder and return its name."""
    from transformers import T5Config

    T5Config(d_model=32, num_layers=1, num_heads=2, d_ff=64).save_pretrained(folder)
    return str(folder)


def speaker(folder: Path, said: dict[str, str]) -> str:
    """Write a small decoder that has learned to continue texts into a folder and return its name.

    `said` are the continuations by text; each is learned with the end token behind it.
    """
    import torch
    from transformers import Qwen3ForCausalLM

    read = tokenizer(template=None)
    torch.manual_seed(0)
    model = Qwen3ForCausalLM(config(len(read), positions=256, tie_word_embeddings=True))
    rows = [torch.tensor([read(f"{text}{after}{END}")["input_ids"]]) for text, after in said.items()]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        for row in rows:
            model(input_ids=row, labels=row).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    model.save_pretrained(folder)
    read.save_pretrained(folder)
    return str(folder)
