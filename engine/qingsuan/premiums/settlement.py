"""Premiums (个人缴费) as a run carries them: people, identities and money in; what each owes, paid and carries on out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from qingsuan.columns.cells import Torn
from qingsuan.columns.pieces import Pieces
from qingsuan.errors import RunError
from qingsuan.heads.screening import COLUMNS, Screened, Screening, refusals
from qingsuan.policy.model import Region
from qingsuan.premiums.bureau import BureauTables
from qingsuan.premiums.intake import HELD, OWED, PAID, take_identities, take_premiums, take_shortfalls
from qingsuan.premiums.outcome import record_of
from qingsuan.premiums.partition import EARLIER, INTERNAL, IS_EMPLOYED, RESIDENT, settle_people
from qingsuan.premiums.results import sums_of, totals_of
from qingsuan.premiums.rules import PremiumRules
from qingsuan.premiums.terms import Lists
from qingsuan.settlement import Books, InputFile, InputTable, Settled, Settlement, Taken
from qingsuan.tables import ACCOUNT_COLUMNS, IDENTITIES, INSURED, PREMIUMS, SHORTFALLS

__all__ = ["TABLES", "PremiumSettlement"]

TABLES = ("premiums", "carried", "gaps", "unapplied", "duplicates", "totals", "rejected", ".shuffle")

_BYTES_PER_ROW = {"insured": 330, "identities": 150, "premiums": 130, "shortfalls": 90}
"""What a row needs of memory while its partition is settled."""

_YEAR_DAYS = 366


class PremiumSettlement(Settlement):
    """The premiums of one year.

    Parameters
    ----------
    rules
        The rules of the regions.
    tables
        The bureau's tables.
    skip_unserved
        Whether rows of regions without a plugin are rejected (E_POOL) instead of stopping the run.
    broken
        Installed plugins that are refused: one of them may be the one that is wanted.
    """

    name = "premium 个人缴费"
    tables = TABLES
    always: tuple[str, ...] = ("premiums", "gaps", "unapplied", "duplicates")

    def __init__(
        self, rules: PremiumRules, tables: BureauTables, *, skip_unserved: bool = False, broken: Sequence[str] = ()
    ) -> None:
        self.rules, self.bureau, self.year, self.skip_unserved = rules, tables, rules.year, skip_unserved
        self._lists = Lists(rules, tables)
        columns = {column.name: column for column in INSURED}
        wanted = tuple(replace(columns[name], must=must) for name, must in COLUMNS.items())
        size = _BYTES_PER_ROW
        self.inputs = (
            InputTable(
                "insured",
                wanted,
                known=frozenset(columns).union(each.name for each in ACCOUNT_COLUMNS),
                row_bytes=size["insured"],
                is_joined=True,
            ),
            InputTable("identities", IDENTITIES, row_bytes=size["identities"], is_joined=True),
            InputTable("premiums", PREMIUMS, row_bytes=size["premiums"], is_joined=True),
            InputTable("shortfalls", SHORTFALLS, row_bytes=size["shortfalls"], is_trusted=True),
        )
        since = rules.periods[0].first_day - _YEAR_DAYS + (not _is_leap(rules.year - 1))
        self._screening = Screening(rules, skip_unserved=skip_unserved, broken=broken, since=since)
        self._codes = frozenset(self._lists.codes)
        if any(rule.carry_into is not None for rule in rules.rules.values()):
            self.always = (*self.always, "carried")

    def identity(self) -> dict[str, dict[str, Any]]:
        """See :meth:`qingsuan.settlement.Settlement.identity`."""
        return {
            "options": {"year": self.year, "skip unserved regions": self.skip_unserved},
            "tables of the bureau": {f"{file.table} {file.name}": file.sha256 for file in self.bureau.files},
        }

    def rule_folder(self, region: Region) -> Any:
        """See :meth:`qingsuan.settlement.Settlement.rule_folder`."""
        return region.premiums

    def take(
        self, table: str, batch: pa.RecordBatch, file: InputFile, first_row: int, torn: Sequence[Torn] = ()
    ) -> Taken:
        """Check a batch of a table, row by row.

        Raises
        ------
        QingsuanError
            From :meth:`qingsuan.heads.screening.Screening.screen`; or a shortfall cannot be trusted.
        """
        if table == "shortfalls":
            return take_shortfalls(batch, file, first_row, torn, self.year)
        return self.take_joined(table, batch, Pieces.of(file.number, first_row), torn)

    def take_joined(self, table: str, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
        """See :meth:`qingsuan.settlement.Settlement.take_joined`."""
        if table == "identities":
            return take_identities(batch, pieces, torn, self._codes)
        if table == "premiums":
            schemes, known = self.rules.schemes, self.rules.insutypes
            return take_premiums(batch, pieces, torn, self.year, schemes, known)
        screened = self._screening.screen(batch, torn)
        sums = {"other_scheme": screened.other_scheme, "outside_year": screened.outside_year}
        return Taken(_together(screened, pieces, batch.num_rows), refusals(screened, pieces, batch.num_rows), sums)

    def empty(self, table: str) -> pa.RecordBatch:
        """See :meth:`qingsuan.settlement.Settlement.empty`."""
        schemas = {"insured": INTERNAL, "identities": HELD, "premiums": PAID, "shortfalls": OWED}
        return pa.RecordBatch.from_pylist([], schemas[table])

    def settler(self) -> Callable[..., Settled]:
        """See :meth:`qingsuan.settlement.Settlement.settler`."""
        return partial(settle_people, self._lists)

    def check(self, books: Books) -> None:
        """See :meth:`qingsuan.settlement.Settlement.check`: every row, and every fen of money that came in, is somewhere."""
        counts, came = books.counts, books.sums_in
        wrong = [name for name in ("premiums", "shortfalls") if not _is_whole(name, books)]
        out = {"counted": counts["rows_counted"], "duplicates": counts["rows_duplicate"]}
        out |= {"other scheme": came["other_scheme"], "outside the year": came["outside_year"]}
        books.check_balance("insured", out, wrong)
        out = {"applied": counts["premiums.applied"], "not applied": counts["premiums.unapplied"]}
        out |= {"other year": came["premiums_other_year"], "other scheme": came["premiums_other_scheme"]}
        books.check_balance("premiums", out)
        books.check_balance("identities", {"read": came["identities"]})
        self._check_sums(books)

    def _check_sums(self, books: Books) -> None:
        """What people paid and owed, added up, is what was applied to them."""
        sums = sums_of(books.totals.get("sums", ()))
        paid, carried = (sum(each.amount(name) for each in sums) for name in ("paid", "carried_in"))
        applied = (books.counts["premiums.applied_fen"], books.counts["shortfalls.applied_fen"])
        if (paid, carried) != applied:
            raise RunError(
                "run",
                found=f"{paid} and {carried} fen paid and carried in by people",
                expected=f"{applied[0]} and {applied[1]}, which were applied to them",
                do="report this; the folder has no run.json, so nobody takes it for whole",
            )

    def totals(self, books: Books) -> dict[str, pa.Table]:
        """See :meth:`qingsuan.settlement.Settlement.totals`."""
        return totals_of(self._lists, sums_of(books.totals.get("sums", ())))

    def record(self, books: Books) -> dict[str, Any]:
        """See :meth:`qingsuan.settlement.Settlement.record`."""
        return record_of(self._lists, books)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _is_whole(name: str, books: Books) -> bool:
    """Whether what came in, and was not rejected, was applied or shown apart, to the fen."""
    applied = books.counts[f"{name}.applied_fen"] + books.counts[f"{name}.unapplied_fen"]
    return books.sums_in[f"{name}_fen"] == applied


def _together(screened: Screened, pieces: Pieces, whole: int) -> pa.RecordBatch:
    """Rows that count, of employees, and of last year, of a batch of so many rows, as internal rows."""
    files_of, rows_of = pieces.files_of(whole), pieces.rows_of(whole)
    parts = ((screened.rows, RESIDENT), (screened.employed, IS_EMPLOYED), (screened.earlier, EARLIER))
    columns: dict[str, list[pa.Array]] = {field.name: [] for field in INTERNAL}
    for rows, kind in parts:
        size = rows.num_rows
        for name in ("psn_no", "admdvs", "first_day", "last_day"):
            columns[name].append(rows.column(name))
        columns["permit"].append(rows.column("permit") if kind == RESIDENT else pa.array(np.zeros(size, np.int8)))
        columns["kind"].append(pa.array(np.full(size, kind, np.int8)))
        places = screened.places.to_numpy() if kind == RESIDENT else np.zeros(size, np.int64)
        columns["file"].append(pa.array(files_of[places]))
        columns["row"].append(pa.array(rows_of[places]))
    arrays = [pa.concat_arrays(columns[field.name]) for field in INTERNAL]
    return pa.RecordBatch.from_arrays(arrays, schema=INTERNAL)
