"""Why a passage is where it is, in words: the hop, the name that led there, and what its score is the sum of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .results import RankedPassage, Retrieval


def reasons(passage: RankedPassage) -> Iterator[str]:
    """Yield a line on how it was found, one on its score, and one on its duplicates if it has any."""
    yield _found(passage)
    if passage.parts:
        yield f"score {passage.score:.2f} = {_sum(passage.parts)}"
    if passage.duplicates:
        yield f"moved back, since they say nearly the same: {', '.join(step.title for step in passage.duplicates)}"


def assurance(retrieval: Retrieval) -> str:
    """Return how likely the first passages are all that is needed, and whether the ranking was looked at again."""
    again = "after a second look" if retrieval.looked_again else "without a second look"
    known = retrieval.sufficiency
    if known is None:
        return f"nobody estimates whether the passages suffice; {again}"
    return f"sufficient: {100 * known:.0f} %, that the first five passages hold all that the question needs; {again}"


def _found(passage: RankedPassage) -> str:
    """Return the search that found it, and what was followed: the words of the span, and where they stand."""
    hop = f"hop {passage.hop}" if passage.hop else "first search"
    span = passage.span
    if span is None:
        return f"{hop}, {passage.via}" if passage.hop else hop
    place = f"“{passage.path[-1].title}”" if passage.path else "the question"
    return f"{hop}, {passage.via} through “{span.text}”, characters {span.start} to {span.end} of {place}"


def _sum(parts: Mapping[str, float]) -> str:
    """Return the parts as a sum, the largest first."""
    first, *others = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    signed = [f" {'-' if value < 0 else '+'} {name} {abs(value):.2f}" for name, value in others]
    return f"{first[0]} {first[1]:.2f}{''.join(signed)}"
