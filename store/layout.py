"""The layout of a passage as JSON, the form in which the record and exports keep it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, get_args

from ..core.types import Anchor, Block, BlockKind, Layout, Line, Link


def written(layout: Layout | None) -> str:
    """Return a layout as JSON, nothing for none.

    Headings' trails repeat from block to block, so that a block names its trail by number.
    """
    if layout is None:
        return ""
    trails = list(dict.fromkeys(block.trail for block in layout.blocks))
    blocks = [
        [block.start, block.end, block.kind, trails.index(block.trail), block.page, block.head, _lines(block.lines)]
        for block in layout.blocks
    ]
    place = [layout.start, layout.end, layout.lead, layout.lead_start]
    parts = [place, trails, blocks, layout.links, *([layout.anchors] if layout.anchors else [])]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _lines(lines: Sequence[Line]) -> list[list[float]]:
    return [[line.start, line.page, *(round(edge, 1) for edge in line[2:])] for line in lines]


def read(text: str) -> Layout | None:
    """Return what `written` wrote; the anchors came last and are not in what was written before them.

    Raises:
        ValueError: for anything else.
    """
    if not text:
        return None
    try:
        (start, end, lead, lead_start), trails, blocks, links, *more = json.loads(text)
        made = tuple(_block(trails, *block) for block in blocks)
        anchors = tuple(Anchor(*anchor) for anchor in more[0]) if more else ()
        return Layout(start, end, lead, lead_start, made, tuple(Link(*link) for link in links), anchors)
    except (TypeError, ValueError, IndexError) as error:
        raise ValueError(f"no layout: {text[:80]!r}") from error


def checked(text: str, length: int) -> Layout | None:
    """Return what `written` wrote of a passage of `length` characters, with every part of the type it should have.

    For what comes from elsewhere; `read` trusts the record.

    Raises:
        ValueError: for anything else.
    """
    try:
        layout = read(text)
    except RecursionError as error:
        raise ValueError(f"no layout: {text[:80]!r}") from error
    if layout is None:
        return None
    inside: list[object] = [layout.lead]
    whole: list[object] = [layout.start, layout.end, layout.lead_start]
    words: list[object] = []
    numbers: list[object] = []
    for block in layout.blocks:
        inside += [block.start, block.end, block.head, *(line.start for line in block.lines)]
        whole += [block.page, *(line.page for line in block.lines)]
        words += [block.kind, *block.trail]
        numbers += [edge for line in block.lines for edge in line[2:]]
    for link in layout.links:
        inside += [link.start, link.end]
    inside += [anchor.at for anchor in layout.anchors]
    words += [*(link.target for link in layout.links), *(anchor.name for anchor in layout.anchors)]
    if not (
        all(type(one) is int and 0 <= one <= length for one in inside)
        and all(type(one) is int and 0 <= one < 1 << 62 for one in whole)
        and all(isinstance(one, str) for one in words)
        and all(type(one) in (int, float) for one in numbers)
        and {block.kind for block in layout.blocks} <= set(get_args(BlockKind))
    ):
        raise ValueError(f"no layout: {text[:80]!r}")
    return layout


def _block(trails: Sequence[Sequence[str]], *fields: Any) -> Block:
    start, end, kind, trail, page, head, lines = fields
    return Block(start, end, kind, tuple(trails[trail]), page, head, tuple(Line(*line) for line in lines))
