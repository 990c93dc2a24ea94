"""Amounts that are another for each claim: how a file says them, and what can be said against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from qingsuan.policy.counting.steps import check_steps
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import COUNTERS, Cap, Case, Deductible, Dimension, Layer, Limit, RuleSet, Select
from qingsuan.policy.per_claim.amount import BILL_VALUES, DAYS, Amount
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.registrations import NUMBER_KINDS, REGISTERED_COLUMNS
from qingsuan.tables import CLAIMS, INSURED, REGISTRATIONS

__all__ = ["amount_columns", "asked_by_amounts", "check_amounts", "read_amount", "read_column", "read_share"]

_OF: tuple[Literal["medfee_sumamt", "inscp_scp_amt"], ...] = ("medfee_sumamt", "inscp_scp_amt")
_Owner = Literal["claims", "insured", "registrations"]
_TABLES: tuple[_Owner, ...] = ("claims", "insured", "registrations")
_NO_AMOUNTS = {
    "claims": {column.name: column.kind for column in CLAIMS if column.kind != "money"},
    "insured": {column.name: column.kind for column in INSURED if column.kind != "money"},
    "registrations": {column.name: column.kind for column in REGISTRATIONS if column.kind != "money"},
}
"""The columns of the national interface that hold something else than yuan, with what they hold."""


def read_amount(table: Table, dimensions: Sequence[str]) -> Amount | None:
    """Read ``yuan`` with ``times`` beside it, or as a table: how it grows, where it stands, by what counter; None for one amount.

    The days of a claim are called "days", unless one of the rule set's own ``dimensions`` is.
    """
    if table.has("times"):
        times = table.text("times")
        value = DAYS if times == "days" and times not in dimensions else times
        return Amount(value, step_fen=table.yuan_fen("yuan"), each=True)
    if not table.has("yuan") or not table.is_table("yuan") or "figure" in table.values["yuan"]:
        return None
    grows = table.table("yuan")
    if grows.has("counter"):
        return _read_selected(grows)
    if grows.has("column"):
        return read_column(grows, grows.choice("table", _TABLES, "claims"), dimensions)
    return Amount(
        grows.text("number"),
        grows.yuan_fen("base"),
        grows.yuan_fen("step"),
        grows.whole("from"),
        grows.yuan_fen("upto") if grows.has("upto") else None,
    )


def _read_selected(table: Table) -> Amount:
    """Read amounts of which a counter selects one: ``counter``, ``group``, the bounds ``upto``, and one amount more than bounds."""
    group, counter = table.text("group"), table.choice("counter", COUNTERS)
    upto = table.wholes("upto") if counter == "visits" else table.yuans("upto")
    return Amount("", select=Select(group, counter, upto), amounts_fen=table.yuans_fen("yuan"))


def read_column(table: Table, owner: _Owner, dimensions: Sequence[str]) -> Amount:
    """Read an amount that stands in a column of each claim, of its insured row, or of a registration (按个人审定金额)."""
    column = table.text("column")
    if (kind := _NO_AMOUNTS[owner].get(column)) is not None:
        expected = "a column of amounts in yuan, of the national interface or of the plugin's own"
        table.refuse("column", found=f'"{column}", which holds a {kind}', expected=expected, do="name that column")
    reg_type = table.text("reg_type") if owner == "registrations" else None
    asked = table.choice("for", REGISTERED_COLUMNS) if reg_type is not None and table.has("for") else None
    value = ".".join(part for part in (owner, reg_type, asked, column) if part is not None)
    if value in dimensions:
        found = f'a dimension called "{value}", which is the name of this amount'
        table.refuse("column", found=found, expected="another name for the dimension", do="rename the dimension")
    return Amount(value, column=column, table=owner, reg_type=reg_type, asked=asked)


def amount_columns(layers: Iterable[Layer]) -> tuple[Dimension, ...]:
    """The columns in which amounts of layers stand, as dimensions of kind amount: read like other columns of the plugin's own."""
    found = {
        amount.value: Dimension(
            amount.value,
            "amount",
            table=amount.table,
            column=amount.column,
            reg_type=amount.reg_type or "",
            asked=amount.asked or "",
        )
        for layer in layers
        for case in layer.cases
        for amount in _asked_by(case)
        if amount.column is not None and amount.table is not None
    }
    return tuple(found.values())


def read_share(table: Table) -> Amount | None:
    """Read a share of the bill, ``percent`` and ``of``; None where there is none."""
    if not table.has("percent"):
        return None
    return Amount(table.choice("of", _OF), ratio_bp=table.percent_bp("percent"), each=True)


def asked_by_amounts(rule_set: RuleSet) -> set[str]:
    """What amounts of a claim ask it for."""
    cases = (case for layer in rule_set.layers.values() for case in layer.cases)
    return {amount.value for case in cases for amount in _asked_by(case) if amount.select is None}


def _asked_by(case: Case) -> Iterator[Amount]:
    """Every amount for which a case asks a claim: bounds, and parts of the bill that stand in a column."""
    yield from (amount for _, _, amount in _amounts_in(case))
    yield from (entry.of_claim for entry in case.entry or () if entry.of_claim is not None)


def _amounts_in(case: Case) -> Iterator[tuple[str, Deductible | Limit | Cap, Amount]]:
    """Every amount of a case that is another for each claim, with the key and the setting that it is of."""
    settings = [("deductible", case.deductible), ("limit", case.limit)]
    for key, setting in (*settings, *((f"caps[{place}]", cap) for place, cap in enumerate(case.caps or (), 1))):
        if setting is not None and setting.of_claim is not None:
            yield key, setting, setting.of_claim


def check_amounts(rule_set: RuleSet) -> Iterator[Finding]:
    """Find amounts of a claim that ask for a number nobody declares, or that a period cannot have."""
    numbers = [one.name for one in rule_set.dimensions if one.kind in NUMBER_KINDS]
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            for key, setting, amount in _amounts_in(case):
                path = f"layers.{layer.name}" + (f".cases[{number}]" if number else "") + f".{key}"
                if amount.select is not None:
                    yield from check_steps(
                        rule_set.file, f"{path}.yuan", amount.select, len(amount.amounts_fen or ()), setting.source
                    )
                    continue
                yield from _findings(rule_set.file, path, setting, amount, numbers)


def _findings(
    file: str, path: str, setting: Deductible | Limit | Cap, amount: Amount, numbers: list[str]
) -> Iterator[Finding]:
    known = [*numbers, "days"] if amount.each else numbers
    if amount.column is None and amount.value not in (*numbers, *([DAYS] if amount.each else []), *BILL_VALUES):
        yield Finding(
            file,
            f"{path}.{'times' if amount.each else 'yuan.number'}",
            f'no number "{amount.value}"',
            f"one of {', '.join(known) or '(no dimension of kind number is declared)'}",
            did_you_mean(amount.value, known) or f"declare it: [dimensions.{amount.value}] of kind number",
            setting.source,
        )
    if amount.each and setting.per == "period":
        yield Finding(
            file,
            f"{path}.per",
            '"period", of an amount that each settlement has for itself',
            'per = "visit"',
            "a day is a period of its own: a group of a day bounds what is paid in it",
            setting.source,
        )
    if amount.upto_fen is not None and amount.upto_fen < amount.base_fen:
        yield Finding(
            file,
            f"{path}.yuan.upto",
            "less than base: it never grows",
            "an amount not below base",
            "correct one of the two",
            setting.source,
        )
