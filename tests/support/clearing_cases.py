"""Cases of clearing worked out by hand, as files: contracts, claims and cases of a made-up region, and what must come out."""

from __future__ import annotations

import csv
import io
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from clearing_worlds import HEAD
from qingsuan import Pool, Region, plugins
from settling import Ran, run, write_csv

__all__ = ["ClearingYear", "only_made_up"]

_AMOUNTS = ("medfee_sumamt", "inscp_scp_amt", "fund_pay_sumamt", "psn_part_amt", "acct_pay", "acct_mulaid_pay")
_CLAIM = {
    "setl_id": "",
    "fixmedins_code": "H1",
    "pool": "990100",
    "insutype": "310",
    "med_type": "21",
    "benefit_date": "2022-03-31",
    "setl_time": "2022-03-31 10:00:00",
    **dict.fromkeys((*_AMOUNTS, "psn_cash_pay", "hifp_pay", "hifmi_pay"), "0.00"),
}


def only_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one made-up region with two pools be what is installed."""
    pools = (Pool("990100", "one", ("9901",)), Pool("990200", "two", ("9902",)))
    plugin = plugins.Plugin("made-up", "qingsuan-made-up", "1", Region("990000", "made up", pools))
    monkeypatch.setattr(plugins, "load", lambda: plugins.Installed((plugin,)))


class ClearingYear:
    """A year of contracts and claims, written as files and run by the public command.

    A case file has ``terms`` (what follows the head of terms.toml), ``tables`` (CSV texts by file), ``claims`` and ``cases``
    (CSV texts; of a claim, columns that are left out have the usual value), and ``expect``.
    """

    def __init__(self, folder: Path, case: dict[str, Any]) -> None:
        self.folder, self.case = folder, case
        contracts = folder / "contracts"
        contracts.mkdir(parents=True)
        (contracts / "terms.toml").write_text(case.get("head", HEAD) + case.get("terms", ""), encoding="utf-8")
        for name, text in case.get("tables", {}).items():
            (contracts / f"{name}.csv").write_text(text, encoding="utf-8")
        self.claims = write_csv(folder / "settled.csv", [_claim(row) for row in _rows(case["claims"])])
        if "cases" in case:
            (folder / "cases.csv").write_text(case["cases"], encoding="utf-8")

    @classmethod
    def of(cls, folder: Path, file: Path) -> ClearingYear:
        """The year of a case file."""
        return cls(folder, tomllib.loads(file.read_text("utf-8")))

    def run(self, *more: object, out: str = "out") -> Ran:
        cases = ["--cases", self.folder / "cases.csv"] if "cases" in self.case else []
        folder = self.folder / "contracts"
        return run(
            "clear", self.claims, "--year", 2022, "--contracts", folder, *cases, "--out", self.folder / out, *more
        )

    def table(self, name: str, out: str = "out") -> list[dict[str, Any]]:
        found = sorted((self.folder / out).glob(f"{name}/part-*.parquet"))
        return [row for file in found for row in pq.read_table(file).to_pylist()]

    def check(self) -> None:
        """Hold what came out against what is expected: rows in their order, of each the columns that are named."""
        for table, rows in self.case["expect"].items():
            found = self.table(table)
            assert len(found) == len(rows), (table, found)
            for row, expected in zip(found, rows, strict=True):
                told = {name: _told(row[name], value) for name, value in expected.items()}
                assert told == expected, (table, row)


def _told(found: Any, expected: Any) -> Any:
    return str(found) if isinstance(found, Decimal) and isinstance(expected, str) else "" if found is None else found


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.strip())))


def _claim(row: dict[str, str]) -> dict[str, str]:
    """A whole row of ``settled``: cost and the pooled fund's payment are told, the person bears the rest in cash."""
    cost, paid = Decimal(row["medfee_sumamt"]), Decimal(row["hifp_pay"])
    funds = paid + Decimal(row.get("hifmi_pay", "0"))
    own = {"inscp_scp_amt": cost, "fund_pay_sumamt": funds, "psn_part_amt": cost - funds, "psn_cash_pay": cost - funds}
    return _CLAIM | {name: f"{amount:.2f}" for name, amount in own.items()} | row
