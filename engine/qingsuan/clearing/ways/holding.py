"""Contracts held against what documents say of ways of payment, month by month and kind of care by kind of care."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.ways.model import PaymentWay, WaysRule
from qingsuan.clearing.ways.reader import ways_of

__all__ = ["Held", "held"]


@dataclass(frozen=True, slots=True)
class Held:
    """Contracts that were held against their regions' tables.

    Attributes
    ----------
    bureau : the same contracts; those of a way that a document does not let pay for their care say why.
    rules : the tables that hold in any month of a contract, in their order.
    beside : contracts of a way that a document does not name where it only allows or promotes others, by number.
    """

    bureau: Bureau
    rules: tuple[WaysRule, ...]
    beside: tuple[int, ...]

    @property
    def missing(self) -> dict[str, str]:
        """What no document states, by name, and why it is missing."""
        return {one.parameter: one.why for rule in reversed(self.rules) for one in rule.missing}

    def record(self) -> dict[str, Any]:
        """The part of ``run.json`` about ways of payment."""
        refused = sum(bool(one.refused) for one in self.bureau.contracts)
        return {
            "contracts": {"of another way": refused, "beside what is allowed": len(self.beside)},
            "missing": [{"parameter": parameter, "why": why} for parameter, why in self.missing.items()],
            "rules": [
                {
                    "title": rule.title,
                    "pools": list(rule.pools),
                    "effective": str(rule.effective),
                    "file": rule.file.replace("\\", "/").rsplit("/", 1)[-1],
                    "sha256": rule.digest,
                    "sources": [
                        {"key": one.key, "document": one.document, "article": one.article, "grade": one.grade}
                        for one in (rule.sources[key] for key in rule.cited)
                    ],
                }
                for rule in self.rules
            ],
        }

    def warnings(self) -> Iterable[str]:
        """What is missing, and what is made up."""
        if self.missing:
            yield f"no document at hand says by which way care is paid, contracts do: {', '.join(self.missing)}"
        made_up = [one.document for rule in self.rules for one in rule.sources.values() if one.grade == "made-up"]
        if made_up:
            yield f"{', '.join(dict.fromkeys(made_up))} is marked made-up"


def held(bureau: Bureau, rules: Sequence[WaysRule]) -> Held:
    """Hold contracts against the tables of their pools; special payers and listed claims have no way of their own there."""
    contracts: list[Contract] = []
    used: dict[str, WaysRule] = {}
    beside: list[int] = []
    care_of = {kind.clr_type: kind.med_types for kind in bureau.terms.kinds}
    for one in bureau.contracts:
        refused, is_beside = "", False
        for month in range(one.first_month, one.last_month + 1):
            rule = ways_of(rules, one.pool, dt.date(bureau.terms.year, month, 1))
            if rule is None:
                continue
            used[rule.file] = rule
            for med_type in care_of[one.clr_type] if one.terms.way != "special" else ():
                says = rule.of(one.insutype, med_type)
                if says is not None and one.terms.way not in says.ways:
                    is_beside |= says.holds == "may"
                    refused = refused or _told(one, month, med_type, rule, says)
        contracts.append(replace(one, refused=refused))
        beside += [one.number] if is_beside else []
    order = [rule for rule in rules if rule.file in used]
    return Held(replace(bureau, contracts=tuple(contracts)), tuple(order), tuple(beside))


def _told(one: Contract, month: int, med_type: str, rule: WaysRule, says: PaymentWay) -> str:
    """Why a contract cannot be cleared; nothing where the document does not order it."""
    if says.holds != "must":
        return ""
    documents = dict.fromkeys(rule.sources[key].document for key in says.source.split(", "))
    what = f"med_type {med_type} of {one.insutype} in {one.pool} from {rule.effective}"
    return f'{", ".join(documents)} pays {what} by {" or ".join(says.ways)}; terms "{one.terms.id}" are {one.terms.way} (month {month})'
