"""What a cross-encoder reads of a candidate: the question, how the candidate was come by, and the candidate itself.

Made for passages on a path; a tool or any other text is a candidate without a way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tokenizers import Tokenizer

from ...encoders.role import readable
from ..candidate import Candidate
from ..hop.mentions import locate
from ..run import Run

#: tokens of the question, of the way, and of a pair in all; the candidate has what is left
QUESTION, WAY, WHOLE = 40, 40, 128
#: characters of a bridge around the name that was followed, and at its head where it has no title
AROUND, HEAD = 90, 50

START, END, ARROW = 101, 102, 1028  # [CLS], [SEP] and ">" in the vocabulary of BERT


class CandidatePair(NamedTuple):
    """A question and a candidate; `way` tells the passage that led to it, or is empty."""

    question: str
    way: str
    text: str


class Tokens(NamedTuple):
    """A pair as the model reads it: token ids, and from which to before which they are of the second segment."""

    ids: list[int]
    first: int
    last: int


def candidate(title: str, heading: str, text: str) -> str:
    """Return the text of a candidate passage."""
    return ": ".join(part for part in (title, heading, text) if part)


def way(title: str, text: str, name: str) -> str:
    """Return what a bridge says around the name that was followed, behind the bridge's own title or opening.

    Args:
        name: the key of the name, as candidates carry it; where it does not stand in the text, the opening is told.
    """
    place = locate(name, text)
    if place is None:
        return candidate(title, "", _cut(text, 0, 2 * AROUND))
    start = max(0, place[0] - AROUND)
    around = _cut(text, start, place[1] + AROUND, keep=place)
    if title:
        return f"{title}: {around}"
    return around if start <= HEAD else f"{_cut(text, 0, HEAD)} ... {around}"


def led(item: Candidate, run: Run) -> str:
    """Return what the bridge before a passage says; nothing for a passage without one."""
    bridge = run.known(item["path"][-1]) if item["path"] else None
    return "" if bridge is None else way(bridge.passage.title, bridge.passage.text, item["name"])


def encode(pairs: Sequence[CandidatePair], tokenizer: Tokenizer) -> list[Tokens]:
    """Return the pairs as tokens; a text that stands in several pairs is read once."""
    known = ids_of((part for pair in pairs for part in pair), tokenizer)
    return [_joined(*(known[part] for part in pair)) for pair in pairs]


def ids_of(texts: Iterable[str], tokenizer: Tokenizer) -> Mapping[str, list[int]]:
    """Return the token ids of each text, without those that begin and end a pair; each is read once."""
    parts = list(dict.fromkeys(texts))
    encodings = tokenizer.encode_batch_fast(readable(parts), add_special_tokens=False)
    return {part: encoding.ids for part, encoding in zip(parts, encodings, strict=True)}


def _joined(question: list[int], ahead: list[int], text: list[int]) -> Tokens:
    first = [START, *question[:QUESTION], END]
    second = [*ahead[:WAY], ARROW, *text] if ahead else text
    ids = [*first, *second[: WHOLE - len(first) - 1], END]
    return Tokens(ids, len(first), len(ids))


def _cut(text: str, start: int, end: int, *, keep: tuple[int, int] | None = None) -> str:
    """Return a part of a text that begins and ends between words, where there are spaces outside of what to `keep`."""
    first, last = keep or (end, start)
    if start > 0:
        space = text.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    if end < len(text):
        space = text.rfind(" ", max(start, last), end)
        end = space if space > start else end
    return text[start:end]
