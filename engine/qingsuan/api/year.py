"""A year prepared once, to be settled from there: ``qingsuan.prepare``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qingsuan.api.arguments import PathLike, is_nothing, opened, options_of, texts, year_of, year_tables
from qingsuan.benefits.settlement import Benefits
from qingsuan.errors import UsageError
from qingsuan.prepared import Prepared
from qingsuan.run.deliveries import has_table
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.prepare import prepare as prepare_year
from qingsuan.run.setting_up import set_up

__all__ = ["prepare"]


def prepare(
    claims: Given | None = None,
    insured: Given | None = None,
    identities: Given | None = None,
    *,
    year: int | None = None,
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
    intake: PathLike | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """Prepare a year: read, check, spread and order it once, to settle it from there (``docs/prepared-year.md``).

    Parameters
    ----------
    claims, insured, identities
        The tables, and all other arguments, as in :func:`qingsuan.api.benefits.settle`. With ``add`` a table may be left out.
    year
        The year that is prepared; with ``add`` the one in ``out`` says it itself.
    out
        The folder to write: a new one, or with ``add`` a prepared year, to which a further delivery is added.

    Returns
    -------
    Prepared
        The year, in which people and settlements can be looked up.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; and the year was prepared by something else than what is to be added to it.
    """
    year = year_of(year, Path(out) if add else None)
    options = options_of(workers, memory, partitions)
    if not add and is_nothing(insured):
        raise UsageError("--insured", found="nothing", expected="claims and insured people of the year")
    if all(map(is_nothing, (claims, insured, identities, registrations))):
        expected = "claims, insured people, identities or registrations"
        raise UsageError("--add", found="nothing to add", expected=expected)
    with Spool() as spool:
        given = year_tables(spool, claims, insured, identities, registrations, add=add)
        setup, installed = set_up(year, texts(require), skip_unserved=skip_unserved, rules_dir=rules_dir, allow=allow)
        setup.registrations = "registrations" in given or (add and has_table(Path(out), "registrations"))
        paths = [path for files, _ in given.values() for path in files]
        check_apart(Path(out), (), paths)
        inputs = opened(given, csv_encoding, intake=intake)
        told = prepare_year(Benefits(setup), inputs, Path(out), options, installed, progress, add=add)
        return Prepared(Path(out), told)
