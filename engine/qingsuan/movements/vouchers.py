"""What lines say of each other: a voucher counts once, and a refund takes back what its voucher brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qingsuan.movements.model import Movement

__all__ = ["check_refunds", "check_vouchers"]


def check_vouchers(movements: Sequence[Movement]) -> None:
    """Refuse a line whose voucher an earlier line has."""
    seen: dict[str, int] = {}
    for movement in movements:
        voucher = movement.cells.get("voucher", "")
        if voucher and voucher in seen:
            expected = f"each voucher once; it stands in line {seen[voucher]}, too"
            movement.refuse("E_DUPLICATE", "voucher", f'"{voucher}" again', expected)
        elif voucher:
            seen[voucher] = movement.number


def check_refunds(movements: Sequence[Movement], whose: Callable[[Movement], tuple[str, ...]], what: str) -> None:
    """Refuse a refund of no voucher, of another one's, of a day before it came, or of more than is left of it.

    Parameters
    ----------
    whose
        What a refund and the line that it takes back have in common; ``what`` says it in words.
    """
    by_voucher = {one.cells["voucher"]: one for one in movements if one.fault is None and one.cells.get("voucher")}
    left = {voucher: one.fen or 0 for voucher, one in by_voucher.items()}
    for refund in movements:
        named = refund.cells.get("takes_back", "")
        if refund.fault is not None or not named or refund.fen is None or refund.date is None:
            continue
        original = by_voucher.get(named)
        if original is None or (original.fen or 0) < 0 or original.date is None:
            expected = "the voucher of a line that is not refused"
            refund.refuse("E_REVERSAL_ORPHAN", "takes_back", f'"{named}"', expected)
        elif whose(original) != whose(refund):
            expected = f"the {what} of {named}: {' '.join(whose(original))}"
            refund.refuse("E_REVERSAL_MISMATCH", "takes_back", " ".join(whose(refund)), expected)
        elif refund.date < original.date:
            expected = f"a day not before {original.date}, on which {named} came"
            refund.refuse("E_DATE", "date", str(refund.date), expected)
        elif left[named] + refund.fen < 0:
            expected = f"no more than is left of {named}"
            refund.refuse("E_REVERSAL_MISMATCH", "amount", refund.cells["amount"], expected)
        else:
            left[named] += refund.fen
