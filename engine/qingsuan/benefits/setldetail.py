"""The table ``setldetail`` (基金分项): what each layer did with each settled claim, one line for each fund's turn.

A fund has one turn in most rules and several in some (assistance 医疗救助 and tilted assistance 倾斜救助 are paid by one fund): base and
limit are of a turn, so each has its own line, and the lines of a claim and fund add up to what the fund pays for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from qingsuan.benefits.core.turns import NO_ROOM, Turns
from qingsuan.benefits.results import Names, id_columns
from qingsuan.columns.cells import decimals, decimals_or_null
from qingsuan.columns.rows import Taker
from qingsuan.policy.year_end.tables import by_claim

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from qingsuan.benefits.columns import Columns
    from qingsuan.policy.compile import Program

__all__ = ["SETLDETAIL", "LayerNames"]

SETLDETAIL = "setldetail"


class LayerNames:
    """The fund and the name of each layer, counted through all variants in their order, then those of the year's end; made once per run."""

    def __init__(self, program: Program) -> None:
        layers = [layer for variant in program.resolved for layer in by_claim(variant).layers]
        layers += () if program.year_ends is None else program.year_ends.layers
        self._funds = Names(lambda number: layers[number].fund)
        self._names = Names(lambda number: layers[number].name)

    def table(self, columns: Columns, rows: npt.NDArray[np.int32], turns: Turns) -> pa.Table:
        """The table of a partition.

        Parameters
        ----------
        columns, rows
            The partition's claims, and the row of each settled one in order.
        turns
            What the core told of them.
        """
        fields = id_columns(columns, Taker(rows[turns.row], len(columns)))
        fields["fund"] = self._funds.column(turns.layer)
        fields["layer"] = self._names.column(turns.layer)
        fields["inscp_scp_amt"] = decimals(turns.base_fen)
        fields["act_pay_dedc"] = decimals(turns.deductible_fen)
        fields["crt_payb_lmt_amt"] = decimals_or_null(turns.room_fen, turns.room_fen != NO_ROOM)
        fields["fund_payamt"] = decimals(turns.paid_fen)
        kinds = [pa.field(name, one.type, nullable=name == "crt_payb_lmt_amt") for name, one in fields.items()]
        return pa.table(list(fields.values()), schema=pa.schema(kinds))
