"""The extractive answer: the sentences of the passages that carry the chain from the question to its answer.

The path in the ranking says which passages belong together. Of the bridge the sentence that names the next passage is
quoted; of the passage it leads to, the sentences nearest to what the bridge has left of the question: in "Who is the
mother of the director of film X" the bridge settles X, film and director, so that "who mother" is left to ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..retrieval.query.candidates import Asked
from ..retrieval.query.short import fits
from ..retrieval.query.wanted import Wanted, wanted
from ..retrieval.rerank.role import Ranked
from ..retrieval.sentences import sentences
from ..retrieval.types import Passage
from ..retrieval.words import STOP, content_words, fold, name_key, word_key
from ..retrieval.working import Working
from . import decide
from .data import orders
from .support import Sentence

#: Sentences of a passage that are looked at, and characters of each: what is asked for mostly stands early, and each
#: costs milliseconds to embed.
HEAD = 7
LONGEST = 200
#: Sentences that are shown at most.
MOST = 3
#: A passage is quoted if it scores at least this share of the best, a second sentence of it likewise.
STRONG = 0.6
SECOND = 0.75
# A passage answers nothing if its cosine with the question and this weight of the question's words that it holds, by
# rarity, stay below: questions whose answer is elsewhere reached 0.5, those whose answer is here began at 0.6.
WORDS = 0.3
ALIKE = 0.5
# What the first sentence of a passage, and the best candidate for the answer, are worth in cosine.
FIRST = 0.1
SUITS = 0.3
# What a sentence that has the passage's name is worth where the question offers a choice of names.
CALLED = 0.2
NEAR = 4

_TAIL = re.compile(r"\s*\([^)]*\)$")
_WORD = re.compile(r"[^\W_]+")
_ASKING = frozenset({"who", "whom", "whose", "where", "when", "why", "which", "how"})


@dataclass(frozen=True, slots=True)
class _View:
    """The run, what is known of its question, and the word keys that need no answer any more."""

    run: Working
    asked: Asked
    settled: frozenset[str]

    @classmethod
    def of(cls, run: Working, settled: frozenset[str]) -> _View:
        """Return the view of a run's question."""
        asked = Asked.of(run.question, run)
        if asked.kind in (Wanted.CHOICE, Wanted.POLAR) and decide.compares_dates(run.question):
            asked = replace(asked, kind=Wanted.DATE)
        return cls(run, asked, settled)


@dataclass(frozen=True, slots=True)
class Link:
    """A passage to quote and the bridge that names it; places count `ranked` from 0.

    The bridge is quoted too if it has a place there.
    """

    target: int
    bridge: Passage | None = None
    place: int | None = None
    name: str = ""


def extract(ranked: Sequence[Ranked], run: Working, *, sure: bool = False) -> list[Sentence]:
    """Return the one to three sentences that answer best, none where the passages have nothing to do with the question.

    `ranked` are the passages that the answer may cite, best first; a `Sentence` counts them from 1. With `sure`
    somebody who knows better says that they have to do with it.
    """
    known = [run.known(item["id"]) for item in ranked]
    passages = [one.passage for one in known if one is not None]
    if len(passages) < len(ranked) or not passages:
        return []
    if not sure and all(one.cosine + WORDS * run.covered(one.words) < ALIKE for one in known if one is not None):
        return []
    links = chain(ranked, passages, run)
    ends = [passages[link.target] for link in links] + [link.bridge for link in links if link.bridge]
    view = _View.of(run, frozenset(key for passage in ends for key in _keys(passage.title)))
    quoted = [_quotes(link, passages[link.target], view, most=MOST if len(links) == 1 else 1) for link in links]
    if len(quoted) > 1:
        quoted = _decided(quoted, view)
    return list(dict.fromkeys(one for quotes in quoted for one in quotes))[:MOST]


def _decided(sides: Sequence[list[Sentence]], view: _View) -> list[list[Sentence]]:
    """Return the sides of a comparison, the one that its dates speak for first, then what is compared of the others."""
    firsts = [decide.year(side[-1].text, view.run.question) for side in sides]
    order = decide.order(firsts, view.run.question)
    first, *others = (sides[place] for place in order)
    return [first, *([side[-1]] for side in others)]


def chain(ranked: Sequence[Ranked], passages: Sequence[Passage], run: Working) -> list[Link]:
    """Return what to quote: the best link, or one for each of two things that the question names and compares."""
    floor = STRONG * ranked[0]["score"]
    links = _links(ranked, passages, run)
    compared = _compared(ranked, passages, run)
    if len(compared) > 1:
        asked = [link for link in links if link.bridge and _around(link.bridge, link.name, run) > 0]
        onward = [next((link for link in asked if link.place == place), None) for place in compared]
        if all(onward):
            return [link for link in onward if link]
        return [Link(place) for place in compared]
    if wanted(run.question) is Wanted.CHOICE:
        links = [link for link in links if link.bridge and _around(link.bridge, link.name, run) > 0]
    if links:
        return links[:1]
    return [Link(place) for place, item in enumerate(ranked) if item["score"] >= floor][:2]


def _compared(ranked: Sequence[Ranked], passages: Sequence[Passage], run: Working) -> list[int]:
    """Return the places of two passages that the question names, in its order where it offers a choice.

    For a choice the titles count, however low the passage; otherwise what was found by its name and is near the best.
    """
    if wanted(run.question) is Wanted.CHOICE:
        asked = f" {name_key(run.question)} "
        stands = [(asked.find(f" {name_key(_bare(passage.title))} "), -len(passage.title)) for passage in passages]
        first = {at: place for place, (at, _) in sorted(enumerate(stands), key=lambda one: one[1][1]) if at >= 0}
        if len(first) > 1:
            return [first[at] for at in sorted(first)][-2:]
    floor = STRONG * ranked[0]["score"]
    named: dict[str, int] = {}
    for place, item in enumerate(ranked):
        if item["via"] == "named" and item["score"] >= floor:
            named.setdefault(item["name"], place)
    return list(named.values())[:2]


def _bare(title: str) -> str:
    """Return a title without what tells it from others of the same name."""
    return _TAIL.sub("", title)


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


def _quotes(link: Link, target: Passage, view: _View, *, most: int) -> list[Sentence]:
    """Return the bridge's sentence, if the bridge may be cited, and the best ones of the target, `most` in all."""
    quoted: list[Sentence] = []
    if link.bridge is not None:
        text = _naming(link.bridge.text, link.name, view.run)
        view = replace(view, settled=view.settled | _keys(text))
        if link.place is not None:
            quoted.append(Sentence(text, link.place + 1))
    texts = _sayings(target.text)[:HEAD]
    places = _best(texts, target.title, view, max(1, most - len(quoted)))
    return quoted + [Sentence(texts[place], link.target + 1) for place in places]


def _sayings(text: str) -> list[str]:
    """Return the sentences of a passage that say something: no headings, and no orders to a model."""
    return [piece for piece in sentences(text) if not piece.startswith("#") and not orders(piece)]


def _naming(text: str, name: str, run: Working) -> str:
    """Return the sentence that holds a name and the most of the question's words."""
    pieces = _sayings(text) or [text]
    holding = [piece for piece in pieces if f" {name} " in f" {name_key(piece)} "]
    return max(holding or pieces, key=lambda piece: run.covered(frozenset(_keys(piece))))


def _best(texts: Sequence[str], title: str, view: _View, most: int) -> list[int]:
    """Return the places of the best sentences, those nearly as good as the best, in the order of the text."""
    if not texts:
        return []
    run = view.run
    rest = _left(run.question, view.settled) or run.question
    vectors = run.retriever.embedder.embed([rest, *(text[:LONGEST] for text in texts)])
    worth = vectors[1:] @ vectors[0]
    worth[0] += FIRST
    if wanted(run.question) is Wanted.CHOICE:
        worth += np.array([CALLED if _keys(title) & _keys(text) else 0.0 for text in texts], worth.dtype)
    worth += np.array([SUITS * fits(view.asked, text, title, view.settled) for text in texts], worth.dtype)
    order = [int(place) for place in np.argsort(-worth, kind="stable")]
    good = [place for place in order if worth[place] >= SECOND * worth[order[0]]]
    return sorted(good[:most] or order[:1])


def _left(question: str, settled: Iterable[str]) -> str:
    """Return the words of the question that still ask something."""
    done = set(settled)
    words = [word for word in _WORD.findall(question) if fold(word) in _ASKING or fold(word) not in STOP]
    return " ".join(word for word in words if word_key(fold(word)) not in done)


def _keys(text: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in content_words(text))
