"""What a bureau hands over beside the settled claims: contracts, heads, money that moved, and what an earlier year carries on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import TableFile, lines_of, number
from qingsuan.movements.model import Movement
from qingsuan.movements.reading import read_movements
from qingsuan.operators.model import Contract, Contracts
from qingsuan.operators.reader import MOST_HEADS, read_contracts

__all__ = ["HEAD_COLUMNS", "KINDS", "MOVEMENT_COLUMNS", "OUTCOMES", "Bureau", "read_bureau"]

HEAD_COLUMNS = ("pool", "insutype", "heads")
MOVEMENT_COLUMNS = ("date", "contract", "kind", "year", "amount")

KINDS = {
    "advance": "premium that the fund has paid to the operator 预拨保费",
    "payout": "paid by the operator for claims 赔付",
    "return": "given back by the operator to the fund 返还基金",
}
"""What money that moved is."""

OUTCOMES = ("counted", "another-year", "not-settled", "refused")
"""What becomes of a line of it: a contract of which a figure is missing is not settled."""


@dataclass(frozen=True, slots=True)
class Bureau:
    """All of it.

    Attributes
    ----------
    heads : by pool and scheme.
    movements : every line, judged.
    carried : in fen by contract, of the year before; empty where nothing is handed over.
    files : those that were read, with their digests.
    """

    contracts: Contracts
    heads: Mapping[tuple[str, str], int]
    movements: tuple[Movement, ...]
    carried: Mapping[str, int]
    files: tuple[TableFile, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the files lie that were read."""
        return tuple(file.path for file in self.files)

    def heads_of(self, contract: Contract) -> int:
        """How many people a contract insures."""
        return sum(self.heads[contract.pool, scheme] for scheme in contract.schemes)

    def moved(self, contract: Contract, kind: str) -> int:
        """What of the money of a contract was of a kind, in fen."""
        return sum(
            one.fen or 0
            for one in self.movements
            if one.outcome == "counted" and (one.cells["contract"], one.cells["kind"]) == (contract.id, kind)
        )


def read_bureau(
    contracts: Path, heads: Path, movements: Path | None, year: int, carried: Mapping[str, int] | None = None
) -> Bureau:
    """Read the files.

    Raises
    ------
    PolicyError
        A file cannot be trusted, or a contract has no heads.
    """
    found = read_contracts(contracts, year)
    named = {"contracts": contracts, "heads": heads, "movements": movements}
    bureau = Bureau(
        found,
        _heads(heads),
        () if movements is None else read_movements(movements, ("contract",), KINDS),
        carried or {},
        tuple(TableFile.of(name, file) for name, file in named.items() if file is not None),
    )
    for contract in found.contracts:
        for scheme in contract.schemes:
            if (contract.pool, scheme) not in bureau.heads:
                raise PolicyError(
                    str(heads),
                    found=f"no heads of scheme {scheme} in pool {contract.pool}",
                    expected=f"a line for every pool and scheme of a contract; {contract.id} is one for them",
                    do="add the line: who is insured is counted by “qingsuan premium” and “qingsuan subsidy”",
                )
    _judge(bureau)
    return bureau


def _heads(file: Path) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for where, cells in lines_of(file, HEAD_COLUMNS):
        key = cells["pool"], cells["insutype"]
        if re.fullmatch(r"[1-9]\d{5}", key[0]) is None or not key[1]:
            raise PolicyError(
                where,
                found=f'pool "{key[0]}", insutype "{key[1]}"',
                expected="the six digits of a pool, and a scheme",
                do="write both codes",
            )
        if key in found:
            raise PolicyError(
                where, found=f"pool {key[0]}, scheme {key[1]} again", expected="each once", do="add the two lines up"
            )
        heads = number(cells["heads"], _whole, where, "heads", f"a whole number from 1 to {MOST_HEADS}")
        found[key] = heads
    return found


def _whole(text: str | int) -> int:
    if re.fullmatch(r"[0-9]{1,11}", str(text)) is None or not 1 <= int(text) <= MOST_HEADS:
        raise ValueError(f"not a number of people: {text!r}")
    return int(text)


def _judge(bureau: Bureau) -> None:
    """Say of every line whose money it is."""
    settled = {contract.id for contract in bureau.contracts.contracts}
    unsettled = {contract.id for contract in bureau.contracts.unsettled}
    for movement in bureau.movements:
        name = movement.cells["contract"]
        if movement.fault is None and movement.year == bureau.contracts.year and name not in settled | unsettled:
            expected = f"a contract of the file: {', '.join(sorted(settled | unsettled))}"
            movement.refuse("E_CODE", "contract", f'"{name}"', expected)
        if movement.fault is not None:
            movement.outcome = "refused"
        elif movement.year != bureau.contracts.year:
            movement.outcome = "another-year"
        else:
            movement.outcome = "counted" if name in settled else "not-settled"
