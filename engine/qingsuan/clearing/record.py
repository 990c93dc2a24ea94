"""What a run of clearing adds up to: its totals, what must be equal, and its part of the run record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.procured import told_nowhere
from qingsuan.clearing.results import BY_CARE, UNSETTLED_BY
from qingsuan.clearing.ways.holding import Held
from qingsuan.columns.cells import decimals
from qingsuan.columns.rows import numbers
from qingsuan.money import yuan
from qingsuan.settlement import Books

__all__ = ["identities_of", "record_of", "totals_of"]

_COUNTED = ("contracts", "psntime", "rows")
"""Columns of totals that are no amounts."""


def totals_of(books: Books) -> dict[str, pa.Table]:
    """The files of totals: by pool, scheme, kind of care and way; of what is not settled by its kind."""
    return {
        "totals/care.parquet": _in_yuan(_merged(books, "care", BY_CARE)),
        "totals/unsettled.parquet": _in_yuan(_merged(books, "unsettled", UNSETTLED_BY)),
    }


def identities_of(bureau: Bureau, books: Books) -> Iterable[tuple[str, int, int]]:
    """What must be equal: what it is, one side and the other, in fen."""
    rows = _merged(books, "care", BY_CARE).to_pylist()

    def total(name: str) -> int:
        return sum(row[name] for row in rows)

    counts = books.counts
    out = counts["claims_fen"] + counts["unsettled_fen"]
    yield "fund payments of claims in = of contracts + not settled", books.sums_in["settled_fen"], out
    shared = total("standard") + total("kept") - total("borne_by_institution") + total("procurement")
    withheld = total("audit") + total("deposit_kept")
    yield (
        "standard + kept - borne by institutions + procurement - audit - deposit kept = payable",
        shared - withheld,
        total("payable"),
    )
    yield "deposit - returned = kept", total("deposit") - total("deposit_returned"), total("deposit_kept")
    yield (
        "borne by fund + by institutions = overrun",
        total("borne_by_fund") + total("borne_by_institution"),
        total("overrun"),
    )
    procured = bureau.procured
    if procured.sha256:
        apart, nowhere = counts["procured_apart_fen"], sum(procured.nowhere.values())
        yield (
            "kept of procurement = of contracts + of those not settled + of none",
            sum(procured.kept.values()),
            total("procurement") + apart + nowhere,
        )
    yield "clearing + advances = payable", total("clearing") + total("advances"), total("payable")
    yield "standard - claims = difference", total("standard") - total("claims"), total("difference")


def record_of(books: Books, held: Held, unseen: Sequence[str]) -> dict[str, Any]:
    """The part of ``run.json`` that this settlement knows; ``unseen`` are lines of listed claims that did not come."""
    bureau = held.bureau
    counts, terms = books.counts, bureau.terms
    care = _merged(books, "care", BY_CARE).to_pylist()
    unsettled = _merged(books, "unsettled", UNSETTLED_BY).to_pylist()
    return {
        "year": terms.year,
        "terms": {
            "title": terms.title,
            "funds": list(terms.funds),
            "ids": {one.id: one.way for one in terms.terms.values()},
            "sources": [
                {"key": one.key, "document": one.document, "article": one.article, "grade": one.grade}
                for one in terms.cited
            ],
        },
        "tables": [
            {"table": file.table, "file": file.name, "sha256": file.sha256, "comments": list(file.comments)}
            for file in bureau.files
        ],
        "grades": sorted({one.grade for one in terms.cited}),
        "rows": {
            "settled": {
                "in": books.rows_read["settled"],
                "cleared": counts["claims"],
                "unsettled": counts["unsettled.settled"],
                "rejected": dict(sorted(books.rejected.get("settled", {}).items())),
            },
            "cases": {
                "in": books.rows_read["cases"],
                "read": counts["cases_in"],
                "settled": counts["cases"],
                "of_no_claim": counts["unsettled.cases"],
                "of_claims_not_cleared": counts["cases_apart"],
                "rejected": dict(sorted(books.rejected.get("cases", {}).items())),
            },
            "contracts": {
                "in": len(bureau.contracts),
                "settled": counts["contracts"],
                "unsettled": counts["unsettled.contracts"],
            },
        },
        "amounts": [_told(row) for row in care],
        "unsettled": [_told(row) for row in unsettled],
        "strays": [
            {"where": one.where, "of": " ".join(one.name), "amount": yuan(one.amount_fen)} for one in bureau.strays
        ],
        "payment_ways": held.record(),
        **_procured(bureau, books, care),
        "specials": {"listed": len(bureau.specials), "of no claim": list(unseen)},
        "identities": [
            {"identity": name, "one": yuan(one), "other": yuan(other)}
            for name, one, other in identities_of(bureau, books)
        ],
        "warnings": [*_warnings(bureau, books, unseen), *held.warnings()],
    }


def _procured(bureau: Bureau, books: Books, care: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the record says of money kept of procurement, where a run of it was given."""
    procured = bureau.procured
    if not procured.sha256:
        return {}
    amounts = {
        "kept": sum(procured.kept.values()),
        "cleared": sum(row["procurement"] for row in care),
        "of_unsettled": books.counts["procured_apart_fen"],
        "of_none": sum(procured.nowhere.values()),
    }
    told = {name: yuan(fen) for name, fen in amounts.items()}
    return {"runs": {"procurement": procured.sha256}, "procurement": told}


def _warnings(bureau: Bureau, books: Books, unseen: Sequence[str]) -> Iterable[str]:
    made_up = [one.document for one in bureau.terms.cited if one.grade == "made-up"]
    if made_up:
        yield f"{', '.join(dict.fromkeys(made_up))} is marked made-up"
    for one in bureau.strays:
        yield f"{one.where}: of no contract of its month ({' '.join(one.name)}); it is in no amount"
    if told := told_nowhere(bureau.procured):
        yield told
    if unseen:
        told = f"no settled claim has its setl_id, pool and scheme ({len(unseen):,} such lines in all)"
        yield f"{unseen[0]}: {told}: nothing is cleared of it"
    for contract in bureau.contracts:
        yield from contract.deposits_off
    rows, fen = books.counts["unsettled.settled"], books.counts["unsettled_fen"]
    if rows:
        yield f"{rows:,} claims, {yuan(fen)} yuan paid by funds, are not cleared: see unsettled"


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: yuan(value) if isinstance(value, int) and name not in _COUNTED else value for name, value in row.items()
    }


def _merged(books: Books, name: str, by: tuple[str, ...]) -> pa.Table:
    table = pa.concat_tables(books.totals[name])
    names = [each for each in table.schema.names if each not in by]
    summed = table.group_by(list(by), use_threads=False).aggregate([(each, "sum") for each in names])
    summed = summed.rename_columns([each.removesuffix("_sum") for each in summed.schema.names]).select([*by, *names])
    return summed.sort_by([(each, "ascending") for each in by])


def _in_yuan(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_int64(field.type) and field.name not in _COUNTED:
            table = table.set_column(place, field.name, decimals(numbers(table[field.name]), 20))
    return table
