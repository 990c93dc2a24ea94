"""The page, from the record, the tables and what was explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from qingsuan.messages import Lang, Words
from qingsuan.pages.rendering import HTML_LANG, render
from qingsuan.simulation.changing.asked import plain
from qingsuan.simulation.explaining import Explained
from qingsuan.simulation.page.pictures import curve_of, decile_bars, fund_bars, group_bars, unit_name
from qingsuan.simulation.telling.summary import DIMENSIONS, group_name, who_gains
from qingsuan.simulation.telling.workbook import COLUMNS, heading

__all__ = ["page_of"]


def page_of(
    record: Mapping[str, Any],
    tables: Mapping[str, pa.Table],
    lang: Lang,
    explained: Sequence[Explained] = (),
    above: Any = "",
) -> str:
    """The simulation as one HTML page; of a sweep what all values come to, of one variant all of its effects.

    Parameters
    ----------
    explained
        The biggest changes by both rules; none where that was not asked for.
    above
        What stands above it where it is one of several pages (``Markup``); nothing where it stands alone.

    Raises
    ------
    UsageError
        Jinja2 or matplotlib is not installed.
    """
    words = Words(lang)
    rows = {name: table.to_pylist() for name, table in tables.items()}
    many = len(rows["variants"]) > 1
    groups = _by_dimension(rows["effects"]) if not many else {}
    swept = [one for one in rows["variants"] if one["value"] is not None] if many else rows.get("tried", [])
    unit = unit_name(rows["variants"][0]["unit"], words)
    return render(
        Path(__file__).parent / "templates",
        "simulation.html.j2",
        above=above,
        html_lang=HTML_LANG[lang],
        speak=words.speak,
        headed=lambda column: heading(column, words),
        fund=lambda column: words.speak(COLUMNS[column]),
        yuan=_yuan,
        signed=_signed,
        plain=plain,
        record={"found": None, **record},
        at_hand=", ".join(f"{one['pool']}/{one['insutype']}" for one in record["at_hand"]) or "-",
        who=who_gains(tables["people"], words) if not many else "",
        rows=rows,
        explained={one.rank: one.changes() for one in explained},
        many=many,
        dimensions={name: words.speak(DIMENSIONS[name]) for name in groups},
        groups=groups,
        group_name=lambda dimension, group: group_name(dimension, group, words),
        unit=unit,
        fund_picture=None if many else fund_bars(rows["funds"], words),
        group_pictures={name: group_bars(name, each, words) for name, each in groups.items()},
        decile_picture=None if many else decile_bars(rows["deciles"], words),
        curve=curve_of(swept, rows["funds"] if many else [], unit, words),
    )


def _by_dimension(effects: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The groups of each dimension that has more than one."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in effects:
        found.setdefault(row["dimension"], []).append(row)
    return {dimension: rows for dimension, rows in found.items() if len(rows) > 1}


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _signed(amount: Decimal) -> str:
    return f"{amount:+,.2f}" if amount else "±0.00"
