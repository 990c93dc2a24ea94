"""A finished run as an object: its record, and its tables as anything that reads Arrow takes them.

Nothing is held in memory: tables are read from the run folder when they are asked for, a batch at a time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.benefits.partition.contradictions import SCHEMA as CONTRADICTIONS
from qingsuan.errors import InputError
from qingsuan.report.summary import read_record, settle_summary
from qingsuan.run.folder import DIGESTS, RECORD, is_file
from qingsuan.run.rejections.refused import REASON_COLUMNS

if TYPE_CHECKING:  # a run starts without what only explanations need
    from qingsuan.explain.document import Explanation
    from qingsuan.messages import Lang

__all__ = ["Accounts", "FinishedRun", "Folder", "Premium", "Rows", "Settlement", "Subsidy", "run_in"]

_BATCH_ROWS = 65_536
_SHOWN = 10
"""So many rows of a table are shown in a notebook."""

_REASONS = pa.schema([(name, pa.int64() if name == "source_row" else pa.string()) for name in REASON_COLUMNS])


class Folder:
    """A run folder; a temporary one is removed as soon as nobody has this object any more.

    Parameters
    ----------
    path
        The run folder.
    temporary
        What is removed in the end; None leaves everything where it is.
    """

    def __init__(self, path: Path, temporary: Path | None = None) -> None:
        self.path = path
        self._place = path.absolute()
        self._end = None if temporary is None else weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)

    def file(self, name: str) -> Path:
        """A file in it, wherever this process goes meanwhile."""
        return self._place / name

    def discard(self) -> None:
        """Remove a temporary folder now; others stay."""
        if self._end is not None:
            self._end()


class Rows:
    """A table of a finished run, in the files of its parts. It keeps a temporary run folder alive.

    Anything that takes objects with ``__arrow_c_stream__`` takes it: ``polars.DataFrame(rows)``, ``pyarrow.table(rows)``, DuckDB.
    Amounts are ``decimal128`` in yuan, dates ``date32``, times ``timestamp`` without a zone, codes texts.

    Attributes
    ----------
    name : of the table in the run folder.
    """

    def __init__(self, folder: Folder, name: str, files: Sequence[str], schema: pa.Schema) -> None:
        self.name, self._folder, self._files, self._without = name, folder, tuple(files), schema

    @cached_property
    def schema(self) -> Any:
        """Names and types of its columns (:class:`pyarrow.Schema`); none where the run had no reason to write the table."""
        if not self._files:
            return self._without
        with self._opened(self._files[0]) as parts:
            return parts.schema_arrow

    def __len__(self) -> int:
        return sum(map(self._rows_of, self._files))

    def to_reader(self) -> Any:
        """Read it a batch at a time, in bounded memory.

        Returns
        -------
        pyarrow.RecordBatchReader

        Raises
        ------
        InputError
            While it is read: a file of it cannot be read any more.
        """
        return pa.RecordBatchReader.from_batches(self.schema, self._batches())

    def to_arrow(self) -> Any:
        """All of it in memory, as a :class:`pyarrow.Table`; like :meth:`to_reader`."""
        return pa.Table.from_batches(self._batches(), self.schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_reader().__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        for file in self._files:
            with self._opened(file) as parts:
                for batch in parts.iter_batches(_BATCH_ROWS, use_threads=False):
                    yield batch.cast(self.schema)

    def _rows_of(self, file: str) -> int:
        with self._opened(file) as parts:
            return int(parts.metadata.num_rows)

    @contextmanager
    def _opened(self, file: str) -> Iterator[Any]:
        path = self._folder.file(file)
        try:
            with pq.ParquetFile(path) as parts:
                yield parts
        except (OSError, pa.ArrowException) as error:
            raise _not_whole(path, f"cannot be read: {error}") from error

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows, {len(self.schema)} columns>"

    def _repr_html_(self) -> str:
        head: list[dict[str, Any]] = []
        for batch in self._batches():
            head += batch.slice(0, _SHOWN - len(head)).to_pylist()
            if len(head) == _SHOWN:
                break
        rows = [["" if row[name] is None else str(row[name]) for name in self.schema.names] for row in head]
        return _html(f"{self.name}: {len(self):,} rows", self.schema.names, rows)


class FinishedRun(ABC):
    """What every finished run has.

    Attributes
    ----------
    record : what ``run.json`` holds.
    record_sha256 : the digest of that file, as hexadecimal text.
    seconds : how long each stage took, where this process settled it.

    Raises
    ------
    InputError
        The folder holds no finished run, or not the files that it lists.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.record: dict[str, Any] = read_record(folder.path)
        self.record_sha256 = hashlib.sha256((folder.path / RECORD).read_bytes()).hexdigest()
        self.seconds: Mapping[str, float] = {}
        self._files = _listed(folder.path, self.record)

    @property
    def path(self) -> Path:
        """The run folder: a temporary one lives as long as this object and the tables that were taken from it."""
        return self._folder.path

    @property
    def year(self) -> int:
        """The year that was settled."""
        return int(self.record["year"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the numbers should know."""
        return tuple(self.record["warnings"])

    @cached_property
    def totals(self) -> Mapping[str, Rows]:
        """Sums over all rows, by name."""
        names = [Path(file).stem for file in self._files if file.startswith("totals/")]
        return MappingProxyType({name: self._rows("totals", f"{name}.parquet") for name in names})

    @abstractmethod
    def summary(self) -> str:
        """What the command prints when it is done, as plain text in English beside Chinese."""

    def _rows(self, table: str, beginning: str = "part-", schema: pa.Schema | None = None) -> Rows:
        files = [file for file in self._files if file.startswith(f"{table}/{beginning}")]
        name = table if beginning in ("", "part-") else f"{table} {beginning.removesuffix('.parquet').split('-')[0]}"
        return Rows(self._folder, name, files, pa.schema([]) if schema is None else schema)

    def __repr__(self) -> str:
        return f"<{self.record['settlement']} {self.year}: {self.path}>"

    def _repr_html_(self) -> str:
        warnings = "".join(f"<li>{escape(text)}</li>" for text in self.warnings)
        title = f"{self.record['settlement']} {self.year}"
        return _html(title, *self._told()) + (f"<ul>{warnings}</ul>" if warnings else "")

    @abstractmethod
    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Headings and rows of the table that a notebook shows."""


class Settlement(FinishedRun):
    """A finished settlement of benefits (待遇结算); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "benefits"

    @cached_property
    def settled(self) -> Rows:
        """One row per settled claim: what each fund paid, the person's part, the rule that decided."""
        return self._rows("settled")

    @cached_property
    def reversed(self) -> Rows:
        """Reversals (退费) and the claims that they took back."""
        return self._rows("reversed")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected claims as they came, with the reason first."""
        return self._rows("rejected")

    @cached_property
    def rejected_insured(self) -> Rows:
        """Rejected insured rows, likewise."""
        return self._rows("rejected", "insured-", _REASONS)

    @cached_property
    def rejected_identities(self) -> Rows:
        """Rejected identity rows, likewise."""
        return self._rows("rejected", "identities-", _REASONS)

    @cached_property
    def rejected_registrations(self) -> Rows:
        """Rejected registrations, likewise."""
        return self._rows("rejected", "registrations-", _REASONS)

    @cached_property
    def differences(self) -> Rows:
        """Due less paid (补退), of every claim that carries what was paid; without columns where none does."""
        return self._rows("differences", "")

    @cached_property
    def contradictions(self) -> Rows:
        """Insured rows of one person that contradict each other."""
        return self._rows("contradictions", schema=CONTRADICTIONS)

    @cached_property
    def setldetail(self) -> Rows:
        """What each fund's turn came to for each claim (基金分项), if it was asked for; without columns if not."""
        return self._rows("setldetail")

    @cached_property
    def accumulators(self) -> Rows:
        """The accounts of every person, if they were asked for; without columns if not."""
        return self._rows("accumulators")

    def explain(
        self,
        *,
        setl_id: str | None = None,
        psn_no: str | None = None,
        lang: Lang = "en",
        at: dt.date | None = None,
        prepared: Path | None = None,
        opening: Path | None = None,
        rules_dir: Path | None = None,
    ) -> Explanation:
        """Why a settlement, or a person's year, came to what it came to (``docs/explain.md``).

        Parameters
        ----------
        setl_id, psn_no, lang, at, prepared, opening, rules_dir
            As :func:`qingsuan.explain.whole.explain` has them.

        Raises
        ------
        UsageError, InputError, PluginError, PolicyError
            As there: what is asked for is not there, or the run was not settled from a prepared year that is still its own.
        """
        from qingsuan.explain.whole import explain  # a run that is not explained does without the slow twin

        asked = {"prepared": prepared, "opening": opening, "rules_dir": rules_dir}
        return explain(self.path, setl_id=setl_id, psn_no=psn_no, lang=lang, at=at, **asked)

    def summary(self) -> str:
        """What ``qingsuan settle`` prints when it is done."""
        return settle_summary(self.path)

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        amounts = self.record["amounts"]
        rows = [[what, f"{count:,}", *(amounts[name][what] for name in amounts)] for what, count in self._counts()]
        return ("claims", "rows", *amounts), rows

    def _counts(self) -> list[tuple[str, int]]:
        return [(what, self.record["rows"][what]) for what in ("in", "settled", "reversed", "rejected")]


class Subsidy(FinishedRun):
    """A finished calculation of subsidies (财政补助); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "subsidy"

    @cached_property
    def due(self) -> Rows:
        """One row per county: heads, and what each level of government owes."""
        return self._rows("due")

    @cached_property
    def duplicates(self) -> Rows:
        """Rows of people who are counted in another row."""
        return self._rows("duplicates")

    @cached_property
    def arrived(self) -> Rows:
        """What has arrived of each payer's debt, by place; without columns where no receipts were given."""
        return self._rows("arrived")

    @cached_property
    def receipts(self) -> Rows:
        """Every receipt with what became of it, likewise."""
        return self._rows("receipts")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self) -> str:
        """What ``qingsuan subsidy`` prints when it is done."""
        from qingsuan.report.subsidy import subsidy_summary

        return subsidy_summary(self.path)

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        return ("region", "level", "amount"), [
            [one["region"], one["level"], one["amount"]] for one in self.record["amounts"]
        ]


class Accounts(FinishedRun):
    """Finished personal accounts (个人账户); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "account"

    @cached_property
    def ledger(self) -> Rows:
        """One row per account and month: what it opened with, what came and went, what it closed with."""
        return self._rows("ledger")

    @cached_property
    def uses(self) -> Rows:
        """One row per use: what was paid and what was left, or why it was refused."""
        return self._rows("uses")

    @cached_property
    def balances(self) -> Rows:
        """One row per account: what the next year opens with."""
        return self._rows("balances")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    @cached_property
    def rejected_months(self) -> Rows:
        """Rejected months of contribution, likewise."""
        return self._rows("rejected", "months-", _REASONS)

    @cached_property
    def rejected_uses(self) -> Rows:
        """Rejected uses, likewise: those that cannot be read. Those that are refused are in :attr:`uses`."""
        return self._rows("rejected", "uses-", _REASONS)

    @cached_property
    def rejected_families(self) -> Rows:
        """Rejected relations, likewise."""
        return self._rows("rejected", "families-", _REASONS)

    def summary(self) -> str:
        """What ``qingsuan account`` prints when it is done."""
        from qingsuan.report.account import account_summary

        return account_summary(self.path)

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = self.record["amounts"]
        names = list(rows[0]) if rows else ["pool"]
        return names, [[str(row[name]) for name in names] for row in rows]


class Premium(FinishedRun):
    """A finished settlement of premiums (个人缴费); every table as in ``docs/tables.md``."""

    kind: ClassVar[str] = "premium"

    @cached_property
    def premiums(self) -> Rows:
        """One row per person who counts: what is due, who bears it, what was paid and what is not."""
        return self._rows("premiums")

    @cached_property
    def carried(self) -> Rows:
        """Shortfalls that are made up in a later year; without columns where no rule says so."""
        return self._rows("carried")

    @cached_property
    def gaps(self) -> Rows:
        """Who was insured last year and is not now, and who has a gap inside the year."""
        return self._rows("gaps")

    @cached_property
    def unapplied(self) -> Rows:
        """Money that is nobody's premium of the year, row by row."""
        return self._rows("unapplied")

    @cached_property
    def duplicates(self) -> Rows:
        """Rows of people who are counted in another row."""
        return self._rows("duplicates")

    @cached_property
    def rejected(self) -> Rows:
        """Rejected insured rows as they came, with the reason first."""
        return self._rows("rejected")

    def summary(self) -> str:
        """What ``qingsuan premium`` prints when it is done."""
        from qingsuan.report.premium import premium_summary

        return premium_summary(self.path)

    def _told(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = ("standard", "assisted", "due", "paid", "shortfall", "overpaid")
        return ("region", *names), [[one["region"], *(one[name] for name in names)] for one in self.record["amounts"]]


def run_in(folder: Folder) -> Settlement | Subsidy | Premium | Accounts:
    """The finished run in a folder.

    Raises
    ------
    InputError
        There is none, or not the files that it lists.
    """
    settlement = str(read_record(folder.path).get("settlement"))
    for kind in (Settlement, Subsidy, Premium, Accounts):
        if settlement.startswith(kind.kind):
            return kind(folder)
    raise _not_whole(folder.path / RECORD, f"a run of {settlement}")


def _listed(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The files of a finished run, as it wrote them down; all are there."""
    try:
        content = (folder / DIGESTS).read_bytes()
        is_its_own = hashlib.sha256(content).hexdigest() == record["digests"]["sha256"]
    except (OSError, KeyError, TypeError) as error:
        raise _not_whole(folder / DIGESTS, f"cannot be read: {error}") from error
    if not is_its_own:
        raise _not_whole(folder / DIGESTS, f"its SHA-256 is not the one in {RECORD}")
    names = [line.partition("  ")[2] for line in content.decode().splitlines()]
    for name in names:
        if not is_file(folder / name):
            raise _not_whole(folder / name, "it is gone")
    return sorted(names)


def _not_whole(where: Path, found: str) -> InputError:
    return InputError(
        str(where),
        found=found,
        expected="a finished run as it was written",
        do="see “qingsuan verify”; fetch the folder again, or settle anew",
    )


def _html(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
