"""The glossary: what tools are asked for, in twelve languages, and which forms of their words mean it in English."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...core.words import fold
from .language import FUNCTION, LANGUAGES, UNSPACED
from .terms import stem

#: what a meaning is in a sentence: something to be done, a question, the beginning of another clause, said by no word
ACT, ASKED, NEXT, NOTHING = "!", "?", ";", "-"
#: letters that may follow a form of a word
NAME_ENDING, USUAL_ENDING = 2, 4
# Letters that may follow a form of three letters, and a longer one.
_ENDING = {"tr": (4, 8), "pl": (2, 5), "ru": (2, 5)}
_USUAL = (2, USUAL_ENDING)
_ENDING_OF_ASKING = 3
_SHORTEST = 3
# Languages that write compounds as one word, what joins their parts, and the shortest part.
_COMPOUND = frozenset({"de", "nl"})
_LINKS = ("", "s", "n", "en", "es", "e", "er")
_PART = 4
_MOST_PARTS = 3
_MEANINGS = 2
# What follows a verb in a noun made of it; with any other ending a word with a capital is a name.
_NOUN_ENDINGS = frozenset({"", "e", "n", "en", "ens", "er", "ern", "ers", "ung", "ungen", "s"})
_ENGLISH_ENDINGS = ("s", "ed", "ing", "ion", "or")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word is in English, and what it does in a sentence."""

    english: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Glossary:
    """The forms of one language: whole words, beginnings of words, and phrases by their first word."""

    language: str
    whole: dict[str, Meaning] = field(default_factory=dict)
    beginnings: dict[str, Meaning] = field(default_factory=dict)
    phrases: dict[str, list[tuple[tuple[str, ...], Meaning]]] = field(default_factory=dict)

    def of(self, word: str, *, ending: int | None = None, named: bool = False) -> list[Meaning]:
        """Return what a word means, several meanings for a compound, none where it is not known."""
        key = self.key(word)
        if key in self.whole:
            return [self.whole[key]]
        size, found = self.beginning(key, ending)
        if found and found.kind == ACT and word[0].isupper() and named and key[size:] not in _NOUN_ENDINGS:
            found = None
        if self.language in _COMPOUND and len(key) - size >= _SHORTEST:
            return self._parts(key) or ([found] if found else [])
        return [found] if found else []

    def key(self, word: str) -> str:
        """Return a word as the forms are kept."""
        return unicodedata.normalize("NFKC", word).lower() if self.language in UNSPACED else fold(word)

    def beginning(self, key: str, ending: int | None = None) -> tuple[int, Meaning | None]:
        """Return the length of the longest form that a word begins with, give or take an ending, and its meaning."""
        short, long = _ENDING.get(self.language, _USUAL)
        for size in range(len(key), _SHORTEST - 1, -1):
            found = self.beginnings.get(key[:size])
            if found and len(key) - size <= (ending if ending is not None else short if size == _SHORTEST else long):
                return size, found
        return 0, None

    def _parts(self, key: str, most: int = _MOST_PARTS) -> list[Meaning]:
        """Return what the parts of a compound mean, the longest first part that leaves something known."""
        for size in range(len(key) - _SHORTEST, _SHORTEST - 1, -1):
            first = self.whole.get(key[:size]) or (self.beginnings.get(key[:size]) if size >= _PART else None)
            if not first or first.kind == NOTHING:
                continue
            for link in _LINKS:
                rest = key[size + len(link) :]
                if len(rest) < _SHORTEST or not key.startswith(link, size):
                    continue
                last = self.whole.get(rest) or self.beginning(rest)[1]
                others = [last] if last else self._parts(rest, most - 1) if most > 2 else []
                if others and others[0].kind != NOTHING:
                    return [Meaning(first.english), *others]
        return []


@cache
def _rows() -> list[list[str]]:
    text = (resources.files(__package__) / "glossary.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


@cache
def glossary(of: str) -> Glossary:
    """Return the glossary of a language; it is read when it is first asked for."""
    made = Glossary(of)
    column = 1 + LANGUAGES.index(of)
    for row in _rows():
        kind = row[0][-1] if row[0][-1] in (ACT, ASKED, NEXT) else ""
        meaning = Meaning(row[0].rstrip(ACT + ASKED + NEXT), kind)
        for form in filter(None, row[column].split(",")):
            key = made.key(form.rstrip("="))
            if " " in key:
                first, *rest = key.split()
                made.phrases.setdefault(first, []).append((tuple(rest), meaning))
            else:
                _put(made.whole if form.endswith("=") or len(key) < _SHORTEST else made.beginnings, key, meaning)
    for word in FUNCTION[of].split():
        found = made.beginning(made.key(word), _ENDING_OF_ASKING)[1]
        if found is None or (found.kind != ASKED and made.key(word) not in made.beginnings):
            made.whole.setdefault(made.key(word), Meaning("", NOTHING))
    return made


def _put(forms: dict[str, Meaning], key: str, meaning: Meaning) -> None:
    """Add a meaning; a word of several has the first ones, and is what the first one is."""
    before = forms.get(key)
    if before is None:
        forms[key] = meaning
    elif len(before.english.split()) < _MEANINGS and meaning.english not in before.english:
        forms[key] = Meaning(f"{before.english} {meaning.english}".strip(), before.kind)


@cache
def _english() -> frozenset[str]:
    words = [word for row in _rows() for word in row[0].rstrip(ACT + ASKED + NEXT).split()]
    return frozenset([*words, *map(stem, words)])


def is_english(word: str) -> bool:
    """Say whether the glossary has a word in English, an English ending aside: `finde` has none."""
    return word in _english() or (word.endswith(_ENGLISH_ENDINGS) and stem(word) in _english())
