"""Accumulators are what the settled rows add up to: `qingsuan verify` counts them again and names the account that is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from qingsuan.benefits.settlement import TABLES, Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.plugins import Installed
from qingsuan.run.folder import RunFolder
from qingsuan.run.inputs import open_sources
from qingsuan.run.model import Inputs, Options
from qingsuan.run.opening import open_opening
from qingsuan.run.settle import settle
from qingsuan.verify import finished as verifying
from qingsuan.verify.finished import verify
from quarterly import QUARTERLY, year
from sealing import add_fen, change, found
from settling import install, only, read, run, write
from settling import settle as settle_made_up
from world_tables import claims_table, identities_table, insured_table
from worlds import World, world

Change = Callable[[list[dict[str, Any]]], Any]
CUT = "2022-06-30"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up year in two halves, the second going on with the first's accounts."""
    folder = tmp_path_factory.mktemp("accounts")
    install(folder / "site", rules=QUARTERLY)
    with pytest.MonkeyPatch.context() as patch:
        only(folder / "site", patch)
        rows, people = year()
        known = write(folder / "i.parquet", people)
        halves = {"first": lambda day: day <= CUT, "second": lambda day: day > CUT}
        more: tuple[object, ...] = ("--accumulators",)
        for name, inside in halves.items():
            claims = write(folder / f"{name}.parquet", [row for row in rows if inside(str(row["begndate"]))])
            ran = settle_made_up(claims, known, folder / name / "out", "--partitions", 3, *more)
            assert ran.status == 0, ran.err
            more = ("--opening", folder / name / "out")
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "copy")
    only(tmp_path / "copy" / "site", monkeypatch)
    return tmp_path / "copy"


def part(out: Path) -> str:
    """The first part that holds accounts of several people."""
    for path in sorted((out / "accumulators").iterdir()):
        if len(set(pq.read_table(path).column("psn_no").to_pylist())) > 2:
            return f"accumulators/{path.name}"
    raise AssertionError(out)


def edited(how: Change) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        rows = table.to_pylist()
        how(rows)
        return pa.Table.from_pylist(rows, table.schema)

    return changed


def place(rows: list[dict[str, Any]], group: str | None) -> int:
    return next(number for number, row in enumerate(rows) if row["group"] == group)


def more(group: str | None, column: str, by: Any) -> Change:
    def change_it(rows: list[dict[str, Any]]) -> None:
        rows[place(rows, group)][column] += by

    return change_it


def told(out: Path, *inputs: object) -> list[dict[str, Any]]:
    return found(out, *(part for one in inputs for part in ("--inputs", one)))


def opening_of(copy: Path) -> tuple[Path, ...]:
    return copy / "second.parquet", copy / "i.parquet", copy / "first" / "out"


# ---- whole


def test_what_a_run_counted_is_counted_again(made: Path, copy: Path) -> None:
    ran = run("verify", copy / "first" / "out", "--json")
    assert (ran.status, json.loads(ran.out)["notes"]) == (0, [])
    accounts = sum(row["group"] is None for row in read(copy / "first" / "out", "accumulators"))
    assert json.loads(ran.out)["accounts"] == accounts > 12
    assert f"{accounts} accounts" in run("verify", copy / "first" / "out").out
    assert told(copy / "second" / "out", *opening_of(copy)) == []


def test_without_what_was_brought_along_only_too_little_is_found(copy: Path) -> None:
    out = copy / "second" / "out"
    ran = run("verify", out)
    assert (ran.status, "note: accumulators are counted again without those" in ran.out) == (0, True)
    change(out, part(out), edited(more("stay", "paid", Decimal("0.01"))))
    assert not [one for one in told(out) if one["file"].startswith("accumulators")]
    (finding,) = [one for one in told(out, *opening_of(copy)) if one["file"].startswith("accumulators")]
    assert finding["check"] == "paid is what settled rows add up to"
    change(out, part(out), edited(lambda rows: rows[place(rows, "stay")].update(paid=Decimal("0.00"))))
    (finding,) = [one for one in told(out) if one["file"].startswith("accumulators")]
    assert finding["expected"].startswith("at least ")


# ---- one thing off

CENT, MUCH = Decimal("0.01"), Decimal(10**12)
EXACT = [("stay", "visits", 1, ""), *(("stay", name, CENT, "") for name in ("base", "excess", "paid"))]
BOUNDED = [
    ("third", "deductible_used", MUCH, "from "),
    ("moon", "base", MUCH, "from "),
    ("third", "paid", CENT, "0.00"),
]


@pytest.mark.parametrize(("group", "column", "by", "words"), [*EXACT, *BOUNDED])
def test_a_counter_that_is_off_is_named_with_its_account(
    copy: Path, group: str, column: str, by: Any, words: str
) -> None:
    out = copy / "first" / "out"
    name = part(out)
    before = pq.read_table(out / name).to_pylist()
    row = place(before, group)
    for sign in (1, -1):
        if before[row][column] + sign * by < 0:
            continue
        change(out, name, edited(more(group, column, sign * by)))
        (finding,) = [one for one in told(out) if one["file"] == name and one["row"]]
        assert (finding["row"], finding["check"]) == (row + 1, f"{column} is what settled rows add up to")
        who = f"psn_no {before[row]['psn_no']}, pool 990100, scheme {before[row]['insutype']}, group {group}: "
        assert finding["found"] == f"{who}{before[row][column] + sign * by}"
        assert finding["expected"].startswith(words or str(before[row][column]))
        assert finding["do"]
        change(out, name, edited(more(group, column, -sign * by)))
    assert not [one for one in told(out) if one["file"] == name and one["row"]]


def earlier(rows: list[dict[str, Any]]) -> None:
    """Say that the first account was settled until an earlier day of its month, without what it counted on the day itself."""
    first = rows[place(rows, None)]
    first["settled_until"] = date(2022, 6, 1)
    own = [
        row
        for row in rows
        if row["group"] == "today" and all(row[key] == first[key] for key in ("psn_no", "insutype", "pool"))
    ]
    for row in own:
        rows.remove(row)


OFF: dict[str, tuple[Change, str]] = {
    "balance": (more(None, "balc", CENT), "balc is that after the last settled row"),
    "day": (
        earlier,
        "settled_until is the last day that was settled",
    ),
    "group gone": (lambda rows: rows.pop(place(rows, "stay")), "visits is what settled rows add up to"),
    "account twice": (lambda rows: rows.append(rows[place(rows, None)]), "it can be trusted"),
    "no amount": (lambda rows: rows[place(rows, None)].update(balc=None), "it can be trusted"),
}


@pytest.mark.parametrize("name", OFF)
def test_an_account_that_is_off_is_named(copy: Path, name: str) -> None:
    out = copy / "first" / "out"
    how, check = OFF[name]
    change(out, part(out), edited(how))
    assert check in {one["check"] for one in told(out) if one["file"].startswith("accumulators")}


def test_an_account_that_is_gone(copy: Path) -> None:
    out = copy / "first" / "out"
    rows = pq.read_table(out / part(out)).to_pylist()
    gone = (rows[0]["psn_no"], rows[0]["insutype"])

    def drop(rows: list[dict[str, Any]]) -> None:
        rows[:] = [row for row in rows if (row["psn_no"], row["insutype"]) != gone]

    change(out, part(out), edited(drop))
    (finding,) = [one for one in told(out) if one["check"] == "every account is there"]
    assert finding["found"] == f"psn_no {gone[0]}, pool 990100, scheme {gone[1]}: no row"


@pytest.mark.parametrize("half", ["first", "second"])
def test_an_account_without_settled_rows_is_found(copy: Path, half: str) -> None:
    out = copy / half / "out"
    change(out, part(out), edited(lambda rows: rows.append({**rows[0], "psn_no": "nobody"})))
    inputs = opening_of(copy) if half == "second" else ()
    check = "every account has settled rows, or was brought along"
    (finding,) = [one for one in told(out, *inputs) if one["check"] == check]
    assert finding["found"].startswith("psn_no nobody, pool 990100, scheme ")


def test_balances_go_on_from_row_to_row(copy: Path) -> None:
    out = copy / "first" / "out"
    name = part(out).replace("accumulators", "settled")
    rows = pq.read_table(out / name).to_pylist()
    keys = [(row["psn_no"], row["insutype"]) for row in rows]
    row = next(n for n in range(1, len(rows) - 1) if keys[n - 1] == keys[n] == keys[n + 1])
    change(out, name, add_fen("balc", 100, row))
    finding = next(one for one in told(out) if one["check"] == "balc = the balance before − acct_pay")
    assert (finding["file"], finding["row"]) == (name, row + 1)


def test_a_rule_that_nobody_has(copy: Path) -> None:
    out = copy / "first" / "out"
    name = part(out).replace("accumulators", "settled")
    for column, value in (("rule_id", "990100/390/2021-02-01:other"), ("variant", "0" * 12)):
        before = pq.read_table(out / name).column(column)[0].as_py()
        change(out, name, edited(lambda rows, column=column, value=value: rows[0].update({column: value})))  # type: ignore[misc]
        check = "rule_id and variant name a variant of the run's rules"
        (finding,) = [one for one in told(out) if one["check"] == check]
        assert (finding["file"], finding["row"], value in finding["found"]) == (name, 1, True)
        change(out, name, edited(lambda rows, column=column, value=before: rows[0].update({column: value})))  # type: ignore[misc]
    assert not [one for one in told(out) if one["file"] == name]


@pytest.mark.parametrize(
    ("column", "value", "check", "words"),
    [
        ("insu_admdvs", "990202", "pool is that of insu_admdvs", "pool 990100, insu_admdvs 990202"),
        (
            "benefit_date",
            date(2022, 3, 31),
            "benefit_date is the day of setl_time, where the rule set decides by that",
            "benefit_date 2022-03-31, setl_time ",
        ),
    ],
)
def test_what_decided_a_row_is_held_against_the_rest_of_it(
    copy: Path, column: str, value: object, check: str, words: str
) -> None:
    out = copy / "first" / "out"
    name = part(out).replace("accumulators", "settled")
    rows = pq.read_table(out / name).to_pylist()
    row = next(number for number, one in enumerate(rows) if one["setl_time"].date() != value)
    change(out, name, edited(lambda rows: rows[row].update({column: value})))
    (finding,) = [one for one in told(out) if one["check"] == check]
    assert (finding["file"], finding["row"]) == (name, row + 1)
    assert finding["found"].startswith(words)


def test_the_day_that_decides_need_not_be_that_of_settlement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rules that decide by another day, ``settled_until`` and counters by quarter are told exactly, too."""
    rules = QUARTERLY.replace('benefit_date = "setl_time"', 'benefit_date = "begndate"')
    rules = rules.replace('today = "day"', 'today = "month"')  # what is counted by the day could not be that of another
    install(tmp_path / "site", rules=rules)
    only(tmp_path / "site", monkeypatch)
    rows, people = year()
    for row in rows:
        row["setl_time"] = f"{row['enddate']} 23:00:00".replace("2022", "2023")
    claims, known = write(tmp_path / "c.parquet", rows), write(tmp_path / "i.parquet", people)
    out = tmp_path / "out"
    assert settle_made_up(claims, known, out, "--partitions", 2, "--accumulators").status == 0
    settled = read(out, "settled")
    assert [one["benefit_date"].year for one in settled] == [2022] * len(settled)
    assert told(out) == []
    name = part(out)
    for group, column, by in ((None, "settled_until", timedelta(days=-1)), ("third", "deductible_used", MUCH)):
        change(out, name, edited(more(group, column, by)))
        (finding,) = [one for one in told(out) if one["file"] == name and one["row"]]
        assert column in finding["check"]
        change(out, name, edited(more(group, column, -by)))


def test_a_day_of_another_year_cannot_be_counted(copy: Path) -> None:
    out = copy / "first" / "out"
    name = part(out).replace("accumulators", "settled")
    change(out, name, edited(lambda rows: rows[2].update(benefit_date=date(2021, 12, 31))))
    findings = {(one["file"], one["check"]): one for one in told(out)}
    assert findings[name, "benefit_date lies in 2022"]["row"] == 3
    assert "benefit_date" in findings[part(out), "it can be counted again"]["found"]


def test_an_opening_of_another_run(copy: Path) -> None:
    """Files of the right name and other digests are not taken for what was brought along."""
    first = copy / "first" / "out"
    change(first, part(first), edited(more("stay", "paid", CENT)))
    findings = told(copy / "second" / "out", *opening_of(copy))
    assert {one["file"] for one in findings} == {f"opening: {part(first).removeprefix('accumulators/')}"}


# ---- without the rules


def test_with_other_rules_accumulators_are_not_counted_and_it_says_so(copy: Path) -> None:
    rules = copy / "site" / "qingsuan_settling" / "rules" / "a.toml"
    text = rules.read_text("utf-8")
    rules.write_text(text.replace("yuan = 20000", "yuan = 30000"), "utf-8")
    ran = run("verify", copy / "first" / "out")
    assert (ran.status, "have other rules than the run" in ran.out) == (0, True)
    rules.write_text(text.replace("yuan = 20000", "yuan = twenty"), "utf-8")
    ran = run("verify", copy / "first" / "out", "--json")
    assert (ran.status, "accumulators are not counted again" in json.loads(ran.out)["notes"][0]) == (0, True)


# ---- random rules


class Halves:
    """A random world settled in two parts of the year."""

    def __init__(self, made: World, folder: Path) -> None:
        self.made, self.folder = made, folder
        claims = claims_table(made)
        cut = pa.scalar(datetime(made.year, 7, 1), pa.timestamp("us"))  # noqa: DTZ001
        late = pc.greater_equal(claims.column("setl_time"), cut)
        tables = {"early/c": claims.filter(pc.invert(late)), "late/c": claims.filter(late)}
        tables.update({"people/insured": insured_table(made), "people/identities": identities_table(made)})
        for name, table in tables.items():
            (folder / name).parent.mkdir(exist_ok=True)
            pq.write_table(table, folder / f"{name}.parquet")

    def setup(self) -> Setup:
        return self.made.setup(accumulators=True)

    def settle(self, half: str, partitions: int, before: Path | None) -> Path:
        inputs = Inputs(
            {
                "claims": open_sources([self.folder / half], "claims"),
                "insured": open_sources([self.folder / "people" / "insured.parquet"], "insured"),
                "identities": open_sources([self.folder / "people" / "identities.parquet"], "identities"),
                "opening": () if before is None else open_opening(before, self.made.year, "utf8"),
            }
        )
        out = self.folder / f"out-{half}"
        settle(Benefits(self.setup()), inputs, RunFolder(out, TABLES), Options(2, 256 << 20, partitions), Installed(()))
        return out


def carried(made: World) -> World:
    """A world whose accounts can be carried: no group is kept apart by a key, and every year is that of the calendar."""
    return replace(made, rule_sets=tuple(replace(one, group_keys={}, year_begins=(1, 1)) for one in made.rule_sets))


@pytest.mark.parametrize("seed", [1])
def test_under_random_rules_nothing_is_found_that_is_not_off(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    halves = Halves(carried(world(seed, 40, 500)), tmp_path)
    monkeypatch.setattr(verifying, "rules_of", lambda _: halves.setup())
    early = halves.settle("early", 2, None)
    late = halves.settle("late", 3, early)
    for out, places in (
        (early, []),
        (late, []),
        (early, [tmp_path / "early", tmp_path / "people"]),
        (late, [tmp_path / "late", tmp_path / "people", early]),
    ):
        verified = verify(out, inputs=places)
        off = [str(one) for one in verified.findings.told if "setl_id" not in one.check]  # worlds repeat ids on purpose
        assert off == []
        assert verified.accounts > 10
