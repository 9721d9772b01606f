"""The extractive answer: the sentences of the passages that hold it and lead to it, or none.

Trained units say which sentences these are and how probable it is that they hold the answer (`weighing.py`). They are
told in the order in which the passages were found from each other; of a comparison of dates the side comes first that
the dates speak for.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..retrieval.query.candidates import Asked
from ..retrieval.query.wanted import Wanted
from ..retrieval.rerank.role import Ranked
from ..retrieval.working import Working
from . import decide
from .quotable import Piece, Quotable
from .support import Sentence
from .weighing import choose, load

#: The probabilities, that the passages are about what is asked and that the sentences hold the answer, below which
#: nothing is quoted.
OURS = 0.4
RIGHT = 0.15
#: The sufficiency, where it is estimated, below which nothing is quoted either.
LEAST = 0.5
#: The cosine from which on passages are about a question none of whose words they hold, as in scripts without spaces:
#: there is hardly anything else to go by.
ALIKE = 0.5


def extract(ranked: Sequence[Ranked], run: Working, sufficiency: float | None = None) -> list[Sentence]:
    """Return the sentences that answer best, three at most, or none where they probably do not.

    `ranked` are the passages that the answer may cite, best first; a `Sentence` counts them from 1.
    """
    doubted = sufficiency is not None and sufficiency < LEAST
    if doubted or not ranked or any(run.known(item["id"]) is None for item in ranked):
        return []
    quotable = Quotable.of(ranked, run, Asked.of(run.question, run))
    units, sight = load(), quotable.sight(sufficiency)
    scores = units.scores(sight)
    chosen = choose(scores, sight.places)
    right, ours = units.chances(sight, scores, chosen)
    known = any(quotable.covered)
    if not chosen or (known and (ours < OURS or right < RIGHT)) or (not known and max(sight.cosines) < ALIKE):
        return []
    told = _in_order([quotable.pieces[row] for row in chosen], quotable, run.question)
    return [Sentence(piece.text, piece.passage + 1) for piece in told]


def _in_order(pieces: Sequence[Piece], quotable: Quotable, question: str) -> list[Piece]:
    """Return sentences by passage, those first that led to the others, then the better ones, each as its text goes."""
    depths = [len(item["path"]) for item in quotable.ranked]
    places = sorted({piece.passage for piece in pieces}, key=lambda place: (depths[place], place))
    told = sorted(pieces, key=lambda piece: piece.number)
    sides = [[piece for piece in told if piece.passage == place] for place in places]
    if quotable.asked.kind in (Wanted.CHOICE, Wanted.POLAR):
        sides = _decided(sides, question)
    return [piece for side in sides for piece in side]


def _decided(sides: Sequence[list[Piece]], question: str) -> list[list[Piece]]:
    """Return the sides of a comparison that have dates in the order that the question asks for, before the others."""
    years = [next((year for piece in side if (year := decide.year(piece.text, question))), None) for side in sides]
    dated = [place for place, year in enumerate(years) if year is not None]
    if len(dated) < 2:
        return list(sides)
    order = [dated[place] for place in decide.order([years[place] for place in dated], question)]
    return [sides[place] for place in [*order, *(place for place in range(len(sides)) if place not in dated)]]
