"""Random years of personal accounts under random rules, made up: as rows for the slow twin, and as tables for the settlement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from qingsuan import Pool, Region, plugins
from qingsuan.accounts.rule.model import KINDS, RELATIONS, TRANSFERS, UNFIT, AccountRule
from qingsuan.accounts.rule.reader import read_account_rules

YEAR = 2023
POOLS = ("990100", "990200")
MADE_UP = '[sources.X]\ndocument = "made-up rule"\narticle = "none"\ngrade = "made-up"\n'

Row = dict[str, Any]


@dataclass
class AccountYear:
    """A region with its rules, and rows by input table: amounts in fen, absent cells None."""

    region: Region
    rules: tuple[AccountRule, ...]
    rows: dict[str, list[Row]]

    @property
    def size(self) -> int:
        return sum(len(rows) for rows in self.rows.values())


def installed_as(monkeypatch: pytest.MonkeyPatch, region: Region) -> None:
    """Let this region be what is installed, and no other one."""
    plugin = plugins.Plugin("made-up", "qingsuan-made-up", "1", region)
    monkeypatch.setattr(plugins, "load", lambda: plugins.Installed((plugin,)))


def percent(bp: int) -> str:
    return f'"{bp // 100}.{bp % 100:02d}"'


def exactly(*ratios_bp: int) -> list[str]:
    """What a percentage needs beside it that looks like a share of one."""
    return ["exact = true"] if any(0 < bp < 200 for bp in ratios_bp) else []


def rule_text(random: Random, pools: tuple[str, ...], effective: dt.date, until: dt.date | None) -> str:
    """A rule with every part drawn, or named missing."""
    lines = [
        "format = 1",
        "[account]",
        'region = "990000"',
        f"pools = {list(pools)}".replace("'", '"'),
        'title = "made up"',
    ]
    lines += [f"effective = {effective}", *([f"until = {until}"] if until else []), 'source = "X"']
    missing = {part for part in ("in-service", "retired", "uses") if random.random() < 0.06}
    counts, received = random.choice(("first-day", "any-day", "whole-month")), random.random() < 0.4
    if not missing.issuperset(("in-service", "retired")):
        lines += ["[members]", f'who = "{random.choice(("all", "all", "acct_mode"))}"', 'source = "X"']
        lines += ["[months]", f'counts = "{counts}"', f"received = {str(received).lower()}", 'source = "X"']
    in_service = random.choice((200, 190, 333, 50))
    if "in-service" not in missing:
        lines += ["[in_service]", f"percent = {percent(in_service)}", *exactly(in_service), 'source = "X"']
    if "retired" not in missing:
        lines += retired_text(random, effective)
    if random.random() < 0.4:
        most = 0 if "in-service" in missing else in_service
        withheld = random.randint(0, most)
        lines += ["[withheld]", 'use = "long-term-care-premium"', f"percent = {percent(withheld)}", *exactly(withheld)]
        lines += [f'retired_yuan = "{random.randint(0, 49)}.{random.randint(0, 99):02d}"', 'source = "X"']
    if "uses" not in missing:
        lines += uses_text(random)
    if random.random() < 0.6:
        months = random.choice(([12], [3, 6, 9, 12], [6, 12]))
        lines += [
            "[interest]",
            f"months = {months}",
            f'draws = "{random.choice(("current", "carried"))}"',
            'source = "X"',
        ]
        for first in (effective, dt.date(YEAR, 11, 1))[
            : 1 + (random.random() < 0.3 and effective < dt.date(YEAR, 11, 1))
        ]:
            rates = random.randint(0, 300), random.randint(0, 900)
            lines += ["[[interest.rates]]", f"from = {first}", f"current_percent = {percent(rates[0])}"]
            lines += [f"carried_percent = {percent(rates[1])}", *exactly(*rates), 'source = "X"']
    for part in sorted(missing):
        lines += ["[[missing]]", f'parameter = "made.up.{part}"', 'why = "drawn"', f'concerns = "{part}"']
    return "\n".join([*lines, MADE_UP])


def retired_text(random: Random, effective: dt.date) -> list[str]:
    lines = []
    steps = sorted({effective, dt.date(YEAR, 7, 1), dt.date(YEAR, 10, 1)})
    for step in [step for step in steps if step >= effective][: random.choice((1, 1, 2))]:
        ages = random.choice(([], [], [70], [60, 75]))
        sums = [f'"{random.randint(50, 150)}.{random.randint(0, 99):02d}"' for _ in range(len(ages) + 1)]
        lines += [
            "[[retired]]",
            f"from = {step}",
            *([f"ages = {ages}"] if ages else []),
            f"yuan = [{', '.join(sums)}]",
            'source = "X"',
        ]
    return lines


def uses_text(random: Random) -> list[str]:
    relations = random.sample(RELATIONS, random.randint(1, 3))
    lines = [
        "[uses]",
        f"part = {str(random.random() < 0.3).lower()}",
        f"relations = {relations}".replace("'", '"'),
        'source = "X"',
    ]
    for kind in KINDS:
        own, family = random.choice(((True, True), (True, False), (False, True), (False, False)))
        family = family and kind not in TRANSFERS
        if own or family:
            lines += [
                "[[uses.allowed]]",
                f'use = "{kind}"',
                f"own = {str(own).lower()}",
                f"family = {str(family).lower()}",
                'source = "X"',
            ]
    return [*lines, "[[uses.refused]]", 'use = "sport"', 'source = "X"']


def random_rules(random: Random, folder: Path) -> tuple[Region, tuple[AccountRule, ...]]:
    """Rules of two pools: together or apart, of one piece or of two, or from spring on."""
    folder.mkdir(parents=True)
    start, change = dt.date(YEAR - 1, 1, 1), dt.date(YEAR, random.choice((3, 7)), 1)
    for number, pools in enumerate(random.choice(((POOLS,), ((POOLS[0],), (POOLS[1],))))):
        if random.random() < 0.3:
            last = change - dt.timedelta(1)
            (folder / f"{number}a.toml").write_text(rule_text(random, pools, start, last), "utf8")
            start_of = change
        else:
            start_of = dt.date(YEAR, 2, 1) if random.random() < 0.05 else start
        (folder / f"{number}b.toml").write_text(rule_text(random, pools, start_of, None), "utf8")
    region = Region("990000", "made up", tuple(Pool(code, code, (code[:4],)) for code in POOLS), accounts=str(folder))
    return region, read_account_rules(region)


def day(random: Random, low: int = 0, high: int = 364) -> dt.date:
    return dt.date(YEAR, 1, 1) + dt.timedelta(random.randint(low, high))


def amount(random: Random) -> int:
    return random.choice((random.randint(1, 3000), random.randint(1, 20000), random.choice((1, 50, 100))))


def insured_of(random: Random, person: str) -> list[Row]:
    rows = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        begin = random.choice((dt.date(YEAR - 5, 1, 1), dt.date(YEAR - 1, 12, 31), day(random, 0, 300)))
        end = None if random.random() < 0.5 else begin + dt.timedelta(random.randint(0, 2000))
        rows.append(
            {
                "psn_no": person,
                "pool": random.choice((POOLS[0], POOLS[0], POOLS[1])),
                "psn_type": random.choice(("1101", "1101", "1103", "1201", "1201", "1300")),
                "brdy": None
                if random.random() < 0.03
                else dt.date(random.randint(1935, 2000), random.randint(1, 12), random.choice((1, 2, 28))),
                "begndate": begin,
                "enddate": end if end is None or end >= dt.date(YEAR, 1, 1) else dt.date(YEAR, 1, 1),
                "retire_date": day(random, -40, 380) if random.random() < 0.2 else None,
                "cntr_base": None if random.random() < 0.15 else random.randint(0, 2_000_000),
                "acct_mode": random.choice((1, 1, 1, 1, 0)) if random.random() < 0.98 else None,
                "acct_balc": None if random.random() < 0.5 else 5000,
            }
        )
    return rows


def months_of(random: Random, person: str) -> list[Row]:
    if random.random() < 0.1:
        return []
    months = [month for month in range(1, 13) if random.random() < 0.95]
    months += [random.randint(1, 12)] if random.random() < 0.02 else []
    return [
        {
            "psn_no": person,
            "month": month,
            "cntr_base": None if random.random() < 0.2 else random.randint(0, 2_000_000),
            "clct_flag": random.choice((1, 1, 1, None, 0)),
        }
        for month in months
    ]


def use_of(random: Random, people: list[str], claims: list[Row], families: list[Row]) -> Row:
    person = random.choice(people)
    row = {
        "psn_no": person,
        "payer_psn_no": random.choice((None, None, person, random.choice(people))),
        "date": day(random),
        "use": random.choice(("care", "care", "pharmacy", *KINDS, *UNFIT, "holiday")),
        "amount": amount(random),
        "setl_id": random.choice((None, f"S{random.randint(1, 60):03d}")),
        "refd_setl_flag": None,
        "init_setl_id": None,
    }
    if families and random.random() < 0.6:
        relation = random.choice(families)
        ends = [relation["psn_no"], relation["member_psn_no"]]
        random.shuffle(ends)
        row["payer_psn_no"], row["psn_no"] = ends
    if claims and random.random() < 0.3:
        claim = random.choice(claims)
        row |= {"psn_no": claim["psn_no"], "setl_id": claim["setl_id"], "amount": claim["acct_mulaid_pay"] or 1}
        row["use"] = "care"
    return row


def reversal_of(random: Random, use: Row, number: int) -> Row:
    back = {**use, "refd_setl_flag": 1, "amount": -use["amount"], "init_setl_id": use["setl_id"] or "S000"}
    back |= {
        "setl_id": random.choice((None, f"R{number:03d}")),
        "date": max(use["date"], day(random)) if random.random() < 0.6 else day(random),
    }
    if random.random() < 0.1:
        back["amount"] -= 1
    return back


def account_year(seed: int, folder: Path, people: int = 20) -> AccountYear:
    """A year of so many people, some hundred rows, under rules of its own."""
    random = Random(seed)
    region, rules = random_rules(random, folder)
    names = [f"P{number:03d}" for number in range(people)]
    insured = [row for person in names if random.random() < 0.95 for row in insured_of(random, person)]
    months = [row for person in names for row in months_of(random, person)]
    families = []
    for _ in range(people // 2):
        one, other = random.sample(names, 2)
        begin = None if random.random() < 0.6 else day(random)
        end = None if random.random() < 0.6 else (begin or dt.date(YEAR, 1, 1)) + dt.timedelta(random.randint(0, 300))
        families.append(
            {
                "psn_no": one,
                "member_psn_no": other,
                "relation": random.choice(RELATIONS),
                "begndate": begin,
                "enddate": end,
            }
        )
    opening = [
        {"psn_no": person, "pool": pool, "balc": 5000 if random.random() < 0.9 else random.randint(0, 90000)}
        for person in names
        for pool in POOLS
        if random.random() < 0.2
    ]
    claims = []
    for number in range(people // 3):
        own, mulaid = (random.choice((0, amount(random))) for _ in range(2))
        if own or mulaid:
            use = random.choice(("care", "pharmacy"))
            claims.append(
                {
                    "psn_no": random.choice(names),
                    "setl_id": f"C{number:03d}",
                    "date": day(random),
                    "use": use,
                    "acct_pay": own,
                    "acct_mulaid_pay": mulaid,
                }
            )
    uses = [use_of(random, [*names, "Q"], claims, families) for _ in range(people * 4)]
    uses += [reversal_of(random, random.choice(uses), number) for number in range(people // 2)]
    tables = {
        "insured": insured,
        "months": months,
        "uses": uses,
        "families": families,
        "opening": opening,
        "claims": claims,
    }
    return AccountYear(region, rules, tables)


def yuan(fen: int | None) -> Decimal | None:
    return None if fen is None else Decimal(fen).scaleb(-2)


MONEY = pa.decimal128(16, 2)


def table_of(name: str, rows: list[Row]) -> pa.Table:
    """Rows as the table that comes in."""
    made: list[Row] = [_MAKE[name](row) for row in rows]
    kinds = _KINDS[name]
    return pa.Table.from_pylist(made, pa.schema(list(kinds.items())))


def _flag(value: int | None) -> str | None:
    return None if value is None else str(value)


def _insured(row: Row) -> Row:
    place = {"insutype": "310", "insu_admdvs": f"{row['pool'][:4]}03"}
    own = {
        "acct_mode": _flag(row["acct_mode"]),
        "cntr_base": yuan(row["cntr_base"]),
        "acct_balc": yuan(row["acct_balc"]),
    }
    return {**row, **place, **own}


_MAKE: dict[str, Any] = {
    "insured": _insured,
    "months": lambda row: {
        **row,
        "month": f"{YEAR}-{row['month']:02d}",
        "cntr_base": yuan(row["cntr_base"]),
        "clct_flag": _flag(row["clct_flag"]),
    },
    "uses": lambda row: {**row, "amount": yuan(row["amount"]), "refd_setl_flag": _flag(row["refd_setl_flag"])},
    "families": lambda row: row,
    "opening": lambda row: {**row, "balc": yuan(row["balc"])},
    "claims": lambda row: {
        **row,
        "benefit_date": row["date"],
        "med_type": "41" if row["use"] == "pharmacy" else "11",
        "acct_pay": yuan(row["acct_pay"]),
        "acct_mulaid_pay": yuan(row["acct_mulaid_pay"]),
    },
}

_TEXT, _DATE = pa.string(), pa.date32()
_KINDS: dict[str, dict[str, pa.DataType]] = {
    "insured": {
        **dict.fromkeys(("psn_no", "insutype", "insu_admdvs", "psn_type"), _TEXT),
        **dict.fromkeys(("brdy", "begndate", "enddate", "retire_date"), _DATE),
        "cntr_base": MONEY,
        "acct_mode": _TEXT,
        "acct_balc": MONEY,
    },
    "months": {"psn_no": _TEXT, "month": _TEXT, "cntr_base": MONEY, "clct_flag": _TEXT},
    "uses": {
        **dict.fromkeys(("psn_no", "payer_psn_no", "use", "setl_id", "refd_setl_flag", "init_setl_id"), _TEXT),
        "date": _DATE,
        "amount": MONEY,
    },
    "families": {
        **dict.fromkeys(("psn_no", "member_psn_no", "relation"), _TEXT),
        **dict.fromkeys(("begndate", "enddate"), _DATE),
    },
    "opening": {"psn_no": _TEXT, "pool": _TEXT, "balc": MONEY},
    "claims": {
        **dict.fromkeys(("psn_no", "setl_id", "med_type"), _TEXT),
        "benefit_date": _DATE,
        "acct_pay": MONEY,
        "acct_mulaid_pay": MONEY,
    },
}
