"""Any cross-encoder of the sentence-transformers library, by name or folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...core.errors import CallerError
from ...encoders.role import readable
from ..candidate import Candidate
from ..run import LoadedPassage, Run
from .pairs import candidate, led
from .role import head_of

# A tokenizer that cuts and pads keeps that in itself, so that only one thread at a time may use it.
_turn = threading.Lock()


@dataclass(frozen=True, slots=True)
class SentenceCross:
    """Reads the question with each passage of the head; the score gains `weight * logit`.

    The logit is added and does not replace the score, since a model that reads a question and one passage cannot know
    how good the path to it is. The logits of most models go from about -10 to 10, where a path score goes up to
    about 4: a weight of 1 lets them decide nearly alone, 0.1 balances the two.

    The model is loaded when it is first needed, from disk or from the hub where the machine may reach it; one that
    cannot be loaded, or does not give one number for a pair, is a `CallerError`.

    Args:
        model: a name on the hub, or a folder.
        depth: passages to read.
        ways: put what the bridge says before a passage that was found along a path. Other models than those trained so
            read it as part of the passage.
        batch: pairs to read at a time.
    """

    model: str
    depth: int = 30
    weight: float = 1.0
    ways: bool = False
    batch: int = 32
    name: str = "cross-encoder"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its head in the order of the new scores, and the logits with it."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        texts = readable([self._text(item, known, run) for item, known in zip(head.items, head.known, strict=True)])
        logits = self._logits(readable([run.question])[0], texts)
        scores = [item["score"] + self.weight * logit for item, logit in zip(head.items, logits, strict=True)]
        return head.read(logits).rescored(scores, self.name)

    def _text(self, item: Candidate, known: LoadedPassage, run: Run) -> str:
        text = candidate(known.passage.title, known.passage.heading, known.passage.text)
        ahead = led(item, run) if self.ways else ""
        return f"{ahead} > {text}" if ahead else text

    def _logits(self, question: str, texts: Sequence[str]) -> list[float]:
        with _turn:
            model = _load(self.model)
            logits = model.predict(
                [(question, text) for text in texts],
                batch_size=self.batch,
                activation_fn=lambda logits: logits,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return [round(float(logit), 6) for logit in logits]


@lru_cache(maxsize=2)
def _load(name: str) -> Any:
    """Return the library's model; its import takes seconds, so it waits until somebody asks for one."""
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(name)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CallerError(
            f"cross-encoder {name!r}: sentence-transformers cannot load it: {error}; check the name, give the folder "
            "of a downloaded model, or unset HF_HUB_OFFLINE to download it"
        ) from error
    if model.num_labels != 1:
        raise CallerError(
            f"cross-encoder {name!r} gives {model.num_labels!r} numbers for a pair; choose a model that gives one, how "
            "well a passage answers a question"
        )
    return model
