"""Lines of warning (风险预警): what is measured, and where a measure reaches a level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["MEASURES", "WarningLine"]

MEASURES: Mapping[str, str] = {
    "months": "可支付月数",
    "execution-income": "收入预算执行率",
    "execution-expense": "支出预算执行率",
    "inpatient-ratio": "住院政策范围内支付比例",
    "outpatient-ratio": "门诊政策范围内支付比例",
}
"""What is measured: months of expense that the balance covers; execution of the budget of a side; what the pooled fund pays of the cost
in scope (政策范围内). Months count by twelve a year, all others are percent."""


@dataclass(frozen=True, slots=True)
class WarningLine:
    """A line of warning, in hundredths: outside ``low`` and ``high`` (None: no bound) a measure reaches its level."""

    fund: str
    measure: str
    level: str
    low: int | None
    high: int | None
    source: str

    def is_crossed(self, value: int) -> bool:
        """Whether a measure lies outside."""
        return (self.low is not None and value < self.low) or (self.high is not None and value > self.high)
