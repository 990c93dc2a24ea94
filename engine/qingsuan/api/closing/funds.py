"""The fund's books of a year (基金账): ``qingsuan.fund``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qingsuan.api.arguments import Parted, PathLike, check_how, folder_for, is_nothing, opened, options_of, texts
from qingsuan.api.earlier import table_of
from qingsuan.errors import InputError, PluginError, UsageError
from qingsuan.finished import Accounts, Clearing, FinishedRun, Fund, Operators, Premium, Settlement, Subsidy
from qingsuan.funds import runs
from qingsuan.funds.brought import Brought, Opening, Stated, continued, read_opening
from qingsuan.funds.burden.lines import Monitoring
from qingsuan.funds.gaps.reader import lines_of_rules
from qingsuan.funds.gaps.tables import BureauTables as SharingTables
from qingsuan.funds.gaps.year import Sharing
from qingsuan.funds.places import Pools
from qingsuan.funds.settlement import PRIVATE, TABLES, FundBooks
from qingsuan.funds.watch.year import Watch
from qingsuan.heads.small_tables import TableFile
from qingsuan.money import yuan
from qingsuan.run.bounds import FIRST_YEAR, LAST_YEAR, whole_number
from qingsuan.run.folder import RECORD, RunFolder
from qingsuan.run.folder.apart import check_apart
from qingsuan.run.folder.proof import prove
from qingsuan.run.inputs import Given, Spool, digest_of
from qingsuan.run.model import Progress
from qingsuan.run.setting_up import regions_at_hand
from qingsuan.run.settle import settle as run_settlement

__all__ = ["fund"]


def fund(
    entries: Given,
    *,
    year: int,
    opening: PathLike | None = None,
    earlier: PathLike | Fund | None = None,
    settled: Given | Settlement | None = None,
    premiums: PathLike | Premium | None = None,
    subsidies: PathLike | Subsidy | None = None,
    accounts: PathLike | Accounts | None = None,
    operators: PathLike | Operators | None = None,
    clearing: PathLike | Clearing | None = None,
    cleared: PathLike | None = None,
    targets: PathLike | None = None,
    faults: PathLike | None = None,
    means: PathLike | None = None,
    budgets: PathLike | None = None,
    lines: PathLike | None = None,
    printed: PathLike | None = None,
    burden: PathLike | None = None,
    identities: Given | None = None,
    applications: PathLike | None = None,
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
) -> Fund:
    """Keep the books of a year (基金账): opening + income - expense = closing, per fund, pool and county.

    Parameters
    ----------
    entries
        The bureau's entries, with the columns of ``docs/fund.md``; all arguments that are not named here as in
        :func:`qingsuan.api.benefits.settle`.
    opening
        A CSV file of balances that books open with; one of a book that the year before closed has to continue it.
    earlier
        A finished run of the books of the year before, or its folder.
    settled
        A finished settlement of benefits of the same year, its folder, or a table with the columns of its ``settled``.
    premiums, subsidies, accounts, operators, clearing
        Finished runs of the same year, or their folders: what they state needs no entry.
    cleared
        A CSV file of what institutions are cleared.
    targets, faults, means
        CSV files of the bureau: targets of counties, what rules carried out wrongly cost, what each remedy can give.
    budgets, lines, printed
        CSV files of the bureau: budgets of lines, lines of warning, printed statements of this and earlier years.
    burden, identities, applications
        Monitoring lines of people's own burden (CSV), identities as of :func:`qingsuan.api.benefits.settle`, and days of application
        (CSV): with ``settled``, by its folder or files.

    Returns
    -------
    Fund
        The record and the tables.

    Raises
    ------
    UsageError, InputError, PluginError, PolicyError, RunError
        As in :func:`qingsuan.api.benefits.settle`; a balance that does not continue last year's is an InputError, a book without
        an opening balance a PolicyError.
    """
    check_how(resume=resume, overwrite=overwrite)
    year = whole_number("--year", year, FIRST_YEAR, LAST_YEAR)
    options = options_of(workers, memory, partitions)
    if opening is None and earlier is None:
        raise UsageError("--opening", found="neither --opening nor --earlier", expected="what the books open with")
    with Spool() as spool, folder_for(out, goes_on=resume or overwrite) as place:
        given = {"entries": spool.parted(entries, "entries")}
        claims = table_of(_place(settled), "benefits", "settled", year)
        if not is_nothing(claims):
            given["claims"] = spool.parted(claims, "claims")
        regions = regions_at_hand(texts(require), allow=allow)
        installed = regions.installed
        monitoring = _monitoring(burden, identities, applications)
        if monitoring is not None:
            _check_watched(given.get("claims"))
            given["people"] = given["claims"]
            given["identities"] = spool.parted(identities, "identities", optional=True)
        pools = Pools.of(installed.regions)
        found = _Found(year, pools)
        found.read(settled=settled, premium=premiums, subsidy=subsidies, account=accounts)
        found.read_agreed(operators=operators, clearing=clearing, cleared=cleared)
        brought = found.brought(opening, earlier, skip_unserved=skip_unserved)
        own = [path for files, _ in given.values() for path in files]
        given_tables = [None if file is None else Path(file) for file in (targets, faults, means)]
        rules = tuple(rule for one in regions.rules.values() for rule in one.funds)
        sharing = Sharing(rules, SharingTables.read(given_tables[0], given_tables[1], given_tables[2], pools))
        stated = lines_of_rules(rules, year)
        given_tables = [None if file is None else Path(file) for file in (budgets, lines, printed)]
        watch = Watch.read(given_tables[0], given_tables[1], given_tables[2], pools, stated, found.ratios)
        check_apart(
            place.path, TABLES, (*own, *found.paths, *(file.path for file in (*sharing.tables.files, *watch.files)))
        )
        folder = RunFolder(place.path, TABLES, overwrite=overwrite, resume=resume, private=PRIVATE)
        settlement = FundBooks(year, pools, brought, sharing, watch, monitoring, skip_unserved=skip_unserved)
        inputs = opened(given, csv_encoding, intake=intake)
        record = run_settlement(settlement, inputs, folder, options, installed, progress)
        prove(place.path, record)
        run = Fund(place)
        run.seconds = record.get("seconds", {})
        return run


def _monitoring(burden: PathLike | None, identities: Given | None, applications: PathLike | None) -> Monitoring | None:
    """The lines of people's burden; None where nobody is watched.

    Raises
    ------
    UsageError
        Something is given for lines that are not, or a line is for holders of a class and no identities are given.
    """
    if burden is None:
        given = [
            name
            for name, each in (("--identities", identities), ("--applications", applications))
            if not is_nothing(each)
        ]
        if given:
            raise UsageError(given[0], found="no --burden beside it", expected="monitoring lines, for which it is read")
        return None
    found = Monitoring.read(Path(burden), None if applications is None else Path(applications))
    if found.codes and is_nothing(identities):
        codes = ", ".join(sorted(found.codes))
        raise UsageError(
            "--identities", found="none", expected=f"what people were: a monitoring line is for holders of {codes}"
        )
    return found


def _check_watched(claims: Parted | None) -> None:
    """People are read from the same files as claims, a second time.

    Raises
    ------
    UsageError
        There are none, or they come as a stream.
    """
    if claims is None or claims[1]:
        raise UsageError(
            "--burden",
            found="no settled claims" if claims is None else "settled claims as a stream",
            expected="--settled, the folder of a finished run or its files: people are read from them",
        )


class _Found:
    """What finished runs and the bureau's tables state for the books of a year."""

    def __init__(self, year: int, pools: Pools) -> None:
        self.year, self.pools, self.paths = year, pools, list[Path]()
        self._runs: dict[str, str] = {}
        self._notes: list[str] = []
        self._files: list[TableFile] = []
        self._stated: list[Stated] = []
        self._taken: dict[tuple[str, str, str], str] = {}
        self.ratios: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._paid: dict[tuple[str, str], int] | None = None

    def read(self, *, settled: Any, premium: Any, subsidy: Any, account: Any) -> None:
        """Read what was given of people."""
        if not is_nothing(settled):
            self._take("settle", "--settled")
            place = _only_folder(settled)
            if place is not None:
                totals = self._table(place, "benefits", "totals", "settle")
                self._paid, self.ratios = runs.paid_by_fund(totals, self.pools), runs.ratios(totals, self.pools)
        if premium is not None:
            self._take("premium", "--premiums")
            self._stated += runs.premiums(self._table(_path(premium), "premium", "totals"))
        if subsidy is not None:
            folder = _path(subsidy)
            is_told = (folder / "arrived").is_dir()
            self._take("subsidy", "--subsidies", arrived=is_told)
            due = self._table(folder, "subsidy", "due")
            self._stated += runs.subsidies(due, self._table(folder, "subsidy", "arrived") if is_told else None)
        if account is not None:
            self._take("account", "--accounts")
            self._stated += runs.accounts(self._table(_path(account), "account", "totals"))

    def read_agreed(self, *, operators: Any, clearing: Any, cleared: PathLike | None) -> None:
        """Read what was given of contracts, with operators and with institutions."""
        if operators is not None:
            stated, notes = runs.operators(self._table(_path(operators), "operator", "contracts"))
            self._stated += [one for one in stated if one.fen]
            self._notes += notes
            brought = {(one.fund, one.line, one.basis) for one in stated}
            self._taken.update(dict.fromkeys(sorted(brought), "the run given with --operators"))
        if clearing is not None:
            self._take("clearing", "--clearing")
            self._clearing(self._table(_path(clearing), "clearing", "clearing"), _path(clearing))
        if cleared is not None:
            self._clear(Path(cleared), is_due_told=clearing is not None)

    def _take(self, kind: str, option: str, *, arrived: bool = False) -> None:
        self._taken.update(dict.fromkeys(runs.taken_by(kind, arrived=arrived), f"the run given with {option}"))

    def _clearing(self, table: Path, folder: Path) -> None:
        """Differences of the pooled fund; those of several funds together are in no book, and said to be."""
        funds = json.loads((folder / RECORD).read_text("utf-8"))["terms"]["funds"]
        stated = runs.clearing(table)
        if funds == ["hifp_pay"]:
            self._stated += stated
        else:
            fen = sum(one.fen for one in stated)
            self._notes.append(
                f"{yuan(fen)} yuan that institutions are due beyond claims are of {', '.join(funds)} together, and in no book"
            )

    def _clear(self, file: Path, *, is_due_told: bool) -> None:
        """A table of what institutions are cleared.

        Raises
        ------
        UsageError
            It says what is due, as the run of clearing does.
        """
        found = runs.cleared(file)
        if is_due_told and any(one.basis == "due" and one.fen for one in found):
            do = "write 0 under due: the run says it"
            raise UsageError("--cleared", found="amounts due, beside --clearing", expected="what was paid", do=do)
        self._stated += found
        self._taken.update({(one.fund, one.line, one.basis): "the table given with --cleared" for one in found})
        self._file("cleared", file)

    def _table(self, folder: Path, settlement: str, table: str, name: str = "") -> Path:
        """The folder of a table of a finished run, which is noted."""
        found = table_of(folder, settlement, table, self.year - (settlement == "fund"))
        if not (folder / RECORD).is_file():
            raise InputError(
                str(folder),
                found=f"no {RECORD}",
                expected=f"the folder of a finished run of {settlement}",
                do="give the folder that --out of that run named",
            )
        self._runs[name or settlement] = digest_of(folder / RECORD)
        self.paths.append(folder)
        return Path(found)

    def _file(self, name: str, file: Path) -> None:
        self._files.append(TableFile.of(name, file))
        self.paths.append(file)

    def brought(self, opening: PathLike | None, earlier: Any, *, skip_unserved: bool) -> Brought:
        """Everything together, with what the books open with.

        Raises
        ------
        PluginError
            A run states sums of places that no plugin serves, unless such places are skipped.
        """
        stated, aside = runs.aside(self._stated, self.pools)
        if aside and not skip_unserved:
            places = sorted({one.admdvs for one in aside})
            raise PluginError(
                f"runs of {', '.join(sorted({one.origin for one in aside}))}",
                found=f"sums of {', '.join(places[:20])}: no plugin serves their pool",
                expected=f"places in pools that a plugin serves: {', '.join(self.pools.codes)}",
                do="install the region's plugin, or set such places aside with --skip-unserved",
            )
        opens = self._opening(opening, earlier)
        return Brought(
            opens, stated, self._taken, self._runs, tuple(self._files), self._paid, aside, tuple(self._notes)
        )

    def _opening(self, opening: PathLike | None, earlier: Any) -> Opening:
        said = Opening({}, {}) if opening is None else read_opening(Path(opening), self.pools)
        if opening is not None:
            self._file("opening", Path(opening))
        if earlier is None:
            return said
        folder = _path(earlier)
        before = runs.closed(self._table(folder, "fund", "closing"), self.pools)
        return continued(before, said, str(folder))


def _place(given: Any) -> Any:
    """Where a finished run lies, if it is one that is given."""
    return given.path if isinstance(given, FinishedRun) else given


def _path(given: Any) -> Path:
    return Path(_place(given))


def _only_folder(given: Any) -> Path | None:
    """The folder of a finished run, if that is what is given."""
    given = _place(given)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 1:
        given = given[0]
    found = Path(given) if isinstance(given, str | Path) else None
    return found if found is not None and (found / RECORD).is_file() else None
