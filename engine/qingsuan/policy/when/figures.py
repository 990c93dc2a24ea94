"""Figures that a bureau publishes (上年度在岗职工平均工资), and the amounts that are multiples of them, as values."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Figure", "Multiple"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure of a year; without a value (``amount_fen`` None) ``why`` says that it was not found."""

    name: str
    year: int
    amount_fen: int | None
    why: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Multiple:
    """Where an amount is a multiple of a figure: its place in the file, the figure, and the factor in basis points (6 times = 60000)."""

    place: str
    figure: str
    factor_bp: int
