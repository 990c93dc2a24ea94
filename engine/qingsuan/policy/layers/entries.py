"""What enters a layer: how a file says it, and what can be said against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from qingsuan.money import BP_ONE
from qingsuan.policy.layers.amounts import read_column
from qingsuan.policy.model import COLUMN_PART, ENTRY_PARTS, LAYER_PARTS, Entry, Source
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table

__all__ = ["read_entries"]


def read_entries(table: Table, sources: Mapping[str, Source], dimensions: Sequence[str]) -> tuple[Entry, ...]:
    """Read ``entry``: parts of the bill, of what an earlier layer left, or in a column, each with its share.

    Raises
    ------
    PolicyError
        It is empty, or nothing of it adds to the base.
    """
    entries = tuple(_entry(item, sources, dimensions) for item in table.tables("entry"))
    if not entries:
        table.refuse("entry", found="an empty list", expected="at least one part of the bill", do="name one")
    if all(entry.ratio_bp < 0 for entry in entries):
        expected = "a part that enters, beside what is taken off: else nothing would ever enter"
        do = 'name the part that it is taken off, { part = "inscp_scp_amt" }'
        table.refuse("entry", found="only percentages below 0", expected=expected, do=do)
    return entries


def _entry(table: Table, sources: Mapping[str, Source], dimensions: Sequence[str]) -> Entry:
    if table.has("column"):
        if table.has("part"):
            do = "take one of the two out"
            table.refuse("column", found="a column beside a part", expected="one of the two", do=do)
        of_claim = replace(read_column(table, "claims", dimensions), of_bill=True)
        ratio_bp = table.percent_bp("percent", BP_ONE, low=-BP_ONE)
        return Entry(COLUMN_PART, ratio_bp, None, cite(table, sources), of_claim)
    layer = table.text("layer") if table.has("layer") else None
    part = table.choice("part", ENTRY_PARTS if layer is None else LAYER_PARTS)
    ratio_bp = table.percent_bp("percent", BP_ONE)
    return Entry(part, ratio_bp, layer, cite(table, sources, must=ratio_bp != BP_ONE))
