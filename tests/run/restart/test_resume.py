"""A run that is stopped, however, goes on with --resume and ends with the bytes of one that was not.

QINGSUAN_KILLS says how many times a run is killed (and a tenth of it: how many times its disk is full); `make kills` does 200.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qingsuan.run.folder import LEDGER, RunFolder
from qingsuan.run.kept import Kept
from qingsuan.run.restart.ledger import Ledger, read_lines
from qingsuan.run.shuffle import Budget
from settling import Ran, claim, full_after, install, insured, only, run, write
from settling import settle as settle_made_up
from stopping import Stoppable, change_file, tree

KILLS = int(os.environ.get("QINGSUAN_KILLS", "2"))
PARTITIONS = 12


class Year(Stoppable):
    """A made-up year, and the undisturbed run of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        assert run("sample", folder / "year", "--people", 4000, "--seed", 11, "--bad-rows", 40).status == 0
        process = self.start(folder / "undisturbed")
        appeared = self.wait_for(folder / "undisturbed", process)
        assert process.communicate()[0] is None
        assert process.returncode == 0
        self.seconds = time.monotonic() - appeared
        self.expected = tree(folder / "undisturbed")

    def arguments(self, out: Path, *more: object) -> list[str]:
        claims, tables = self.folder / "year" / "claims", self.folder / "year"
        insured_, identities = tables / "insured.parquet", tables / "identities.parquet"
        inputs = ["settle", claims, "--insured", insured_, "--identities", identities, "--year", 2021]
        return [str(each) for each in (*inputs, "--partitions", PARTITIONS, "--out", out, *more)]

    def check_resumed(self, out: Path) -> Ran:
        ran = self.run(out, "--resume")
        assert ran.status == 0, ran.err
        assert tree(out) == self.expected
        assert not read_lines(out).broken
        return ran


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    return Year(tmp_path_factory.mktemp("resume"))


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
    random, out = Random(seed), tmp_path / "out"
    more: tuple[str, ...] = ()
    for _ in range(random.choice((1, 1, 2, 3))):
        process = year.start(out, *more)
        year.wait_for(out, process)
        time.sleep(random.uniform(0, year.seconds))
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
        assert "interrupted" in err
        assert f"of {PARTITIONS} partitions are finished and kept" in err
        assert "--resume" in err
        assert "Traceback" not in err
    year.check_resumed(out)


# ---- disk full, and other machines' troubles


@pytest.mark.parametrize("seed", range(max(2, KILLS // 10)))
def test_a_full_disk_stops_it_and_room_lets_it_go_on(
    year: Year, seed: int, small_disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    needed = sum(-(-len(content) // 4096) * 4096 for content in year.expected.values())
    out = small_disk(random.randrange(needed // 20, needed)) / "out"
    with monkeypatch.context() as patch:
        patch.setenv(
            "QINGSUAN_DISK", "unchecked"
        )  # that there is too little room is known before, and is to be met here
        if seed % 2:  # rows are put aside almost at once
            patch.setattr("qingsuan.run.model.Budget", lambda *_: Budget(100_000))
        ran = year.run(out)
        assert ran.status == 5, ran.err
        assert "No space left" in ran.err
        assert not (out / "run.json").exists()
        small_disk(64 << 20)
        year.check_resumed(out)


def test_what_is_finished_is_said_and_kept(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    ran = stopped(year, out, 5, monkeypatch)
    assert f"5 of {PARTITIONS} partitions are finished and kept" in ran.err
    assert "No space left" in ran.err
    before = {name: (out / name).stat().st_mtime_ns for name in tree(out) if name.startswith("settled/")}
    kept = {file.file for files in read_lines(out).partitions.values() for file in files}
    year.check_resumed(out)
    for name, stamp in before.items():
        assert ((out / name).stat().st_mtime_ns == stamp) is (name in kept)


@pytest.mark.parametrize(
    "name", ["settled/part-00003.parquet", "rejected/part-00002.parquet", "totals/care.parquet", "run.json"]
)
def test_a_file_that_cannot_be_renamed(year: Year, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, replace = tmp_path / "out", Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target) == out / name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        ran = year.run(out)
    assert ran.status == 5
    assert "Permission denied" in ran.err
    assert "--resume" in ran.err
    assert not (out / "run.json").exists()
    assert not list(out.rglob(".unfinished-*"))
    year.check_resumed(out)


def test_a_worker_that_dies(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    of = Kept.of

    def dies(outcome: Any) -> Kept:
        calls.append(1)
        if len(calls) == 4:
            raise MemoryError("malloc of size 1 failed")
        return of(outcome)

    with monkeypatch.context() as patch:
        patch.setattr(Kept, "of", dies)
        ran = year.run(tmp_path / "out")
    assert ran.status == 5
    assert "MemoryError" in ran.err
    assert "partitions are finished and kept" in ran.err
    assert "Traceback" not in ran.err
    year.check_resumed(tmp_path / "out")


def test_an_input_that_ends_in_the_middle(year: Year, tmp_path: Path) -> None:
    """A row group that cannot be read stops the run before anything is written; the whole file lets it go on."""
    claims = tmp_path / "claims.parquet"
    table = pq.read_table(next((year.folder / "year" / "claims").glob("*.parquet")))
    pq.write_table(table, claims, row_group_size=2000)
    whole = claims.read_bytes()
    middle = len(whole) // 2
    claims.write_bytes(whole[:middle] + bytes(200) + whole[middle + 200 :])
    arguments = year.arguments(tmp_path / "out")
    arguments[1] = str(claims)
    ran = run(*arguments)
    assert ran.status == 3
    assert "claims.parquet" in ran.err
    assert not (tmp_path / "out").exists()
    claims.write_bytes(whole)
    assert run(*arguments, "--resume").status == 0


def test_an_input_that_changes_while_it_is_read(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(year.folder / "year", tmp_path / "year")
    begin = Ledger.begin

    def touch(self: Ledger, header: dict[str, Any]) -> None:
        with (tmp_path / "year" / "insured.parquet").open("ab") as file:
            file.write(b"more")
        begin(self, header)

    monkeypatch.setattr(Ledger, "begin", touch)
    arguments = [text.replace(str(year.folder), str(tmp_path)) for text in year.arguments(tmp_path / "out")]
    ran = run(*arguments)
    assert ran.status == 3
    assert "changed while it was read" in ran.err
    assert not (tmp_path / "out" / "run.json").exists()


# ---- what is used again is checked


@pytest.mark.parametrize("kind", ["settled", "reversed", ".state"])
def test_a_part_that_changed_is_settled_again(
    year: Year, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    number = min(read_lines(out).partitions)
    changed = next((out / kind).glob(f"part-{number:05d}.*"))
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    ran = year.check_resumed(out)
    assert "is done again" in ran.err
    assert f"{kind}/{changed.name}" in ran.err


def test_a_part_that_is_gone_is_settled_again(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    (out / "settled" / f"part-{min(read_lines(out).partitions):05d}.parquet").unlink()
    assert "is done again" in year.check_resumed(out).err


def test_a_line_cut_off_is_no_line(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 4, monkeypatch)
    lines = (out / LEDGER).read_bytes().splitlines(keepends=True)
    for cut in (1, len(lines[-1]) // 2, len(lines[-1]) - 1):
        (out / LEDGER).write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
        assert len(read_lines(out).partitions) == 3
        assert read_lines(out).torn
    year.check_resumed(out)
    assert not read_lines(out).broken
    assert len(read_lines(out).partitions) == PARTITIONS


def test_a_header_cut_off_is_none(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 2, monkeypatch)
    (out / LEDGER).write_bytes((out / LEDGER).read_bytes()[:100])
    year.check_resumed(out)


def test_what_follows_a_changed_line_is_not_believed(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stopped(year, out, 5, monkeypatch)
    lines = (out / LEDGER).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"size": ', b'"size": 1', 1)
    (out / LEDGER).write_bytes(b"".join(lines))
    assert len(read_lines(out).partitions) == 1
    assert "line 3 is not whole" in year.check_resumed(out).err


def test_what_a_stopped_run_left_half_written_is_removed(
    year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    stopped(year, out, 3, monkeypatch)
    (out / ".shuffle" / "claims").mkdir(parents=True)
    (out / ".shuffle" / "claims" / "00000.arrows").write_bytes(b"half")
    (out / "settled" / ".unfinished-part-00009.parquet").write_bytes(b"half")
    (out / "settled" / "part-00099.parquet").write_bytes(b"of nobody")
    year.check_resumed(out)


# ---- what changed


class MadeUp:
    """A run of a made-up region that was stopped, all of whose parts can be changed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        install(folder / "site")
        only(folder / "site", monkeypatch)
        people = [f"p{number}" for number in range(40)]
        rows = [claim(setl_id=f"s{person}", psn_no=person) for person in people]
        self.claims = write(folder / "claims.csv", rows)
        self.people = write(folder / "insured.parquet", [insured(psn_no=person) for person in people])
        finish = RunFolder.finish

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(RunFolder, "finish", full)
        assert self.settle().status == 5
        monkeypatch.setattr(RunFolder, "finish", finish)
        assert len(read_lines(folder / "out").partitions) == 4

    def settle(self, *more: object, year: int = 2022, partitions: int = 4) -> Ran:
        if year == 2022:
            return settle_made_up(self.claims, self.people, self.folder / "out", "--partitions", partitions, *more)
        arguments = ("settle", self.claims, "--insured", self.people, "--year", year, "--out", self.folder / "out")
        return run(*arguments, "--partitions", partitions, *more)


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeUp:
    return MadeUp(tmp_path, monkeypatch)


def new_version(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("METADATA")), "2022.1", "2022.2")


def new_rule(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("a.toml")), "percent = [60]", "percent = [61]")


def new_comment(made_up: MadeUp) -> None:
    change_file(next((made_up.folder / "site").rglob("a.toml")), 'article = "1"', 'article = "2"')


def new_claims(made_up: MadeUp) -> None:
    change_file(made_up.claims, "as it came", "as it cane")


def more_claims(made_up: MadeUp) -> None:
    made_up.claims.write_text(made_up.claims.read_text("utf-8").replace(",p1,", ",p2,", 1), "utf-8")


def other_file(made_up: MadeUp) -> None:
    made_up.claims = made_up.claims.rename(made_up.folder / "others.csv")


CHANGES: list[tuple[Callable[[MadeUp], None], int, str]] = [
    (new_version, 4, "qingsuan-settling"),
    (new_rule, 4, "compiled rules"),
    (new_comment, 4, "a.toml"),
    (new_claims, 3, "claims.csv"),
    (more_claims, 3, "claims.csv"),
    (other_file, 3, "others.csv is new"),
]


@pytest.mark.parametrize(("change", "status", "named"), CHANGES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_changed_is_refused_and_named(
    made_up: MadeUp, change: Callable[[MadeUp], None], status: int, named: str
) -> None:
    before = tree(made_up.folder / "out")
    change(made_up)
    ran = made_up.settle("--resume")
    assert (ran.status, named in ran.err, "--resume with other" in ran.err) == (status, True, True), ran.err
    assert tree(made_up.folder / "out") == before


@pytest.mark.parametrize(
    ("more", "year", "partitions", "named"),
    [
        ((), 2021, 4, "year: 2022 before, 2021 now"),
        ((), 2022, 5, "partitions: 4 before, 5 now"),
        (("--skip-unserved",), 2022, 4, "skip unserved pools: False before, True now"),
        (("--csv-encoding", "gb18030"), 2022, 4, "encoding of CSV"),
    ],
)
def test_resuming_with_other_options_is_refused_by_name(
    made_up: MadeUp, more: tuple[str, ...], year: int, partitions: int, named: str
) -> None:
    ran = made_up.settle("--resume", *more, year=year, partitions=partitions)
    assert (ran.status, named in ran.err) == (2, True), ran.err


def test_how_it_works_may_change(made_up: MadeUp) -> None:
    assert made_up.settle("--resume", "--workers", 1, "--memory", "512MB").status == 0


def test_a_stopped_run_with_nothing_changed_goes_on(made_up: MadeUp) -> None:
    ran = made_up.settle("--resume", "--json")
    assert (ran.status, ran.err) == (0, "qingsuan: claims: columns nobody reads: my_note\n")
    assert json.loads(ran.out)["rows"]["settled"] == 40


# ---- folders


def test_nothing_to_go_on_with_is_a_plain_run(year: Year, tmp_path: Path) -> None:
    year.check_resumed(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    year.check_resumed(tmp_path / "empty")


def test_a_finished_run_is_finished(year: Year, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(year.folder / "undisturbed", out)
    assert "the run is finished" in year.check_resumed(out).err
    ran = year.run(out, "--resume", "--partitions", 3)
    assert (ran.status, "partitions: 12 before, 3 now" in ran.err) == (2, True)


def test_without_resume_it_is_not_touched(year: Year, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    stopped(year, out, 2, monkeypatch)
    before = tree(out)
    ran = year.run(out)
    assert (ran.status, "--resume" in ran.err) == (2, True)
    assert tree(out) == before
    assert year.run(out, "--overwrite").status == 0
    assert tree(out) == year.expected


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


def test_overwriting_waits_until_the_input_was_read(year: Year, tmp_path: Path) -> None:
    """An input that cannot be trusted leaves the earlier result alone."""
    out = tmp_path / "out"
    shutil.copytree(year.folder / "undisturbed", out)
    bad = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"setl_id": ["a"]}), bad)
    arguments = year.arguments(out, "--overwrite")
    arguments[1] = str(bad)
    assert run(*arguments).status == 3
    assert tree(out) == year.expected
