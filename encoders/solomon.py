"""An encoder that first decides, query by query, whether to write something beside the query.

The protocol of M-Solomon (arXiv 2511.02358): a decoder that was trained for it continues a query with "/embed", and the
query is embedded as it is, or with "/augment" and an augmentation, which is embedded with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..core.errors import CallerError
from ..core.settings import Settings
from ..core.types import Vectors
from .decoder import Decoder
from .role import OldMethods, readable

AUGMENT, EMBED = "/augment", "/embed"


class Solomon(OldMethods):
    """A causal language model that generates before it embeds; choose it as `solomon=MODEL`.

    Documents are embedded plain. What a query was continued with stays in the encoded text, prefix and all, as in
    training. A continuation that begins with neither prefix, or that adds nothing, counts as "/embed".

    Args:
        model: a name on the hub, or a folder. An ordinary model never says "/augment" and only costs the tokens.
        threshold: probability of "/augment" against "/embed" from which a query is augmented; the paper takes
            whichever the model would write, which is what None does.
        longest: tokens of an augmentation; the time saved is that of the augmentations not written.
        window: tokens of a document that are read; a model may read more than a passage should have.

    Raises:
        CallerError: for a threshold that is no probability.
    """

    def __init__(self, model: str, *, threshold: float | None = None, longest: int = 64, window: int = 512) -> None:
        if threshold is not None and not 0 <= threshold <= 1:
            raise CallerError(
                f"embedder 'solomon': threshold is {threshold!r}; give a probability from 0 to 1, or none"
            )
        self._decoder = Generator(model)
        self._threshold = threshold
        self._longest = longest
        self.name = f"solomon={model}"
        self.dimension = self._decoder.dimension
        self.max_tokens = min(window, self._decoder.positions) - 1

    @classmethod
    def configured(cls, argument: str, given: Settings) -> Solomon:
        """Return the encoder of a model, with the gate of the settings as its threshold."""
        return cls(argument, threshold=given.gate)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per query, shape (len(texts), dimension), each with what the model wrote behind it."""
        asked = [self._decoder.clean(text) for text in readable(texts)]
        return self._encoded([f"{query}\n{self._written(query)}" for query in asked], self._decoder.positions)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per passage, shape (len(texts), dimension)."""
        return self._encoded([self._decoder.clean(text) for text in readable(texts)], self.max_tokens + 1)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        return [self._decoder.count(self._decoder.clean(text)) for text in texts]

    def continuation(self, query: str) -> str:
        """Return what the model writes behind a query: "/embed", or "/augment" and an augmentation."""
        return self._written(self._decoder.clean(query))

    def chance(self, query: str) -> float:
        """Return the probability of "/augment" where the model has to write one of the two."""
        one, other = (self._decoder.likelihood(self._decoder.clean(query) + "\n", mark) for mark in (AUGMENT, EMBED))
        return 1 / (1 + math.exp(min(700.0, other - one)))

    def _written(self, clean: str) -> str:
        begun = ""
        if self._threshold is not None:
            if self.chance(clean) < self._threshold:
                return EMBED
            begun = AUGMENT
        said = begun + self._decoder.continued(f"{clean}\n{begun}", self._longest, _settled if not begun else _never)
        augmentation = self._decoder.clean(said.strip().removeprefix(AUGMENT)).strip()
        return f"{AUGMENT} {augmentation}" if said.strip().startswith(AUGMENT) and augmentation else EMBED

    def _encoded(self, texts: Sequence[str], most: int) -> Vectors:
        return self._decoder.encode([self._decoder.closed(text, most) for text in texts])


class Generator(Decoder):
    """A decoder that also writes."""

    def __init__(self, name: str) -> None:
        """Load the model with its head for words."""
        super().__init__(name, kind="AutoModelForCausalLM")
        self._ends = {self._end, self._tokenizer.eos_token_id}

    def continued(self, text: str, most: int, settled: Callable[[str], bool]) -> str:
        """Return what the model writes behind a text, always its likeliest token, at most `most` of them.

        It ends at an end token, at the end of what the model can read, and once the text so far is `settled`.
        """
        ids, written = self._open(text), list[int]()
        with self._turn:
            for token in self._greedy(ids, min(most, self.positions - len(ids))):
                if token in self._ends:
                    break
                written.append(token)
                if settled(self._text(written)):
                    break
            return self._text(written)

    def likelihood(self, text: str, mark: str) -> float:
        """Return the logarithm of the probability that the model goes on with `mark`."""
        import torch

        ids, after = self._open(text), self._open(mark)
        with self._turn, torch.inference_mode():
            logits = self._whole(input_ids=self._row([*ids, *after])).logits[0, len(ids) - 1 : -1].float()
            chosen = torch.log_softmax(logits, dim=-1)[torch.arange(len(after)), torch.tensor(after)]
        return float(chosen.sum())

    def _greedy(self, ids: Sequence[int], most: int) -> Any:
        """Yield the likeliest token again and again."""
        import torch

        past, step = None, list(ids)
        for _ in range(most):
            with torch.inference_mode():
                out = self._whole(input_ids=self._row(step), past_key_values=past, use_cache=True)
            past, step = out.past_key_values, [int(out.logits[0, -1].argmax())]
            yield step[0]

    def _row(self, ids: Sequence[int]) -> Any:
        import torch

        return torch.tensor([list(ids)], device=self._whole.device)

    def _open(self, text: str) -> list[int]:
        """Return the tokens of a text that goes on, at least one, the last that the model can read."""
        return self.closed(text, self.positions)[:-1] or [self._end]

    def _text(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False))


def _settled(text: str) -> bool:
    """Say whether a continuation is "/embed", or can no longer begin with "/augment"."""
    begun = text.lstrip()
    return not (AUGMENT.startswith(begun) or begun.startswith(AUGMENT) or EMBED.startswith(begun)) or begun == EMBED


def _never(text: str) -> bool:
    return False
