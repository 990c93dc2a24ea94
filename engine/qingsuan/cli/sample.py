"""``qingsuan sample``: a plausible made-up year (样例数据)."""

from __future__ import annotations

from pathlib import Path

import click

from qingsuan.cli.output import results_apart, show
from qingsuan.sample import FORMATS, make_year

__all__ = ["command"]


@click.command(name="sample")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--people", type=click.IntRange(1, 100_000_000), required=True, help="How many people are insured.")
@click.option("--seed", type=click.IntRange(0), required=True, help="The same seed gives the same files.")
@click.option("--year", type=click.IntRange(2000, 2099), default=2021, show_default=True, help="Year of the claims.")
@click.option("--bad-rows", type=click.IntRange(0), default=0, help="Claim rows to spoil; spoiled.csv says which.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(tuple(FORMATS)),
    default="parquet",
    show_default=True,
    help="Output file format.",
)
@click.option("--files", type=click.IntRange(1, 365), default=1, show_default=True, help="Files of claims.")
@results_apart
def command(out: Path, people: int, seed: int, year: int, bad_rows: int, kind: str, files: int) -> None:
    """Make all tables of a plausible made-up year in the new folder OUT, with a case file for “qingsuan year-end”.

    Four pools: Changchun, Jilin city, Hohhot, Ulanqab; employees (310) and residents (390);
    about 2.6 claims per person. Nothing in it is real.
    """
    made = make_year(out, people=people, seed=seed, year=year, bad_rows=bad_rows, kind=kind, files=files)
    show(
        f"{out}: made up, nothing in it is real (样例数据)\n"
        f"  {made.people:>12,} people, {made.insured:,} insured rows, {made.identities:,} identities\n"
        f"  {made.claims:>12,} claim rows, {made.reversals:,} of them reversals (退费), "
        f"{sum(made.spoiled.values()):,} spoiled\n"
        f"  {made.premiums:>12,} premiums paid, {made.months:,} months of contributions, {made.uses:,} uses of accounts, "
        f"{made.families:,} relations"
    )
