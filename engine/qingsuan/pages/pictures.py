"""The two pictures that most pages need: bars beside each other, and curves of one number over another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qingsuan.pages.charts import INK, LINES, drawing, legend, legend_millimetres, number_axis, text_millimetres

__all__ = ["bars", "curves"]

_BAR_MM, _FRAME_MM, _CURVE_MM, _WIDTH_MM = 6, 16, 64, 182
_GAIN, _LOSS = {"facecolor": "#24527a"}, {"facecolor": "#f0c27b", "hatch": "////"}


def bars(
    name: str,
    described: str,
    values: Sequence[tuple[str, Sequence[int]]],
    title: str,
    write: Callable[[int], str],
) -> Any:
    """Bars for each name, each from zero to the right or, hatched, to the left; ``title`` says what is measured, and its unit."""

    def draw(axes: Any) -> None:
        for place, (_, parts) in enumerate(values):
            for value in parts:
                style = _LOSS if value < 0 else _GAIN
                axes.barh(place, value, height=0.66, edgecolor=INK, linewidth=0.5, **style)
        number_axis(axes.xaxis, [0, *(value for _, parts in values for value in parts)], write)
        axes.set_yticks(range(len(values)), labels=[label for label, _ in values])
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel(title)

    ticks = [text_millimetres(write(value)) // 2 for _, parts in values for value in parts]
    left = 3 + max((*ticks, *(text_millimetres(label) for label, _ in values)), default=0)
    size = (_WIDTH_MM, _FRAME_MM + _BAR_MM * len(values))
    return drawing(name, described, size, draw, (left, 10, _FRAME_MM - 2, 2))


def curves(
    name: str,
    described: str,
    across: Sequence[int],
    lines: Mapping[str, Sequence[int]],
    titles: tuple[str, str],
    write: tuple[Callable[[int], str], Callable[[int], str]],
) -> Any:
    """A curve for each name of ``lines`` over the values ``across``; ``titles`` and ``write`` are those of both axes."""
    entries = [(label, LINES[at % len(LINES)]) for at, label in enumerate(lines)] if len(lines) > 1 else []

    def draw(axes: Any) -> None:
        for at, values in enumerate(lines.values()):
            axes.plot(across, values, clip_on=False, **LINES[at % len(LINES)])
        number_axis(axes.xaxis, across, write[0])
        number_axis(axes.yaxis, [value for values in lines.values() for value in values], write[1])
        axes.grid()
        axes.set_axisbelow(True)
        axes.set_xlabel(titles[0])
        axes.set_title(titles[1])
        legend(axes, entries)

    above = 7 + legend_millimetres(entries, _WIDTH_MM)
    return drawing(name, described, (_WIDTH_MM, _CURVE_MM + above), draw, (24, 8, 14, above))
