"""A line plot as an SVG, written by hand: no library, and no font from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 110, 56, 48
COLOURS = ("#66d9ef", "#a6e22e", "#fd971f", "#f92672", "#ae81ff")
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
TICKS = 5
# Labels at the ends of the lines keep so far apart.
APART = 18

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places: x by its logarithm, y from 0."""

    low: float
    high: float
    top: float

    def x(self, value: float) -> float:
        """Return the place from the left."""
        share = math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.5
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the place from above."""
        return round(HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM), 1)


def lines(title: str, series: Mapping[str, Points]) -> str:
    """Return the plot of some lines over the same x, which must be positive; y begins at 0."""
    places = sorted({x for points in series.values() for x, _ in points})
    step = _step(max(y for points in series.values() for _, y in points))
    scale = Scale(places[0], places[-1], step * TICKS)
    parts = [*_axes(scale, places, step), *_curves(scale, series)]
    return framed(title, parts)


def framed(title: str, parts: Sequence[str]) -> str:
    """Return the image that holds these parts under a title."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>text {{ font-family: {FONT}; font-size: 13px; fill: #c5c8c6; }}</style>",
            '<rect fill="#1b1f24" width="100%" height="100%" rx="8"/>',
            f'<text x="{LEFT}" y="30" style="font-size: 15px; fill: #ffffff">{escape(title)}</text>',
            *parts,
            "</svg>\n",
        ]
    )


def _step(highest: float) -> float:
    """Return the distance of the ticks: 1, 2 or 5 times a power of ten."""
    least = max(highest, 1e-9) / TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)


def _axes(scale: Scale, places: Sequence[float], step: float) -> Iterator[str]:
    for tick in range(TICKS + 1):
        y = scale.y(tick * step)
        yield f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#3a4048"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{tick * step:g}</text>'
    for place in places:
        x = scale.x(place)
        yield f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" stroke="#2a3038"/>'
        yield f'<text x="{x}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{place:,.0f}</text>'


def _curves(scale: Scale, series: Mapping[str, Points]) -> Iterator[str]:
    below = float("-inf")
    for number, (name, points) in enumerate(sorted(series.items(), key=lambda item: -item[1][-1][1])):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{scale.x(x)},{scale.y(y)}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        for x, y in points:
            yield f'<circle cx="{scale.x(x)}" cy="{scale.y(y)}" r="3.5" fill="{colour}"/>'
        end = scale.y(points[-1][1])
        below = max(end, below + APART)
        yield f'<text x="{WIDTH - RIGHT + 12}" y="{below + 4:g}" style="fill: {colour}">{escape(name)}</text>'
