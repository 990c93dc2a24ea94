"""What a finished calculation comes to: amounts, the account of every row, and what is worth a warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from qingsuan.heads.counting import DEDUP_RULE, Counted
from qingsuan.heads.small_tables import TableFile, longest
from qingsuan.money import yuan
from qingsuan.subsidies.bureau import BureauTables
from qingsuan.subsidies.funding import Funding
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.receipts.arrived import Arrival, arrive
from qingsuan.subsidies.receipts.reading import Money
from qingsuan.subsidies.receipts.tables import arrival_record
from qingsuan.subsidies.results import Due, due_of, region_table

__all__ = ["Outcome", "RowCounts", "not_counted_table"]


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Where every row of the input went. ``duplicates`` are rows of a person who is counted in another row."""

    rows_in: int
    counted: int
    duplicates: int
    other_scheme: int
    outside_year: int
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished calculation; :func:`qingsuan.report.subsidy.summary` tells it to people."""

    funding: Funding
    tables: BureauTables
    counted: Counted
    rows: RowCounts
    dues: tuple[Due, ...]
    arrival: Arrival | None = None
    files: tuple[TableFile, ...] = ()

    @classmethod
    def of(
        cls, funding: Funding, tables: BureauTables, counted: Counted, rows: RowCounts, money: Money | None = None
    ) -> Outcome:
        """Split the subsidy of what was counted, and hold receipts against it.

        Raises
        ------
        PolicyError
            A county with heads is absent from a table of the bureau that its rule needs.
        """
        dues = due_of(counted, funding, tables)
        if money is None:
            return cls(funding, tables, counted, rows, dues, files=tables.files)
        arrival = arrive(dues, funding, money, split=tables.prefecture_bp is not None)
        return cls(funding, tables, counted, rows, dues, arrival, (*tables.files, *money.files))

    @property
    def split(self) -> bool:
        """Whether the bureau splits the local share between prefecture and county."""
        return self.tables.prefecture_bp is not None

    @property
    def used(self) -> tuple[FundingRule, ...]:
        """The rules of the regions that have heads."""
        prefixes = sorted({due.region[:2] for due in self.dues})
        return tuple(self.funding.rules[prefix] for prefix in prefixes)

    def warnings(self) -> tuple[str, ...]:
        """What a reader of the amounts should know."""
        found = [f"{rule.region}: {_made_up(rule)} is marked made-up" for rule in self.used if _made_up(rule)]
        found += [f"{file.name}: {comment}" for file in self.files for comment in file.comments]
        for rule in self.used:
            dues = [due for due in self.dues if due.region == rule.region]
            without = [due for due in dues if self._at_default(due)]
            if rule.standard.minimum and without:
                found.append(
                    f"{rule.region}: {len(without)} of {len(dues)} counties at the minimum standard, {yuan(rule.standard.fen)}: "
                    f"no --standards table says otherwise"
                )
        return (*found, *self._of_receipts())

    def _of_receipts(self) -> list[str]:
        """What a reader of the receipts should know."""
        if self.arrival is None:
            return []
        found = []
        for rule in self.used:
            transfer = rule.transfer
            told = [f"{gap.parameter} is missing: {gap.why}" for gap in rule.missing if gap.year == rule.year]
            if transfer is None or transfer.day is None:
                found.append(
                    f"{rule.region}: days late are not told, no day being known; {'; '.join(told) or 'the rule has none'}"
                )
            elsewhere = sum(
                each.received - each.account_fen
                for each in self.arrival.claims
                if each.claim.region == rule.region and each.account_fen is not None
            )
            if transfer is not None and elsewhere:
                found.append(
                    f"{rule.region}: {yuan(elsewhere)} yuan arrived in another account than the rule's, {transfer.account}"
                )
        untold = sum(each.budgeted is None for each in self.arrival.claims)
        if untold < len(self.arrival.claims):
            found.append(f"{untold} of {len(self.arrival.claims)} payers and places have no line in the budgets")
        refused = sum(receipt.fault is not None for receipt in self.arrival.receipts)
        return [*found, *([f"{refused} receipts are refused: receipts/ says why"] if refused else [])]

    def _at_default(self, due: Due) -> bool:
        return longest(self.tables.standards, due.admdvs) is None

    def record(self) -> dict[str, Any]:
        """The part of ``run.json`` that this settlement knows: rules, tables, counts, amounts, warnings."""
        rows = self.rows
        return {
            "year": self.funding.year,
            "counted_once": DEDUP_RULE,
            "count_unit": {rule.region: rule.count for rule in self.used},
            "rules": [_rule(rule) for rule in self.used],
            "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in self.files],
            "grades": sorted({source.grade for rule in self.used for source in rule.cited}),
            "rows": {
                "in": rows.rows_in,
                "counted": rows.counted,
                "not_counted": {"other-scheme": rows.other_scheme, "outside-year": rows.outside_year},
                "duplicates": rows.duplicates,
                "rejected": dict(sorted(rows.rejected.items())),
            },
            "heads": sum(heads.heads for heads in self.counted.heads.values()),
            "resd_permit_heads": sum(heads.permits for heads in self.counted.heads.values()),
            "persons": self.counted.persons,
            "persons_with_duplicates": self.counted.persons_duplicate,
            "duplicates_by_kind": dict(self.counted.duplicates_by_kind),
            "amounts": [
                {"region": row["region"], "level": row["level"], "amount": str(row["amount"])}
                for row in region_table(self.dues, split=self.split).to_pylist()
            ],
            **({} if self.arrival is None else {"receipts": arrival_record(self.arrival)}),
            "warnings": list(self.warnings()),
        }


def not_counted_table(rows: RowCounts) -> pa.Table:
    """Rows that do not count, by reason; the rejected ones by code."""
    reasons = {"other-scheme": rows.other_scheme, "outside-year": rows.outside_year, "duplicate": rows.duplicates}
    counts = reasons | dict(sorted(rows.rejected.items()))
    return pa.table(
        {"reason": pa.array(list(counts), pa.string()), "rows": pa.array(list(counts.values()), pa.int64())}
    )


def _made_up(rule: FundingRule) -> str:
    return ", ".join(source.document for source in rule.cited if source.grade == "made-up")


def _rule(rule: FundingRule) -> dict[str, Any]:
    return {
        "region": rule.region,
        "title": rule.title,
        "file": rule.file.replace("\\", "/").rsplit("/", 1)[-1],
        "sha256": rule.digest,
        "standard": yuan(rule.standard.fen),
        "minimum": rule.standard.minimum,
        "sources": [
            {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
            for each in rule.cited
        ],
    }
