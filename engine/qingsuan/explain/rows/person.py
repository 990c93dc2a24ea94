"""The rows of one person as a prepared year keeps them, as the slow twin takes them: nobody else's row is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

import pyarrow as pa

from qingsuan.benefits.intake.restore import LOST, is_blank
from qingsuan.benefits.order import ROLE
from qingsuan.benefits.reference.twin import Claim, Identity, Insured, Registration
from qingsuan.benefits.setup import CLAIM_CODES, FAMILY_NO, OwnColumn, Setup, registered_amount
from qingsuan.columns.cells import NO_AMOUNT, NO_DATE, OPEN_END, day_text
from qingsuan.money import yuan
from qingsuan.policy.model import Dimension, RuleSet
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.prepared.opened import Delivery, PreparedYear
from qingsuan.tables import BILL, CLAIMS, PAID_COLUMNS

__all__ = ["ClaimRow", "Person", "people_of", "person_in"]

EPOCH, EPOCH_TIME = dt.date(1970, 1, 1), dt.datetime(1970, 1, 1)  # noqa: DTZ001 - times of the interface have no zone

_FLAGS = {
    "refl_flag": ("referral", 1),
    "er_flag": ("referral", 2),
    "acct_used_flag": ("acct_used", 1),
    "mid_setl_flag": ("mid_setl", 1),
    "refd_setl_flag": ("role", ROLE["reversal"] | ROLE["marked"]),
}

Row = Mapping[str, Any]
"""A row of a prepared year: amounts in fen, dates in days, codes as texts."""


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim: as the twin takes it, as it came, and where.

    Attributes
    ----------
    benefit : the date that decides its year; None where it cannot be read.
    refused : whether it was refused when it was read, for itself alone.
    """

    claim: Claim
    texts: Mapping[str, str]
    file: str
    row: int
    benefit: dt.date | None
    refused: bool


@dataclass(slots=True)
class Person:
    """All rows of one person; ``of_nobody`` are reversals whose person cannot be read and that name a claim of this one."""

    psn_no: str
    claims: list[ClaimRow] = field(default_factory=list)
    insured: list[tuple[Insured, Mapping[str, str]]] = field(default_factory=list)
    identities: list[tuple[Identity, Mapping[str, str]]] = field(default_factory=list)
    registrations: list[tuple[Registration, Mapping[str, str]]] = field(default_factory=list)
    of_nobody: list[Claim] = field(default_factory=list)


def person_in(year: PreparedYear, setup: Setup, psn_no: str) -> Person:
    """Read a person's rows.

    Raises
    ------
    InputError
        A file of the year cannot be read.
    """
    found = Person(psn_no)
    names = {
        table: {source.number: source.name for source in sources} for table, sources in inputs_of(year).tables.items()
    }
    for delivery in year.deliveries:
        tables = {name: _readable(rows, delivery) for name, rows in delivery.person(psn_no).items()}
        for row in sorted(tables["claims"], key=itemgetter("file", "row")):  # as copies are told apart
            found.claims.append(_claim_row(setup, row, names["claims"]))
        for row in tables["insured"]:
            found.insured.append(_insured(setup, row))
        for row in tables["identities"]:
            texts = _texts(row, ("psn_no", "psn_idet_type", "begntime", "endtime"))
            found.identities.append(
                (Identity(psn_no, row["psn_idet_type"], _date(row["begntime"]), _end(row["endtime"])), texts)
            )
        for row in tables.get("registrations", ()):
            row["reg_value"] = row.get(FAMILY_NO) or row["reg_value"]
            texts = _texts(row, ("psn_no", "reg_type", "reg_value", "begndate", "enddate"))
            amounts = {column: _amount(row[registered_amount(column)]) for column in setup.registered_amounts}
            texts |= {column: yuan(fen) for column, fen in amounts.items() if fen is not None}
            one = Registration(
                psn_no, row["reg_type"], row["reg_value"], _date(row["begndate"]), _end(row["enddate"]), amounts
            )
            found.registrations.append((one, texts))
    ids = {row.claim.setl_id for row in found.claims}
    for delivery in year.deliveries:
        for named in delivery.state["learned"]["reversals_of_nobody"]:
            found.of_nobody += [_of_nobody(one) for one in named["setl_id"] if one in ids]
    return found


def people_of(year: PreparedYear, setl_id: str) -> list[str]:
    """The people who have a settlement of this id; more than one only where one number was given twice."""
    return sorted({str(one) for one in year.claim(setl_id).column("psn_no").to_pylist()})


def _of_nobody(named: str) -> Claim:
    """A reversal of which nothing is known but which claim it names."""
    known: dict[str, Any] = {**dict.fromkeys(BILL, 0), "refd_setl_flag": "1", "init_setl_id": named}
    return Claim(named, "", "", "", "", EPOCH, EPOCH_TIME, **known, refused=("E_FORM", "psn_no"))


def _readable(rows: pa.Table, delivery: Delivery) -> list[dict[str, Any]]:
    """Rows with their codes as texts, an absent one as the empty text."""
    texts: Mapping[str, list[str]] = delivery.state["learned"]["texts"]
    found: list[dict[str, Any]] = rows.to_pylist()
    for row in found:
        for name, known in texts.items():
            if isinstance(row.get(name), int):
                row[name] = known[row[name]]
    return found


def _claim_row(setup: Setup, row: dict[str, Any], names: Mapping[int, str]) -> ClaimRow:
    refused = bool(row["role"] & ROLE["refused"])
    known: dict[str, Any] = {name: _code(row[name]) for name in CLAIM_CODES}
    known |= {name: row[name] for name in (*BILL, "setl_id", "psn_no", "init_setl_id")}
    known |= {name: _flag(row, name) for name in _FLAGS}
    claim = Claim(
        **known,
        begndate=_date(row["begndate"]),
        setl_time=EPOCH_TIME + dt.timedelta(microseconds=row["setl_time"]),
        enddate=None if row["enddate"] == NO_DATE else _date(row["enddate"]),
        mdtrt_id=row.get("mdtrt_id", ""),
        refused=("", "") if refused else None,
        extra=_extra(setup, row, "claims"),
    )
    texts = _claim_texts(setup, row, claim)
    if refused and claim.insutype not in setup.codes("insutype"):
        claim = replace(claim, insutype="")  # the twin takes a scheme as it stands, unless the row was refused for it
    benefit = None if row["benefit"] == NO_DATE else _date(row["benefit"])
    return ClaimRow(claim, texts, names[row["file"]], int(row["row"]) + 1, benefit, refused)


def _claim_texts(setup: Setup, row: Row, claim: Claim) -> dict[str, str]:
    """The claim as it came, by column; cells that were null are left out."""
    found = {}
    for column in CLAIMS:
        name = column.name
        if name == "vali_flag" or is_blank(row["blank"], name):
            continue
        value = row.get(name) if name in PAID_COLUMNS else getattr(claim, name, None)
        if name in _FLAGS and value == "" and row["blank"] != LOST and _FLAGS[name][0] in row:
            value = "0"
        if value is None or value in ("", NO_AMOUNT):
            continue
        found[name] = yuan(value) if column.kind == "money" else str(value)
    return {**found, **_own_texts(setup, row, "claims")}


def _insured(setup: Setup, row: Row) -> tuple[Insured, Mapping[str, str]]:
    one = Insured(
        psn_no=row["psn_no"],
        insutype=_code(row["insutype"]),
        insu_admdvs=_code(row["insu_admdvs"]),
        psn_type=_code(row["psn_type"]),
        begndate=_date(row["begndate"]),
        enddate=_end(row["enddate"]),
        brdy=None if row["brdy"] == NO_DATE else _date(row["brdy"]),
        wait_end_date=None if row["wait_end"] == NO_DATE else _date(row["wait_end"]),
        acct_balc=None if row["acct_balc"] == NO_AMOUNT else row["acct_balc"],
        extra=_extra(setup, row, "insured"),
    )
    texts = {}
    for name in ("psn_no", "insutype", "insu_admdvs", "psn_type", "brdy", "begndate", "enddate", "wait_end_date"):
        value = getattr(one, name)
        if value not in (None, ""):
            texts[name] = str(value)
    if one.acct_balc is not None:
        texts["acct_balc"] = yuan(one.acct_balc)
    return one, {**texts, **_own_texts(setup, row, "insured")}


def _extra(setup: Setup, row: Row, table: str) -> dict[str, Any]:
    """What a row has in the dimensions that plugins add, by their names; those of the row's own pool go before others of one name."""
    own = setup.places.pool_of(_code(row["insu_admdvs"]))
    pool = setup.places.pools[own].code if own >= 0 else ""
    found: dict[str, Any] = {}
    for rule_set in sorted(setup.program.rule_sets, key=lambda one: one.pool == pool):
        for dimension in rule_set.dimensions:
            if dimension.table == table:
                found[dimension.name] = _own_value(setup, rule_set, dimension, row)
    return found


def _own_value(setup: Setup, rule_set: RuleSet, dimension: Dimension, row: Row) -> Any:
    own = OwnColumn.of(dimension, setup.region_of(rule_set.pool).code)
    value = row.get(own.name)
    if own.is_number:  # whole numbers, amounts in fen, and dates in days
        return None if value in (None, NO_AMOUNT) else value
    code = _code(value)
    if dimension.kind == "list":
        return "in" if code in dimension.members else "out"
    return code


def _own_texts(setup: Setup, row: Row, table: str) -> dict[str, str]:
    found = {}
    for own in setup.own(table):
        value = row.get(own.name)
        if own.column and value not in (None, "", 0 if not own.is_number else NO_AMOUNT, NO_AMOUNT):
            say = yuan if own.is_amount else day_text if own.is_date else str
            found[own.column] = say(value)
    return found


def _texts(row: Row, names: Sequence[str]) -> dict[str, str]:
    """A row of dates and codes."""
    return dict(_text_cells(row, names))


def _text_cells(row: Row, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        value = row[name]
        if isinstance(value, str):
            yield name, value
        elif value not in (NO_DATE, OPEN_END):
            yield name, _date(value).isoformat()


def _flag(row: Row, name: str) -> str:
    """A flag; one that is 0 is like none, as it decides nothing, not even which of two copies goes first."""
    column, bits = _FLAGS[name]
    return "1" if row.get(column, 0) & bits else ""


def _code(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _date(days: Any) -> dt.date:
    """A date; one that could not be read is the first that can be written."""
    return dt.date.min if days == NO_DATE else EPOCH + dt.timedelta(days=int(days))


def _amount(fen: int) -> int | None:
    return None if fen == NO_AMOUNT else fen


def _end(days: int) -> dt.date | None:
    return None if days == OPEN_END else _date(days)
