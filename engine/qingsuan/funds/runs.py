"""What other finished runs state for the books, read from the tables that they write: premiums, accounts, contracts, the year before.

Each gives sums by fund, place and line, and names the lines that it brings: those cannot come by hand, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError, PolicyError
from qingsuan.funds.brought import Opening, Stated, opening_of
from qingsuan.funds.columns import CLAIM_AMOUNTS
from qingsuan.funds.lines import CARE_LINES, FUND_OF_COLUMN, FUNDS, LINES, SCHEMES, line_of_care
from qingsuan.funds.places import Pools
from qingsuan.heads.small_tables import lines_of, number
from qingsuan.listing import files_in
from qingsuan.money import fen_of_yuan, yuan

__all__ = [
    "CLEARED_COLUMNS",
    "accounts",
    "aside",
    "cleared",
    "clearing",
    "closed",
    "operators",
    "paid_by_fund",
    "premiums",
    "ratios",
    "subsidies",
    "taken_by",
]

CLEARED_COLUMNS = ("fund", "insu_admdvs", "line", "fixmedins_code", "due", "paid")

_FINANCE = ("finance_amt", "province_amt", "prefecture_amt", "county_amt")
_USES = {"care": "benefit-care", "pharmacy": "benefit-pharmacy", "moving": "transfer-out", "death": "transfer-out"}


def taken_by(kind: str, *, arrived: bool = False) -> list[tuple[str, str, str]]:
    """The lines that a run of a kind brings, by fund, line and basis."""
    if kind == "settle":
        funds = {*SCHEMES.values(), *FUND_OF_COLUMN.values()}
        return [(fund, line, "due") for fund in sorted(funds) for line in CARE_LINES if fund in LINES[line].funds]
    if kind == "premium":
        due = [("resident", line, "due") for line in ("premium-persons", "premium-assisted", "premium-finance")]
        return [*due, ("resident", "premium-persons", "cash"), ("assistance", "assist-premiums", "due")]
    if kind == "clearing":
        return [(fund, "clearing-difference", "due") for fund in dict.fromkeys(SCHEMES.values())]
    if kind == "subsidy":
        levels = [line for line in LINES if line.startswith("subsidy-")]
        return [("resident", line, basis) for line in levels for basis in (("due", "cash") if arrived else ("due",))]
    lines = [line for line in LINES if "employee-account" in LINES[line].funds]
    own = ("premium-persons", "credit-retired", "interest", "premium-from-account", *_USES.values(), *CARE_LINES)
    account = [("employee-account", line, "due") for line in lines if line in own]
    return [*account, ("employee-pool", "credit-to-accounts", "due")]


def premiums(totals: Path) -> tuple[Stated, ...]:
    """A run of premiums (个人缴费): what residents owe and paid, what is borne for them, what that costs medical assistance."""
    found = []
    for row in _rows(totals / "county.parquet"):
        place = row["admdvs"]
        assisted = _fen(row["assistance_amt"])
        found += [
            Stated("resident", place, "premium-persons", "due", _fen(row["due"]), "premium"),
            Stated("resident", place, "premium-persons", "cash", _fen(row["paid"]), "premium"),
            Stated("resident", place, "premium-assisted", "due", assisted, "premium"),
            Stated("resident", place, "premium-finance", "due", sum(_fen(row[name]) for name in _FINANCE), "premium"),
            Stated("assistance", place, "assist-premiums", "due", assisted, "premium"),
        ]
    return _some(found)


def subsidies(due: Path, arrived: Path | None) -> tuple[Stated, ...]:
    """A run of subsidies (财政补助): by level, per county; where it was given receipts, what has arrived, each where it is due."""
    if arrived is not None:
        return _some(
            Stated("resident", row["place"], f"subsidy-{row['level']}", basis, _fen(row[column]), "subsidy")
            for row in _parts(arrived)
            for basis, column in (("due", "due"), ("cash", "received"))
        )
    return _some(
        Stated("resident", row["admdvs"], f"subsidy-{level}", "due", _fen(row[column]), "subsidy")
        for row in _parts(due)
        for level, column in _levels(row)
    )


def _levels(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from (("central", "central"), ("province", "province"))
    if row.get("local_county") is not None:
        yield from (("prefecture", "local_prefecture"), ("county", "local_county"))
    else:
        yield ("local", "local")


def accounts(totals: Path) -> tuple[Stated, ...]:
    """A run of personal accounts (个人账户), in the pool's own ledger: what is credited to accounts, and what was paid from them."""
    found = []
    for row in _rows(totals / "pools.parquet"):
        pool, retired = row["pool"], _fen(row["credit_retired"])
        credited = {
            "premium-persons": _fen(row["credit_in_service"]),
            "credit-retired": retired,
            "interest": _fen(row["interest"]),
        }
        credited["premium-from-account"] = _fen(row["withheld"])
        found += [Stated("employee-account", pool, line, "due", fen, "account") for line, fen in credited.items()]
        found.append(Stated("employee-pool", pool, "credit-to-accounts", "due", retired, "account"))
    for row in _rows(totals / "uses.parquet"):
        line = _USES.get(row["use"], "premium-from-account")
        found.append(Stated("employee-account", row["pool"], line, "due", _fen(row["paid"]), "account"))
    return _some(found)


def closed(table: Path, pools: Pools) -> Opening:
    """What the year before closed with (上年结转): the table ``closing`` of its run."""
    lines = [
        (f"{table}: row {number}", {**row, "amount": str(row["amount"])}) for number, row in enumerate(_parts(table), 1)
    ]
    return opening_of(lines, pools)


def paid_by_fund(totals: Path, pools: Pools) -> dict[tuple[str, str], int]:
    """What a settlement says that each fund paid, in fen, by fund and pool: held against what its claims add up to."""
    found: dict[tuple[str, str], int] = {}
    for row in _rows(totals / "care.parquet"):
        for column in CLAIM_AMOUNTS:
            fen = _fen(row.get(column))
            fund = SCHEMES.get(row["insutype"], "") if column == "hifp_pay" else FUND_OF_COLUMN[column]
            if fen:
                key = fund, pools.find(row["pool"])
                found[key] = found.get(key, 0) + fen
    return found


def ratios(totals: Path, pools: Pools) -> dict[tuple[str, str, str], tuple[int, int]]:
    """What the pooled fund paid of the cost in scope (政策范围内), by fund, pool and measure: both in fen, in- and outpatient apart."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    measures = {"benefit-inpatient": "inpatient-ratio", "benefit-outpatient": "outpatient-ratio"}
    for row in _rows(totals / "care.parquet"):
        measure = measures.get(line_of_care(row["med_type"]))
        if measure and row["insutype"] in SCHEMES:
            key = SCHEMES[row["insutype"]], pools.find(row["pool"]), measure
            paid, scope = found.get(key, (0, 0))
            found[key] = paid + _fen(row["hifp_pay"]), scope + _fen(row["inscp_scp_amt"])
    return found


def clearing(table: Path) -> tuple[Stated, ...]:
    """A run of clearing (机构清算), in the pool's own ledger: what institutions are due beyond what the pooled fund paid of their claims.

    ``payable − claims``: the difference of the standard with what is shared, audits and deposits kept taken off.
    """
    return _some(
        Stated(
            SCHEMES[row["insutype"]],
            row["pool"],
            "clearing-difference",
            "due",
            _fen(row["payable"]) - _fen(row["claims"]),
            "clear",
        )
        for row in _parts(table)
        if row["insutype"] in SCHEMES
    )


def operators(table: Path) -> tuple[tuple[Stated, ...], tuple[str, ...]]:
    """A run of contracts with operators (大病保险承办), in the pool's own ledger: premiums, due and as they were advanced.

    They are an expense of the pooled fund whose people are insured, and income of the fund that the operator pays for. What a contract
    is due besides, and what operators gave back, is in no book before somebody enters it: both are said.

    Returns
    -------
    tuple of Stated, tuple of str
        Sums, and what no book has, in words.
    """
    found, notes, beyond, back, returned = [], [], 0, 0, 0
    for row in _parts(table):
        payers = {SCHEMES.get(scheme, "") for scheme in row["schemes"].split("+")}
        receivers = {FUND_OF_COLUMN.get(column, "") for column in row["pays"].split("+")}
        premium, advanced = _fen(row["premium"]), _fen(row["advanced"])
        sides = [("premium-to-fund", payers), ("premium-from-fund", receivers)]
        if any(len(funds) != 1 or not funds <= LINES[line].funds for line, funds in sides):
            notes.append(
                f"the premium of contract {row['contract']}, {yuan(premium)} yuan, is of several funds, "
                "or of one that has none, and in no book"
            )
            continue
        found += [
            Stated(fund, row["pool"], line, basis, fen, "operator")
            for line, (fund,) in sides
            for basis, fen in (("due", premium), ("cash", advanced))
        ]
        shared = _fen(row["due"]) - premium
        beyond, back, returned = beyond + max(0, shared), back + max(0, -shared), returned + _fen(row["returned"])
    if beyond or back or returned:
        notes.append(
            f"{yuan(beyond)} yuan of overruns that funds bear, {yuan(back)} yuan of surplus that goes back and {yuan(returned)} yuan "
            "that operators gave back are in no book before they are entered"
        )
    return tuple(found), tuple(notes)


def cleared(file: Path) -> tuple[Stated, ...]:
    """A table of what institutions are cleared (机构清算): the difference that is due beyond the claims, and what was paid.

    Raises
    ------
    PolicyError
        A line cannot be trusted.
    """
    found = []
    for where, cells in lines_of(file, CLEARED_COLUMNS):
        fund, line = cells["fund"], cells["line"]
        if fund not in FUNDS or line not in LINES or fund not in LINES[line].funds or LINES[line].side != "expense":
            _refuse(
                where, f'fund "{fund}", line "{line}"', f"a fund ({', '.join(FUNDS)}) and one of its lines of expense"
            )
        if not cells["fixmedins_code"]:
            _refuse(where, "no fixmedins_code", "the institution that is cleared")
        due, paid = (
            number(cells[name], fen_of_yuan, where, name, "yuan, at most two decimals") for name in ("due", "paid")
        )
        if due and line != "clearing-difference":
            _refuse(
                where,
                f"due {cells['due']} on {line}",
                "0: what claims cost is due by the settlement; only clearing-difference is due here",
            )
        found.append(Stated(fund, cells["insu_admdvs"], line, "cash", paid, "clear"))
        found.append(Stated(fund, cells["insu_admdvs"], line, "due", due, "clear"))
    return tuple(one for one in found if one.fen or one.line == "clearing-difference")


def _refuse(where: str, found: str, expected: str) -> None:
    raise PolicyError(where, found=found, expected=expected, do="correct the line")


def _some(found: Iterable[Stated]) -> tuple[Stated, ...]:
    """Those that are something."""
    return tuple(one for one in found if one.fen)


def _parts(folder: Path) -> list[dict[str, Any]]:
    return [row for file in files_in(folder) for row in _rows(file)]


def _rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a table that another run wrote.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(
            str(file),
            found=f"cannot be read: {error}",
            expected="a table of a finished run",
            do="fetch the folder again",
        ) from error
    return rows


def _fen(amount: Decimal | None) -> int:
    return 0 if amount is None else int(amount.scaleb(2))


def aside(stated: Sequence[Stated], pools: Pools) -> tuple[tuple[Stated, ...], tuple[Stated, ...]]:
    """Sums of places that a plugin serves, and those of others."""
    served = tuple(one for one in stated if pools.find(one.admdvs))
    return served, tuple(one for one in stated if not pools.find(one.admdvs))
