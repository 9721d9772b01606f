"""Reformulations that a language model writes: what is asked for, and what of its reply can be used.

A reply is put behind the question, which always stays a query of its own. One that is empty, far too long, in signs of
another script, only the question again or a refusal cannot be used, and the question then stands alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.words import content_words, fold, word_key
from .reformulations import Beside

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^\s*```[^\n]*\n|\n?```\s*$")
_LABEL = re.compile(r"^\s*(?:passage|keywords?|thought|answer|query)\s*:\s*", re.IGNORECASE)
_REFUSAL = re.compile(
    r"^\W*(?:i\s?['’]?m (?:very )?sorry|i am (?:very )?sorry|sorry\b|i can(?:no|['’])?t\b"
    r"|i (?:do not|don['’]t) (?:know|have)|i (?:am|['’]m) (?:not able|unable)|as an? (?:ai|language model)"
    r"|unfortunately\b|please provide|no (?:answer|passage)\b)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"[,;\n•·|]+|\s-\s|^\s*(?:[-*]|\d+[.)])\s+", re.MULTILINE)
_SPACE = re.compile(r"\s+")
#: a reply is taken for going round in circles if fewer of its words than this share are different ones
DIFFERENT = 0.3
ENOUGH = 20  # words before that is asked
#: share of the letters of a script that the question is not written in, from which on a reply is taken for rubbish
FOREIGN = 0.3
LETTERS = 0.6  # share of the signs of a text that are letters, digits or spaces


class Unusable(ValueError):
    """A reply of a language model that cannot stand beside the question; it says why."""


@dataclass(frozen=True, slots=True)
class Written(Beside):
    """A reformulation by a language model; its prompt is called `augment-` and as the updater.

    Args:
        samples: replies to draw, each by itself.
        temperature: of the draws; above 0 where there are several.
        tokens: that a reply may have.
        most: words that a reply may have; of keywords the first are taken, of all else a longer one is refused.
        listed: whether the reply is a list of keywords.
    """

    samples: int = 1
    temperature: float = 0.0
    tokens: int = 200
    most: int = 200
    listed: bool = False

    def text(self, question: str, reply: str) -> str:
        """Return the question with what was written behind it.

        Raises:
            Unusable: if that is nothing to search with.
        """
        said = _SPACE.sub(" ", _LABEL.sub("", _FENCE.sub("", _THINKING.sub("", reply)).strip(" \t\r\n\"'“”"))).strip()
        if not said:
            raise Unusable("it is empty")
        if _REFUSAL.match(said):
            raise Unusable(f"it is a refusal ({said[:40]!r})")
        if _foreign(said, question):
            raise Unusable(f"it is not in the signs of the question ({said[:40]!r})")
        if self.listed:
            return f"{question} {' '.join(keywords(reply, question, self.most))}"
        words = content_words(said)
        if len(said.split()) > self.most:
            raise Unusable(f"it has {len(said.split())} words, at most {self.most} are taken")
        if set(map(word_key, words)) <= set(map(word_key, content_words(question))):
            raise Unusable("it only says the question again")
        if len(words) >= ENOUGH and len(set(words)) < DIFFERENT * len(words):
            raise Unusable("it says the same again and again")
        return f"{question} {said}"


PASSAGE = Written("passage", most=200, tokens=200)
KEYWORDS = Written("keywords", words=True, most=16, tokens=80, listed=True)
THOUGHTS = Written("thoughts", telling=True, samples=3, temperature=0.7, most=64, tokens=96)


def keywords(reply: str, question: str, most: int) -> list[str]:
    """Return the keywords of a reply, at most so many words, without those of the question and those said before.

    Forbidden, repeated and known words are deleted by rules, not by asking (LREM, arXiv 2510.14321, section on data).

    Raises:
        Unusable: if none is left.
    """
    known = set(map(word_key, content_words(question)))
    found: list[str] = []
    for part in _PARTS.split(_LABEL.sub("", _FENCE.sub("", _THINKING.sub("", reply)).strip())):
        new = [word for word in re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", part) if content_words(word)]
        for word in new:
            key = word_key(content_words(word)[0])
            if key not in known and len(found) < most:
                known.add(key)
                found.append(word)
    if not found:
        raise Unusable("it holds no word that the question has not")
    return found


def _foreign(said: str, question: str) -> bool:
    """Say whether a text is mostly signs, or in letters of a script that the question has none of."""
    plain = sum(char.isalnum() or char.isspace() for char in said)
    letters = [char for char in fold(said) if char.isalpha()]
    own = {_script(char) for char in fold(question) if char.isalpha()}
    strange = sum(_script(char) not in own for char in letters)
    return plain < LETTERS * len(said) or not letters or strange > FOREIGN * len(letters)


def _script(char: str) -> int:
    """Return a number for the part of Unicode that a letter stands in, all of Latin being one."""
    code = ord(char)
    return 0 if code < 0x250 or 0x1E00 <= code < 0x1F00 else code >> 8 if code < 0x2E80 else 0x2E
