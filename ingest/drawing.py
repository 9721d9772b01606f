"""Charts and diagrams of Office files: the words and figures that they show."""

from __future__ import annotations

from lxml import etree

from .builder import Builder
from .documents import UnreadableError
from .package import RELATION, Package, local

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
MAX_POINTS = 2_000  # of one series of a chart


def write_drawing(
    builder: Builder, package: Package, drawing: etree._Element, *, relations: dict[str, tuple[str, str]], page: int = 0
) -> None:
    """Write the charts and diagrams to which a drawing refers; a broken one is left out and counted."""
    for element in drawing.iter(f"{_C}chart", f"{_DIAGRAM}relIds"):
        target = relations.get(element.get(RELATION) or element.get(_DATA) or "", ("", ""))[1]
        try:
            root = package.xml(target) if target in package else None
        except UnreadableError:
            builder.drop("broken drawing", target)
            continue
        if root is not None and local(element) == "chart":
            _chart(builder, root, page)
        elif root is not None:
            _diagram(builder, root, page)


def _diagram(builder: Builder, root: etree._Element, page: int) -> None:
    texts = ["".join(part.itertext(f"{_A}t")) for part in root.iter(f"{_DIAGRAM}t")]
    builder.items([(0, "", text) for text in texts if text.strip()], page=page)


def _chart(builder: Builder, root: etree._Element, page: int) -> None:
    """Write a chart as a table: a row a category, a column a series, the title above."""
    title = "".join(part for found in root.iter(f"{_C}title") for part in found.itertext(f"{_A}t"))
    series = list(root.iter(f"{_C}ser"))
    names = ["".join(text for tx in one.findall(f"{_C}tx") for text in tx.itertext(f"{_C}v")) for one in series]
    rows: dict[str, dict[int, str]] = {}
    labels: dict[str, str] = {}
    for number, one in enumerate(series):
        labels |= _points(one.find(f"{_C}cat"), one.find(f"{_C}xVal"))
        for place, value in _points(one.find(f"{_C}val"), one.find(f"{_C}yVal")).items():
            rows.setdefault(place, {})[number] = value
    table = [[labels.get(place, ""), *(row.get(n, "") for n in range(len(series)))] for place, row in rows.items()]
    if table:
        builder.table([["", *names], *table], header=1, caption=title, page=page)
    else:
        builder.paragraph(title, page=page)


def _points(*sources: etree._Element | None) -> dict[str, str]:
    """Return the values that a chart keeps of its cells, by their place."""
    found: dict[str, str] = {}
    for source in sources:
        for point in source.iter(f"{_C}pt") if source is not None else ():
            value = point.findtext(f"{_C}v") or ""
            if len(found) < MAX_POINTS:
                found.setdefault(point.get("idx", ""), value)
    return found
