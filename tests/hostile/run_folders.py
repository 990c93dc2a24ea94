"""Run folders, finished and not, with files of them lost, cut, changed, exchanged, made links of, or joined by others.

``verify`` finds every change and never ends otherwise. ``--resume`` ends with the bytes of an undisturbed run, or refuses.
Neither touches anything outside of the folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hostile.trial import Run, Trial, command
from hostile.years import people
from settling import claim, full_after, write_csv

__all__ = ["LEDGER", "damage", "run", "tree"]

LEDGER = "ledger.jsonl"
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers leave: beside the tables it stays, and ``verify`` leaves it out anywhere."""

PARTITIONS = 4


def run(trial: Trial) -> Sequence[str]:
    """Damage a copy of a run folder, and give it to ``verify`` or ``--resume``."""
    base = trial.folder.parent / "base"
    if not base.exists():
        _make_base(base)
    shutil.copytree(base / "outside", trial.folder / "outside")
    finished = trial.dice.random() < 0.5
    shutil.copytree(base / ("finished" if finished else "stopped"), trial.out, symlinks=True)
    for _ in range(trial.dice.choice((1, 1, 1, 2, 3))):
        damage(trial)
    return _verify(trial, base) if finished else _resume(trial, base)


def _make_base(base: Path) -> None:
    """A year in four partitions: the finished run of it, one that a full disk stopped, and a folder beside them."""
    rows = [
        claim(setl_id=f"s{number}", psn_no=row["psn_no"] if number % 3 else "stranger")
        for number, row in enumerate(people() * 6)
    ]
    write_csv(base / "claims.csv", rows)
    write_csv(base / "insured.csv", people())
    (base / "outside").mkdir()
    (base / "outside" / "letter.parquet").write_text("a file of somebody else", "utf-8")
    assert _settle(base, base / "finished").status == 0
    with pytest.MonkeyPatch.context() as patch, full_after(2, patch):
        assert _settle(base, base / "stopped").status == 5


def _settle(base: Path, out: Path, *more: object) -> Run:
    given = (
        "settle",
        base / "claims.csv",
        "--insured",
        base / "insured.csv",
        "--year",
        2022,
        "--partitions",
        PARTITIONS,
    )
    return command(*given, "--workers", 1, "--out", out, *more)


def tree(folder: Path) -> dict[str, bytes | str]:
    """Every file and link below a folder; the ledger tells how a run went, not what came of it."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"a link to {os.readlink(path)}"
        elif path.is_file() and name not in (LEDGER, ".lock"):
            found[name] = path.read_bytes()
    return found


def _shown(folder: Path) -> dict[str, bytes | str]:
    """What lies in a folder but for files that a run at work leaves, and litter; a link is neither."""
    found = tree(folder)
    return {name: data for name, data in found.items() if isinstance(data, str) or not _is_left_out(Path(name))}


def _is_left_out(name: Path) -> bool:
    return name.name in LITTER or (name.name.startswith(".unfinished-") and len(name.parts) < 3)


def _verify(trial: Trial, base: Path) -> Sequence[str]:
    changed = _shown(trial.out) != _shown(base / "finished")
    ran = command("verify", trial.out, "--inputs", base)
    trial.endings.append(ran.status)
    found = [] if ran.status is not None and "Traceback" not in ran.said else [f"a traceback\n{ran.said[-3000:]}"]
    if not found and ran.status not in ({2, 3} if changed else {0, 3}):
        found.append(
            f"verify ended with {ran.status}, though the folder was {'' if changed else 'not '}changed\n{ran.said}"
        )
    return [*found, *_touched(trial, base)]


def _resume(trial: Trial, base: Path) -> Sequence[str]:
    ran = _settle(base, trial.out, "--resume")
    trial.endings.append(ran.status)
    found = [] if ran.status is not None and "Traceback" not in ran.said else [f"a traceback\n{ran.said[-3000:]}"]
    in_the_way = any(note.split()[0] in {"folder", "link", "dangle"} for note in trial.notes)
    if not found and ran.status not in ({0, 2, 3, 5} if in_the_way else {0, 2, 3}):
        found.append(f"--resume ended with {ran.status}\n{ran.said}")
    if ran.status == 0:
        whole = tree(base / "finished")
        came = {name: data for name, data in tree(trial.out).items() if name not in LITTER or isinstance(data, str)}
        wrong = sorted(name for name in whole.keys() | came.keys() if whole.get(name) != came.get(name))
        found += [f"resumed to other bytes: {name}" for name in wrong]
    return [*found, *_touched(trial, base)]


def _touched(trial: Trial, base: Path) -> list[str]:
    """Files outside of the run folder are as they were."""
    return (
        [] if tree(trial.folder / "outside") == tree(base / "outside") else ["a file outside of the folder was touched"]
    )


# ---- damage


def damage(trial: Trial) -> None:
    """One change of one file or folder below ``out``."""
    paths = [path for path in sorted(trial.out.rglob("*")) if path.name != ".lock"]
    if not paths:
        return
    what = trial.dice.choice(
        (_delete, _cut, _flip, _flip, _garbage, _exchange, _empty, _link, _dangle, _folder, _stranger, _line, _line)
    )
    path = trial.dice.choice(paths)
    trial.notes.append(f"{what.__name__[1:]} {path.relative_to(trial.out)}")
    what(trial, path)


def _lose(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _delete(trial: Trial, path: Path) -> None:
    _lose(path)


def _is_own(path: Path) -> bool:
    """Whether it is a file and no link: what stands behind a link that was made before is not to be damaged from here."""
    return path.is_file() and not path.is_symlink()


def _changed(path: Path, how: Callable[[bytes], bytes]) -> None:
    if _is_own(path):
        path.write_bytes(how(path.read_bytes()))


def _cut(trial: Trial, path: Path) -> None:
    _changed(path, lambda data: data[: trial.dice.randrange(len(data) + 1)])


def _empty(trial: Trial, path: Path) -> None:
    _changed(path, lambda _: b"")


def _flip(trial: Trial, path: Path) -> None:
    def flipped(data: bytes) -> bytes:
        at = trial.dice.randrange(len(data)) if data else 0
        return data[:at] + bytes([data[at] ^ (1 << trial.dice.randrange(8))]) + data[at + 1 :] if data else b"\0"

    _changed(path, flipped)


def _garbage(trial: Trial, path: Path) -> None:
    choices = (
        b"\xff\xfe",
        b"{}\n",
        b"[]",
        b"null",
        b'{"a": 1e999}',
        b"PAR1PAR1",
        b"\0" * 100,
        b"[" * 5000,
        b"text\n" * 50,
    )
    _changed(path, lambda _: trial.dice.choice(choices))


def _line(trial: Trial, path: Path) -> None:
    """A line of a text file of the folder is lost, stands twice, in another place, or has another word."""
    path = trial.out / trial.dice.choice((LEDGER, "SHA256SUMS", "run.json"))
    lines = path.read_bytes().splitlines(keepends=True) if _is_own(path) else []
    if not lines:
        return
    at = trial.dice.randrange(len(lines))
    what = trial.dice.choice(("lost", "twice", "moved", "null", "number"))
    trial.notes[-1] = f"line {at + 1} of {path.name}: {what}"
    line = lines.pop(at)
    if what == "moved":
        lines.insert(trial.dice.randrange(len(lines) + 1), line)
    elif what != "lost":
        new = {"twice": line + line, "null": line.replace(b'"', b"", 2), "number": line.replace(b"1", b"9" * 30, 1)}[
            what
        ]
        lines.insert(at, new)
    path.write_bytes(b"".join(lines))


def _exchange(trial: Trial, path: Path) -> None:
    other = trial.dice.choice([each for each in sorted(trial.out.rglob("*")) if _is_own(each)] or [path])
    if _is_own(path) and _is_own(other):
        mine, yours = path.read_bytes(), other.read_bytes()
        path.write_bytes(yours)
        other.write_bytes(mine)


def _link(trial: Trial, path: Path) -> None:
    """The same, elsewhere: what a link leads to belongs to somebody else."""
    folder = path.is_dir()
    _lose(path)
    path.symlink_to(trial.folder / "outside" / ("" if folder else "letter.parquet"))


def _dangle(trial: Trial, path: Path) -> None:
    _lose(path)
    path.symlink_to(trial.dice.choice((path, path.parent / "nowhere", path.parent)))


def _folder(trial: Trial, path: Path) -> None:
    _lose(path)
    path.mkdir()
    if trial.dice.random() < 0.5:
        (path / "something").write_text("x", "utf-8")


def _stranger(trial: Trial, path: Path) -> None:
    """A file that the run did not write."""
    folder = path if path.is_dir() and not path.is_symlink() else path.parent
    name = trial.dice.choice(
        (
            "part-00099.parquet",
            "notes.txt",
            ".unfinished-x",
            "part-00000.parquet.bak",
            "結果.parquet",
            "\udcff",
            ".hidden",
            ".DS_Store",
            "Thumbs.db",
        )
    )
    stranger = folder / name
    if not stranger.exists() and folder.is_dir():
        trial.notes[-1] += f": {name!a}"
        stranger.write_bytes(b"x")
