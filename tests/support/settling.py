"""A made-up region as an installed distribution, claims as people write them, and the public command over both."""

from __future__ import annotations

import csv
import errno
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from importlib import invalidate_caches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.cli import main
from qingsuan.plugins import entry_points as plugins
from qingsuan.run.restart.ledger import Ledger
from qingsuan.tables import CLAIMS, IDENTITIES, INSURED, Column
from rule_heads import head

__all__ = [
    "BILL",
    "CODE",
    "REGION",
    "RULES",
    "RULES_HEAD",
    "Ran",
    "claim",
    "declared",
    "full_after",
    "install",
    "install_code",
    "insured",
    "only",
    "read",
    "run",
    "settle",
    "sums",
    "write",
    "write_csv",
]

BILL = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
RULES_HEAD = head(("310", "390"), effective="2021-02-01", levels=("1", "2")) + (
    '[waiting]\ncolumn = "wait_end_date"\nsource = "X"\n'
)
RULES = (
    RULES_HEAD
    + """\
[identities]
low = { title = "低保", codes = ["2303", "7019"], source = "X" }
[groups]
stay = "year"
[layers.pooled]
fund = "hifp_pay"
visits = { group = "stay", source = "X" }
deductible = { per = "visit", yuan = [100, 50], source = "X" }
bands = { per = "period", group = "stay", measured = "excess", upto = [5000], percent = [50, "62.5"], source = "X" }
caps = [{ group = "stay", yuan = 20000, source = "X" }]
[layers.critical]
fund = "hifmi_pay"
deductible = { per = "period", group = "stay", yuan = 1000, source = "X" }
bands = { percent = [60], source = "X" }
[[layers.critical.cases]]
when = { psn_idet_type = { any = ["low"] } }
adjust = { points = 5, source = "X" }
[[rules]]
id = "inpatient"
when = { med_type = ["21"] }
layers = ["pooled", "critical"]
[[missing]]
parameter = "outpatient.ratio"
why = "the document names no number"
when = { med_type = ["11"] }
"""
)
OWN_RULES = RULES.replace(
    "[layers.pooled]",
    '[dimensions.own]\nkind = "function"\nfunction = "f"\n[layers.pooled]',
    1,
).replace('when = { med_type = ["21"] }', 'when = { med_type = ["21"], own = ["1"] }')
"""The same, deciding by a dimension that the plugin's function ``f`` works out."""

POOLS = (("990100", "one", "9901"), ("990200", "two", "9902"))


def declared(*folders: str, code: str = "990000", pools: Sequence[tuple[str, str, str]] = POOLS) -> str:
    """The declaration of a made-up region: its folders, its code, and its pools as code, name and prefix."""
    named = ", ".join(f'"{folder}"' for folder in folders)
    head = f'format = 1\ncode = "{code}"\nname = "made up"\nfolders = [{named}]\n'
    return head + "".join(
        f'[[pools]]\ncode = "{pool}"\nname = "{name}"\nprefixes = ["{prefix}"]\n' for pool, name, prefix in pools
    )


REGION = declared("rules")
CODE = """\
from importlib.resources import files
from qingsuan import Pool, Region, hookimpl

@hookimpl
def qingsuan_region():
    pools = (Pool("990100", "one", ("9901",)), Pool("990200", "two", ("9902",)))
    return Region("990000", "made up", pools, rules=files(__name__) / "rules")
"""
"""The same region, handed over by a hook."""


def install(site: Path, region: str = REGION, rules: str = RULES, *, folder: str = "rules") -> None:
    """Put the distribution qingsuan-settling into a folder, as pip would: parameters and no code."""
    _install(site, "region.toml", region, folder, rules)


def install_code(site: Path, code: str = CODE, rules: str = RULES) -> None:
    """The same with code in the place of the declaration."""
    _install(site, "__init__.py", code, "rules", rules)


def _install(site: Path, name: str, text: str, folder: str, rules: str) -> None:
    package, metadata = site / "qingsuan_settling", site / "qingsuan_settling-2022.1.dist-info"
    (package / folder).mkdir(parents=True, exist_ok=True)
    metadata.mkdir(exist_ok=True)
    (package / name).write_text(text, "utf-8")
    (package / folder / "a.toml").write_text(rules, "utf-8")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: qingsuan-settling\nVersion: 2022.1\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[qingsuan]\nsettling = qingsuan_settling\n", "utf-8")


def only(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the distribution in ``site`` be found, and no other one."""
    monkeypatch.syspath_prepend(str(site))
    invalidate_caches()
    every = plugins._installed
    monkeypatch.setattr(plugins, "_installed", lambda: [one for one in every() if one.name == "settling"])


def claim(**changes: str | None) -> dict[str, str | None]:
    """A good claim as CSV writes it; an absent column is one that was changed to None."""
    made: dict[str, str | None] = {
        "setl_id": "s1",
        "psn_no": "p1",
        "insutype": "390",
        "med_type": "21",
        "insu_admdvs": "990101",
        "fix_blng_admdvs": "",
        "fixmedins_code": "H1",
        "dedc_hosp_lv": "1",
        "begndate": "2022-03-01",
        "enddate": "2022-03-05",
        "setl_time": "2022-03-05 10:00:00",
        "medfee_sumamt": "1000.00",
        "fulamt_ownpay_amt": "100.00",
        "overlmt_selfpay": "10.00",
        "preselfpay_amt": "90.00",
        "inscp_scp_amt": "800.00",
        "acct_used_flag": "0",
        "refd_setl_flag": "0",
        "init_setl_id": "",
        "my_note": "as it came",
    }
    return {**made, **changes}


def insured(**changes: str | None) -> dict[str, str | None]:
    """A good insured row."""
    made: dict[str, str | None] = {
        "psn_no": "p1",
        "insutype": "390",
        "insu_admdvs": "990101",
        "psn_type": "1501",
        "begndate": "2022-01-01",
        "enddate": "",
        "acct_balc": "50.00",
    }
    return {**made, **changes}


def _names(rows: Sequence[Mapping[str, str | None]]) -> list[str]:
    return [name for name in dict.fromkeys(name for row in rows for name in row) if rows[0].get(name) is not None]


def write_csv(path: Path, rows: Sequence[Mapping[str, str | None]], encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, _names(rows), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write(path: Path, rows: Sequence[Mapping[str, str | None]], **options: Any) -> Path:
    """Write rows as CSV, Parquet or Arrow IPC; typed by column where every cell of it can be."""
    if path.suffix == ".csv":
        return write_csv(path, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds: dict[str, Column] = {column.name: column for column in (*IDENTITIES, *INSURED, *CLAIMS)}
    table = pa.table({name: typed([row[name] or "" for row in rows], kinds.get(name)) for name in _names(rows)})
    if path.suffix == ".arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, **options)
    else:
        pq.write_table(table, path, **options)
    return path


def typed(texts: Sequence[str], column: Column | None) -> pa.Array:
    kind = "text" if column is None else column.kind
    try:
        if kind == "money" and not any(set(text) - set("-.0123456789") for text in texts):
            values = [Decimal(text) if text else None for text in texts]
            long = any(value is not None and value.as_tuple().exponent < -2 for value in values)  # type: ignore[operator]
            return pa.array(values, pa.decimal128(24, 4) if long else pa.decimal128(16, 2))
        if kind == "date":
            return pa.array([date.fromisoformat(text) if text else None for text in texts], pa.date32())
        if kind == "time":
            return pa.array([datetime.fromisoformat(text) if text else None for text in texts], pa.timestamp("us"))
    except (ValueError, InvalidOperation, pa.ArrowInvalid):
        pass  # text is accepted too, and says what is wrong row by row
    return pa.array([text or None for text in texts], pa.string())


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str


def run(*arguments: object) -> Ran:
    """Run the command line as a shell would."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            status = int(ended.code or 0)
    return Ran(status, out.getvalue(), err.getvalue())


def settle(claims: Path, people: Path, out: Path, *more: object) -> Ran:
    return run("settle", claims, "--insured", people, "--year", 2022, "--out", out, *more)


def read(out: Path, name: str, pattern: str = "part-*.parquet") -> list[dict[str, Any]]:
    """The rows of one kind of result."""
    rows: list[dict[str, Any]] = []
    for file in sorted((out / name).glob(pattern)):
        rows.extend(pq.read_table(file).to_pylist())
    return rows


def sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Sums of the bill, of cells that read as amounts of at most two decimals."""
    found = dict.fromkeys(BILL, Decimal(0))
    for row in rows:
        for name in BILL:
            found[name] += row[name] or 0
    return found


@contextmanager
def full_after(partitions: int, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, the ledger's disk is full once so many partitions are in it."""
    append, done = Ledger.partition, []

    def partition(self: Ledger, number: int, files: Any) -> None:
        if len(done) >= partitions:
            raise OSError(errno.ENOSPC, "No space left on device")
        done.append(number)
        append(self, number, files)

    with patch.context() as inside:
        inside.setattr(Ledger, "partition", partition)
        yield
