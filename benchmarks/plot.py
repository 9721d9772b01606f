"""Pictures of figures, drawn by matplotlib, which the extra `bench` installs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from .harness import BenchmarkError, write_text

STYLE = {"font.family": "monospace", "font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "polyhop"}


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
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BenchmarkError("--plot needs matplotlib; run `pip install -e '.[bench]'`") from error
    with style.context(["dark_background", STYLE]):
        figure = Figure(figsize=(7.6, 4.2), layout="constrained")
        axes = figure.add_subplot(xscale="log", xlabel=axis, title=title)
        for name, points in series.items():
            xs, ys = [one.x for one in points], [one.y for one in points]
            (line,) = axes.plot(xs, ys, "o" if name in apart else "o-", markersize=4, linewidth=1.2, label=name)
            for place, (x, y, label) in enumerate(points):
                aside = {"xytext": (2, -4 if place % 2 else 4), "va": "top" if place % 2 else "bottom", "rotation": 20}
                axes.annotate(label, (x, y), textcoords="offset points", color=line.get_color(), **aside)
        axes.margins(0.1, 0.2)
        axes.set_ylim(bottom=None if apart else 0)
        axes.grid(visible=True, alpha=0.3)
        figure.legend(loc="outside right upper", frameon=False)
        image = StringIO()
        figure.savefig(image, format="svg", metadata={"Date": None, "Title": title})
    write_text(path, image.getvalue())
