"""Registrations (备案) as dimensions ask for them: for what of a claim they can be, and the two answers there are."""

from __future__ import annotations

from typing import Literal

__all__ = ["ANSWERS", "INTERVAL_KINDS", "NUMBER_KINDS", "REGISTERED_COLUMNS", "RegisteredColumn"]

RegisteredColumn = Literal["dise_code", "fix_blng_admdvs", "fixmedins_code"]

REGISTERED_COLUMNS: tuple[RegisteredColumn, ...] = ("dise_code", "fix_blng_admdvs", "fixmedins_code")
"""What of a claim a registration can be for: its disease, the place of care (and all that lies in it), its institution."""

ANSWERS = ("no", "yes")
"""The values of a dimension of kind ``registered``."""

NUMBER_KINDS = ("number", "registrations")
"""The kinds of a plugin's own dimensions whose values are whole numbers."""

INTERVAL_KINDS = (*NUMBER_KINDS, "date")
"""The kinds on which conditions are intervals."""
