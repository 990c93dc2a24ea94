# What the compiled module takes and gives; checked by qingsuan.benefits.core.core, its only door.
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_I8: TypeAlias = npt.NDArray[np.int8]
_I16: TypeAlias = npt.NDArray[np.int16]
_I32: TypeAlias = npt.NDArray[np.int32]
_I64: TypeAlias = npt.NDArray[np.int64]

FIELD_COUNTS: dict[str, int]
FAULTS: dict[int, str]

class Tables:
    def __init__(
        self,
        variants: _I64,
        layers: _I64,
        bands: _I64,
        caps: _I64,
        entries: _I64,
        periods: _I64,
        amounts: _I64,
        draws: _I64,
        visits: _I64,
        blank: _I64,
    ) -> None: ...
    def of_keys(self, variants: _I64, groups: _I64, width: int) -> None: ...
    def of_stays(
        self,
        variants: _I64,
        groups: _I64,
        layers: _I64,
        caps: _I64,
        periods: _I64,
        choices: _I64,
        steps: _I64,
        draws: _I64,
        sizes: tuple[int, int, int],
    ) -> None: ...

def settle_rows(
    t: Tables,
    person: _I32,
    account: _I32,
    variant: _I32,
    day: _I16,
    bill: _I64,
    may_use_account: _I8,
    balance: _I64,
    stay: _I32,
    keys: _I32,
    of_claims: _I64,
    told_of: _I32,
    told: _I64,
    lines: _I64,
    state: _I64,
    stays: _I64,
    blocks: _I64,
    has_visits_apart: bool,
    funds: _I64,
    result: _I64,
    first: int,
    end: int,
    keep: bool,
) -> tuple[int, int] | None: ...
