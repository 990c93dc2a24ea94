"""Who bears what is cleared (支付方): payers with their percentages, of a standard or of a part of each claim."""

from __future__ import annotations

from dataclasses import dataclass

from qingsuan.money import BP_ONE, yuan
from qingsuan.policy.strict import Table

__all__ = ["PARTS", "Part", "Payer", "read_parts", "read_payers"]

PARTS = ("funds", "person")
"""Parts of a claim that special payers may bear: what the cleared funds paid of it, and the person's part."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Who bears how much."""

    name: str
    bp: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of each claim, one of :data:`PARTS`, and who bears it: the percentages are 100 together."""

    of: str
    payers: tuple[Payer, ...]


def read_payers(table: Table, key: str) -> tuple[Payer, ...]:
    """Read payers, whose percentages must be 100 together."""
    payers: list[Payer] = []
    for one in table.tables(key):
        payer = Payer(one.text("payer"), one.percent_bp("percent", low=1, high=BP_ONE))
        if payer.name in (other.name for other in payers):
            one.refuse("payer", found=f'"{payer.name}" twice', expected="each once", do="join the two")
        payers.append(payer)
    total = sum(payer.bp for payer in payers)
    if total != BP_ONE:
        found = f"{yuan(total)} % together"
        table.refuse(
            key, found=found, expected="payers whose percent are 100 together", do="write what the document says"
        )
    return tuple(payers)


def read_parts(table: Table, key: str) -> tuple[Part, ...]:
    """Read the parts of claims that special payers bear, each once."""
    parts: list[Part] = []
    for one in table.tables(key):
        part = Part(one.choice("of", PARTS), read_payers(one, "payers"))
        if part.of in (other.of for other in parts):
            one.refuse("of", found=f'"{part.of}" twice', expected="each once", do="join the two")
        parts.append(part)
    if not parts:
        table.refuse(key, found="no part", expected=f"at least one of {', '.join(PARTS)}", do="write who bears what")
    return tuple(parts)
