"""Elements of a page and its look; every text goes through :func:`text`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["STYLE", "badge", "element", "table", "text"]

STYLE = """\
@page { size: A4; margin: 16mm 14mm 18mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.55 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", sans-serif;
  color: #1c1f24; max-width: 182mm; margin: 0 auto; padding: 6mm 0; background: #fff; }
h1 { font-size: 20pt; margin: 0 0 1mm; }
h2 { font-size: 14.5pt; margin: 11mm 0 2mm; padding: 0 0 1.5mm; border-bottom: 0.7mm solid #24527a; break-after: avoid; }
h3 { font-size: 11.5pt; margin: 6.5mm 0 1.5mm; break-after: avoid; }
h3 .fund { font-weight: normal; color: #555d68; font-size: 9.5pt; margin-left: 2mm; }
.en { color: #6a727d; font-size: 8.5pt; font-weight: normal; }
.rule-set { break-before: page; }
p { margin: 1mm 0 2mm; }
table { border-collapse: collapse; width: 100%; margin: 0; font-size: 9.2pt; }
th, td { border: 0.2mm solid #c5ccd5; padding: 1mm 1.8mm; vertical-align: top; text-align: left; }
th { background: #eef3f8; font-weight: 600; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.matrix { margin: 2mm 0 4.5mm; break-inside: avoid; }
.caption { margin-bottom: 0.8mm; }
.caption b { margin-right: 2mm; }
.pair { display: table; table-layout: fixed; width: 100%; }
.pair > div { display: table-cell; vertical-align: top; }
.pair > .source { width: 54mm; padding-left: 4mm; }
.source { font-size: 8pt; line-height: 1.4; color: #3b424c; }
.source div { margin-bottom: 1mm; overflow-wrap: anywhere; border-left: 0.7mm solid #c5ccd5; padding-left: 2mm; }
.grade { display: inline-block; border-radius: 1mm; padding: 0 1.3mm; font-size: 7.8pt; color: #fff; background: #5d6874;
  white-space: nowrap; }
.grade-A { background: #1d6f42; } .grade-B { background: #24527a; } .grade-C { background: #6b5b95; }
.grade-reading { background: #a15c00; } .grade-made-up { background: #a3213b; }
.pair td:first-child:not(:only-child) { min-width: 28mm; }
.missing td:first-child { width: 52mm; overflow-wrap: anywhere; }
code { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: 8.2pt; }
ol.contents { columns: 2; font-size: 9.5pt; padding-left: 6mm; }
a { color: inherit; text-decoration: none; }
svg { width: 100%; height: auto; }
footer { margin-top: 10mm; color: #6a727d; font-size: 8pt; overflow-wrap: anywhere; }
"""

_GRADES = {"reading": "理解", "derived": "推算", "made-up": "虚构"}
"""Grades that are words; the others are letters."""


def text(value: str) -> str:
    """A text that is none of the page's own elements."""
    return escape(value)


def element(name: str, inside: str, **attributes: str) -> str:
    """One element; ``inside`` is HTML already. ``class_`` is its class."""
    said = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{said}>{inside}</{name}>"


def badge(grade: str) -> str:
    """The grade of a source (等级)."""
    return element("span", text(_GRADES.get(grade, grade)), class_=f"grade grade-{grade}")


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, numbers_from: int | None = None, class_: str = ""
) -> str:
    """A table of HTML cells; from column ``numbers_from`` on they are numbers. A column with a header and no cell is left out."""
    listed = [list(row) for row in rows]
    if any(headers):
        kept = [at for at in range(len(headers)) if not headers[at] or any(row[at] for row in listed)]
        headers, listed = [headers[at] for at in kept], [[row[at] for at in kept] for row in listed]
    lines = []
    for row in listed:
        cells = [
            element("td", cell, class_="number" if numbers_from is not None and at >= numbers_from else "")
            for at, cell in enumerate(row)
        ]
        lines.append(element("tr", "".join(cells)))
    head = element("thead", element("tr", "".join(element("th", each) for each in headers))) if any(headers) else ""
    return element("table", head + element("tbody", "".join(lines)), class_=class_)
