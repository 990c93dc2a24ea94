"""Break the core on purpose, one fault at a time, and see the suite catch each: ``make mutants``.

Every mutant is a copy of the sources with one line changed, built into a folder of its own under ``build/mutants``. The suite
runs on it until its first failure. A mutant that survives, or a line that is no longer there, is an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKSHOP = ROOT / "build" / "mutants"
SOURCES = ("engine", "ext", "setup.py", "pyproject.toml", "MANIFEST.in", "README.md")
JUDGES_OF_OTHER_THINGS = ("test_docs.py", "test_house.py")


@dataclass(frozen=True)
class Mutation:
    """One fault: in ``file``, the only occurrence of ``right`` becomes ``wrong``."""

    name: str
    file: str
    right: str
    wrong: str


KERNEL = "ext/qingsuan/_kernel.pyx"
ORDER = "ext/qingsuan/_order.pyx"
MUTATIONS = (
    Mutation("rounding: an exact half is lost", KERNEL, "before += rest >= HALF", "before += rest > HALF"),
    Mutation(
        "band bound: it belongs to the band below",
        KERNEL,
        "while k + 1 < end and value >= t.bands[k + 1, B_LOWER]:",
        "while k + 1 < end and value > t.bands[k + 1, B_LOWER]:",
    ),
    Mutation("cap: earlier layers of the claim are forgotten", KERNEL, "left -= claim.taken[k].pay", "left -= 0"),
    Mutation("visit count: the first visit is not counted", KERNEL, "[VISITS] += 1", "[VISITS] += k > 1"),
    Mutation(
        "order: claims of one day are not told apart by their time",
        ORDER,
        "return 1 if keys.time[a] > keys.time[b] else -1",
        "return 0",
    ),
    Mutation("deductible: what was used is forgotten", KERNEL, "[USED] += taken.used", "[USED] += 0"),
)


def build(mutation: Mutation, folder: Path) -> Path:
    """Copy, change, compile; returns the folder to import from."""
    for source in SOURCES:
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy2(ROOT / source, folder / source)
    target = folder / mutation.file
    text = target.read_text("utf-8")
    if text.count(mutation.right) != 1:
        sys.exit(f"{mutation.file}: expected {mutation.right!r} once, found it {text.count(mutation.right)} times")
    target.write_text(text.replace(mutation.right, mutation.wrong), "utf-8")
    site = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(folder)]
    subprocess.run(install, check=True, cwd=folder, stderr=subprocess.DEVNULL)
    return site


def judge(site: Path) -> str:
    """Run the suite on it; returns the test that caught the fault, or the empty text."""
    ignored = [f"--ignore=tests/{name}" for name in JUDGES_OF_OTHER_THINGS]
    suite = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "--no-header",
        "-p",
        "no:cacheprovider",
        *ignored,
        "tests",
        "plugins",
    ]
    environment = os.environ | {"PYTHONPATH": str(site)}
    run = subprocess.run(suite, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    if run.returncode != 1 or not failed:
        sys.exit(f"the suite did not run:\n{run.stdout[-3000:]}{run.stderr[-3000:]}")
    return failed[0].removeprefix("FAILED ").split(" - ")[0]


def main() -> None:
    """Judge every mutant; exit status 1 if one survives."""
    shutil.rmtree(WORKSHOP, ignore_errors=True)
    survivors = 0
    for number, mutation in enumerate(MUTATIONS):
        caught_by = judge(build(mutation, WORKSHOP / str(number)))
        survivors += not caught_by
        print(f"{'caught' if caught_by else 'SURVIVED'}: {mutation.name}  {caught_by}", flush=True)
    print(f"{len(MUTATIONS) - survivors} passed, {survivors} failed")
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
