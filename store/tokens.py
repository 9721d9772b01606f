"""Measure texts in tokens, with few calls of the tokenizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import ceil

CountTokens = Callable[[Sequence[str]], list[int]]

CHARACTERS_PER_TOKEN = 16
BYTES_PER_CHARACTER = 4
MARGIN = 0.9
CACHED_WORDS = 500_000
LONGEST_CACHED = 32


class _Words(dict[str, int]):
    """Token counts of words; one that was not counted has at most a token per byte."""

    def __missing__(self, word: str) -> int:
        return len(word) if word.isascii() else len(word) * BYTES_PER_CHARACTER


@dataclass(slots=True)
class Meter:
    """Tells what texts cost an embedder.

    The cost is the token count, but at least a token per 16 characters: WordPiece counts a word of any length as one
    unknown token, and no text of a language has words that long.
    """

    count_tokens: CountTokens
    words: _Words = field(default_factory=_Words)
    per_space: float = field(init=False)

    def __post_init__(self) -> None:
        """Find out whether this tokenizer spends tokens on white space."""
        one, spaces, lines = self.count_tokens(["a", "a a a", "a\n\na"])
        self.per_space = max(0.0, (spaces - 3 * one) / 2, (lines - 2 * one) / 2)

    def costs(self, texts: Sequence[str]) -> list[int]:
        """Return the cost of each text; a single character costs at most 1, since it cannot be split."""
        counts = self.count_tokens(texts) if texts else []
        return [_cost(text, count) for text, count in zip(texts, counts, strict=True)]

    def cost(self, text: str) -> int:
        """Return the cost of one text."""
        return self.costs([text])[0]

    def estimate(self, text: str) -> int:
        """Return nearly the cost, as the sum over the words; exact where the tokenizer splits at white space first."""
        words = text.split()
        missing = {word for word in words if word not in self.words}
        self.learn(word for word in missing if len(word) <= LONGEST_CACHED)
        long = {word for word in missing if len(word) > LONGEST_CACHED}
        counts = dict(zip(long, self.costs(list(long)), strict=True))
        found = sum(counts[word] if word in counts else self.words[word] for word in words)
        return _cost(text, found + self._gaps(text, words))

    def fit(self, texts: Sequence[str], limit: int) -> list[bool]:
        """Tell which texts cost at most `limit`, the tokenizer seeing only what arithmetic leaves open.

        A token has at least one byte, which bounds short texts and rare words; words that occur again are counted once,
        and all words of the texts that this leaves open. Where the sum is at most 90 % of the limit, the text fits: the
        tenth is for tokenizers that count a word a little differently inside a text.
        """
        decided = [_decide(text, limit) for text in texts]
        split = {i: texts[i].split() for i, known in enumerate(decided) if known is None}
        for often in (2, 1):
            counts = Counter(chain.from_iterable(split.values()))
            self.learn(word for word, n in counts.items() if n >= often)
            for i in [i for i, words in split.items() if self._bound(texts[i], words) <= MARGIN * limit]:
                decided[i] = True
                del split[i]
        exact = iter(self.costs([texts[i] for i in split]))
        return [next(exact) <= limit if known is None else known for known in decided]

    def learn(self, words: Iterable[str]) -> None:
        """Count words and remember them."""
        new = sorted({word for word in words if word not in self.words and len(word) <= LONGEST_CACHED})
        if len(self.words) + len(new) > CACHED_WORDS:
            self.words.clear()
        if new:
            self.words.update(zip(new, self.count_tokens(new), strict=True))

    def _bound(self, text: str, words: Sequence[str]) -> int:
        return sum(map(self.words.__getitem__, words)) + self._gaps(text, words)

    def _gaps(self, text: str, words: Sequence[str]) -> int:
        return ceil(self.per_space * (len(text) - sum(map(len, words)))) if self.per_space else 0


def _cost(text: str, count: int) -> int:
    if len(text) <= 1:
        return min(count, 1)
    return max(count, least_cost(text))


def least_cost(text: str) -> int:
    """Return the cost that the length alone gives a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def _decide(text: str, limit: int) -> bool | None:
    """Decide by length alone where that is possible."""
    if len(text) * (1 if text.isascii() else BYTES_PER_CHARACTER) <= limit:
        return True
    return False if len(text) > limit * CHARACTERS_PER_TOKEN else None
