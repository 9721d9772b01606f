"""What a run handles from the first search to the result: candidates, and the queries that find them; plain JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NotRequired, TypedDict

#: by what a candidate was reached: the question itself, a name in the question, a reformulation of the question, a
#: name in a passage, a link that its author wrote, a vector moved in embedding space, or a query in words made of a
#: passage
Kind = Literal["question", "named", "reformulation", "link", "hyperlink", "vector", "words"]
#: kinds of hops; the others belong to the first search
HOPS = frozenset({"link", "hyperlink", "vector", "words"})


class Candidate(TypedDict):
    """A passage on its way through a run: how it was reached, and its score.

    As an updater finds it, `score` is that of this one way to it, and `parts` what else the updater knows of the way
    (see `rerank/evidence.py`). A ranker makes one candidate of all ways to a passage: `score` is then the sum of
    `parts`, and `kind`, `via`, `path` and `name` are those of the way that counted most. Rerankers change scores and
    add parts.

    `via` names the updater, `path` the passages it was reached through, first bridge first, `name` the key of the name
    that was followed. `hop` counts from 0, the first search. `duplicates` are passages moved back since they say nearly
    the same, `logit` is what a cross-encoder makes of it, `about` what it is about that was to be left out.
    """

    id: str
    score: float
    kind: Kind
    via: str
    path: list[str]
    name: str
    hop: NotRequired[int]
    parts: NotRequired[dict[str, float]]
    duplicates: NotRequired[list[str]]
    logit: NotRequired[float]
    about: NotRequired[str]


class Query(TypedDict):
    """A query to run next: enough to compute it again from the record.

    `text` is what is looked up or embedded, `updater` and `checkpoint` say who made it and with which weights, `path`
    are the ids of the passages that led here, the bridge last. `score` is the bridge's score when the query was made,
    and `strength` bounds the share of it that a candidate can have. `dense_text` is embedded in place of `text` where
    that is written for the lexical half, and `phrases` are to stand word for word in what that finds.
    """

    text: str
    updater: str
    checkpoint: str
    path: list[str]
    score: float
    strength: NotRequired[float]
    dense_text: NotRequired[str]
    phrases: NotRequired[list[str]]


class PursuedQuestion(TypedDict):
    """A sub-question as it was asked, what it asks after, its likeliest answers, and what it found: plain JSON."""

    question: str
    template: str
    answers: list[str]
    passages: list[str]


class Understood(TypedDict):
    """A request understood.

    `query` is what the run looks for, a text in words, and `lexical` what its lexical half is asked, `phrases` what is
    to stand in passages word for word. Passages about `exclusions` go behind all others, those without `required` or of
    years outside of `since` to `until` back by a share. `where` is the filter of the run, the caller's own in it, and
    `told` says all this to the user.
    """

    query: str
    lexical: str
    phrases: list[str]
    exclusions: list[str]
    required: list[str]
    since: int | None
    until: int | None
    where: str
    told: list[str]


def ways_of(found: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    """Return all ways to each passage found, by its id."""
    ways: dict[str, list[Candidate]] = {}
    for one in found:
        ways.setdefault(one["id"], []).append(one)
    return ways
