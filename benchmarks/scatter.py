"""Points with labels as an SVG, some of them joined by lines, in the manner of `speed.plot`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import escape

from .speed.plot import BOTTOM, COLOURS, HEIGHT, LEFT, TOP, WIDTH, framed

RIGHT = 150
TICKS = 5
SIZE, WIDE, HIGH = 11, 6.7, 13.0
MARGIN = 0.06
#: what the axis holds at least, as a share of the values: they may all be equal
LEAST = 0.01
# Labels stand before lines that run through them.
OUTLINE = "paint-order: stroke; stroke: #1b1f24; stroke-width: 3px"
MORE_COLOURS = (*COLOURS, "#e6db74", "#f8f8f2", "#8fa1b3")


class Point(NamedTuple):
    """Where a point lies, in values, and what stands beside it."""

    x: float
    y: float
    label: str


class Box(NamedTuple):
    """A rectangle of the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Say whether two rectangles overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


@dataclass(frozen=True, slots=True)
class Area:
    """From values to places: x by its logarithm, y between the lowest and the highest tick."""

    low: float
    high: float
    bottom: float
    top: float

    def x(self, value: float) -> float:
        """Return the place from the left."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the place from above."""
        share = (value - self.bottom) / (self.top - self.bottom)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def scatter(title: str, series: Mapping[str, Sequence[Point]], *, axis: str = "", apart: Sequence[str] = ()) -> str:
    """Return the plot of some series over x, which must be positive.

    Args:
        axis: what x is.
        apart: series whose points are not joined by a line.
    """
    everything = [point for points in series.values() for point in points]
    ticks = _ticks([point.y for point in everything])
    xs = [point.x for point in everything]
    area = Area(min(xs) / (1 + MARGIN), max(xs) * (1 + MARGIN), ticks[0], ticks[-1])
    return framed(title, [*_axes(area, ticks, axis), *_lines(area, series, apart), *_points(area, series)])


def _ticks(values: Sequence[float]) -> list[float]:
    """Return round numbers that hold the values between them."""
    least = max(max(values) - min(values), LEAST * max(map(abs, values)), LEAST) / TICKS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
    first, last = math.floor(min(values) / step), math.ceil(max(values) / step)
    return [round(number * step, 9) for number in range(first, max(last, first + 1) + 1)]


def _decades(low: float, high: float) -> Iterator[float]:
    for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1):
        yield from (value for factor in (1, 2, 5) if low <= (value := factor * 10.0**power) <= high)


def _axes(area: Area, ticks: Sequence[float], axis: str) -> Iterator[str]:
    for tick in ticks:
        y = area.y(tick)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#3a4048"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick:g}</text>'
    for place in _decades(area.low, area.high):
        x = area.x(place)
        yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" stroke="#2a3038"/>'
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{place:g}</text>'
    yield f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 38}" text-anchor="end">{escape(axis)}</text>'


def _lines(area: Area, series: Mapping[str, Sequence[Point]], apart: Sequence[str]) -> Iterator[str]:
    """Yield the lines, and on the right the names."""
    for number, (name, points) in enumerate(series.items()):
        colour = MORE_COLOURS[number % len(MORE_COLOURS)]
        if len(points) > 1 and name not in apart:
            path = " ".join(f"{area.x(x)},{area.y(y)}" for x, y, _ in points)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5" opacity="0.6"/>'
        yield f'<text x="{WIDTH - RIGHT + 14}" y="{TOP + 18 * number + 8}" style="fill: {colour}">{escape(name)}</text>'


def _points(area: Area, series: Mapping[str, Sequence[Point]]) -> Iterator[str]:
    """Yield the points and their labels, each where it covers no other and no point, if there is room."""
    places = [(area.x(point.x), area.y(point.y)) for points in series.values() for point in points]
    taken = [Box(x - 4, y - 4, x + 4, y + 4) for x, y in places]
    for number, points in enumerate(series.values()):
        colour = MORE_COLOURS[number % len(MORE_COLOURS)]
        for x, y, label in points:
            yield f'<circle cx="{area.x(x)}" cy="{area.y(y)}" r="3.5" fill="{colour}"/>'
            box = _room(area.x(x), area.y(y), label, taken)
            taken.append(box)
            style = f"fill: {colour}; font-size: {SIZE}px; {OUTLINE}"
            yield f'<text x="{box.left:.1f}" y="{box.bottom - 3:.1f}" style="{style}">{escape(label)}</text>'


def _room(x: float, y: float, label: str, taken: Sequence[Box]) -> Box:
    """Return where a label fits beside its point; above it if it fits nowhere."""
    width = WIDE * len(label)
    places = [
        (x + dx, y + dy)
        for far in (0.0, 10.0, 22.0)
        for dx, dy in (
            (-width / 2, -HIGH - 5 - far),
            (7, -HIGH / 2 - far),
            (-width / 2, 5 + far),
            (-width - 7, -HIGH / 2 + far),
            (7, -HIGH / 2 + far),
            (-width - 7, -HIGH / 2 - far),
        )
    ]
    boxes = [Box(left, top, left + width, top + HIGH) for left, top in places]
    inside = Box(LEFT, TOP - HIGH, WIDTH - RIGHT + 12, HEIGHT - BOTTOM)
    fitting = (
        box
        for box in boxes
        if box.left >= inside.left
        and box.right <= inside.right
        and box.top >= inside.top
        and box.bottom <= inside.bottom
        and not any(box.meets(other) for other in taken)
    )
    return next(fitting, boxes[0])
