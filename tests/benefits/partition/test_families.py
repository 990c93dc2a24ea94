"""Groups kept by a family (以户为单位) by the command: where families are settled, explained and compared, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qingsuan
from qingsuan.api.explaining import explain
from qingsuan.errors import InputError, UsageError
from qingsuan.explain.document import plain
from qingsuan.heads.families import Families
from qingsuan.people import Texts
from settling import RULES, claim, install, insured, only, read, run, settle, write

BY_FAMILY = RULES.replace('stay = "year"', 'stay = { period = "year", by = "family" }').replace(
    "[layers.critical]",
    '[[layers.pooled.cases]]\nwhen = { psn_type = ["14*"] }\nvisits = { group = "stay", counts = false, source = "X" }\n[layers.critical]',
    1,
)
"""The second visit of a family in a year bears less than its first; one of a student's counts as none."""


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site", rules=BY_FAMILY)
    only(tmp_path / "site", monkeypatch)


def visit(setl_id: str, psn_no: str, day: int) -> dict[str, str | None]:
    date = f"2022-03-{day:02d}"
    return claim(setl_id=setl_id, psn_no=psn_no, begndate=date, enddate=date, setl_time=f"{date} 10:00:00")


def of(psn_no: str, family: str, **more: str) -> dict[str, str]:
    return {
        "psn_no": psn_no,
        "reg_type": "family",
        "reg_value": family,
        "begndate": "2022-01-01",
        "enddate": "",
        **more,
    }


PEOPLE = tuple(f"p{number}" for number in range(1, 13))
REGISTERED = [of(one, f"H{number // 3}") for number, one in enumerate(PEOPLE)]
VISITS = [visit(f"s{number:02d}", one, 28 - number) for number, one in enumerate(PEOPLE)]


def tables(folder: Path, more: list[dict[str, str | None]] | None = None) -> tuple[Path, Path, Path]:
    """Twelve people of four families; the one with the last number has the first visit."""
    people = [insured(psn_no=one) for one in PEOPLE] + (more or [])
    return write(folder / "c.csv", VISITS), write(folder / "i.csv", people), write(folder / "r.csv", REGISTERED)


def borne(out: Path) -> dict[str, str]:
    return {row["setl_id"]: str(row["act_pay_dedc"]) for row in read(out, "settled")}


FIRST = {"s02", "s05", "s08", "s11"}
EXPECTED = {f"s{number:02d}": "100.00" if f"s{number:02d}" in FIRST else "50.00" for number in range(12)}


def test_a_family_is_settled_whole_wherever_its_people_would_lie(tmp_path: Path) -> None:
    claims, people, registered = tables(tmp_path)
    for partitions in (1, 5):
        out = tmp_path / f"out{partitions}"
        ran = settle(claims, people, out, "--registrations", registered, "--partitions", partitions)
        assert ran.status == 0, ran.err
        assert borne(out) == EXPECTED
        verified = run("verify", out, "--inputs", tmp_path)
        assert verified.status == 0, verified.out + verified.err
        assert json.loads((out / "run.json").read_text("utf-8"))["families"] == 4
    compared = run("diff", tmp_path / "out1", tmp_path / "out5")
    assert "No claim differs" in compared.out, compared.out + compared.err
    assert "No claim differs" in run("diff", tmp_path / "out5", tmp_path / "out1").out


def test_claims_of_one_day_meet_the_deductible_in_the_order_of_their_times(tmp_path: Path) -> None:
    """Whoever comes first in a day bears what the family's first visit bears, whatever the number of the person."""
    early, late = ({**visit(name, one, 5), "setl_time": f"2022-03-05 {hour}:00:00"} for name, one, hour in VISITED)
    claims = write(tmp_path / "c.csv", [late, early])
    people = write(tmp_path / "i.csv", [insured(psn_no=one) for one in ("p1", "p2")])
    registered = write(tmp_path / "r.csv", [of(one, "H1") for one in ("p1", "p2")])
    assert settle(claims, people, tmp_path / "out", "--registrations", registered).status == 0
    assert borne(tmp_path / "out") == {"early": "100.00", "late": "50.00"}


VISITED = (("early", "p2", "09"), ("late", "p1", "15"))


def test_a_person_in_two_parts_is_found(tmp_path: Path) -> None:
    claims, people, registered = tables(tmp_path)
    out = tmp_path / "out"
    settle(claims, people, out, "--registrations", registered, "--partitions", 5)
    first, second = (one for one in sorted((out / "settled").glob("part-*.parquet")) if pq.read_table(one).num_rows)
    row = pq.read_table(first).slice(0, 1)
    pq.write_table(pa.concat_tables([pq.read_table(second), row]), second)
    ran = run("verify", out)
    assert ran.status != 0
    assert ran.out.count(", and in another part") == 2
    assert "expected: all settled claims of a person in one part" in ran.out


def test_an_explanation_knows_what_others_of_the_family_have_used(tmp_path: Path) -> None:
    """A prepared year lies by person: it is spread by family to be settled, and others' rows are found to explain one's own."""
    claims, people, registered = tables(tmp_path)
    kept = qingsuan.settle(
        *(claims, people),
        registrations=registered,
        year=2022,
        out=tmp_path / "out",
        keep=tmp_path / "year",
        partitions=3,
    )
    assert kept.record["families"] == 4
    assert borne(tmp_path / "out") == EXPECTED
    for setl_id in ("s00", "s02"):
        document = plain(explain(tmp_path / "out", setl_id=setl_id))
        assert document["agrees"] is True
        assert [one["setl_id"] for one in document["claims"]] == [setl_id]
        counted = [one for one in document["claims"][0]["counters"] if one["group"] == "stay"]
        assert [one["before"]["visits"] for one in counted] == [0 if setl_id in FIRST else 2]


def test_what_another_insured_row_would_change_for_the_family_is_told(tmp_path: Path) -> None:
    """Of p3, who comes first, another row says a student: then the first visit of the others in the family bears more."""
    student = insured(psn_no="p3", psn_type="1401")
    claims, people, registered = tables(tmp_path, [student])
    assert settle(claims, people, tmp_path / "out", "--registrations", registered).status == 0
    (row,) = read(tmp_path / "out", "contradictions")
    assert (row["psn_no"], row["would_differ"]) == ("p3", True)


@pytest.mark.parametrize(
    ("option", "do"),
    [
        (("--accumulators",), "settle the whole year at once, from all its claims"),
        (("--engine", "spark"), "leave --engine out"),
    ],
)
def test_what_knows_people_one_by_one_is_refused(tmp_path: Path, option: tuple[str, ...], do: str) -> None:
    claims, people, registered = tables(tmp_path)
    ran = settle(claims, people, tmp_path / "out", "--registrations", registered, *option)
    assert ran.status == 2
    assert "rules that count by the family (以户为单位): qingsuan_settling/rules/a.toml" in ran.err
    assert do in ran.err
    assert not (tmp_path / "out" / "run.json").exists()


def test_rules_by_the_family_are_not_simulated(tmp_path: Path) -> None:
    claims, people, registered = tables(tmp_path)
    qingsuan.prepare(claims, people, registrations=registered, year=2022, out=tmp_path / "year")
    with pytest.raises(UsageError, match="compare the runs: qingsuan diff"):
        qingsuan.simulate(tmp_path / "year", ["990100/390:pooled.caps.stay=10000"])


def test_a_run_by_the_family_is_refused_without_registrations(tmp_path: Path) -> None:
    claims, people, _ = tables(tmp_path)
    ran = settle(claims, people, tmp_path / "out")
    assert ran.status == 2
    assert "asks for family" in ran.err


def test_families_that_share_a_person_are_tied() -> None:
    families = Families()
    one, two, number, other = (Texts.of(pa.array([text])).hashes for text in ("p1", "p2", "family H1", "family H2"))
    families.tie(one, number)
    families.tie(two, other)
    families.tie(one, other)
    assert families.keys(one).tolist() == families.keys(two).tolist()
    assert families.count == 1


def test_bills_of_a_family_that_no_counter_can_hold_are_refused(tmp_path: Path) -> None:
    """Each of two people may have such a year; a counter that both fill may not."""
    most = "99999999999.99"
    bill = dict.fromkeys(("medfee_sumamt", "inscp_scp_amt"), most)
    rows = [
        {
            **visit(f"s{psn_no}{number}", psn_no, 1),
            **dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0"),
            **bill,
        }
        for psn_no in ("p1", "p2")
        for number in range(4000)
    ]
    people = write(tmp_path / "i.csv", [insured(psn_no="p1"), insured(psn_no="p2")])
    registered = write(tmp_path / "r.csv", [of("p1", "H1"), of("p2", "H1")])
    with pytest.raises(InputError, match="people who share a counter"):
        qingsuan.settle(write(tmp_path / "c.csv", rows), people, registrations=registered, year=2022)
