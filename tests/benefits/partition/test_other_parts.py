"""A part of a stay (中途结算) of which another part is not settled in the run is refused by name, and not paid as a visit.

Through the public command, over a made-up region; every expected amount is reckoned by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parts_of_stays import HEAD, PLAIN, SAID, UNSAID, outcome, part
from settling import install, insured, only, read, settle, write

ANEW = HEAD.replace('count_as = "one-visit"', 'count_as = "one-visit", new_year = "anew"')
REFUSED = ("E_NO_RULE", "mdtrt_id")
WHOLE = ("1000.00", "500.00")
"""What a visit of 2,000 in scope comes to: a deductible of 1,000, and half of the rest."""

Row = dict[str, str | None]


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def of_2021(setl_id: str, **changes: str) -> Row:
    return part(setl_id, "2000", setl_time="2021-12-31 20:00:00", begndate="2021-12-20", **changes)


def rejected(folder: Path, setl_id: str) -> dict[str, Any]:
    return next(row for row in read(folder / "out", "rejected") if row["setl_id"] == setl_id)


def test_the_rule_set_may_leave_it_unsaid() -> None:
    assert UNSAID != HEAD != ANEW != UNSAID
    assert SAID in HEAD


@pytest.mark.parametrize(
    ("broken", "code", "column"),
    [
        ({"medfee_sumamt": "1999.99"}, "E_COMPOSITION", "medfee_sumamt"),
        ({"medfee_sumamt": "2,000.00"}, "E_FORM", "medfee_sumamt"),
        ({"med_type": ""}, "E_MISSING", "med_type"),
        ({"med_type": "99"}, "E_CODE", "med_type"),
        ({"insutype": ""}, "E_MISSING", "insutype"),
        ({"insutype": "39O"}, "E_CODE", "insutype"),
        ({"insu_admdvs": ""}, "E_MISSING", "insu_admdvs"),
        ({"insu_admdvs": "99"}, "E_FORM", "insu_admdvs"),
        ({"setl_time": "2022-02-30 10:00:00"}, "E_FORM", "setl_time"),
        ({"enddate": "2022-01-01"}, "E_DATE", "enddate"),
        ({"mdtrt_id": "M1 "}, "E_FORM", "mdtrt_id"),
        ({"mid_setl_flag": "2"}, "E_FORM", "mid_setl_flag"),
        ({"begndate": "2021-12-31"}, "E_PERSON", "psn_no"),
        ({"med_type": "41"}, "E_NO_RULE", "med_type"),
        ({"dedc_hosp_lv": "9"}, "E_CODE", "dedc_hosp_lv"),
    ],
)
@pytest.mark.parametrize("rules", [HEAD, UNSAID])
def test_a_part_that_is_rejected_holds_the_others(
    rules: str, broken: dict[str, str], code: str, column: str, tmp_path: Path
) -> None:
    rows = [part("s1", "2000", **broken), part("s2", "2000"), part("s3", "2000"), part("s4", "2000", "M2")]
    found = outcome(tmp_path, rules + PLAIN, *rows)
    assert found == {"s1": (code, column), "s2": REFUSED, "s3": REFUSED, "s4": WHOLE}


def test_the_other_part_is_named_and_what_to_do(tmp_path: Path) -> None:
    found = outcome(tmp_path, HEAD + PLAIN, part("s2", "2000"), part("s1", "2000", med_type=""))
    assert found == {"s1": ("E_MISSING", "med_type"), "s2": REFUSED}
    row = rejected(tmp_path, "s2")
    assert row["found"].endswith(": mdtrt_id M1; s1 is of the same stay and is rejected")
    assert row["expected"].startswith(
        "every settlement of the stay (中途结算), for they are one visit: correct the other one"
    )


def test_where_nothing_is_said_both_are_named(tmp_path: Path) -> None:
    outcome(tmp_path, UNSAID + PLAIN, part("s2", "2000"), part("s1", "2000", med_type=""))
    row = rejected(tmp_path, "s2")
    assert row["found"].endswith("; s1 is of the same stay and is rejected")
    assert row["expected"].startswith("parameter stays.interim_settlements, which the bureau must supply: ")
    assert row["expected"].endswith("; correct the other settlement of the stay, too")


def test_of_several_parts_the_first_by_its_id_is_named(tmp_path: Path) -> None:
    rows = [part("s1", "2000"), part("s3", "2000", med_type=""), part("s2", "2000", med_type="")]
    outcome(tmp_path, HEAD + PLAIN, *rows)
    assert "; s2 is" in rejected(tmp_path, "s1")["found"]


def test_a_part_without_an_id_is_named_as_such(tmp_path: Path) -> None:
    outcome(tmp_path, HEAD + PLAIN, part("s1", "2000"), {**part("s2", "2000"), "setl_id": ""})
    assert "; a settlement without a setl_id is" in rejected(tmp_path, "s1")["found"]


@pytest.mark.parametrize("rules", [HEAD, UNSAID])
@pytest.mark.parametrize(
    "other",
    [
        {"vali_flag": "0"},  # the platform holds it void
        {"insutype": "310", "med_type": "99"},  # a stay of another scheme
        {"insu_admdvs": "990201", "med_type": "99"},  # of another pool
        {"psn_no": "p2", "med_type": "99"},  # of somebody else
        {"mdtrt_id": "", "med_type": "99"},
        {"setl_id": "s2", "med_type": "99"},  # a copy of the same settlement
    ],
)
def test_what_is_no_part_holds_nothing(rules: str, other: dict[str, str], tmp_path: Path) -> None:
    found = outcome(tmp_path, rules + PLAIN, {"vali_flag": "1", **part("s1", "2000"), **other}, part("s2", "2000"))
    rows = {row["setl_id"]: str(row["hifp_pay"]) for row in read(tmp_path / "out", "settled")}
    assert rows == {"s2": "500.00"}
    assert found.get("s1", ("E_", ""))[0] != "E_NO_RULE"


@pytest.mark.parametrize(
    ("rules", "column"), [(UNSAID, "stays.interim_settlements,"), (HEAD, "stays.interim_settlements.new_year,")]
)
def test_a_stay_over_new_year_is_refused_until_the_rule_set_says_it(rules: str, column: str, tmp_path: Path) -> None:
    found = outcome(tmp_path, rules + PLAIN, of_2021("s1"), part("s2", "2000"), part("s3", "2000", "M2"))
    assert found == {"s1": ("E_DATE", "setl_time"), "s2": REFUSED, "s3": WHOLE}
    row = rejected(tmp_path, "s2")
    assert row["found"].endswith("; s1 is of the same stay and belongs to another year")
    assert row["expected"].startswith(f"parameter {column} which the bureau must supply: ")
    assert "New Year" in row["expected"]


def test_a_stay_begins_anew_in_the_new_year_where_the_rule_set_says_so(tmp_path: Path) -> None:
    found = outcome(tmp_path, ANEW + PLAIN, of_2021("s1"), part("s2", "1600"), part("s3", "400"))
    assert found == {"s1": ("E_DATE", "setl_time"), "s2": ("1000.00", "300.00"), "s3": ("0.00", "200.00")}


def test_a_rejected_part_of_this_year_holds_a_stay_that_begins_anew(tmp_path: Path) -> None:
    rows = [of_2021("s1"), part("s2", "2000", med_type="99"), part("s3", "2000")]
    assert outcome(tmp_path, ANEW + PLAIN, *rows)["s3"] == REFUSED
    assert "; s2 is of the same stay and is rejected" in rejected(tmp_path, "s3")["found"]


@pytest.mark.parametrize("back", [{"setl_time": "2021-12-31 21:00:00"}, {"setl_time": "2022-01-05 10:00:00"}])
@pytest.mark.parametrize(("scope", "expected"), [("-2000", WHOLE), ("-1999", REFUSED)])
def test_a_part_of_another_year_that_was_taken_back_is_none(
    back: dict[str, str], scope: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    """A reversal that does not negate it leaves it a part."""
    reversal = part("s5", scope, refd_setl_flag="1", init_setl_id="s1", **back)
    found = outcome(tmp_path, HEAD + PLAIN, of_2021("s1"), reversal, part("s2", "2000"))
    assert found["s2"] == expected


def test_a_part_whose_reversal_was_rejected_holds_the_others(tmp_path: Path) -> None:
    """Whether s1 stands is open, and with it whether s2 is the whole stay."""
    reversal = part("s5", "-2000", refd_setl_flag="1", init_setl_id="s1", med_type="99")
    found = outcome(tmp_path, HEAD + PLAIN, part("s1", "2000"), reversal, part("s2", "2000"))
    assert found == {"s1": ("E_REVERSAL_OPEN", "setl_id"), "s2": REFUSED, "s5": ("E_CODE", "med_type")}


def test_a_copy_of_a_part_that_is_held_is_no_other_part(tmp_path: Path) -> None:
    reversal = part("s5", "-2000", refd_setl_flag="1", init_setl_id="s1", med_type="99")
    outcome(tmp_path, HEAD + PLAIN, part("s1", "2000"), reversal, {**part("s3", "2000"), "setl_id": "s1"})
    codes = sorted((row["setl_id"], row["code"]) for row in read(tmp_path / "out", "rejected"))
    assert codes == [("s1", "E_DUPLICATE"), ("s1", "E_REVERSAL_OPEN"), ("s5", "E_CODE")]


def test_a_corrected_copy_of_a_part_completes_the_stay(tmp_path: Path) -> None:
    """The first copy of s1 was insured nowhere; the second one is the part."""
    rows = [part("s1", "1600", begndate="2021-12-31"), {**part("s2", "1600"), "setl_id": "s1"}, part("s3", "400")]
    outcome(tmp_path, HEAD + PLAIN, *rows)
    paid = {row["setl_id"]: str(row["hifp_pay"]) for row in read(tmp_path / "out", "settled")}
    assert paid == {"s1": "300.00", "s3": "200.00"}


def test_a_rule_set_that_says_nothing_holds_parts_under_one_that_says_it(tmp_path: Path) -> None:
    """The set of March says nothing, so that s1 is refused; the set in force from the fourth says one visit: s5 lacks s1."""
    later = (HEAD + PLAIN).replace("effective = 2021-02-01", "effective = 2022-03-04")
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "b.toml").write_text(later, "utf-8")
    found = outcome(tmp_path, UNSAID + PLAIN, part("s1", "2000"), part("s5", "2000"), part("s6", "2000", "M2"))
    assert found == {"s1": REFUSED, "s5": REFUSED, "s6": WHOLE}
    assert "; s1 is of the same stay and is rejected" in rejected(tmp_path, "s5")["found"]


def test_where_nothing_is_per_visit_nothing_is_held(tmp_path: Path) -> None:
    rules = UNSAID + '[layers.pooled]\nfund = "hifp_pay"\nbands = { percent = [50], source = "X" }\n'
    rules += '[[rules]]\nid = "any"\nwhen = { med_type = ["21"] }\nlayers = ["pooled"]\n'
    found = outcome(tmp_path, rules, of_2021("s1"), part("s2", "2000"), part("s3", "2000", med_type=""))
    assert found["s2"] == ("0.00", "1000.00")


def test_in_the_waiting_period_nothing_is_held(tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(UNSAID + PLAIN, "utf-8")
    people = write(tmp_path / "i.csv", [insured(wait_end_date="2022-03-01")])
    ran = settle(write(tmp_path / "c.csv", [of_2021("s1"), part("s2", "2000")]), people, tmp_path / "out")
    assert ran.status == 0, ran.err
    assert [row["rule_id"] for row in read(tmp_path / "out", "settled")] == ["waiting-period"]


def test_the_other_part_may_lie_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(HEAD + PLAIN, "utf-8")
    write(tmp_path / "in" / "a.csv", [part("s1", "2000"), part("s3", "2000", "M2")])
    write(
        tmp_path / "in" / "b.parquet",
        [part("s9", "2000", "M9"), part("s2", "2000", med_type="99")],
    )
    ran = settle(tmp_path / "in", write(tmp_path / "i.csv", [insured()]), tmp_path / "out")
    assert ran.status == 0, ran.err
    assert "; s2 is of the same stay" in rejected(tmp_path, "s1")["found"]


def test_a_run_that_keeps_accumulators_refuses_the_rest_of_a_stay(tmp_path: Path) -> None:
    rows = [part("s1", "2000"), part("s2", "2000", med_type="99")]
    assert outcome(tmp_path, HEAD + PLAIN, *rows, options=("--accumulators",))["s1"] == REFUSED
    assert "settle this person's year whole" in rejected(tmp_path, "s1")["expected"]


def test_what_a_rule_set_says_of_new_year_is_one_of_its_words(tmp_path: Path) -> None:
    rules = ANEW.replace('"anew"', '"goes-on"') + PLAIN
    (tmp_path / "site" / "qingsuan_settling" / "rules" / "a.toml").write_text(rules, "utf-8")
    claims, people = write(tmp_path / "c.csv", [part("s1", "2000")]), write(tmp_path / "i.csv", [insured()])
    ran = settle(claims, people, tmp_path / "out")
    assert (ran.status, "new_year" in ran.err, '"anew"' in ran.err) == (4, True, True)
