"""Measure texts in tokens, with few calls of the tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

CountTokens = Callable[[Sequence[str]], list[int]]

CHARACTERS_PER_TOKEN = 16
BYTES_PER_CHARACTER = 4
MARGIN = 0.8
CACHED_WORDS = 500_000
LONGEST_WORD = 32


@dataclass(slots=True)
class Meter:
    """Tells what texts cost an embedder.

    The cost is the token count, but at least a token per 16 characters: WordPiece counts a word of any length as one
    unknown token, and no text of a language has words that long.
    """

    count_tokens: CountTokens
    words: dict[str, int] = field(default_factory=dict)

    def costs(self, texts: Sequence[str]) -> list[int]:
        """Return the cost of each text; a single character costs at most 1, since it cannot be split."""
        counts = self.count_tokens(texts)
        return [_cost(text, count) for text, count in zip(texts, counts, strict=True)]

    def cost(self, text: str) -> int:
        """Return the cost of one text."""
        return self.costs([text])[0]

    def fit(self, texts: Sequence[str], limit: int) -> list[bool]:
        """Tell which texts cost at most `limit`, the tokenizer seeing only what arithmetic leaves open.

        A token has at least one byte, so short texts fit. For words the count is nearly the sum over the words, which
        are counted once each; a sum within 80 % of the limit fits. Only the rest is tokenised whole.
        """
        decided = [_decide(text, limit) for text in texts]
        self._learn([text for text, known in zip(texts, decided, strict=True) if known is None])
        for i, text in enumerate(texts):
            if decided[i] is None and self._estimate(text, limit) <= MARGIN * limit:
                decided[i] = True
        unsure = [text for text, known in zip(texts, decided, strict=True) if known is None]
        exact = iter(self.costs(unsure) if unsure else [])
        return [next(exact) <= limit if known is None else known for known in decided]

    def _learn(self, texts: Sequence[str]) -> None:
        if len(self.words) > CACHED_WORDS:
            self.words.clear()
        every = {word for text in texts for word in text.split() if len(word) <= LONGEST_WORD}
        new = sorted(every.difference(self.words))
        if new:
            self.words.update(zip(new, self.count_tokens(new), strict=True))

    def _estimate(self, text: str, limit: int) -> int:
        """Sum up the words; a text with a long one counts as too long to say."""
        try:
            return sum(map(self.words.__getitem__, text.split()))
        except KeyError:
            return limit + 1


def _cost(text: str, count: int) -> int:
    if len(text) <= 1:
        return min(count, 1)
    return max(count, -(-len(text) // CHARACTERS_PER_TOKEN))


def _decide(text: str, limit: int) -> bool | None:
    """Decide by length alone where that is possible."""
    if len(text) * (1 if text.isascii() else BYTES_PER_CHARACTER) <= limit:
        return True
    return False if len(text) > limit * CHARACTERS_PER_TOKEN else None
