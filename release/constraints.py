"""Write ``requirements/*.txt`` anew: every package that is installed here, with its version and the digests of its files.

Run by ``make constraints``. All groups are resolved together first, so that two of them never ask for different versions of one package.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WRITTEN = ROOT / "requirements"
OLDEST_PYTHON = "3.11"
AGE = "7 days"
"""A release is taken when it has been out for so long: most that are harmful or broken have been withdrawn by then."""

APART = {"spark", "test", "bench", "lint", "release"}
"""Extras with a file of their own: not every environment has them. All other extras are installed with the engine."""


def groups(project: dict[str, Any]) -> dict[str, list[str]]:
    """The requirements of each file of ``requirements/``, as ``pyproject.toml`` declares them."""
    declared = project["project"]
    extras = {name: extra for name, extra in declared["optional-dependencies"].items() if name != "all"}
    engine = [*declared["dependencies"], *(each for name in extras.keys() - APART for each in extras[name])]
    apart = {name: extras[name] for name in APART}
    return {"engine": engine, "build": project["build-system"]["requires"], **apart}


def resolve(wanted: list[str], *options: str | Path) -> None:
    """Let uv resolve requirements for every system and Python from the oldest one on."""
    command = [
        Path(sys.executable).parent / "uv",
        "pip",
        "compile",
        "-",
        "--quiet",
        "--universal",
        "--no-annotate",
        *options,
    ]
    age = ["--python-version", OLDEST_PYTHON, "--exclude-newer", AGE]
    text = "".join(f"{each}\n" for each in sorted(set(wanted)))
    subprocess.run([*command, *age], input=text, text=True, check=True, cwd=WRITTEN)


def main() -> None:
    """Resolve all groups together, then write each within what was found."""
    wanted = groups(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder) / "together.txt"
        resolve([each for group in wanted.values() for each in group], "--output-file", together)
        for name, group in sorted(wanted.items()):
            file = WRITTEN / f"{name}.txt"
            file.unlink(missing_ok=True)  # uv would keep to the versions that stand in it
            header = ["--generate-hashes", "--custom-compile-command", "make constraints"]
            resolve(group, "--constraint", together, *header, "--output-file", file)


if __name__ == "__main__":
    main()
