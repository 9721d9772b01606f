"""Cut documents into chunks that the embedder reads whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import semchunk

from ...core.errors import CallerError
from ..types import Chunk, Document
from .sections import Section, sections
from .tokens import CHARACTERS_PER_TOKEN, CountTokens, Meter

BATCH = 512
PREFIX_SHARE = 4
TINY_SHARE = 8
WINDOW = 2 * CHARACTERS_PER_TOKEN
_BREAKS = ("\n\n", "\n", ". ", "。", " ")

Span = tuple[int, int]


def chunk(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut one document so that title, heading trail and text of each chunk have at most `max_tokens` tokens together.

    A document that fits, or that brings its own vector, is one chunk with its text unchanged; one without text gives
    none. Chunks cover every non-space character in order. For many documents `chunk_all` is faster.
    """
    return next(chunk_all([document], count_tokens, max_tokens))[1]


def chunk_all(
    documents: Iterable[Document], count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[Document, list[Chunk]]]:
    """Yield each document with its chunks, in order, counting tokens for batches of documents."""
    if max_tokens < 1:
        raise CallerError(f"max_tokens is {max_tokens!r}; it must be at least 1")
    meter = Meter(count_tokens)
    waiting = iter(documents)
    while batch := list(islice(waiting, BATCH)):
        wholes = [Chunk(document.text, title=document.title) for document in batch]
        fitting = meter.fit([whole.embed_text for whole in wholes], max_tokens)
        for document, whole, fits in zip(batch, wholes, fitting, strict=True):
            if document.vector is not None:
                yield document, [whole]
            elif not document.text.strip():
                yield document, []
            else:
                yield document, [whole] if fits else _cut(document, meter, max_tokens)


def _cut(document: Document, meter: Meter, max_tokens: int) -> list[Chunk]:
    """Cut a document that does not fit along its sections."""
    text, share = document.text, max(1, max_tokens // PREFIX_SHARE)
    title = _shorten(document.title, meter, share)
    chunks: list[Chunk] = []
    for part in _merge_tiny(text, meter, max_tokens):
        heading = _shorten(_trail(part.trail, document.title), meter, share)
        prefix = "\n".join(filter(None, (title, heading)))
        budget = max(1, max_tokens - (meter.cost(f"{prefix}\n") if prefix else 0))
        spans = _split(text, (part.start, part.end), meter, budget)
        chunks.extend(Chunk(text[start:end], title=title, heading=heading) for start, end in spans)
    return chunks


def _trail(names: Sequence[str], title: str) -> str:
    """Join the headings, without the one that the title says already."""
    return " > ".join(names[1:] if names and names[0] == title else names)


def _shorten(text: str, meter: Meter, limit: int) -> str:
    """Cut a title or heading to its first words that fit."""
    text = text[: limit * CHARACTERS_PER_TOKEN]
    if not text or meter.cost(text) <= limit:
        return text
    return text[slice(*_leaves(text, meter, limit)[0])]


def _merge_tiny(text: str, meter: Meter, max_tokens: int) -> list[Section]:
    """Join sections with their neighbour where one of the two is tiny and both fit; others stay apart."""
    parts = sections(text)
    bodies = [text[part.start : part.end] for part in parts]
    longest = max_tokens * CHARACTERS_PER_TOKEN
    counted = iter(meter.costs([body for body in bodies if len(body) <= longest]))
    costs = [next(counted) if len(body) <= longest else max_tokens + 1 for body in bodies]
    merged, size = [parts[0]], costs[0]
    for part, cost in zip(parts[1:], costs[1:], strict=True):
        tiny = min(size, cost) * TINY_SHARE < max_tokens
        if tiny and size + cost <= max_tokens:
            merged[-1] = _join(merged[-1], part)
            size += cost
        else:
            merged.append(part)
            size = cost
    return merged


def _join(first: Section, second: Section) -> Section:
    """Join two neighbours under the headings that they share; a bare heading passes on to what stands below it."""
    if first.bare and second.trail[: len(first.trail)] == first.trail:
        return Section(first.start, second.end, second.trail, second.bare)
    shared = [a for a, b in zip(first.trail, second.trail, strict=False) if a == b]
    common = next((i for i, name in enumerate(shared) if first.trail[i] != name), len(shared))
    return Section(first.start, second.end, first.trail[:common])


def _split(text: str, span: Span, meter: Meter, budget: int) -> list[Span]:
    """Split a span into spans within the budget, without surrounding white space."""
    whole = _strip(text, span)
    if whole[0] == whole[1]:
        return []
    if meter.fit([text[slice(*whole)]], budget)[0]:
        return [whole]
    leaves: list[Span] = []
    for start, end in _windows(text, whole, budget * WINDOW):
        leaves.extend((start + a, start + b) for a, b in _leaves(text[start:end], meter, budget))
    return _pack(text, leaves, meter, budget)


def _windows(text: str, span: Span, size: int) -> Iterator[Span]:
    """Cut a span into windows of at most `size` characters, at a break in their second half where there is one.

    They bound what the splitter holds and counts at a time, however long the text is.
    """
    start, end = span
    while end - start > size:
        half = start + size // 2
        found = (text.rfind(mark, half, start + size) + len(mark) for mark in _BREAKS if mark in text[half : start + size])
        cut = next(found, start + size)
        yield start, cut
        start = cut
    yield start, end


def _leaves(text: str, meter: Meter, budget: int) -> list[Span]:
    """Split a text at the best breaks it has: paragraphs, sentences, clauses, words, characters."""
    _, offsets = semchunk.chunk(text, budget, meter.cost, memoize=False, offsets=True)
    return [_strip(text, offset) for offset in offsets]


def _pack(text: str, leaves: Sequence[Span], meter: Meter, budget: int) -> list[Span]:
    """Join neighbours that fit together: the splitter leaves remainders where it changes the kind of break."""
    pairs = [text[first[0] : second[1]] for first, second in pairwise(leaves)]
    joinable = meter.fit(pairs, budget)
    packed = list(leaves[:1])
    for leaf, may_join in zip(leaves[1:], joinable, strict=True):
        start = packed[-1][0]
        if may_join and meter.fit([text[start : leaf[1]]], budget)[0]:
            packed[-1] = (start, leaf[1])
        else:
            packed.append(leaf)
    return packed


def _strip(text: str, span: Span) -> Span:
    """Leave out the white space at both ends."""
    inside = text[slice(*span)]
    start = span[0] + len(inside) - len(inside.lstrip())
    return start, max(start, span[0] + len(inside.rstrip()))
