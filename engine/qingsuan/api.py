"""The front door for programs: tables in, tables out, errors as exceptions, nothing printed. The commands go through it, too.

A table is anything with ``__arrow_c_stream__`` (pyarrow, Polars, DuckDB, pandas from 2.2 on), a file, folder or glob by its path,
or a list of these. What comes in is checked as a file is. Functions may run side by side in threads of one process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from qingsuan.benefits.settlement import OPENING, TABLES, Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.finished import FinishedRun, Folder, Settlement, Subsidy, run_in
from qingsuan.plugins import Installed
from qingsuan.prepared import Prepared, is_prepared
from qingsuan.run.bounds import (
    FIRST_YEAR,
    LAST_SUBSIDY_YEAR,
    LAST_YEAR,
    LEAST_MEMORY_BYTES,
    MOST_WORKERS,
    whole_number,
)
from qingsuan.run.deliveries import has_table, inputs_of
from qingsuan.run.executors.engines import check_engine, engine_of
from qingsuan.run.executors.prepared import FromYear
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.disk import temporary_folder
from qingsuan.run.folder.known import MOST_PARTITIONS
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Source, Spool, Streamed, find_files, open_files, open_streams
from qingsuan.run.model import Inputs, Options, Progress
from qingsuan.run.opening import earlier_run, open_opening
from qingsuan.run.prepare import prepare as prepare_year
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.restart.fingerprint import check_prepared, read_by
from qingsuan.run.setting_up import regions_at_hand, set_up
from qingsuan.run.settle import settle as run_settlement

__all__ = ["open_run", "prepare", "set_up", "settle", "settle_by", "subsidy"]

PathLike = str | os.PathLike[str]
_Parted = tuple[tuple[str, ...], tuple[Streamed, ...]]


def settle(
    claims: Given,
    insured: Given | None = None,
    identities: Given | None = None,
    *,
    year: int,
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
    resume: bool = False,
    overwrite: bool = False,
    keep: PathLike | None = None,
    registrations: Given | None = None,
    csv_encoding: str = "utf8",
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
        The year that is settled.
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
        A file of approved plugins (``qingsuan plugins --allow-list``): the run takes no other, and records what it allowed.
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
    resume, overwrite
        Whether a run that did not finish in ``out`` is gone on with; whether what is there may be replaced.
    keep
        A new folder in which the year is kept as it is prepared on the way (:func:`prepare`), to be settled again from there.
    csv_encoding
        Encoding of CSV files.
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
    _check_how(resume=resume, overwrite=overwrite)
    check_engine(engine, spark_master)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = _options(workers, memory, partitions)
    prepared = _prepared_in(claims, insured, identities, registrations)
    if engine != "local" and (prepared, keep) != (None, None):
        raise UsageError("--engine", found=f"{engine}, for a prepared year", expected="local")
    if engine != "local" and rules_dir is not None:
        raise UsageError("--engine", found=f"{engine}, with --rules-dir, which no worker has", expected="local")
    with Spool() as spool, _folder_for(out, goes_on=resume or overwrite) as place:
        given = {} if prepared is not None else _given(spool, claims, insured, identities, registrations)
        earlier = None if opening is None else _folder_of(opening)
        paths = [path for files, _ in given.values() for path in files] if prepared is None else [str(prepared)]
        _check_apart(place.path, paths, earlier)
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        with_accumulators = accumulators or earlier is not None
        setup, installed = set_up(
            year,
            _texts(require),
            skip_unserved=skip_unserved,
            accumulators=with_accumulators,
            strict=strict,
            rules_dir=rules_dir,
            allow=allow,
        )
        setup.registrations = has_table(prepared, "registrations") if prepared is not None else "registrations" in given
        brought = () if earlier is None else open_opening(earlier, year, csv_encoding)
        settlement = Benefits(setup, earlier_run(brought))
        seconds: Mapping[str, float] = {}
        if keep is not None and resume and is_prepared(Path(keep)):
            prepared = Path(keep)
        elif keep is not None:
            prepared, seconds = _kept(
                Path(keep), place.path, paths, given, options, setup, installed, progress, csv_encoding
            )
        if prepared is None:
            inputs = _opened(given, csv_encoding, {OPENING: brought})
            where = engine_of(engine, spark_master, settlement, installed)
        else:
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
    with Spool() as spool, _folder_for(None, goes_on=False) as place:
        setup = setup.fork()
        setup.registrations = True
        settlement = Benefits(setup, earlier_run(()))
        inputs = _opened(_given(spool, claims, insured, identities, registrations), "utf8", {OPENING: ()})
        options = _options(1, LEAST_MEMORY_BYTES, None)
        record = run_settlement(settlement, inputs, RunFolder(place.path, TABLES), options, installed)
        prove(place.path, record)
        return Settlement(place)


def prepare(
    claims: Given | None = None,
    insured: Given | None = None,
    identities: Given | None = None,
    *,
    year: int,
    out: PathLike,
    add: bool = False,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    rules_dir: PathLike | None = None,
    skip_unserved: bool = False,
    registrations: Given | None = None,
    csv_encoding: str = "utf8",
    progress: Progress | None = None,
) -> Prepared:
    """Prepare a year: read, check, spread and order it once, to settle it from there (``docs/prepared-year.md``).

    Parameters
    ----------
    claims, insured, identities
        The tables, and all other arguments, as in :func:`settle`. With ``add`` a table may be left out.
    out
        The folder to write: a new one, or with ``add`` a prepared year, to which a further delivery is added.

    Returns
    -------
    Prepared
        The year, in which people and settlements can be looked up.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`settle`; and the year was prepared by something else than what is to be added to it.
    """
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = _options(workers, memory, partitions)
    if not add and _is_nothing(insured):
        raise UsageError("--insured", found="nothing", expected="claims and insured people of the year")
    if all(map(_is_nothing, (claims, insured, identities, registrations))):
        expected = "claims, insured people, identities or registrations"
        raise UsageError("--add", found="nothing to add", expected=expected)
    with Spool() as spool:
        given = _given(spool, claims, insured, identities, registrations, add=add)
        setup, installed = set_up(year, _texts(require), skip_unserved=skip_unserved, rules_dir=rules_dir, allow=allow)
        setup.registrations = "registrations" in given or (add and has_table(Path(out), "registrations"))
        paths = [path for files, _ in given.values() for path in files]
        check_apart(Path(out), (), paths)
        inputs = _opened(given, csv_encoding)
        told = prepare_year(Benefits(setup), inputs, Path(out), options, installed, progress, add=add)
        return Prepared(Path(out), told)


def subsidy(
    insured: Given,
    *,
    year: int,
    out: PathLike | None = None,
    classes: PathLike | None = None,
    standards: PathLike | None = None,
    local_split: PathLike | None = None,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    skip_unserved: bool = False,
    csv_encoding: str = "utf8",
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Subsidy:
    """Count the insured of a year and split the subsidy for them (财政补助).

    Parameters
    ----------
    insured
        The insured people; likewise, and all other arguments, as in :func:`settle`.
    classes, standards, local_split
        The bureau's tables: CSV files, by their paths, as ``docs/subsidy.md`` has them.

    Returns
    -------
    Subsidy
        The record and the tables.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`settle`; a table of the bureau that is needed or cannot be trusted is a PolicyError.
    """
    from qingsuan.subsidies.bureau import BureauTables  # another settlement: a run of benefits starts without it
    from qingsuan.subsidies.funding import resolve
    from qingsuan.subsidies.settlement import TABLES as SUBSIDY_TABLES
    from qingsuan.subsidies.settlement import Subsidies

    _check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_SUBSIDY_YEAR)
    options = _options(workers, memory, partitions)
    with Spool() as spool, _folder_for(out, goes_on=resume or overwrite) as place:
        given = {"insured": spool.parted(insured, "insured")}
        installed = regions_at_hand(_texts(require), allow=allow).installed
        tables = BureauTables.read(
            *(None if file is None else Path(file) for file in (classes, standards, local_split))
        )
        check_apart(place.path, SUBSIDY_TABLES, (*given["insured"][0], *tables.paths))
        folder = RunFolder(place.path, SUBSIDY_TABLES, overwrite=overwrite, resume=resume)
        broken = [f"{plugin.title} is refused: {plugin.problem}" for plugin in installed.broken]
        funding = resolve(installed.regions, year, tables, broken)
        titles = [plugin.title for plugin in installed.broken]
        settlement = Subsidies(funding, tables, skip_unserved=skip_unserved, broken=titles)
        inputs = _opened(given, csv_encoding)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Subsidy(place)
        run.seconds = record.get("seconds", {})
        return run


def open_run(out: PathLike) -> Settlement | Subsidy | Prepared:
    """Open the folder of a finished run or a prepared year (``qingsuan.open``); its rows are read when they are asked for.

    Raises
    ------
    InputError
        There is no finished run, or a file that it lists is gone. Whether files are as they were written, ``qingsuan verify`` tells.
    """
    return Prepared(Path(out)) if is_prepared(Path(out)) else run_in(Folder(Path(out)))


def _is_nothing(given: Given | None) -> bool:
    return given is None or (isinstance(given, list | tuple) and not given)


def _given(
    spool: Spool,
    claims: Given | None,
    insured: Given | None,
    identities: Given | None,
    registrations: Given | None,
    *,
    add: bool = False,
) -> dict[str, _Parted]:
    """Tell paths from streams; of what is added to a year any table may be left out."""
    return {
        "claims": spool.parted(claims, "claims", optional=add),
        "insured": spool.parted(insured, "insured", optional=add),
        "identities": spool.parted(identities, "identities", optional=True),
        **(
            {}
            if _is_nothing(registrations)
            else {"registrations": spool.parted(registrations, "registrations", optional=True)}
        ),
    }


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
        if insured or identities or not _is_nothing(registrations):
            raise UsageError(
                "--insured --identities --registrations",
                found="given with a prepared year",
                expected="the year alone: it has them",
            )
        return Path(one)
    if _is_nothing(insured):
        raise UsageError(
            "--insured", found="nothing", expected="the insured people, or a prepared year instead of claims"
        )
    return None


def _kept(
    keep: Path,
    out: Path,
    paths: Sequence[str],
    given: Mapping[str, _Parted],
    options: Options,
    setup: Setup,
    installed: Installed,
    progress: Progress | None,
    encoding: str,
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
    told = prepare_year(Benefits(setup.fork()), _opened(given, encoding), keep, options, installed, progress)
    return keep, {f"prepare: {stage}": seconds for stage, seconds in told["seconds"].items()}


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
        Inputs({**inputs.tables, OPENING: brought}, inputs.left_out),
        FromYear(year),
        Options(options.workers, options.memory, partitions),
    )


@contextmanager
def _folder_for(out: PathLike | None, *, goes_on: bool) -> Iterator[Folder]:
    """The run folder: the caller's, or a temporary one, which is gone if the run fails."""
    if out is not None:
        yield Folder(Path(out))
        return
    if goes_on:
        raise UsageError("--out", found="none", expected="the folder of the run to go on with, or to replace")
    temporary = temporary_folder()
    folder = Folder(temporary / "run", temporary)
    try:
        yield folder
    except BaseException:
        folder.discard()
        raise


def _folder_of(opening: PathLike | FinishedRun) -> Path:
    return opening.path if isinstance(opening, FinishedRun) else Path(opening)


def _check_apart(out: Path, paths: Sequence[str], earlier: Path | None) -> None:
    if earlier is None:
        return check_apart(out, TABLES, paths)
    if out.resolve() in (earlier.resolve(), *earlier.resolve().parents):
        raise UsageError("--opening --out", found="one folder", expected="two", do="give another --out")
    return check_apart(out, TABLES, (*paths, earlier))


def _opened(
    given: Mapping[str, _Parted], encoding: str, others: Mapping[str, tuple[Source, ...]] | None = None
) -> Inputs:
    """Find and open every input: all files before the first stream, which is read to its end; ``others`` are open."""
    found = {table: find_files(paths, table) for table, (paths, _) in given.items()}
    sources = {table: open_files(files, encoding) for table, files in found.items()}
    for table, (_, streams) in given.items():
        sources[table] += open_streams(streams, len(sources[table]))
    return Inputs({**sources, **(others or {})}, {table: files.left_out for table, files in found.items()})


def _options(workers: int, memory: int, partitions: int | None) -> Options:
    return Options(
        whole_number("--workers", workers, 1, MOST_WORKERS),
        whole_number("--memory", memory, LEAST_MEMORY_BYTES),
        None if partitions is None else whole_number("--partitions", partitions, 1, MOST_PARTITIONS),
    )


def _check_how(*, resume: bool, overwrite: bool) -> None:
    if resume and overwrite:
        raise UsageError(
            "--resume --overwrite", found="both", expected="one: to go on with what is there, or to replace it"
        )


def _texts(given: Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
