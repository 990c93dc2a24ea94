"""Worlds and case files as finished runs of a prepared year, to be explained; and everybody in them explained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from differential import run_prepared, run_whole
from qingsuan.benefits.setup import Setup
from qingsuan.explain.document import Claim, Explanation, Run
from qingsuan.explain.rows.opening import Opened
from qingsuan.explain.whole import Explainer
from qingsuan.report.summary import read_record
from qingsuan.run.prepared import PreparedYear
from worlds import World

__all__ = ["disagreements", "everybody", "opened_world", "people_in"]


def opened_world(world: World, folder: Path, partitions: int) -> Opened:
    """A world settled by way of a prepared year of two deliveries, opened to be explained."""
    run_whole(world, folder, partitions)
    out = run_prepared(world, folder, partitions)
    setup = Setup(world.regions, world.rule_sets, world.year, skip_unserved=True)
    setup.registrations = bool(world.registrations)
    digest = hashlib.sha256((out / "run.json").read_bytes()).hexdigest()
    run = Run(str(out), digest, world.year, setup.program.digest, ())
    return Opened(out, read_record(out), run, setup, PreparedYear.open(folder / "year"))


def people_in(out: Path) -> list[str]:
    """Everybody of whom the run folder has a claim, and whose number can be read."""
    parts = [part for name in ("settled", "reversed", "rejected") for part in (out / name).glob("part-*.parquet")]
    found = {one for part in parts for one in pq.read_table(part, columns=["psn_no"]).column(0).to_pylist()}
    return sorted(one for one in found if one)


def everybody(opened: Opened) -> Iterator[Explanation]:
    """The year of everybody."""
    explainer = Explainer(opened)
    return (explainer.explain(psn_no=one) for one in people_in(opened.folder))


def disagreements(opened: Opened) -> tuple[int, list[str]]:
    """How many claims were explained, and every one that does not agree, in words."""
    claims = [(one.psn_no, claim) for one in everybody(opened) for claim in one.claims]
    return len(claims), [_said(psn_no, claim) for psn_no, claim in claims if not claim.agrees]


def _said(psn_no: str, claim: Claim) -> str:
    return f"{psn_no} {claim.setl_id} {claim.outcome}: {claim.differences}"
