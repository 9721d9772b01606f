"""Where in a text a name stands: from the key that was followed back to what a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...core.words import WORD, is_capital, name_key
from ...store.names import fuzzy_key

Words = Sequence[re.Match[str]]
_JOINING = " '\"“”.-’"


def locate(key: str, text: str) -> tuple[int, int] | None:
    """Return (start, end) in characters of a name with this key, or None where it does not stand.

    Of several places the first is taken that is no part of a longer name, if there is one. Keys of inexact names are
    looked for as `mentions` found them: by the start of the first and by the last of two or three capitalised words.
    """
    if not key:
        return None
    words = list(WORD.finditer(text))
    folded = [name_key(word.group()) for word in words]
    places = list(_inexact(key, words, folded) if "*" in key else _exact(key.split(), folded))
    if not places:
        return None
    first, last = next((place for place in places if _whole(*place, words, text)), places[0])
    return words[first].start(), words[last].end()


def _exact(wanted: list[str], folded: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places (first word, last word) of these words."""
    for start in range(len(folded) - len(wanted) + 1):
        if folded[start] == wanted[0] and folded[start : start + len(wanted)] == wanted:
            yield start, start + len(wanted) - 1


def _inexact(key: str, words: Words, folded: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of capitalised words that have this inexact key."""
    capital = [is_capital(word.group()) for word in words]
    for start in range(len(words)):
        for end in (start + 3, start + 2):
            if end <= len(words) and all(capital[start:end]) and fuzzy_key(" ".join(folded[start:end])) == key:
                yield start, end - 1


def _whole(first: int, last: int, words: Words, text: str) -> bool:
    """Say whether no capitalised word joins the name on either side."""
    before = first > 0 and _joined(words[first - 1], words[first], text) and is_capital(words[first - 1].group())
    after = (
        last + 1 < len(words) and _joined(words[last], words[last + 1], text) and is_capital(words[last + 1].group())
    )
    return not before and not after


def _joined(one: re.Match[str], other: re.Match[str], text: str) -> bool:
    return not text[one.end() : other.start()].strip(_JOINING)
