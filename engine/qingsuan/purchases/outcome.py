"""What a run comes to: sums, money that moved judged, what must be equal, and what the record says."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

from qingsuan.money import yuan
from qingsuan.purchases.bureau import Bureau
from qingsuan.purchases.partition import AGREEMENTS
from qingsuan.purchases.results import KEPT, LEDGER, SUMS, sums_of
from qingsuan.settlement import Books

__all__ = ["OUTCOMES", "identities", "judge", "record_of"]

OUTCOMES = ("counted", "another-year", "refused")
"""What becomes of a line of money that moved."""


def judge(bureau: Bureau, parts: list[pa.Table]) -> None:
    """Say of every line whether its institution has an agreement in its batch."""
    known = {(row["batch"], row["code"]) for part in parts for row in part.to_pylist()}
    year = bureau.procurement.year
    for one in bureau.movements:
        pair = one.cells["batch"], one.cells["fixmedins_code"]
        if one.fault is None and one.year == year and pair not in known:
            expected = "an institution with an agreed quantity in this batch"
            one.refuse("E_CODE", "fixmedins_code", " in ".join(reversed(pair)), expected)
        one.outcome = "refused" if one.fault is not None else "counted" if one.year == year else "another-year"


def identities(bureau: Bureau, books: Books) -> tuple[tuple[str, int, int], ...]:
    """What must be equal, with both amounts in fen."""
    judge(bureau, books.totals.get(AGREEMENTS, []))
    moved = Counter[str]()
    for one in bureau.movements:
        if one.outcome == "counted":
            moved[one.cells["kind"]] += one.fen or 0
    advances = _advances(books)
    return (
        (
            "purchases = those of quantities + those that came twice",
            books.sums_in["fen"],
            books.counts["fen"] + books.counts["copies_fen"],
        ),
        ("advances paid = those of ledgers", moved["advance"], advances["advanced"]),
        ("advances given back = those of ledgers", moved["repaid"], advances["repaid"]),
        (
            "advanced = given back + offset + left",
            advances["advanced"],
            advances["repaid"] + advances["offset"] + advances["left"],
        ),
    )


def _advances(books: Books) -> Counter[str]:
    found = Counter[str]()
    for part in books.totals.get("advances", []):
        for row in part.to_pylist():
            found.update({name: row[name] or 0 for name in LEDGER})
    return found


def record_of(bureau: Bureau, books: Books) -> dict[str, Any]:
    """The part of ``run.json`` that this settlement knows."""
    told = identities(bureau, books)
    sums = sums_of(books.totals.get(SUMS, []))
    lines, fen = Counter[str](), Counter[str]()
    for one in bureau.movements:
        lines[one.outcome] += 1
        fen[one.outcome] += 0 if one.fault is not None else one.fen or 0
    advances = _advances(books)
    return {
        "title": bureau.procurement.title,
        "batches": [batch.id for batch in bureau.procurement.batches],
        "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in bureau.files],
        "sources": [
            {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
            for each in bureau.procurement.sources.values()
        ],
        "rows": {
            "in": books.rows_read["purchases"],
            "counted": books.counts["counted"],
            "rejected": dict(sorted(books.rejected.get("purchases", {}).items())),
            "agreed": books.rows_read["agreed"],
        },
        "outcomes": {
            name.removeprefix("outcome."): count
            for name, count in sorted(books.counts.items())
            if name.startswith("outcome.")
        },
        "movements": {
            name: {"rows": lines[name], **({} if name == "refused" else {"amount": yuan(fen[name])})}
            for name in OUTCOMES
        },
        "amounts": [
            {"batch": batch, "insutype": scheme, **{name: yuan(row[name]) for name in KEPT}}
            for (batch, scheme), row in sums.items()
        ],
        "advances": {name: yuan(advances[name]) for name in LEDGER},
        "identities": [{"identity": name, "one": yuan(one), "other": yuan(other)} for name, one, other in told],
        "warnings": _warnings(bureau, books, advances["left"]),
    }


def _warnings(bureau: Bureau, books: Books, left: int) -> list[str]:
    """What a reader of the amounts should know."""
    procurement = bureau.procurement
    found = [
        f"{procurement.title}: {source.document} is marked made-up"
        for source in procurement.sources.values()
        if source.grade == "made-up"
    ]
    found += [f"{file.name}: {comment}" for file in bureau.files for comment in file.comments]
    without = books.counts["outcome.no-score"]
    found += [f"{without} institutions saved money and have no score: nothing is kept"] if without else []
    beside = books.counts["unagreed"]
    found += [f"{beside} items were bought without an agreed quantity: quantities/ shows them"] if beside else []
    refused = sum(one.fault is not None for one in bureau.movements)
    found += [f"{refused} lines of the movements are refused: movements/ says why"] if refused else []
    return [*found, *([f"{yuan(left)} yuan of advances are not offset: to be given back"] if left else [])]
