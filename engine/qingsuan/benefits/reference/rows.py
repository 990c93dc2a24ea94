"""What goes into the slow twin and what comes out of it: one immutable value per row.

Names are those of the national interface. Amounts are in fen, dates are dates, an absent code is "".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from qingsuan.benefits.reference.rules import Value
from qingsuan.benefits.reference.steps import Counters, LayerStep
from qingsuan.benefits.reference.trace import ClaimTrace
from qingsuan.policy.model import Region

__all__ = [
    "Account",
    "AccountKey",
    "Claim",
    "Counted",
    "Identity",
    "Insured",
    "Outcome",
    "Places",
    "Registration",
    "Rejected",
    "Reversed",
    "Served",
    "Settled",
    "YearEndShare",
]


@dataclass(frozen=True, slots=True)
class Claim:
    """One settlement record (结算). Amounts in fen; an absent code is ""; ``extra`` has the plugin's dimensions.

    ``refused`` is the code and the column of a check of the row alone that it failed.
    """

    setl_id: str
    psn_no: str
    insutype: str
    med_type: str
    insu_admdvs: str
    begndate: dt.date
    setl_time: dt.datetime
    medfee_sumamt: int
    fulamt_ownpay_amt: int
    overlmt_selfpay: int
    preselfpay_amt: int
    inscp_scp_amt: int
    enddate: dt.date | None = None
    fix_blng_admdvs: str = ""
    fixmedins_code: str = ""
    dedc_hosp_lv: str = ""
    dise_code: str = ""
    refl_flag: str = ""
    er_flag: str = ""
    acct_used_flag: str = ""
    refd_setl_flag: str = ""
    init_setl_id: str = ""
    mdtrt_id: str = ""
    mid_setl_flag: str = ""
    extra: Mapping[str, Value] = field(default_factory=dict)
    refused: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A claim of a pool that is served, and the date that decides its year, with the column it stands in; whether it is of another year."""

    claim: Claim
    pool: str
    benefit_date: dt.date
    date_column: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Insured:
    """One person in one scheme and pool for a time. ``acct_balc`` in fen."""

    psn_no: str
    insutype: str
    insu_admdvs: str
    psn_type: str
    begndate: dt.date
    enddate: dt.date | None = None
    brdy: dt.date | None = None
    wait_end_date: dt.date | None = None
    acct_balc: int | None = None
    extra: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity class of a person (人员身份类别) and when it holds, both days included."""

    psn_no: str
    psn_idet_type: str
    begntime: dt.date
    endtime: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration of a person (备案): of which type, for what, when it holds, both days included; ``extra`` has amounts by column."""

    psn_no: str
    reg_type: str
    reg_value: str
    begndate: dt.date
    enddate: dt.date | None = None
    extra: Mapping[str, int | None] = field(default_factory=dict)


AccountKey = tuple[str, str, str]
"""``psn_no, insutype, pool``: whose counters and balance."""


@dataclass(slots=True)
class Account:
    """What one person has in one scheme and pool: counters by group and period, and the personal account.

    ``balance`` is None until the first settled claim opens it; ``groups`` is keyed by group and the period it is for
    (``2021``, ``2021Q3``, ``2021-07``, ``2021-07-01``), and by the key where the group is kept apart by one.
    """

    groups: dict[tuple[str, ...], Counters] = field(default_factory=dict)
    balance: int | None = None


class Counted(NamedTuple):
    """A claim that counts at the end of the year, and what it left of the amount in scope."""

    setl_id: str
    left_fen: int


@dataclass(frozen=True, slots=True)
class YearEndShare:
    """What a claim has of what is paid at the end of the year (年终二次报销).

    ``step`` is the year's settlement, ``counted`` are its claims in their order; this one left ``left_fen`` and is paid ``paid_fen``.
    """

    step: LayerStep
    counted: tuple[Counted, ...]
    left_fen: int
    paid_fen: int
    trace: ClaimTrace | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """One settled claim: what decided it, every step, what each fund pays and what is left to the person, in fen."""

    claim: Claim
    pool: str
    benefit_date: dt.date
    rule_id: str
    variant: str
    steps: tuple[LayerStep, ...]
    funds: Mapping[str, int]
    act_pay_dedc: int
    pool_prop_selfpay_bp: int
    acct_pay: int
    balc: int
    year_end: YearEndShare | None = None

    @property
    def fund_pay_sumamt(self) -> int:
        """What all funds pay together (基金支付总额)."""
        return sum(self.funds.values())

    @property
    def psn_part_amt(self) -> int:
        """What is left to the person (个人负担总金额)."""
        return self.claim.medfee_sumamt - self.fund_pay_sumamt

    @property
    def psn_cash_pay(self) -> int:
        """What the account does not pay of it (个人现金支出)."""
        return self.psn_part_amt - self.acct_pay


@dataclass(frozen=True, slots=True)
class Rejected:
    """One claim that is not settled: the code, the column it is about, what was found and what was expected."""

    claim: Claim
    code: str
    column: str
    found: str
    expected: str


@dataclass(frozen=True, slots=True)
class Reversed:
    """A claim and the reversal that takes it back (退费): neither counts."""

    original: Claim
    reversal: Claim


@dataclass(slots=True)
class Outcome:
    """Everything that comes out: each claim is in exactly one of the first three; ``accounts`` can be carried on."""

    settled: list[Settled] = field(default_factory=list)
    reversed: list[Reversed] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    accounts: dict[AccountKey, Account] = field(default_factory=dict)


class Places:
    """The pools of all regions: which one a division code belongs to, by its longest matching prefix."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._pools: dict[str, str] = {}
        self.region_of: dict[str, str] = {}
        for region in regions:
            for pool in region.pools:
                self.region_of[pool.code] = region.code
                self._pools.update(dict.fromkeys(pool.prefixes, pool.code))

    def pool_of(self, admdvs: str) -> str | None:
        """The code of the pool (统筹区), or None where no pool serves the division."""
        for length in range(len(admdvs), 0, -1):
            if admdvs[:length] in self._pools:
                return self._pools[admdvs[:length]]
        return None

    def place(self, admdvs: str, pool: str) -> str:
        """Where care was given, as seen from the pool: ``pool``, ``region`` or ``outside``."""
        if not admdvs or self.pool_of(admdvs) == pool:
            return "pool"
        return "region" if admdvs[:2] == self.region_of[pool][:2] else "outside"
