"""Case files as the slow twin takes them: the texts of a case made its plain values, as the reader of files would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from qingsuan.benefits.reference.twin import Claim, Identity, Insured, Outcome, Places, Registration, settle_year
from qingsuan.cases.casefile import CaseFile
from qingsuan.money import fen_of_yuan
from qingsuan.policy.model import Dimension, Region, RuleSet

__all__ = ["Functions", "settle_with_twin"]

_MONEY = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt", "acct_balc")
_DATES = ("begndate", "enddate", "brdy", "wait_end_date", "begntime", "endtime")

Functions = Mapping[str, Callable[[Claim], str]]
"""Functions of a plugin, said once more for one claim."""


def settle_with_twin(
    case: CaseFile, region: Region, rule_sets: Sequence[RuleSet], functions: Functions | None = None
) -> Outcome:
    """Settle a case by the twin, under the rule sets of its region."""
    dimensions = list({one.name: one for rule_set in rule_sets for one in rule_set.dimensions}.values())
    claims = [_made(Claim, row, dimensions, "claims") for row in case.claims]
    amounts = [replace(one, name=one.column) for one in dimensions if one.kind == "amount"]
    own = {one.name: one.function for one in dimensions if one.kind == "function"}
    for name, function in own.items():
        for claim in claims:
            claim.extra[name] = (functions or {})[function](claim)
    return settle_year(
        claims,
        [_made(Insured, row, dimensions, "insured") for row in case.insured],
        [_made(Identity, row, (), "identities") for row in case.identities],
        Places((region,)),
        rule_sets,
        case.year,
        registrations=[_made(Registration, row, amounts, "registrations") for row in case.registrations],
    )


def _made(kind: Any, row: Mapping[str, str], dimensions: Sequence[Dimension], table: str) -> Any:
    """One row; columns of the plugin's own go into ``extra``, by the names of their dimensions."""
    known = kind.__dataclass_fields__
    values = {name: _value(name, text) for name, text in row.items() if name in known and text != ""}
    if "extra" in known:
        values["extra"] = {one.name: _own(one, row) for one in dimensions if one.table == table and one.column}
    return kind(**values)


def _value(name: str, text: str) -> Any:
    if name in _MONEY:
        return fen_of_yuan(text)
    if name in _DATES:
        return dt.date.fromisoformat(text)
    return dt.datetime.fromisoformat(text) if name == "setl_time" else text


def _own(dimension: Dimension, row: Mapping[str, str]) -> Any:
    text = row.get(dimension.column, "")
    if dimension.kind == "number":
        return int(text) if text else None
    if dimension.kind == "date":
        return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days if text else None
    if dimension.kind == "amount":
        return fen_of_yuan(text) if text else None
    if dimension.kind == "list":
        return "in" if text in dimension.members else "out"
    return text
