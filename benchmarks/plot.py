"""Pictures of figures, drawn by matplotlib, which the extra `bench` installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from .harness import BenchmarkError, write_text

BACK, GRID, FORE = "#1b1f24", "#3a4048", "#c5c8c6"
COLOURS = ("#66d9ef", "#a6e22e", "#fd971f", "#f92672", "#ae81ff", "#e6db74", "#f8f8f2", "#8fa1b3")
STYLE = {
    "axes.edgecolor": GRID, "axes.facecolor": BACK, "axes.labelcolor": FORE, "figure.facecolor": BACK,
    "font.family": "monospace", "font.size": 9, "grid.color": GRID, "svg.fonttype": "none", "svg.hashsalt": "polyhop",
    "text.color": FORE, "xtick.color": FORE, "ytick.color": FORE,
}  # fmt: skip


class Point(NamedTuple):
    """Where a point lies, in values, and what stands beside it."""

    x: float
    y: float
    label: str = ""


def draw(
    path: Path, title: str, series: Mapping[str, Sequence[Point]], axis: str, *, apart: Sequence[str] = ()
) -> None:
    """Draw lines over the logarithm of x into an SVG file; the points of the series `apart` are not joined.

    Raises:
        BenchmarkError: where matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BenchmarkError("--plot needs matplotlib; run `pip install -e '.[bench]'`") from error
    with rc_context(STYLE):
        figure = Figure(figsize=(7.6, 4.2), layout="constrained")
        axes = figure.add_subplot(xscale="log", xlabel=axis, title=title)
        for (name, points), colour in zip(series.items(), COLOURS * len(series), strict=False):
            xs, ys = [one.x for one in points], [one.y for one in points]
            axes.plot(xs, ys, "o" if name in apart else "o-", color=colour, markersize=4, linewidth=1.2, label=name)
            for place, point in enumerate(points):
                above = (0, 5) if place % 2 == 0 else (0, -11)
                axes.annotate(point.label, point[:2], above, textcoords="offset points", ha="center", color=colour)
        axes.grid(visible=True)
        figure.legend(loc="outside right upper", frameon=False)
        image = StringIO()
        figure.savefig(image, format="svg", metadata={"Date": None, "Title": title})
    write_text(path, image.getvalue())
