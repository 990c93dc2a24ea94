"""A year of claims settled (待遇结算): ``qingsuan.settle``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qingsuan.api.arguments import (
    Parted,
    PathLike,
    check_how,
    folder_for,
    is_nothing,
    opened,
    options_of,
    texts,
    year_of,
    year_tables,
)
from qingsuan.benefits.settlement import OPENING, TABLES, Benefits, refuse_families
from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.finished import FinishedRun, Settlement
from qingsuan.heads.families import Families
from qingsuan.plugins import Installed
from qingsuan.prepared import is_prepared
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, LEAST_MEMORY_BYTES, whole_number
from qingsuan.run.deliveries import has_table, inputs_of
from qingsuan.run.executors.engines import check_engine, engine_of
from qingsuan.run.executors.prepared import FromYear
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Source, Spool, digest_of
from qingsuan.run.model import Inputs, Options, Progress
from qingsuan.run.opening import earlier_run, open_opening
from qingsuan.run.prepare import prepare as prepare_year
from qingsuan.run.prepared.layout import YEAR_RECORD
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.restart.fingerprint import check_prepared, read_by
from qingsuan.run.setting_up import set_up
from qingsuan.run.settle import settle as run_settlement

__all__ = ["settle", "settle_by"]


def settle(
    claims: Given,
    insured: Given | None = None,
    identities: Given | None = None,
    *,
    year: int | None = None,
    out: PathLike | None = None,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    rules_dir: PathLike | None = None,
    skip_unserved: bool = False,
    strict: bool = False,
    opening: PathLike | FinishedRun | None = None,
    accumulators: bool = False,
    detail: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    keep: PathLike | None = None,
    registrations: Given | None = None,
    csv_encoding: str = "utf8",
    intake: PathLike | None = None,
    engine: str = "local",
    spark_master: str | None = None,
    progress: Progress | None = None,
) -> Settlement:
    """Settle a year of claims (待遇结算).

    Parameters
    ----------
    claims, insured, identities
        The tables, with the columns of ``docs/tables.md``: money as decimal or text in yuan. A reader is read to its end, once.
        ``claims`` may also be the folder of a prepared year (:func:`prepare`) and nothing else: it has them all.
    year
        The year that is settled; a prepared one says it itself.
    out
        The run folder to write and to keep; None writes a temporary one, gone with the result.
    workers
        Threads that work, from 1 to 256.
    memory
        What the run may hold in memory, in bytes, at least 64 MiB; a table that the caller holds is not counted.
    partitions
        Into how many parts people are spread; worked out from ``memory`` unless given.
    require
        Plugins that must be there, such as ``["qingsuan-jilin>=2022.1"]``.
    allow
        A file of approved plugins (``qingsuan plugins seal``): the run takes no other, and records what it allowed.
    rules_dir
        A folder of parameter files that stand in for the installed rule sets of their region; the record marks them "working copy".
    skip_unserved
        Whether claims of pools without a plugin are rejected instead of stopping the run.
    strict
        Whether claims that meet insured rows which contradict each other are rejected.
    registrations
        The table of registrations (备案), where a rule set asks for them; a prepared year has them.
    opening
        A finished run of the same year, or its folder, with whose accumulators this one goes on.
    accumulators
        Whether accumulators are written, for a later ``opening`` (which writes them, too).
    detail
        Whether ``setldetail`` is written: what each fund's turn came to for each claim (基金分项).
    resume, overwrite
        Whether a run that did not finish in ``out`` is gone on with; whether what is there may be replaced.
    keep
        A new folder in which the year is kept as it is prepared on the way (:func:`prepare`), to be settled again from there.
    csv_encoding
        Encoding of CSV files.
    intake
        An intake file (TOML) that says how the tables are written; the run records it.
    engine, spark_master
        The execution engine: ``"local"``, or ``"spark"`` and its master.
    progress
        Told how the run gets on; nothing is said otherwise.

    Returns
    -------
    Settlement
        The record and the tables: rows in = rows settled + reversed + rejected.

    Raises
    ------
    UsageError
        An argument is not what it must be, or ``out`` cannot be written to.
    InputError
        A table cannot be trusted.
    PluginError, PolicyError
        A pool has no plugin, or a plugin or rule set cannot be trusted.
    RunError
        The machine, or a person, stopped the run.
    """
    check_how(resume=resume, overwrite=overwrite)
    check_engine(engine, spark_master)
    options = options_of(workers, memory, partitions)
    prepared = _prepared_in(claims, insured, identities, registrations)
    year = year_of(year, prepared)
    if prepared is not None and intake is not None:
        raise UsageError(
            f"--intake {intake}",
            found="given with a prepared year",
            expected="the year alone: it is kept as it was read, and says by which intake file",
            do="leave it out, or prepare the year with it",
        )
    if engine != "local" and (prepared, keep) != (None, None):
        raise UsageError("--engine", found=f"{engine}, for a prepared year", expected="local")
    if engine != "local" and rules_dir is not None:
        raise UsageError("--engine", found=f"{engine}, with --rules-dir, which no worker has", expected="local")
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {} if prepared is not None else year_tables(spool, claims, insured, identities, registrations)
        earlier = None if opening is None else _folder_of(opening)
        paths = [path for files, _ in given.values() for path in files] if prepared is None else [str(prepared)]
        _check_apart(place.path, paths, earlier)
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        with_accumulators = accumulators or earlier is not None
        setup, installed = set_up(
            year,
            texts(require),
            skip_unserved=skip_unserved,
            accumulators=with_accumulators,
            strict=strict,
            rules_dir=rules_dir,
            allow=allow,
        )
        if engine != "local":
            refuse_families(setup, f"--engine {engine}", "leave --engine out")
        setup.detail = detail
        setup.registrations = has_table(prepared, "registrations") if prepared is not None else "registrations" in given
        brought = () if earlier is None else open_opening(earlier, year, csv_encoding)
        settlement = Benefits(setup, earlier_run(brought), families=Families())
        seconds: Mapping[str, float] = {}
        if keep is not None and resume and is_prepared(Path(keep)):
            prepared = Path(keep)
        elif keep is not None:
            prepared, seconds = _kept(
                Path(keep), place.path, paths, given, options, setup, installed, progress, csv_encoding, intake
            )
        if prepared is None:
            inputs = opened(given, csv_encoding, {OPENING: brought}, intake)
            where = engine_of(engine, spark_master, settlement, installed)
        else:
            settlement.prepared = _named(prepared, place.path)
            inputs, where, options = _of_year(prepared, settlement, installed, brought, options)
        record = run_settlement(settlement, inputs, folder, options, installed, progress, where)
        prove(place.path, record)
        run = Settlement(place)
        run.seconds = {**seconds, **record.get("seconds", {})}
        return run


def settle_by(
    setup: Setup, installed: Installed, claims: Given, insured: Given, identities: Given, registrations: Given
) -> Settlement:
    """Settle tables by rules that are set up (:func:`set_up`), in a temporary folder: for many small years by the same rules.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As :func:`settle`.
    """
    whole_number("--year", setup.year, FIRST_YEAR, LAST_YEAR)
    with Spool() as spool, folder_for(None, goes_on=False) as place:
        setup = setup.fork()
        setup.registrations = True
        settlement = Benefits(setup, earlier_run(()), families=Families())
        inputs = opened(year_tables(spool, claims, insured, identities, registrations), "utf8", {OPENING: ()})
        options = options_of(1, LEAST_MEMORY_BYTES, None)
        record = run_settlement(settlement, inputs, RunFolder(place.path, TABLES), options, installed)
        prove(place.path, record)
        return Settlement(place)


def _prepared_in(
    claims: Given, insured: Given | None, identities: Given | None, registrations: Given | None
) -> Path | None:
    """The folder of the prepared year that is given instead of tables; None if tables are.

    Raises
    ------
    UsageError
        Both are given, or no insured people.
    """
    one = claims[0] if isinstance(claims, list | tuple) and len(claims) == 1 else claims
    if isinstance(one, str | os.PathLike) and is_prepared(Path(one)):
        if insured or identities or not is_nothing(registrations):
            raise UsageError(
                "--insured --identities --registrations",
                found="given with a prepared year",
                expected="the year alone: it has them",
            )
        return Path(one)
    if is_nothing(insured):
        raise UsageError(
            "--insured", found="nothing", expected="the insured people, or a prepared year instead of claims"
        )
    return None


def _kept(
    keep: Path,
    out: Path,
    paths: Sequence[str],
    given: Mapping[str, Parted],
    options: Options,
    setup: Setup,
    installed: Installed,
    progress: Progress | None,
    encoding: str,
    intake: PathLike | None,
) -> tuple[Path, Mapping[str, float]]:
    """Prepare the year that is to be kept; returns its folder and the seconds by stage.

    Raises
    ------
    UsageError
        There are no tables to prepare, or the folders lie in each other.
    """
    if not given:
        raise UsageError(
            "--keep", found="given with a prepared year", expected="claims: a prepared year is kept already"
        )
    check_apart(keep, (), (*paths, out), "--keep")
    check_apart(out, TABLES, (keep,))
    inputs = opened(given, encoding, intake=intake)
    told = prepare_year(Benefits(setup.fork()), inputs, keep, options, installed, progress)
    return keep, {f"prepare: {stage}": seconds for stage, seconds in told["seconds"].items()}


def _named(year: Path, out: Path) -> dict[str, str]:
    """What the record says of a prepared year: where it lies, from the run folder on, and the digest of its ``year.json``."""
    return {
        "folder": os.path.relpath(year.resolve(), out.resolve()),
        "sha256": digest_of(year / YEAR_RECORD),
    }


def _of_year(
    path: Path, settlement: Benefits, installed: Installed, brought: tuple[Source, ...], options: Options
) -> tuple[Inputs, FromYear, Options]:
    """What a run of a prepared year takes its rows from.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError
        It is no prepared year, or its rows would be read otherwise now.
    """
    year = PreparedYear.open(path)
    check_prepared(year.record.made_by, read_by(settlement, installed), str(path))
    partitions = year.record.partitions
    if options.partitions not in (None, partitions):
        raise UsageError(
            "--partitions", found=str(options.partitions), expected=f"{partitions}, into which the year is cut"
        )
    inputs = inputs_of(year)
    return (
        replace(inputs, tables={**inputs.tables, OPENING: brought}),
        FromYear(year),
        Options(options.workers, options.memory, partitions),
    )


def _folder_of(opening: PathLike | FinishedRun) -> Path:
    return opening.path if isinstance(opening, FinishedRun) else Path(opening)


def _check_apart(out: Path, paths: Sequence[str], earlier: Path | None) -> None:
    if earlier is None:
        return check_apart(out, TABLES, paths)
    if out.resolve() in (earlier.resolve(), *earlier.resolve().parents):
        raise UsageError("--opening --out", found="one folder", expected="two", do="give another --out")
    return check_apart(out, TABLES, (*paths, earlier))
