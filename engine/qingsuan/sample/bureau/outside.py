"""What is agreed for care outside the pool in a made-up year (异地就医, 样例数据): where institutions lie, advances, money that moved.

What an advance was reckoned from is what this year's care elsewhere came to, a little changed; one advance is named as not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from qingsuan.money import yuan
from qingsuan.sample.bureau.care import Care
from qingsuan.sample.bureau.small import write_table
from qingsuan.sample.claims import ABROAD, ELSEWHERE, OWN_HOSPITALS, hospital_codes
from qingsuan.sample.pools import MARKETS

__all__ = ["OUTSIDE_FILES", "write_outside"]

OUTSIDE_FILES = ("outside_arrangement.toml", "outside_institutions.csv", "outside_pools.csv", "outside_movements.csv")

_PLACE = slice(1, 7)
"""Which digits of an institution's code say where it lies."""

_ABROAD = f"{ABROAD[:2]}0000"
_LEAST = 100_000
"""An advance is reckoned from at least so many fen."""


def write_outside(out: Path, care: Care, year: int) -> None:
    """Write the arrangement, where institutions and pools are, and movements."""
    owed = _owed(care)
    beyond = sum(fen for (payer, place), fen in owed.items() if place == _ABROAD and payer.startswith("22"))
    last = [max(_LEAST, fen) for fen in (beyond, owed["150900", "150100"])]
    text = _ARRANGEMENT.format(year=year, abroad=_ABROAD, beyond=yuan(last[0]), region=yuan(last[1]))
    (out / OUTSIDE_FILES[0]).write_text(text, encoding="utf-8")
    codes = hospital_codes()
    there = dict.fromkeys(codes[number] for number in np.flatnonzero(care.by_institution.any(axis=0)).tolist())
    lies = ((code, code[_PLACE]) for code in there)
    write_table(out / OUTSIDE_FILES[1], ("fixmedins_code", "fix_blng_admdvs"), lies)
    pools = ((prefix, f"{prefix}00") for prefix in dict.fromkeys(market.prefix for market in MARKETS))
    write_table(out / OUTSIDE_FILES[2], ("admdvs", "pool"), pools)
    columns = ("date", "payer", "receiver", "kind", "year", "amount", "voucher", "takes_back")
    advanced = {("220000", _ABROAD): last[0] // 6, ("150900", "150100"): last[1] // 5}
    moved = [
        *_moved("advance", f"{year}-01-25", advanced, year, 0),
        *_moved("transfer", f"{year}-09-15", owed, year, 2),
    ]
    write_table(out / OUTSIDE_FILES[3], columns, moved)


def _owed(care: Care) -> Counter[tuple[str, str]]:
    """Paying pool, place of treatment, and what care in scope came to there, in fen."""
    found = Counter[tuple[str, str]]()
    away = care.by_institution[:, OWN_HOSPITALS:].sum(axis=0).reshape(len(MARKETS), 2, ELSEWHERE).sum(axis=2)
    for at, market in enumerate(MARKETS):
        for place, receiver in enumerate((f"{market.elsewhere[:4]}00", _ABROAD)):
            found[f"{market.prefix}00", receiver] += max(0, int(away[at, place]))
    return found


def _moved(
    kind: str, day: str, money: Mapping[tuple[str, str], int], year: int, first: int
) -> Iterator[Sequence[object]]:
    """An advance as it is, of care that was cleared four tenths."""
    for number, ((payer, receiver), fen) in enumerate(money.items(), first + 1):
        amount = fen if kind == "advance" else fen * 4 // 10
        if amount:
            yield day, payer, receiver, kind, year, yuan(amount), f"E{number:04d}", ""


_ARRANGEMENT = """\
# made up by qingsuan sample, not a bureau's arrangement (样例数据)
format = 1

[outside]
title = "made-up arrangement"
year = {year}
clears = ["hifp_pay", "hifmi_pay", "hifob_pay", "cvlserv_pay", "maf_pay", "oth_pay", "acct_pay"]
source = "MADE_UP"

[[advances]]
payer = "220000"
receiver = "{abroad}"
last_year = "{beyond}"
months = 2
yellow = 60
red = 80
source = "MADE_UP"

[[advances]]
payer = "150900"
receiver = "150100"
last_year = "{region}"
months = 3
yellow = 60
red = 80
source = "MADE_UP"

[[missing]]
payer = "150000"
receiver = "{abroad}"
parameter = "150000.outside.{abroad}.last_year"
why = "a made-up advance without last year's figure, to show what a missing figure stops"

[sources.MADE_UP]
document = "made-up arrangement of a sample"
article = "none"
grade = "made-up"
"""
