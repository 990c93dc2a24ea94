"""Show that what is released is what anybody builds: from two checkouts the same bytes, which are then installed and tried.

Run by ``make reproducible``. The second build has another folder, mask, time zone, language, home and place for temporary files, and
its files are years older. What is installed is installed without a network and without a compiler, and closes a small made-up year.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

from wheels import ROOT, SEALED, Command, said

PEOPLE = "20000"
LONG_AGO = 1_000_000_000


def check_out(checkout: Path, mask: int, when: float) -> Path:
    """A clone of its own, with the modes of a mask and the time of all files."""
    subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True, umask=mask)
    for file in checkout.rglob("*"):
        if ".git" not in file.parts:
            os.utime(file, (when, when))
    return checkout


def build(checkout: Path, python: str, mask: int, differing: Mapping[str, str]) -> Path:
    """Build in a checkout; the folder of what was built."""
    for folder in ("HOME", "TMPDIR"):
        Path(differing[folder]).mkdir(parents=True)
    out = checkout / "build" / "dist"
    command: Command = [sys.executable, checkout / "release" / "wheels.py", "--out", out, python]
    seen = {
        **os.environ,
        **differing,
        "CCACHE_DISABLE": "1",
    }  # a cache would hand the second build what the first one made
    subprocess.run(command, check=True, env=seen, umask=mask, stdout=subprocess.DEVNULL)
    return out


def differences(one: Path, other: Path) -> list[str]:
    """Files that one of two folders lacks, or that have other bytes there."""
    names = sorted({file.name for folder in (one, other) for file in folder.iterdir()})
    return [
        name
        for name in names
        if not (one / name).exists()
        or not (other / name).exists()
        or (one / name).read_bytes() != (other / name).read_bytes()
    ]


def what_a_module_tells(module: bytes, places: list[str]) -> list[str]:
    """What a compiled module should not say: names, what a debugger reads, where it was built or looks for libraries."""
    elf = ELFFile(io.BytesIO(module))
    sections = [
        section.name for section in elf.iter_sections() if section.name == ".symtab" or ".debug" in section.name
    ]
    dynamic = [section for section in elf.iter_sections() if isinstance(section, DynamicSection)]
    paths = [
        tag.entry.d_tag
        for section in dynamic
        for tag in section.iter_tags()
        if tag.entry.d_tag in ("DT_RPATH", "DT_RUNPATH")
    ]
    return [*sections, *paths, *(place for place in places if place.encode() in module)]


def code_of(module: bytes) -> bytes:
    """The machine code of a compiled module; addresses in it are those of its own link."""
    return b"".join(
        section.data() for section in ELFFile(io.BytesIO(module)).iter_sections() if section.name == ".text"
    )


def look_into(wheel: Path, places: list[str]) -> int:
    """How many compiled modules a wheel has; the program ends where one tells of the machine, or is not the one that tests try."""
    with zipfile.ZipFile(wheel) as opened:
        modules = [name for name in opened.namelist() if name.endswith(".so")]
        for name in modules:
            module, tested = opened.read(name), ROOT / "engine" / name
            found = what_a_module_tells(module, places)
            if found:
                sys.exit(f"{wheel.name}: {name} holds {', '.join(found)}")
            if tested.exists() and len(code_of(module)) != len(code_of(tested.read_bytes())):
                sys.exit(
                    f"{wheel.name}: {name} was compiled otherwise than what is tested here; touch pyproject.toml, make setup"
                )
    return len(modules)


def install_and_try(work: Path, built: Path, python: str) -> str:
    """Install what was built where there is neither compiler nor network, and close a small year; what the command printed."""
    required: Command = ["--require-hashes", "-r", ROOT / "requirements" / "engine.txt"]
    environment, packages = work / "environment", work / "packages"
    subprocess.run([python, "-m", "venv", environment], check=True)
    own = environment / "bin" / "python"
    subprocess.run(
        [own, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "-d", packages, *required], check=True
    )
    seen = {"PATH": str(environment / "bin"), "HOME": str(work / "nobody"), "LC_ALL": "C.UTF-8"}
    if shutil.which("gcc", path=seen["PATH"]) or shutil.which("cc", path=seen["PATH"]):
        sys.exit("there is a compiler where there should be none")
    found: Command = ["--no-index", "--only-binary", ":all:", "--find-links", packages, "--find-links", built]
    names = sorted({wheel.name.split("-")[0].replace("_", "-") for wheel in built.glob("*.whl")})
    subprocess.run([own, "-m", "pip", "install", "--quiet", *found, *names], check=True, env=seen)
    demo: Command = [environment / "bin" / "qingsuan", "demo", "--people", PEOPLE]
    done = subprocess.run(demo, check=False, env=seen, cwd=work, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the installed command ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Build twice, compare, look into the wheels, install, try; print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python", help="the interpreter to build for, and to install into")
    asked = parser.parse_args().python
    python = said(asked, "-c", "import sys; print(sys.executable)")
    work = ROOT / "build" / "reproducible"
    shutil.rmtree(work, ignore_errors=True)
    homes = [{"HOME": str(work / f"home-{each}"), "TMPDIR": str(work / f"temporary-{each}")} for each in ("one", "two")]
    checkouts = [
        check_out(work / "one", 0o022, time.time()),
        check_out(work / "somewhere" / "else" / "two", 0o077, LONG_AGO),
    ]
    began = time.monotonic()
    one = build(checkouts[0], python, 0o022, {**homes[0], "TZ": "UTC", "LC_ALL": "C.UTF-8"})
    between = time.monotonic()
    two = build(
        work / "somewhere" / "else" / "two", python, 0o077, {**homes[1], "TZ": "Asia/Shanghai", "LC_ALL": "POSIX"}
    )
    print(f"built twice: {between - began:.0f} s and {time.monotonic() - between:.0f} s")
    differing = differences(one, two)
    if differing:
        sys.exit(f"these files are not the same bytes: {', '.join(differing)}\nThey are in {one} and {two}.")
    print((one / SEALED).read_text("utf-8"), end="")
    places = [str(ROOT), str(work), str(Path.home()), sys.base_prefix, sys.prefix, "/tmp/"]  # noqa: S108 - looked for, not written to
    for wheel in sorted(one.glob("*.whl")):
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes, {look_into(wheel, places)} compiled modules")
    began = time.monotonic()
    print(install_and_try(work, one, python), end="")
    print(f"installed without a compiler and tried on {PEOPLE} people: {time.monotonic() - began:.0f} s")
    print("the same bytes twice")


if __name__ == "__main__":
    main()
