"""Contracts with operators of critical illness insurance of a made-up year (大病保险承办, 样例数据), heads, and money that moved.

Two pools have a contract; those of the other two are named as not known, so that it is seen what a missing figure stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qingsuan.money import yuan
from qingsuan.sample.bureau.small import write_table

__all__ = ["OPERATOR_FILES", "write_operators"]

OPERATOR_FILES = ("operator_contracts.toml", "operator_heads.csv", "operator_movements.csv")

_STATED, _PROPOSED = "150100", "150900"
"""The pool whose contract states a premium per head, and the one where it follows from three years' results."""

_MONEY = {_STATED: (1_600, 1_200), _PROPOSED: (10_500, 9_800)}
"""Pool -> what is advanced to the operator a quarter and what it pays out, for each resident, in fen."""

_PAID_PERCENT = (96, 100, 104)
"""What was paid in the three years before, of :data:`_PAID`."""

_PAID = 43_000
"""For each resident, in fen."""


def write_operators(out: Path, heads: Mapping[str, int], year: int) -> None:
    """Write contracts, heads and movements; ``heads`` are residents by county."""
    people = {
        pool: max(1, sum(number for county, number in heads.items() if county.startswith(pool[:4]))) for pool in _MONEY
    }
    years = (
        f'{{ year = {year - 3 + at}, heads = {people[_PROPOSED]}, paid = "{yuan(people[_PROPOSED] * _PAID * percent // 100)}" }}'
        for at, percent in enumerate(_PAID_PERCENT)
    )
    text = _CONTRACTS.format(
        year=year, first=year - 1, last=year + 1, years=", ".join(years), balance=yuan(people[_PROPOSED] * 900)
    )
    (out / OPERATOR_FILES[0]).write_text(text, encoding="utf-8")
    rows = ((pool, "390", number) for pool, number in people.items())
    write_table(out / OPERATOR_FILES[1], ("pool", "insutype", "heads"), rows)
    columns = ("date", "contract", "kind", "year", "amount", "voucher", "takes_back")
    write_table(out / OPERATOR_FILES[2], columns, _movements(people, year))


def _movements(people: Mapping[str, int], year: int) -> Iterator[Sequence[object]]:
    number = 0
    for pool, heads in people.items():
        for month in (1, 4, 7, 10):
            for kind, each in zip(("advance", "payout"), _MONEY[pool], strict=True):
                number += 1
                yield f"{year}-{month:02d}-20", f"CI-{pool}", kind, year, yuan(heads * each), f"C{number:04d}", ""


_CONTRACTS = """\
# made up by qingsuan sample, not a bureau's contracts (样例数据)
format = 1

[contracts]
title = "made-up contracts"
year = {year}
source = "MADE_UP"

[[contract]]
id = "CI-150100"
operator = "样例保险公司"
pool = "150100"
schemes = ["390"]
pays = ["hifmi_pay"]
claims = "settled"
first_year = {first}
last_year = {last}
takes_off = ["profit"]
profit = 3
source = "MADE_UP"

[contract.premium]
yuan = 75
before = 70
source = "MADE_UP"

[contract.surplus]
measured = "by-part"
bands = [{{ upto = 5, shares = [{{ party = "operator" }}] }}, {{ shares = [{{ party = "fund" }}] }}]
source = "MADE_UP"

[contract.overrun]
measured = "by-part"
bands = [{{ upto = 5, shares = [{{ party = "fund", percent = 50 }}, {{ party = "operator" }}] }}, {{ shares = [{{ party = "operator" }}] }}]
source = "MADE_UP"

[[contract]]
id = "CI-150900"
operator = "样例保险公司"
pool = "150900"
schemes = ["390"]
pays = ["hifmi_pay"]
claims = "settled"
first_year = {first}
last_year = {last}
takes_off = ["profit"]
profit = 2
source = "MADE_UP"

[contract.premium]
years = [{years}]
loading = 5
balance = "{balance}"
before = 420
source = "MADE_UP"

[contract.surplus]
measured = "whole"
bands = [
  {{ upto = 2, shares = [{{ party = "operator" }}] }},
  {{ shares = [{{ party = "fund", percent = 60 }}, {{ party = "next-year" }}] }},
]
source = "MADE_UP"

[contract.overrun]
measured = "by-part"
bands = [{{ upto = 4, shares = [{{ party = "operator" }}] }}, {{ shares = [{{ party = "next-year" }}] }}]
source = "MADE_UP"

[[missing]]
id = "CI-220100"
pool = "220100"
schemes = ["390"]
pays = ["hifmi_pay"]
parameter = "220100.operator.premium"
why = "a made-up contract without a premium, to show what a missing figure stops"

[[missing]]
id = "CI-220200"
pool = "220200"
schemes = ["390"]
pays = ["hifmi_pay"]
parameter = "220200.operator.premium"
why = "a made-up contract without a premium, to show what a missing figure stops"

[sources.MADE_UP]
document = "made-up contracts of a sample"
article = "none"
grade = "made-up"
"""
