"""Build what is released: for each distribution a source archive and its wheels, the same bytes wherever and whenever.

What is built is the last commit, in a folder of its own, with the time of that commit as the time of every file. Wheels are built from
the source archive, by the packages of ``requirements/build.txt``, once for each Python that is named; auditwheel says which systems
they run on. Beside them stand their digests and what built them: another compiler or another Python makes other bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "dist"
BUILT_BY = "BUILT-BY.txt"
SEALED = "SHA256SUMS"
TOOLS = Path(sys.executable).parent
DISTRIBUTIONS = (
    ".",
    *sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/pyproject.toml")),
)
Command = list[str | Path]
LINKED_BY = "{compiler} -shared -Wl,--strip-all"
"""Instead of how Python links modules of its own: that may name the folder where its libraries lie."""


class CannotBuild(Exception):
    """Nothing is released from here."""


def said(*command: str | Path) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def committed() -> tuple[str, int]:
    """The last commit and its time; what was changed since would be missing, so nothing may have been."""
    changed = said("git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no")
    if changed:
        raise CannotBuild(
            f"the last commit is built, and these files differ from it; commit or put them back:\n{changed}"
        )
    commit, when = said("git", "-C", ROOT, "log", "-1", "--format=%H %ct").split()
    return commit, int(when)


def environment(when: int, home: Path) -> dict[str, str]:
    """What builds see: nothing of this machine but where its programs are, and which compiler was asked for."""
    compiler = os.environ.get("CC", "gcc")
    return {
        **{name: value for name, value in os.environ.items() if name == "PATH" or name.startswith(("CCACHE_", "PIP_"))},
        "CC": compiler,
        "LDSHARED": LINKED_BY.format(compiler=compiler),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(when),
        "TZ": "UTC",
    }


def check_out(commit: str, folder: Path) -> None:
    """Lay a commit's files out, with the same modes whatever the mask is."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "-C", ROOT, "-c", "tar.umask=0022", "archive", commit], check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "--no-same-owner", "-C", folder], input=archive.stdout, check=True)


def same_whoever_packs(archive: Path, when: int) -> None:
    """Pack a source archive anew: in the order of names, of nobody, at one time. setuptools takes all of these from the machine."""
    with tarfile.open(archive) as packed:
        files = [
            (member, packed.extractfile(member))
            for member in sorted(packed.getmembers(), key=lambda member: member.name)
        ]
        with tempfile.TemporaryFile() as plain:
            with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as again:
                for member, content in files:
                    member.mtime, member.uid, member.gid, member.uname, member.gname = when, 0, 0, "", ""
                    member.pax_headers = {}
                    again.addfile(member, content)
            plain.seek(0)
            with (
                archive.with_suffix(".new").open("wb") as file,
                gzip.GzipFile("", "wb", mtime=when, fileobj=file) as zipped,
            ):
                shutil.copyfileobj(plain, zipped)
    archive.with_suffix(".new").replace(archive)


def archive_sources(source: Path, out: Path, seen: dict[str, str]) -> Path:
    """The source archive of one distribution."""
    before = set(out.iterdir())
    command: Command = [sys.executable, "-m", "build", "--quiet", "--sdist", "--no-isolation", "--outdir", out, source]
    subprocess.run(command, check=True, env=seen, stdout=subprocess.DEVNULL)
    (archive,) = set(out.iterdir()) - before
    same_whoever_packs(archive, int(seen["SOURCE_DATE_EPOCH"]))
    return archive


def builder(python: str, folder: Path) -> Path:
    """An environment of a Python with nothing but what builds; its interpreter."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    install: Command = ["install", "--quiet", "--require-hashes", "-r", ROOT / "requirements" / "build.txt"]
    subprocess.run([folder / "bin" / "python", "-m", "pip", *install], check=True)
    return folder / "bin" / "python"


def build(python: Path, archive: Path, out: Path, seen: dict[str, str]) -> Path:
    """The wheel of a source archive, as the machine's own Python would name it."""
    folder = Path(tempfile.mkdtemp(dir=out))
    apart = ["--no-index", "--no-deps", "--no-cache-dir", "--no-build-isolation", "--quiet"]
    subprocess.run([python, "-m", "pip", "wheel", *apart, "--wheel-dir", folder, archive], check=True, env=seen)
    (wheel,) = folder.iterdir()
    return wheel


def place(wheel: Path, out: Path, seen: dict[str, str]) -> None:
    """Put a wheel where it belongs: with compiled modules, under the name of the oldest systems that it runs on."""
    if wheel.stem.endswith("-any"):
        shutil.copyfile(wheel, out / wheel.name)
        return
    tools = {**seen, "PATH": f"{TOOLS}{os.pathsep}{seen['PATH']}"}
    command: Command = [sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", out, wheel]
    done = subprocess.run(command, check=False, env=tools, capture_output=True, text=True)
    if done.returncode:
        raise CannotBuild(f"{wheel.name} runs on no system that auditwheel knows:\n{done.stdout}{done.stderr}")


def record(out: Path, commit: str, pythons: Sequence[Path], seen: dict[str, str]) -> None:
    """Write down what built the files."""
    versions = [
        said(python, "-c", "import sys, zlib; print(sys.version, 'zlib', zlib.ZLIB_RUNTIME_VERSION)")
        for python in pythons
    ]
    lines = [
        f"commit: {commit}",
        f"SOURCE_DATE_EPOCH: {seen['SOURCE_DATE_EPOCH']}",
        f"compiler: {said(*seen['CC'].split(), '--version').splitlines()[0]}",
        f"linker: {said('ld', '--version').splitlines()[0]}",
        *(f"python: {version}" for version in versions),
        "packages: requirements/build.txt and requirements/release.txt of the commit",
    ]
    (out / BUILT_BY).write_text("\n".join(lines) + "\n", "utf-8")


def seal(out: Path) -> None:
    """Write down the digest of every file, as sha256sum reads them."""
    digests = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(out.iterdir())
        if file.name != SEALED
    }
    (out / SEALED).write_text("".join(f"{digest}  {name}\n" for name, digest in digests.items()), "utf-8")


def release(out: Path, pythons: Sequence[str]) -> None:
    """Build everything into an empty folder."""
    commit, when = committed()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        seen = environment(when, work)
        check_out(commit, work / "source")
        archives = [archive_sources(work / "source" / each, out, seen) for each in DISTRIBUTIONS]
        builders = [builder(python, work / f"builder-{number}") for number, python in enumerate(pythons)]
        for python in builders:
            place(build(python, archives[0], work, seen), out, seen)
        for archive in archives[1:]:
            place(build(builders[0], archive, work, seen), out, seen)
        record(out, commit, builders, seen)
    seal(out)


def main() -> None:
    """Read the command line and build."""
    os.umask(0o022)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument(
        "pythons", nargs="+", metavar="PYTHON", help="an interpreter to build a wheel of the engine for"
    )
    asked = parser.parse_args()
    try:
        release(asked.out, asked.pythons)
    except CannotBuild as why:
        sys.exit(str(why))
    print((asked.out / SEALED).read_text("utf-8"), end="")


if __name__ == "__main__":
    main()
