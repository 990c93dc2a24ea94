"""What a bureau supplies beside the rule: targets of counties, faults, means. Each is a small CSV file; nothing has a default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.funds.lines import FUNDS
from qingsuan.funds.places import Pools
from qingsuan.heads.small_tables import TableFile, lines_of, number
from qingsuan.money import fen_of_yuan
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["LEVELS", "MEANS", "MEASURES", "BureauTables", "Fault", "Target"]

MEASURES = ("heads", "premiums", "income", "expense")
"""What a target is of: people insured, premiums received, income, expense. An expense is met from below, all others from above."""

LEVELS = ("county", "prefecture", "province", "central")
"""Whose government made a fault, and makes it good (同级政府)."""

MEANS = ("deposits", "adjustment", "reserve", "investments", "government", "rates")
"""The remedies when a fund cannot pay, in the order of 财社〔2017〕144号, art. 38: deposits out of past surplus, the adjustment fund, the
risk or reserve fund, investments sold or redeemed, a subsidy of the same level's government, a change of rates or benefits."""

_TARGETS = ("fund", "insu_admdvs", "measure", "target")
_FAULTS = ("fund", "insu_admdvs", "level", "amount", "document")
_MEANS = ("fund", "pool", "step", "amount")

Book = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """A target of a county and what happened, where the table says it; fen, or people."""

    measure: str
    target: int
    actual: int | None
    where: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What rules carried out wrongly cost a county's fund, whose government makes it good, and the document that says so."""

    level: str
    fen: int
    document: str


@dataclass(frozen=True, slots=True)
class BureauTables:
    """The bureau's tables by fund and place; ``targets`` is None where the table was not given."""

    targets: Mapping[Book, tuple[Target, ...]] | None = None
    faults: Mapping[Book, tuple[Fault, ...]] = field(default_factory=dict)
    means: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    files: tuple[TableFile, ...] = ()

    @classmethod
    def read(cls, targets: Path | None, faults: Path | None, means: Path | None, pools: Pools) -> BureauTables:
        """Read the files that were handed over.

        Raises
        ------
        PolicyError
            A line cannot be trusted, or says a thing twice.
        """
        named = {"targets": targets, "faults": faults, "means": means}
        return cls(
            targets=None if targets is None else _targets(targets, pools),
            faults={} if faults is None else _faults(faults, pools),
            means={} if means is None else _means(means, pools),
            files=tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
        )


def _targets(file: Path, pools: Pools) -> dict[Book, tuple[Target, ...]]:
    found: dict[Book, tuple[Target, ...]] = {}
    for where, cells in lines_of(file, _TARGETS):
        book = _book(where, cells, pools)
        measure = _choice(where, "measure", cells["measure"], MEASURES)
        if measure in (one.measure for one in found.get(book, ())):
            raise PolicyError(
                where, found=f"{' '.join(book)} {measure} again", expected="each target once", do="take one out"
            )
        is_heads = measure == "heads"
        if is_heads and not cells.get("actual"):
            do = "add the column actual, with the people who were insured"
            raise PolicyError(where, found="heads without actual", expected="how many there were", do=do)
        if cells.get("actual") and not is_heads:
            do = "leave the cell empty"
            raise PolicyError(
                where, found=f"actual of {measure}", expected="nothing: it is reckoned from the books", do=do
            )
        actual = _count(where, "actual", cells["actual"]) if is_heads else None
        target = _count(where, "target", cells["target"]) if is_heads else _fen(where, "target", cells["target"])
        found[book] = (*found.get(book, ()), Target(measure, target, actual, where))
    return found


def _faults(file: Path, pools: Pools) -> dict[Book, tuple[Fault, ...]]:
    found: dict[Book, tuple[Fault, ...]] = {}
    for where, cells in lines_of(file, _FAULTS):
        book = _book(where, cells, pools)
        fault = Fault(
            _choice(where, "level", cells["level"], LEVELS), _fen(where, "amount", cells["amount"]), cells["document"]
        )
        if not fault.document or not fault.fen:
            do = "name the document that found the fault, and an amount above 0"
            raise PolicyError(
                where, found=f"amount {cells['amount']}, document {fault.document or 'none'}", expected="both", do=do
            )
        found[book] = (*found.get(book, ()), fault)
    return found


def _means(file: Path, pools: Pools) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for where, cells in lines_of(file, _MEANS):
        fund, step = _choice(where, "fund", cells["fund"], tuple(FUNDS)), _choice(where, "step", cells["step"], MEANS)
        pool = _choice(where, "pool", cells["pool"], tuple(pools.codes))
        if (fund, pool, step) in found:
            raise PolicyError(where, found=f"{fund} {pool} {step} again", expected="each step once", do="take one out")
        found[fund, pool, step] = _fen(where, "amount", cells["amount"])
    return found


def _book(where: str, cells: Mapping[str, str], pools: Pools) -> Book:
    fund = _choice(where, "fund", cells["fund"], tuple(FUNDS))
    if not pools.find(cells["insu_admdvs"]):
        expected = f"a county in a pool that a plugin serves: {', '.join(pools.codes)}"
        raise PolicyError(
            where, found=f'insu_admdvs "{cells["insu_admdvs"]}"', expected=expected, do="correct the code"
        )
    return fund, cells["insu_admdvs"]


def _choice(where: str, column: str, found: str, known: tuple[str, ...]) -> str:
    if found not in known:
        do = did_you_mean(found, known) or "correct the cell"
        raise PolicyError(where, found=f'{column} "{found}"', expected=f"one of {', '.join(known)}", do=do)
    return found


def _fen(where: str, column: str, text: str) -> int:
    fen = number(text, fen_of_yuan, where, column, "yuan, at most two decimals")
    if fen < 0:
        raise PolicyError(where, found=f"{column} {text}", expected="0 or more", do="correct the amount")
    return fen


def _count(where: str, column: str, text: str) -> int:
    if re.fullmatch(r"[0-9]{1,12}", text) is None:
        raise PolicyError(
            where, found=f'{column} "{text}"', expected="a whole number of people", do="correct the number"
        )
    return int(text)
