"""What a run of personal accounts adds up to: its totals, the identities that must hold, and its part of the run record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from qingsuan.accounts.results import AMOUNTS, BY_KIND, BY_MONTH
from qingsuan.accounts.rule.year import NO_RULE, Rules
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import numbers
from qingsuan.money import yuan
from qingsuan.settlement import Books

__all__ = ["record_of", "totals_of", "used_of"]

_COUNTED = ("accounts", "uses")
"""Columns of totals that are no amounts."""

_FLOWS = ("credit_in_service", "credit_retired", "interest", "withheld", "own_uses", "family_uses", "transfers")


def totals_of(books: Books) -> dict[str, pa.Table]:
    """The files of totals: by pool and month, by pool, by kind of use."""
    months, uses = _merged(books, "months", BY_MONTH), _merged(books, "uses", BY_KIND)
    return {
        "totals/months.parquet": _in_yuan(months),
        "totals/pools.parquet": _in_yuan(_pools(months)),
        "totals/uses.parquet": _in_yuan(uses),
    }


def used_of(books: Books) -> Iterable[tuple[str, int, int]]:
    """What must be equal over all accounts: what it is, one side and the other, in fen."""
    pools = _pools(_merged(books, "months", BY_MONTH)).to_pylist()
    uses = _merged(books, "uses", BY_KIND).to_pylist()
    for row in pools:
        into = row["opening"] + row["credit_in_service"] + row["credit_retired"] + row["interest"]
        out = row["withheld"] + row["own_uses"] + row["family_uses"] + row["transfers"]
        yield f"{row['pool']}: opening + credit + interest - uses = closing", into - out, row["closing"]
        paid = sum(use["paid"] for use in uses if use["pool"] == row["pool"])
        yield f"{row['pool']}: uses of the ledger = uses paid", out - row["withheld"], paid
    family = sum(row["family_uses"] for row in pools)
    yield "family debits = family credits", family, sum(use["paid"] for use in uses if use["cost_of"] == "family")
    claims = sum(use["of_claims"] for use in uses)
    yield "acct_pay + acct_mulaid_pay of claims = uses with a setl_id of theirs", books.sums_in["claim_fen"], claims


def record_of(books: Books, rules: Rules, families: int) -> dict[str, Any]:
    """The part of ``run.json`` that this settlement knows."""
    counts, sums = books.counts, books.sums_in
    pools = _pools(_merged(books, "months", BY_MONTH)).to_pylist()
    uses = _merged(books, "uses", BY_KIND).to_pylist()
    used = sorted({int(number) for number in rules.of.flat} - {NO_RULE})
    return {
        "year": rules.year,
        "rules": [_rule(rules, number) for number in used],
        "grades": sorted(
            {rules.rules[number].sources[key].grade for number in used for key in rules.rules[number].cited}
        ),
        "rows": {
            "insured": {
                "in": books.rows_read["insured"],
                "with_account": counts["insured_rows"],
                "idle": counts["insured_idle"],
                "other_scheme": sums["insured_other_scheme"],
                "outside_year": sums["insured_outside_year"],
                "rejected": dict(sorted(books.rejected.get("insured", {}).items())),
            },
            "months": {
                "in": books.rows_read["months"],
                **{name: counts[f"months_{name}"] for name in ("used", "idle", "of_nobody", "of_refused")},
                "outside_year": sums["months_outside_year"],
                "rejected": dict(sorted(books.rejected.get("months", {}).items())),
            },
            "uses": {
                "in": books.rows_read["uses"],
                "accepted": counts["uses_accepted"],
                "refused": counts["uses_refused"],
                "rejected": dict(sorted(books.rejected.get("uses", {}).items())),
            },
        },
        "accounts": counts["accounts"],
        "people": counts["people"],
        "people_refused": counts["people_refused"],
        "families": families,
        "refused_uses": _refused(uses),
        "amounts": [{name: _told(name, value) for name, value in row.items()} for row in pools],
        "identities": [
            {"identity": name, "one": yuan(one), "other": yuan(other)} for name, one, other in used_of(books)
        ],
        "warnings": [*_made_up(rules, {row["pool"] for row in pools}), *_warnings(books, uses)],
    }


def _made_up(rules: Rules, pools: set[str]) -> Iterable[str]:
    """Rules of pools with accounts that rest on what is marked made-up."""
    for rule in rules.rules:
        made_up = [rule.sources[key].document for key in rule.cited if rule.sources[key].grade == "made-up"]
        if made_up and pools.intersection(rule.pools):
            yield f"{', '.join(rule.pools)}: {', '.join(dict.fromkeys(made_up))} is marked made-up"


def _warnings(books: Books, uses: list[dict[str, Any]]) -> Iterable[str]:
    counts = books.counts
    if counts["opening_refused_fen"]:
        yield f"{yuan(counts['opening_refused_fen'])} yuan of opening balances are of accounts that could not be settled"
    refused = [use for use in uses if use["code"] and use["of_claims"]]
    if refused:
        yield (
            f"{sum(use['uses'] for use in refused)} amounts of claims, {yuan(sum(use['of_claims'] for use in refused))} yuan, "
            "were paid by accounts that cannot have paid them: see uses, of_claim = 1 with a code"
        )


def _rule(rules: Rules, number: int) -> dict[str, Any]:
    rule = rules.rules[number]
    return {
        "pools": list(rule.pools),
        "title": rule.title,
        "effective": str(rule.effective),
        "file": rule.file.replace("\\", "/").rsplit("/", 1)[-1],
        "sha256": rule.digest,
        "missing": [{"parameter": each.parameter, "why": each.why} for each in rule.missing],
        "sources": [
            {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
            for each in (rule.sources[key] for key in rule.cited)
        ],
    }


def _refused(uses: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, int]] = {}
    for use in uses:
        if use["code"]:
            one = found.setdefault(use["code"], {"uses": 0, "fen": 0})
            one["uses"] += use["uses"]
            one["fen"] += use["amount"]
    return {code: {"uses": one["uses"], "amount": yuan(one["fen"])} for code, one in sorted(found.items())}


def _told(name: str, value: Any) -> Any:
    return yuan(value) if isinstance(value, int) and name not in _COUNTED else value


def _merged(books: Books, name: str, by: tuple[str, ...]) -> pa.Table:
    parts = books.totals.get(name, [])
    if not parts:
        return pa.table({})
    table = pa.concat_tables(parts)
    sums = [column for column in table.schema.names if column not in by]
    added = table.group_by(list(by), use_threads=False).aggregate([(column, "sum") for column in sums])
    named = added.rename_columns([column.removesuffix("_sum") for column in added.schema.names]).select([*by, *sums])
    return named.sort_by([(column, "ascending") for column in by])


def _pools(months: pa.Table) -> pa.Table:
    """By pool: what January opened with, what came and went in the year, what December closed with."""
    found: dict[str, dict[str, Any]] = {}
    for row in months.to_pylist():
        one = found.setdefault(
            row["pool"],
            {"pool": row["pool"], "accounts": row["accounts"], "opening": row["opening"], **dict.fromkeys(_FLOWS, 0)},
        )
        for name in _FLOWS:
            one[name] += row[name]
        one["closing"] = row["closing"]
    kinds = [("pool", pa.string()), *((name, pa.int64()) for name in ("accounts", "opening", *_FLOWS, AMOUNTS[-1]))]
    return pa.Table.from_pylist(list(found.values()), pa.schema(kinds))


def _in_yuan(table: pa.Table) -> pa.Table:
    columns = {
        name: decimals(numbers(table[name]), 20) if name not in _COUNTED and pa.types.is_int64(kind) else table[name]
        for name, kind in zip(table.schema.names, table.schema.types, strict=True)
    }
    return pa.table(columns)
