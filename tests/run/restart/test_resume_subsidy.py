"""A subsidy that is stopped, however, goes on with --resume and ends with the bytes of one that was not.

QINGSUAN_KILLS says how many times a run is killed (and a tenth of it: how many times its disk is full); `make kills` does 200.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder import LEDGER
from qingsuan.run.kept import Kept
from qingsuan.run.restart.ledger import Ledger, _line, read_lines
from qingsuan.run.shuffle import Budget
from settling import Ran, declared, full_after, install, insured, only, run, write_csv
from stopping import Stoppable, change_file, tree

KILLS = int(os.environ.get("QINGSUAN_KILLS", "2"))
PARTITIONS = 24
COUNTIES = ("220102", "220104", "222401", "220323")


def write_people(path: Path, people: int, seed: int) -> Path:
    """A made-up insured table: people insured twice or as employees too, rows outside the year, and rows to refuse."""
    dice = Random(seed)
    columns: dict[str, list[str | None]] = {name: [] for name in ("psn_no", "insutype", "insu_admdvs", "begndate")}
    for number in range(people):
        for again in range(1 + (dice.random() < 0.3)):
            columns["psn_no"].append(f"p{number:08d}" if dice.random() < 0.999 else None)
            columns["insutype"].append("310" if again and dice.random() < 0.2 else "390")
            columns["insu_admdvs"].append(dice.choice(COUNTIES) if dice.random() < 0.999 else "220100")
            columns["begndate"].append(f"202{dice.choice('01112')}-0{dice.randint(1, 9)}-01")
    pq.write_table(pa.table(columns), path, row_group_size=10_000)
    return path


class Year(Stoppable):
    """A made-up insured table, and the undisturbed run of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people = write_people(folder / "insured.parquet", 60_000, 3)
        out = folder / "undisturbed"
        process = self.start(out)
        begun, counting = (self.wait_for(path, process) for path in self.moments(out))
        finished = self.wait_for(out / "run.json", process)
        _, err = process.communicate()
        assert process.returncode == 0, err
        self.seconds = finished - begun, finished - counting
        self.expected = tree(out)
        assert len(self.expected) == 2 * PARTITIONS + 6

    def moments(self, out: Path) -> tuple[Path, Path]:
        """What appears when the run begins, and when it has counted a partition."""
        return out, out / LEDGER

    def arguments(self, out: Path, *more: object) -> list[str]:
        arguments = ("subsidy", self.people, "--year", 2021, "--partitions", PARTITIONS, "--out", out, *more)
        return [str(each) for each in arguments]

    def check_resumed(self, out: Path) -> Ran:
        ran = self.run(out, "--resume")
        assert ran.status == 0, ran.err
        assert tree(out) == self.expected
        assert run("verify", out).status == 0
        return ran


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("resume-subsidy"))


def stopped(year: Year, out: Path, after: int, monkeypatch: pytest.MonkeyPatch, *more: object) -> Ran:
    """Run until ``after`` partitions are in the ledger; then its disk is full."""
    with full_after(after, monkeypatch):
        ran = year.run(out, "--workers", 1, *more)
    assert ran.status == 5, ran.err
    assert len(read_lines(out).partitions) == after
    return ran


# ---- killed


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(year: Year, seed: int, tmp_path: Path) -> None:
    dice, out = Random(seed), tmp_path / "out"
    more: tuple[str, ...] = ()
    for _ in range(dice.choice((1, 1, 2, 3))):
        process = year.start(out, *more)
        moment = dice.choice((0, 1, 1))
        year.wait_for(year.moments(out)[moment], process)
        time.sleep(dice.uniform(0, year.seconds[moment]))
        process.kill()
        process.communicate()
        assert process.returncode in (-signal.SIGKILL, 0)
        assert not (out / "run.json").exists() or tree(out).items() >= year.expected.items()
        more = ("--resume",)
    year.check_resumed(out)


@pytest.mark.usefixtures("signals_heard")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_says_how_to_go_on(year: Year, number: signal.Signals, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = year.start(out)
    year.wait_for(out / LEDGER, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    if process.returncode:  # unless it was as good as finished
        assert process.returncode == 5
        assert f"{out}: interrupted" in err
        assert f"of {PARTITIONS} partitions are finished and kept" in err
        assert "--resume" in err
        assert "Traceback" not in err
        assert not (out / "run.json").exists()
    year.check_resumed(out)


# ---- disk full, and other machines' troubles


@pytest.mark.parametrize("seed", range(max(2, KILLS // 10)))
def test_a_full_disk_stops_it_and_room_lets_it_go_on(
    year: Year, seed: int, small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "QINGSUAN_DISK", "unchecked"
    )  # that there is too little room is known before, and is to be met here
    if seed % 2:  # rows are put aside almost at once
        monkeypatch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(100_000))
    needed = sum(-(-len(content) // 4096) * 4096 for content in year.expected.values())
    out = small_disk(Random(seed).randrange(needed // 20, needed)) / "out"
    ran = year.run(out)
    assert ran.status == 5, ran.err
    assert "No space left" in ran.err
    assert not (out / "run.json").exists()
    small_disk(64 << 20)
    year.check_resumed(out)


def test_what_is_finished_is_said_kept_and_not_counted_again(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, counted = tmp_path / "out", list[int]()
    ran = stopped(year, out, 5, monkeypatch)
    assert f"5 of {PARTITIONS} partitions are finished and kept" in ran.err
    append = Ledger.partition

    def partition(self: Ledger, number: int, files: Any) -> None:
        counted.append(number)
        append(self, number, files)

    monkeypatch.setattr(Ledger, "partition", partition)
    year.check_resumed(out)
    assert sorted(counted) == list(range(5, PARTITIONS))
    assert sorted(read_lines(out).partitions) == list(range(PARTITIONS))


@pytest.mark.parametrize("name", ["rejected/part-00000.parquet", "due/part-00000.parquet", "run.json"])
def test_a_file_that_cannot_be_renamed(year: Year, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, replace = tmp_path / "out", Path.replace
    refused = out / name

    def refuse(self: Path, target: Path) -> Path:
        if Path(target) == refused:
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        ran = year.run(out)
    assert (ran.status, "Permission denied" in ran.err, "--resume" in ran.err) == (5, True, True)
    assert not (out / "run.json").exists()
    assert not list(tmp_path.rglob(".unfinished-*"))
    assert len(read_lines(out).partitions) == PARTITIONS
    year.check_resumed(out)


def test_an_input_that_ends_in_the_middle_leaves_nothing(year: Year, tmp_path: Path) -> None:
    people, out = tmp_path / "insured.parquet", tmp_path / "out"
    whole = year.people.read_bytes()
    people.write_bytes(whole[:10_000] + bytes(200) + whole[10_200:])
    for more in ((), ("--resume",)):
        ran = run("subsidy", people, "--year", 2021, "--out", out, *more)
        assert (ran.status, "insured.parquet" in ran.err) == (3, True), ran.err
        assert [path.name for path in tmp_path.iterdir()] == ["insured.parquet"]


def test_an_input_that_changes_while_it_is_read(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people, begin = shutil.copy(year.people, tmp_path), Ledger.begin

    def touch(self: Ledger, header: dict[str, Any]) -> None:
        with Path(people).open("ab") as file:
            file.write(b"more")
        begin(self, header)

    monkeypatch.setattr(Ledger, "begin", touch)
    ran = run("subsidy", people, "--year", 2021, "--out", tmp_path / "out")
    assert (ran.status, "changed while it was read" in ran.err) == (3, True)
    assert not (tmp_path / "out" / "run.json").exists()


# ---- what is used again is checked


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def other_numbers(path: Path) -> None:
    """A whole state, of other heads."""
    state = Kept.from_bytes(path.read_bytes())
    path.write_bytes(replace(state, counts={}).to_bytes())


@pytest.mark.parametrize("damage", [flip_a_bit, other_numbers, Path.unlink])
def test_a_state_that_changed_is_counted_again(
    year: Year, damage: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    damage(out / ".state" / "part-00002.arrow")
    assert "partition 2 is done again" in year.check_resumed(out).err


@pytest.mark.parametrize("line", range(5))
def test_what_follows_a_changed_line_is_not_believed(
    year: Year, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    ledger = out / LEDGER
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join([*lines[:line], lines[line].replace(b"0", b"1", 1), *lines[line + 1 :]]))
    assert len(read_lines(out).partitions) == max(0, line - 1)
    assert f"line {line + 1} is not whole" in year.check_resumed(out).err


def test_a_line_cut_off_is_no_line(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    ledger = out / LEDGER
    ledger.write_bytes(ledger.read_bytes()[:-3])
    year.check_resumed(out)
    assert len(read_lines(out).partitions) == PARTITIONS


def test_verify_reads_the_ledger_of_a_subsidy_too(year: Year, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(year.folder / "undisturbed", out)
    lines = (out / LEDGER).read_bytes().splitlines(keepends=True)
    header = {name: value for name, value in json.loads(lines[0]).items() if name != "check"}
    for changed, found in (
        ([*lines[:3], *lines[4:]], "the partitions that are finished"),
        ([_line({**header, "options": {**header["options"], "partitions": 3}}), *lines[1:]], "how many partitions"),
        ([_line({**header, "options": {"year": 2021}}), *lines[1:]], "how many partitions there are"),
        ([*lines, lines[-1]], "every line is whole"),
        (lines[:-1], "its SHA-256 is that in ledger.jsonl"),
    ):
        (out / LEDGER).write_bytes(b"".join(changed))
        ran = run("verify", out)
        assert (ran.status, found in ran.out) == (3, True), ran
    (out / LEDGER).unlink()
    assert run("verify", out).status == 3


def test_a_header_of_other_forms_is_refused(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    lines = (out / LEDGER).read_bytes().splitlines(keepends=True)
    header = {name: value for name, value in json.loads(lines[0]).items() if name != "check"}
    for name, value, status in (("options", 5, 2), ("inputs", [], 3), ("rules", "none", 4), ("settlement", "other", 2)):
        (out / LEDGER).write_bytes(b"".join([_line({**header, name: value}), *lines[1:]]))
        ran = year.run(out, "--resume")
        assert (ran.status, "a fault of qingsuan" in ran.err) == (status, False), ran
    (out / LEDGER).write_bytes(b"".join(lines))
    year.check_resumed(out)


# ---- what changed


FUNDING = """\
format = 1
[funding]
region = "990000"
title = "made up"
year = 2021
schemes = ["390"]
count = "year"
source = "X"
[standard]
yuan = 580
minimum = true
source = "X"
[ratios]
central = { percent = 80, source = "X" }
province = { percent_by_class = { "one" = 30, "two" = 50 }, source = "X" }
[counties]
names = { 990101 = "first", 990102 = "second" }
source = "X"
[sources.X]
document = "made up"
article = "1"
grade = "made-up"
"""


class MadeUp:
    """A run of a made-up region that was stopped, all of whose parts can be changed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        install(folder / "site", declared("funding", pools=[("990100", "one", "9901")]), FUNDING, folder="funding")
        only(folder / "site", monkeypatch)
        rows = [insured(psn_no=f"p{number}", begndate="2021-01-01") for number in range(40)]
        self.people = write_csv(folder / "insured.csv", rows)
        self.classes = folder / "classes.csv"
        self.classes.write_text("admdvs,class\n990101,one\n990102,two\n", "utf-8")
        self.options: tuple[object, ...] = ()
        with full_after(3, monkeypatch):
            assert self.subsidy().status == 5
        assert len(read_lines(folder / "out").partitions) == 3

    def subsidy(self, *more: object, partitions: int = 4, year: int = 2021) -> Ran:
        arguments = ("subsidy", self.people, "--year", year, "--out", self.folder / "out")
        return run(
            *arguments, "--workers", 1, "--partitions", partitions, "--classes", self.classes, *self.options, *more
        )


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    return MadeUp(tmp_path, monkeypatch)


def new_version(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("METADATA")), "2022.1", "2022.2")


def new_engine(made_up: MadeUp) -> None:
    made_up.monkeypatch.setattr("qingsuan.run.restart.fingerprint.__version__", "99")


def new_rule(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("a.toml")), "percent = 80", "percent = 81")


def new_comment(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("a.toml")), 'article = "1"', 'article = "2"')


def new_pool(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("region.toml")), '"one"', '"another"')


def new_class(made_up: MadeUp) -> None:
    change_file(made_up.classes, "990102,two", "990102,one")


def other_table(made_up: MadeUp) -> None:
    made_up.classes = made_up.classes.rename(made_up.folder / "others.csv")


def more_tables(made_up: MadeUp) -> None:
    split = made_up.folder / "split.csv"
    split.write_text("admdvs,prefecture_percent\n99,50\n", "utf-8")
    made_up.options = ("--local-split", split)


def new_person(made_up: MadeUp) -> None:
    change_file(made_up.people, "p12,", "p99,")


def more_people(made_up: MadeUp) -> None:
    with made_up.people.open("a", encoding="utf-8") as file:
        file.write(made_up.people.read_text("utf-8").splitlines()[-1] + "\n")


def other_file(made_up: MadeUp) -> None:
    made_up.people = made_up.people.rename(made_up.folder / "others.csv")


CHANGES: list[tuple[Callable[[MadeUp], None], int, str]] = [
    (new_version, 4, "qingsuan-settling"),
    (new_engine, 4, "qingsuan: "),
    (new_rule, 4, "990000 a.toml"),
    (new_comment, 4, "990000 a.toml"),
    (new_pool, 4, "qingsuan-settling"),
    (new_class, 4, "tables of the bureau: classes classes.csv"),
    (other_table, 4, "classes others.csv is new"),
    (more_tables, 4, "local_split split.csv is new"),
    (new_person, 3, "insured 1 insured.csv: its content changed"),
    (more_people, 3, "insured 1 insured.csv: its content changed"),
    (other_file, 3, "insured 1 others.csv is new"),
]


@pytest.mark.parametrize(("change", "status", "named"), CHANGES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_changed_is_refused_and_named(
    made_up: MadeUp, change: Callable[[MadeUp], None], status: int, named: str
) -> None:
    before = tree(made_up.folder / "out")
    change(made_up)
    ran = made_up.subsidy("--resume")
    assert (ran.status, named in ran.err, "--resume with other" in ran.err) == (status, True, True), ran.err
    assert tree(made_up.folder / "out") == before
    assert made_up.subsidy("--overwrite").status == 0


@pytest.mark.parametrize(
    ("more", "partitions", "named"),
    [
        ((), 5, "partitions: 4 before, 5 now"),
        (("--skip-unserved",), 4, "skip unserved regions: False before, True now"),
        (("--csv-encoding", "gb18030"), 4, "encoding of CSV"),
    ],
)
def test_resuming_with_other_options_is_refused_by_name(
    made_up: MadeUp, more: tuple[str, ...], partitions: int, named: str
) -> None:
    ran = made_up.subsidy("--resume", *more, partitions=partitions)
    assert (ran.status, named in ran.err) == (2, True), ran.err


def test_another_year_is_refused(made_up: MadeUp) -> None:
    (made_up.folder / "site" / "qingsuan_settling" / "funding" / "b.toml").write_text(
        FUNDING.replace("2021", "2022"), "utf-8"
    )
    ran = made_up.subsidy("--resume", year=2022)
    assert (ran.status, "year: 2021 before, 2022 now" in ran.err) == (2, True), ran.err


def test_rows_that_change_the_number_of_partitions_are_named_as_another_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who gives no --partitions cannot mend their number."""
    monkeypatch.setattr("qingsuan.subsidies.settlement.BYTES_PER_ROW", 50_000_000)
    rows = [insured(psn_no=f"p{number}", insu_admdvs="220102") for number in range(40)]
    arguments = ("subsidy", write_csv(tmp_path / "insured.csv", rows), "--year", 2022, "--out", tmp_path / "out")
    with full_after(2, monkeypatch):
        assert run(*arguments).status == 5
    write_csv(tmp_path / "insured.csv", rows[:20])
    ran = run(*arguments, "--resume")
    assert (ran.status, "--resume with other inputs" in ran.err) == (3, True), ran.err


def test_a_stopped_run_with_nothing_changed_goes_on(made_up: MadeUp) -> None:
    ran = made_up.subsidy("--resume", "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["heads"] == 40


# ---- folders


def test_nothing_to_go_on_with_is_a_plain_run(year: Year, tmp_path: Path) -> None:
    year.check_resumed(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    year.check_resumed(tmp_path / "empty")


def test_a_finished_run_is_finished(year: Year, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(year.folder / "undisturbed", out)
    ran = year.check_resumed(out)
    assert "the run is finished" in ran.err
    assert "SHA-256" in ran.out
    told = json.loads(year.run(out, "--resume", "--json").out)
    assert told["record_sha256"] == hashlib.sha256((out / "run.json").read_bytes()).hexdigest()
    ran = run(*year.arguments(out, "--resume", "--skip-unserved"))
    assert (ran.status, "skip unserved regions" in ran.err) == (2, True)
    (out / "due" / "part-00000.parquet").unlink()
    assert year.run(out, "--resume").status == 3


def test_without_resume_it_is_not_touched(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 2, monkeypatch)
    before = tree(out)
    ran = year.run(out)
    assert (ran.status, "a run that did not finish" in ran.err, "--resume" in ran.err) == (2, True, True)
    assert tree(out) == before
    assert year.run(out, "--overwrite").status == 0
    assert tree(out) == year.expected


def test_a_class_that_is_missing_leaves_nothing_to_go_on_with(tmp_path: Path) -> None:
    """With another table of classes it is another run."""
    rows = [insured(psn_no="a", insu_admdvs="150121"), insured(psn_no="b", insu_admdvs="150122")]
    (tmp_path / "classes.csv").write_text("admdvs,class\n150121,一\n", "utf-8")
    people = write_csv(tmp_path / "insured.csv", [{**row, "begndate": "2021-01-01"} for row in rows])
    arguments = ("subsidy", people, "--year", 2021, "--out", tmp_path / "out", "--classes", tmp_path / "classes.csv")
    assert run(*arguments, "--partitions", 3).status == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classes.csv", "insured.csv"]


def test_resume_and_overwrite_exclude_each_other(year: Year, tmp_path: Path) -> None:
    assert year.run(tmp_path / "out", "--resume", "--overwrite").status == 2


def test_two_runs_do_not_write_into_one_folder(year: Year, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    for more in ((), ("--resume",), ("--overwrite",)):
        ran = year.run(out, *more)
        assert (ran.status, "another run is writing here" in ran.err) == (5, True)
    os.close(lock)  # as the kernel does when the process dies
    year.check_resumed(out)
