"""Files of rules and of funding, with words, numbers, lines and bytes of them changed.

A file either compiles, and then every row of a small year comes out, or is refused with exit status 4 by its name.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from hostile.readings import conserved, numbered, read_csv
from hostile.trial import Run, Trial, command, unfounded
from hostile.years import claims, people
from settling import RULES, declared, install, write_csv

__all__ = ["run"]

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.-])")
WORD = re.compile(r"[a-z_]{3,}")
QUOTED = re.compile(r'"[^"\n]*"')
ODD_NUMBERS = (
    *(
        "0",
        "-1",
        "1e999",
        "1e9",
        "0.60",
        "nan",
        "inf",
        "0x10",
        "1_000",
        "9" * 25,
        "9" * 4301,
        "1e" + "9" * 50,
        "-0.0",
        "2**3",
    ),
    *(
        "true",
        "2021-01-01",
        "2021-13-01",
        "[]",
        "{}",
        '""',
        '"60"',
        '"0.6"',
        '"60.005"',
        '"-5"',
        '"1e3"',
        '"１０"',
        '"9e99"',
        "07:30:00",
    ),
)


def run(trial: Trial) -> Sequence[str]:
    """Change a file of parameters, and give the command a small year with it."""
    if trial.dice.random() < 0.25:
        return _funding(trial)
    return _rules(trial)


def _rules(trial: Trial) -> Sequence[str]:
    dice = trial.dice
    pool = dice.choice(("990100", "990100", "150100", "220100"))
    folder = {"150100": "neimenggu/src/qingsuan_neimenggu", "220100": "jilin/src/qingsuan_jilin"}.get(pool)
    text = (
        RULES if folder is None else dice.choice(_toml_files(PLUGINS / folder / "rules", pool[:4])).read_text("utf-8")
    )
    site = _plugin(trial, pool, "rules", text)
    rows = [row | {"insu_admdvs": pool[:4] + "01"} for row in claims(dice, odd=False)]
    write_csv(trial.folder / "claims.csv", rows)
    write_csv(trial.folder / "insured.csv", [row | {"insu_admdvs": pool[:4] + "01"} for row in people()])
    ran = trial.settle()
    found = [*unfounded(ran, {0, 4}, trial.out), *_unnamed(ran)]
    if not found and ran.status == 0:
        reading = read_csv((trial.folder / "claims.csv").read_bytes(), "utf-8")
        assert reading is not None
        came = [dict(zip(reading[0], row, strict=True)) for row in reading[1]]
        found = conserved(numbered("claims.csv", came), trial.out)
    return [*found, *_listed(ran), *_kept(trial, site)]


def _funding(trial: Trial) -> Sequence[str]:
    dice = trial.dice
    region, folder = dice.choice(
        (("150000", "neimenggu/src/qingsuan_neimenggu"), ("220000", "jilin/src/qingsuan_jilin"))
    )
    text = dice.choice(_toml_files(PLUGINS / folder / "funding", "2021")).read_text("utf-8")
    site = _plugin(trial, region, "funding", text)
    place = region[:2] + "0121"
    write_csv(trial.folder / "insured.csv", [row | {"insu_admdvs": place} for row in people()])
    (trial.folder / "classes.csv").write_text(f"admdvs,class\n{place},一\n", "utf-8")
    given = (trial.folder / "insured.csv", "--year", 2021, "--classes", trial.folder / "classes.csv")
    ran = command("subsidy", *given, "--out", trial.out)
    trial.endings.append(ran.status)
    found = [*unfounded(ran, {0, 4}, trial.out), *_unnamed(ran)]
    return [*found, *_kept(trial, site)]


def _toml_files(folder: Path, begin: str) -> list[Path]:
    return sorted(folder.glob(f"{begin}*.toml"))


def _plugin(trial: Trial, pool: str, kind: str, text: str) -> Path:
    """The made-up plugin with one changed file in it."""
    site = trial.folder.parent / "site"
    shutil.rmtree(site / "qingsuan_settling", ignore_errors=True)
    region = "990000" if pool.startswith("99") else f"{pool[:2]}0000"
    prefix = pool[:4] if not pool.endswith("0000") else pool[:2]
    install(site, declared("rules", "funding", code=region, pools=[(pool, "made up", prefix)]), RULES)
    package = site / "qingsuan_settling"
    if kind == "funding":
        (package / "rules" / "a.toml").unlink()
    (package / "funding").mkdir(exist_ok=True)
    (package / kind / "a.toml").write_bytes(_spoil(trial, text))
    return package


def _unnamed(ran: Run) -> list[str]:
    """A refusal names the file."""
    return [f"refused without the file's name\n{ran.said}"] if ran.status == 4 and "a.toml" not in ran.said else []


def _listed(ran: Run) -> list[str]:
    """``plugins`` refuses the same files as a run."""
    listed = command("plugins")
    if listed.status == ran.status:
        return _unnamed(listed)
    return [f"settle ended with {ran.status}, plugins with {listed.status}\n{listed.said[-2000:]}"]


def _kept(trial: Trial, site: Path) -> list[str]:
    """The plugin lies beside the inputs, for who looks at a finding."""
    shutil.copytree(site, trial.folder / "plugin", dirs_exist_ok=True)
    return []


# ---- spoiling


def _spoil(trial: Trial, text: str) -> bytes:
    dice = trial.dice
    data = text.encode()
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        what = dice.choice((_number, _number, _number, _word, _word, _text, _line, _line, _byte))
        data = what(trial, data)
    return data


def _one_of(dice: Random, pattern: re.Pattern[str], data: bytes, change: Callable[[str], str]) -> tuple[bytes, str]:
    text = data.decode("utf-8", "replace")
    matches = list(pattern.finditer(text))
    if not matches:
        return data, "nothing to change"
    match = dice.choice(matches)
    new = change(match.group())
    line = text.count("\n", 0, match.start()) + 1
    return (
        text[: match.start()] + new + text[match.end() :]
    ).encode(), f"line {line}: {match.group()} became {new[:60]}"


def _number(trial: Trial, data: bytes) -> bytes:
    data, note = _one_of(trial.dice, NUMBER, data, lambda _: trial.dice.choice(ODD_NUMBERS))
    trial.notes.append(note)
    return data


def _word(trial: Trial, data: bytes) -> bytes:
    """Another word of the file, or the word misspelt."""
    words = WORD.findall(data.decode("utf-8", "replace")) or ["none"]

    def other(word: str) -> str:
        return trial.dice.choice(
            (trial.dice.choice(words), word[:-1], word + "s", word.upper(), f'"{word}"', f"{word}.{word}")
        )

    data, note = _one_of(trial.dice, WORD, data, other)
    trial.notes.append(note)
    return data


def _text(trial: Trial, data: bytes) -> bytes:
    """Another text of the file, or an odd one."""
    texts = QUOTED.findall(data.decode("utf-8", "replace")) or ['""']
    odd = (
        '""',
        '"*"',
        '"0*1"',
        '"\\u0000"',
        '"%s {x}"',
        "[]",
        "12",
        '[""]',
        f'"{"x" * 10_000}"',
        '"\\ud800"',
        '"2*", "2*"',
    )
    data, note = _one_of(
        trial.dice, QUOTED, data, lambda _: trial.dice.choice((trial.dice.choice(texts), trial.dice.choice(odd)))
    )
    trial.notes.append(note)
    return data


def _line(trial: Trial, data: bytes) -> bytes:
    """A line is lost, stands twice, or in another place; or a block does."""
    dice = trial.dice
    lines = data.split(b"\n")
    at, count = dice.randrange(len(lines)), dice.choice((1, 1, 1, 4))
    piece = lines[at : at + count]
    what = dice.choice(("lost", "twice", "moved"))
    if what != "twice":
        del lines[at : at + count]
    if what != "lost":
        there = at if what == "twice" else dice.randrange(len(lines) + 1)
        lines[there:there] = piece
    trial.notes.append(f"line {at + 1}: {count} {what}")
    return b"\n".join(lines)


def _byte(trial: Trial, data: bytes) -> bytes:
    dice = trial.dice
    at = dice.randrange(len(data) + 1)
    byte = dice.choice(
        (b'"', b"'", b"[", b"]", b"{", b"=", b"\n", b"\0", b"\xff", b"#", b".", b"\xef\xbb\xbf", b"\r", b"[" * 3000)
    )
    what = dice.choice(("insert", "replace", "cut off"))
    trial.notes.append(f"bytes: {what} at {at}: {byte[:8]!r}")
    if what == "cut off":
        return data[:at]
    return data[:at] + byte + data[at + (what == "replace") :]
