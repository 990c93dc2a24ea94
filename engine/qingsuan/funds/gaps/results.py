"""Gaps, targets and remedies as tables, and what the run record says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from qingsuan.funds.gaps.model import GapRule
from qingsuan.funds.gaps.remedies import Remedy
from qingsuan.funds.gaps.sharing import BORNE, Gap
from qingsuan.funds.gaps.tables import LEVELS
from qingsuan.funds.places import Pools
from qingsuan.money import yuan

__all__ = ["gap_record", "gap_tables"]

_MONEY = pa.decimal128(20, 2)


def gap_tables(gaps: Sequence[Gap], remedies: Sequence[Remedy], pools: Pools) -> dict[str, pa.Table]:
    """The files: one row per county's account with every term, one per target, one per step of a fund that cannot pay."""
    found = {"gaps/part-00000.parquet": _gaps(gaps, pools), "targets/part-00000.parquet": _targets(gaps)}
    if remedies:
        found["remedies/part-00000.parquet"] = _remedies(remedies)
    return found


def _gaps(gaps: Sequence[Gap], pools: Pools) -> pa.Table:
    columns = {
        "fund": _texts(one.book.fund for one in gaps),
        "pool": _texts(pools.find(one.book.admdvs) for one in gaps),
        "insu_admdvs": _texts(one.book.admdvs for one in gaps),
        "name": _texts(pools.name(one.book.admdvs) for one in gaps),
        "plan": _texts(one.plan for one in gaps),
        "income": _money(one.book.income_within for one in gaps),
        "expense": _money(one.book.expense_within for one in gaps),
        "gap": _money(one.gap for one in gaps),
    }
    columns |= {name: _money(getattr(one, name) for one in gaps) for name in BORNE}
    columns |= {f"fault_{level}": _money(one.faults[level] for one in gaps) for level in LEVELS}
    columns["lacks"] = pa.array([", ".join(one.lacks) or None for one in gaps], pa.string())
    return pa.table(columns)


def _targets(gaps: Sequence[Gap]) -> pa.Table:
    rows = [(gap.book, one) for gap in gaps for one in gap.reached]

    def told(measure: str, number: int) -> str:
        return str(number) if measure == "heads" else yuan(number)

    return pa.table(
        {
            "fund": _texts(book.fund for book, _ in rows),
            "insu_admdvs": _texts(book.admdvs for book, _ in rows),
            "measure": _texts(one.target.measure for _, one in rows),
            "target": _texts(told(one.target.measure, one.target.target) for _, one in rows),
            "actual": _texts(told(one.target.measure, one.actual) for _, one in rows),
            "met": pa.array([one.is_met for _, one in rows], pa.bool_()),
        }
    )


def _remedies(remedies: Sequence[Remedy]) -> pa.Table:
    columns = {name: _texts(getattr(one, name) for one in remedies) for name in ("fund", "pool", "step")}
    return pa.table(
        columns | {name: _money(getattr(one, name) for one in remedies) for name in ("short", "available", "used")}
    )


def gap_record(gaps: Sequence[Gap], rules: Iterable[GapRule], without: Iterable[str]) -> dict[str, Any]:
    """Sums by term, counties by plan, rules with what they lack, and accounts with a gap of which no region has a rule."""
    used = list(rules)
    return {
        "counties": len(gaps),
        "plan": {plan: sum(one.plan == plan for one in gaps) for plan in ("met", "not-met", "none")},
        "amounts": {name: yuan(sum(getattr(one, name) for one in gaps)) for name in ("gap", *BORNE)},
        "faults": {level: yuan(sum(one.faults[level] for one in gaps)) for level in LEVELS},
        "lacks": sorted({parameter for one in gaps for parameter in one.lacks}),
        "without_rule": sorted(without),
        "rules": [
            {
                "title": rule.title,
                "pools": list(rule.pools),
                "funds": list(rule.funds),
                "effective": str(rule.effective),
                "file": rule.file.replace("\\", "/").rsplit("/", 1)[-1],
                "sha256": rule.digest,
                "missing": [{"parameter": one.parameter, "why": one.why} for one in rule.missing],
                "sources": [
                    {"key": one.key, "document": one.document, "article": one.article, "grade": one.grade}
                    for one in (rule.sources[key] for key in rule.cited)
                ],
            }
            for rule in used
        ],
    }


def _texts(values: Iterable[str]) -> pa.Array:
    return pa.array(list(values), pa.string())


def _money(values: Iterable[int | None]) -> pa.Array:
    return pa.array([None if fen is None else Decimal(fen).scaleb(-2) for fen in values], _MONEY)
