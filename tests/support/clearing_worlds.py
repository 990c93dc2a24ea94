"""Random contracts and a year of claims and cases under them, made up: cleared by columns and by the slow twin, side by side."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from qingsuan.clearing.contracts.bureau import Bureau, read_bureau
from qingsuan.clearing.contracts.procured import Procured
from qingsuan.clearing.intake.columns import CASES, settled_columns
from qingsuan.clearing.intake.taking import Taking
from qingsuan.clearing.partition import settle_contracts
from qingsuan.clearing.reference.rows import Case, Claim
from qingsuan.clearing.reference.twin import ByHand, clear_by_hand
from qingsuan.clearing.settlement import contracts_table
from qingsuan.columns.cells import decimals
from qingsuan.settlement import Settled

__all__ = ["HEAD", "NAME", "World", "table_of", "world"]

NAME = ("fixmedins_code", "pool", "insutype", "clr_type")
POOLS = ("990100", "990200")
DIVISIONS = ("990101", "990102", "990103", "990104")
"""Where people are insured: the first two are of one alliance, the third of another, the last of none."""
BOUNDS = (40_000, 50_000, 100_000, 200_000, 250_000, 300_000, 500_000)
"""Costs that are just so much of a mean of 1000.00 as outliers have for bounds."""
NONE = '"none"'
_TEXTS = ("setl_id", "pool", "insutype", "med_type", "fixmedins_code", "insu_admdvs")
HEAD = """\
format = 1
[clearing]
year = 2022
title = "made up for tests"
funds = ["hifp_pay", "hifmi_pay"]
source = "X"
[sources.X]
document = "made up"
article = "1"
grade = "made-up"
[[kinds]]
clr_type = "11"
med_types = ["11", "14"]
source = "X"
[[kinds]]
clr_type = "21"
med_types = ["21", "52"]
source = "X"
"""


PROCURED = Procured(
    "made up",
    {(f"H{number}", scheme): (number + 1) * 10_007 * int(scheme) for number in range(9) for scheme in ("310", "390")},
)
"""What institutions keep of procurement; of some no contract takes it."""


class _File:
    """Stands for a file of the input."""

    number, name, where = 0, "made-up", "made-up"
    schema = pa.schema([])


@dataclass
class World:
    """A year of contracts, claims and cases."""

    folder: Path
    claims: list[Claim]
    cases: list[Case]
    scope: list[int] = field(default_factory=list)

    @cached_property
    def bureau(self) -> Bureau:
        return read_bureau(self.folder, 2022, PROCURED)

    @cached_property
    def by_hand(self) -> ByHand:
        return clear_by_hand(self.bureau, self.claims, self.cases)

    @cached_property
    def by_columns(self) -> Settled:
        taking = Taking(self.bureau, frozenset(POOLS), skip_unserved=False)
        contracts = contracts_table(self.bureau).combine_chunks().to_batches()[0]
        given = {"settled": _settled(self.claims), "cases": _cases(self.cases), "contracts": contracts}
        taken = {name: taking.take(name, batch, _File(), 0, ()) for name, batch in given.items()}
        assert not any(one.refusals.num_rows for one in taken.values())
        return settle_contracts(
            self.bureau, taking.sums, taking.crossing, *(pa.Table.from_batches([one.rows]) for one in taken.values())
        )


def _settled(claims: list[Claim]) -> pa.RecordBatch:
    fen = {
        "medfee_sumamt": [one.medfee for one in claims],
        "inscp_scp_amt": [one.scope for one in claims],
        "fund_pay_sumamt": [one.fund_all for one in claims],
        "psn_part_amt": [one.person for one in claims],
        "acct_pay": [0 for one in claims],
        "acct_mulaid_pay": [0 for one in claims],
        "psn_cash_pay": [one.person for one in claims],
        "hifp_pay": [one.funds - one.funds // 3 for one in claims],
        "hifmi_pay": [one.funds // 3 for one in claims],
    }
    texts = {name: [getattr(one, name) for one in claims] for name in _TEXTS}
    days = [f"2022-{one.month:02d}-15" for one in claims]
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns |= {"setl_time": pa.array(days), "benefit_date": pa.array(days)}
    columns |= {name: decimals(pa.array(values, pa.int64()).to_numpy()) for name, values in fen.items()}
    names = [column.name for column in settled_columns(("hifp_pay", "hifmi_pay"), with_divisions=True)]
    return pa.RecordBatch.from_arrays([columns[name] for name in names], names)


def _cases(cases: list[Case]) -> pa.RecordBatch:
    names = [column.name for column in CASES]
    columns = {name: [getattr(one, name) for one in cases] for name in names}
    columns["points"] = ["" if each < 0 else f"{each // 10_000}.{each % 10_000:04d}" for each in columns["points"]]
    return pa.RecordBatch.from_arrays(
        [pa.array(columns[name], pa.int64() if name == "days" else pa.string()) for name in names], names
    )


def table_of(file: Path, rows: list[dict[str, str]]) -> Path:
    """Write a CSV file; nothing where there are no rows."""
    if rows:
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return file


def world(seed: int, claims: int, folder: Path) -> World:
    """A made-up year: random terms of every way, random contracts of them, claims that have a case or lack one."""
    maker = _Maker(random.Random(seed), folder)
    maker.terms()
    maker.contracts()
    return maker.year(claims)


class _Maker:
    def __init__(self, dice: random.Random, folder: Path) -> None:
        self.dice, self.folder = dice, folder
        self.more = random.Random(dice.getrandbits(32))
        self.ways: dict[str, str] = {}
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.of: list[dict[str, str]] = []
        self.shared: dict[tuple[str, ...], str] = {}
        self.worthless: set[str] = set()
        self.budgeted: set[str] = set()
        self.withheld: set[str] = set()

    def _yuan(self, most: int) -> str:
        fen = self.dice.randrange(1, most * 100)
        return f"{fen // 100}.{fen % 100:02d}"

    def terms(self) -> None:
        """``terms.toml``: one or two terms of each way; now and then a parameter is not there."""
        dice, parts = self.dice, [HEAD, '[[kinds]]\nclr_type = "90"\nmed_types = []\nsource = "X"\n']
        for number in range(dice.randrange(10, 16)):
            way = ("01", "02", "03", "04", "unit", "06", "05", "06")[number % 8]
            name = f"t{number}"
            self.ways[name] = way
            self.worthless |= {name} if dice.random() < 0.4 else set()
            more = self._shares(name)
            lines = ["[[terms]]", f'id = "{name}"', f'way = "{way}"', f'title = "{way}"', 'source = "X"']
            own = {
                "05": self._points,
                "06": self._points,
                "02": self._disease,
                "03": self._bed_days,
                "04": self._heads,
                "unit": self._units,
            }.get(way, list)()
            parts.append("\n".join([*lines, *more, *(own if dice.random() > 0.1 else own[1:]), ""]))
        for name in ("sum", "sum-alone"):
            self.ways[name] = "07"
            lines = ["[[terms]]", f'id = "{name}"', 'way = "07"', 'title = "07"', 'source = "X"', *self._shares(name)]
            own = f'others = "{self.more.choice(("item", "item", "nothing"))}"'
            parts.append("\n".join([*lines, own if self.more.random() > 0.05 else "", ""]))
        for name in ("patients", "both"):
            self.ways[name] = "special"
            lines = ["[[terms]]", f'id = "{name}"', 'way = "special"', 'title = "special"', 'source = "X"']
            share = self.more.randrange(200, 9_801)
            payers = f'{{ payer = "a", percent = "{share / 100:.2f}" }}, {{ payer = "b", percent = "{100 - share / 100:.2f}" }}'
            own = [
                f'{{ of = "{of}", payers = [{payers}] }}'
                for of in (("person",) if name == "patients" else ("funds", "person"))
            ]
            parts.append("\n".join([*lines, f"parts = [{', '.join(own)}]" if self.more.random() > 0.1 else "", ""]))
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "terms.toml").write_text("\n".join(parts), encoding="utf-8")

    def _shares(self, name: str) -> list[str]:
        """Shares of what is left or overrun, and a deposit, of half of the terms each."""
        dice, lines = self.dice, []
        if dice.random() < 0.5:
            self.budgeted.add(name)
            for key in ("surplus", "overrun"):
                bounds = sorted(dice.sample(range(2, 60), dice.randrange(3)))
                bands = [f"{{ to_percent = {one}, percent = {dice.randrange(2, 101)} }}" for one in bounds]
                bands.append(f"{{ percent = {dice.choice((0, dice.randrange(2, 101)))} }}")
                most = f", at_most_percent = {dice.randrange(2, 40)}" if dice.random() < 0.5 else ""
                by = dice.choice(("slice", "whole"))
                lines.append(f'{key} = {{ by = "{by}"{most}, bands = [{", ".join(bands)}] }}')
        if dice.random() < 0.5:
            self.withheld.add(name)
            rest = dice.choice(("fund", "high-scorers", "high-scorers"))
            grades = sorted(dice.sample(range(10, 101), 2), reverse=True)
            back = [f"{{ from_percent = {one}, returned_percent = {dice.randrange(2, 101)} }}" for one in (*grades, 0)]
            how = (
                f'by = "score", bands = [{", ".join(back)}]',
                'by = "index", low_percent = 98, high_percent = 102, least_percent = 60',
            )
            lines.append(f'deposit = {{ percent = 5, rest = "{rest}", {dice.choice(how)} }}')
        return lines

    def _disease(self) -> list[str]:
        if self.dice.random() < 0.5:
            return ['fund = "less-person"']
        return ['fund = "share"', f"percent = {self.dice.randrange(2, 101)}"]

    def _bed_days(self) -> list[str]:
        rates = []
        for level in ("A", "B"):
            for first in sorted({1, *self.dice.sample(range(2, 40), self.dice.randrange(3))}):
                rates.append(f'{{ level = "{level}", from_day = {first}, yuan = "{self._yuan(800)}" }}')
        return [f"rates = [{', '.join(rates)}]"]

    def _heads(self) -> list[str]:
        months = sorted({"2022-01", *(f"2022-{self.dice.randrange(2, 13):02d}" for _ in range(2))})
        rates = ", ".join(f'{{ from = "{month}", yuan = "{self._yuan(60)}" }}' for month in months)
        bands = ", ".join(
            f'{{ band = "{name}", factor = "{self.dice.randrange(1, 30000) / 10000:.4f}" }}' for name in "ab"
        )
        return [f"per_head = [{rates}]", f"bands = [{bands}]"]

    def _points(self) -> list[str]:
        dice, lines = self.dice, []
        factors = dice.choice(([], ["place"], ["place", "level"]))
        lines.append(f"factors = {factors}".replace("'", '"'))
        method = dice.choice(("points", "points", "rate"))
        lines += [f'method = "{method}"', f"factor_decimals = {dice.randrange(5)}", f"decimals = {dice.randrange(7)}"]
        if method == "rate":
            lines.append(f'rate_yuan = "{self._yuan(20000)}"')
        else:
            lines.append(
                f'value = {{ from = "{dice.choice(("budget", "budget", "ratio"))}", decimals = {dice.randrange(7)} }}'
            )
        lines.append(f'deduct = "{dice.choice(("nothing", "nothing", "others"))}"')
        at, share = dice.choice(("true", "false")), f"share_percent = {dice.randrange(2, 101)}"
        low, high = dice.choice((40, 50, 100)), dice.choice((100, 200, 250, 300))
        lows = f'{{ percent = {low}, at = {at}, factor = "{dice.choice(("multiply", "drop"))}" }}'
        highs = f'{{ percent = {high}, at = {at}, {share}, factor = "{dice.choice(("multiply", "replace", "drop"))}" }}'
        lines += [f"low = {dice.choice((lows, lows, NONE))}", f"high = {dice.choice((highs, highs, NONE))}"]
        if dice.random() < 0.5:
            lines.append(f"extreme = {{ percent = {dice.choice((300, 500))}, at = {at} }}")
        forms = (
            f'{{ flag = "part", form = "percent", percent = {dice.randrange(2, 101)}, factor = {at} }}',
            f'{{ flag = "blank", form = "by-cost", percent = {dice.randrange(2, 101)}, factor = {at} }}',
            f'{{ flag = "beds", form = "bed-days", factor = {at} }}',
            '{ flag = "cost", form = "cost" }',
        )
        return [*lines, f"special = [{', '.join(dice.sample(forms, dice.randrange(2, 5)))}]"]

    def _units(self) -> list[str]:
        units = ", ".join(f'{{ unit = "{name}", yuan = "{self._yuan(500)}" }}' for name in "uv")
        return [f"units = [{units}]"]

    def contracts(self) -> None:
        """``contracts.csv`` and what belongs to it."""
        dice = self.dice
        names = [
            (f"H{number}", pool, scheme, kind)
            for number in range(dice.randrange(3, 9))
            for pool in POOLS
            for scheme in ("310", "390")
            for kind in ("11", "21")
            if dice.random() < 0.7
        ]
        for name in names:
            whole = (
                [("2022-01", "2022-12")] if dice.random() < 0.6 else [("2022-01", "2022-05"), ("2022-07", "2022-12")]
            )
            kind = self.pool_terms(name[1:]) if dice.random() < 0.7 else None
            for begin, end in whole:
                row = dict(zip(NAME, name, strict=True)) | {"begin_month": begin, "end_month": end}
                terms = kind or dice.choice(list(self.ways))
                terms = "sum" if self.more.random() < (0.6 if name[1:3] == (POOLS[0], "390") else 0.05) else terms
                budget = self._yuan(2_000_000) if (terms in self.budgeted) != (dice.random() < 0.03) else ""
                self.of.append(row | {"terms": terms, "budget": budget, **self._factors(), **self._member(terms)})
        takers = {
            (row["fixmedins_code"], row["insutype"]): number for number, row in reversed(list(enumerate(self.of)))
        }
        for number, row in enumerate(self.of):
            row["procurement"] = "01"[number in takers.values() and number % 3 > 0]
        self.rows["contracts.csv"] = [*self.of, *self._apart()]
        self.rows["groups.csv"] = [
            self._group(name, group)
            for name, way in self.ways.items()
            if way in ("02", "05", "06")
            for group in ("D1", "D2", "D3")
            if dice.random() < 0.9
        ]
        self.rows["budgets.csv"] = [
            {"pool": pool, "insutype": scheme, "clr_type": kind, "budget": dice.choice(("0", self._yuan(9_000_000)))}
            | {"reserve": self._yuan(900), "outside": dice.choice(("0", self._yuan(900)))}
            for pool in POOLS
            for scheme in ("310", "390")
            for kind in ("11", "21")
            if dice.random() < 0.85
        ]
        self.rows["alliances.csv"] = [
            {
                "alliance": name,
                "pool": pool,
                "insutype": scheme,
                "kinds": "21" if self.more.random() < 0.1 else self.more.choice(("11 21", "21 11")),
            }
            | {"divisions": divisions, "amount": f"{self.more.randrange(9_000_000)}.05", "document": "made up"}
            for pool in POOLS
            for scheme in ("310", "390")
            for name, divisions in (("A", " ".join(DIVISIONS[:2])), ("B", DIVISIONS[2]))
            if self.more.random() < 0.9
        ]
        scored = {tuple(row[name] for name in NAME): row["terms"] in self.withheld for row in self.of}
        self.rows["assessments.csv"] = [
            dict(zip(NAME, name, strict=True)) | {"score": str(dice.randrange(40, 101)), "full_score": "100"}
            for name, is_withheld in scored.items()
            if is_withheld or dice.random() < 0.5
        ]
        for row in self.rows["budgets.csv"]:
            row["budget"] = row["budget"] if dice.random() < 0.9 else "900.00"
        for file, least in (("advances.csv", 6), ("audits.csv", 2)):
            self.rows[file] = [self._paid(row, file) for row in self.of for _ in range(dice.randrange(least))]
        self.rows["quantities.csv"] = [
            self._counted(row, what, way)
            for row in self.of
            for way, kinds in (("04", "ab"), ("unit", "uv"))
            if self.ways[row["terms"]] == way and dice.random() < 0.9
            for what in kinds
        ]
        for file, rows in self.rows.items():
            table_of(self.folder / file, rows)

    def pool_terms(self, pool: tuple[str, ...]) -> str:
        """The terms of points that most contracts of a pool have."""
        own = [name for name, way in self.ways.items() if way in ("05", "06")]
        return self.shared.setdefault(pool, self.dice.choice(own))

    def _apart(self) -> list[dict[str, str]]:
        """Contracts of claims that are listed one by one."""
        nothing = {"budget": "", "procurement": "", **self._factors(), "alliance": "", "weight": ""}
        return [
            dict(zip(NAME, (f"H{number}", pool, scheme, "90"), strict=True))
            | {"begin_month": "2022-01", "end_month": self.more.choice(("2022-06", "2022-12"))}
            | {"terms": self.more.choice(("patients", "both")), **nothing}
            for number in range(4)
            for pool in POOLS
            for scheme in ("310", "390")
            if self.more.random() < 0.8
        ]

    def _member(self, terms: str) -> dict[str, str]:
        """Of which alliance a contract is, and its weight there."""
        dice = self.more
        if (self.ways[terms] == "07") == (dice.random() < 0.01):
            return {"alliance": "", "weight": ""}
        some = f"{dice.randrange(1, 30000) / 10000:.4f}"
        weight = dice.choice(("0", "1", some, some, some)) if dice.random() > 0.02 else ""
        return {"alliance": dice.choice("AAAAB"), "weight": weight}

    def _factors(self) -> dict[str, str]:
        return {f"factor_{name}": f"{self.dice.randrange(5000, 15000) / 10000:.4f}" for name in ("place", "level")}

    def _group(self, terms: str, group: str) -> dict[str, str]:
        dice = self.dice
        points = (
            0
            if terms in self.worthless
            else dice.choice((0, dice.randrange(1, 5_000_000), dice.randrange(1, 5_000_000)))
        )
        mean = dice.choice(("1000.00", self._yuan(30000))) if dice.random() < 0.9 else ""
        return {
            "terms": terms,
            "group": group,
            "standard": self._yuan(20000),
            "points": f"{points // 10_000}.{points % 10_000:04d}",
            "mean": mean,
        }

    def _month(self, row: dict[str, str]) -> str:
        first, last = (int(row[name][5:]) for name in ("begin_month", "end_month"))
        return f"2022-{self.dice.randrange(first, last + 1):02d}"

    def _paid(self, row: dict[str, str], file: str) -> dict[str, str]:
        own = {name: row[name] for name in NAME} | {"month": self._month(row), "amount": self._yuan(900)}
        deposit = {"deposit": self._yuan(200) if row["terms"] in self.withheld else ""}
        return own | ({"document": "made up"} if file == "audits.csv" else deposit)

    def _counted(self, row: dict[str, str], what: str, way: str) -> dict[str, str]:
        own = {name: row[name] for name in NAME} | {"month": self._month(row), "what": what}
        return own | {"number": str(self.dice.randrange(0, 5000 if way == "04" else 300))}

    def year(self, count: int) -> World:
        """Claims, most of them of a contract, and their cases."""
        dice = self.dice
        claims, cases = [], []
        for number in range(count):
            row = dice.choice(self.of)
            medfee = dice.choice((0, 1, dice.choice(BOUNDS), dice.randrange(1, 5_000_000)))
            fund_all = dice.randrange(medfee + 1)
            claim = Claim(
                setl_id=f"S{number}",
                pool=row["pool"],
                insutype=row["insutype"],
                med_type=dice.choice(("11", "14") if row["clr_type"] == "11" else ("21", "52"))
                if dice.random() > 0.01
                else "99",
                fixmedins_code=row["fixmedins_code"] if dice.random() > 0.01 else "H99",
                month=dice.randrange(1, 13),
                medfee=medfee,
                fund_all=fund_all,
                funds=dice.randrange(fund_all + 1),
                person=medfee - fund_all,
                scope=dice.randrange(medfee // 2, medfee + 1),
                insu_admdvs=dice.choice(DIVISIONS),
            )
            claims += [claim] * (1 if dice.random() > 0.01 else 2)
            way = self.ways[row["terms"]]
            if way in ("02", "03", "05", "06") or dice.random() < 0.02:
                cases += [self._case(claim, row["terms"]) for _ in range(dice.choices((0, 1, 2), (2, 95, 3))[0])]
        listed = {(one.setl_id, one.pool, one.insutype) for one in claims if self.more.random() < 0.05}
        rows = [dict(zip(("setl_id", "pool", "insutype"), one, strict=True)) for one in sorted(listed)]
        table_of(self.folder / "specials.csv", [one | {"clr_type": "90", "document": "made up"} for one in rows])
        return World(self.folder, claims, cases)

    def _case(self, claim: Claim, terms: str) -> Case:
        dice, way = self.dice, self.ways[terms]
        group = dice.choice(("A", "B") if way == "03" else ("D1", "D2", "D3"))
        return Case(
            claim.setl_id,
            claim.pool,
            claim.insutype,
            group if dice.random() > 0.03 else dice.choice(("", "none")),
            dice.choice((0, 1, 10, 40)),
            dice.choice(("part", "blank", "beds", "cost", "what"))
            if way in ("05", "06") and dice.random() < 0.2
            else "",
            dice.randrange(5_000_000) if dice.random() < 0.1 and terms not in self.worthless else -1,
        )
