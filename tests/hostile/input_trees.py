"""Folders of claims as they lie about: hidden files, links, unreadable and unfinished parts, foreign tables, odd names.

Of a folder or a glob, either everything is settled but what the record names, or nothing is.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from hostile.readings import result
from hostile.trial import Trial, unfounded
from hostile.years import people
from settling import claim, write, write_csv

__all__ = ["run"]

FOLDERS = (
    *(
        "jan",
        "feb",
        "2022",
        "insutype=390",
        "医保",
        "a b",
        "[ab]",
        "x*",
        ".hidden",
        "_drafts",
        "_temporary",
        "_delta_log",
        "metadata",
    ),
    *(".hoodie", "_spark_metadata", ".ipynb_checkpoints", "__MACOSX", "deep/er/still", "claims.csv", "staging.tmp"),
)
TABLES = (
    *(
        "part-{}.csv",
        "part-{}.csv",
        "{}.csv",
        "{}.parquet",
        "{}.arrow",
        "UPPER-{}.CSV",
        ".hidden-{}.csv",
        "_draft-{}.csv",
        "a[{}].csv",
    ),
    *(
        "q?{}.csv",
        "\u00e9-{}.csv",
        "e\u0301-{}.csv",
        "line\nend-{}.csv",
        "~$lock-{}.csv",
        "#{}.csv",
        "-{}.csv",
        "{}.csv.csv",
    ),
)
OTHERS = (
    "_SUCCESS",
    ".DS_Store",
    ".part-1.csv.crc",
    "notes.xlsx",
    "readme.txt",
    "1.csv.gz",
    "b.csv.tmp",
    "Thumbs.db",
    "no-ending",
    "empty.csv",
)
MOST_DEPTH = 3


def run(trial: Trial) -> Sequence[str]:
    """Grow a tree, name it by a folder or a glob, and look for every row of it."""
    write_csv(trial.folder / "insured.csv", people())
    trial.known["ids"] = {}
    for name in ("claims", "elsewhere"):
        (trial.folder / name).mkdir()
        _grow(trial, trial.folder / name, 1)
    for _ in range(trial.dice.choice((0, 0, 1, 1, 2))):
        _make_odd(trial, trial.folder / "claims")
    closed = [path for path in sorted((trial.folder / "claims").rglob("*")) if not path.is_symlink()]
    closed = trial.dice.sample(closed, 1) if closed and trial.dice.random() < 0.15 else []
    for path in closed:
        trial.notes.append(f"{path.name} may not be read")
        path.chmod(0)
    try:
        return _settled(trial, trial.folder / "claims", closed)
    finally:
        for path in closed:
            path.chmod(0o755)


def _settled(trial: Trial, root: Path, closed: list[Path]) -> list[str]:
    place = trial.dice.choice((str(root), str(root), f"{root}/**/*.csv", f"{root}/**/*"))
    trial.notes.append(f"given {place.replace(str(trial.folder), '')}")
    ran = trial.settle(place)
    found = unfounded(ran, {0, 3}, trial.out)
    if found or ran.status != 0:
        return found
    for path in closed:
        path.chmod(0o755)
    rows = [row["setl_id"] for table in ("settled", "reversed", "rejected") for row in result(trial.out, table)]
    if len(rows) != len(set(rows)):
        found.append(f"rows are there more than once: {sorted(rows)}")
    record = json.loads((trial.out / "run.json").read_text("utf-8"))
    named = json.dumps(record, ensure_ascii=False) + ran.said
    for path, ids in _meant(trial, root, place):
        there = ids & set(rows)
        if there and there != ids:
            found.append(f"{path.relative_to(root)}: a part of its rows is there")
        if not there and not any(_is_said(part, named) for part in path.relative_to(root).parts):
            found.append(f"{path.relative_to(root)}: none of its rows is there, and nothing says so\n{ran.said}")
    return found


def _is_said(name: str, named: str) -> bool:
    return name in named or json.dumps(name, ensure_ascii=False)[1:-1] in named


def _meant(trial: Trial, root: Path, place: str) -> Iterator[tuple[Path, set[str]]]:
    """Every table below the folder, through links too, that has the ending asked for, and the ids in it."""
    seen: set[Path] = set()
    for above, folders, files in os.walk(root, followlinks=True):
        real = Path(above).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        for name in files:
            ids = trial.known["ids"].get((Path(above) / name).resolve())
            if ids is not None and (name.endswith(".csv") or not place.endswith(".csv")):
                yield Path(above) / name, ids


# ---- growing


def _grow(trial: Trial, folder: Path, depth: int) -> None:
    dice = trial.dice
    for _ in range(dice.choice((1, 1, 2, 3))):
        _table(trial, folder)
    if dice.random() < 0.3:
        (folder / dice.choice(OTHERS)).write_bytes(dice.choice((b"", b"x")))
    for name in dice.sample(FOLDERS, dice.choice((0, 0, 1, 2))) if depth < MOST_DEPTH else ():
        if not (folder / name).exists():
            (folder / name).mkdir(parents=True)
            _grow(trial, folder / name, depth + 1)


def _table(trial: Trial, folder: Path) -> None:
    """A file of a few claims, whose ids are in no other file."""
    ids = trial.known["ids"]
    number = len(ids) + 1
    path = folder / trial.dice.choice(TABLES).format(number)
    rows = [claim(setl_id=f"file{number}-{row}", psn_no="p1") for row in range(trial.dice.choice((1, 2)))]
    write(path, rows) if path.suffix != ".CSV" else write_csv(path, rows)
    ids[path.resolve()] = {str(row["setl_id"]) for row in rows}


def _make_odd(trial: Trial, root: Path) -> None:
    """A link, a special file or an empty folder."""
    dice = trial.dice
    elsewhere = trial.folder / "elsewhere"
    below = sorted(path for path in elsewhere.rglob("*") if path.is_file())
    folders = [root, *sorted(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]
    place = dice.choice(folders) / dice.choice(("odd", "odd.csv", ".odd", "_odd.csv"))
    what = dice.choice(
        ("link to a file", "link to a folder", "link to nowhere", "link to above", "pipe", "socket", "empty folder")
    )
    if place.is_symlink() or place.exists():
        return
    trial.notes.append(f"{place.relative_to(root)} is a {what}")
    if what == "pipe":
        os.mkfifo(place)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(place))
    elif what == "empty folder":
        place.mkdir()
    else:
        targets = {"file": dice.choice(below), "folder": elsewhere, "nowhere": root / "nowhere", "above": root}
        place.symlink_to(targets[what.rpartition(" ")[2]])
