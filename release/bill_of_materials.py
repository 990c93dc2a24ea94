"""Write the bill of materials of what was built: every package that is installed with it, by CycloneDX's own tool.

What ``make wheels`` left in ``build/dist`` is installed with the packages of ``requirements/engine.txt`` into an environment of its own,
and that is looked at: what depends on what, in which version, under which licence.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import tomlkit

from wheels import BUILT_BY, OUT, ROOT, Command, said, seal


def described(version: str) -> str:
    """``pyproject.toml`` as the tool reads it, which looks for a version in no other file."""
    document = tomlkit.parse((ROOT / "pyproject.toml").read_text("utf-8")).unwrap()
    project = {name: value for name, value in document["project"].items() if name != "dynamic"}
    return tomlkit.dumps({**document, "project": {**project, "version": version}})


def install(python: Path, built: Path) -> None:
    """Put the packages that the engine runs with, then what was built, into an environment without pip."""
    pip: Command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements" / "engine.txt"], check=True)
    names = sorted({wheel.name.split("-")[0] for wheel in built.glob("*.whl")})
    subprocess.run([*pip, "--no-index", "--no-deps", "--find-links", built, *names], check=True)


def main() -> None:
    """Install, look, write, and add the digest of what was written to the others."""
    if not list(OUT.glob("qingsuan-*.whl")):
        sys.exit(f"{OUT} has no wheel of the engine: make wheels first")
    when = dict(line.split(": ", 1) for line in (OUT / BUILT_BY).read_text("utf-8").splitlines())["SOURCE_DATE_EPOCH"]
    with tempfile.TemporaryDirectory() as folder:
        environment, project = Path(folder) / "environment", Path(folder) / "pyproject.toml"
        python = environment / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        install(python, OUT)
        version = said(python, "-c", "import importlib.metadata; print(importlib.metadata.version('qingsuan'))")
        project.write_text(described(version), "utf-8")
        file = OUT / f"qingsuan-{version}.cdx.json"
        command: Command = [Path(sys.executable).parent / "cyclonedx-py", "environment", python, "--pyproject", project]
        written: Command = ["--output-reproducible", "--output-file", file]
        subprocess.run([*command, *written], check=True, env={**os.environ, "SOURCE_DATE_EPOCH": when})
    seal(OUT)
    print(file.relative_to(ROOT))


if __name__ == "__main__":
    main()
