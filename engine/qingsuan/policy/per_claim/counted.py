"""What depends on what was counted before: bands and amounts that a counter selects, and what is carried into the next period."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CarryOver", "Select"]


@dataclass(frozen=True, slots=True)
class Select:
    """What a counter of a group selects, by the value that it had before this claim.

    ``upto`` are the inner bounds as the file writes them, in the counter's own unit: whole numbers of visits for
    ``visits``; for every other counter yuan, as a whole number or a text with at most two decimals.
    """

    group: str
    counter: str
    upto: tuple[int | str, ...] = ()


@dataclass(frozen=True, slots=True)
class CarryOver:
    """What is not used of a group's cap is carried into its next period (滚存、结转), within the benefit year.

    At most ``most_fen`` is carried into a period; None: all of it. What was carried is used before the period's own.
    """

    most_fen: int | None
    source: str = ""
