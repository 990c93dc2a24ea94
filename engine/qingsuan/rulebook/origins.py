"""Where an amount comes from that is a multiple of a figure, and what hangs on a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qingsuan.money import BP_ONE, apply_bp, bp_of_percent, fen_of_yuan, yuan
from qingsuan.policy.model import RuleSet
from qingsuan.policy.when.figures import Figure, FigureFen
from qingsuan.rulebook.phrases import Lang, amount, percentage, phrase

__all__ = ["figure_text", "hanging", "origin", "origin_as_written"]


def origin(fen: FigureFen, lang: Lang, *, by_figure: bool = False) -> str:
    """An amount with the figure that it is a multiple of; with ``by_figure`` without numbers that come from the figure.

    >>> wage = Figure("average_wage", 2020, 9_216_000)
    >>> origin(FigureFen(55_296_000, wage, 60_000), "en")
    '552,960 = 6 × 92,160 (average_wage 2020)'
    >>> origin(FigureFen(460_800, wage, 500), "en", by_figure=True)
    '5% × average_wage'
    """
    factor, figure = _factor(fen.factor_bp), fen.figure
    if by_figure:
        return f"{factor} × {figure.name}"
    if figure.amount_fen is None:
        return f"{factor} × {figure.name} {figure.year} ({phrase('no value', lang)})"
    return f"{amount(fen)} = {factor} × {amount(figure.amount_fen)} ({figure.name} {figure.year})"


def _factor(bp: int) -> str:
    """How many times a figure; below once as a percentage."""
    return (
        percentage(bp) if bp < BP_ONE else yuan(bp // 100).rstrip("0").rstrip(".") if bp % 100 == 0 else percentage(bp)
    )


def figure_text(figure: Figure, lang: Lang) -> str:
    """What a figure is: its value and year, or why it has none."""
    if figure.amount_fen is None:
        return f"{figure.year}, {phrase('no value', lang)}: {figure.why}"
    return f"{amount(figure.amount_fen)} ({figure.year})"


def hanging(rule_set: RuleSet, name: str) -> Iterator[tuple[str, str, str]]:
    """The amounts that are multiples of a figure: where each stands, its factor, and what it comes to."""
    value = next((one.amount_fen for one in rule_set.figures if one.name == name), None)
    for one in rule_set.multiples:
        if one.figure == name:
            shown = "-" if value is None else amount(apply_bp(value, one.factor_bp))
            yield one.place, _factor(one.factor_bp), shown


def origin_as_written(rule_set: RuleSet, written: Mapping[str, Any], lang: Lang) -> str:
    """The amount of a multiple as a file has it, ``{ times = 6, figure = "average_wage" }``, with its origin."""
    figure = next(one for one in rule_set.figures if one.name == written["figure"])
    factor_bp = fen_of_yuan(written["times"]) * 100 if "times" in written else bp_of_percent(written["percent"])
    return origin(FigureFen(apply_bp(figure.amount_fen or 0, factor_bp), figure, factor_bp), lang)
