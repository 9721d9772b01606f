"""A name where it stands in a passage: what is around it, and where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.sentences import sentences
from ...core.types import Passage
from ...retrieval.hop.locate import locate

_SUBJECT = re.compile(r"^.{2,200}?\b(?=(?:is|was|are|were|has|had)\b)", re.DOTALL)
_ASIDE = re.compile(r"\s*\([^()]*\)")
START = 6  # words that stand for the title of a passage without one


@dataclass(frozen=True, slots=True)
class Seen:
    """A name where it stands: its passage, the words before and after it in its sentence, and where it leads."""

    passage: Passage
    before: str
    after: str
    target: Passage


def seen_in(passage: Passage, name: str, target: Passage) -> Seen | None:
    """Return a name with what stands around it; None where it does not stand, or does not stand there as a name.

    A name has a capital, and a single word does not open the sentence: in "Time passes" nothing is named.
    """
    for sentence in sentences(passage.text):
        if "*" not in name and (span := locate(name, sentence)) is not None:
            start, end = span
            surface = sentence[start:end]
            lone = " " not in surface and not sentence[:start].strip(" \"'“‘([")
            if surface == surface.lower() or lone:
                return None
            return Seen(passage, sentence[:start].strip(), sentence[end:].strip(), target)
    return None


def predicate(passage: Passage) -> str:
    """Return the first sentence of a passage from its verb on, without its subject, which would give it away."""
    first = next(iter(sentences(passage.text)), passage.text)
    return _SUBJECT.sub("", first, count=1).rstrip(".")


def bare_title(passage: Passage) -> str:
    """Return the title without what stands in parentheses, or the first words of a passage without one."""
    return _ASIDE.sub("", passage.title) or " ".join(passage.text.split()[:START])
