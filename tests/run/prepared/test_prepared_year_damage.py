"""A prepared year that is not as it was written is refused, and one that was being written when its process died is as it was before."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from prepared_years import PARTITIONS, add, claims, create, insured, parts, some_people, write
from qingsuan.errors import InputError, RunError, UsageError
from qingsuan.run.folder.lock import held
from qingsuan.run.prepared import Delivery, DeliveryWriter, PreparedYear, add_delivery, create_year, writing
from qingsuan.run.prepared.files import write_table
from qingsuan.run.prepared.layout import ROWS_PER_BATCH, aside_of
from qingsuan.run.prepared.records import read_delivery, read_year

PEOPLE = some_people(40, each=2)
ABOUT = {"settlement": "benefits", "year": 2021, "partitions": PARTITIONS, "made_by": None}
KILLS = int(os.environ.get("QINGSUAN_KILLS", "6"))


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def year(tmp_path: Path) -> Path:
    create(tmp_path / "year", claims(PEOPLE), insured(some_people(40)))
    return tmp_path / "year"


def change_json(path: Path, key: str, value: object) -> None:
    content = json.loads(path.read_bytes())
    content[key] = value
    path.write_text(json.dumps(content), "utf-8")


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x55
    path.write_bytes(content)


# ---- opened


@pytest.mark.parametrize("made", ["nothing", "file", "empty", "other things"])
def test_what_is_no_prepared_year_is_said_to_be_none(made: str, tmp_path: Path) -> None:
    path = tmp_path / "year"
    if made == "file":
        path.write_text("{}", "utf-8")
    elif made != "nothing":
        path.mkdir()
        if made == "other things":
            (path / "run.json").write_text("{}", "utf-8")
    for ask in (PreparedYear.open, lambda folder: add_delivery(folder).__enter__()):
        with pytest.raises(InputError, match=r"year: no prepared year\n  expected: a folder with year.json"):
            ask(path)
    assert path.exists() is (made != "nothing")


def test_one_that_was_not_finished_is_said_to_be_so(year: Path) -> None:
    (year / "year.json").unlink()
    with pytest.raises(InputError, match="a prepared year that was not finished"):
        PreparedYear.open(year)
    with held(year), pytest.raises(InputError, match="a prepared year that is being written"):
        PreparedYear.open(year)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", "another", "not the record of a prepared year"),
        ("version", 2, "version 2 of the format\n  expected: version 1"),
        ("version", "1", "version 1 of the format\n  expected: version 1"),
        ("year", "2021", "'2021' where int is expected"),
        ("partitions", 0, "partitions are 1"),
        ("partitions", True, "True where int is expected"),
        ("partitions", 10**6, "partitions are 1"),
        (
            "partitions",
            PARTITIONS + 1,
            "it does not list insured/part-00003.arrow|it does not list claims/part-00003.arrow",
        ),
        ("deliveries", [], "deliveries are delivery-0001 and so on, not none"),
        (
            "deliveries",
            [{"folder": "../x", "delivery.json sha256": "0"}],
            "deliveries are delivery-0001 and so on, not ../x",
        ),
        (
            "deliveries",
            [{"folder": "delivery-0001", "delivery.json sha256": "0"}],
            "its SHA-256 is not the one in year.json",
        ),
        ("deliveries", [{"folder": "delivery-0001"}], "delivery.json sha256"),
        ("deliveries", 7, "not iterable"),
    ],
)
def test_a_record_of_something_else_is_refused(year: Path, key: str, value: object, said: str) -> None:
    change_json(year / "year.json", key, value)
    with pytest.raises(InputError, match=said):
        PreparedYear.open(year)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"null", b"\xff", b"[" * 100_000])
def test_a_record_that_is_no_json_of_ours_is_refused(year: Path, content: bytes) -> None:
    (year / "year.json").write_bytes(content)
    with pytest.raises(InputError, match=r"year\.json"):
        PreparedYear.open(year)


def gone(folder: Path) -> None:
    (folder / "claims/part-00001.arrow").unlink()


def delivery_gone(folder: Path) -> None:
    shutil.rmtree(folder)


def longer(folder: Path) -> None:
    with (folder / "claims/part-00001.arrow").open("ab") as file:
        file.write(b"\0")


def more(folder: Path) -> None:
    shutil.copy(folder / "claims/part-00001.arrow", folder / "claims/part-00003.arrow")


def linked(folder: Path) -> None:
    (folder / "claims/part-00001.arrow").rename(folder.parent / "elsewhere")
    (folder / "claims/part-00001.arrow").symlink_to(folder.parent / "elsewhere")


def in_a_folder(folder: Path) -> None:
    (folder / "claims/more").mkdir()


def state(folder: Path) -> None:
    change_json(folder / "delivery.json", "state", {"rows": 7})


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (gone, r"part-00001.arrow: it is gone"),
        (delivery_gone, r"delivery.json: it cannot be read"),
        (longer, r"part-00001.arrow: \d+ bytes where \d+ were written"),
        (more, r"part-00003.arrow: it is not listed"),
        (linked, r"part-00001.arrow: not a file of its own"),
        (in_a_folder, r"claims/more: it is not listed"),
        (state, r"delivery.json: it cannot be read: its SHA-256 is not the one in year.json"),
    ],
)
def test_files_that_are_not_those_that_were_written_are_named(
    year: Path, damage: Callable[[Path], None], said: str
) -> None:
    (year / "delivery-0001/claims/.DS_Store").write_text("litter", "utf-8")
    PreparedYear.open(year)
    damage(year / "delivery-0001")
    before = tree(year)
    with pytest.raises(InputError, match=said):
        PreparedYear.open(year)
    with pytest.raises(InputError, match=said), add_delivery(year):
        pass
    assert tree(year) == before


@pytest.mark.parametrize(
    "name", ["claims/part-00001.arrow", "persons/part-00000.arrow", "settlements/first-00002.arrow"]
)
def test_every_changed_byte_is_found_by_its_digest(year: Path, name: str) -> None:
    path = year / "delivery-0001" / name
    opened = PreparedYear.open(year)
    opened.check_sums(workers=2)
    flip(path, path.stat().st_size // 2)
    PreparedYear.open(year)
    with pytest.raises(InputError, match=rf"{name}: its checksum is not the one in delivery.json"):
        opened.check_sums()


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_file_never_ends_in_anything_but_rows_or_an_input_error(year: Path, seed: int) -> None:
    random, opened = Random(seed), PreparedYear.open(year)
    for path in (year / "delivery-0001").rglob("*.arrow"):
        for _ in range(random.choice((1, 3, 40))):
            flip(path, random.randrange(path.stat().st_size))
    asks: tuple[Callable[[], object], ...] = (
        lambda: opened.person(PEOPLE[0]),
        lambda: opened.claim("S00000003"),
        *(
            lambda name=name, part=part: opened.deliveries[0].read(name, part)
            for name in ("claims", "insured")
            for part in range(PARTITIONS)
        ),
    )
    for ask in asks:
        with suppress(InputError):
            ask()


def test_texts_that_are_none_are_refused_where_they_are_read(year: Path) -> None:
    for part in range(PARTITIONS):
        path = year / f"delivery-0001/claims/part-{part:05d}.arrow"
        path.write_bytes(path.read_bytes().replace(b"2201", b"\xff201", 1))
        with pytest.raises(InputError, match=rf"part-{part:05d}.arrow: it cannot be read: its checksum"):
            PreparedYear.open(year).deliveries[0].read("claims", part)
    with pytest.raises(InputError, match=r"part-0000\d.arrow: it cannot be read: .*UTF8"):
        PreparedYear.open(year).person(PEOPLE[0])


@pytest.mark.parametrize("row", [len(PEOPLE), ROWS_PER_BATCH, -1, None])
def test_an_index_that_leads_outside_is_refused(year: Path, row: int | None) -> None:
    for path in (year / "delivery-0001/settlements").glob("part-*.arrow"):
        with pa.OSFile(str(path)) as source:
            index = pa.ipc.open_file(source).read_all()
        path.unlink()
        rows = pa.array([row] * len(index), pa.int32())
        write_table(path.parent, path.name, index.set_column(2, "row", rows))
    for delivery in opened_anyhow(year).deliveries:
        with pytest.raises(InputError, match=r"part-0000\d\.arrow: it cannot be read"):
            delivery.claim("S00000003")


def opened_anyhow(year: Path) -> PreparedYear:
    """Open a year whose files have changed their sizes."""
    record = read_year(year)
    folder = year / "delivery-0001"
    return PreparedYear(
        year, record, (Delivery(folder, PARTITIONS, read_delivery(folder, record.deliveries[0], PARTITIONS)),)
    )


# ---- written


def test_only_one_process_at_a_time_writes(year: Path, tmp_path: Path) -> None:
    with add_delivery(year) as writer:
        for other in (lambda: add_delivery(year), lambda: add_delivery(year)):
            with pytest.raises(RunError, match="another run is writing here"), other():
                pass
        write(writer, claims(PEOPLE), insured([]))
        writer.finish(None)
    with create_year(tmp_path / "new", **ABOUT) as writer:  # type: ignore[arg-type]
        with pytest.raises(RunError, match="another run is writing here"), create_year(tmp_path / "new", **ABOUT):  # type: ignore[arg-type]
            pass
        write(writer, claims(PEOPLE), insured([]))
        writer.finish(None)
    assert len(PreparedYear.open(year).deliveries) == 2
    assert len(PreparedYear.open(tmp_path / "new").deliveries) == 1


def test_a_year_is_made_where_nothing_else_is(year: Path, tmp_path: Path) -> None:
    before = tree(year)
    with pytest.raises(UsageError, match="year: a prepared year"), create_year(year, **ABOUT):  # type: ignore[arg-type]
        pass
    assert tree(year) == before
    for name in ("other", "numbered/delivery-2021", "named/delivery-0001"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "mine.arrow").write_text("mine", "utf-8")
    (tmp_path / "file").write_text("mine", "utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, said in (
        ("other", r"it holds other things: mine\.arrow"),
        ("numbered", "it holds other things: delivery-2021"),
        ("named", r"delivery-0001: it holds other things: mine\.arrow"),
        ("file", "cannot be looked into"),
        ("link", "cannot be looked into"),
    ):
        with pytest.raises(UsageError, match=said), create_year(tmp_path / name, **ABOUT):  # type: ignore[arg-type]
            pass
    assert len([*tmp_path.glob("*/mine.arrow"), *tmp_path.glob("*/*/mine.arrow")]) == 3
    assert not (tmp_path / "nowhere").exists()


def stopped_halfway(writer: DeliveryWriter) -> None:
    write(writer, claims(PEOPLE), insured([]))
    raise KeyError("mine")


def test_an_error_in_the_middle_leaves_the_year_as_it_was(year: Path) -> None:
    before = tree(year)
    with pytest.raises(KeyError, match="mine"), add_delivery(year) as writer:
        stopped_halfway(writer)
    assert tree(year) == before


def test_a_full_disk_leaves_the_year_as_it_was(year: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = tree(year)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match=r"\.arrow: could not be written: .*No space left"), add_delivery(year) as writer:
        write(writer, claims(PEOPLE), insured([]))
    assert tree(year) == before


def fails_once_the_year_is_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(folder: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("qingsuan.run.prepared.records.sync", fail)


def test_a_delivery_that_the_year_names_already_stays(year: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails_once_the_year_is_renamed(monkeypatch)
    with pytest.raises(RunError, match="could not be written"):
        add(year, claims(PEOPLE), insured([]))
    assert len(PreparedYear.open(year).deliveries) == 2


def written_but_for_the_index(writer: DeliveryWriter) -> None:
    """Each part fails after its tables, and whoever writes goes on all the same."""
    writer._ids.add = None  # type: ignore[assignment, method-assign]
    for partition, (claimed, persons) in enumerate(zip(parts(claims(PEOPLE)), parts(insured([])), strict=True)):
        with suppress(TypeError):
            writer.write_part(partition, {"claims": claimed, "insured": persons})
    writer.finish(None)


def test_a_part_that_was_not_written_whole_does_not_become_one(year: Path) -> None:
    with pytest.raises(ValueError, match="0 of 3 partitions"), add_delivery(year) as writer:
        written_but_for_the_index(writer)
    assert len(PreparedYear.open(year).deliveries) == 1


def test_a_delivery_that_no_year_names_and_that_was_removed_in_part_is_swept(
    year: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole but never named, then the machine failed while it was removed, after its record: it was taken for somebody else's."""
    left = year / "delivery-0002"
    shutil.copytree(year / "delivery-0001", left)

    def fails(folder: Path) -> None:
        (folder / "delivery.json").unlink()
        raise OSError(errno.ENFILE, "Too many open files in system", "claims")

    with monkeypatch.context() as patch:
        patch.setattr(writing.shutil, "rmtree", fails)
        with pytest.raises(RunError, match="Too many open files"), add_delivery(year):
            pass
    assert (left / "claims").is_dir()
    with pytest.raises(ValueError, match="0 of 3 partitions"), add_delivery(year) as writer:
        written_but_for_the_index(writer)
    assert not left.exists()
    assert not aside_of(left).exists()


def test_what_is_not_ours_is_never_removed(year: Path) -> None:
    left = year / "delivery-0002"
    (left / "claims").mkdir(parents=True)
    (left / "claims/notes.txt").write_text("mine", "utf-8")
    aside_of(left).mkdir()
    with (
        pytest.raises(UsageError, match=r"delivery-0002: it holds other things: claims/notes\.txt"),
        add_delivery(year),
    ):
        pass
    (left / "claims/notes.txt").rename(left / "claims/part-00000.arrow")
    aside_of(left).rmdir()
    with pytest.raises(UsageError, match=r"other things: claims/part-00000\.arrow"), add_delivery(year):
        pass
    shutil.rmtree(left)
    left.symlink_to(year / "delivery-0001")
    with pytest.raises(UsageError, match="delivery-0002"), add_delivery(year):
        pass
    assert PreparedYear.open(year).deliveries[0].read("claims", 0)


WRITING = textwrap.dedent("""
    import sys
    from pathlib import Path
    sys.path.insert(0, {support!r})
    from prepared_years import *
    claimed, persons = claims(some_people(3000, each=3)), insured(some_people(3000))
    print("ready", flush=True)
    {call}
    print("done", flush=True)
""")


@pytest.mark.parametrize(
    "call", ["add(Path(sys.argv[1]), claimed, persons)", "create(Path(sys.argv[1]), claimed, persons)"]
)
@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_any_moment_the_year_is_as_it_was_before(year: Path, call: str, seed: int, tmp_path: Path) -> None:
    folder, random = (year if call.startswith("add") else tmp_path / "new"), Random(seed)
    before = tree(folder)
    code = WRITING.format(support=str(Path(__file__).parents[2] / "support"), call=call)
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(random.uniform(0, 0.06))
    process.kill()
    done = process.communicate()[0] == "done\n"
    assert process.returncode in (-signal.SIGKILL, 0)
    named = int(len(before) > 0)
    deliveries = len(PreparedYear.open(folder).deliveries) if (folder / "year.json").exists() else 0
    assert deliveries in (named, named + 1)
    assert deliveries == named + 1 or not done
    if deliveries == named:
        assert {name: content for name, content in tree(folder).items() if name in before} == before
    again = add(folder, claims(PEOPLE), insured([])) if deliveries else create(folder, claims(PEOPLE), insured([]))
    assert len(again.deliveries) == deliveries + 1
    again.check_sums()
    assert not [path for path in folder.rglob(".*") if path.name != ".lock"]
