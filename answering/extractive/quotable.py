"""The sentences that may be quoted for a question, and what is known of each before any is chosen.

A question of several hops is answered where a sentence says what others leave open and shares a name with them: of
"who is the harbour master on the island where Keldra is located" one passage says Morvane, and another, to which no
link leads, names Morvane too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...core.types import Numbers, Passage, Vectors
from ...core.words import STOP, WORD, content_words, fold, is_capital, name_key, word_key
from ...retrieval.candidate import Candidate
from ...retrieval.query.short_answers import AnswerType, QuestionWords, evoked, fits
from ...retrieval.rerank.reader import ANSWER, HOLDS, OUTPUTS, SUPPORTS, ReaderPage, reader
from ...retrieval.run import LoadedPassage, Run
from ...store.names import Kind
from .statements import Statement, statements

#: Passages that are looked at, sentences of each that are read, and those of them that are weighed.
PASSAGES = 5
READ, HEAD = 60, 10
#: Words beside a name in which the question's are looked for.
NEAR = 4
#: What is known of a sentence, in this order. Shares are of the question's words, by rarity.
NAMES = (
    "share",
    "share with title",
    "share of passage",
    "spread",
    "alone",
    "fit",
    "near",
    "near left",
    "fit and near",
    "fit and near left",
    "suits",
    "linked",
    "linked by title",
    "follows",
    "leads",
    "leads on",
    "place",
    "score",
    "cosine",
    "first",
    "number",
    "length",
    "path",
    "beside",
    "asked bridge",
    "named",
    "asked title",
    "asked title of a choice",
    "called",
    "new names",
    "digits",
    "digits wanted",
    "read",
    "read of all",
    "read to lead",
    "read as answer",
)
#: the least logarithm of a share
_LEAST = -8.0
#: the least share of a question that a statement covers, and that it lacks, where nobody reads it
_LITTLE = 0.02
_TAIL = re.compile(r"\s*\([^)]*\)$")
_DIGIT = re.compile(r"\d")
_NUMBERED = re.compile(r"\b([^\W\d_]{2,})[ -](\d[\d.,]*\b)")
_COUNTED = frozenset({AnswerType.DATE, AnswerType.NUMBER})
_CHOSEN = frozenset({AnswerType.CHOICE, AnswerType.POLAR})
_WHOLE = frozenset({Kind.TITLE, Kind.LEAD})
_Share = Callable[[frozenset[str]], float]


class Piece(NamedTuple):
    """A statement as it is told, the place of its passage and its own, both from 0, and its words.

    `names` are its words with a capital that the question lacks, `covers` the question's words that it says or that
    what it says looks like, `titled` those and the passage's title's. `read` are the reader's logits.
    """

    text: str
    passage: int
    number: int
    keys: frozenset[str]
    names: frozenset[str]
    covers: frozenset[str]
    titled: frozenset[str]
    said: Statement
    read: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The sentences as numbers: the kind of answer, a row of features and the passage of each, and of the ranking.

    `cosines` are the passages' with the question, and `sufficiency` is None where nobody estimates it.
    """

    kind: str
    rows: Numbers
    places: Sequence[int]
    cosines: Sequence[float]
    sufficiency: float | None = None


#: rerankers that come after the learned ranking and bring scores to another scale
_LATER = ("cross", "listwise", "reader")
#: logits behind the first passage beyond which it does not matter how many
_FAR_BEHIND = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Quotable:
    """The first sentences of the first passages of a ranking, and what they are judged by."""

    asked: QuestionWords
    ranked: Sequence[Candidate]
    known: Sequence[LoadedPassage]
    titles: Sequence[frozenset[str]]
    #: of each passage: the question's words beside its name where it was found, and whether the question names that
    ways: Sequence[tuple[float, float]]
    #: the question's words that each passage covers
    covered: Sequence[frozenset[str]]
    pieces: Sequence[Piece]

    @classmethod
    def of(cls, ranked: Sequence[Candidate], run: Run, asked: QuestionWords) -> Quotable:
        """Return what may be quoted of a ranking whose passages are all there."""
        items = [item for item in ranked[:PASSAGES] if run.known(item["id"]) is not None]
        known = [one for item in items if (one := run.known(item["id"])) is not None]
        titles = [keys_of(bare(one.passage.title)) for one in known]
        looks = {key: evoked(key) for key in asked.weights}
        ways = [_way(item, run, asked) for item in items]
        strange = others(run.question, [f"{one.passage.title}\n{one.passage.text}" for one in known])
        told = [[] if place in strange else statements(one.passage)[:READ] for place, one in enumerate(known)]
        if run.config.reader:
            read = read_statements(run.question, told)
        else:
            total = sum(asked.weights.values()) or 1.0
            shares = {key: weight / total for key, weight in asked.weights.items()}
            read = [_unread(own, looks, shares) for own in told]
        pieces: dict[str, Piece] = {}
        for place, (own, logits) in enumerate(zip(told, read, strict=True)):
            covers = _covers(looks, titles[place])
            for number in sorted(_likeliest(logits)):
                piece = _piece(own[number], (place, number), logits[number], heading=covers, looks=looks)
                pieces.setdefault(piece.text, piece)
        covered = [_covers(looks, one.words) for one in known]
        return cls(asked, items, known, titles, ways, covered, list(pieces.values()))

    @property
    def scores(self) -> list[float]:
        """Return the logits of the learned ranking, which the units know, whatever other rerankers made of them."""
        return [item["score"] - sum(item.get("parts", {}).get(name, 0.0) for name in _LATER) for item in self.ranked]

    def standing(self, place: int) -> float:
        """Return how likely a passage is needed beside the first one."""
        return math.exp(min(0.0, self.scores[place] - self.scores[0]))

    def sight(self, sufficiency: float | None = None) -> Sight:
        """Return all of it as numbers."""
        total = sum(self.asked.weights.values()) or 1.0
        holders = {key: max(1, sum(key in words for words in self.covered)) for key in self.asked.weights}

        def share(keys: frozenset[str]) -> float:
            return sum(self.asked.weights[key] for key in sorted(keys)) / total

        spread = {key: weight / holders[key] / total for key, weight in self.asked.weights.items()}
        nothing = np.logaddexp.reduce([0.0, *(piece.read[HOLDS] for piece in self.pieces)])
        rows = [
            [*self._says(piece, share, spread), *self._stands(piece), *_reads(piece, nothing)] for piece in self.pieces
        ]
        return Sight(
            kind=self.asked.kind.value,
            rows=np.array(rows, np.float64).reshape(len(rows), len(NAMES)),
            places=[piece.passage for piece in self.pieces],
            cosines=[one.cosine for one in self.known],
            sufficiency=sufficiency,
        )

    def share(self, keys: frozenset[str]) -> float:
        """Return the share of the question's words, by rarity, that some of them are."""
        total = sum(self.asked.weights.values()) or 1.0
        return sum(self.asked.weights[key] for key in sorted(keys)) / total

    def of_passage(self, place: int) -> list[Piece]:
        """Return the sentences of a passage."""
        return [piece for piece in self.pieces if piece.passage == place]

    def place(self, passage: str) -> int | None:
        """Return the place of a passage, None where it is not among them."""
        return next((place for place, item in enumerate(self.ranked) if item["id"] == passage), None)

    def called(self, place: int) -> str:
        """Return the name key by which the question names a passage, empty where it does not."""
        own = [name for name, kind in self.known[place].names().items() if kind in _WHOLE and self.asked.says(name)]
        item = self.ranked[place]
        return max(own, key=len, default=item["name"] if item["via"] == "named" else "")

    def _says(self, piece: Piece, share: _Share, spread: Mapping[str, float]) -> list[float]:
        """Return what a sentence says of the question, and what it has to do with the other passages."""
        title, own = self.titles[piece.passage], self.ranked[piece.passage]["id"]
        path = self.ranked[piece.passage]["path"]
        alone = frozenset(key for key in piece.titled if spread[key] == share(frozenset({key})))
        linked, by_title, settled = self._linked(piece, share)
        suits = fits(self.asked, piece.text, title, settled)
        bridges = [place for place, one in enumerate(self.known) if path and one.passage.id == path[-1]]
        leads = [self.ranked[place]["path"] for place in self._leads(piece)]
        return [
            share(piece.covers),
            share(piece.titled),
            share(self.covered[piece.passage]),
            sum(spread[key] for key in sorted(piece.titled)),
            share(alone),
            *suits,
            max(suits[3:]) * share(piece.titled),
            linked,
            by_title,
            max((share(self.covered[place] - piece.titled) for place in bridges), default=0.0),
            float(bool(leads)),
            float(any(way and way[-1] == own for way in leads)),
        ]

    def _stands(self, piece: Piece) -> list[float]:
        """Return where a sentence stands: its passage in the ranking, and itself in the passage."""
        item, one, title = self.ranked[piece.passage], self.known[piece.passage], self.titles[piece.passage]
        heading = bare(one.passage.title)
        named = bool(heading) and self.asked.says(heading)
        digits = bool(_DIGIT.search(piece.text))
        return [
            1 / (1 + piece.passage),
            max(-_FAR_BEHIND, self.scores[piece.passage] - self.scores[0]),
            one.cosine - max(other.cosine for other in self.known),
            float(piece.number == 0),
            1 / (1 + piece.number),
            math.log1p(len(piece.keys)),
            float(bool(item["path"])),
            *self.ways[piece.passage],
            float(item["via"] == "named"),
            float(named),
            float(named and self.asked.kind in _CHOSEN),
            float(not named and bool(title) and title <= piece.keys),
            math.log1p(len(piece.names)),
            float(digits),
            float(digits and self.asked.kind in _COUNTED),
        ]

    def _linked(self, piece: Piece, share: _Share) -> tuple[float, float, frozenset[str]]:
        """Return what sentences of other passages cover beside this one that share a name with it.

        That of the best, of the best that has this passage's title, and the words that the best settles.
        """
        title = self.titles[piece.passage]
        words = piece.keys | title
        best, by_title, settled = 0.0, 0.0, frozenset[str]()
        for other in self.pieces:
            names = other.names | (self.titles[other.passage] - self.asked.weights.keys())
            if other.passage == piece.passage or names.isdisjoint(words):
                continue
            value = share(other.titled - piece.titled)
            if value > best:
                best, settled = value, other.titled
            if title and title <= other.keys:
                by_title = max(by_title, value)
        return best, by_title, settled

    def _leads(self, piece: Piece) -> list[int]:
        """Return the other passages whose title a sentence has and the question has not."""
        return [
            place
            for place, title in enumerate(self.titles)
            if place != piece.passage and title and title <= piece.keys and not title <= self.asked.weights.keys()
        ]


def bare(title: str) -> str:
    """Return a title without what tells it from others of the same name."""
    return _TAIL.sub("", title)


def others(question: str, texts: Sequence[str]) -> frozenset[int]:
    """Return the places of texts that are of another thing of the kind that a question numbers.

    Of "house number 9" those are that speak of house number 7 alone, where another text does speak of number 9.
    """
    asked = _numbered(question)
    found = [_numbered(text) for text in texts]
    return frozenset(
        place
        for place, own in enumerate(found)
        for word, numbers in asked.items()
        if word in own and numbers.isdisjoint(own[word]) and any(numbers <= each.get(word, set()) for each in found)
    )


def _numbered(text: str) -> dict[str, set[str]]:
    """Return the numbers that stand right behind each content word."""
    found: dict[str, set[str]] = {}
    for word, number in _NUMBERED.findall(text):
        if (key := fold(word)) not in STOP:
            found.setdefault(word_key(key), set()).add(number)
    return found


def read_statements(question: str, told: Sequence[Sequence[Statement]]) -> list[Vectors]:
    """Return the reader's logits of each passage's statements, shape (statements, OUTPUTS).

    What stands under one heading is read as one page.
    """
    pages, places = list[ReaderPage](), list[tuple[int, list[int]]]()
    for passage, own in enumerate(told):
        under: dict[str, list[int]] = {}
        for number, one in enumerate(own):
            under.setdefault(one.heading, []).append(number)
        for heading, numbers in under.items():
            pages.append(ReaderPage(question, heading, [own[number].shown for number in numbers]))
            places.append((passage, numbers))
    found = [np.empty((len(own), OUTPUTS), np.float32) for own in told]
    for (passage, numbers), logits in zip(places, reader().logits(pages) if pages else [], strict=True):
        found[passage][numbers] = logits
    return found


def _unread(told: Sequence[Statement], looks: Mapping[str, frozenset[str]], shares: Mapping[str, float]) -> Vectors:
    """Return what stands for the reader's logits without one: the share of the question that a statement covers.

    What stands above it counts too, and nothing leads to an answer more than it holds one.
    """
    covers = [_covers(looks, keys_of(f"{one.heading} {one.shown}")) for one in told]
    found = np.array([sum(shares[key] for key in sorted(one)) for one in covers], np.float32).clip(_LITTLE, 1 - _LITTLE)
    return np.repeat(np.log(found / (1 - found))[:, None], OUTPUTS, axis=1)


def _likeliest(logits: Vectors) -> list[int]:
    """Return the places of the statements that most likely hold the answer or lead to it, `HEAD` at most."""
    best = np.maximum(logits[:, HOLDS], logits[:, SUPPORTS]).round(2)
    return [int(place) for place in np.argsort(-best, kind="stable")[:HEAD]]


def _reads(piece: Piece, nothing: float) -> list[float]:
    """Return what the reader says of a sentence; `nothing` is what all of them say together."""
    holds = piece.read[HOLDS]
    return [holds, max(_LEAST, holds - nothing), piece.read[SUPPORTS], piece.read[ANSWER]]


def _piece(
    one: Statement,
    place: tuple[int, int],
    logits: Vectors,
    *,
    heading: frozenset[str],
    looks: Mapping[str, frozenset[str]],
) -> Piece:
    keys = keys_of(one.shown)
    covers = _covers(looks, keys)
    names = frozenset(_capitals(one.shown) - looks.keys())
    read = tuple(round(float(logit), 3) for logit in logits)
    return Piece(one.shown, *place, keys, names, covers, covers | heading, one, read)


def _way(item: Candidate, run: Run, asked: QuestionWords) -> tuple[float, float]:
    bridge = run.known(item["path"][-1]) if item["path"] else None
    if bridge is None:
        return 0.0, 0.0
    return _beside(bridge.passage, item["name"], run), float(asked.says(bare(bridge.passage.title)))


def _beside(bridge: Passage, name: str, run: Run) -> float:
    """Return the share, by rarity, of the question's words that stand right beside a name in a bridge."""
    words, sought = name_key(bridge.text).split(), name.split()
    for start in range(len(words) - len(sought) + 1):
        end = start + len(sought)
        if words[start:end] == sought:
            beside = words[max(0, start - NEAR) : start] + words[end : end + NEAR]
            return run.covered(frozenset(map(word_key, beside)) - keys_of(bridge.title))
    return 0.0


def keys_of(text: str) -> frozenset[str]:
    """Return the keys of a text's content words."""
    return frozenset(word_key(word) for word in content_words(text))


def _covers(looks: Mapping[str, frozenset[str]], keys: frozenset[str]) -> frozenset[str]:
    return frozenset(key for key, look in looks.items() if not look.isdisjoint(keys))


def _capitals(text: str) -> frozenset[str]:
    words = (fold(match.group()) for match in WORD.finditer(text) if is_capital(match.group()))
    return frozenset(word_key(word) for word in words if word not in STOP)
