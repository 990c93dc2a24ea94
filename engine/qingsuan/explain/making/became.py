"""What the slow twin made of each claim; and the claims that it is not asked about, as they were refused before."""

from __future__ import annotations

from dataclasses import replace

from qingsuan.benefits.reference.twin import Outcome, Rejected, Settled
from qingsuan.explain.document import Reversal
from qingsuan.explain.rows.found import Found, Texts, rejected_with
from qingsuan.explain.rows.opening import Opened
from qingsuan.explain.rows.person import ClaimRow, Person

__all__ = ["by_claim", "judged_elsewhere"]

_OF_ROWS = ("E_CODE", "E_CONTRADICTION")
"""Codes of claims that are refused for what their row says alone, or by --strict; the twin is not asked about them."""


def by_claim(outcome: Outcome) -> dict[int, Settled | Rejected | Reversal]:
    """What became of each claim, by the very value that the twin was given."""
    found: dict[int, Settled | Rejected | Reversal] = {}
    for row in outcome.settled:
        found[id(row.claim)] = row
    for refused in outcome.rejected:
        found[id(refused.claim)] = refused
    for pair in outcome.reversed:
        found[id(pair.original)] = Reversal(False, pair.reversal.setl_id)
        found[id(pair.reversal)] = Reversal(True, pair.original.setl_id)
    return found


def judged_elsewhere(opened: Opened, person: Person, found: Found) -> list[ClaimRow]:
    """The person's claims; those that were refused before the twin is asked carry the code and the column.

    Raises
    ------
    InputError
        A file of the run folder cannot be read.
    """
    return [_with_reason(opened, row, found) for row in person.claims]


def _with_reason(opened: Opened, row: ClaimRow, found: Found) -> ClaimRow:
    said = found.peek("rejected", {"source_file": row.file, "source_row": str(row.row)})
    if row.refused:
        if said is None:  # its person could be read only after what cannot be seen was taken off
            said = _elsewhere(opened, row)
            if said is not None:
                found.tables["rejected"].append(said)
        code, column = ("", "") if said is None else (said["code"], said.get("column", ""))
        return replace(row, claim=replace(row.claim, refused=(code, column)))
    if said is not None and (said["code"] in _OF_ROWS or _is_late(opened, said) or _is_of_file(opened, row, said)):
        return replace(row, claim=replace(row.claim, refused=(said["code"], said["column"])))
    return row


def _elsewhere(opened: Opened, row: ClaimRow) -> Texts | None:
    same = (one for one in rejected_with(opened.folder, "source_file", row.file) if one["source_row"] == str(row.row))
    return next(same, None)


def _is_late(opened: Opened, said: Texts) -> bool:
    """Whether the claim is of a day that the earlier run has settled."""
    return said["code"] == "E_DATE" and "opening" in opened.record


def _is_of_file(opened: Opened, row: ClaimRow, said: Texts) -> bool:
    """Whether a column is absent from the whole file that rules ask for."""
    if said["code"] != "E_MISSING":
        return False
    own = {one.name for one in opened.setup.own_columns.values() if one.column == said.get("column")}
    return any(name in own for delivery in opened.year.deliveries for name, _ in delivery.state["learned"]["absent"])
