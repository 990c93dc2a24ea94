"""The strict reader of a bureau's arrangement for care outside the pool (异地就医)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from qingsuan.elsewhere.model import CLEARED, Advance, Arrangement, MissingAdvance, covers
from qingsuan.policy.model import Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load

__all__ = ["read_arrangement"]

_CODE = re.compile(r"[1-9]\d{5}")
_MONTHS = 12


def read_arrangement(file: Path, year: int) -> Arrangement:
    """Read the arrangement of a year.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    head = root.table("outside")
    if (found := head.whole("year", low=2000, high=2999)) != year:
        head.refuse("year", found=str(found), expected=f"{year}, the year that is settled", do="give that year's file")
    sources = read_sources(root)
    arrangement = Arrangement(
        title=head.text("title"),
        year=year,
        clears=_clears(head),
        source=cite(head, sources),
        advances=_advances(root, sources),
        missing=tuple(
            MissingAdvance(*_sides(one), one.text("parameter"), one.text("why")) for one in root.tables("missing")
        ),
        sources=sources,
    )
    root.done()
    return arrangement


def _clears(head: Table) -> tuple[str, ...]:
    names = head.texts("clears")
    for number, name in enumerate(names, 1):
        if name not in CLEARED:
            expected = f"one of {', '.join(CLEARED)}"
            head.refuse(f"clears[{number}]", found=f'"{name}"', expected=expected, do="write one of these")
    if not names:
        head.refuse("clears", found="an empty list", expected="what is cleared", do=f"name one of {', '.join(CLEARED)}")
    return names


def _advances(root: Table, sources: Mapping[str, Source]) -> tuple[Advance, ...]:
    advances: list[Advance] = []
    for table in root.tables("advances"):
        payer, receiver = _sides(table)
        for other in advances:
            if other.receiver == receiver and (covers(payer, other.payer) or covers(other.payer, payer)):
                found = f"{payer} to {receiver}, and {other.payer} to {receiver}"
                expected = "one advance for each pool and place"
                table.refuse("payer", found=found, expected=expected, do="take one of the two out")
        yellow, red = table.percent_bp("yellow", low=1), table.percent_bp("red", low=1)
        if yellow >= red:
            expected = "a red line above the yellow one"
            table.refuse("red", found=f"{red // 100} after {yellow // 100}", expected=expected, do="correct the lines")
        advances.append(
            Advance(
                payer=payer,
                receiver=receiver,
                last_year_fen=table.yuan_fen("last_year"),
                months=table.whole("months", low=1, high=_MONTHS),
                yellow_bp=yellow,
                red_bp=red,
                source=cite(table, sources),
            )
        )
    return tuple(advances)


def _sides(table: Table) -> tuple[str, str]:
    """Who pays, and who receives."""
    sides = table.text("payer"), table.text("receiver")
    for key, code in zip(("payer", "receiver"), sides, strict=True):
        if _CODE.fullmatch(code) is None:
            expected = "the six digits of a pool, or of a region such as 110000"
            table.refuse(key, found=f'"{code}"', expected=expected, do="write the code in full")
    if sides[0] == sides[1]:
        table.refuse("receiver", found=f'"{sides[1]}" for both', expected="another side", do="correct one of the two")
    return sides
