"""A drawing of matplotlib as part of a page: SVG whose texts stay texts, the same bytes from the same numbers.

Texts take the fonts of the page they stand on, so that Chinese needs no font inside. Whole numbers go in: amounts are drawn in fen, and
only the ticks of an axis are written in yuan.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any
from unicodedata import east_asian_width

from qingsuan.needed import need
from qingsuan.pages.numbers import nice_steps

__all__ = [
    "FILLS",
    "INK",
    "LINES",
    "PLAIN_FILLS",
    "drawing",
    "legend",
    "legend_millimetres",
    "number_axis",
    "text_millimetres",
]

FILLS = (
    {"facecolor": "#24527a", "hatch": ""},
    {"facecolor": "#9dc3e6", "hatch": "///"},
    {"facecolor": "#f0c27b", "hatch": "---"},
    {"facecolor": "#7fb38a", "hatch": "\\\\\\"},
    {"facecolor": "#c9a3d4", "hatch": "xx"},
    {"facecolor": "#d98b8b", "hatch": "+++"},
    {"facecolor": "#a9b2bb", "hatch": "|||"},
    {"facecolor": "#e3d98a", "hatch": "/"},
)
"""Areas that are told apart without colours: by grey and by hatching."""

PLAIN_FILLS = ({"facecolor": "#d9dee4", "hatch": ""}, {"facecolor": "#ffffff", "hatch": ""})
"""Light grey and white, for what is left to the person."""

LINES = (
    {"color": "#24527a", "linestyle": "-", "marker": "o"},
    {"color": "#a15c00", "linestyle": "--", "marker": "s"},
    {"color": "#1d6f42", "linestyle": ":", "marker": "^"},
    {"color": "#a3213b", "linestyle": "-.", "marker": "D"},
)
"""Lines that are told apart without colours: by their dashes and marks."""

Entries = Sequence[tuple[str, Mapping[str, str]]]
"""What a legend says: names, and how each is drawn."""

_MM_PER_INCH = 25.4
_LEGEND_MM, _SWATCH_MM = 3, 7
INK = "#1c1f24"
_SETTINGS = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555d68",
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "grid.color": "#dde2e8",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
}


def drawing(
    name: str,
    described: str,
    millimetres: tuple[int, int],
    draw: Callable[[Any], None],
    margins: tuple[int, int, int, int] = (20, 4, 12, 7),
) -> Any:
    """Draw one picture.

    Parameters
    ----------
    name
        Tells the picture from the others of its page.
    described
        What is to be seen, for those who cannot see it.
    millimetres, margins
        Width and height of the picture; what is left free for texts to the left and right of the axes, below and above them.
    draw
        Gets the axes (``matplotlib.axes.Axes``) and draws on them.

    Returns
    -------
    Markup
        An ``svg`` element that templates take as it is.

    Raises
    ------
    UsageError
        matplotlib or Jinja2 is not installed.
    """
    matplotlib, figures = need("matplotlib"), need("matplotlib.figure")
    out = io.StringIO()
    with matplotlib.rc_context({**_SETTINGS, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the reader's fonts have it
        width, height = millimetres
        left, right, bottom, top = margins
        figure = figures.Figure(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH))
        place = (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
        draw(figure.add_axes(place))
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return need("jinja2").utils.markupsafe.Markup(_inline(out.getvalue(), described))


def number_axis(axis: Any, values: Sequence[int], write: Callable[[int], str]) -> None:
    """Give an axis its range and its ticks: round whole numbers that enclose all values, each as ``write`` writes it."""
    steps = nice_steps(min(values, default=0), max(values, default=0))
    axis.set_ticks(steps, labels=[write(step) for step in steps])
    axis.set_view_interval(steps[0], steps[-1], ignore=True)


def legend(axes: Any, entries: Entries) -> None:
    """Say what is what, in rows above the axes: a box for one of :data:`FILLS`, a piece of the line for one of :data:`LINES`.

    The picture keeps :func:`legend_millimetres` free for it, at its top.
    """
    patches, lines = need("matplotlib.patches"), need("matplotlib.lines")
    figure = axes.figure
    width, height = (each * _MM_PER_INCH for each in figure.get_size_inches())
    for (label, style), (x, row) in zip(entries, _places(entries, round(width)), strict=True):
        y = height - _LEGEND_MM - row
        if "hatch" in style:
            place, size = (x / width, (y - 1) / height), (_SWATCH_MM / width, _LEGEND_MM / height)
            figure.add_artist(patches.Rectangle(place, *size, edgecolor=INK, linewidth=0.5, **style))
        else:
            ends = [[each / width for each in (x, x + _SWATCH_MM / 2, x + _SWATCH_MM)], [(y + 0.3) / height] * 3]
            figure.add_artist(lines.Line2D(*ends, markevery=[1], **style))
        figure.text((x + _SWATCH_MM + 1) / width, (y - 0.7) / height, label)


def legend_millimetres(entries: Entries, width: int) -> int:
    """How high the legend of a picture of this width is."""
    return 2 * _LEGEND_MM + max((row for _, row in _places(entries, width)), default=-2 * _LEGEND_MM)


def _places(entries: Entries, width: int) -> list[tuple[int, int]]:
    """Where each entry begins: from the left, and below the first row."""
    places, x, row = [], _LEGEND_MM, 0
    for label, _ in entries:
        wide = text_millimetres(label) + 2 * _SWATCH_MM
        if x > _LEGEND_MM and x + wide > width:
            x, row = _LEGEND_MM, row + 2 * _LEGEND_MM
        places.append((x, row))
        x += wide
    return places


def text_millimetres(text: str) -> int:
    """How wide a text is at most, in whole millimetres: a Chinese character is as wide as it is high."""
    return 1 + sum(30 if east_asian_width(one) in "WFA" else 18 for one in text) // 10


def _inline(svg: str, described: str) -> str:
    """The element alone: without prolog, style sheet, fonts, names of namespaces, and ids that nothing refers to."""
    element = re.sub(r"<style.*?</style>|font-family: [^;\"]*;? ?", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    used = set(re.findall(r'(?:xlink:href="#|url\(#)([\w-]+)', element))
    element = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", element)
    element = re.sub(r' xmlns(?::\w+)?="[^"]*"', "", element).replace("xlink:href", "href")
    return element.replace("<svg", f'<svg role="img" aria-label="{escape(described)}"', 1).strip()
