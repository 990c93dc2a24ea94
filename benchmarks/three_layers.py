"""The three-layer rules that the core and its peers are given, and made-up claims to give them.

Made up, like everything here: a pooled fund with a yearly deductible, bands and a yearly cap; critical illness on what is
left, with its own; assistance at one ratio, with a cap.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qingsuan.policy.compile import Program, compile_rule_sets
from qingsuan.policy.model import Bands, Cap, Case, Covers, Deductible, Entry, Layer, Rule, RuleSet, Source

FUNDS = ("hifp_pay", "hifmi_pay", "maf_pay")

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LayerNumbers:
    """One layer, in fen and basis points: what each peer writes in its own words."""

    fund: str
    deductible_fen: int
    upto_fen: tuple[int, ...]
    ratio_bp: tuple[int, ...]
    cap_fen: int


LAYERS = (
    LayerNumbers("hifp_pay", 80_000, (1_000_000, 5_000_000), (6_000, 7_250, 8_333), 12_000_000),
    LayerNumbers("hifmi_pay", 1_400_000, (5_000_000, 10_000_000), (6_000, 6_501, 7_077), 20_000_000),
    LayerNumbers("maf_pay", 0, (), (7_001,), 1_500_000),
)


def rule_set() -> RuleSet:
    """The rules as a plugin would hand them over."""
    groups, layers = {}, {}
    for numbers in LAYERS:
        name = numbers.fund.removesuffix("_pay")
        groups[name] = "year"
        deductible = Deductible("period", (numbers.deductible_fen,), name) if numbers.deductible_fen else None
        case = Case(
            deductible=deductible,
            bands=Bands(numbers.ratio_bp, numbers.upto_fen, "period", "excess", name),
            caps=(Cap(numbers.cap_fen, "period", name),),
            entry=(Entry("inscp_scp_amt"),),
        )
        layers[name] = Layer(name, numbers.fund, (case,))
    return RuleSet(
        file="benchmarks/three_layers.py",
        pool="990100",
        schemes=("390",),
        title="three layers (made up)",
        effective=dt.date(2021, 1, 1),
        until=None,
        benefit_date="setl_time",
        identity_date="begndate",
        levels=(),
        identities=(),
        sources={"made-up": Source("made-up", "benchmark", "-", "made-up")},
        groups=groups,  # type: ignore[arg-type]
        dimensions=(),
        layers=layers,
        rules=(Rule("all", {}, tuple(layers)),),
        covers=(Covers({}),),
    )


def program() -> Program:
    """The rules compiled."""
    return compile_rule_sets([rule_set()])


@dataclass(frozen=True)
class Claims:
    """Claims in memory, person after person and in order.

    Attributes
    ----------
    person : (n,) int32, never falling
    sequence : (n,) int32, the place within all claims: the order inside a person
    day : (n,) int16, the first of a month, numbered as the core numbers days
    bill : (5, n) int64 fen, as the core takes it
    """

    person: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]
    day: npt.NDArray[np.int16]
    bill: Int64

    @property
    def in_scope(self) -> Int64:
        return self.bill[4]

    def __len__(self) -> int:
        return len(self.person)


def claims(count: int, seed: int = 1, per_person: float = 2.6) -> Claims:
    """Make claims with costs skewed enough that every band and cap is reached by some."""
    draw = np.random.default_rng(seed)
    person = np.sort(draw.integers(0, max(1, round(count / per_person)), count)).astype(np.int32)
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])
    month = draw.integers(0, 12, count).astype(np.int64) + 12 * person.astype(np.int64)
    day = (np.sort(month) % 12 * 31).astype(np.int16)  # people keep their places, months rise inside each
    person = (np.cumsum(np.isin(np.arange(count), starts)) - 1).astype(np.int32)
    total = np.minimum(np.exp(draw.normal(11.4, 1.9, count)), 5e9).astype(np.int64)
    bill = np.zeros((5, count), np.int64)
    bill[0] = total
    left = total.copy()
    for part in (1, 2, 3):
        bill[part] = left * draw.integers(0, 15, count) // 100
        left -= bill[part]
    bill[4] = left
    return Claims(person, np.arange(count, dtype=np.int32), day, bill)
