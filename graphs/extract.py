"""The extractive answer: the sentences of the passages that carry the chain from the question to its answer.

The path in the ranking says which passages belong together. Of the bridge the sentence that names the next passage is
quoted; of the passage it leads to, the sentences nearest to what the bridge has left of the question: in "Who is the
mother of the director of film X" the bridge settles X, film and director, so that "who mother" is left to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..retrieval.rerank.role import Ranked
from ..retrieval.sentences import sentences
from ..retrieval.types import Passage
from ..retrieval.words import STOP, content_words, fold, name_key, word_key
from ..retrieval.working import Working
from .support import Sentence

#: Sentences of a passage that are looked at, and characters of each: what is asked for mostly stands early, and each
#: costs milliseconds to embed.
HEAD = 7
LONGEST = 200
#: A passage is quoted if it scores at least this share of the best, a second sentence of it likewise.
STRONG = 0.6
SECOND = 0.75
# A passage answers nothing if its cosine with the question and this weight of the question's words that it holds, by
# rarity, stay below: questions whose answer is elsewhere reached 0.5, those whose answer is here began at 0.6.
WORDS = 0.3
ALIKE = 0.5
# What the first sentence of a passage, and a year where a date is asked for, are worth in cosine.
FIRST = 0.1
DATED = 0.2
NEAR = 4

_WORD = re.compile(r"[^\W_]+")
_ASKS_DATE = re.compile(r"\b(when|date|birthday|year|old|older|younger|earlier|later|first|last|recently)\b")
_DATE = re.compile(r"\b\d{3,4}\b")
_ASKING = frozenset({"who", "whom", "whose", "where", "when", "why", "which", "how"})


@dataclass(frozen=True, slots=True)
class Link:
    """A passage to quote and the bridge that names it; places count `ranked` from 0.

    The bridge is quoted too if it has a place there.
    """

    target: int
    bridge: Passage | None = None
    place: int | None = None
    name: str = ""


def extract(ranked: Sequence[Ranked], run: Working) -> list[Sentence]:
    """Return the one to four sentences that answer best, none where the passages have nothing to do with the question.

    `ranked` are the passages that the answer may cite, best first; a `Sentence` counts them from 1.
    """
    known = [run.known(item["id"]) for item in ranked]
    passages = [one.passage for one in known if one is not None]
    if len(passages) < len(ranked) or not passages:
        return []
    if all(one.cosine + WORDS * run.covered(one.words) < ALIKE for one in known if one is not None):
        return []
    links = chain(ranked, passages, run)
    ends = [passages[link.target] for link in links] + [link.bridge for link in links if link.bridge]
    settled = {key for passage in ends for key in _keys(passage.title)}
    quoted: list[Sentence] = []
    for link in links:
        quoted += _quotes(link, passages[link.target], settled, run, most=2 if len(links) == 1 else 1)
    return list(dict.fromkeys(quoted))


def chain(ranked: Sequence[Ranked], passages: Sequence[Passage], run: Working) -> list[Link]:
    """Return what to quote: the best link, or one for each of two things that the question names and compares."""
    floor = STRONG * ranked[0]["score"]
    links = _links(ranked, passages, run)
    named: dict[str, int] = {}
    for place, item in enumerate(ranked):
        if item["via"] == "named" and item["score"] >= floor:
            named.setdefault(item["name"], place)
    if len(named) > 1:
        compared = list(named.values())[:2]
        onward = [next((link for link in links if link.place == place), None) for place in compared]
        return [link for link in onward if link] if all(onward) else [Link(place) for place in compared]
    if links:
        return links[:1]
    return [Link(place) for place, item in enumerate(ranked) if item["score"] >= floor][:2]


def _links(ranked: Sequence[Ranked], passages: Sequence[Passage], run: Working) -> list[Link]:
    """Return the links of the ranking, best first: by the target's score and the question's words around its name."""
    places = {item["id"]: place for place, item in enumerate(ranked)}
    asked = f" {name_key(run.question)} "
    found: list[tuple[float, int, Link]] = []
    for place, item in enumerate(ranked):
        bridge = run.known(item["path"][-1]) if item["path"] else None
        if bridge is None or f" {name_key(passages[place].title)} " in asked:
            continue
        value = item["score"] * (1 + _around(bridge.passage, item["name"], run))
        link = Link(place, bridge.passage, places.get(bridge.passage.id), item["name"])
        found.append((-value, place, link))
    return [link for _, _, link in sorted(found, key=lambda entry: entry[:2])]


def _around(bridge: Passage, name: str, run: Working) -> float:
    """Return the share, by rarity, of the question's words that stand right beside a name in a bridge."""
    words, wanted = name_key(bridge.text).split(), name.split()
    title = _keys(bridge.title)
    for start in range(len(words) - len(wanted) + 1):
        if words[start : start + len(wanted)] == wanted:
            beside = words[max(0, start - NEAR) : start] + words[start + len(wanted) : start + len(wanted) + NEAR]
            return run.covered(frozenset(map(word_key, beside)) - title)
    return 0.0


def _quotes(link: Link, target: Passage, settled: set[str], run: Working, *, most: int) -> list[Sentence]:
    """Return the bridge's sentence, if the bridge may be cited, and the best one or two of the target."""
    quoted: list[Sentence] = []
    if link.bridge is not None:
        text = _naming(link.bridge.text, link.name, run)
        settled = settled | _keys(text)
        if link.place is not None:
            quoted.append(Sentence(text, link.place + 1))
    texts = sentences(target.text)[:HEAD]
    return quoted + [Sentence(texts[place], link.target + 1) for place in _nearest(texts, settled, run, most)]


def _naming(text: str, name: str, run: Working) -> str:
    """Return the sentence that holds a name and the most of the question's words."""
    pieces = sentences(text)
    holding = [piece for piece in pieces if f" {name} " in f" {name_key(piece)} "]
    return max(holding or pieces, key=lambda piece: run.covered(frozenset(_keys(piece))))


def _nearest(texts: Sequence[str], settled: set[str], run: Working, most: int) -> list[int]:
    """Return the places of the best sentence and of a second one that is nearly as good, in the order of the text."""
    if not texts:
        return []
    vectors = run.retriever.embedder.embed(
        [_left(run.question, settled) or run.question, *(text[:LONGEST] for text in texts)]
    )
    worth = vectors[1:] @ vectors[0]
    worth[0] += FIRST
    if _ASKS_DATE.search(fold(run.question)):
        worth += np.array([DATED if _DATE.search(text) else 0.0 for text in texts], worth.dtype)
    best, *others = (int(place) for place in np.argsort(-worth, kind="stable"))
    second = [place for place in others[: most - 1] if worth[place] >= SECOND * worth[best] > 0]
    return sorted([best, *second])


def _left(question: str, settled: Iterable[str]) -> str:
    """Return the words of the question that still ask something."""
    done = set(settled)
    words = [word for word in _WORD.findall(question) if fold(word) in _ASKING or fold(word) not in STOP]
    return " ".join(word for word in words if word_key(fold(word)) not in done)


def _keys(text: str) -> set[str]:
    return {word_key(word) for word in content_words(text)}
