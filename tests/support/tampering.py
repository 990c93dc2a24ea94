"""A finished folder changed by somebody who knows how it is sealed, and seals it again as a run would: only a key, or settling again, tells."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.run.restart.ledger import LEDGER, _line

__all__ = ["CELLS", "LEDGERS", "RECORDS", "TABLES", "change_ledger", "change_record", "seal_all"]

Tampering = Callable[[Path], None]


def seal_all(out: Path) -> None:
    """Write every digest anew: of the tables, of the record, in every line of the ledger."""
    files = sorted(
        path.relative_to(out).as_posix()
        for path in out.rglob("*/*")
        if path.is_file() and not path.parent.name.startswith(".")
    )
    digests = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in files}
    sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
    (out / "SHA256SUMS").write_bytes(sums)
    record = json.loads((out / "run.json").read_text("utf-8"))
    record["digests"] |= {"files": len(files), "sha256": hashlib.sha256(sums).hexdigest()}
    content = (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()
    (out / "run.json").write_bytes(content)
    written = list(_sealed_lines(out, digests))
    (out / LEDGER).write_bytes(b"".join([*written, _line({"run.json": hashlib.sha256(content).hexdigest()})]))


def _sealed_lines(out: Path, digests: dict[str, str]) -> Iterator[bytes]:
    for line in _lines(out)[:-1]:
        for file in line.get("files", ()):
            if file["file"] in digests:
                file |= {"size": (out / file["file"]).stat().st_size, "sha256": digests[file["file"]]}
        if "files" in line:
            line["files"] = [file for file in line["files"] if file["file"] in digests or file["file"][0] == "."]
        yield _line(line)


def _lines(out: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (out / LEDGER).read_text("utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name != "check"} for line in found]


def change_record(out: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change ``run.json`` alone."""
    record = json.loads((out / "run.json").read_text("utf-8"))
    change(record)
    (out / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8")


def change_ledger(out: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the first line of the ledger, with its check."""
    first, *others = _lines(out)
    change(first)
    (out / LEDGER).write_bytes(b"".join(map(_line, [first, *others])))


def _cell(table: str, column: str) -> Tampering:
    """Another value in the last row of a table that has one in this column."""

    def tamper(out: Path) -> None:
        file = next(path for path in sorted((out / table).iterdir()) if pq.read_metadata(path).num_rows)
        rows = pq.read_table(file)
        kind = rows.schema.field(column).type
        values = rows.column(column).to_pylist()
        values[-1] = _another(values[-1], kind)
        pq.write_table(rows.set_column(rows.schema.get_field_index(column), column, pa.array(values, kind)), file)

    return tamper


def _another(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"{value}x" if value else "x"
    if pa.types.is_boolean(kind):
        return not value
    if pa.types.is_decimal(kind):
        return (value or Decimal(0)) + Decimal(1)
    if pa.types.is_integer(kind):
        return (value or 0) + 1
    return None if value is not None else pa.scalar(1, pa.int32()).cast(kind).as_py()


def _rows(table: str, change: Callable[[pa.Table], pa.Table]) -> Tampering:
    def tamper(out: Path) -> None:
        file = next(path for path in sorted((out / table).iterdir()) if pq.read_metadata(path).num_rows)
        pq.write_table(change(pq.read_table(file)), file)

    return tamper


def _swap_people(rows: pa.Table) -> pa.Table:
    """The money of the first two settled rows changes its owners."""
    names = rows.column("psn_no").to_pylist()
    other = next(number for number, name in enumerate(names) if name != names[0])
    order = list(range(rows.num_rows))
    order[0], order[other] = other, 0
    money = [name for name in rows.schema.names if pa.types.is_decimal(rows.schema.field(name).type)]
    for name in money:
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name), rows.column(name).take(pa.array(order)))
    return rows


def _move(fund: str, other: str) -> Callable[[pa.Table], pa.Table]:
    """A yuan moves from one fund to another."""

    def moved(rows: pa.Table) -> pa.Table:
        for name, yuan in ((fund, -1), (other, 1)):
            field = rows.schema.field(name)
            values = rows.column(name).to_pylist()
            values[0] += yuan
            rows = rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
        return rows

    return moved


def _gone(name: str) -> Tampering:
    def tamper(out: Path) -> None:
        (out / name).unlink()

    return tamper


def _added(name: str, like: str) -> Tampering:
    def tamper(out: Path) -> None:
        (out / name).write_bytes((out / like).read_bytes())

    return tamper


def _rewritten(table: str) -> Tampering:
    """The same rows in other bytes."""
    return _rows(table, lambda rows: rows.replace_schema_metadata({"note": "mine"}))


def _record(change: Callable[[dict[str, Any]], object]) -> Tampering:
    return lambda out: change_record(out, change)


def _header(change: Callable[[dict[str, Any]], object]) -> Tampering:
    return lambda out: change_ledger(out, change)


CELLS: dict[str, Tampering] = {
    f"{table} {column}": _cell(table, column)
    for table, columns in {
        "settled": (
            "setl_id psn_no pool insutype med_type fixmedins_code insu_admdvs benefit_date setl_time rule_id variant "
            "medfee_sumamt inscp_scp_amt act_pay_dedc hifp_pay hifmi_pay fund_pay_sumamt psn_part_amt acct_pay psn_cash_pay"
        ),
        "reversed": "setl_id psn_no",
        "rejected": "code column found expected source_file source_row setl_id medfee_sumamt my_note",
        "setldetail": "setl_id inscp_scp_amt",
        "accumulators": "psn_no balc",
    }.items()
    for column in columns.split()
}
"""One cell of a table."""

TABLES: dict[str, Tampering] = {
    "money between two people": _rows("settled", _swap_people),
    "money between two funds": _rows("settled", _move("hifp_pay", "hifmi_pay")),
    "a row left out": _rows("settled", lambda rows: rows.slice(1)),
    "a row twice": _rows("settled", lambda rows: pa.concat_tables([rows, rows.slice(0, 1)])),
    "rows in another order": _rows("settled", lambda rows: rows.take(pa.array(range(rows.num_rows)[::-1]))),
    "a rejected row left out": _rows("rejected", lambda rows: rows.slice(1)),
    "a column left out": _rows("settled", lambda rows: rows.drop_columns(["variant"])),
    "a column added": _rows("settled", lambda rows: rows.append_column("mine", rows.column(0))),
    "a column of another type": _rows(
        "rejected", lambda rows: rows.set_column(0, rows.schema.names[0], pa.nulls(rows.num_rows))
    ),
    "columns in another order": _rows("settled", lambda rows: rows.select(rows.schema.names[::-1])),
    "the same rows in other bytes": _rewritten("settled"),
    "a total": _cell("totals", "hifp_pay"),
    "a table of totals gone": _gone("totals/care.parquet"),
    "a file of totals too many": _added("totals/mine.parquet", "totals/care.parquet"),
    "rejected rows gone": _gone("rejected/part-00000.parquet"),
}
"""A table as a whole."""


def _set(value: Any, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        place: Any = record
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


RECORDS: dict[str, Tampering] = {
    "rules_digest": _record(_set("0" * 64, "rules_digest")),
    "the name of a rule set": _record(_set("990100/390/2020-01-01", "rule_sets", 0, "rule_set")),
    "the grade of a rule set": _record(_set(["A"], "rule_sets", 0, "grades")),
    "what is missing": _record(_set([], "rule_sets", 0, "missing")),
    "rows": _record(_set(99, "rows", "in")),
    "an amount": _record(_set("1.00", "amounts", "medfee_sumamt", "settled")),
    "rejected codes": _record(_set({}, "rejected")),
    "a warning taken away": _record(_set([], "warnings")),
    "a warning added": _record(lambda record: record["warnings"].append("approved")),
    "the version of a plugin": _record(_set("2099.1", "plugins", 0, "version")),
    "a plugin added": _record(lambda record: record["plugins"].append(record["plugins"][0])),
    "the version of qingsuan": _record(_set("9.9", "engine", "version")),
    "the year": _record(_set(2023, "year")),
    "the digest of an input": _record(_set("0" * 64, "inputs", "claims", 0, "sha256")),
    "the name of an input": _record(_set("other.csv", "inputs", "claims", 0, "file")),
    "what was left out": _record(_set({"claims": ["more.csv"]}, "left_out")),
    "an approval": _record(_set({"file": "a.toml", "sha256": "0" * 64, "plugins": []}, "allowed")),
    "something added": _record(_set(True, "approved")),
}
"""A field of ``run.json``."""

LEDGERS: dict[str, Tampering] = {
    "strict": _header(_set(True, "options", "strict")),
    "an option added": _header(_set(True, "options", "approved")),
    "numpy": _header(_set("0.1", "software", "numpy")),
    "the compiled rules": _header(_set("0" * 64, "rules", "compiled rules")),
    "a rule file": _header(_set("0" * 64, "rules", "990000 a.toml")),
    "the region of a plugin": _header(_set("0" * 64, "plugins", "qingsuan-settling", "region")),
    "the size of an input": _header(_set(1, "inputs", "claims 1 claims.csv", "bytes")),
    "a part of the header": _header(_set({"by": "me"}, "approved")),
}
"""A field of the ledger's first line."""
