"""What claims carry as paid is in the differences (补退) whole, whatever becomes of the row: random years, added up in plain Python."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

from settling import BILL, claim, install, insured, only, read, settle, write

Row = dict[str, str | None]
FUNDS = ("hifp_pay", "acct_pay")
PEOPLE = [insured(), insured(psn_no="p3", insutype="310", psn_type="1101")]
SCHEMES = {"p1": "390", "p3": "310"}


@pytest.fixture(autouse=True)
def _plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    only(tmp_path / "site", monkeypatch)


def paid(rng: Random) -> Row:
    return {f"paid_{fund}": rng.choice(("", "0.00", f"{rng.randrange(60_000) / 100:.2f}")) for fund in FUNDS}


def back(row: Row, **changes: str) -> Row:
    return {
        **row,
        "setl_id": f"r{row['setl_id']}",
        "refd_setl_flag": "1",
        "init_setl_id": row["setl_id"],
        "setl_time": str(row["setl_time"]).replace("10:", "12:"),
        **{name: str(-Decimal(str(row[name]))) for name in BILL},
        **changes,
    }


def random_year(rng: Random) -> list[Row]:
    rows: list[Row] = []
    for number in range(60):
        person = rng.choice(list(SCHEMES))
        time = f"2022-{rng.randint(2, 12):02d}-{rng.randint(1, 28):02d} 10:00:{number:02d}"
        row = claim(setl_id=f"s{number}", psn_no=person, insutype=SCHEMES[person], setl_time=time, **paid(rng))
        rows.append(row)
        kind = rng.randrange(10)
        if kind == 0:
            rows.append(back(row, **paid(rng)))
        elif kind == 1:
            rows.append(back(row, medfee_sumamt="-400.00", inscp_scp_amt="-200.00", **paid(rng)))
        elif kind == 2:
            rows.append(back(row, med_type="99", **paid(rng)))
        elif kind == 3:
            rows.append({**row, **paid(rng), "setl_time": time.replace("10:", "11:")})
        elif kind == 4:
            row["med_type"] = rng.choice(("99", "41"))
        elif kind == 5:
            row["paid_hifp_pay"] = "unread"
        elif kind == 6:
            rows.append(back(row, setl_time=f"2023-01-0{rng.randint(1, 9)} 12:00:{number:02d}", **paid(rng)))
    rng.shuffle(rows)
    return rows


def totals(out: Path) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for row in pq.read_table(out / "totals" / "differences.parquet").to_pylist():
        for name in ("paid", "to_pay", "to_take_back"):
            found[row["outcome"], row["fund"], name] += row[name]
    return found


def fen(cell: Any) -> Decimal:
    try:
        return Decimal(str(cell or "0"))
    except ArithmeticError:
        return Decimal(0)


def key_of(row: Any) -> tuple[str, str]:
    return row["setl_id"], str(row["setl_time"])[:19]


@pytest.mark.parametrize("seed", range(3))
def test_the_differences_are_due_less_paid_of_every_row(seed: int, tmp_path: Path) -> None:
    rows = random_year(Random(seed))
    out = tmp_path / "out"
    ran = settle(write(tmp_path / "claims.csv", rows), write(tmp_path / "insured.csv", PEOPLE), out)
    assert ran.status == 0, ran.err
    came = {key_of(row): row for row in rows}
    assert len(came) == len(rows)
    record = json.loads((out / "run.json").read_text("utf-8"))["amounts"]
    written = [*read(out, "differences"), *read(out, "differences", "rejected-part-*.parquet")]
    for outcome in ("settled", "reversed", "rejected"):
        left = read(out, outcome)
        assert left
        for fund in FUNDS:
            carried = sum(fen(came[key_of(row)][f"paid_{fund}"]) for row in left)
            due = sum(row[fund] for row in left if came[key_of(row)][f"paid_{fund}"]) if outcome == "settled" else 0
            differences = sum(row[f"diff_{fund}"] or 0 for row in written if row["outcome"] == outcome)
            assert differences == due - carried
            assert Decimal(record[f"paid_{fund}"][outcome]) == carried
            added = totals(out)
            assert added[outcome, fund, "to_pay"] - added[outcome, fund, "to_take_back"] == differences
            assert added[outcome, fund, "paid"] == carried
    for fund in FUNDS:
        amounts = record[f"paid_{fund}"]
        assert Decimal(amounts["in"]) == sum(Decimal(amounts[name]) for name in ("settled", "reversed", "rejected"))


def test_parts_of_the_input_by_person_add_up_to_all_of_it(tmp_path: Path) -> None:
    rows = random_year(Random(9))
    people = write(tmp_path / "insured.csv", PEOPLE)
    whole: Counter[tuple[str, str, str]] = Counter()
    for name in SCHEMES:
        part = write(tmp_path / f"{name}.csv", [row for row in rows if row["psn_no"] == name])
        assert settle(part, people, tmp_path / name).status == 0
        whole.update(totals(tmp_path / name))
    assert settle(write(tmp_path / "claims.csv", rows), people, tmp_path / "out").status == 0
    assert totals(tmp_path / "out") == whole
