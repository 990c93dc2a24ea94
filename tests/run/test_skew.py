"""Skew is survived: one person, one pool or one partition with most of the claims costs what the same claims cost evenly.

Runs are measured in processes of their own. Bounds are ratios to the even run and what the engine promises of a claim's
memory; they are generous, and anything quadratic in a hundred thousand claims is far beyond them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from qingsuan.people import Texts, partition_of
from sealing import found
from settling import RULES, install, only

CLAIMS = 200_000
PARTITIONS = 8
CROWDED = 3
MOST_TIMES_THE_CPU = 3
COPIES_TIMES_THE_CPU = 6
"""Every copy is rejected with words of its own, which cost more than settling it."""

MOST_BYTES_PER_CLAIM = 1_500
HEADROOM_BYTES = 64 << 20
_MAIN = "from qingsuan.cli import main; main()"
_MEASURED = """\
import os, resource, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime)
"""
"""A small process in between: one that is started by a large one is charged with its starter's memory."""

Words = Sequence[str]


@dataclass(frozen=True)
class Measured:
    """A finished run: its folder, the most memory it held (bytes), and its processor time."""

    out: Path
    peak_bytes: int
    cpu: float

    @property
    def rows(self) -> dict[str, int]:
        rows: dict[str, int] = json.loads((self.out / "run.json").read_text("utf-8"))["rows"]
        return rows


class Place:
    """A folder with the made-up region, in which claims are made and settled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        install(folder / "site", rules=RULES)
        second = folder / "site" / "qingsuan_settling" / "rules" / "b.toml"
        second.write_text(RULES.replace('pool = "990100"', 'pool = "990200"'), "utf-8")

    def write(
        self,
        name: str,
        people: Words,
        days: npt.NDArray[np.int64],
        ids: Words,
        areas: Words | None = None,
        takes_back: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Claims of these people on these days of the year, and the people, each insured where the first claim says.

        ``takes_back``: rows that take back the row before them.
        """
        count = len(people)
        fen = np.random.default_rng(1).integers(1_000, 500_000, count)
        back = np.zeros(0, np.int64) if takes_back is None else takes_back
        fen[back] = -fen[back - 1]
        originals: list[str | None] = [None] * count
        for row in back.tolist():
            originals[row] = ids[row - 1]
        dates = np.datetime64("2022-02-01") + days
        areas = ["990101"] * count if areas is None else areas
        claims = pa.table(
            {
                "setl_id": pa.array(ids, pa.string()),
                "psn_no": pa.array(people, pa.string()),
                "insutype": pa.repeat(pa.scalar("390"), count),
                "med_type": pa.repeat(pa.scalar("21"), count),
                "insu_admdvs": pa.array(areas, pa.string()),
                "dedc_hosp_lv": pa.repeat(pa.scalar("1"), count),
                "begndate": pa.array(dates.astype("datetime64[D]")),
                "setl_time": pa.array(dates.astype("datetime64[us]")),
                "medfee_sumamt": money(fen),
                **{part: money(fen * 0) for part in ("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt")},
                "inscp_scp_amt": money(fen),
                "refd_setl_flag": pa.array(np.where(np.isin(np.arange(count), back), "1", "0")),
                "init_setl_id": pa.array(originals, pa.string()),
            }
        )
        where = dict(zip(people, areas, strict=True))
        insured = pa.table(
            {
                "psn_no": pa.array(where, pa.string()),
                "insutype": pa.repeat(pa.scalar("390"), len(where)),
                "insu_admdvs": pa.array(where.values(), pa.string()),
                "psn_type": pa.repeat(pa.scalar("1501"), len(where)),
                "begndate": pa.array(np.full(len(where), np.datetime64("2020-01-01"))),
            }
        )
        (self.folder / name).mkdir()
        pq.write_table(claims, self.folder / name / "claims.parquet")
        pq.write_table(insured, self.folder / name / "insured.parquet")

    def settle(self, name: str, *more: object, out: str = "out") -> Measured:
        place = self.folder / name
        arguments = ["settle", place / "claims.parquet", "--insured", place / "insured.parquet", "--year", 2022]
        arguments += ["--out", place / out, "--workers", 1, *more]
        ran = subprocess.run(
            [sys.executable, "-c", _MEASURED, sys.executable, "-c", _MAIN, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(self.folder / "site")},
            capture_output=True,
            text=True,
            check=True,
        )
        status, peak, cpu = ran.stdout.split()
        assert status == "0", ran.stderr
        return Measured(place / out, int(peak), float(cpu))


def money(fen: npt.NDArray[np.int64]) -> pa.Array:
    return pa.Array.from_buffers(pa.decimal64(16, 2), len(fen), [None, pa.py_buffer(fen)]).cast(pa.decimal128(16, 2))


dice = np.random.default_rng(3)
EVEN = [f"p{number:07d}" for number in dice.integers(0, CLAIMS // 4, CLAIMS)]
DAYS = dice.integers(0, 300, CLAIMS)
IDS = [f"s{number:09d}" for number in dice.permutation(CLAIMS)]
GIANT = "p-giant"
ONE_PERSON = [GIANT if number < CLAIMS // 2 else person for number, person in enumerate(EVEN)]


def crowded() -> list[str]:
    """People so chosen that one partition has ten times the claims of each other."""
    names = [f"c{number:06d}" for number in range(CLAIMS // 4)]
    partition = partition_of(Texts.of(pa.array(names)), PARTITIONS)
    inside, others = (np.flatnonzero(mask) for mask in (partition == CROWDED, partition != CROWDED))
    dice = np.random.default_rng(4)
    crowd = dice.random(CLAIMS) < 10 / (10 + PARTITIONS - 1)
    chosen = np.where(crowd, dice.choice(inside, CLAIMS), dice.choice(others, CLAIMS))
    return [names[number] for number in chosen]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = Place(tmp_path_factory.mktemp("skew"))
    made.write("even", EVEN, DAYS, IDS)
    made.write("few", EVEN[:100], DAYS[:100], IDS[:100])
    made.write("person", ONE_PERSON, DAYS, IDS)
    made.write("one-day", ONE_PERSON, DAYS * 0, [f"s{CLAIMS - number:09d}" for number in range(CLAIMS)])
    made.write(
        "copies",
        ONE_PERSON,
        DAYS * 0,
        ["same" if person == GIANT else i for person, i in zip(ONE_PERSON, IDS, strict=True)],
    )
    made.write("taken-back", ONE_PERSON, DAYS * 0, IDS, takes_back=np.arange(1, CLAIMS // 2, 2))
    areas = ["990201" if int(person[1:]) % 10 == 0 else "990101" for person in EVEN]
    made.write("pool", EVEN, DAYS, IDS, areas)
    made.write("pools", EVEN, DAYS, IDS, ["990201" if int(person[1:]) % 2 == 0 else "990101" for person in EVEN])
    made.write("crowded", crowded(), DAYS, IDS)
    return made


@pytest.fixture(scope="module")
def even(place: Place) -> Measured:
    return place.settle("even", "--partitions", PARTITIONS)


@pytest.fixture(scope="module")
def few(place: Place) -> Measured:
    return place.settle("few", "--partitions", PARTITIONS)


@pytest.fixture
def _region(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    only(place.folder / "site", monkeypatch)


def check_whole(run: Measured, place: Place, name: str) -> None:
    """Every row in is a row out, and verify finds nothing, its inputs and accumulators included."""
    rows = run.rows
    assert rows["in"] == CLAIMS == rows["settled"] + rows["reversed"] + rows["rejected"]
    assert found(run.out, "--inputs", place.folder / name) == []


def check_cost(run: Measured, even: Measured, few: Measured, times: int = MOST_TIMES_THE_CPU) -> None:
    assert run.cpu < times * even.cpu
    assert run.peak_bytes - few.peak_bytes < CLAIMS * MOST_BYTES_PER_CLAIM + HEADROOM_BYTES
    assert even.peak_bytes - few.peak_bytes < CLAIMS * MOST_BYTES_PER_CLAIM + HEADROOM_BYTES


def of_giant(run: Measured) -> pa.Table:
    table = pq.read_table(run.out / "settled")
    return table.filter(pc.equal(table.column("psn_no"), GIANT))


@pytest.mark.usefixtures("_region")
@pytest.mark.parametrize("name", ["person", "one-day"])
def test_a_person_with_a_hundred_thousand_claims(place: Place, name: str, even: Measured, few: Measured) -> None:
    run = place.settle(name, "--partitions", PARTITIONS, "--accumulators")
    check_whole(run, place, name)
    check_cost(run, even, few)
    rows = of_giant(run)
    assert rows.num_rows == CLAIMS // 2
    assert pc.sum(rows.column("hifp_pay")).as_py() == 20_000  # the year's cap, to the fen
    held = pq.read_table(run.out / "accumulators")
    held = held.filter(pc.and_(pc.equal(held.column("psn_no"), GIANT), pc.equal(held.column("group"), "stay")))
    assert held.column("visits").to_pylist() == [CLAIMS // 2]
    alone = place.folder / f"{name}-alone"
    alone.mkdir()
    claims = pq.read_table(place.folder / name / "claims.parquet")
    pq.write_table(claims.filter(pc.equal(claims.column("psn_no"), GIANT)), alone / "claims.parquet")
    (alone / "insured.parquet").write_bytes((place.folder / name / "insured.parquet").read_bytes())
    assert of_giant(place.settle(alone.name, "--partitions", 1)).equals(rows)


@pytest.mark.usefixtures("_region")
def test_a_settlement_a_hundred_thousand_times(place: Place, even: Measured, few: Measured) -> None:
    run = place.settle("copies", "--partitions", PARTITIONS)
    check_whole(run, place, "copies")
    check_cost(run, even, few, COPIES_TIMES_THE_CPU)
    assert run.rows["rejected"] == CLAIMS // 2 - 1
    assert pc.unique(pq.read_table(run.out / "rejected").column("code")).to_pylist() == ["E_DUPLICATE"]
    assert of_giant(run).num_rows == 1


@pytest.mark.usefixtures("_region")
def test_a_person_who_had_fifty_thousand_claims_taken_back(place: Place, even: Measured, few: Measured) -> None:
    run = place.settle("taken-back", "--partitions", PARTITIONS)
    check_whole(run, place, "taken-back")
    check_cost(run, even, few)
    assert (run.rows["reversed"], run.rows["rejected"]) == (CLAIMS // 2, 0)


@pytest.mark.usefixtures("_region")
def test_a_pool_with_nine_tenths_of_the_claims(place: Place, even: Measured, few: Measured) -> None:
    run, halves = (place.settle(name, "--partitions", PARTITIONS) for name in ("pool", "pools"))
    check_whole(run, place, "pool")
    check_cost(run, even, few)
    areas = pq.read_table(run.out / "settled", columns=["insu_admdvs"]).column("insu_admdvs").to_pylist()
    assert 0.89 < areas.count("990101") / CLAIMS < 0.91
    # both pools have the same rules: which one a person is in changes no amount
    columns = ["setl_id", "hifp_pay", "hifmi_pay", "psn_cash_pay", "act_pay_dedc"]
    one, other, third = (pq.read_table(each.out / "settled", columns=columns) for each in (run, halves, even))
    assert one.equals(other)
    assert one.equals(third)


@pytest.mark.usefixtures("_region")
def test_a_partition_with_ten_times_the_claims_of_any_other(place: Place, even: Measured, few: Measured) -> None:
    run = place.settle("crowded", "--partitions", PARTITIONS)
    check_whole(run, place, "crowded")
    check_cost(run, even, few)
    sizes = [pq.read_metadata(path).num_rows for path in sorted((run.out / "settled").iterdir())]
    others = [size for number, size in enumerate(sizes) if number != CROWDED]
    assert sizes[CROWDED] > 9 * max(others)
    whole = place.settle("crowded", "--partitions", 1, out="whole")
    assert run.peak_bytes < whole.peak_bytes + HEADROOM_BYTES  # at most what all of it in one partition takes
    assert pq.read_table(whole.out / "settled").equals(pq.read_table(run.out / "settled"))


@pytest.mark.usefixtures("_region")
def test_a_crowded_partition_beyond_the_memory(place: Place, even: Measured, few: Measured) -> None:
    """What does not fit goes to disk first; the crowded partition comes back whole."""
    run = place.settle("crowded", "--partitions", PARTITIONS, "--memory", "64MB", out="small")
    check_whole(run, place, "crowded")
    check_cost(run, even, few)
