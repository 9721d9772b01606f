"""Twelve languages: which one a request is in, and what their words for what tools do are in English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from ...core.words import STOP, fold
from .lexicon import stem

#: languages that the glossary knows, as its columns have them
LANGUAGES = ("de", "fr", "es", "pt", "it", "nl", "pl", "ru", "tr", "zh", "ja", "ko")
#: those that are written without spaces between words, or with what stands in English as a word glued to them
UNSPACED = ("zh", "ja", "ko")
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
def rows(file: str = "glossary.tsv") -> list[list[str]]:
    """Return the rows of a table of this folder, its head left out."""
    text = (resources.files(__package__) / file).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]


#: words of each language that say nothing of what is asked for; of English, also verbs that begin a clause
WORDS: dict[str, str] = dict(rows("function_words.tsv"))


@cache
def glossary(of: str) -> Glossary:
    """Return the glossary of a language; it is read when it is first asked for."""
    made = Glossary(of)
    column = 1 + LANGUAGES.index(of)
    for row in rows():
        kind = row[0][-1] if row[0][-1] in (ACT, ASKED, NEXT) else ""
        meaning = Meaning(row[0].rstrip(ACT + ASKED + NEXT), kind)
        for form in filter(None, row[column].split(",")):
            key = made.key(form.rstrip("="))
            if " " in key:
                first, *rest = key.split()
                made.phrases.setdefault(first, []).append((tuple(rest), meaning))
            else:
                _put(made.whole if form.endswith("=") or len(key) < _SHORTEST else made.beginnings, key, meaning)
    for word in WORDS[of].split():
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
    words = [word for row in rows() for word in row[0].rstrip(ACT + ASKED + NEXT).split()]
    return frozenset([*words, *map(stem, words)])


def is_english(word: str) -> bool:
    """Say whether the glossary has a word in English, an English ending aside: `finde` has none."""
    return word in _english() or (word.endswith(_ENGLISH_ENDINGS) and stem(word) in _english())


# Words by which an English request is known, beside the function words: a foreign one seldom has any.
_ENGLISH = STOP | frozenset(WORDS["en"].split())
# Those of them that no other language writes alike.
_SURE = _ENGLISH - frozenset(WORDS["en shared"].split())
_LETTERS = {
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
}
# Letters that only one of the languages has.
_OWN = {
    letter: one
    for one, letters in {"de": "ß", "es": "ñ", "pt": "ãõ", "pl": "łżśćńąęź", "tr": "ğşı", "fr": "œêû"}.items()
    for letter in letters
}
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|`[^`]*`|「[^」]*」|https?://\S+")
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
# A character of these scripts says as much as so many Latin letters.
_DENSE = {"ru": 1, "ko": 3, "ja": 2, "zh": 3}
#: Latin words in a request that are looked at
_MOST = 60


def _marks() -> dict[str, tuple[str, ...]]:
    """Return for each function word in Latin letters its languages; English words and single letters are none."""
    found: dict[str, tuple[str, ...]] = {}
    for one in LANGUAGES:
        for word in set(WORDS[one].split()) if one not in _LETTERS else ():
            if word not in _ENGLISH and len(word) > 1:
                found[word] = (*found.get(word, ()), one)
    return found


_MARKS = _marks()


def language(text: str) -> str:
    """Return the language of a text, one of `LANGUAGES`, nothing for English, and `?` for one that cannot be told."""
    outside = _QUOTED.sub(" ", text)
    script = "" if outside.isascii() else _script(outside)
    if script:
        return script
    words = _WORD.findall(outside)[:_MOST]
    counts: dict[str, int] = {}
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if not (before[:1].isupper() and after[:1].isupper()):
            own = (
                ()
                if word.isascii() or word[0].isupper()
                else [_OWN[letter] for letter in sorted(_OWN.keys() & set(word))]
            )
            for one in (*_MARKS.get(word.lower(), ()), *own):
                counts[one] = counts.get(one, 0) + 1
    english = sum(word.lower() in _SURE for word in words)
    best = max(counts, key=lambda one: counts[one], default="")
    if best and counts[best] > english and (counts[best] > 1 or not english):
        return best
    return "" if english or not words else "?"


def _script(text: str) -> str:
    """Return the language of a text that is mostly in other letters than Latin ones."""
    found = {one: len(letters.findall(text)) for one, letters in _LETTERS.items()}
    if found["ja"]:
        found["ja"] += found["zh"]
    best = max(found, key=lambda one: found[one] * _DENSE[one])
    return best if found[best] * _DENSE[best] > len(_LATIN.findall(text)) else ""
