"""The strict reader of a bureau's batches of central procurement (带量采购批次)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from qingsuan.money import BP_ONE, fen_of_yuan
from qingsuan.policy.model import Source
from qingsuan.policy.sources import cite, read_sources
from qingsuan.policy.strict import Table, load
from qingsuan.purchases.model import COMPLETED, NEEDED, SPENT, Grade, Procurement, ProcurementBatch, SchemeTerms
from qingsuan.tables import CODES

__all__ = ["read_procurement"]

_MOST_DEMAND_BP = 10 * BP_ONE


def read_procurement(file: Path, year: int) -> Procurement:
    """Read the batches whose agreements end in a year.

    Raises
    ------
    PolicyError
        With file, key, what was found and what was expected.
    """
    root = load(file)
    head = root.table("procurement")
    if (found := head.whole("year", low=2000, high=2999)) != year:
        head.refuse("year", found=str(found), expected=f"{year}, the year that is settled", do="give that year's file")
    sources = read_sources(root)
    batches: list[ProcurementBatch] = []
    for table in root.tables("batches"):
        batches.append(_batch(table, year, sources))
        if batches[-1].id in (one.id for one in batches[:-1]):
            table.refuse("id", found=f'"{batches[-1].id}" twice', expected="a name of its own", do="rename one of them")
    procurement = Procurement(head.text("title"), year, cite(head, sources), tuple(batches), sources)
    root.done()
    if not batches:
        root.refuse("batches", found="none", expected="at least one batch", do="write [[batches]]")
    return procurement


def _batch(table: Table, year: int, sources: Mapping[str, Source]) -> ProcurementBatch:
    begins, ends = table.date("begins"), table.date("ends")
    if ends < begins or ends.year != year:
        expected = f"a day of {year}, in which the batch is settled, not before it begins"
        table.refuse("ends", found=str(ends), expected=expected, do="correct the day, or take the batch out")
    full = _score(table, "full_score")
    return ProcurementBatch(
        id=table.text("id"),
        begins=begins,
        ends=ends,
        needed=table.choice("needed", NEEDED),
        demand_bp=table.percent_bp("demand", high=_MOST_DEMAND_BP),
        spent=table.choice("spent", SPENT),
        completed=table.choice("completed", COMPLETED),
        completed_bp=table.percent_bp("completed_at", low=1),
        schemes=_schemes(table),
        full_score=full,
        grades=_grades(table),
        most_bp=table.percent_bp("most"),
        advance_bp=table.percent_bp("advance") if table.has("advance") else None,
        offset_bp=table.percent_bp("offset", low=1) if table.has("advance") else 0,
        source=cite(table, sources),
    )


def _score(table: Table, key: str) -> int:
    """A full score, in hundredths."""
    score = fen_of_yuan(table.whole(key, low=1, high=10_000))
    assert score > 0
    return score


def _schemes(table: Table) -> tuple[SchemeTerms, ...]:
    found: list[SchemeTerms] = []
    for one in table.tables("schemes"):
        scheme = one.choice("scheme", tuple(CODES["insutype"]))
        if scheme in (other.scheme for other in found):
            one.refuse("scheme", found=f'"{scheme}" twice', expected="each once", do="take one of the two out")
        found.append(SchemeTerms(scheme, one.percent_bp("insured"), one.percent_bp("ratio")))
    if not found:
        table.refuse("schemes", found="none", expected="at least one scheme", do="say whose patients these are")
    if (whole := sum(one.insured_bp for one in found)) > BP_ONE:
        expected = "at most 100 % of all patients together"
        table.refuse("schemes", found=f"{whole // 100} %", expected=expected, do="correct the shares of patients")
    return tuple(found)


def _grades(table: Table) -> tuple[Grade, ...]:
    found: list[Grade] = []
    for one in table.tables("grades"):
        grade = Grade(one.percent_bp("from"), one.percent_bp("share"))
        if found and (grade.from_bp >= found[-1].from_bp or grade.share_bp > found[-1].share_bp):
            expected = "grades from the highest to the lowest, no lower one keeping more"
            one.refuse("from", found=f"{grade.from_bp // 100} %", expected=expected, do="put the grades in order")
        found.append(grade)
    if not found or found[-1].from_bp:
        table.refuse("grades", found="no grade from 0 on", expected="grades down to from = 0", do="write the last one")
    return tuple(found)
