"""The rows of a finished settlement, checked without its inputs: what every settled claim satisfies, and what adds up."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qingsuan.benefits.results import SUMS, TOTALS, WAITING, merge_totals
from qingsuan.columns.cells import read_money
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.listing import files_in
from qingsuan.money import BP_ONE, yuan
from qingsuan.people import Texts, partition_of
from qingsuan.policy.model import FUNDS
from qingsuan.run.folder.known import PART
from qingsuan.run.inputs import BATCH_ROWS
from qingsuan.tables import BILL, BILL_PARTS
from qingsuan.verify.differences import CheckedDifferences
from qingsuan.verify.findings import Findings
from qingsuan.verify.unique import Repeats

__all__ = ["check_rows", "refuse_older"]

_MOST_TOTAL = 1 << 62
"""A total may be more than any single amount."""

Fen = dict[str, npt.NDArray[np.int64]]

_AMOUNTS = tuple(dict.fromkeys((*SUMS, "hosp_part_amt", "acct_mulaid_pay", "balc")))
_PAIR = ("refd_setl_flag", "other_setl_id")
_KEYS = ("pool", "insutype", "med_type", "fixmedins_code")
_DECIDED = ("pool", "benefit_date", "variant")
"""What decided a settled claim beside its rule; older versions did not write it down."""
_FILLED = ("setl_id", "psn_no", "insutype", "rule_id", *_DECIDED)


def refuse_older(folder: Path, record: dict[str, Any]) -> None:
    """Refuse a folder of a version whose settled rows do not say what decided them.

    Raises
    ------
    InputError
        Its tables ``settled`` have none of these columns.
    """
    for path in files_in(folder / "settled"):
        try:
            names = pq.read_schema(path).names
        except (OSError, ValueError, pa.ArrowException):
            continue  # told when its rows are read
        if "rule_id" in names and not set(_DECIDED).intersection(names):
            engine = record.get("engine")
            version = engine.get("version") if isinstance(engine, dict) else "its version is not in run.json"
            raise InputError(
                f"{folder / 'settled'}",
                found=f"tables without {', '.join(_DECIDED)}: an older version of qingsuan wrote them ({version})",
                expected="tables as this version writes them, which it can check",
                do="settle the same inputs again with this version, or verify the folder with the version that wrote it",
            )


def check_rows(folder: Path, record: dict[str, Any], findings: Findings) -> None:
    """Check every row of ``settled`` and ``reversed``, the rejected ones' counts, and all sums against the record."""
    with Repeats() as repeats, Repeats() as people:
        checked = _Checked(folder, record, findings, people)
        for name in ("settled", "reversed", "rejected", "differences", "contradictions"):
            for file in files_in(folder / name, "*.parquet"):
                if PART.fullmatch(file.name):
                    checked.file(name, file, repeats)
        checked.unique(repeats)
        checked.in_one_partition()
    checked.sums()
    checked.differences.compare(folder, record, findings)


class _Checked:
    """What has been added up so far."""

    def __init__(self, folder: Path, record: dict[str, Any], findings: Findings, people: Repeats) -> None:
        self.folder, self.record, self.findings, self.people = folder, record, findings, people
        self.seen: list[pa.Array] = []
        self.partitions = int(record["partitions"])
        self.rows: Counter[str] = Counter()
        self.codes: dict[str, Counter[str]] = {}
        self.totals: dict[str, list[pa.Table]] = {name: [] for name in TOTALS}
        self.taken_back: Counter[str] = Counter()
        self.differences = CheckedDifferences()
        self.contradictions: dict[str, Counter[str]] = {}

    def file(self, name: str, path: Path, repeats: Repeats) -> None:
        """Check one file, batch by batch."""
        file = path.relative_to(self.folder).as_posix()
        checks = {"settled": self._settled, "reversed": self._reversed, "rejected": self._rejected}
        checks.update(differences=self._differences, contradictions=self._contradictions)
        check = checks.get(name)
        self.taken_back.clear()
        self.seen.clear()
        try:
            for first_row, batch in _batches(path):
                self.rows[name if path.name.startswith("part-") else file.split("-part-")[0]] += batch.num_rows
                self._place(file, first_row, batch)
                if check is not None:
                    check(file, first_row, batch)
                if name in ("settled", "reversed"):
                    repeats.add(batch.column("setl_id").filter(pa.array(_once(batch))))
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            self.findings.add(file, "it can be read", " ".join(str(error).split())[:200], f"a table “{name}”")
            return
        if self.seen:
            self.people.add(pc.unique(pa.concat_arrays(self.seen)))
        self._pairs(file)

    def _place(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        """A person is in one partition only: the one that the hash of ``psn_no`` says, or that of the family."""
        if "psn_no" not in batch.schema.names:
            return
        if "families" in self.record and not file.startswith("rejected"):
            self.seen += [_filled(batch.column("psn_no")).unique()] if file.startswith("settled") else []
            return
        number = int(Path(file).stem.rsplit("-", 1)[1])
        people = pc.fill_null(batch.column("psn_no").cast(pa.string()), "")
        placed = partition_of(Texts.of(people), self.partitions)
        for place in np.flatnonzero(placed != number):
            found = f"psn_no {content(people[int(place)].as_py())} in partition {number}"
            expected = f"partition {int(placed[place])} of {self.partitions}"
            self.findings.add(
                file, "a person is in the partition of its hash", found, expected, first_row + int(place) + 1
            )

    def _settled(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        fen = _amounts(batch, _AMOUNTS)
        for name in _FILLED:
            absent = batch.column(name).is_null().to_numpy(zero_copy_only=False)
            self.findings.rows(file, first_row, f"{name} is filled", absent, {})
        for check, wrong, names in _broken(fen, batch):
            self.findings.rows(file, first_row, check, wrong, {name: fen[name] for name in names})
        ratio = _ratio_bp(batch.column("pool_prop_selfpay"))
        bad = (ratio < 0) | (ratio > BP_ONE)
        self.findings.rows(file, first_row, "0 ≤ pool_prop_selfpay ≤ 1", bad, {"pool_prop_selfpay": ratio})
        keys = {name: _filled(batch.column(name)) for name in _KEYS}
        ones = pa.array(np.ones(batch.num_rows, np.int64))
        table = pa.table({**keys, "claims": ones, **{name: pa.array(fen[name]) for name in SUMS}})
        self.findings.rows(file, first_row, f"benefit_date lies in {self.record['year']}", self._outside(batch), {})
        for name, by in TOTALS.items():
            columns = table.select([*by, "claims", *SUMS])
            self.totals[name] = [merge_totals([*self.totals[name], columns], by)]

    def _outside(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """Rows whose benefit date lies outside of the benefit year of their pool and scheme."""
        date = batch.column("benefit_date")
        outside = pc.fill_null(pc.not_equal(pc.year(date), self.record["year"]), False)
        for name, days in self.record.get("benefit_years", {}).items():
            pool, scheme = name.split(" ")
            of_pool, of_scheme = (batch.column(column).cast(pa.string()) for column in ("pool", "insutype"))
            mine = pc.and_(pc.equal(of_pool, pool), pc.equal(of_scheme, scheme))
            first, last = (pa.scalar(dt.date.fromisoformat(day)) for day in days)
            beyond = pc.fill_null(pc.or_(pc.less(date, first), pc.greater(date, last)), False)
            outside = pc.if_else(pc.fill_null(mine, False), beyond, outside)
        return np.asarray(outside.to_numpy(zero_copy_only=False), np.bool_)

    def _differences(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        self.differences.add(batch)

    def _reversed(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        self.differences.add_reversed(batch)
        back = pc.equal(batch.column("refd_setl_flag"), "1").to_numpy(zero_copy_only=False)
        self.taken_back["reversals"] += int(back.sum())
        self.taken_back["claims"] += int((~back).sum())
        self.taken_back.update({name: int(values.sum()) for name, values in _amounts(batch, BILL).items()})

    def _pairs(self, file: str) -> None:
        """A reversal and its claim are in one file, but may lie far apart in it."""
        found, same = self.taken_back, self.findings.same
        same(file, "as many reversals as claims taken back", found["reversals"], found["claims"])
        for name in BILL:
            same(file, f"a reversal and its claim add up to nothing: {name}", found[name], 0)

    def _contradictions(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        for row in batch.select(("kind", "would_differ")).to_pylist():
            outcome = {None: "not_known", True: "would_differ"}.get(row["would_differ"])
            counts = self.contradictions.setdefault(row["kind"], Counter())
            counts.update(["pairs"] if outcome is None else ["pairs", outcome])

    def _rejected(self, file: str, first_row: int, batch: pa.RecordBatch) -> None:
        name = Path(file).name
        table = "claims" if name.startswith("part-") else name.split("-part-")[0]
        for counted in batch.column("code").value_counts().to_pylist():
            self.codes.setdefault(table, Counter())[counted["values"]] += counted["counts"]

    def in_one_partition(self) -> None:
        """Where people are spread by family, nobody is settled in two partitions."""
        hashes = self.people.found()
        for path in files_in(self.folder / "settled") if len(hashes) else ():
            for first_row, batch in _batches(path, ["psn_no"]):
                for place in np.flatnonzero(np.isin(Texts.of(_filled(batch.column("psn_no"))).hashes, hashes))[:1]:
                    found = f"psn_no {content(batch.column('psn_no')[int(place)].as_py())}, and in another part"
                    file = path.relative_to(self.folder).as_posix()
                    expected = "all settled claims of a person in one part"
                    self.findings.add(file, "a person is in one partition", found, expected, first_row + int(place) + 1)

    def unique(self, repeats: Repeats) -> None:
        """One ``setl_id`` is one settlement of one person."""
        hashes = repeats.found()
        if not len(hashes):
            return
        seen: dict[str, tuple[str, str, int]] = {}
        for file, row, setl_id, psn_no in self._with_hashes(hashes):
            if setl_id not in seen:
                seen[setl_id] = psn_no, file, row
                continue
            person, other, other_row = seen[setl_id]
            same = "a settlement occurs once" if person == psn_no else "one setl_id belongs to one person"
            found = (
                f"setl_id {content(setl_id)} of {content(psn_no)}, and of {content(person)} in {other}, row {other_row}"
            )
            self.findings.add(file, same, found, "each setl_id once", row)

    def _with_hashes(self, hashes: npt.NDArray[np.uint64]) -> Iterator[tuple[str, int, str, str]]:
        """Rows whose ``setl_id`` has one of the hashes: file, row, setl_id, psn_no."""
        for path in (*files_in(self.folder / "reversed"), *files_in(self.folder / "settled")):
            try:
                wanted = ["setl_id", "psn_no", *(_PAIR if path.parent.name == "reversed" else ())]
                for first_row, batch in _batches(path, wanted):
                    repeated = np.isin(Texts.of(batch.column("setl_id")).hashes, hashes)
                    for place in np.flatnonzero(repeated & _once(batch)):
                        ids = [batch.column(name)[int(place)].as_py() for name in ("setl_id", "psn_no")]
                        yield path.relative_to(self.folder).as_posix(), first_row + int(place) + 1, ids[0], ids[1]
            except (OSError, KeyError, ValueError, pa.ArrowException):
                continue  # told already, when the file was read first

    def sums(self) -> None:
        """Rows and sums against ``run.json``, and against the totals."""
        same, record = self.findings.same, self.record
        rows = {name: self.rows[name] for name in ("settled", "reversed", "rejected")}
        for name, count in rows.items():
            same("run.json", f"rows of {name}", record["rows"][name], count)
        same("run.json", "rows in = settled + reversed + rejected", record["rows"]["in"], sum(rows.values()))
        codes = {table: dict(sorted(counts.items())) for table, counts in sorted(self.codes.items())}
        same("run.json", "rejected rows by code", record["rejected"], codes)
        names = ("pairs", "would_differ", "not_known")
        told = {kind: {name: counts.get(name) for name in names} for kind, counts in record["contradictions"].items()}
        found = {kind: {name: counts[name] for name in names} for kind, counts in self.contradictions.items()}
        same("run.json", "contradictions between insured rows, by kind", told, found)
        for name, table in ((name, parts[0]) for name, parts in self.totals.items() if parts):
            self._totals(name, table)
        care = self.totals["care"]
        for name in BILL:
            settled = int(pc.sum(care[0].column(name)).as_py() or 0) if care else 0
            same("run.json", f"sum of {name} settled", record["amounts"][name]["settled"], yuan(settled))
        self._funds(care[0] if care else None)

    def _totals(self, name: str, counted: pa.Table) -> None:
        file, by = f"totals/{name}.parquet", TOTALS[name]
        try:
            written = pq.read_table(self.folder / file)
            fen = {column: read_money(written.column(column), _MOST_TOTAL).values for column in SUMS}
            keys = {**{key: _filled(written.column(key)) for key in by}, "claims": written.column("claims")}
            told = merge_totals([pa.table({**keys, **{column: pa.array(fen[column]) for column in SUMS}})], by)
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            self.findings.add(file, "it can be read", str(error)[:200], "a table of totals")
            return
        mine = {tuple(row[key] for key in by): row for row in counted.to_pylist()}
        theirs = {tuple(row[key] for key in by): row for row in told.to_pylist()}
        for key in sorted({*mine, *theirs}, key=str):
            found, expected = theirs.get(key, {}), mine.get(key, {})
            differ = [column for column in ("claims", *SUMS) if found.get(column, 0) != expected.get(column, 0)]
            for column in differ:
                check = f"the sum of {column} for {' '.join(str(part) for part in key)} (fen)"
                self.findings.add(file, check, found.get(column, 0), expected.get(column, 0))

    def _funds(self, care: pa.Table | None) -> None:
        file = "totals/funds.parquet"
        expected: Counter[tuple[str, ...]] = Counter()
        for row in care.to_pylist() if care is not None else ():
            expected.update({(row["pool"], row["insutype"], fund): row[fund] for fund in FUNDS if row[fund]})
        found: Counter[tuple[str, ...]] = Counter()
        try:
            table = pq.read_table(self.folder / file)
            for row, fen in zip(table.to_pylist(), read_money(table.column("amount"), _MOST_TOTAL).values, strict=True):
                found[row["pool"], row["insutype"], row["fund"]] += int(fen)
        except (OSError, KeyError, ValueError, pa.ArrowException) as error:
            self.findings.add(file, "it can be read", str(error)[:200], "a table of totals")
            return
        for key in sorted({*found, *expected}):
            pool, scheme, fund = key
            check = f"what {fund} paid in pool {pool} and scheme {scheme} (fen)"
            self.findings.same(file, check, found[key], expected[key])


def _once(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Which rows of ``settled`` or ``reversed`` are settlements of their own: a reversal may have the id of its claim."""
    if "other_setl_id" not in batch.schema.names:
        return np.ones(batch.num_rows, np.bool_)
    reversal = pc.equal(batch.column("refd_setl_flag"), "1")
    same = pc.equal(batch.column("setl_id"), batch.column("other_setl_id"))
    found: npt.NDArray[np.bool_] = pc.invert(pc.and_(reversal, same)).to_numpy(zero_copy_only=False)
    return found


def _broken(fen: Fen, batch: pa.RecordBatch) -> Iterator[tuple[str, npt.NDArray[np.bool_], tuple[str, ...]]]:
    """Each identity of a settled claim: its words, where it is broken, and the columns it is about."""
    funds = np.sum([fen[fund] for fund in FUNDS], axis=0)
    own = ("acct_pay", "acct_mulaid_pay", "psn_cash_pay")
    shares = ("fund_pay_sumamt", "psn_part_amt", "hosp_part_amt")
    sums: tuple[tuple[str, str, tuple[str, ...], Any], ...] = (
        ("medfee_sumamt = its four parts", "medfee_sumamt", BILL_PARTS, _sum(fen, BILL_PARTS)),
        ("medfee_sumamt = fund_pay_sumamt + psn_part_amt + hosp_part_amt", "medfee_sumamt", shares, _sum(fen, shares)),
        ("fund_pay_sumamt = the sum of the funds", "fund_pay_sumamt", FUNDS, funds),
        ("psn_part_amt = acct_pay + acct_mulaid_pay + psn_cash_pay", "psn_part_amt", own, _sum(fen, own)),
    )
    for check, whole, parts, total in sums:
        yield check, fen[whole] != total, (whole, *parts)
    deductible = fen["act_pay_dedc"]
    yield "act_pay_dedc ≤ inscp_scp_amt", deductible > fen["inscp_scp_amt"], ("act_pay_dedc", "inscp_scp_amt")
    for name in _AMOUNTS:
        yield f"{name} ≥ 0", fen[name] < 0, (name,)
    waiting, unnamed = (
        pc.fill_null(pc.equal(batch.column(name), WAITING), False).to_numpy(zero_copy_only=False)
        for name in ("rule_id", "variant")
    )
    yield "no fund pays in the waiting period", waiting & (funds != 0), ("fund_pay_sumamt",)
    yield f"variant is {WAITING} where rule_id is, and nowhere else", waiting != unnamed, ()


def _sum(fen: Fen, names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    total: npt.NDArray[np.int64] = np.sum([fen[name] for name in names], axis=0)
    return total


def _amounts(batch: pa.RecordBatch, names: tuple[str, ...]) -> Fen:
    """Columns in fen.

    Raises
    ------
    ValueError
        A cell holds no amount.
    """
    found = {}
    for name in names:
        cells = read_money(batch.column(name))
        if cells.absent.any() or any(mask.any() for mask in cells.faults.values()):
            raise ValueError(f"column {name} has cells that hold no amount in yuan with two decimals")
        found[name] = cells.values
    return found


def _ratio_bp(column: pa.Array) -> npt.NDArray[np.int64]:
    """A ratio as basis points: its four decimals as a whole number."""
    scaled = pc.multiply(column.cast(pa.decimal128(9, 4)), pa.scalar(BP_ONE, pa.decimal128(5, 0)))
    values: npt.NDArray[np.int64] = pc.fill_null(scaled.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
    return values


def _filled(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """A column of codes as text; an absent one is an empty one, however it was written."""
    return pc.fill_null(column.cast(pa.string()), "")


def _batches(path: Path, columns: list[str] | None = None) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches of a Parquet file with the number of rows before them."""
    row = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=columns, use_threads=False):
            yield row, batch
            row += batch.num_rows
