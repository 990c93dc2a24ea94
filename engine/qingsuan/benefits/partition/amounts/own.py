"""The amounts that each claim has for itself, by the columns that say them; claims that do not say them are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.apart import NO_AMOUNTS
from qingsuan.benefits.partition.state import Work
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE, day_text
from qingsuan.columns.rejects import Refusals
from qingsuan.money import MAX_FEN, yuan
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS, Amount

__all__ = ["own_amounts", "refuse_own_amounts"]

Int64 = npt.NDArray[np.int64]


def own_amounts(work: Work, numbers: Callable[[str], Int64]) -> Int64:
    """(m, n) int64 fen: what claims that were not refused have, in the order in which their variants ask; empty where none does.

    ``numbers`` gives a column of numbers by its internal name.
    """
    asked = work.known.own_amounts
    if not any(asked):
        return NO_AMOUNTS
    found = np.zeros((max(map(len, asked)), len(work.rows)), np.int64)
    for number in np.unique(work.variant).tolist():
        places = np.flatnonzero(work.variant == number)
        for at, amount in enumerate(asked[number]):
            found[at, places] = _fen(amount, _values(work, numbers, number, amount, places)[0])
    return found


def refuse_own_amounts(
    refusals: Refusals,
    work: Work,
    numbers: Callable[[str], Int64],
    registered: Callable[[int, str], str] | None,
) -> None:
    """Claims that lack what their variant asks them for, or of which it is no number or amount that can be.

    ``registered`` says what a claim's person is registered for, of a type.
    """
    asked = work.known.own_amounts
    if not any(asked):
        return
    for number in np.unique(work.variant).tolist():
        places = np.flatnonzero(work.variant == number)
        for amount in asked[number]:
            values, column = _values(work, numbers, number, amount, places)
            mask = np.zeros((3, len(work.rows)), np.bool_)
            mask[0, places] = absent = values == NO_AMOUNT
            mask[1, places] = below = (values < 0) & ~absent
            most = work.at("medfee_sumamt")[places] if amount.of_bill else MAX_FEN
            mask[2, places] = ~(absent | below) & (_fen(amount, values) > most)
            in_fen = amount.column is not None
            said = {
                place: yuan(value) if in_fen else str(value)
                for place, value in zip(places.tolist(), values.tolist(), strict=True)
            }
            what = "an amount in yuan" if in_fen else "a number, by which an amount is reckoned"
            if amount.reg_type is not None and registered is not None:
                _refuse_unregistered(refusals, mask[0], work, amount, registered)
            refusals.add(mask[0], "E_MISSING", column, "nothing", what)
            refusals.add(mask[1], "E_NEGATIVE", column, said.__getitem__, "0 or more")
            within = f"one that comes to at most {yuan(MAX_FEN)} yuan"
            if amount.of_bill:
                within = "at most medfee_sumamt: it is a part of the bill"
            refusals.add(mask[2], "E_RANGE", column, said.__getitem__, within)


def _refuse_unregistered(
    refusals: Refusals, mask: npt.NDArray[np.bool_], work: Work, amount: Amount, registered: Callable[[int, str], str]
) -> None:
    """Claims for which not exactly one registration holds in which the amount stands."""
    asked, reg_type = amount.asked, amount.reg_type or ""

    def found(place: int) -> str:
        day = day_text(int(work.identity_date[place]))
        if asked is not None:
            day = f"{work.setup.vocabularies[asked].texts[work.code(asked)[place]] or f'no {asked}'} on {day}"
        return f"{day}; registered for {reg_type}: {registered(place, reg_type)}"

    expected = f"one registration (备案) {reg_type} for it that holds on that day, with an amount in {amount.column}"
    refusals.add(mask, "E_UNREGISTERED", asked or "psn_no", found, expected)


def _values(
    work: Work, numbers: Callable[[str], Int64], variant: int, amount: Amount, places: npt.NDArray[np.intp]
) -> tuple[Int64, str]:
    """What these claims of a variant are asked for, ``NO_AMOUNT`` where they do not say; and the column that would."""
    if amount.value == DAYS:
        end = work.at("enddate")[places].astype(np.int64)
        days = np.maximum(end - work.at("begndate")[places], 1)
        return np.where(end == NO_DATE, NO_AMOUNT, days), "enddate"
    if amount.value in BILL_VALUES:
        return work.at(amount.value)[places].astype(np.int64), amount.value
    rule_set, _ = work.setup.program.rules[variant]
    own = work.setup.own_columns[work.setup.dimension_columns(rule_set)[amount.value]]
    return numbers(own.name)[places].astype(np.int64), own.column


def _fen(amount: Amount, values: Int64) -> Int64:
    """:meth:`Amount.of`, of a column; what would be far too much is not multiplied out."""
    more = np.clip(values - amount.first, 0, MAX_FEN // max(1, amount.step_fen) + 1)
    fen = amount.base_fen + amount.step_fen * more
    if amount.upto_fen is not None:
        fen = np.minimum(fen, amount.upto_fen)
    reckoned: Int64 = (fen * amount.ratio_bp + 5000) // 10_000
    return reckoned
