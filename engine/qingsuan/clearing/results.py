"""The tables that leave a partition: contracts with their terms, cases, the national form by month, what is not settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.alliances import Shared
from qingsuan.clearing.cases import Cases
from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.lines import TERMS, Line, Unsettled
from qingsuan.clearing.pools import Pool
from qingsuan.clearing.shared import POINTS, alliances_table, cases_table, pools_table
from qingsuan.clearing.special.claims import Specials
from qingsuan.clearing.special.tables import payers_table, specials_table
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import arrow, low_words
from qingsuan.settlement import Settled

__all__ = ["AMOUNTS", "BY_CARE", "NAMES", "UNSETTLED_BY", "Outcome"]

NAMES = ("fixmedins_code", "pool", "insutype", "clr_type")
_CLAIMED = {
    "medfee": "medfee_sumamt",
    "scope": "inscp_scp_amt",
    "fund_all": "fund_pay_sumamt",
    "funds": "claims",
}
AMOUNTS = (*_CLAIMED.values(), *TERMS)
"""Amounts of ``clearing``, in yuan; added up by totals."""

BY_CARE = ("pool", "insutype", "clr_type", "clr_way")
UNSETTLED_BY = ("kind", "table")
"""What totals are by."""

_FORM = {
    "medfee_sumamt": "medfee",
    "med_sumfee": "medfee",
    "fund_appy_sum": "funds",
    "cash_payamt": "cash",
    "acct_pay": "account",
}
"""Amounts of the national form, and what of claims each is the sum of."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A partition that is settled.

    Attributes
    ----------
    lines, unsettled : contracts that are settled, and what is not.
    cases, has_case : cases with what each is worth, and which of them are settled.
    shared : pools that share a budget, and alliances that share a sum.
    special : claims that special payers bear.
    claimed : internal rows of the claims that are cleared.
    procured_apart : what institutions keep of procurement in contracts that are not settled, in fen.
    """

    bureau: Bureau
    lines: Sequence[Line]
    unsettled: Sequence[Unsettled]
    cases: Cases
    has_case: npt.NDArray[np.bool_]
    shared: tuple[Sequence[Pool], Sequence[Shared]]
    special: Specials
    claimed: pa.Table
    procured_apart: int

    def settled(self, cases_in: int) -> Settled:
        """The tables, counts and totals of the partition."""
        tables = {
            "clearing": self._clearing(),
            "cases": cases_table(self.cases, self.bureau.contracts, self.has_case),
            "pools": pools_table(self.shared[0]),
            "alliances": alliances_table(self.shared[1]),
            **self._specials(),
            "forms": self._forms(),
            "unsettled": self._unsettled(),
        }
        unsettled = Counter[str]()
        for one in self.unsettled:
            unsettled[f"unsettled.{one.table}"] += one.rows
        counts = {
            "contracts": len(self.lines),
            "claims": sum(line.claimed["rows"] for line in self.lines),
            "claims_fen": sum(line.claimed["fund_all"] for line in self.lines),
            "unsettled_fen": sum(one.claimed[1] for one in self.unsettled),
            "cases": int(self.has_case.sum()),
            "cases_apart": int((~self.cases.joined.unused).sum() - self.has_case.sum()),
            "cases_in": cases_in,
            "procured_apart_fen": self.procured_apart,
            **unsettled,
        }
        return Settled(tables, counts, {"care": self._by_care(), "unsettled": self._by_kind()})

    def _clearing(self) -> pa.Table:
        lines, year = self.lines, self.bureau.terms.year
        columns: dict[str, pa.Array] = {
            name: _texts(line.contract.name[part] for line in lines) for part, name in enumerate(NAMES)
        }
        columns["clr_way"] = _texts(line.contract.terms.way for line in lines)
        columns["terms"] = _texts(line.contract.terms.id for line in lines)
        for name in ("first_month", "last_month"):
            columns[name] = _texts(f"{year}-{getattr(line.contract, name):02d}" for line in lines)
        columns["factor"] = pa.array([_factor(line) for line in lines], pa.decimal128(9, 4))
        columns["points"] = pa.array([_points(line) for line in lines], POINTS)
        columns["alliance"] = _texts(line.contract.alliance for line in lines)
        columns["weight"] = pa.array([_weight(line) for line in lines], pa.decimal128(13, 4))
        columns["psntime"] = pa.array([line.claimed["rows"] for line in lines], pa.int64())
        columns["quantity"] = pa.array([line.quantity for line in lines], pa.int64())
        for name, title in _CLAIMED.items():
            columns[title] = _money([line.claimed[name] for line in lines])
        columns["budget"] = pa.array([_budget(line) for line in lines], pa.decimal128(20, 2))
        for name in TERMS:
            columns[name] = _money([getattr(line, name) for line in lines])
        columns["difference"] = _money([line.standard - line.claimed["funds"] for line in lines])
        return pa.table(columns)

    def _specials(self) -> dict[str, pa.Table]:
        """What special payers bear, claim by claim and contract by contract."""
        whole = np.zeros(len(self.bureau.contracts) or 1, np.bool_)
        whole[[line.contract.number for line in self.lines]] = True
        settled = whole[self.special.contract] & ~self.special.twice
        borne = list(self.special.borne(self.bureau.contracts, settled))
        return {
            "specials": specials_table(self.special, borne, self.bureau.contracts),
            "payers": payers_table(self.lines, self.bureau.terms.year, self.special, borne),
        }

    def _forms(self) -> pa.Table:
        """The national application for clearing (3203 清算申请), one row per contract and month of settlement."""
        by = ["contract", "month"]
        names = ("rows", *dict.fromkeys(_FORM.values()))
        sums = self.claimed.group_by(by, use_threads=False).aggregate([(name, "sum") for name in names])
        rows = sums.sort_by([(name, "ascending") for name in by]).to_pylist()
        contracts = [self.bureau.contracts[row["contract"]] for row in rows]
        columns: dict[str, pa.Array] = {
            name: _texts(one.name[part] for one in contracts) for part, name in enumerate(NAMES)
        }
        columns["clr_way"] = _texts(one.terms.way for one in contracts)
        columns["setlym"] = _texts(str(row["month"]) for row in rows)
        columns["psntime"] = pa.array([row["rows_sum"] for row in rows], pa.int64())
        for title, name in _FORM.items():
            columns[title] = _money([row[f"{name}_sum"] for row in rows])
        return pa.table(columns)

    def _unsettled(self) -> pa.Table:
        rows = self.unsettled
        columns = {name: _texts(getattr(one, name) for one in rows) for name in ("kind", "table", "where", "reason")}
        columns |= {name: _texts(one.name[part] for one in rows) for part, name in enumerate(NAMES)}
        columns |= {name: _texts(getattr(one, name) for one in rows) for name in ("med_type", "setl_id")}
        columns["rows"] = pa.array([one.rows for one in rows], pa.int64())
        for place, title in enumerate(("medfee_sumamt", "fund_pay_sumamt", "claims")):
            columns[title] = _money([one.claimed[place] for one in rows])
        return pa.table(columns)

    def _by_care(self) -> pa.Table:
        table = self._clearing()
        count = pa.array([1] * len(table), pa.int64())
        return pa.table(
            {
                **{name: table[name] for name in BY_CARE},
                "contracts": count,
                "psntime": table["psntime"],
                **{name: _fen(table[name]) for name in (*AMOUNTS, "difference")},
            }
        )

    def _by_kind(self) -> pa.Table:
        table = self._unsettled()
        fen = {name: _fen(table[name]) for name in ("medfee_sumamt", "fund_pay_sumamt", "claims")}
        return pa.table({**{name: table[name] for name in (*UNSETTLED_BY, "rows")}, **fen})


def _fen(column: pa.ChunkedArray) -> pa.Array:
    """Yuan of a table that was just made, as fen."""
    return arrow(low_words(column.combine_chunks())[0])


def _factor(line: Line) -> Decimal | None:
    """The institution's factor, where its terms have points."""
    return Decimal(line.contract.factor).scaleb(-4) if line.contract.terms.points else None


def _weight(line: Line) -> Decimal | None:
    weight = line.contract.weight
    return None if weight is None else Decimal(weight).scaleb(-4)


def _budget(line: Line) -> Decimal | None:
    fen = line.contract.budget_fen
    return None if fen is None else Decimal(fen).scaleb(-2)


def _points(line: Line) -> Decimal | None:
    points = line.contract.terms.points
    return None if points is None or line.units is None else Decimal(line.units).scaleb(-points.decimals)


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array([value or None for value in values], pa.string())


def _money(fen: Sequence[int]) -> pa.Array:
    return decimals(np.array(fen, np.int64), 20)
