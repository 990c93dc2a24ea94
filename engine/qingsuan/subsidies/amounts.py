"""Who pays how much per head, and for all heads of a county. Exact: every sum is whole, level by level.

The split is made **once per head**, in fen, and multiplied by heads; so central + province + local = standard x heads
always, and the local share takes every remainder. A local share split further gives its remainder to the county.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import longest
from qingsuan.money import BP_ONE, apply_bp, split, yuan
from qingsuan.subsidies.bureau import (
    CLASS_COLUMNS,
    SPLIT_COLUMNS,
    STANDARD_COLUMNS,
    BureauTables,
    PoolStandard,
)
from qingsuan.subsidies.model import BEARERS, FundingRule

__all__ = ["PerHead", "check_tables", "class_table_wanted", "per_head", "require_complete"]


@dataclass(frozen=True, slots=True)
class PerHead:
    """One county's subsidy per head (or per head and month, as the rule counts), all in fen.

    ``central + province + local = standard``; where the bureau splits the local share further,
    ``prefecture + county = local``, else both are None.
    """

    county_class: str
    standard_fen: int
    central_fen: int
    province_fen: int
    local_fen: int
    prefecture_fen: int | None = None
    county_fen: int | None = None


def per_head(rule: FundingRule, tables: BureauTables, admdvs: str) -> PerHead:
    """Split the standard of one county between the levels of government.

    Raises
    ------
    PolicyError
        The rule does not cover the county, its class is not in the bureau's table, or its standard is not allowed.
    """
    county_class = _class_of(rule, tables, admdvs)
    own = longest(tables.standards, admdvs) or PoolStandard(rule.standard.fen, "", "")
    _check_standard(rule, own)
    excess_fen = own.fen - rule.standard.fen
    shared_fen = own.fen if own.bearer == "shares" else rule.standard.fen
    central, province, local = _shares(rule, county_class, admdvs, shared_fen)
    bears = {level: excess_fen if own.bearer == level else 0 for level in ("central", "province", "local")}
    central, province, local = central + bears["central"], province + bears["province"], local + bears["local"]
    prefecture, county = _split_local(tables, admdvs, local)
    if own.bearer in ("prefecture", "county"):
        if prefecture is None or county is None:
            raise PolicyError(
                own.where,
                found=f'excess_bearer "{own.bearer}", but no split of the local share between prefecture and county',
                expected=f"a table with the columns {','.join(SPLIT_COLUMNS)} beside it (--local-split FILE)",
            )
        local += excess_fen
        prefecture += excess_fen if own.bearer == "prefecture" else 0
        county = local - prefecture
    return PerHead(county_class, own.fen, central, province, local, prefecture, county)


def check_tables(rule: FundingRule, tables: BureauTables) -> None:
    """Check what the bureau's tables say about one region, before any input is opened.

    Raises
    ------
    PolicyError
        A class is unknown to the rule, or a standard is not allowed.
    """
    for code, (name, where) in (tables.classes or {}).items():
        if code.startswith(rule.prefix) and rule.classes and name not in rule.classes:
            raise PolicyError(
                where,
                found=f'class "{name}"',
                expected=f"a class of the rule {rule.file}: {', '.join(rule.classes)}",
                do=_in_gb18030(name, rule.classes) or "write one of these classes, or correct the rule",
            )
    for prefix, own in tables.standards.items():
        if prefix.startswith(rule.prefix):
            _check_standard(rule, own)


def _in_gb18030(name: str, classes: Collection[str]) -> str:
    """What to do where a class is one of the rule's in another encoding: the bytes of 一 in it are a letter in UTF-8, too."""
    try:
        meant = name.encode("utf-8").decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return f"in gb18030 its bytes are {meant}: save the file as UTF-8" if meant in classes else ""


def class_table_wanted(rule: FundingRule, tables: BureauTables) -> PolicyError | None:
    """The error to raise when somebody has to be paid for, and the rule's table of classes was not handed over."""
    if not rule.classes or tables.classes is not None:
        return None
    return _no_class_table(rule, "a county's class decides who pays, and the bureau's table of classes is not given")


def require_complete(rule: FundingRule, tables: BureauTables, counties: Iterable[tuple[str, str]]) -> None:
    """Refuse if a county with heads (code, name) is absent from a table that the calculation needs; names them all.

    Raises
    ------
    PolicyError
        Naming every such county, and the columns wanted.
    """
    known = list(counties)
    if rule.classes:
        absent = [f"{code} {name}" for code, name in known if code not in (tables.classes or {})]
        if absent:
            raise _no_class_table(rule, f"no class for {len(absent)} with insured residents: {', '.join(absent)}")
    if tables.prefecture_bp is not None:
        absent = [f"{code} {name}" for code, name in known if longest(tables.prefecture_bp, code) is None]
        if absent:
            raise PolicyError(
                "--local-split",
                found=f"no split of the local share for {', '.join(absent)}",
                expected=f"the columns {','.join(SPLIT_COLUMNS)}, a line for each or for a prefix of its code",
                do="add the lines, or leave the table out: the local share is then not split",
            )


def _class_of(rule: FundingRule, tables: BureauTables, admdvs: str) -> str:
    if not rule.classes:
        return ""
    known = (tables.classes or {}).get(admdvs)
    if known is None:
        raise _no_class_table(rule, f"no class for {admdvs}")
    return known[0]


def _shares(rule: FundingRule, county_class: str, admdvs: str, standard_fen: int) -> tuple[int, int, int]:
    """Central, province, local: as stated amounts, or by nested ratios, each step rounded once per head."""
    if rule.steps:
        paid: list[int] = []
        for step in rule.steps:
            ratio_bp = step.by_class_bp[county_class] if step.bp is None else step.bp
            paid.append(apply_bp(standard_fen - sum(paid), ratio_bp))
        central, province = paid
        return central, province, standard_fen - central - province
    group = longest({prefix: group for group in rule.fixed for prefix in group.prefixes}, admdvs)
    if group is None:
        raise PolicyError(
            f"{rule.file}: shares",
            found=f"no shares for {admdvs}",
            expected="a group of counties whose prefixes cover it",
            do=f'add a group with admdvs = ["{rule.prefix}"] if the document has a general rule',
        )
    return group.fen


def _check_standard(rule: FundingRule, own: PoolStandard) -> None:
    """A pool's standard must be the rule's, or above it where that is a minimum and somebody bears the excess."""
    least = rule.standard.fen
    if own.fen == least:
        return
    found = f"a standard of {yuan(own.fen)}"
    if own.fen < least or not rule.standard.minimum:
        bound = "at least" if rule.standard.minimum else "exactly"
        expected = f"{bound} {yuan(least)} per head in {rule.year} ({rule.standard.source}: {rule.file})"
        raise PolicyError(own.where, found=found, expected=expected, do="a bureau cannot set another one")
    if not own.bearer:
        raise PolicyError(
            own.where,
            found=f"{found}, {yuan(own.fen - least)} above the minimum, and nobody who bears it",
            expected=f"excess_bearer (columns {','.join(STANDARD_COLUMNS)}): {', '.join(BEARERS)}",
            do="say who bears the excess: the rule does not",
        )
    if own.bearer == "shares" and rule.fixed:
        raise PolicyError(
            own.where,
            found='excess_bearer "shares", but the rule states amounts, not ratios',
            expected="one level of government",
            do=f"name who bears the excess: {', '.join(bearer for bearer in BEARERS if bearer != 'shares')}",
        )


def _split_local(tables: BureauTables, admdvs: str, local_fen: int) -> tuple[int | None, int | None]:
    """Prefecture and county, the county taking the remainder; None twice without the bureau's ratio."""
    ratio_bp = None if tables.prefecture_bp is None else longest(tables.prefecture_bp, admdvs)
    if ratio_bp is None:
        return None, None
    prefecture, county = split(local_fen, (ratio_bp, BP_ONE - ratio_bp))
    return prefecture, county


def _no_class_table(rule: FundingRule, found: str) -> PolicyError:
    return PolicyError(
        f"{rule.region} {rule.title}",
        found=found,
        expected=f"a CSV file from the bureau with the columns {','.join(CLASS_COLUMNS)}: "
        f"each county's six digits and its class ({', '.join(rule.classes)})",
        do="hand it over with --classes FILE; there is no default class",
    )
