"""A year of personal accounts settled (个人账户): ``qingsuan.account``."""

from __future__ import annotations

from collections.abc import Sequence

from qingsuan.accounts.rule.year import rules_of
from qingsuan.accounts.settlement import OPTIONAL, TABLES, PersonalAccounts
from qingsuan.api.arguments import PathLike, check_how, folder_for, is_nothing, opened, options_of, texts
from qingsuan.api.earlier import place_of, table_of
from qingsuan.finished import Accounts, Settlement
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool
from qingsuan.run.model import Progress
from qingsuan.run.setting_up import regions_at_hand
from qingsuan.run.settle import settle as run_settlement

__all__ = ["account"]


def account(
    insured: Given,
    *,
    year: int,
    months: Given | None = None,
    uses: Given | None = None,
    families: Given | None = None,
    opening: Given | Accounts | None = None,
    claims: Given | Settlement | None = None,
    out: PathLike | None = None,
    require: Sequence[str] = (),
    allow: PathLike | None = None,
    skip_unserved: bool = False,
    csv_encoding: str = "utf8",
    intake: PathLike | None = None,
    workers: int = 2,
    memory: int = 2 << 30,
    partitions: int | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Accounts:
    """Settle a year of personal accounts (个人账户).

    Parameters
    ----------
    insured
        The insured people; likewise, and all other arguments that are not named here, as in :func:`qingsuan.api.benefits.settle`.
    months, uses, families
        Contributions by month, what was paid from accounts, and registered relations, with the columns of ``docs/accounts.md``.
    opening
        A finished run of personal accounts of the year before, its folder, or a table ``psn_no, pool, balc``.
    claims
        A finished settlement of benefits of the same year, its folder, or a table with the columns of its ``settled``.

    Returns
    -------
    Accounts
        The record and the tables: opening + credit + interest - uses = closing.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a region without a rule for the year is a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    told = {
        "months": months,
        "uses": uses,
        "families": families,
        "opening": table_of(place_of(opening), "account", "balances", year - 1),
        "claims": table_of(place_of(claims), "benefits", "settled", year),
    }
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"insured": spool.parted(insured, "insured")}
        for name in OPTIONAL:
            if not is_nothing(told[name]):
                given[name] = spool.parted(told[name], name)
        regions = regions_at_hand(texts(require), allow=allow)
        check_apart(place.path, TABLES, [each for files, _ in given.values() for each in files])
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume)
        by_region = {code: rules.accounts for code, rules in regions.rules.items()}
        rules = rules_of(by_region, regions.installed.regions, year)
        settlement = PersonalAccounts(rules, regions.installed.regions, skip_unserved=skip_unserved)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, regions.installed, progress)
        prove(place.path, record)
        run = Accounts(place)
        run.seconds = record.get("seconds", {})
        return run
