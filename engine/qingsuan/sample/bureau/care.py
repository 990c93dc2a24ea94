"""What care came to while claims were made: sums by institution and by county, in memory of a fixed size."""

from __future__ import annotations

import numpy as np

from qingsuan.sample.claims import INPATIENT, Claims, hospital_codes
from qingsuan.sample.draw import Words
from qingsuan.sample.people import COUNTIES
from qingsuan.sample.pools import CARES

__all__ = ["Care", "kinds"]


class Care:
    """Care in scope in fen, stays in the first row and all other care in the second.

    Attributes
    ----------
    by_institution : (2, institutions).
    by_county : (2, counties of markets).
    """

    def __init__(self) -> None:
        self.by_institution = np.zeros((2, len(hospital_codes())), np.int64)
        self.by_county = np.zeros((2, len(COUNTIES)), np.int64)

    def add(self, claims: Claims) -> None:
        """Add the claims of a chunk; reversals take off."""
        kind = (kinds()[claims.care] != INPATIENT).astype(np.int8)
        np.add.at(self.by_institution, (kind, claims.hospital), claims.bill[4])
        np.add.at(self.by_county, (kind, claims.county), claims.bill[4])


def kinds() -> Words:
    """What kind each care is: :data:`INPATIENT` or another number."""
    return np.array([INPATIENT if care.med_type == "21" else INPATIENT + 1 for care in CARES])
