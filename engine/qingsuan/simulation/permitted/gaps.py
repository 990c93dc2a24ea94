"""What is lacking: a gap of a fund in a pool, as somebody says it, or as the books leave it open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from qingsuan.errors import UsageError
from qingsuan.funds.lines import FUND_OF_COLUMN, FUNDS, SCHEMES
from qingsuan.money import fen_of_yuan, yuan
from qingsuan.policy.model import FUNDS as COLUMNS
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["CLAIM_FUNDS", "FundGap", "gaps_of_books", "read_gap"]

_POOLED = "hifp_pay"
_GAP = re.compile(r"([0-9]{6}):([a-z-]+)=([0-9]{1,15}(?:\.[0-9]{1,2})?)")


def _columns() -> Iterator[tuple[str, tuple[str, ...]]]:
    for fund in FUNDS:
        columns = tuple(name for name in COLUMNS if FUND_OF_COLUMN.get(name) == fund)
        if fund in SCHEMES.values():
            columns = (_POOLED,)
        if columns:
            yield fund, columns


CLAIM_FUNDS: Mapping[str, tuple[str, ...]] = MappingProxyType(dict(_columns()))
"""The funds of the books that pay claims, with the columns of a settled claim that they pay."""


@dataclass(frozen=True, slots=True)
class FundGap:
    """What a fund of a pool lacks, in fen, above 0."""

    pool: str
    fund: str
    fen: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a settled claim that the fund pays."""
        return CLAIM_FUNDS[self.fund]

    def is_of(self, scheme: str) -> bool:
        """Whether it pays claims of a scheme; a fund beside the pooled ones does so whatever the scheme."""
        return self.columns != (_POOLED,) or SCHEMES.get(scheme) == self.fund

    def __str__(self) -> str:
        return f"{self.pool}:{self.fund}={yuan(self.fen)}"


def read_gap(text: str) -> FundGap:
    """Read ``POOL:FUND=YUAN``: ``220100:resident=1500000``.

    Raises
    ------
    UsageError
        It is not written so, or is 0; or no such fund pays claims.
    """
    where = f"--gap {text}"
    found = _GAP.fullmatch(text)
    if found is None or not fen_of_yuan(found[3]):
        expected = "POOL:FUND=YUAN with an amount above 0, such as 220100:resident=1500000"
        raise UsageError(where, found="not what is expected here", expected=expected)
    fund = found[2]
    if fund not in CLAIM_FUNDS:
        hint = did_you_mean(fund, CLAIM_FUNDS) or "see docs/fund.md"
        raise UsageError(where, found=f'fund "{fund}"', expected=f"one of {', '.join(CLAIM_FUNDS)}", do=hint)
    return FundGap(found[1], fund, fen_of_yuan(found[3]))


def gaps_of_books(rows: Iterable[Mapping[str, object]]) -> tuple[FundGap, ...]:
    """What the books leave open (``gaps/``, the column ``open``), by pool and fund; funds that pay no claims are left out."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        key = str(row["pool"]), str(row["fund"])
        found[key] = found.get(key, 0) + fen_of_yuan(str(row["open"]))
    return tuple(
        FundGap(pool, fund, fen) for (pool, fund), fen in sorted(found.items()) if fen > 0 and fund in CLAIM_FUNDS
    )
