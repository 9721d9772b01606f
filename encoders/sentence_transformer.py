"""Any sentence-transformers model, by name or folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.errors import OperatorError
from ..core.types import Vectors
from .role import OldMethods, readable

_BATCH_ROWS = 32
# Where `encode_document` looks for its prompt, in this order.
_DOCUMENT = ("document", "passage", "corpus")


class SentenceModel(OldMethods):
    """A model that the sentence-transformers library can load; slower to start than `MiniLM`, which needs no torch.

    Prompts that the model's own configuration has for queries and for documents are put before the texts.
    """

    def __init__(self, name: str) -> None:
        """Load the model, from disk or from the hub where the machine may reach it.

        Raises:
            OperatorError: for a model that the library cannot load.
        """
        self.name = name
        self._model = _load(name)
        self.dimension: int = self._model.get_embedding_dimension()
        special: int = self._model.tokenizer.num_special_tokens_to_add(pair=False)
        longest: int = self._model.max_seq_length or self._model.tokenizer.model_max_length
        prompts: dict[str, str] = self._model.prompts
        prompt = next((prompts[kind] for kind in _DOCUMENT if prompts.get(kind)), "")
        self.max_tokens = longest - special - sum(self.count_tokens([prompt]))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension), read behind the model's prompt for queries."""
        return self._encoded(self._model.encode_query, texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row per text, shape (len(texts), dimension); text beyond `max_tokens` is not read."""
        return self._encoded(self._model.encode_document, texts)

    def _encoded(self, encode: Callable[..., Any], texts: Sequence[str]) -> Vectors:
        clean = readable(texts)
        if not clean:
            return np.empty((0, self.dimension), np.float32)
        vectors = encode(
            clean, batch_size=_BATCH_ROWS, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, special tokens not counted."""
        clean = readable(texts)
        if not clean:
            return []
        return [len(ids) for ids in self._model.tokenizer(clean, add_special_tokens=False, verbose=False)["input_ids"]]


def _load(name: str) -> Any:
    """Return the library's model; its import takes seconds, so it waits until somebody asks for one."""
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(name, device=None)
    except (OSError, ValueError, RuntimeError) as error:
        raise OperatorError(
            f"embedder {name!r}: sentence-transformers cannot load it: {error}; check the name, give the folder of a "
            "downloaded model or a class as module:Class, or unset POLYHOP_EMBEDDER for the default one"
        ) from error
