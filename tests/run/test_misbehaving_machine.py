"""Runs on a machine that misbehaves: each is finished and right, or stopped with what failed and what to do, and goes on to the same bytes.

QINGSUAN_FAULTS says how many, QINGSUAN_FAULTS_SEED from which seed on (`make faults`); each seed is one command with its faults.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from faulted_commands import Year, quick_plugins
from misbehaving import Fault, Machine, misbehaving
from qingsuan.errors import InputError
from qingsuan.run.folder.folder import Written
from qingsuan.run.folder.parquet import write_parquet
from qingsuan.signatures.keys import private_key
from qingsuan.signatures.signature import sign

CASES = int(os.environ.get("QINGSUAN_FAULTS", "14"))
SEED = int(os.environ.get("QINGSUAN_FAULTS_SEED", "1"))
TOGETHER = 100
"""So many seeds are a test; tests run side by side."""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    with quick_plugins():
        yield Year(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("first", range(SEED, SEED + CASES, TOGETHER))
def test_every_run_on_a_misbehaving_machine_is_right_or_says_what_failed(first: int, year: Year) -> None:
    seeds = range(first, min(first + TOGETHER, SEED + CASES))
    met = year.met.total()
    wrong = [told for seed in seeds if (told := year.disturb(seed))]
    assert not wrong, f"{len(wrong)} of {len(seeds)}:\n" + "\n\n".join(wrong)
    assert year.met.total() - met >= len(seeds) // 2, year.met


def _with(year: Year, name: str, out: Path, *faults: Fault) -> Machine:
    """A machine with these faults below the inputs and the output of a command."""
    year.commands[name].begun(out)
    return Machine({"in": year.inputs, "out": out}, faults)


def test_a_folder_that_cannot_be_listed_is_not_an_empty_one(year: Year, tmp_path: Path) -> None:
    """Books were kept without what clearing had paid, and ended with status 0: ``Path.glob`` skips what may not be looked into."""
    lists = year.asked["fund"]["in list"]
    for turn in range(lists):
        out = tmp_path / str(turn)
        with misbehaving(
            _with(year, "fund", out, Fault("list", "in list", turn, errno.EACCES, lasts=False))
        ) as machine:
            ran = year.commands["fund"].run(out)
        assert (ran.status, "Permission denied" in ran.err) == (3, True), (turn, ran, machine.met)


def test_what_cannot_be_looked_at_is_not_missing(year: Year, tmp_path: Path) -> None:
    """A run was signed without its ledger when the ledger could not be looked at."""
    looks = year.asked["sign"]["out look"]
    for turn in range(looks):
        out = tmp_path / str(turn)
        with misbehaving(_with(year, "sign", out, Fault("look", "out look", turn, errno.EIO, lasts=False))):
            ran = year.commands["sign"].run(out)
        if ran.status == 0:
            assert (out / "SIGNATURE").read_bytes() == year.expected["sign"]["SIGNATURE"]


def test_what_cannot_be_read_while_a_year_is_closed_is_named(year: Year, tmp_path: Path) -> None:
    """The close digests files that no part wrote; where one of them could not be read, the message did not say which."""
    name, out = "case.json", tmp_path / "out"
    out.mkdir()
    (out / name).write_text("{}", "utf-8")
    with (
        misbehaving(Machine({"out": out}, (Fault("read", "out read", 0, errno.ESTALE, lasts=True),))),
        pytest.raises(OSError, match=rf"Stale file handle: '{out / name}'"),
    ):
        Written.of(out, name)


def test_a_ledger_that_vanishes_before_it_is_signed_is_missed(year: Year, tmp_path: Path) -> None:
    """The folder is checked, and then it is signed: what goes in between was left out of the signature."""
    key, out = private_key(year.inputs / "bureau.key", lambda: ""), tmp_path / "out"
    year.commands["sign"].begun(out)
    (out / "ledger.jsonl").unlink()
    with pytest.raises(InputError, match=r"no ledger\.jsonl"):
        sign(out, key)
    assert not (out / "SIGNATURE").exists()


def test_an_error_of_the_machine_is_not_taken_for_a_way_of_writing(year: Year, tmp_path: Path) -> None:
    """A Parquet file that could not be read once was read in another way, and results of other bytes came of it."""
    reads = year.asked["settle"]["in read"]
    for turn in range(0, reads, 3):
        out = tmp_path / str(turn)
        with misbehaving(_with(year, "settle", out, Fault("read", "in read", turn, errno.EIO, lasts=False))) as machine:
            ran = year.commands["settle"].run(out)
        assert ran.status == 3, (turn, machine.met, ran.err)


def test_a_lock_that_cannot_be_looked_at_is_let_go_of(year: Year, tmp_path: Path) -> None:
    """The process kept the lock that it could not make sure of, and refused its own next run."""
    command, out = year.commands["subsidy"], tmp_path / "out"
    looks = year.asked["subsidy"]["out look"]
    for turn in range(min(looks, 12)):
        with misbehaving(_with(year, "subsidy", out, Fault("look", "out look", turn, errno.EIO, lasts=False))):
            command.run(out, "--resume")
        ran = command.run(out, "--resume")
        assert ran.status == 0, (turn, ran.err)


def test_a_delivery_that_could_not_be_removed_goes_with_the_next(year: Year, tmp_path: Path) -> None:
    """What was left of it was taken for somebody else's, and no year could be prepared there any more."""
    command, out = year.commands["prepare"], tmp_path / "out"
    syncs = Fault("sync", "out sync", year.asked["prepare"]["out sync"] - 3, errno.EIO, lasts=False)
    with misbehaving(_with(year, "prepare", out, syncs, Fault("remove", "out remove", 3, errno.EIO, lasts=True))):
        ran = command.run(out)
    assert ran.status == 5, ran
    assert (out / "delivery-0001").exists()
    ran = command.run(out)
    assert ran.status == 0, ran.err


def test_the_machine_misbehaves_where_it_is_told_to(tmp_path: Path) -> None:
    """Short writes, a full disk and a rename that fails reach what pathlib and PyArrow write."""
    table, place = pa.table({"a": list(range(1000))}), {"out": tmp_path}
    with misbehaving(Machine(place, (Fault("short", "out write", 0, 0, lasts=False),))) as machine:
        write_parquet(table, tmp_path / "short")
        (tmp_path / "plain").write_bytes(b"x" * 100)
    assert [fault.kind for fault, _ in machine.met] == ["short"]
    write_parquet(table, tmp_path / "whole")
    assert (tmp_path / "short").read_bytes() == (tmp_path / "whole").read_bytes()
    full = Fault("full", "out write", 1, errno.ENOSPC, lasts=True)
    with misbehaving(Machine(place, (full,))):
        (tmp_path / "first").write_bytes(b"x")
        for work in (lambda: (tmp_path / "second").write_bytes(b"x"), lambda: write_parquet(table, tmp_path / "third")):
            with pytest.raises(OSError, match="No space left"):
                work()
    with misbehaving(Machine(place, (Fault("rename", "out rename", 0, errno.EIO, lasts=False),))):
        with pytest.raises(OSError, match="Input/output error"):
            (tmp_path / "first").rename(tmp_path / "other")
        (tmp_path / "first").rename(tmp_path / "other")
