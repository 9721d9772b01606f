"""The sentences that explain an answer: the likeliest one, those that lead to it from the question, and what is near.

In "Who is the mother of the director of film X" the likeliest sentence says whose child somebody is; before it stands
the one of film X that names that somebody. Of a comparison both sides are told, with the dates where it is of dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...core.types import Numbers
from ...core.words import name_key, word_key
from ...retrieval.query.short_answers import AnswerType, QuestionWords, candidates
from ...retrieval.rerank.reader import HOLDS
from . import decide
from .quotable import NAMES, Piece, Quotable, Sight
from .scorer import MOST

_SUITS = NAMES.index("suits")


@dataclass(frozen=True, slots=True)
class Rules:
    """What makes a sentence worth telling beside its logit of holding the answer.

    These were chosen on development questions; the step `rules` of `polyhop.training.answer` chooses on training ones.

    Args:
        onward: logits that a sentence gains of a passage that the question does not name but one that it names leads
            to: the units like sentences that say much of the question, which the first hop does.
        beside: what it gains besides by the share of the question's words that stand beside the passage's name there.
        alone: what it gains by how well it suits the question where no passage leads to another: there is but one hop.
        gap: logits that a further sentence may stay behind the best.
        sure: the probability that the answer is right from which on no third passage is told of, nor a second for its
            own sake.
        unsure: the one below which there are as many sentences as may be.
    """

    onward: float = 1.0
    beside: float = 2.0
    alone: float = 2.0
    gap: float = 1.25
    sure: float = 0.9
    unsure: float = 0.6


RULES = Rules()


@dataclass(frozen=True, slots=True, eq=False)
class Explainer:
    """What may be quoted, how much each sentence is worth, and how probable it is that the best hold the answer.

    `logits` are those of holding the answer, `worth` is these with what a sentence gains by its hop. `roots` are the
    places of the passages that the question names, or of the first if it names none.
    """

    quotable: Quotable
    logits: Mapping[Piece, float]
    worth: Mapping[Piece, float]
    roots: frozenset[int]
    right: float
    question: str
    rules: Rules

    @classmethod
    def of(
        cls, quotable: Quotable, sight: Sight, scores: Numbers, *, right: float, question: str, rules: Rules = RULES
    ) -> Explainer:
        """Return the explainer of sentences with these logits of holding the answer."""
        places = range(len(quotable.ranked))
        roots = frozenset(place for place in places if quotable.called(place))
        roots = roots or frozenset(place for place in places[:1] if not quotable.ranked[place]["path"])
        onto = frozenset(place for place in places if place not in roots and _is_led_to(place, roots, quotable))
        gains = [
            (rules.onward + rules.beside * quotable.ways[place][0]) * (place in onto)
            if onto
            else rules.alone * row[_SUITS]
            for place, row in zip(sight.places, sight.rows, strict=True)
        ]
        logits = dict(zip(quotable.pieces, scores.round(9).tolist(), strict=True))
        worth = {piece: logit + float(gain) for (piece, logit), gain in zip(logits.items(), gains, strict=True)}
        return cls(quotable, logits, worth, roots, right, question, rules)

    def told(self) -> list[Piece]:
        """Return one to three sentences, in the order in which they lead to each other."""
        sides = self._sides()
        if sides:
            return _decided(sides, self.question)
        told = self._led(self._best(self.quotable.pieces))
        while len(told) < MOST and (further := self._further(told)):
            told = _in_order([*told, *self._led(further)[len(told) - MOST :]])
        return told

    def _best(self, pieces: Sequence[Piece]) -> Piece:
        return max(pieces, key=lambda piece: self.worth[piece])

    def _led(self, piece: Piece) -> list[Piece]:
        """Return a sentence behind those that lead to it."""
        led = [piece]
        while len(led) < MOST and (before := self._before(led)):
            led.insert(0, before)
        return led

    def _before(self, led: Sequence[Piece]) -> Piece | None:
        """Return the sentence of another passage that leads to the first one's, None where the question does.

        A link from a passage that the question names is surer than its title there, a link from another passage, or
        any name that both have.
        """
        first, seen = led[0], {piece.passage for piece in led}
        if first.passage in self.roots:
            return None
        others = [piece for piece in self.quotable.pieces if piece.passage not in seen]
        asked = [piece for piece in others if piece.passage in self.roots]
        title = self.quotable.titles[first.passage]
        linking = [piece for piece in others if _links(piece, first.passage, self.quotable)]
        ways = (
            [piece for piece in linking if piece.passage in self.roots],
            [piece for piece in asked if _titled(title, [piece])],
            linking,
            [piece for piece in asked if any(_says(first, name) for name in _names(piece, self.quotable.asked))],
        )
        return next((self._fullest(way) for way in ways if way), None)

    def _fullest(self, pieces: Sequence[Piece]) -> Piece:
        """Return the sentence that says most of the question."""
        return max(pieces, key=lambda piece: self.quotable.share(piece.covers))

    def _further(self, told: Sequence[Piece]) -> Piece | None:
        """Return the next best sentence where it is nearly as good as the best, or an alternative to an unsure one.

        That is of another passage, or else one that the reader finds likelier.
        """
        places = {piece.passage for piece in told}
        left = [piece for piece in self.quotable.pieces if piece not in told and self._belongs(piece, told)]
        least = max(self.worth[one] for one in told) - self.rules.gap
        settled = self.right >= self.rules.sure
        near = [piece for piece in left if self.worth[piece] >= least and not (settled and piece.passage not in places)]
        if near:
            return self._best(near)
        if self.right < (self.rules.unsure if len(places) > 1 else self.rules.sure):
            others = [piece for piece in left if len(places) > 1 or piece.passage not in places]
            likelier = [piece for piece in left if piece.read[HOLDS] > max(one.read[HOLDS] for one in told)]
            return max(others or likelier, key=lambda piece: self.worth[piece], default=None)
        return None

    def _belongs(self, piece: Piece, told: Sequence[Piece]) -> bool:
        """Say whether the question names a sentence's passage, or a link, a title or a name joins it to these."""
        if piece.passage in self.roots:
            return True
        title, names = self.quotable.titles[piece.passage], _names(piece, self.quotable.asked)
        return any(
            one.passage == piece.passage
            or self._joined(piece.passage, one.passage)
            or any(_says(one, name) for name in names)
            or _titled(self.quotable.titles[one.passage], [piece])
            or _titled(title, self.quotable.of_passage(one.passage))
            for one in told
        )

    def _joined(self, one: int, other: int) -> bool:
        """Say whether the path to one of two passages leads over the other."""
        ranked = self.quotable.ranked
        return ranked[one]["id"] in ranked[other]["path"] or ranked[other]["id"] in ranked[one]["path"]

    def _sides(self) -> list[list[Piece]]:
        """Return what is told of each of two things that the question names to compare them, or nothing."""
        if self.quotable.asked.kind not in (AnswerType.CHOICE, AnswerType.POLAR):
            return []
        places = self._compared()
        if len(places) < 2:
            return []
        onward = [self._onward(place) for place in places]
        return onward if all(onward) else [self._own(place) for place in places]

    def _compared(self) -> list[int]:
        """Return the places of the last two things that the question names, in its order; longer names go first."""
        called = {place: name for place in self.roots if (name := self.quotable.called(place))}
        left, found = self.quotable.asked.key, list[tuple[int, int]]()
        for place, name in sorted(called.items(), key=lambda one: (-len(one[1]), one[0])):
            at = left.find(f" {name} ")
            if at >= 0 and self.quotable.of_passage(place):
                found.append((at, place))
                left = left.replace(f" {name} ", f" {'-' * len(name)} ")
        return [place for _, place in sorted(found)][-2:]

    def _onward(self, place: int) -> list[Piece]:
        """Return the sentence of a side that leads on to what the question asks of it, and the one that decides there.

        For a choice the first word does not count, the kind of the things: "which film".
        """
        quotable, least = self.quotable, 0.0
        if quotable.asked.kind is AnswerType.CHOICE:
            least = quotable.share(frozenset(list(quotable.asked.weights)[:1])) + 1e-6
        best = sorted(
            (-quotable.standing(target) * (1 + quotable.ways[target][0]), target)
            for target in range(len(quotable.ranked))
            if quotable.ways[target][0] > least and quotable.of_passage(target)
        )
        for _, target in best:
            naming = [piece for piece in quotable.of_passage(place) if _links(piece, target, quotable)]
            if naming:
                return [self._fullest(naming), self._deciding(target)]
        return []

    def _own(self, place: int) -> list[Piece]:
        """Return the sentence of a side that decides, behind one that names the side where that does not."""
        deciding, name = self._deciding(place), self.quotable.called(place)
        naming = [piece for piece in self.quotable.of_passage(place) if _says(piece, name)]
        return [deciding] if deciding in naming or not naming else [self._fullest(naming), deciding]

    def _deciding(self, place: int) -> Piece:
        """Return the best sentence of a passage, the first with a date where dates are compared."""
        pieces = self.quotable.of_passage(place)
        dated = [piece for piece in pieces if decide.year(piece.text, self.question) is not None]
        return dated[0] if dated and decide.compares_dates(self.question) else self._best(pieces)


def _is_led_to(place: int, roots: frozenset[int], quotable: Quotable) -> bool:
    """Say whether a root names a passage, by a link or by its title."""
    pieces = [piece for piece in quotable.pieces if piece.passage in roots]
    return any(_links(piece, place, quotable) for piece in pieces) or _titled(quotable.titles[place], pieces)


def _titled(title: frozenset[str], pieces: Sequence[Piece]) -> bool:
    """Say whether a sentence has all words of a title, as a name."""
    return any(title <= piece.keys and not title.isdisjoint(piece.names) for piece in pieces)


def _names(piece: Piece, asked: QuestionWords) -> frozenset[str]:
    """Return the keys of what a sentence names and the question does not, without names that serve as adjectives."""
    found = candidates(piece.text, replace(asked, kind=AnswerType.CHOICE), frozenset())
    return frozenset(name_key(one.text) for one in found if one.fit > 0 and not asked.says(one.text))


def _links(piece: Piece, place: int, quotable: Quotable) -> bool:
    """Say whether a sentence has the proper name of a passage to which a link leads from its own."""
    path, name = quotable.ranked[place]["path"], quotable.ranked[place]["name"]
    here = bool(path) and path[-1] == quotable.ranked[piece.passage]["id"]
    return here and _says(piece, name) and not piece.names.isdisjoint(map(word_key, name.split()))


def _says(piece: Piece, name: str) -> bool:
    return f" {name} " in f" {name_key(piece.text)} "


def _in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """Return sentences, each once, with those of each passage together, as its text goes."""
    places = list(dict.fromkeys(piece.passage for piece in pieces))
    return sorted(dict.fromkeys(pieces), key=lambda piece: (places.index(piece.passage), piece.number))


def _decided(sides: Sequence[list[Piece]], question: str) -> list[Piece]:
    """Return the sides of a comparison, the one that its dates speak for first, of the others what is compared."""
    years = [decide.year(side[-1].text, question) for side in sides]
    first, *others = (sides[place] for place in decide.order(years, question))
    return [*first, *(side[-1] for side in others)]
