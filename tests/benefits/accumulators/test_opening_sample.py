"""January to June, then July to December, is the year at once: a made-up year of the installed regions.

``QINGSUAN_OPENING_PEOPLE`` sets how many people (385 000 make a million claims).
"""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from settling import run

PEOPLE = int(os.environ.get("QINGSUAN_OPENING_PEOPLE", "2000"))


def settled(out: Path, kind: str = "settled") -> pa.Table:
    keys = ["psn_no", "setl_id"] if kind == "settled" else ["psn_no", "insutype", "pool", "group"]
    table = pa.concat_tables(pq.read_table(file) for file in sorted((out / kind).glob("part-*.parquet")))
    return table.sort_by([(key, "ascending") for key in keys])


def test_two_halves_are_the_year_row_for_row(tmp_path: Path) -> None:
    made = tmp_path / "sample"
    assert run("sample", made, "--people", PEOPLE, "--seed", 7).status == 0
    claims = pq.read_table(made / "claims")
    once = claims.group_by("setl_id").aggregate([([], "count_all")])
    once = once.filter(pc.equal(once.column("count_all"), 1)).column("setl_id")
    # a claim taken back after the cut, and a copy after it, are what no carried account can undo: they are left out
    claims = claims.filter(
        pc.and_(pc.is_in(claims.column("setl_id"), once), pc.not_equal(claims.column("refd_setl_flag"), "1"))
    )
    claims = claims.filter(pc.is_valid(claims.column("setl_time")))
    year = pc.mode(pc.year(claims.column("setl_time")))[0]["mode"].as_py()
    late = pc.greater_equal(pc.month(claims.column("setl_time")), 7)
    for name, rows in {"year": claims, "first": claims.filter(pc.invert(late)), "second": claims.filter(late)}.items():
        assert rows.num_rows > PEOPLE
        pq.write_table(rows, tmp_path / f"{name}.parquet")
        opening = ["--opening", tmp_path / "out-first"] if name == "second" else ["--accumulators"]
        known = (
            "--insured",
            made / "insured.parquet",
            "--identities",
            made / "identities.parquet",
            "--year",
            year,
            "--skip-unserved",
        )
        ran = run("settle", tmp_path / f"{name}.parquet", *known, "--out", tmp_path / f"out-{name}", *opening)
        assert ran.status == 0, ran.err
    halves = pa.concat_tables([settled(tmp_path / "out-first"), settled(tmp_path / "out-second")])
    whole = settled(tmp_path / "out-year")
    assert whole.num_rows > 2 * PEOPLE
    assert halves.sort_by([("psn_no", "ascending"), ("setl_id", "ascending")]).equals(whole)
    assert settled(tmp_path / "out-second", "accumulators").equals(settled(tmp_path / "out-year", "accumulators"))
