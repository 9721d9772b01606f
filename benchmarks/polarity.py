"""Polarity pairs: the same question without and with an instruction that takes one passage's relevance away."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polyhop.agent import Document

from .data import Question

#: phrasings by name, with what the rules were written for and what was kept away from them
KNOWN = {
    "but not about": "{open}, but not about {topic}?",
    "nothing about": "{question} Nothing about {topic}, please.",
    "ignore": "Ignore anything on {topic}. {question}",
    "excluding": "Excluding {topic}, {lower}",
    "except": "{open}, except {topic}?",
    "do not include": "{question} Do not include {topic}.",
    "without mentioning": "{open} without mentioning {topic}?",
    "leave out": "{question} Leave out everything about {topic}.",
}
HELD_OUT = {
    "whatever is about": "{question} And please leave aside whatever is about {topic}.",
    "no ... please": "No {topic} please. {question}",
    "has to do with": "{question} I do not need anything that has to do with {topic}.",
    "spare me": "{question} Spare me {topic}.",
    "already know": "I already know all about {topic}. {question}",
    "minus": "{open} (minus {topic})?",
    "steer clear": "{question} Steer clear of {topic}.",
    "anything but": "{question} Anything but {topic}.",
}
PHRASINGS = {**KNOWN, **HELD_OUT}
#: how far down a passage may stand that is to lose its relevance
HEAD = 5
_BRACKETS = re.compile(r"\s*\([^)]*\)\s*$")
_OPENING = re.compile(r"(?:an? |the )?(.{3,50}?) (?:is|are|was|were|can|has|have|means|will) ", re.IGNORECASE)
_WORD = re.compile(r"\w{3,}")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, the same with an instruction, the passage that loses its relevance by it, and what stays relevant."""

    question: str
    altered: str
    topic: str
    lost: str
    stays: frozenset[str]
    phrasing: str

    @property
    def held_out(self) -> bool:
        """Say whether the phrasing was kept away from the rules."""
        return self.phrasing in HELD_OUT


def pair(question: Question, ranking: Sequence[str], corpus: Mapping[str, Document], *, number: int) -> Pair | None:
    """Return the pair of a question, with the phrasing whose turn it is; None where no passage suits.

    The passage stands in the head of the ranking and is not gold, or it is one of the gold passages of a comparison.
    """
    compares = "comparison" in question.kind and len(question.gold) > 1
    suiting = sorted(question.gold) if compares else [key for key in ranking[:HEAD] if key not in question.gold]
    named = ((key, topic_of(corpus[key])) for key in suiting if key in corpus and key in ranking)
    lost, topic = next(((key, topic) for key, topic in named if topic), ("", ""))
    if not lost:
        return None
    phrasing = list(PHRASINGS)[number % len(PHRASINGS)]
    return Pair(question.text, told(question.text, topic, phrasing), topic, lost, question.gold - {lost}, phrasing)


def told(question: str, topic: str, phrasing: str) -> str:
    """Return a question with the instruction to leave a topic out."""
    mark = question if question.rstrip()[-1:] in "?.!" else f"{question}?"
    lower = mark[:1].lower() + mark[1:]
    return PHRASINGS[phrasing].format(question=mark, open=mark.rstrip("?.! "), lower=lower, topic=topic)


def topic_of(document: Document) -> str:
    """Return what a passage is about: its title, or what its first sentence begins with."""
    if document.title:
        return _BRACKETS.sub("", document.title)
    opening = _OPENING.match(document.text)
    return re.split(r"\s*[(,]", opening.group(1))[0] if opening else ""


def held(topic: str, document: Document) -> bool:
    """Say whether a passage holds every word of a topic, as a hard filter would ask."""
    text = set(_WORD.findall(f"{document.title} {document.text}".lower()))
    return set(_WORD.findall(topic.lower())) <= text


def moved(before: Sequence[str], after: Sequence[str], lost: str) -> float:
    """Return p-MRR's term for one passage that loses its relevance, from -1 to 1, 1 if it fell as far as can be.

    A passage that is in no ranking has the rank after the last one. Weller et al., FollowIR, arXiv 2403.15246. Passages
    that gain relevance must not be put in: their sign is the opposite.
    """
    old, new = (ranking.index(lost) + 1 if lost in ranking else len(ranking) + 1 for ranking in (before, after))
    return new / old - 1 if old >= new else 1 - old / new
