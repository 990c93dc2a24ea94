"""The two runs that are compared: whether they can be, and which of their files hold the people of one piece of the work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError, UsageError
from qingsuan.people import Texts, partition_of
from qingsuan.report.summary import read_record
from qingsuan.run.folder import DIGESTS, RECORD
from qingsuan.run.folder.lock import is_held

__all__ = ["IDS", "Pair", "Side"]

IDS = ("psn_no", "setl_id")
_BENEFITS = "benefits"
_NEEDED = ("pool", "benefit_date", "variant")
"""What older versions did not write."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Attributes
    ----------
    digests : the SHA-256 of each file, as the run wrote them down.
    columns : those of its table ``settled``.
    """

    path: Path
    record: dict[str, Any]
    record_sha256: str
    digests: dict[str, str]
    columns: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> Side:
        """Open a finished settlement of benefits.

        Raises
        ------
        InputError
            The folder holds none, or somebody writes into it.
        """
        if is_held(path):
            raise InputError(
                str(path), found="a run is writing into it", expected="a finished run", do="wait until it has ended"
            )
        record = read_record(path)
        if not str(record.get("settlement")).startswith(_BENEFITS):
            raise InputError(
                str(path / RECORD),
                found=f"a run of {record.get('settlement')}",
                expected="a settlement of benefits (待遇结算)",
            )
        content = _read(path / DIGESTS)
        if hashlib.sha256(content).hexdigest() != record.get("digests", {}).get("sha256"):
            raise InputError(
                str(path / DIGESTS),
                found="its SHA-256 is not the one in run.json",
                expected="a finished run as it was written",
                do="see “qingsuan verify”; fetch the folder again, or settle anew",
            )
        lines = [line.partition("  ") for line in content.decode().splitlines()]
        digests = {name: digest for digest, _, name in lines}
        first = path / _part("settled", 0)
        try:
            columns = tuple(pq.read_schema(first).names)
        except (OSError, pa.ArrowException) as error:
            raise _unread(first, error) from error
        if not set(_NEEDED).issubset(columns):
            raise InputError(
                str(first),
                found=f"a table without {', '.join(sorted(set(_NEEDED).difference(columns)))}: an older version wrote it",
                expected="a run of this version",
                do="settle the same inputs again with this version",
            )
        return cls(path, record, hashlib.sha256(_read(path / RECORD)).hexdigest(), digests, columns)

    @property
    def partitions(self) -> int:
        """Into how many parts its people are spread."""
        return int(self.record["partitions"])

    @property
    def by_family(self) -> bool:
        """Whether rules count by the family: people are then spread with it, and those of a piece are in any part."""
        return "families" in self.record

    def parts(self, table: str, piece: int, pieces: int) -> list[tuple[int, str]]:
        """The parts of a table, by number and name, in which people of a piece may be; absent ones are left out."""
        if self.by_family:
            return [
                (number, name) for number in range(self.partitions) if (name := _part(table, number)) in self.digests
            ]
        first, last = piece * self.partitions // pieces, ((piece + 1) * self.partitions - 1) // pieces
        names = [(number, _part(table, number)) for number in range(first, last + 1)]
        return [(number, name) for number, name in names if name in self.digests]

    def read(self, table: str, columns: tuple[str, ...], piece: int, pieces: int) -> pa.Table | None:
        """The rows of a piece, codes as dictionaries; None where the run has no such files.

        Raises
        ------
        InputError
            A file cannot be read, or has not these columns.
        """
        found = []
        for _, name in self.parts(table, piece, pieces):
            path = self.path / name
            try:
                with pq.ParquetFile(path, read_dictionary=_codes(columns) if table == "settled" else None) as file:
                    known = set(file.schema_arrow.names)
                    rows = file.read([column for column in columns if column in known], use_threads=False)
            except (OSError, ValueError, pa.ArrowException) as error:
                raise _unread(path, error) from error
            if self.by_family or self.partitions != pieces:
                people = rows.column("psn_no").fill_null("").cast(pa.string())
                rows = rows.filter(pa.array(partition_of(Texts.of(people), pieces) == piece))
            found.append(rows)
        return pa.concat_tables(found, promote_options="permissive") if found else None


@dataclass(frozen=True, slots=True)
class Pair:
    """The two runs: the first is what was paid, the second what is due."""

    first: Side
    second: Side

    @classmethod
    def open(cls, first: Path, second: Path) -> Pair:
        """Open both.

        Raises
        ------
        UsageError
            They are one folder.
        InputError
            One is no finished settlement, or they are of different years or have different columns.
        """
        if first.resolve() == second.resolve():
            raise UsageError(
                str(second), found="the same folder twice", expected="two runs, the first of which was paid out"
            )
        pair = cls(Side.open(first), Side.open(second))
        years = [side.record.get("year") for side in (pair.first, pair.second)]
        if years[0] != years[1]:
            raise InputError(
                str(second),
                found=f"the year {years[1]}",
                expected=f"{years[0]}, the year of {first}: only runs of one year can be compared",
                do="give two runs of the same year",
            )
        names = [set(side.columns) for side in (pair.first, pair.second)]
        if names[0] != names[1]:
            raise InputError(
                str(second),
                found=f"settled has other columns: {', '.join(sorted(names[0] ^ names[1]))}",
                expected=f"those of {first}: runs of one version of qingsuan",
                do="settle the older one again with this version",
            )
        return pair

    @property
    def pieces(self) -> int:
        """Into how many pieces the work falls: the parts of the run that has fewer of them."""
        return min(self.first.partitions, self.second.partitions)

    def same(self, table: str, piece: int) -> bool:
        """Whether a part of a table has the same bytes in both runs; not known where they are cut otherwise."""
        if self.first.partitions != self.second.partitions or self.first.by_family or self.second.by_family:
            return False
        name = _part(table, piece)
        return self.first.digests.get(name) == self.second.digests.get(name)

    def changed_inputs(self, *tables: str) -> bool:
        """Whether any of these tables came from other files."""
        return any(_sums(self.first, table) != _sums(self.second, table) for table in tables)

    def sides(self) -> Iterator[tuple[str, Side]]:
        """Both by what the record calls them."""
        yield "first", self.first
        yield "second", self.second


def _sums(side: Side, table: str) -> list[str]:
    return sorted(str(file.get("sha256")) for file in side.record.get("inputs", {}).get(table, []))


def _part(table: str, number: int) -> str:
    return f"{table}/part-{number:05d}.parquet"


def _codes(columns: tuple[str, ...]) -> list[str]:
    return [name for name in columns if name in _OF_CODES]


_OF_CODES = frozenset({"insutype", "insu_admdvs", "med_type", "fixmedins_code", "rule_id", "pool", "variant", "code"})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unread(path, error) from error


def _unread(path: Path, error: Exception) -> InputError:
    return InputError(
        str(path),
        found=f"cannot be read: {' '.join(str(error).split())[:200]}",
        expected="a file of a finished run",
        do="see “qingsuan verify”; fetch the folder again, or settle anew",
    )
