"""Damages a run folder at random, as disks, copies and hands do: any seed gives the same damage again."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["damage"]

_VALUES = (None, True, -1, 0, 10**30, 0.5, "", "x", "\x00", [], [1], {}, {"a": []})


def damage(folder: Path, seed: int) -> str:
    """Damage one thing in a folder; says what."""
    rng = random.Random(seed)
    path = rng.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    how = rng.choice(_TEXT if path.suffix != ".parquet" else _ANY)
    how(path, rng)
    return f"seed {seed}: {how.__name__} {path.relative_to(folder)}"


def gone(path: Path, rng: random.Random) -> None:
    path.unlink()


def empty(path: Path, rng: random.Random) -> None:
    path.write_bytes(b"")


def cut_off(path: Path, rng: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content) or 1)])


def altered(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes() or b" ")
    for _ in range(rng.randint(1, 8)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content)


def garbage(path: Path, rng: random.Random) -> None:
    path.write_bytes(rng.randbytes(rng.randint(1, 5000)))


def longer(path: Path, rng: random.Random) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 100)))


def a_link(path: Path, rng: random.Random) -> None:
    target = rng.choice(
        [path.with_name("nowhere"), Path("/dev/zero"), path.parent, path.with_name(f"{path.name}.moved")]
    )
    path.rename(path.with_name(f"{path.name}.moved"))
    path.symlink_to(target)


def a_pipe(path: Path, rng: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def a_folder(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()


def swapped(path: Path, rng: random.Random) -> None:
    """The content of another file of the folder."""
    top = next(parent for parent in path.parents if (parent / "run.json").exists())
    other = rng.choice(sorted(each for each in top.rglob("*") if each.is_file()))
    path.write_bytes(other.read_bytes())


def another_beside(path: Path, rng: random.Random) -> None:
    names = (
        "stray.parquet",
        "part-x.parquet",
        "part-99999.parquet",
        ".hidden",
        "x",
        "part-00000.parquet.bak",
        "a-part-00000.parquet",
    )
    path.with_name(rng.choice(names)).write_bytes(rng.choice([b"", b"PAR1", path.read_bytes()]))


def another_value(path: Path, rng: random.Random) -> None:
    """Another value at some place of a JSON document; of a ledger in some line, which is sealed again."""
    from qingsuan.run.restart.ledger import _line

    lines = path.read_text("utf8").splitlines()
    if path.suffix == ".json":
        content = json.loads("\n".join(lines))
        path.write_text(json.dumps(_changed(content, rng)), "utf8")
    elif path.suffix == ".jsonl":
        at = rng.randrange(len(lines))
        content = {name: value for name, value in json.loads(lines[at]).items() if name != "check"}
        lines[at] = _line(_changed(content, rng)).decode().strip()
        path.write_text("\n".join(lines) + "\n", "utf8")
    else:
        lines[rng.randrange(len(lines))] = rng.choice(
            ["", "x", "0" * 64 + "  /dev/zero", "0" * 64 + "  ../x", "  \x00"]
        )
        path.write_text("\n".join(lines) + "\n", "utf8")


def _changed(content: Any, rng: random.Random) -> Any:
    place, depth = content, rng.randint(0, 3)
    while depth and isinstance(place, dict | list) and place:
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        if depth == 1 or not isinstance(place[key], dict | list) or not place[key]:
            if isinstance(place, dict) and rng.random() < 0.3:
                del place[key]
            else:
                place[key] = rng.choice(_VALUES)
            break
        place, depth = place[key], depth - 1
    return content


_ANY: list[Callable[[Path, random.Random], None]] = [
    gone,
    empty,
    cut_off,
    altered,
    garbage,
    longer,
    a_link,
    a_pipe,
    a_folder,
    swapped,
    another_beside,
]
_TEXT = [*_ANY, another_value, another_value, another_value, another_value, another_value, another_value]
