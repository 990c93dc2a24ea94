"""Settlements of one stay (中途结算) are one visit where the rule set says so, and are refused by name where it does not.

Through the public command, over a made-up region; every expected amount is reckoned by hand.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from parts_of_stays import HEAD, PLAIN, SAID, UNSAID, outcome, part
from settling import install, insured, only, read, settle, write

LOW = PLAIN.replace("[1000, 600]", "[100, 60]")


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # the deductible of 1000 is borne once: what the first part left of it, the second bears
        ("999.99", "2000.01", {"s1": ("999.99", "0.00"), "s2": ("0.01", "1000.00")}),
        ("1000.00", "2000.00", {"s1": ("1000.00", "0.00"), "s2": ("0.00", "1000.00")}),
        ("1000.02", "2000.00", {"s1": ("1000.00", "0.01"), "s2": ("0.00", "1000.00")}),
        ("0.00", "2000.00", {"s1": ("0.00", "0.00"), "s2": ("1000.00", "500.00")}),
        ("600.00", "200.00", {"s1": ("600.00", "0.00"), "s2": ("200.00", "0.00")}),
    ],
)
def test_one_stay_has_one_deductible(first: str, second: str, expected: dict[str, Any], tmp_path: Path) -> None:
    assert outcome(tmp_path, HEAD + PLAIN, part("s1", first), part("s2", second)) == expected


def test_a_stay_keeps_its_number_and_counts_once(tmp_path: Path) -> None:
    """Between the parts of the first stay lies another one: that is the second, and the next one the third."""
    rules = HEAD + PLAIN.replace("[1000, 600]", "[1000, 600, 300, 0]")
    rows = [part("s1", "400"), part("s2", "3000", "M2"), part("s3", "1600"), part("s4", "3000", "M3")]
    assert outcome(tmp_path, rules, *rows) == {
        "s1": ("400.00", "0.00"),
        "s2": ("600.00", "1200.00"),
        "s3": ("600.00", "500.00"),
        "s4": ("300.00", "1350.00"),
    }


def test_the_order_of_parts_is_that_of_their_times(tmp_path: Path) -> None:
    rows = [part("s3", "1600"), part("s1", "400")]
    assert outcome(tmp_path, HEAD + PLAIN, *rows) == {"s1": ("400.00", "0.00"), "s3": ("600.00", "500.00")}


def test_bands_limit_and_cap_go_on_where_the_stay_left_off(tmp_path: Path) -> None:
    """Bands 50 % to 1000 above the deductible, 80 % beyond; at most 1590 of a stay enter."""
    more = 'bands = { per = "visit", measured = "excess", upto = [1000], percent = [50, 80], source = "X" }\n'
    more += 'limit = { per = "visit", yuan = 1590, source = "X" }'
    rules = HEAD + LOW.replace('bands = { percent = [50], source = "X" }', more)
    rows = [part("s1", "1099"), part("s2", "2"), part("s3", "400"), part("s4", "400"), part("s5", "400")]
    # x: 999, then 2 across the bound (1 x 50 % + 1 x 80 %), 400 x 80 %, then 89 that the limit has left
    assert outcome(tmp_path, rules, *rows) == {
        "s1": ("100.00", "499.50"),
        "s2": ("0.00", "1.30"),
        "s3": ("0.00", "320.00"),
        "s4": ("0.00", "71.20"),
        "s5": ("0.00", "0.00"),
    }


def test_absolute_bands_count_the_deductible_of_the_stay(tmp_path: Path) -> None:
    """Bands on the base: 50 % to 2000 with the deductible inside, 80 % beyond."""
    more = 'bands = { per = "visit", measured = "absolute", upto = [2000], percent = [50, 80], source = "X" }'
    rules = HEAD + PLAIN.replace('bands = { percent = [50], source = "X" }', more)
    rows = [part("s1", "700"), part("s2", "1299.99"), part("s3", "0.02"), part("s4", "100")]
    assert outcome(tmp_path, rules, *rows) == {
        "s1": ("700.00", "0.00"),
        "s2": ("300.00", "500.00"),  # 999.99 x 50 %, a half upwards
        "s3": ("0.00", "0.01"),  # B(2000.01) = 1000.008 less B(1999.99) = 999.995 - both with 500 of the deductible
        "s4": ("0.00", "80.00"),
    }


@pytest.mark.parametrize(("cap", "last"), [("499.99", "0.00"), ("500.00", "0.00"), ("500.01", "0.01")])
def test_a_cap_reached_in_the_first_part_is_reached(cap: str, last: str, tmp_path: Path) -> None:
    rules = HEAD + LOW.replace("[[rules]]", f'caps = [{{ per = "visit", yuan = "{cap}", source = "X" }}]\n[[rules]]')
    found = outcome(tmp_path, rules, part("s1", "1100"), part("s2", "2000"), part("s3", "3000", "M2"))
    assert found["s1"][1] == str(min(Decimal(cap), Decimal("500.00")))
    assert found["s2"] == ("0.00", last)
    assert found["s3"][1] == cap


def test_layers_that_share_a_cap_per_visit_share_it_for_the_stay(tmp_path: Path) -> None:
    """700 for both layers of a stay together: 600 and 100 in the first part, nothing in the second, 700 for another stay."""
    second = """\
[layers.large]
fund = "hifob_pay"
bands = { percent = [100], source = "X" }
caps = [{ per = "visit", group = "both", yuan = 700, source = "X" }]
[[rules]]
"""
    rules = HEAD + LOW.replace('stays = "year"', 'stays = "year"\nboth = "year"').replace("[[rules]]", second)
    rules = rules.replace('["pooled"]', '["pooled", "large"]')
    shared = (
        'bands = { percent = [50], source = "X" }\ncaps = [{ per = "visit", group = "both", yuan = 700, source = "X" }]'
    )
    rules = rules.replace('bands = { percent = [50], source = "X" }', shared)
    found = outcome(tmp_path, rules, part("s1", "1300"), part("s2", "2000"), part("s3", "3000", "M2"))
    assert [found[name][1] for name in ("s1", "s2", "s3")] == ["600.00", "0.00", "700.00"]
    paid = {row["setl_id"]: str(row["hifob_pay"]) for row in read(tmp_path / "out", "settled")}
    assert paid == {"s1": "100.00", "s2": "0.00", "s3": "0.00"}


def test_each_part_has_the_deductible_of_its_own_level(tmp_path: Path) -> None:
    """The second part is at a level of 1500: 1000 are borne already. The third, at 1000 again, bears nothing more."""
    case = """\
[[layers.pooled.cases]]
when = { dedc_hosp_lv = ["2"] }
deductible = { per = "visit", yuan = 1500, source = "X" }
[[rules]]
"""
    rules = HEAD + PLAIN.replace("[[rules]]", case)
    rows = [part("s1", "1200"), part("s2", "1000", dedc_hosp_lv="2"), part("s3", "1000")]
    assert outcome(tmp_path, rules, *rows) == {
        "s1": ("1000.00", "100.00"),
        "s2": ("500.00", "250.00"),
        "s3": ("0.00", "500.00"),
    }


@pytest.mark.parametrize(("credits_it", "later"), [("true", ("0.00", "1000.00")), ("false", ("1000.00", "500.00"))])
def test_a_part_without_deductible_credits_it_or_not(credits_it: str, later: tuple[str, str], tmp_path: Path) -> None:
    case = f"""\
[[layers.pooled.cases]]
when = {{ dedc_hosp_lv = ["2"] }}
deductible = {{ per = "visit", yuan = 1000, group = "stays", exempt = true, credits = {credits_it}, source = "X" }}
[[rules]]
"""
    rules = HEAD + PLAIN.replace("[[rules]]", case)
    found = outcome(tmp_path, rules, part("s1", "2000", dedc_hosp_lv="2"), part("s2", "2000"))
    assert found == {"s1": ("0.00", "1000.00"), "s2": later}


def test_a_part_that_was_taken_back_leaves_the_stay(tmp_path: Path) -> None:
    back = part("s2", "-600", refd_setl_flag="1", init_setl_id="s1")
    rows = [part("s1", "600"), back, part("s3", "2000"), part("s4", "100")]
    assert outcome(tmp_path, HEAD + PLAIN, *rows) == {"s3": ("1000.00", "500.00"), "s4": ("0.00", "50.00")}


def test_stays_of_other_schemes_and_people_are_others(tmp_path: Path) -> None:
    people = [insured(), insured(insutype="310", psn_type="1101"), insured(psn_no="p2")]
    rows = [part("s1", "2000"), part("s2", "2000", insutype="310"), part("s3", "2000", psn_no="p2")]
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(HEAD + PLAIN, "utf-8")
    ran = settle(write(tmp_path / "c.csv", rows), write(tmp_path / "i.csv", people), tmp_path / "out")
    assert ran.status == 0, ran.err
    assert {str(row["act_pay_dedc"]) for row in read(tmp_path / "out", "settled")} == {"1000.00"}


def test_what_is_not_said_is_refused_by_name(tmp_path: Path) -> None:
    rows = [
        part("s1", "2000"),
        part("s2", "2000"),
        part("s3", "2000", "M2", mid_setl_flag="1"),
        part("s4", "2000", "M3"),
    ]
    found = outcome(tmp_path, UNSAID + PLAIN, *rows, part("s5", "2000", ""), part("s6", "2000", ""))
    assert found == {
        "s1": ("E_NO_RULE", "mdtrt_id"),
        "s2": ("E_NO_RULE", "mdtrt_id"),
        "s3": ("E_NO_RULE", "mid_setl_flag"),
        "s4": ("1000.00", "500.00"),
        "s5": ("600.00", "700.00"),
        "s6": ("600.00", "700.00"),
    }
    first, *_, third = sorted(read(tmp_path / "out", "rejected"), key=lambda row: row["setl_id"])
    assert first["found"] == "990100/310+390/2021-02-01: mdtrt_id M1"
    assert third["found"] == "990100/310+390/2021-02-01: mid_setl_flag 1"
    assert first["expected"] == third["expected"]
    assert first["expected"].startswith("parameter stays.interim_settlements, which the bureau must supply: ")


@pytest.mark.parametrize(
    ("of_layer", "differs"),
    [
        ('bands = { percent = [50], source = "X" }', False),
        ('bands = { percent = [50], source = "X" }\nvisits = { group = "stays", counts = false, source = "X" }', False),
        ('bands = { percent = [50], source = "X" }\nvisits = { group = "stays", source = "X" }', True),
        ('bands = { percent = [50], source = "X" }\ndeductible = { per = "visit", yuan = 1, source = "X" }', True),
        ('bands = { percent = [50], source = "X" }\ndeductible = { per = "visit", yuan = 0, source = "X" }', False),
        ('bands = { percent = [50], source = "X" }\ndeductible = { per = "period", group = "stays", yuan = 9, source = "X" }', False),
        ('bands = { percent = [50, 60], upto = [1], per = "visit", measured = "excess", source = "X" }', True),
        ('bands = { percent = [50, 60], upto = [1], per = "period", group = "stays", measured = "excess", source = "X" }', False),
        ('bands = { percent = [50], source = "X" }\nlimit = { per = "visit", yuan = 9, source = "X" }', True),
        ('bands = { percent = [50], source = "X" }\nlimit = { per = "period", group = "stays", yuan = 9, source = "X" }', False),
        ('bands = { percent = [50], source = "X" }\ncaps = [{ per = "visit", yuan = 9, source = "X" }]', True),
        ('bands = { percent = [50], source = "X" }\ncaps = [{ group = "stays", yuan = 9, source = "X" }]', False),
    ],
)  # fmt: skip
def test_only_what_would_be_paid_otherwise_is_refused(of_layer: str, differs: bool, tmp_path: Path) -> None:
    groups = '[groups]\nstays = "year"\n' if "stays" in of_layer else ""
    rules = f'{UNSAID}{groups}[layers.pooled]\nfund = "hifp_pay"\n{of_layer}\n'
    rules += '[[rules]]\nid = "any"\nwhen = { med_type = ["21"] }\nlayers = ["pooled"]\n'
    found = outcome(tmp_path, rules, part("s1", "2000"), part("s2", "2000"))
    assert (found["s1"][0] == "E_NO_RULE") is differs
    assert (found["s2"][0] == "E_NO_RULE") is differs


def test_in_the_waiting_period_no_fund_pays_a_part_either(tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(UNSAID + PLAIN, "utf-8")
    people = write(tmp_path / "i.csv", [insured(wait_end_date="2022-03-01")])
    ran = settle(write(tmp_path / "c.csv", [part("s1", "2000"), part("s2", "2000")]), people, tmp_path / "out")
    assert ran.status == 0, ran.err
    assert [row["rule_id"] for row in read(tmp_path / "out", "settled")] == ["waiting-period"] * 2


def test_a_run_that_keeps_accumulators_refuses_stays_of_several_settlements(tmp_path: Path) -> None:
    rows = [
        part("s1", "2000"),
        part("s2", "2000"),
        part("s3", "2000", "M2", mid_setl_flag="1"),
        part("s4", "2000", "M3"),
    ]
    found = outcome(tmp_path, HEAD + PLAIN, *rows, options=("--accumulators",))
    assert found == {
        "s1": ("E_NO_RULE", "mdtrt_id"),
        "s2": ("E_NO_RULE", "mdtrt_id"),
        "s3": ("E_NO_RULE", "mid_setl_flag"),
        "s4": ("1000.00", "500.00"),
    }
    assert "settle this person's year whole" in read(tmp_path / "out", "rejected")[0]["expected"]


def test_a_stay_that_began_before_the_cut_is_not_paid_as_a_visit_again(tmp_path: Path) -> None:
    """The first part lies in the earlier run, unmarked; M2 began there too, for all this run knows; M3 did not."""
    first = outcome(tmp_path, HEAD + PLAIN, part("s1", "2000", begndate="2022-03-01"), options=("--accumulators",))
    assert first == {"s1": ("1000.00", "500.00")}
    (tmp_path / "out").rename(tmp_path / "earlier")
    rows = [part("s5", "2000", begndate="2022-03-01"), part("s6", "2000", "M2", begndate="2022-03-01")]
    rows += [part("s7", "2000", "M3", begndate="2022-03-02"), part("s8", "2000", "", begndate="2022-03-01")]
    found = outcome(tmp_path, HEAD + PLAIN, *rows, options=("--opening", str(tmp_path / "earlier")))
    assert found == {
        "s5": ("E_NO_RULE", "mdtrt_id"),
        "s6": ("E_NO_RULE", "mdtrt_id"),
        "s7": ("600.00", "700.00"),
        "s8": ("600.00", "700.00"),
    }
    expected = {row["expected"] for row in read(tmp_path / "out", "rejected")}
    assert len(expected) == 1
    assert "may be settled already" in expected.pop()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_refused_part_leaves_whole(suffix: str, tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(UNSAID + PLAIN, "utf-8")
    rows = [
        {**row, "vali_flag": flag, "my_note": None} for row, flag in ((part("s1", "9"), "1"), (part("s2", "9"), ""))
    ]
    claims = write(tmp_path / f"claims{suffix}", rows)
    ran = settle(claims, write(tmp_path / "insured.csv", [insured()]), tmp_path / "out")
    assert ran.status == 0, ran.err
    found = read(tmp_path / "out", "rejected")
    assert [(row["mdtrt_id"], row["mid_setl_flag"] or "", row["vali_flag"] or "") for row in found] == [
        ("M1", "", "1"),
        ("M1", "", ""),
    ]


def test_the_record_says_what_is_not_known(tmp_path: Path) -> None:
    outcome(tmp_path, HEAD + PLAIN, part("s1", "2000"))
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert not [warning for warning in record["warnings"] if "mdtrt_id" in warning]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ('interim_settlements = { count_as = "two-visits", source = "X" }\n', '"one-visit"'),
        ('interim_settlements = { count_as = "one-visit" }\n', "source"),
        ('interim_settlements = { count_as = "one-visit", source = "Y" }\n', "Y"),
        ('interim_settlements = "one-visit"\n', "table"),
    ],
)
def test_a_rule_set_says_it_with_its_source(said: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(HEAD.replace(SAID, said) + PLAIN, "utf-8")
    claims, people = write(tmp_path / "c.csv", [part("s1", "2000")]), write(tmp_path / "i.csv", [insured()])
    ran = settle(claims, people, tmp_path / "out")
    assert ran.status == 4
    assert "interim_settlements" in ran.err
    assert words in ran.err
