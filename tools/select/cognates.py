"""Words that a language shares with English: matched with the words of the catalogue, by how they begin or sound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import takewhile

from ...core.words import fold

# The shortest beginning two words must share, and the shares of each that it has to be.
_LEAST, _OF_FOREIGN, _OF_ENGLISH = 5, 0.55, 0.6
# A shared beginning of so many letters may be the first part of a compound.
_LONG = 9
_CONSONANTS = 3

_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e zh z i i k l m n o p r s t u f h c ch sh sh _ i _ e iu ia".replace("_", "").split(" "),
        strict=True,
    )
)
# Spelling that differs from language to language, brought to one; the order matters.
_SPELLING = [
    (re.compile(pattern), to)
    for pattern, to in (
        ("(?:isch|iches|ichesk)[a-z]{0,4}$", "ik"),
        ("[^a-z]", ""),
        ("ph", "f"),
        ("sch|sh|zh", "s"),
        ("th", "t"),
        ("cj", "si"),
        ("[tcz](?=i[oa])", "s"),
        ("c(?=[eiy])", "s"),
        ("cue(?=n)", "ke"),
        ("qu", "k"),
        ("ck|ch|[cq]", "k"),
        ("x", "ks"),
        ("z", "s"),
        ("[yj]", "i"),
        ("w", "v"),
        ("([ea])u", r"\1v"),
        ("[ao]e", "e"),
        ("ou", "u"),
        ("h", ""),
        (r"(.)\1+", r"\1"),
    )
]
_SOUNDS = [
    (re.compile(pattern), to)
    for pattern, to in (
        ("ti(?=o)|si(?=o)|c(?=[eiy])|z|sh|th|j|x|ch(?=[ei])", "s"),
        ("ph", "f"),
        ("ck|qu|[cq]|ch", "k"),
        ("v", "b"),
        ("l", "r"),
        ("m(?=[bp])", "n"),
        ("[aeiouyhw]", ""),
        (r"(.)\1+", r"\1"),
    )
]
_KANA = {
    sign: sound
    for sound, signs in {
        "k": "カキクケコ",
        "g": "ガギグゲゴ",
        "s": "サシスセソザジズゼゾヂヅ",
        "t": "タチツテト",
        "d": "ダデド",
        "n": "ナニヌネノン",
        "f": "フ",
        "b": "バビブベボヴ",
        "p": "パピプペポ",
        "m": "マミムメモ",
        "r": "ラリルレロ",
    }.items()
    for sign in signs
}
_RUSSIAN = re.compile(r"[\u0400-\u04ff]")
_VOWELS = "アイウエオ"
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")


def latin(word: str) -> str:
    """Return a word in Latin letters if it is in Cyrillic ones."""
    return (
        word
        if word.isascii()
        else "".join(_CYRILLIC.get(one, one) for one in fold(word))
        if _RUSSIAN.search(word)
        else word
    )


def spelling(word: str) -> str:
    """Return a word as it would be spelled if all languages spelled their loans alike."""
    text = latin(fold(word)).replace("ß", "ss").replace("ł", "l")
    for pattern, to in _SPELLING:
        text = pattern.sub(to, text)
    return text


def sounds(word: str, long: str = "") -> str:
    """Return the consonants that Japanese keeps apart; `long` is for the long vowels of katakana."""
    kana = _KATAKANA.fullmatch(word)
    text = "".join(_KANA.get(letter, "") for letter in word.replace("ー", long)) if kana else word.lower()
    for pattern, to in _SOUNDS:
        text = pattern.sub(to, text)
    return text


class Cognates:
    """The words of a catalogue, to be found from a word of another language."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.counts = counts
        self._spelled: dict[str, list[tuple[str, str]]] = {}
        self._sounding: dict[str, str] = {}
        for word in sorted(counts, key=lambda one: (-counts[one], one)):
            if word.isascii() and word.isalpha() and len(word) >= _CONSONANTS:
                key = spelling(word)
                if len(key) >= _LEAST:
                    self._spelled.setdefault(key[:_LEAST], []).append((key, word))
                self._sounding.setdefault(f"{word[0] in 'aeiou'}{sounds(word)}", word)

    def of(self, word: str) -> str:
        """Return the English word that is most like a word, or nothing."""
        if _KATAKANA.fullmatch(word):
            return self._heard(word)
        key = spelling(word)
        best = (0.0, "")
        for other, english in self._spelled.get(key[:_LEAST], ()) if len(key) >= _LEAST else ():
            shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(key, other, strict=False)))
            share = shared / len(key), shared / len(other)
            if (share[0] >= _OF_FOREIGN or shared >= _LONG) and share[1] >= _OF_ENGLISH and sum(share) > best[0]:
                best = sum(share), english
        return best[1]

    def _heard(self, word: str) -> str:
        keys = [key for key in (sounds(word), sounds(word, "ル")) if len(key) >= _CONSONANTS]
        return next(
            (self._sounding[key] for key in (f"{word[0] in _VOWELS}{key}" for key in keys) if key in self._sounding), ""
        )
