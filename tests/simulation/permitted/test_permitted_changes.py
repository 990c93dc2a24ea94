"""From a gap to permitted changes: which numbers a pool may change, and that each closes the gap by itself, as the slow twin settles it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow.parquet as pq
import pytest

from authorised_region import AUTHORITY, RULES, region_of
from differential import of_world
from gap_rules import GAP_RULE
from qingsuan.benefits.reference.rows import Claim, Identity, Insured, Places
from qingsuan.benefits.reference.twin import settle_year
from qingsuan.benefits.setup import Setup
from qingsuan.errors import PolicyError, UsageError
from qingsuan.plugins import Installed, Plugin
from qingsuan.policy.model import RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.run.inputs import find_files, open_files
from qingsuan.run.model import Inputs, Options, Progress
from qingsuan.run.prepare import prepare
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.simulation.changing.asked import Change, Place
from qingsuan.simulation.opened import Means, OpenedYear, open_year
from qingsuan.simulation.permitted.closing import close_gap
from qingsuan.simulation.permitted.finding import Found, find_permitted
from qingsuan.simulation.permitted.gaps import FundGap, gaps_of_books, read_gap
from qingsuan.simulation.permitted.numbers import PermittedNumber
from qingsuan.simulation.permitted.told import tables_of
from settling import declared, install, only, run
from world_tables import claims_table, identities_table, insured_table
from worlds import World

WITHOUT_EQUAL_TILTS = "".join(part for part in AUTHORITY.partition("[[equal_tilts]]")[::2]).replace(
    AUTHORITY.partition("[[equal_tilts]]")[2].partition("[sources.P1]")[0], ""
)
HOSPITAL, OUTPATIENT = "21", "11"


def people_of(random: Random) -> tuple[list[Claim], list[Insured], list[Identity]]:
    """Made-up people of both schemes in one county, some retired, some poor, with a few claims each in 2022."""
    claims, insured, identities = [], [], []
    for number in range(60):
        psn_no, scheme = f"p{number:03d}", ("310", "390")[number % 2]
        psn_type = random.choice(("1101", "1201")) if scheme == "310" else "1501"
        insured.append(Insured(psn_no, scheme, "990101", psn_type, dt.date(2021, 1, 1)))
        if number % 5 == 0:
            identities.append(Identity(psn_no, "2303", dt.date(2021, 1, 1), None))
        for visit in range(random.choice((1, 2, 3))):
            day = dt.date(2022, 1, 1) + dt.timedelta(days=random.randrange(350))
            fen = random.choice((random.randrange(1, 200_000), random.randrange(100_000, 9_000_000)))
            care = random.choice((HOSPITAL, OUTPATIENT))
            settled = dt.datetime.combine(day, dt.time(9, visit))
            claims.append(
                Claim(
                    f"s{number:03d}-{visit}", psn_no, scheme, care, "990101", day, settled, fen, 0, 0, 0, fen,
                    enddate=day, dedc_hosp_lv=random.choice(("1", "3")),
                )
            )  # fmt: skip
    return claims, insured, identities


def opened(folder: Path, rules: str = RULES, authority: str | None = AUTHORITY) -> tuple[OpenedYear, World]:
    """A made-up year, prepared and opened, and the same year for the twin."""
    folder.mkdir()
    region = region_of(folder, rules, authority)
    rule_sets = read_rule_sets(region)
    made = World(0, (region,), rule_sets, *people_of(Random(7)), year=2022)
    tables = {"claims": claims_table(made), "insured": insured_table(made), "identities": identities_table(made)}
    inputs = {}
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
        inputs[name] = open_files(find_files([str(folder / f"{name}.parquet")], name), "utf8")
    installed = Installed((Plugin("made-up", "made-up", "1", region),))
    prepare(of_world(made), Inputs(inputs), folder / "year", Options(partitions=2), installed)
    setup = Setup((region,), rule_sets, 2022, True)
    means = Means(2, 1 << 30, folder / "scratch", Progress())
    return open_year(PreparedYear.open(folder / "year"), setup, installed, means), made


def paid_by_twin(made: World, rule_sets: tuple[RuleSet, ...]) -> Counter[tuple[str, str]]:
    """What the slow twin has each fund pay in each scheme."""
    places = Places(made.regions)
    outcome = settle_year(made.claims, made.insured, made.identities, places, rule_sets, made.year)
    found: Counter[tuple[str, str]] = Counter()
    for one in outcome.settled:
        for fund, fen in one.funds.items():
            found[one.claim.insutype, fund] += fen
    return found


def by_path(found: Found, fund: str) -> dict[str, dict[str, object]]:
    rows = [row for row in tables_of(found)["changes"].to_pylist() if row["fund"] == fund]
    return {str(row["path"]).partition(":")[2]: row for row in rows}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> tuple[OpenedYear, World]:
    return opened(tmp_path_factory.mktemp("permitted") / "made", authority=WITHOUT_EQUAL_TILTS)


@pytest.mark.parametrize(
    ("fund", "yuan", "mine"),
    [
        ("resident", 2_000, lambda scheme, fund: (scheme, fund) == ("390", "hifp_pay")),
        ("employee-pool", 30_000, lambda scheme, fund: (scheme, fund) == ("310", "hifp_pay")),
        ("critical-illness", 5_000, lambda _, fund: fund == "hifmi_pay"),
    ],
)
def test_each_value_closes_the_gap_and_its_neighbour_does_not(
    year: tuple[OpenedYear, World], fund: str, yuan: int, mine: Callable[[str, str], bool]
) -> None:
    one, made = year
    rows = by_path(find_permitted(one, [FundGap("990100", fund, yuan * 100)]), fund)
    before = paid_by_twin(made, made.rule_sets)

    def change(path: str, value: Decimal) -> tuple[int, int]:
        place = Place("990100", "310", "2021-01-01", path)
        changed = one.working.with_numbers(one.working.nothing(), [Change(place, (value,))])
        after = paid_by_twin(made, changed.rule_sets)
        moved = {key: after[key] - before[key] for key in {*before, *after}}
        ours = sum(fen for key, fen in moved.items() if mine(*key))
        return ours, sum(moved.values()) - ours

    closing = [(path, row) for path, row in rows.items() if row["outcome"] == "closes"]
    assert closing
    for path, row in closing:
        now, value = Decimal(str(row["now"])), Decimal(str(row["value"]))
        ours, others = change(path, value)
        assert ours == int(Decimal(str(row["fund_change"])) * 100) <= -yuan * 100, path
        assert others == int(Decimal(str(row["others_change"])) * 100), path
        assert int(Decimal(str(row["own_change"])) * 100) == -ours - others, path
        nearer = value - 1 if value > now else value + 1
        assert change(path, nearer)[0] > -yuan * 100, path
    for path, row in rows.items():
        if row["outcome"] == "not alone":
            ours, _ = change(path, Decimal(str(row["value"])))
            assert 0 > ours == int(Decimal(str(row["fund_change"])) * 100) > -yuan * 100, path


def test_only_what_the_list_authorises_is_tried_and_within_its_bounds(year: tuple[OpenedYear, World]) -> None:
    found = find_permitted(year[0], [FundGap("990100", "employee-pool", 10**12)])
    rows = by_path(found, "employee-pool")
    bounds = {path: (row["setting"], row["least"], row["most"]) for path, row in rows.items()}
    hundred, two_thousand, fifty = Decimal(100), Decimal(2000), Decimal(50)
    assert bounds == {
        "inpatient.deductible[1]": ("deductible", hundred, two_thousand),
        "inpatient.deductible[2]": ("deductible", hundred, two_thousand),
        "inpatient.cases[1].bands": ("ratio", None, None),
        "inpatient.cases[2].bands": ("ratio", None, None),
        "critical.deductible": ("deductible", None, None),
        "critical.bands": ("ratio", None, None),
        "critical.caps": ("cap", None, None),
        "outpatient.cases[1].bands": ("ratio", fifty, None),
        "outpatient.cases[2].bands": ("ratio", fifty, None),
    }
    assert rows["outpatient.cases[2].bands"]["value"] == fifty
    assert {row["outcome"] for row in rows.values()} == {"not alone", "no effect"}
    by = str(rows["inpatient.deductible[1]"]["authorised_by"])
    assert ("rules" in by, "stay-deductible" in by) == (True, True)
    assert "示政办发〔2021〕9号 (made up), (四) (grade made-up)" in str(rows["inpatient.deductible[1]"]["documents"])
    why = {str(place).partition(":")[2]: one for place, one in found.left_out}
    tilt = ("critical.cases[1].adjust.deductible_percent", "critical.cases[1].adjust.points")
    assert why == dict.fromkeys(tilt, "refused")


def test_what_has_to_change_together_is_not_tried_alone(tmp_path: Path) -> None:
    """The region wants equal tilts: no ratio of retired people can change by itself, nor one of the others."""
    found = find_permitted(opened(tmp_path / "made")[0], [FundGap("990100", "critical-illness", 100)])
    why = {str(place).partition(":")[2] for place, one in found.left_out if one == "refused"}
    assert {f"{layer}.cases[{case}].bands" for layer in ("inpatient", "outpatient") for case in (1, 2)} <= why
    assert "critical.bands" in by_path(found, "critical-illness")


def test_what_goes_beyond_its_bounds_or_is_not_authorised_is_left_out(tmp_path: Path) -> None:
    beyond = '[[beyond]]\nparameter = "%s"\nwhy = "a trial"\nsource = "C1"\n'
    rules = RULES.replace("percent = [55]", "percent = [45]") + beyond % "outpatient-ratio" + beyond % "cap"
    authority = WITHOUT_EQUAL_TILTS.replace('"deductible", "ratio", "limit", "cap"', '"deductible", "ratio", "limit"')
    found = find_permitted(opened(tmp_path / "made", rules, authority)[0], [FundGap("990100", "critical-illness", 100)])
    why = {str(place).partition(":")[2]: one for place, one in found.left_out}
    assert why["outpatient.cases[2].bands"] == "beyond"
    assert why["critical.caps"] == "not authorised"
    assert "outpatient.cases[1].bands" in by_path(found, "critical-illness")


def test_what_is_authorised_for_some_claims_only_is_left_out(tmp_path: Path) -> None:
    """The list names employees; the numbers hold for residents, too, for whom the file goes beyond it."""
    beyond = "".join(
        f'[[beyond]]\nparameter = "{one}"\nwhy = "a trial"\nsource = "C1"\n' for one in ("deductible", "ratio", "cap")
    )
    settings = 'settings = ["deductible", "ratio", "limit", "cap"]\n'
    authority = WITHOUT_EQUAL_TILTS.replace(settings, f'{settings}when = {{ insutype = ["310"] }}\n')
    found = find_permitted(
        opened(tmp_path / "made", RULES + beyond, authority)[0], [FundGap("990100", "resident", 100)]
    )
    stays = {"inpatient.deductible[1]", "inpatient.deductible[2]"}  # which the list names for everybody
    assert {one.number.place.path for one in found.changes} == stays
    why = {str(place).partition(":")[2]: one for place, one in found.left_out}
    assert {why[path] for path in ("critical.bands", "critical.deductible", "critical.caps")} == {"not authorised"}


# ---- what is lacking


def test_gaps_are_read_as_they_are_written_and_from_the_books() -> None:
    assert read_gap("220100:resident=1500.05") == FundGap("220100", "resident", 150_005)
    assert str(read_gap("220100:resident=1500.05")) == "220100:resident=1500.05"
    rows = [
        {"pool": "220100", "fund": "resident", "open": Decimal("10.05")},
        {"pool": "220100", "fund": "resident", "open": Decimal("0.95")},
        {"pool": "220100", "fund": "long-term-care", "open": Decimal("5.00")},
        {"pool": "220200", "fund": "resident", "open": Decimal("0.00")},
    ]
    assert gaps_of_books(rows) == (FundGap("220100", "resident", 1100),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("220100:resident", "POOL:FUND=YUAN"),
        ("220100:resident=0", "above 0"),
        ("220100:resident=-5", "POOL:FUND=YUAN"),
        ("220100:residents=5", "resident"),
        ("220100:employee-account=5", "one of employee-pool"),
    ],
)
def test_a_gap_that_is_none_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_gap(text)
    assert words in str(raised.value)


def test_pools_that_nobody_serves_and_regions_without_a_list_are_refused(
    year: tuple[OpenedYear, World], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no pool"):
        find_permitted(year[0], [FundGap("110100", "resident", 1)])
    without, _ = opened(tmp_path / "made", authority=None)
    with pytest.raises(PolicyError, match="no authority file"):
        find_permitted(without, [FundGap("990100", "resident", 1)])


# ---- between two bounds


def number(unit: str, now: int, least: int | None = None, most: int | None = None) -> PermittedNumber:
    return PermittedNumber(Place("990100", "390", "", "made.up"), unit, "ratio", now, least, most, (), ())


@pytest.mark.parametrize(
    ("now", "least", "most", "fen", "told"),
    [
        (70_50, None, None, 1_00, ("closes", 69_00)),  # at 70 % it is half of it
        (70_50, None, None, 50, ("closes", 70_00)),
        (70_00, 50_00, None, 30_00, ("not alone", 50_00)),
        (70_00, 50_00, None, 20_00, ("closes", 50_00)),
        (70_00, 70_00, 70_00, 1, ("refused", None)),
        (0, None, 0, 1, ("refused", None)),
        (0, None, None, 1, ("no effect", None)),
        (55_55, 50_55, None, 5_00, ("closes", 50_55)),
        (55_55, 50_55, None, 4_99, ("closes", 50_55)),
        (55_55, 50_55, None, 4_55, ("closes", 51_00)),
    ],
)
def test_the_nearest_whole_percent_that_closes(
    now: int, least: int | None, most: int | None, fen: int, told: tuple[str, int | None]
) -> None:
    found = close_gap(number("percent", now, least, most), fen, lambda value: value - now)
    assert (found.outcome, found.value) == told
    assert found.fen == (0 if told[1] is None else told[1] - now)


def test_what_saves_when_it_rises_is_raised_as_far_as_rules_accept_it() -> None:
    def pays(value: int) -> int | None:
        return None if value > 900_00 else 400_00 - value

    assert close_gap(number("yuan", 400_00), 123_45, pays).value == 524_00
    found = close_gap(number("yuan", 400_00), 600_00, pays)
    assert (found.outcome, found.value, found.fen) == ("not alone", 900_00, -500_00)
    assert close_gap(number("yuan", 400_00, 0, 523_50), 123_45, pays).value == 523_50


# ---- the command


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up year of an installed made-up region, prepared."""
    package = tmp_path / "site" / "qingsuan_settling"
    install(tmp_path / "site", declared("rules", "authority", "funds", pools=[("990100", "one", "9901")]), RULES)
    for name, text in (("authority", WITHOUT_EQUAL_TILTS), ("funds", GAP_RULE)):
        (package / name).mkdir()
        (package / name / "a.toml").write_text(text, "utf-8")
    only(tmp_path / "site", monkeypatch)
    claims, people, identities = people_of(Random(7))
    made = World(0, (), (), claims, people, identities, year=2022)
    tables = {"claims": claims_table(made), "insured": insured_table(made), "identities": identities_table(made)}
    for name, table in tables.items():
        own = [one for one in table.schema.names if not one.startswith("x_")]
        pq.write_table(table.select(own), tmp_path / f"{name}.parquet")
    given = [tmp_path / f"{name}.parquet" for name in tables]
    ran = run(
        "prepare", given[0], "--insured", given[1], "--identities", given[2], "--year", 2022, "--out", tmp_path / "year"
    )
    assert ran.status == 0, ran.err
    return tmp_path / "year"


def books(folder: Path, year: int = 2022) -> Path:
    """Made-up books of a county that spent 3,000.00 yuan more than came in."""
    (folder / "opening.csv").write_text("fund,insu_admdvs,line,amount\nresident,990101,balance,0\n", "utf-8")
    rows = [f"resident,990101,{line},cash,{year}-05-01,{amount},V{amount}" for line, amount in BOOKED]
    (folder / "entries.csv").write_text("\n".join(["fund,insu_admdvs,line,basis,date,amount,voucher", *rows]), "utf-8")
    ran = run(
        "fund",
        folder / "entries.csv",
        "--opening",
        folder / "opening.csv",
        "--year",
        year,
        "--out",
        folder / f"books-{year}",
    )
    assert ran.status == 0, ran.err
    return folder / f"books-{year}"


BOOKED = (("premium-persons", "1000.00"), ("benefit-inpatient", "4000.00"))


def test_the_books_leave_a_gap_and_the_command_says_what_closes_it(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("permitted-changes", prepared, "--books", books(tmp_path), "--out", out)
    ran = run(*asked, "--lang", "en")
    assert ran.status == 0, ran.err
    assert "990100 one, resident: 3,000.00 yuan are lacking" in ran.out
    assert "Closes it alone" in ran.out
    record = json.loads((out / "permitted.json").read_text("utf-8"))
    assert record["asked"] == ["990100:resident=3000.00"]
    changes = pq.read_table(out / "changes.parquet").to_pylist()
    assert record["gaps"][0]["closes"] == sum(row["outcome"] == "closes" for row in changes) > 0
    assert sum(record["left_out"].values()) == pq.read_table(out / "left_out.parquet").num_rows == 2
    assert {path.name for path in out.iterdir()} == {"permitted.json", "changes.parquet", "left_out.parquet"}
    assert (run(*asked).status, run(*asked, "--overwrite", "--lang", "zh").status) == (2, 0)
    again = run("permitted-changes", prepared, "--gap", "990100:resident=3000", "--json")
    assert json.loads(again.out)["gaps"] == record["gaps"]


def test_what_was_asked_wrongly_is_refused(prepared: Path, tmp_path: Path) -> None:
    assert "no gap" in run("permitted-changes", prepared).err
    twice = run("permitted-changes", prepared, "--gap", "990100:resident=1", "--gap", "990100:resident=2")
    assert (twice.status, "the same fund of the pool twice" in twice.err) == (2, True)
    other = run("permitted-changes", prepared, "--books", books(tmp_path, 2021))
    assert (other.status, "the books of 2022" in other.err) == (3, True)
    nothing = run("permitted-changes", prepared, "--gap", "990100:large-sum=1")
    assert (nothing.status, "no number" in nothing.err) == (0, False)
