"""Worlds and case files as finished runs of a prepared year, to be explained; and everybody in them explained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from differential import run_prepared, run_whole
from held_in_memory import held_in_memory, people_by_partition
from qingsuan.cli import cli
from qingsuan.explain.document import Claim, Explanation, Run
from qingsuan.explain.rows.opening import Opened, open_run
from qingsuan.explain.whole import Explainer
from qingsuan.report.summary import read_record
from qingsuan.run.prepared import PreparedYear
from worlds import World

__all__ = ["disagreements", "everybody", "opened_world", "said", "sampled_year"]

_CLAIMS_PER_PERSON = 2.7


def opened_world(world: World, folder: Path, partitions: int) -> Opened:
    """A world settled by way of a prepared year of two deliveries, opened to be explained."""
    run_whole(world, folder, partitions)
    out = run_prepared(world, folder, partitions)
    setup = world.setup(registrations=bool(world.registrations))
    digest = hashlib.sha256((out / "run.json").read_bytes()).hexdigest()
    run = Run(str(out), digest, world.year, setup.program.digest, ())
    return Opened(out, read_record(out), run, setup, PreparedYear.open(folder / "year"))


def sampled_year(folder: Path, seed: int, claims: int) -> Opened:
    """A made-up year of the four pools with bad rows, settled from a prepared year by the commands."""
    people, bad, year = int(claims / _CLAIMS_PER_PERSON), max(20, claims // 200), folder / "year"
    kept, out = folder / "prepared", folder / "out"
    persons = f"--insured {year}/insured.parquet --identities {year}/identities.parquet"
    for call in (
        f"sample {year} --people {people} --seed {seed} --bad-rows {bad}",
        f"settle {year}/claims {persons} --year 2021 --partitions {1 + seed % 4 + claims // 4000} --keep {kept} --out {out}",
    ):
        cli.main(args=call.split(), standalone_mode=False)
    return open_run(out, kept, None)


def everybody(opened: Opened) -> Iterator[Explanation]:
    """The year of everybody of whom the run folder has a claim, and whose number can be read; in memory, partition after partition."""
    with held_in_memory(opened) as held:
        explainer = Explainer(held)
        for psn_no in people_by_partition(opened):
            yield explainer.explain(psn_no=psn_no)


def disagreements(opened: Opened) -> tuple[int, list[str]]:
    """How many claims were explained, and every one that does not agree, in words."""
    claims = [(one.psn_no, claim) for one in everybody(opened) for claim in one.claims]
    return len(claims), [said(psn_no, claim) for psn_no, claim in claims if not claim.agrees]


def said(psn_no: str, claim: Claim) -> str:
    return f"{psn_no} {claim.setl_id} {claim.outcome}: {claim.differences}"
