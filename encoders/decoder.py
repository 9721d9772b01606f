"""A decoder as an encoder: the last token's final hidden state, of unit length, stands for the text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..core.errors import CallerError
from ..core.types import Vectors
from ..core.vectors import unit
from .role import Encoder, readable

#: document vectors that are kept, and the padded tokens that are computed at once
KEPT, BATCH = 4_096, 16_384
#: vectors of the same text that are so alike come from the same checkpoint and the same end token
ALIKE = 0.999

_END = "<|endoftext|>"
_PROBE = "The same text, read by both."
_UNBOUNDED = 1_000_000
_loading = threading.Lock()


class Decoder:
    """A causal language model that was trained to embed; any number of threads may call it, one after the other.

    Document vectors are kept by their text, so that a passage that changed under its id is read again.
    """

    def __init__(self, name: str, *, kind: str = "AutoModel") -> None:
        """Load the model from disk, or from the hub where the machine may reach it.

        Args:
            kind: the class of transformers that loads it; one with a head for words is kept whole in `_whole`.

        Raises:
            CallerError: for a model that cannot be loaded, or has no end token.
        """
        self.name = name
        self._tokenizer, self._whole = _parts(name, kind)
        self._model = self._whole.base_model
        config = self._model.config.get_text_config()
        #: tokens that the model can read at once
        self.positions: int = getattr(config, "max_position_embeddings", None) or _UNBOUNDED
        self.dimension: int = config.hidden_size
        self._special = sorted(self._tokenizer.get_added_vocab(), key=lambda token: (-len(token), token))
        self._end = _end(name, self._tokenizer)
        self._turn = threading.RLock()
        self._kept: OrderedDict[tuple[str, int], Vectors] = OrderedDict()
        self._same: bool | None = None
        self._check_causal()

    def clean(self, text: str) -> str:
        """Return a text in which nothing reads as one of the model's special tokens, such as the end of a turn."""
        clean = readable([text])[0]
        for token in self._special:
            clean = clean.replace(token, " ")
        return clean

    def closed(self, text: str, most: int) -> list[int]:
        """Return the tokens of a text with the end token behind it, once, in at most `most` tokens."""
        with self._turn:
            ids = list(self._tokenizer(text, verbose=False)["input_ids"])
        while ids and ids[-1] == self._end:
            ids.pop()
        return [*ids[: max(0, most - 1)], self._end]

    def count(self, text: str) -> int:
        """Return how many tokens a text has without its end token."""
        return len(self.closed(text, _UNBOUNDED)) - 1

    def turn(self, text: str) -> list[int]:
        """Return the tokens of a user's turn and the opening of the answer, thinking off, no end token behind it.

        A tokenizer without a chat template is a `CallerError`: a model that has never seen a chat has not been trained
        to read candidates in one, and with a made-up template it would rank worse than not at all.
        """
        if not self._tokenizer.chat_template:
            raise CallerError(
                f"decoder {self.name!r} has no chat template, in which it could read the candidates; choose a "
                "checkpoint that was trained to rerank so, or compare with the plain query (nearest=0)"
            )
        with self._turn:
            chat = self._tokenizer.apply_chat_template(
                [{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
            return list(self._tokenizer(chat, add_special_tokens=False, verbose=False)["input_ids"])

    def documents(self, texts: Sequence[str], most: int) -> Vectors:
        """Return the unit vectors of documents, shape (len(texts), dimension), each read up to `most` tokens."""
        with self._turn:
            new = [text for text in dict.fromkeys(texts) if (text, most) not in self._kept]
            rows = self.encode([self.closed(text, most) for text in new])
            found = {text: self._kept[text, most] for text in texts if (text, most) in self._kept}
            found.update(zip(new, rows, strict=True))
            for text, row in found.items():
                self._kept[text, most] = row
                self._kept.move_to_end((text, most))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else rows

    def encode(self, rows: Sequence[Sequence[int]]) -> Vectors:
        """Return the unit vector of each row of tokens, shape (len(rows), dimension)."""
        vectors = np.empty((len(rows), self.dimension), np.float32)
        with self._turn:
            for places in _batches([len(row) for row in rows]):
                vectors[places] = self._states([rows[place] for place in places])
        return unit(vectors)

    def is_embedder(self, embedder: Encoder) -> bool:
        """Say whether an embedder is this checkpoint and reads documents as it does, the end token included."""
        if embedder.name != self.name:
            return False
        if self._same is None:
            # Asked before this one takes its turn: in a batch the embedder answers once all runs have come to wait.
            theirs = embedder.encode_passages([_PROBE])[0]
            ours = self.encode([self.closed(_PROBE, self.positions)])[0]
            self._same = theirs.shape == ours.shape and float(theirs @ ours) >= ALIKE
        return self._same

    def _states(self, rows: Sequence[Sequence[int]]) -> Vectors:
        import torch

        width = max(map(len, rows))
        # Padded on the right, where a causal model does not look and the others' positions stay what they are.
        ids = torch.tensor([[*row, *[self._end] * (width - len(row))] for row in rows], device=self._model.device)
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=self._model.device)
        with torch.inference_mode():
            states = self._model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        result: Vectors = last_states(states, mask).float().cpu().numpy()
        return result

    def _check_causal(self) -> None:
        """Refuse a model in which the first token sees the second: its last token was not trained to hold the text."""
        import torch

        ids = torch.tensor([[self._end, self._end], [self._end, int(self._end == 0)]], device=self._model.device)
        with torch.inference_mode():
            one, other = self._model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[:, 0].float()
        if float((one - other).norm()) > 1e-4 * float(one.norm()):
            raise _wrong(self.name, "reads both ways")


def last_states(states: Any, mask: Any) -> Any:
    """Return the state of the last real token of each row, on whichever side the padding is.

    Args:
        states: shape (rows, width, dimension).
        mask: 1 for real tokens and 0 for padding, shape (rows, width).
    """
    import torch

    places = torch.arange(mask.shape[1], device=mask.device)
    last = (mask * places).argmax(dim=1)
    return states[torch.arange(states.shape[0], device=states.device), last]


def load(name: str) -> Decoder:
    """Return the decoder of this name, loaded once in a process; the last two stay loaded."""
    with _loading:
        return _decoder(name)


@lru_cache(maxsize=2)
def _decoder(name: str) -> Decoder:
    return Decoder(name)


def _parts(name: str, kind: str) -> tuple[Any, Any]:
    """Return the library's tokenizer and model; its import takes seconds, so it waits until somebody asks."""
    import torch
    import transformers
    from transformers import AutoConfig, AutoTokenizer

    device, dtype = ("cuda", "auto") if torch.cuda.is_available() else ("cpu", torch.float32)
    try:
        if AutoConfig.from_pretrained(name).is_encoder_decoder:
            raise _wrong(name, "has an encoder and a decoder")
        model = getattr(transformers, kind).from_pretrained(name, dtype=dtype).to(device).eval()
        return AutoTokenizer.from_pretrained(name), model
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CallerError(
            f"decoder {name!r}: transformers cannot load it: {error}; check the name, give the folder of a downloaded "
            "model, or unset HF_HUB_OFFLINE to download it"
        ) from error


def _wrong(name: str, what: str) -> CallerError:
    return CallerError(
        f"decoder {name!r} {what}, and so its last token does not stand for the text; choose a decoder that was "
        "trained to embed by its last token"
    )


def _end(name: str, tokenizer: Any) -> int:
    """Return the end token: the one that embedders made of Qwen3 are trained with, or the tokenizer's own."""
    found = tokenizer.get_vocab().get(_END, tokenizer.eos_token_id)
    if found is None:
        raise CallerError(f"decoder {name!r} has no end token; choose a tokenizer with {_END!r} or an `eos_token`")
    return int(found)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Return places of rows of similar lengths, longest first, at most `BATCH` padded tokens at a time."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= BATCH:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches
