"""Measure texts in tokens, with few calls of the tokenizer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

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
        return _cost(text, sum(counts[word] if word in counts else self.words[word] for word in words))

    def fit(self, texts: Sequence[str], limit: int) -> list[bool]:
        """Tell which texts cost at most `limit`, the tokenizer seeing only what arithmetic leaves open.

        A token has at least one byte, which bounds short texts and rare words; words that occur again are counted once,
        and all words of the texts that this leaves open. Where the sum is less than 90 % of the limit (a space may be a
        token too), the text fits.
        """
        decided = [_decide(text, limit) for text in texts]
        split = {i: texts[i].split() for i, known in enumerate(decided) if known is None}
        for often in (2, 1):
            counts = Counter(chain.from_iterable(split.values()))
            self.learn(word for word, n in counts.items() if n >= often)
            fitting = [i for i, words in split.items() if sum(map(self.words.__getitem__, words)) <= MARGIN * limit]
            for i in fitting:
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
