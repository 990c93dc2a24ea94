"""The tables of special payers as they leave a partition: claim by claim, and contract by contract."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.lines import Line
from qingsuan.clearing.special.claims import Borne, Specials, borne_by
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import add_up

__all__ = ["payers_table", "specials_table"]

Int64 = npt.NDArray[np.int64]
_NAMES = ("fixmedins_code", "pool", "insutype", "clr_type")
_STANDARD = "standard"


def specials_table(specials: Specials, borne: Sequence[Borne], contracts: Sequence[Contract]) -> pa.Table:
    """``specials``: one row per claim, part and payer."""
    places = np.concatenate([one.places for one in borne] or [np.zeros(0, np.intp)])
    own = pa.array(specials.contract[places])
    columns: dict[str, pa.Array] = {"setl_id": specials.claims["setl_id"].take(pa.array(places))}
    for part, name in enumerate(_NAMES):
        columns[name] = pa.array([one.name[part] for one in contracts], pa.string()).take(own)
    columns["terms"] = pa.array([one.terms.id for one in contracts], pa.string()).take(own)
    of_borne = pa.array(np.repeat(np.arange(len(borne)), [len(one.places) for one in borne]))
    for name in ("part", "payer"):
        columns[name] = pa.array([getattr(one, name) for one in borne], pa.string()).take(of_borne)
    columns["amount"] = decimals(np.concatenate([one.fen for one in borne] or [np.zeros(0, np.int64)]))
    return pa.table(columns)


def payers_table(lines: Sequence[Line], year: int, specials: Specials, borne: Sequence[Borne]) -> pa.Table:
    """``payers``: one row per contract, part and payer, of contracts whose terms say who bears them."""
    rows = list(_rows(lines, specials, borne))
    columns: dict[str, pa.Array] = {
        name: pa.array([line.contract.name[part] for line, *_ in rows], pa.string()) for part, name in enumerate(_NAMES)
    }
    columns["first_month"] = pa.array([f"{year}-{line.contract.first_month:02d}" for line, *_ in rows], pa.string())
    columns["part"] = pa.array([part for _, part, _, _ in rows], pa.string())
    columns["payer"] = pa.array([payer for _, _, payer, _ in rows], pa.string())
    columns["amount"] = decimals(np.array([fen for *_, fen in rows], np.int64), 20)
    return pa.table(columns)


def _rows(lines: Sequence[Line], specials: Specials, borne: Sequence[Borne]) -> Iterator[tuple[Line, str, str, int]]:
    sums: dict[tuple[str, str], Int64] = {}
    most = max((line.contract.number for line in lines), default=-1) + 1
    for one in borne:
        key = one.part, one.payer
        (own,) = add_up(specials.contract[one.places], most, [one.fen])
        sums[key] = sums.get(key, np.zeros(most, np.int64)) + own
    for line in lines:
        terms, number = line.contract.terms, line.contract.number
        for part in terms.parts:
            for payer in part.payers:
                yield line, part.of, payer.name, int(sums[part.of, payer.name][number])
        whole = np.array([line.standard], np.int64)
        for payer, fen in zip(terms.payers, borne_by(terms.payers, whole), strict=True):
            yield line, _STANDARD, payer.name, int(fen[0])
