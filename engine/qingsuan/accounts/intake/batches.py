"""Rows as they come: checked on their own, and made small."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.accounts.intake import columns
from qingsuan.accounts.intake.rows import Rows, filled
from qingsuan.accounts.rule.model import KINDS, RELATIONS, SCHEME, UNFIT
from qingsuan.accounts.rule.year import PoolOf
from qingsuan.columns.cells import FIRST_DAY, OPEN_END, READERS, Torn
from qingsuan.columns.rows import arrow
from qingsuan.errors import PluginError
from qingsuan.heads.families import Families
from qingsuan.people import Texts
from qingsuan.settlement import InputFile, Taken

__all__ = ["IN_SERVICE", "RETIRED", "UNKNOWN_USE", "WITHOUT", "Intake"]

IN_SERVICE, RETIRED, WITHOUT = 0, 1, 2
"""What an insured row says of its person: in service (在职), retired (退休), of a category without an account."""

UNKNOWN_USE = len(KINDS) + len(UNFIT)
"""The number of a use that is in no list; those that documents refuse by name follow those that a rule may allow."""

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_PHARMACY = "41"

Mask = npt.NDArray[np.bool_]


class Intake:
    """Takes batches of every table in.

    Parameters
    ----------
    year, pools
        The year that is settled, and the codes of pools by number.
    pool_of
        Which pool insures in a place.
    codes
        The codes of the columns insutype and psn_type, local ones among them.
    families
        Learns who is tied to whom, and gives every row its key.
    skip_unserved
        Whether rows of places without a plugin are rejected (E_POOL) instead of stopping the run.
    """

    def __init__(
        self,
        year: int,
        pools: Sequence[str],
        pool_of: PoolOf,
        codes: Mapping[str, frozenset[str]],
        families: Families,
        skip_unserved: bool,
    ) -> None:
        first = np.datetime64(f"{year}-01-01", "D").astype(np.int64)
        self._first, self._last = int(first), int(np.datetime64(f"{year + 1}-01-01", "D").astype(np.int64)) - 1
        self._year, self._pools, self._pool_of = year, tuple(pools), pool_of
        self._codes, self._families, self._skip_unserved = codes, families, skip_unserved

    def take(self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn]) -> Taken:
        """Check the rows of a batch one by one; see :meth:`qingsuan.settlement.Settlement.take`.

        Raises
        ------
        QingsuanError
            A row is insured where no plugin serves, unless such rows are skipped; or a row of a table that must be trusted cannot be.
        """
        rows = Rows(batch, getattr(columns, table.upper()), file, first_row, torn)
        make: Callable[[Rows], Taken] = getattr(self, f"_take_{table}")
        return make(rows)

    def tie(self, batch: pa.RecordBatch) -> None:
        """Learn who is tied to whom; what is wrong with a row is said when it is taken."""
        ids = [filled(READERS["text"](batch.column(name))) for name in ("psn_no", "member_psn_no")]
        self._families.tie(*(Texts.of(each).hashes for each in ids))

    # ---- table by table

    def _take_insured(self, rows: Rows) -> Taken:
        rows.refuse_void()
        rows.refuse_forms()
        begin, end = (
            rows.values("begndate"),
            np.where(rows.absent("enddate"), np.int32(OPEN_END), rows.values("enddate")),
        )
        rows.refuse(end < begin, "E_DATE", "enddate", "a date not before begndate")
        for name, codes in self._codes.items():
            known = rows.by_value(name, codes.__contains__, np.bool_)
            rows.refuse(~known, "E_CODE", name, f"a code of the table {name}, or a local one of the region's plugin")
        employed = rows.by_value("insutype", lambda scheme: scheme == SCHEME, np.bool_)
        pool = rows.by_value("insu_admdvs", self._pool_of, np.int32)
        self._refuse_unserved(rows, (pool < 0) & employed & rows.good)
        rows.refuse_negative("cntr_base", "acct_balc")
        other, outside = rows.good & ~employed, rows.good & employed & ((begin > self._last) | (end < self._first))
        fields = {
            "psn_no": rows.ids("psn_no"),
            "pool": pool,
            "status": rows.by_value("psn_type", _status, np.int8),
            "mode": np.where(rows.absent("acct_mode"), -1, rows.values("acct_mode")).astype(np.int8),
            "begin": begin,
            "end": end,
            "retires": rows.values("retire_date"),
            "born": rows.values("brdy"),
            "base": rows.amounts("cntr_base"),
            "balance": rows.amounts("acct_balc"),
        }
        sums = {"insured_other_scheme": int(other.sum()), "insured_outside_year": int(outside.sum())}
        return self._taken("insured", rows, fields, "psn_no", rows.good & ~other & ~outside, sums)

    def _refuse_unserved(self, rows: Rows, unserved: Mask) -> None:
        if unserved.any() and not self._skip_unserved:
            codes = sorted(set(rows.ids("insu_admdvs").filter(pa.array(unserved)).to_pylist()))
            raise PluginError(
                "insu_admdvs",
                found=f"employees insured in {', '.join(codes[:20])}: no plugin serves their pool",
                expected=f"a pool that a plugin serves: {', '.join(self._pools)}",
                do="install the region's plugin, or set such rows aside with --skip-unserved",
            )
        rows.refuse(unserved, "E_POOL", "insu_admdvs", "a place in a pool that a plugin serves")

    def _take_months(self, rows: Rows) -> Taken:
        rows.refuse_forms()
        month = rows.by_value("month", self._month, np.int32)
        rows.refuse(month == -2, "E_FORM", "month", "a month as YYYY-MM, such as 2022-03")
        rows.refuse_negative("cntr_base")
        outside = rows.good & (month == -1)
        fields = {
            "psn_no": rows.ids("psn_no"),
            "month": month.astype(np.int8),
            "received": np.where(rows.absent("clct_flag"), 1, rows.values("clct_flag")).astype(np.int8),
            "base": rows.amounts("cntr_base"),
        }
        return self._taken(
            "months", rows, fields, "psn_no", rows.good & ~outside, {"months_outside_year": int(outside.sum())}
        )

    def _month(self, text: str) -> int:
        """The number of a month from 0; -1 for one of another year, -2 for what is no month."""
        match = _MONTH.fullmatch(text)
        if match is None:
            return -2
        return int(match[2]) - 1 if int(match[1]) == self._year else -1

    def _take_uses(self, rows: Rows) -> Taken:
        rows.refuse_void()
        rows.refuse_forms()
        day, amount, back = rows.values("date"), rows.values("amount"), rows.values("refd_setl_flag")
        inside = f"a day of {self._year}, the year that is settled"
        rows.refuse((day < self._first) | (day > self._last), "E_DATE", "date", inside, rows.day_of("date"))
        rows.refuse(
            (amount <= 0) & (back == 0), "E_NEGATIVE", "amount", "an amount above 0 in a row that is no reversal"
        )
        rows.refuse((amount >= 0) & (back == 1), "E_NEGATIVE", "amount", "the amount that is taken back, negated")
        rows.refuse(
            (back == 1) & rows.absent("init_setl_id"),
            "E_MISSING",
            "init_setl_id",
            "the setl_id of what it takes back",
            "nothing",
        )
        person, payer = rows.ids("psn_no"), rows.ids("payer_psn_no")
        fields = {
            "psn_no": person,
            "payer": pc.if_else(pa.array(rows.absent("payer_psn_no")), person, payer),
            "setl_id": rows.ids("setl_id"),
            "init": rows.ids("init_setl_id"),
            "day": day,
            "kind": rows.by_value("use", _use, np.int8),
            "back": back,
            "amount": np.abs(amount),
            "use": rows.ids("use"),
        }
        return self._taken("uses", rows, fields, "payer", rows.good, {"use_fen": int(amount[rows.good].sum())})

    def _take_families(self, rows: Rows) -> Taken:
        rows.refuse_forms()
        begin = np.where(rows.absent("begndate"), np.int32(FIRST_DAY), rows.values("begndate"))
        end = np.where(rows.absent("enddate"), np.int32(OPEN_END), rows.values("enddate"))
        rows.refuse(end < begin, "E_DATE", "enddate", "a date not before begndate")
        relation = rows.by_value("relation", lambda text: RELATIONS.index(text) if text in RELATIONS else -1, np.int8)
        rows.refuse(relation < 0, "E_CODE", "relation", f"one of {', '.join(RELATIONS)}")
        fields = {
            "psn_no": rows.ids("psn_no"),
            "member": rows.ids("member_psn_no"),
            "relation": relation,
            "begin": begin,
        }
        return self._taken("families", rows, fields | {"end": end}, "psn_no", rows.good, {})

    def _take_opening(self, rows: Rows) -> Taken:
        rows.refuse_forms()
        rows.refuse_negative("balc")
        pool = rows.by_value("pool", lambda code: self._pools.index(code) if code in self._pools else -1, np.int32)
        rows.refuse(pool < 0, "E_POOL", "pool", f"a pool that a plugin serves: {', '.join(self._pools)}")
        rows.trust()
        fields = {"psn_no": rows.ids("psn_no"), "pool": pool, "balance": rows.values("balc")}
        return self._taken("opening", rows, fields, "psn_no", rows.good, {})

    def _take_claims(self, rows: Rows) -> Taken:
        rows.refuse_forms()
        rows.refuse_negative("acct_pay", "acct_mulaid_pay")
        own, mulaid = rows.values("acct_pay"), rows.values("acct_mulaid_pay")
        day = rows.values("benefit_date")
        inside = f"a day of {self._year}, the year that is settled"
        rows.refuse(
            (day < self._first) | (day > self._last), "E_DATE", "benefit_date", inside, rows.day_of("benefit_date")
        )
        rows.trust()
        fields = {
            "psn_no": rows.ids("psn_no"),
            "setl_id": rows.ids("setl_id"),
            "day": day,
            "kind": rows.by_value(
                "med_type", lambda care: KINDS.index("pharmacy" if care == _PHARMACY else "care"), np.int8
            ),
            "own": own,
            "mulaid": mulaid,
        }
        paid = (own > 0) | (mulaid > 0)
        sums = {"claims_without": int((~paid).sum()), "claim_fen": int(own.sum() + mulaid.sum())}
        return self._taken("claims", rows, fields, "psn_no", paid, sums)

    # ---- inside

    def _taken(
        self, table: str, rows: Rows, fields: Mapping[str, Any], key: str, kept: Mask, sums: Mapping[str, int]
    ) -> Taken:
        """The rows that are kept, with their keys."""
        schema = columns.INTERNAL[table]
        keys = self._families.keys(Texts.of(fields[key]).hashes)
        every = {"file": rows.refusals.files, "row": rows.refusals.rows, columns.KEY: keys, **fields}
        arrays = [
            value if isinstance(value, pa.Array) else arrow(value.astype(kind.type.to_pandas_dtype(), copy=False))
            for kind in schema
            for value in [every[kind.name]]
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        batch = batch if kept.all() else batch.filter(pa.array(kept))
        return Taken(batch, rows.refusals.table(), dict(sums))


def _status(psn_type: str) -> int:
    """What a person category says: its first two digits tell people in service from retired ones."""
    return {"11": IN_SERVICE, "12": RETIRED}.get(psn_type[:2], WITHOUT)


def _use(text: str) -> int:
    every = (*KINDS, *UNFIT)
    return every.index(text) if text in every else UNKNOWN_USE
