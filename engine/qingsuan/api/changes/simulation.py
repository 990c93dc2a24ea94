"""What changed rules would have come to over a prepared year: ``qingsuan.simulate``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qingsuan.api.arguments import PathLike, options_of, texts
from qingsuan.benefits.settlement import refuse_families
from qingsuan.benefits.setup import Setup
from qingsuan.needed import need
from qingsuan.plugins import Installed
from qingsuan.report.wording.speaking import words_in
from qingsuan.run.deliveries import has_table
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.disk import temporary_folder
from qingsuan.run.model import Progress
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.setting_up import set_up
from qingsuan.simulation.changing.asked import Place, read_seek, read_set, read_sweep
from qingsuan.simulation.changing.parameters import Parameter
from qingsuan.simulation.changing.working import Working
from qingsuan.simulation.opened import Means
from qingsuan.simulation.outcome import RECORD, Simulation, check_out, replace_out
from qingsuan.simulation.run import Asked
from qingsuan.simulation.run import simulate as run_simulation

__all__ = ["Numbers", "made_in", "numbers_of", "rules_for", "simulate"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What of one rule set a simulation can change.

    Attributes
    ----------
    place : how the rule set is named before the colon: pool, scheme and date.
    title : its own.
    parameters : every number of it, by its path.
    """

    place: str
    title: str
    parameters: Sequence[Parameter]


def numbers_of(year: PathLike, *, rules_dir: PathLike | None = None) -> tuple[Numbers, ...]:
    """The numbers of all rule sets that are in force in a prepared year: what the ``changes`` of :func:`simulate` can name.

    Raises
    ------
    InputError, PluginError, PolicyError
        As in :func:`simulate`.
    """
    setup, installed = rules_for(PreparedYear.open(Path(year)), (), rules_dir, None)
    working = Working(installed, setup.rule_sets, setup.year)
    unchanged = working.nothing()
    return tuple(
        Numbers(
            str(Place(one.pool, one.schemes[0], one.effective.isoformat(), "")).rstrip(":"),
            one.title,
            working.parameters(unchanged, one),
        )
        for one in working.in_force()
    )


def rules_for(
    prepared: PreparedYear, require: Sequence[str], rules_dir: PathLike | None, allow: PathLike | None
) -> tuple[Setup, Installed]:
    """The rules in force, and the plugins that they come from."""
    skips = bool(prepared.record.made_by["options"]["skip unserved pools"])
    return set_up(prepared.record.year, require, skip_unserved=skips, rules_dir=rules_dir, allow=allow)


def simulate(
    year: PathLike,
    changes: Sequence[str] = (),
    *,
    rules: PathLike | None = None,
    sweep: str | None = None,
    seek: str | None = None,
    explain: bool = False,
    out: PathLike | None = None,
    overwrite: bool = False,
    page: bool = False,
    workers: int = 2,
    memory: int = 2 << 30,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    rules_dir: PathLike | None = None,
    lang: str | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Settle a prepared year by changed rules beside the rules in force, and say what differs (``docs/simulate.md``).

    Parameters
    ----------
    year
        A folder of :func:`qingsuan.prepare`.
    changes
        Numbers in the place of others: ``"220100/390:inpatient.bands.minors.3M=70/75/80"``.
    rules
        A parameter file in the place of the one of its pool, schemes and date, or beside those; or a folder in the place of the rules
        of its region.
    sweep
        One number at several values: ``"220200/390:inpatient.bands.3[1]=50..70:1"``.
    seek
        By how many yuan the payments of a fund are to change: ``"hifp_pay=±0"``; the value is sought between the bounds of ``sweep``.
    explain
        Whether the biggest changes are explained, claim by claim, by the rules in force and by the changed ones; not of a sweep.
    out
        A new folder for tables, workbook and record; None writes nothing.
    overwrite
        Whether an earlier simulation in ``out`` may be replaced.
    page
        Whether ``out`` gets a page with pictures, too (the extra ``pages``).
    rules_dir
        A folder of parameter files that stand in for the installed rules of their region as the rules in force.
    lang
        The language of workbook and summary, ``"zh"`` or ``"en"``; that of the environment unless given.
    workers, memory, require, allow, progress
        As in :func:`qingsuan.settle`.

    Returns
    -------
    Simulation
        The record and the tables.

    Raises
    ------
    UsageError
        An argument is not what it must be: no such parameter, a step of 0, no value between the bounds.
    PolicyError
        A changed rule set cannot be trusted: a value is outside its bounds, or beyond what the region may set.
    InputError, PluginError, RunError
        As in :func:`qingsuan.settle`.
    """
    asked = Asked(
        tuple(map(read_set, texts(changes))),
        None if rules is None else Path(rules),
        None if sweep is None else read_sweep(sweep, seeks=seek is not None),
        None if seek is None else read_seek(seek),
        explain,
    )
    asked.check()
    options = options_of(workers, memory, None)
    spoken = words_in(lang).lang
    prepared = PreparedYear.open(Path(year))
    if asked.changes or asked.sweep is not None:
        need("tomlkit")
    if page:
        for library in ("jinja2", "matplotlib"):
            need(library)
    with made_in(None if out is None else Path(out), overwrite, [year, *([rules] if rules else [])]) as folder:
        setup, installed = rules_for(prepared, texts(require), rules_dir, allow)
        setup.registrations = has_table(Path(year), "registrations")
        refuse_families(
            setup, "simulate", "settle the year's tables by both rule sets, and compare the runs: qingsuan diff"
        )
        simulation = run_simulation(
            prepared,
            setup,
            installed,
            asked,
            Means(options.workers, options.memory, folder, progress or Progress()),
            spoken,
        )
        for used in (".views", ".explained"):
            shutil.rmtree(folder / used, ignore_errors=True)
        if out is not None:
            simulation.write(folder, page=page)
        return simulation


@contextmanager
def made_in(out: Path | None, overwrite: bool, inputs: Sequence[PathLike], record: str = RECORD) -> Iterator[Path]:
    """A folder in which a simulation is made; in the end it is ``out``, or gone. ``record`` is that of an earlier one."""
    if out is None:
        folder = temporary_folder()
    else:
        check_apart(out, (), [os.fspath(one) for one in inputs])
        need("openpyxl")
        folder = check_out(out, overwrite=overwrite, record=record)
    try:
        yield folder
        if out is not None:
            replace_out(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
