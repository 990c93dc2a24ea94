"""Whatever happened to a folder, ``verify`` says what is off, and ends with 3: never with a traceback, never as if all were well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from damage import damage
from qingsuan.run.folder.lock import held
from settling import Ran, claim, install, insured, only, run, settle, write

SEEDS = range(int(os.environ.get("QINGSUAN_DAMAGED_FOLDERS", "10")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A settled year with accumulators and rejected rows, and a subsidy."""
    place = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        install(place / "site")
        only(place / "site", patch)
        claims = [
            claim(setl_id=f"s{n}", psn_no=f"p{n % 5}", setl_time=f"2022-03-{n + 1:02} 10:00:00") for n in range(9)
        ]
        write(place / "claims.csv", [*claims, claim(setl_id="bad", med_type="x")])
        write(place / "insured.csv", [insured(psn_no=f"p{n}") for n in range(5)])
        ran = settle(
            place / "claims.csv", place / "insured.csv", place / "settled", "--partitions", 2, "--accumulators"
        )
        assert ran.status == 0, ran
    write(place / "heads.csv", [insured(psn_no=f"p{n}", insu_admdvs="220102") for n in range(5)])
    assert run("subsidy", place / "heads.csv", "--year", 2021, "--out", place / "subsidy").status == 0
    return {"settled": place / "settled", "subsidy": place / "subsidy"}


def check(ran: Ran, what: str, *, may_be_whole: bool = False) -> None:
    assert ran.status == 3 or (may_be_whole and ran.status == 0), (what, ran)
    for never in ("Traceback", "a fault of qingsuan itself", "the machine refused"):
        assert never not in ran.err, (what, ran)


@pytest.mark.parametrize("kind", ["settled", "subsidy"])
def test_any_damage_is_a_finding(kind: str, whole: dict[str, Path], tmp_path: Path) -> None:
    assert run("verify", whole[kind]).status == 0
    for seed in SEEDS:
        out = tmp_path / str(seed)
        shutil.copytree(whole[kind], out)
        what = damage(out, seed)
        # what nothing else tells: values of a subsidy's record, and lines of a ledger that are sealed again
        is_told_nowhere = (kind == "subsidy" and what.endswith(" run.json")) or "another_value ledger.jsonl" in what
        is_whole = same(whole[kind], out) or is_told_nowhere
        for more in ((), ("--json", "--inputs", whole[kind].parent)):
            check(run("verify", out, *more), what, may_be_whole=is_whole)
        shutil.rmtree(out)


def same(left: Path, right: Path) -> bool:
    """Whether the damage changed nothing."""

    def content(folder: Path) -> dict[str, bytes | None]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() and not path.is_symlink() else None
            for path in folder.rglob("*")
        }

    return content(left) == content(right)


@pytest.mark.parametrize(
    "name", [".hidden", "settled/.hidden", ".git/config", ".state/mine", "settled/deep/.unfinished-x"]
)
def test_a_hidden_file_that_no_run_writes_is_a_finding(name: str, whole: dict[str, Path], tmp_path: Path) -> None:
    ran = run("verify", with_file(whole["settled"], name, tmp_path))
    check(ran, name)
    assert f"{name}: it belongs to the run" in ran.out


@pytest.mark.parametrize(
    "name",
    [
        *(".DS_Store", "settled/.DS_Store", "Thumbs.db", "totals/desktop.ini"),
        *(
            ".lock",
            ".state/part-00001.arrow",
            ".shuffle/x/00001.arrows",
            ".unfinished-run.json",
            "settled/.unfinished-x",
        ),
    ],
)
def test_litter_and_what_a_killed_run_left_are_named_as_left_out(
    name: str, whole: dict[str, Path], tmp_path: Path
) -> None:
    ran = run("verify", with_file(whole["settled"], name, tmp_path))
    assert ran.status == 0, ran
    assert f"note: no part of the result, and left out: {name}\n" in ran.out


def with_file(whole: Path, name: str, place: Path) -> Path:
    """A copy of a folder with one more file in it."""
    out = place / "out"
    shutil.copytree(whole, out)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(b"x")
    return out


def test_a_settlement_that_is_not_known_is_not_called_whole(whole: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(whole["subsidy"], tmp_path / "out")
    record = tmp_path / "out" / "run.json"
    record.write_text(record.read_text("utf8").replace('"subsidy', '"subsid@'), "utf8")
    ran = run("verify", tmp_path / "out")
    check(ran, "another settlement")
    assert "a settlement that is not known here: subsid@" in ran.err


def test_a_folder_that_a_run_writes_into_is_not_verified(whole: dict[str, Path]) -> None:
    with held(whole["settled"]):
        ran = run("verify", whole["settled"])
    check(ran, "held")
    assert "a run is writing into it at this moment" in ran.err


@pytest.mark.parametrize(
    "change",
    [
        lambda out: (out / "stray.sock").symlink_to(out / "run.json"),
        lambda out: os.mkfifo(out / "settled" / "part-00009.parquet"),
        lambda out: (
            (out / "settled").rename(out.parent / "moved") and (out / "settled").symlink_to(out.parent / "moved")
        ),
    ],
)
def test_what_is_no_file_of_its_own_is_named_and_not_followed(
    change: Callable[[Path], object], whole: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole["settled"], out)
    change(out)
    ran = run("verify", out)
    check(ran, "links")
    assert "a link, or something that is neither" in ran.out
    assert "rows are not looked at" in ran.out
