"""A made-up province closed within a stated memory, killed again and again, and verified: what each step took.

``make province`` runs it with PROVINCE people (2.67 claims each), MEMORY, and YEAR_KILLS kills. Rules that are not known are made up
(``tests/support/made_up_regions.py``), so that every settlement has something to settle. Everything lies in one folder, which goes at
the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from measuring import Cost, measured

SUPPORT = Path(__file__).resolve().parents[1] / "tests" / "support"
LAUNCH = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from pathlib import Path
from qingsuan import plugins
from made_up_regions import made_up_regions
installed = made_up_regions(Path(sys.argv.pop(1)))
plugins.load = lambda: installed
from qingsuan.cli import main
main()
"""


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of a closed year but the diaries, which tell how it went."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "ledger.jsonl":
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def killed(command: tuple[str, ...], times: int, seconds: float) -> int:
    """Start a close and kill it, so many times; returns how often it was killed before it had ended."""
    dice, count, more = Random(times), 0, ()  # noqa: S311 - when a process is killed is no secret
    for _ in range(times):
        process = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds * dice.uniform(0.02, 0.2))
        process.kill()
        process.communicate()
        count += process.returncode == -signal.SIGKILL
        more = ("--resume",)
    return count


def step(name: str, command: tuple[str, ...], place: Path) -> Cost:
    """Let one command run, and print at once what it cost."""
    cost = measured(command, place)
    told = f"{cost.seconds:7.1f} s, {cost.cpu:7.1f} s of CPU, peak {cost.peak / 2**30:.2f} GiB"
    print(f"{name:>24}: {told}", flush=True)
    return cost


def closed(place: Path, memory: str, kills: int, people: int) -> None:
    """Make the province and close it, twice: undisturbed, and killed."""
    launch = (sys.executable, "-c", LAUNCH, str(SUPPORT), str(place / "rules"))
    sample = ("sample", str(place / "sample"), "--people", str(people), "--seed", "1", "--files", "4")
    close = ("year-end", str(place / "sample" / "case.toml"), "--memory", memory, "--out")
    step("sample", (*launch, *sample), place)
    undisturbed = step("year-end", (*launch, *close, str(place / "year")), place)
    print(undisturbed.output, flush=True)
    times = killed((*launch, *close, str(place / "again")), kills, undisturbed.seconds)
    step(f"killed {times} times, then", (*launch, *close, str(place / "again"), "--resume"), place)
    assert digests(place / "again") == digests(place / "year"), "the years differ"
    shutil.rmtree(place / "again")
    step("verify", (*launch, "verify", str(place / "year")), place)
    rows = json.loads((place / "sample" / "sample.json").read_text("utf-8"))
    print(f"{rows['people']:,} people, {rows['claims']:,} claims, {rows['months']:,} months, the same bytes")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, required=True)
    asked.add_argument("--memory", default="2GB")
    asked.add_argument("--kills", type=int, default=10)
    asked.add_argument("--place", type=Path, default=Path(tempfile.gettempdir()))
    told = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="province-", dir=told.place) as place:
        closed(Path(place), told.memory, told.kills, told.people)


if __name__ == "__main__":
    main()
