"""E2Rank: a query that has read the candidates, compared with each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core.errors import CallerError
from ...core.types import Vectors
from ...encoders.decoder import Decoder, load
from ..candidate import Candidate
from ..run import Run
from .pairs import candidate
from .role import Head, head_of

#: what the published checkpoints were trained with; other words give other results
_LISTWISE = "{task}\nDocuments:\n{documents}\nSearch Query: {question}"
_PLAIN = "Instruct: {task}\nQuery:{question}"


@dataclass(frozen=True, slots=True)
class E2Rank:
    """Embeds question and first candidates as one listwise prompt, and orders the head by cosine with it.

    Liu et al., E2Rank, 2025 (arXiv 2510.22733), section 3, with the template of its evaluation code. It needs a decoder
    trained for it, such as Alibaba-NLP/E2Rank-0.6B: another embedder does not understand the prompt and ranks worse
    than before, where `Rocchio` is the feedback to use. One pass over the prompt serves the whole head; document
    vectors are kept, or taken from the collection if it is embedded by the same checkpoint in the same way.

    Each text is cut to `words` words; where the prompt is still longer than the model or `tokens` allow, all candidates
    are cut to the same number of characters, the largest that fits. A model that cannot be loaded, that reads both ways
    or has no chat template, and a question that leaves no room for candidates, are a `CallerError`.

    Args:
        model: a name on the hub, or a folder.
        nearest: first candidates that the prompt holds; 0 compares with the plain query.
        depth: passages to compare.
        kept: share of the old score that is added to the cosine; 0 as in the paper. A path counts only with a share.
        instruct: the task in the listwise prompt.
        plain: the task in the plain query.
    """

    model: str
    nearest: int = 20
    words: int = 1_024
    tokens: int = 32_768
    depth: int = 100
    kept: float = 0.0
    instruct: str = "Given a web search query and some relevant documents, rerank the documents that answer the query:"
    plain: str = "Given a web search query, retrieve relevant passages that answer the query"
    name: str = "e2rank"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Return the ranking with its head in the order of the new scores."""
        head = head_of(ranked, self.depth, run)
        if not head.items:
            return list(ranked)
        decoder = load(self.model)
        texts = [self._text(decoder, passage.title, passage.heading, passage.text) for passage, *_ in head.known]
        query = decoder.encode([self.query(run.question, texts, decoder)])[0]
        cosines = (self._vectors(head, texts, run, decoder) @ query).tolist()
        scores = [self.kept * item["score"] + cosine for item, cosine in zip(head.items, cosines, strict=True)]
        return head.rescored(scores, self.name)

    def query(self, question: str, texts: Sequence[str], decoder: Decoder) -> list[int]:
        """Return the tokens of the question together with the first of the texts.

        Raises:
            CallerError: for a question that is too long to be read with any candidate.
        """
        most, clean = min(self.tokens, decoder.positions), decoder.clean(question)
        if not self.nearest:
            return decoder.closed(_PLAIN.format(task=self.plain, question=clean), most)
        near = texts[: self.nearest]
        whole = decoder.turn(self.prompt(clean, near))
        if len(whole) <= most:
            return whole

        def length(size: int) -> int:
            return len(decoder.turn(self.prompt(clean, [text[:size] for text in near])))

        fitting = bisect_right(range(max(map(len, near), default=0)), most, key=length) - 1
        if fitting < 0:
            raise CallerError(
                f"reranker {self.name!r}: the question takes {length(0)} tokens without any candidate, where "
                f"{most!r} can be read; shorten the question, or raise `tokens` or choose a model with more positions"
            )
        return decoder.turn(self.prompt(clean, [text[:fitting] for text in near]))

    def prompt(self, question: str, texts: Sequence[str]) -> str:
        """Return the listwise prompt: the task, the numbered candidates, the question."""
        documents = "\n".join(f"[{number}] {text}" for number, text in enumerate(texts, start=1))
        return _LISTWISE.format(task=self.instruct, documents=documents, question=question)

    def _text(self, decoder: Decoder, title: str, heading: str, text: str) -> str:
        return " ".join(decoder.clean(candidate(title, heading, text)).split()[: self.words])

    def _vectors(self, head: Head, texts: Sequence[str], run: Run, decoder: Decoder) -> Vectors:
        if decoder.is_embedder(run.retriever.embedder):
            return np.stack([known.vector for known in head.known])
        return decoder.documents(texts, min(self.tokens, decoder.positions))
