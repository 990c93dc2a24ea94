"""Instructions per claim of the compiled modules, by valgrind's callgrind, against ``counts.json``: ± 3 %, or exit 1.

``python benchmarks/count.py`` compares; ``--update`` writes what it counts as the new baseline. Only the compiled
functions are counted, with all they call: Python, NumPy and Arrow around them are not. Counts do not depend on how busy
the machine is; they do on the C compiler, which the baseline names. Where they cannot be judged (no valgrind, another
compiler), nothing is counted: it says so and succeeds.

Two workloads: ``layers`` is the core on the three layers of ``three_layers.py``; ``year`` is every compiled function on
one partition of a made-up year of the four pools, per claim of it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BASELINE = Path(__file__).with_name("counts.json")
TOLERANCE = 0.03
LAYERS_CLAIMS = 100_000
PEOPLE = 20_000
SMALL = 1.0
"""Instructions per claim below which a change says nothing."""


def run_layers() -> int:
    """The workload ``layers``; returns how many claims it settled."""
    from peers import cut_for_core, settle_core
    from qingsuan.benefits.core.core import Core
    from three_layers import claims, program

    settle_core(Core(program().tables), cut_for_core(claims(LAYERS_CLAIMS), 1))
    return LAYERS_CLAIMS


def run_year(sample: Path) -> int:
    """The workload ``year``: a whole run of one partition; returns how many claims went in."""
    from qingsuan.benefits.settlement import TABLES, Benefits
    from qingsuan.run.folder import RunFolder
    from qingsuan.run.inputs import open_sources
    from qingsuan.run.model import Inputs, Options
    from qingsuan.run.setting_up import set_up
    from qingsuan.run.settle import settle

    setup, installed = set_up(2021)
    inputs = Inputs(
        {
            "claims": open_sources([sample / "claims"], "claims"),
            "insured": open_sources([sample / "insured.parquet"], "insured"),
            "identities": open_sources([sample / "identities.parquet"], "identities"),
        }
    )
    folder = RunFolder(sample / "run", TABLES)
    record = settle(Benefits(setup), inputs, folder, Options(workers=1, partitions=2), installed)
    return int(record["rows"]["in"])


def counted(workload: str, sample: Path) -> dict[str, float]:
    """Run a workload under callgrind; returns instructions per claim by compiled function, what it calls included."""
    out, told = sample / f"{workload}.callgrind", sample / f"{workload}.claims"
    command = [
        *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"),
        *("--toggle-collect=__pyx_pw_8qingsuan_*", "--toggle-collect=__pyx_fuse_*__pyx_pw_8qingsuan_*"),
        *(sys.executable, __file__, "--run", workload, str(sample), str(told)),
    ]
    environment = os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "ARROW_USER_SIMD_LEVEL": "NONE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        sys.exit(f"{workload}: the workload failed under valgrind\n{done.stderr[-3000:]}")
    claims = int(told.read_text())
    annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", "--show-percs=no", str(out)]
    listing = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    found: dict[str, float] = {}
    for amount, module, function in re.findall(
        r"^\s*([\d,]+)\s.*:(?:__pyx_fuse_\d+)?__pyx_pw_8qingsuan_\d+(_[a-z]+?)_\d+([a-z_]+)[ .\[]",
        listing,
        re.MULTILINE,
    ):
        name = f"{workload}: {module}.{function}"
        found[name] = found.get(name, 0) + int(amount.replace(",", "")) / claims
    if not found:
        sys.exit(f"{workload}: callgrind saw no compiled function; were the modules stripped?")
    return {name: round(value, 1) for name, value in sorted(found.items()) if value >= SMALL}


def compiler() -> str:
    """The C compiler, as it names itself."""
    done = subprocess.run(
        [*shlex.split(os.environ.get("CC", "cc")), "--version"], capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()[0] if done.stdout else "unknown"


def compare(before: dict[str, float], now: dict[str, float]) -> bool:
    """Print both; returns whether every count lies within the tolerance and none is missing or new."""
    fine = True
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name, 0.0), now.get(name, 0.0)
        change = (new - old) / old if old else float("inf")
        outside = abs(change) > TOLERANCE
        fine &= not outside
        print(f"{'OUTSIDE' if outside else 'ok':8} {name:40} {old:9.1f} -> {new:9.1f}  {change:+.1%}")
    return fine


def unjudged(baseline: str) -> str | None:
    """Why nothing here can be judged; None where it can."""
    if shutil.which("valgrind") is None or shutil.which("callgrind_annotate") is None:
        return "valgrind is not installed"
    if baseline != compiler():
        return f"the baseline was counted with {baseline}, the compiler here is {compiler()}"
    return None


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--run"]:
        workload, sample, told = arguments[1:]
        claims = run_layers() if workload == "layers" else run_year(Path(sample))
        Path(told).write_text(str(claims))
        return 0
    baseline = json.loads(BASELINE.read_text(encoding="utf8"))
    updating = arguments == ["--update"]
    why = unjudged(compiler() if updating else baseline["compiler"])
    if why is not None:
        print(f"skipped: {why}; no instruction was counted")
        return 1 if updating else 0
    with tempfile.TemporaryDirectory() as name:
        sample = Path(name) / "sample"
        make = [sys.executable, "-c", "from qingsuan.cli import main; main()", "sample", str(sample)]
        subprocess.run([*make, "--people", str(PEOPLE), "--seed", "7"], check=True, capture_output=True)
        now = {**counted("layers", sample), **counted("year", sample)}
    if updating:
        text = json.dumps({"compiler": compiler(), "instructions per claim": now}, indent=2)
        BASELINE.write_text(text + "\n", encoding="utf8")
        print(text)
        return 0
    if compare(baseline["instructions per claim"], now):
        return 0
    print("outside ± 3 %: find out why; if it is meant, run `benchmarks/count.py --update` and commit counts.json")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
