"""Tables of money whose lines say of what kind they are, read from a bureau's CSV file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qingsuan.heads.small_tables import lines_of
from qingsuan.movements.model import Movement
from qingsuan.movements.vouchers import check_refunds, check_vouchers
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["read_movements"]


def read_movements(file: Path, owners: Sequence[str], kinds: Mapping[str, str]) -> tuple[Movement, ...]:
    """Read every line of a file; one that cannot be trusted is refused, and kept.

    Parameters
    ----------
    file
        A CSV file with the columns ``date``, the ``owners``, ``kind``, ``year``, ``amount``, and, if there are any, ``voucher`` and
        ``takes_back``.
    owners
        The columns that say whose the money is.
    kinds
        What ``kind`` may be, with what it means.

    Raises
    ------
    PolicyError
        The file is no table with these columns.
    """
    columns = ("date", *owners, "kind", "year", "amount")
    movements = []
    for where, cells in lines_of(file, columns):
        movement = Movement(int(where.rsplit("line ", 1)[1]), cells)
        movement.require(columns)
        movement.read_date()
        if cells["kind"] not in kinds:
            hint = did_you_mean(cells["kind"], tuple(kinds))
            movement.refuse("E_CODE", "kind", f'"{cells["kind"]}"', f"{', '.join(kinds)}{f' ({hint})' if hint else ''}")
        movement.read_year()
        movement.read_amount()
        movements.append(movement)
    check_vouchers(movements)
    whose = (*owners, "kind", "year")
    check_refunds(
        movements, lambda one: tuple(one.cells[name] for name in whose), f"{', '.join(owners)}, kind and year"
    )
    return tuple(movements)
