"""Figures that a bureau publishes (上年度在岗职工平均工资), and the amounts that are multiples of them, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

__all__ = ["Figure", "FigureFen", "Multiple", "beside"]


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


class FigureFen(int):
    """An amount in fen like any other, which knows that it is a multiple of a figure: ``factor_bp`` basis points of it."""

    figure: Figure
    factor_bp: int

    def __new__(cls, fen: int, figure: Figure, factor_bp: int) -> Self:
        """``fen`` is ``factor_bp`` basis points of ``figure``."""
        self = super().__new__(cls, fen)
        self.figure, self.factor_bp = figure, factor_bp
        return self

    def __reduce__(self) -> tuple[type[FigureFen], tuple[int, Figure, int]]:
        return FigureFen, (int(self), self.figure, self.factor_bp)


def beside(fen: int, by: int) -> int:
    """The amount so many fen away, such as the first one above a bound; it still knows its figure."""
    return FigureFen(fen + by, fen.figure, fen.factor_bp) if isinstance(fen, FigureFen) else fen + by
