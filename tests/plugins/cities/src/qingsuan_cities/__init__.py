"""Ten made-up cities that together use every construct of the rule model. For tests; nobody is insured here."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qingsuan import Function, Pool, Region, hookimpl

__all__ = ["POOLS", "qingsuan_region"]

POOLS = {
    "990100": "甲市",
    "990200": "乙市",
    "990300": "丙市",
    "990400": "丁市",
    "990500": "戊市",
    "990600": "己市",
    "990700": "庚市",
    "990800": "辛市",
    "990900": "壬市",
    "991000": "癸市",
}
"""Pool code and name, all of them made up."""


@hookimpl
def qingsuan_region() -> Region:
    """Hand over the made-up region 990000."""
    return Region(
        code="990000",
        name="十城省 (made up)",
        pools=tuple(Pool(code, f"{name} (made up)", (code[:4],)) for code, name in POOLS.items()),
        rules=files(__name__) / "rules",
        authority=files(__name__) / "authority",
        codes={"med_type": {"15": "特药"}},
        functions={"season": Function(season, columns=("setl_time",))},
    )


def season(claims: pa.RecordBatch) -> Any:
    """The half of the year in which a claim was settled: ``warm`` from May to October, ``cold`` otherwise."""
    month = pc.month(claims.column("setl_time"))
    return pc.if_else(pc.and_(pc.greater_equal(month, 5), pc.less_equal(month, 10)), "warm", "cold")
