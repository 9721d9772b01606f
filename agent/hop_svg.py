"""The hop tree as a picture: one SVG for the command line, the web, MCP apps and the documents.

It stands by itself: no script, no link, no font from elsewhere. Colours are attributes, so that it can be read where
styles are dropped; the style sheet inside adds the dark ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from .svg_text import clean, escaped, right_to_left, width, wrapped

#: passages that are drawn, beside those on the way to them; candidates that were left out; steps of a path
MOST_PASSAGES, MOST_FAINT, MOST_STEPS = 15, 5, 8
#: quotes on a card
MOST_QUOTES = 2
KINDS = {
    "question": "found by search",
    "named": "named in question",
    "reformulation": "reformulation",
    "link": "name link",
    "hyperlink": "hyperlink",
    "vector": "vector hop",
    "words": "word search",
}
#: the part of a score that belongs to a kind of way, where the two have other names
_PART = {"question": "search", "reformulation": "search"}

# Lengths in the units of the picture.
_PAD, _HEAD = 20, 46
_CARD, _ASKED = 252, 212
_GAP, _CURVE, _TIP = 224, 46, 8
_NARROWEST, _READABLE = 520, 1240  # right ends of the picture at the least, of an answer's lines at the most
_BETWEEN, _INNER = 14, 12
_TITLE, _TEXT, _SMALL = 14.0, 12.0, 11.0
_LINE = 1.34  # height of a line, in sizes
_FONT = "-apple-system, 'Segoe UI', Roboto, Arial, 'Liberation Sans', sans-serif"

_LIGHT = {
    "canvas": "#f6f8fa",
    "card": "#ffffff",
    "cited": "#eefbf1",
    "edge": "#c3ccd6",
    "line": "#8b96a3",
    "ink": "#1f2328",
    "soft": "#57606a",
    "hop": "#0a62c9",
    "good": "#1a7f37",
    "onto": "#ffffff",
    "asked": "#17375e",
}
_DARK = {
    "canvas": "#0d1117",
    "card": "#161c24",
    "cited": "#11261a",
    "edge": "#3a434e",
    "line": "#6e7a87",
    "ink": "#eef3f8",
    "soft": "#a3adb8",
    "hop": "#5aa2f7",
    "good": "#46c25d",
    "onto": "#0d1117",
    "asked": "#b9d6f8",
}


@dataclass(slots=True)
class _Node:
    """A passage in the tree, or the question at its root."""

    id: str
    title: str
    column: int
    number: int = 0
    passage: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    quotes: Sequence[str] = ()
    leads: bool = False  # to a passage that is cited
    kids: list[_Node] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @property
    def cited(self) -> bool:
        """Say whether the answer rests on it."""
        return bool(self.quotes)

    @property
    def middle(self) -> float:
        """Return where edges begin and end."""
        return self.y + self.height / 2

    @property
    def width(self) -> int:
        """Return how wide it is."""
        return _CARD if self.column else _ASKED

    def all(self) -> Iterator[_Node]:
        """Yield it and all below it."""
        yield self
        for kid in self.kids:
            yield from kid.all()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text inside a card: how far from its upper left corner its base line begins, and its right end."""

    text: str
    x: float
    y: float
    right: float
    size: float
    colour: str
    bold: bool = False


def hop_tree_svg(result: Mapping[str, Any]) -> str:
    """Return the tree of hops that led from a question to its passages as an SVG.

    From left to right: the question, what its search found, and behind each edge what a hop led to. An edge says the
    kind of way, the name that was followed, and what this way adds to the score. Passages bear their numbers in the
    ranking; those that the answer cites are marked, with the words that are quoted. Groups with the class `passage`
    have the passage's id as `data-passage`.

    Args:
        result: `Retrieval.to_dict()` or `Answer.to_dict()`, also from JSON. At most 15 passages are drawn.

    Returns:
        Valid XML, the same for the same result. `<desc>` says all paths in words.
    """
    retrieval: Mapping[str, Any] = result.get("retrieval") or result
    root = _tree(retrieval, result.get("citations") or ())
    for node in root.all():
        _fill(node)
    columns = max(node.column for node in root.all())
    right = max(_NARROWEST, _PAD + _ASKED + columns * (_GAP + _CARD))
    _place(root, _HEAD)
    bottom = max(node.y + node.height for node in root.all()) + _PAD
    foot = _foot(result, retrieval, bottom, right)
    parts = [*_heads(columns), *_edges(root), *_cards(root), *foot.parts]
    return _document(parts, right + _PAD, foot.bottom, title=_title(result, retrieval), said=_said(retrieval, root))


# The tree


def _tree(retrieval: Mapping[str, Any], citations: Iterable[Mapping[str, Any]]) -> _Node:
    root = _Node("", clean(retrieval.get("question", "")) or "?", 0)
    nodes: dict[str, _Node] = {}
    quotes = _quotes(citations)
    shown = list(enumerate(retrieval.get("passages") or (), start=1))[:MOST_PASSAGES]
    for number, passage in sorted(shown, key=lambda one: len(one[1].get("path") or ())):
        node = _hung(root, nodes, passage)
        if not node.number:
            node.number, node.passage, node.title = number, passage, _name(passage)
            node.quotes = quotes.get(number, ())
    # what a hop led to tells more than what the search found besides
    left_out = sorted(retrieval.get("left_out") or (), key=lambda one: not one.get("path"))
    for candidate in left_out[:MOST_FAINT]:
        if str(candidate.get("id", "")) not in nodes:
            node = _hung(root, nodes, candidate)
            node.passage, node.title, node.why = candidate, _name(candidate), clean(candidate.get("why", ""))
    _order(root)
    return root


def _hung(root: _Node, nodes: dict[str, _Node], passage: Mapping[str, Any]) -> _Node:
    """Return the node of a passage, hung below the last passage of its path; what is missing on the way is made."""
    parent = root
    for step in [*list(passage.get("path") or ())[-MOST_STEPS:], passage]:
        id = str(step.get("id", ""))
        if id not in nodes:
            nodes[id] = _Node(id, _name(step), parent.column + 1)
            parent.kids.append(nodes[id])
        parent = nodes[id]
    return parent


def _order(node: _Node) -> tuple[bool, int]:
    """Sort what is below a node, best passage first, and return the key of the best in it."""
    keys = {id(kid): _order(kid) for kid in node.kids}
    node.kids.sort(key=lambda kid: keys[id(kid)])
    node.leads = node.cited or any(kid.leads for kid in node.kids)
    return min([(not node.number, node.number), *keys.values()])


def _quotes(citations: Iterable[Mapping[str, Any]]) -> dict[int, list[str]]:
    """Return for each passage that borne-out sentences cite what these quote, or the sentences themselves."""
    quotes: dict[int, list[str]] = {}
    for one in citations:
        for number in one.get("passages") or () if one.get("supported", True) else ():
            quotes.setdefault(number, []).append(clean(one.get("quote") or one.get("sentence") or ""))
    return quotes


def _name(passage: Mapping[str, Any]) -> str:
    return clean(passage.get("title") or "") or clean(passage.get("text") or "")[:80] or "untitled"


# What stands on a card


def _fill(node: _Node) -> None:
    """Break the texts of a card into lines, and make it as high as they are."""
    if not node.column:
        _write(node, [(node.title, _TITLE, "onto", 8, True)], left=_INNER + 4, top=8)
    elif node.number:
        _write(node, [(node.title, _TITLE, "ink", 2, True), (_place_of(node), _SMALL, "soft", 1, False)], left=40)
        first = node.quotes[:MOST_QUOTES]
        most = 2 if len(first) > 1 else 3
        for quote in filter(None, first):
            _write(node, [(f"“{quote}”", _TEXT, "ink", most, False)], left=_INNER, top=node.height - 5)
    else:
        texts = [(node.title, _TEXT, "soft", 1, False), (node.why or "on the way", _SMALL, "soft", 1, False)]
        _write(node, texts, left=_INNER)


def _write(
    node: _Node, texts: Sequence[tuple[str, float, str, int, bool]], *, left: float, top: float = _INNER - 4
) -> None:
    """Add texts of (text, size, colour, most lines, bold) below each other."""
    right = node.width - _INNER
    for text, size, colour, most, bold in texts:
        for line in wrapped(text, size, right - left, most=most, bold=bold):
            top += size * _LINE
            node.lines.append(_Line(line, left, top - 0.2 * size, right, size, colour, bold))
    node.height = max(44.0, top + _INNER - 2)


def _place_of(node: _Node) -> str:
    passage = node.passage
    page = f"p. {passage['page']}" if passage.get("page") else ""
    heading = clean(passage.get("heading") or "").rpartition(" > ")[2]
    cited = "cited" if node.cited else ""
    return " · ".join(filter(None, [cited, f"score {_number(passage.get('score', 0.0))}", page, heading]))


def _number(value: object, *, signed: bool = False) -> str:
    """Return a score as people write it, with a true minus."""
    if not isinstance(value, int | float):
        return ""
    return f"{value:{'+' if signed else ''}.2f}".replace("-", "−")


# Where everything stands


def _place(node: _Node, top: float) -> float:
    """Give a node and all below it their places from `top` on, and return where they end; no two bands meet."""
    node.x = _PAD if not node.column else _PAD + _ASKED + _GAP + (node.column - 1) * (_CARD + _GAP)
    inside = sum(_depth(kid) + _BETWEEN for kid in node.kids) - _BETWEEN
    end = top + max(node.height, inside)
    at = top + max(0.0, (node.height - inside) / 2)
    for kid in node.kids:
        at = _place(kid, at) + _BETWEEN
    drawn = [kid for kid in node.kids if not kid.why] or node.kids  # what is faint draws nothing to its side
    middle = (drawn[0].middle + drawn[-1].middle) / 2 if drawn else top
    node.y = min(max(top, middle - node.height / 2), end - node.height)
    return end


def _depth(node: _Node) -> float:
    """Return how high the band of a node with all below it is."""
    return max(node.height, sum(_depth(kid) + _BETWEEN for kid in node.kids) - _BETWEEN)


# Drawing


def _fit(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _fill_of(colour: str) -> str:
    return f'class="f-{colour}" fill="{_LIGHT[colour]}"'


def _stroke_of(colour: str) -> str:
    return f'class="s-{colour}" stroke="{_LIGHT[colour]}"'


def _text(line: _Line, x: float = 0.0, y: float = 0.0, *, end: bool = False) -> str:
    """Return a line of text; one in a script from right to left begins at its right end."""
    turned = right_to_left(line.text)
    at = line.right if turned or end else line.x
    way = ' direction="rtl"' if turned else ""
    anchor = ' text-anchor="end"' if end and not turned else ""
    weight = ' font-weight="600"' if line.bold else ""
    return (
        f'<text x="{_fit(x + at)}" y="{_fit(y + line.y)}" font-size="{_fit(line.size)}"{weight}{way}{anchor} '
        f"{_fill_of(line.colour)}>{escaped(line.text)}</text>"
    )


def _heads(columns: int) -> Iterator[str]:
    """Yield what stands over the columns."""
    for column in range(columns + 1):
        said = ("Question", "First search")[column] if column < 2 else f"Hop {column - 1}"
        x = _PAD if not column else _PAD + _ASKED + _GAP + (column - 1) * (_CARD + _GAP)
        yield _text(_Line(said, x, 28, x + _ASKED, _TEXT, "soft", bold=True))


def _edges(node: _Node) -> Iterator[str]:
    for kid in node.kids:
        colour = "good" if kid.leads else "hop" if kid.column > 1 and kid.number else "line"
        begin, curve, end = node.x + node.width, node.x + node.width + _CURVE, kid.x - _TIP
        at, to = _fit(node.middle), _fit(kid.middle)
        strong = ' stroke-width="2.5"' if kid.leads else ' stroke-width="1.5"'
        dashed = "" if kid.number or kid.leads else ' stroke-dasharray="4 4"'
        yield (
            f'<path d="M{_fit(begin)} {at}C{_fit(begin + 28)} {at} {_fit(curve - 28)} {to} {_fit(curve)} {to}'
            f'H{_fit(end + 1)}" fill="none" {_stroke_of(colour)}{strong}{dashed}/>'
        )
        yield f'<path d="M{_fit(end)} {_fit(kid.middle - 4.5)}l8 4.5l-8 4.5z" {_fill_of(colour)}/>'
        yield from _label(kid, curve + 6, end - 8)
        yield from _edges(kid)


def _label(kid: _Node, left: float, right: float) -> Iterator[str]:
    """Yield what an edge says: over it the kind of way and what this adds to the score, under it the name followed."""
    kind = str(kid.passage.get("kind") or "")
    if not kind:
        return
    parts = kid.passage.get("parts") or {}
    gain = _number(parts.get(_PART.get(kind, kind)), signed=True)
    room = right - left - (width(gain, _SMALL, bold=True) + 6 if gain else 0)
    colour = "ink" if kid.number else "soft"
    whole = _kind(kid.passage)
    short = whole if width(whole, _SMALL) <= room else whole.partition(" (")[0]
    for said in wrapped(short, _SMALL, room):
        yield _text(_Line(said, left, kid.middle - 6, left + room, _SMALL, "soft"))
    if gain:
        yield _text(_Line(gain, left, kid.middle - 6, right, _SMALL, colour, bold=True), end=True)
    span = kid.passage.get("span") or {}
    followed = clean(span.get("text") or kid.passage.get("name") or "")
    for said in wrapped(f"“{followed}”", _TEXT, right - left) if followed else ():
        yield _text(_Line(said, left, kid.middle + 16, right, _TEXT, colour))


def _kind(passage: Mapping[str, Any]) -> str:
    kind, via = str(passage.get("kind") or ""), clean(passage.get("via") or "")
    said = KINDS.get(kind, clean(kind))
    return f"{said} ({via})" if via not in ("", "search", kind) else said


def _cards(root: _Node) -> Iterator[str]:
    for node in root.all():
        x, y, box = node.x, node.y, f'width="{node.width}" height="{_fit(node.height)}" rx="9"'
        where = f'x="{_fit(x)}" y="{_fit(y)}" {box}'
        if not node.column:
            yield f'<g class="question"><rect {where} {_fill_of("asked")}/>'
        else:
            yield f'<g class="passage" data-passage="{escaped(node.id)}">'
            yield f"<title>{escaped(node.title)}</title>"
            yield _box(node, where)
        if node.number:
            colour = "good" if node.cited else "hop" if node.column > 1 else "soft"
            yield f'<circle cx="{_fit(x + 22)}" cy="{_fit(y + 22)}" r="10.5" {_fill_of(colour)}/>'
            digits = escaped(node.number)
            yield f'<text x="{_fit(x + 22)}" y="{_fit(y + 26)}" font-size="11" font-weight="600" ' + (
                f'text-anchor="middle" {_fill_of("onto")}>{digits}</text>'
            )
        yield from (_text(line, x, y) for line in node.lines)
        yield "</g>"


def _box(node: _Node, where: str) -> str:
    fill, line = ("cited", "good") if node.cited else ("card" if node.number else "canvas", "edge")
    dashed = "" if node.number else ' stroke-dasharray="4 4"'
    classes = f'class="f-{fill} s-{line}" fill="{_LIGHT[fill]}" stroke="{_LIGHT[line]}"'
    return f'<rect {where} {classes} stroke-width="{2 if node.cited else 1.25}"{dashed}/>'


@dataclass(frozen=True, slots=True)
class _Foot:
    """What stands below the tree, and where it ends."""

    parts: Sequence[str]
    bottom: float


def _foot(result: Mapping[str, Any], retrieval: Mapping[str, Any], top: float, right: float) -> _Foot:
    """Return the answer, and how many passages are not drawn."""
    parts: list[str] = []
    if said := _missing(retrieval):
        parts.append(_text(_Line(said, _PAD, top + 4, right, _TEXT, "soft")))
        top += 22
    if answer := clean(result.get("text") or ""):
        parts.append(
            f'<path d="M{_PAD} {_fit(top)}H{_fit(right)}" fill="none" {_stroke_of("edge")} stroke-width="1.25"/>'
        )
        said = f"Answer{_sure(result)}"
        for line in wrapped(said, _TEXT, right - _PAD, bold=True):
            parts.append(_text(_Line(line, _PAD, top + 26, right, _TEXT, "soft", bold=True)))
        top += 30
        for line in wrapped(answer, _TITLE, min(right, _READABLE) - _PAD, most=5):
            top += _TITLE * 1.45
            parts.append(_text(_Line(line, _PAD, top, right, _TITLE, "ink")))
        top += _PAD
    return _Foot(parts, top)


def _missing(retrieval: Mapping[str, Any]) -> str:
    """Return how much is not drawn, nothing where all is."""
    passages, left_out = len(retrieval.get("passages") or ()), len(retrieval.get("left_out") or ())
    if not passages:
        return "no passage was found"
    more = {"more in the result": passages - MOST_PASSAGES, "more that were left out": left_out - MOST_FAINT}
    said = " and ".join(f"{number} {what}" for what, number in more.items() if number > 0)
    return f"{said}, not drawn" if said else ""


def _sure(result: Mapping[str, Any]) -> str:
    if result.get("model"):
        return f" by {clean(result['model'])}"
    confidence = result.get("confidence")
    if not result.get("found") or not isinstance(confidence, int | float):
        return ""
    return f", right with {100 * confidence:.0f} % probability (quoted from the passages)"


# In words


def _title(result: Mapping[str, Any], retrieval: Mapping[str, Any]) -> str:
    said = clean(result.get("text") or "") if result.get("found", True) else ""
    asked = clean(retrieval.get("question", ""))
    return f"{'Answer and passages' if said else 'Passages'} for “{asked}”, and how they were found"


def _said(retrieval: Mapping[str, Any], root: _Node) -> str:
    """Return all paths in words, best passage first; then what was left out."""
    drawn = sorted((node for node in root.all() if node.column), key=lambda node: (not node.number, node.number))
    said = [_path(node) for node in drawn if node.number]
    said += [f"Left out, {node.why}: {node.title}." for node in drawn if node.why]
    missing = _missing(retrieval)
    return " ".join([*said, *([f"{missing[0].upper()}{missing[1:]}."] if missing else [])])


def _path(node: _Node) -> str:
    passage = node.passage
    steps = ["question", *(_name(step) for step in list(passage.get("path") or ())[-MOST_STEPS:])]
    name = clean(passage.get("name") or "")
    way = _kind(passage) + (f" “{name}”" if name else "")
    cited = ", cited" if node.cited else ""
    return f"{node.number}: {node.title}{cited}. Path: {' → '.join(steps)} → {node.title} ({way})."


# The document


def _style(scope: str) -> str:
    """Return the dark colours; the rules are those of this picture alone, also where it stands inside a page."""
    rules = [f"#{scope} .f-{name}{{fill:{colour}}}" for name, colour in _DARK.items()]
    rules += [f"#{scope} .s-{name}{{stroke:{_DARK[name]}}}" for name in ("edge", "line", "hop", "good")]
    return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"


def _document(parts: Sequence[str], wide: float, high: float, *, title: str, said: str) -> str:
    body = "\n".join(parts)
    size = f'width="{_fit(wide)}" height="{_fit(high)}"'
    id = "hops-" + sha256("\n".join([title, said, body]).encode()).hexdigest()[:10]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{id}" class="hop-tree" role="img" {size} '
        f'viewBox="0 0 {_fit(wide)} {_fit(high)}" aria-labelledby="{id}-t" aria-describedby="{id}-d" '
        f'font-family="{_FONT}">\n'
        f'<title id="{id}-t">{escaped(title)}</title>\n<desc id="{id}-d">{escaped(said)}</desc>\n'
        f"<style>{_style(id)}</style>\n"
        f'<rect width="{_fit(wide)}" height="{_fit(high)}" rx="12" {_fill_of("canvas")}/>\n{body}\n</svg>\n'
    )
