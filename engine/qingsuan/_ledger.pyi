# What the compiled module takes and gives; checked by qingsuan.accounts.ledger, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I8: TypeAlias = npt.NDArray[np.int8]
_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]

ROLE: dict[str, int]
STATUS: dict[str, int]
PURPOSE: dict[str, int]

def run_accounts(
    pool: _I32,
    opening: _I64,
    credit: _I64,
    withheld: _I64,
    posts: _I8,
    carried_first: _I8,
    part: _I8,
    current_bp: _I64,
    carried_bp: _I64,
    starts: _I64,
    month: _I8,
    amount: _I64,
    role: _I8,
    purpose: _I8,
    original: _I32,
    opens: _I64,
    interest: _I64,
    own: _I64,
    family: _I64,
    transfers: _I64,
    closes: _I64,
    paid: _I64,
    of_carried: _I64,
    balance_after: _I64,
    status: _I8,
) -> None: ...
