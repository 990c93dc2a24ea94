"""The tables that leave a partition: settled and reversed, and sums by kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.benefits.core.core import Paid
from qingsuan.benefits.order import ROLE
from qingsuan.columns.cells import NO_AMOUNT, decimals, decimals_or_null
from qingsuan.columns.rows import Taker, add_up, arrow, looked_up
from qingsuan.policy.model import FUNDS
from qingsuan.tables import BILL, PAID_COLUMNS

if TYPE_CHECKING:
    from qingsuan.benefits.columns import Columns
    from qingsuan.benefits.setup import Setup
    from qingsuan.policy.compile import Program

__all__ = [
    "SUMS",
    "TOTALS",
    "WAITING",
    "Called",
    "Layout",
    "Names",
    "code_columns",
    "groups_of",
    "id_columns",
    "merge_totals",
    "reversed_table",
]

WAITING = "waiting-period"
"""The ``rule_id`` and the ``variant`` of a claim inside its person's waiting period (等待期)."""

SUMS = (
    *BILL,
    "act_pay_dedc",
    *FUNDS,
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "psn_cash_pay",
)
"""Amounts summed in totals."""

TOTALS = {
    "care": ("pool", "insutype", "med_type"),
    "institutions": ("pool", "insutype", "fixmedins_code"),
}
"""Totals by name: what they are by. ``funds`` (pool, scheme, fund) and ``differences`` are made of others."""

_SETTLED_FUNDS = (
    "hifp_pay",
    "hifmi_pay",
    "hifob_pay",
    "cvlserv_pay",
    "hifes_pay",
    "hifdm_pay",
    "maf_pay",
    "oth_pay",
)
_OF_EVERY_ROW = ("pool", "variant")
"""Codes that no row is without."""
_MARKED = 1 << 22
"""So many numbers of groups are told apart by marking those that occur."""

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def id_columns(columns: Columns, taker: Taker) -> dict[str, pa.Array]:
    """The ids of rows."""
    return {name: taker.texts(columns.texts(name)) for name in ("setl_id", "psn_no")}


def code_columns(columns: Columns, taker: Taker, names: tuple[str, ...]) -> dict[str, pa.Array]:
    """Columns of codes of rows, as dictionaries of their texts."""
    return {name: columns.setup.vocabularies[name].decode(taker.numbers(columns.code(name))) for name in names}


def _time(columns: Columns, taker: Taker) -> pa.Array:
    return arrow(taker.numbers(columns.raw("setl_time")), pa.timestamp("us"))


def reversed_table(columns: Columns, rows: Int32, twins: Int32) -> pa.Table:
    """Claims taken back and the reversals that took them back, side by side in order; each names the other."""
    taker = Taker(rows, len(columns))
    twin_ids = Taker(twins, len(columns)).texts(columns.texts("setl_id"))
    takes_back = columns.raw("role")[rows] & ROLE["reversal"]
    fields = id_columns(columns, taker)
    fields.update(code_columns(columns, taker, ("insutype", "insu_admdvs", "med_type")))
    fields["setl_time"] = _time(columns, taker)
    fields.update(code_columns(columns, taker, ("fixmedins_code",)))
    fields["refd_setl_flag"] = pa.array(np.array(["0", "1"])[takes_back])
    fields["other_setl_id"] = twin_ids
    for name in BILL:
        fields[name] = decimals(columns.raw(name)[rows])
    for name in PAID_COLUMNS:
        if columns.has(name):
            paid = columns.raw(name)[rows]
            fields[name] = decimals_or_null(paid, paid != NO_AMOUNT)
    return _complete(fields)


def _complete(fields: dict[str, pa.Array]) -> pa.Table:
    """A table in which only codes and payments can be null, and says so: no reader and no writer need look."""
    codes = {name for name, array in fields.items() if pa.types.is_dictionary(array.type)}.difference(_OF_EVERY_ROW)
    kinds = [
        pa.field(name, array.type, nullable=name in codes or name in PAID_COLUMNS) for name, array in fields.items()
    ]
    return pa.table(list(fields.values()), schema=pa.schema(kinds))


class Names:
    """A name for each number, made when it is first needed; those that occur, each once, stand in the dictionary of a column.

    So the bytes of a file depend on its rows alone, whatever other rules there are; and a Parquet file of a dictionary that repeats
    itself is never twice the same.
    """

    def __init__(self, name: Callable[[int], str]) -> None:
        self._name = cache(name)

    def column(self, numbers: Int32) -> pa.Array:
        """The names of numbers; the dictionary holds those that occur, in the order of their numbers."""
        occurs = np.flatnonzero(np.bincount(numbers))
        places: dict[str, int] = {}
        place = np.zeros(int(occurs[-1]) + 1 if len(occurs) else 0, np.int32)
        place[occurs] = [places.setdefault(self._name(number), len(places)) for number in occurs.tolist()]
        return pa.DictionaryArray.from_arrays(arrow(looked_up(place, numbers)), pa.array(list(places), pa.string()))


class Called:
    """What the columns ``rule_id`` and ``variant`` say for a variant; the number past the last is the waiting period."""

    def __init__(self, program: Program) -> None:
        self.waiting = len(program.rules)
        self.rule_ids = Names(lambda number: WAITING if number == self.waiting else program.rule_id(number))
        self.variants = Names(lambda number: WAITING if number == self.waiting else program.variant_id(number))


class Layout:
    """Lays out what the core computed for the rows that were settled, in order.

    Parameters
    ----------
    columns, rows
        The partition's claims, and the row at each place of the order.
    bill : (5, n) int64 fen
    paid
        What the core computed.
    variant : (n,) int32
        The variant that decided, or the waiting period, as ``called`` numbers them.
    pool : (n,) int32
        Numbers of pools.
    benefit : (n,) int32
        Benefit dates, as days since 1970.
    """

    def __init__(
        self,
        columns: Columns,
        rows: Int32,
        bill: Int64,
        paid: Paid,
        variant: Int32,
        called: Called,
        pool: Int32,
        benefit: Int32,
    ) -> None:
        self.columns, self.rows, self.bill, self.paid, self.pool = columns, rows, bill, paid, pool
        self.variant, self.called, self.benefit = variant, called, benefit
        self.taker = Taker(rows, len(columns))
        self._codes: dict[str, Int32] = {}
        self.fund_total: Int64 = paid.funds.sum(axis=0)
        self.own: Int64 = bill[0] - self.fund_total

    def settled(self) -> pa.Table:
        """The table ``settled``."""
        paid, columns = self.paid, self.columns
        fields = id_columns(columns, self.taker)
        fields.update(self._code_columns("insutype", "insu_admdvs", "med_type"))
        fields["setl_time"] = _time(columns, self.taker)
        fields.update(self._code_columns("fixmedins_code"))
        fields["rule_id"] = self.called.rule_ids.column(self.variant)
        for name, amounts in zip(BILL, self.bill, strict=True):
            fields[name] = decimals(amounts)
        fields["act_pay_dedc"] = decimals(paid.act_pay_dedc)
        fields["pool_prop_selfpay"] = _ratios(paid.pool_prop_selfpay)
        for fund in _SETTLED_FUNDS:
            fields[fund] = decimals(paid.funds[FUNDS.index(fund)])
        nothing = decimals(np.zeros(len(self.rows), np.int64))
        fields["hosp_part_amt"] = nothing
        fields["fund_pay_sumamt"] = decimals(self.fund_total)
        fields["psn_part_amt"] = decimals(self.own)
        fields["acct_pay"] = decimals(paid.acct_pay)
        fields["acct_mulaid_pay"] = nothing
        fields["psn_cash_pay"] = decimals(paid.psn_cash_pay)
        fields["balc"] = decimals(paid.balc)
        fields["pool"] = Names(self._texts["pool"].__getitem__).column(self.pool)
        fields["benefit_date"] = arrow(self.benefit, pa.date32())
        fields["variant"] = self.called.variants.column(self.variant)
        return _complete(fields)

    def _code_columns(self, *names: str) -> dict[str, pa.Array]:
        return {name: self.columns.setup.vocabularies[name].decode(self._code(name)) for name in names}

    def due(self) -> dict[str, Int64]:
        """What each fund, and the personal account, owes for each claim."""
        return {**dict(zip(FUNDS, self.paid.funds, strict=True)), "acct_pay": self.paid.acct_pay}

    def totals(self) -> dict[str, pa.Table]:
        """Sums in fen by kind, to be merged with those of other partitions.

        Claims are added up once, by all that any kind is by; every kind adds up these sums.
        """
        amounts = self._sums()
        every = tuple(dict.fromkeys(name for by in TOTALS.values() for name in by))
        groups, fine = _grouped({name: self._numbers(name) for name in every}, self._texts)
        sums = add_up(groups, len(fine["pool"]), list(amounts.values()))
        found = {}
        for kind, by in TOTALS.items():
            groups, coarse = _grouped({name: fine[name] for name in by}, self._texts)
            names = _named(coarse, self._texts)
            added = add_up(groups, len(coarse["pool"]), sums)
            found[kind] = pa.table({**names, **{name: arrow(one) for name, one in zip(amounts, added, strict=True)}})
        return found

    @property
    def _texts(self) -> dict[str, list[str]]:
        return _texts_of(self.columns.setup)

    def _numbers(self, name: str) -> Int32:
        """A column that sums are by, as numbers of its texts."""
        return self.pool if name == "pool" else self._code(name)

    def _code(self, name: str) -> Int32:
        if name not in self._codes:
            self._codes[name] = self.taker.numbers(self.columns.code(name))
        return self._codes[name]

    def _sums(self) -> dict[str, Int64]:
        paid = self.paid
        values = dict(zip(BILL, self.bill, strict=True))
        values["act_pay_dedc"] = paid.act_pay_dedc
        values.update(zip(FUNDS, paid.funds, strict=True))
        values.update(
            fund_pay_sumamt=self.fund_total,
            psn_part_amt=self.own,
            acct_pay=paid.acct_pay,
            psn_cash_pay=paid.psn_cash_pay,
        )
        return {"claims": np.ones(len(self.rows), np.int64), **{name: values[name] for name in SUMS}}


def groups_of(columns: Columns, rows: Int32, pool: Int32, by: tuple[str, ...]) -> tuple[Int32, pa.Table]:
    """Number the rows' groups, in the order of what they are by; and the groups themselves."""
    taker, texts = Taker(rows, len(columns)), _texts_of(columns.setup)
    numbers = {name: pool if name == "pool" else taker.numbers(columns.code(name)) for name in by}
    groups, each = _grouped(numbers, texts)
    return groups, pa.table(_named(each, texts))


def _texts_of(setup: Setup) -> dict[str, list[str]]:
    """The texts of all that sums are by; a row has their numbers."""
    names = {name for by in TOTALS.values() for name in by} - {"pool"}
    return {
        "pool": [pool.code for pool in setup.places.pools],
        **{name: setup.vocabularies[name].texts for name in names},
    }


def _named(groups: dict[str, Int32], texts: dict[str, list[str]]) -> dict[str, pa.Array]:
    return {name: pa.array(texts[name], pa.string()).take(arrow(numbers)) for name, numbers in groups.items()}


def _grouped(columns: dict[str, Int32], texts: dict[str, list[str]]) -> tuple[Int32, dict[str, Int32]]:
    """Number rows by the columns that they are alike in, ascending; and the groups' own columns."""
    key, possible = np.zeros(len(columns["pool"]), np.int64), 1
    for name, numbers in columns.items():
        if possible * len(texts[name]) > _MARKED:
            groups, possible = _numbered(key, possible)
            key = groups.astype(np.int64)
        key, possible = key * len(texts[name]) + numbers, possible * len(texts[name])
    groups, count = _numbered(key, possible)
    member = np.zeros(count, np.intp)
    member[groups] = np.arange(len(groups))
    return groups, {name: numbers[member] for name, numbers in columns.items()}


def _numbered(keys: Int64, possible: int) -> tuple[Int32, int]:
    """Number the keys that occur, ascending; by marking where few are possible, else by sorting. And how many there are."""
    if possible > _MARKED or not len(keys):
        different, groups = np.unique(keys, return_inverse=True)
        return groups.astype(np.int32), len(different)
    seen = np.zeros(possible, np.bool_)
    seen[keys] = True
    numbers = np.cumsum(seen, dtype=np.int32)
    return looked_up(numbers, keys.astype(np.int32)) - np.int32(1), int(numbers[-1])


def _ratios(ratio_bp: Int64) -> pa.Array:
    """Basis points as a decimal of four places."""
    return arrow(ratio_bp, pa.decimal64(5, 4))


def _sum(table: pa.Table, by: tuple[str, ...]) -> pa.Table:
    names = [name for name in table.schema.names if name not in by]
    summed = table.group_by(list(by), use_threads=False).aggregate([(name, "sum") for name in names])
    return summed.rename_columns([name.removesuffix("_sum") for name in summed.schema.names]).select([*by, *names])


def merge_totals(parts: list[pa.Table], by: tuple[str, ...]) -> pa.Table:
    """Add up totals of partitions, in the order of what they are by."""
    merged = _sum(pa.concat_tables(parts), by)
    return merged.sort_by([(name, "ascending") for name in by])
