"""A hostile plugin beside an honest one: whatever its code does, the honest region's tables, status and words are what they are without it.

The plain suite tries the forms that are marked as quick; ``make hostile-plugins`` tries them all.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from hostile_forms import FORMS, Form, install_form
from qingsuan.apart.code import PluginCodeError
from qingsuan.plugins import Installed, Plugin, load
from qingsuan.run.regions import read_regions
from settling import Ran, claim, install, insured, settle, write

ALL = bool(os.environ.get("QINGSUAN_HOSTILE_PLUGINS"))
TRIED = [form for form in FORMS if form.quick or ALL]
BATCH = pa.RecordBatch.from_pydict({"setl_time": pa.array([0, 1, 2, 3, 4], pa.timestamp("us"))})


@dataclass
class World:
    """An honest plugin in a folder of packages, its year, and what that comes to where nobody else is installed."""

    honest: Path
    year: tuple[Path, Path]
    alone: Mapping[str, bytes]
    said: Ran


def tables(out: Path) -> dict[str, bytes]:
    """Every file of a run but those that say by what and with which plugins it was made."""
    files = (file for file in sorted(out.rglob("*")) if file.is_file())
    named = {file.relative_to(out).as_posix(): file.read_bytes() for file in files}
    return {name: content for name, content in named.items() if name not in ("run.json", "ledger.jsonl", "SHA256SUMS")}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = tmp_path_factory.mktemp("beside")
    install(place / "honest")
    claims = [claim(setl_id=f"s{number}", psn_no=f"p{number % 3}", my_note=f"n{number}") for number in range(6)]
    claims.append(claim(setl_id="s9", med_type="99"))
    year = (
        write(place / "claims.csv", claims),
        write(place / "insured.csv", [insured(psn_no=f"p{n}") for n in range(3)]),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place / "honest"))
        said = settle(*year, place / "alone")
    assert said.status == 0, said
    return World(place / "honest", year, tables(place / "alone"), said)


def installed_beside(
    world: World, site: Path, forms: Sequence[Form], seconds: int, monkeypatch: pytest.MonkeyPatch
) -> Installed:
    """Forms beside the honest plugin, all of them opened at once."""
    for number, form in enumerate(forms):
        install_form(site, form, number)
    monkeypatch.syspath_prepend(str(world.honest))
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("QINGSUAN_TEST_SECRET", "secret")
    monkeypatch.setenv("QINGSUAN_PLUGIN_SECONDS", str(seconds))
    return read_regions(load()).installed


def plugin(installed: Installed, form: Form) -> Plugin:
    (found,) = [one for one in installed.plugins if one.distribution == f"evil-{form.name}"]
    return found


def wrongly_opened(installed: Installed, forms: Sequence[Form]) -> dict[str, str | None]:
    """The forms of which something else is said than they are refused for, or that are refused for what harms only themselves."""
    found = {form: plugin(installed, form) for form in forms}
    return {
        form.name: one.problem
        for form, one in found.items()
        if (form.opened not in str(one.problem) if form.opened else one.problem is not None)
        or not str(one.problem).replace("\n", "").isprintable()
    }


def test_there_are_more_than_forty_forms() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS) > 40


def test_the_honest_region_is_settled_to_the_same_bytes_with_the_same_words(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all of them installed at once, and none of their claims in the year."""
    forms = [form for form in TRIED if not form.slow]
    installed = installed_beside(world, tmp_path / "site", forms, 600, monkeypatch)
    assert wrongly_opened(installed, forms) == {}
    monkeypatch.setattr("qingsuan.run.setting_up.plugins.load", lambda: installed)
    ran = settle(*world.year, tmp_path / "out")
    assert ran.status == world.said.status, ran
    assert tables(tmp_path / "out") == world.alone
    assert "EVIL" not in ran.out + ran.err
    told = [line for line in ran.out.splitlines() if "evil-" not in line]
    before = world.said.out.splitlines()
    assert [line for line in told if line in before] == [line for line in before if line in told]
    assert len([line for line in before if line not in told]) <= 2, "the place, the digest of the record, and no more"


def test_what_does_not_end_is_given_up(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forms = [form for form in TRIED if form.slow and form.opened]
    assert wrongly_opened(installed_beside(world, tmp_path / "site", forms, 2, monkeypatch), forms) == {}


def test_a_function_that_is_none_is_refused_where_it_is_asked(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = [form for form in TRIED if form.asked]
    installed = installed_beside(world, tmp_path / "site", forms, 600, monkeypatch)
    wrong = {}
    for form in forms:
        region = plugin(installed, form).region
        assert region is not None, form.name
        monkeypatch.setenv("QINGSUAN_PLUGIN_SECONDS", "20" if form.slow else "600")
        try:
            said = f"{len(region.functions['f'].call(BATCH))} codes"  # of another length it is refused by who asked
        except PluginCodeError as error:
            said = str(error)
        if form.asked not in said:
            wrong[form.name] = said
    assert wrong == {}


def test_what_one_form_does_stops_the_run_with_its_claims_by_name(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails closed: nothing is settled by what a plugin that cannot be believed says."""
    (form,) = [one for one in FORMS if one.name == "function-guesses"]
    monkeypatch.syspath_prepend(str(world.honest))
    code = install_form(tmp_path / "site", form, 3)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    rows = [claim(setl_id=f"e{n}", psn_no="p0", insu_admdvs=f"{code[:2]}0101") for n in range(20)]
    claims = write(tmp_path / "claims.csv", [claim(psn_no="p0"), *rows])
    ran = settle(claims, world.year[1], tmp_path / "out")
    assert ran.status == 4, ran
    assert f"plugin of region {code}: function f" in ran.err
    assert "of 20 rows have another code when they are asked again" in ran.err
    assert not (tmp_path / "out").exists()


WAITING = """\
import os, sys
sys.path.insert(0, sys.argv[1])
import pyarrow as pa
from qingsuan.plugins import load
(region,) = [one.region for one in load().plugins if one.distribution == "evil-waits"]
region.functions["f"].call(pa.RecordBatch.from_pydict({"setl_time": pa.array([0], pa.timestamp("us"))}))
"""


def test_the_process_of_a_plugin_ends_with_the_engine_however_that_ends(tmp_path: Path) -> None:
    code = "open(os.path.join(HERE, f'pid-{os.getpid()}'), 'w').close()\n    time.sleep(600)"
    install_form(tmp_path / "site", Form("waits", in_function=code), 4)
    engine = subprocess.Popen([sys.executable, "-c", WAITING, str(tmp_path / "site")])
    until = time.monotonic() + 120
    while not (seen := list((tmp_path / "site" / "evil_waits").glob("pid-*"))) and time.monotonic() < until:
        time.sleep(0.02)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    (process,) = (Path("/proc") / file.name.removeprefix("pid-") for file in seen)
    while process.exists() and " Z " not in (process / "stat").read_text() and time.monotonic() < until:
        time.sleep(0.02)
    assert not process.exists() or " Z " in (process / "stat").read_text()


@pytest.mark.skipif(not ALL, reason="make hostile-plugins")
def test_a_plugin_that_kills_the_engine_stops_the_run_and_changes_no_number(world: World, tmp_path: Path) -> None:
    """What a process of the same user can do it can do: SECURITY.md says so. The run is not finished, and goes on without the plugin."""
    form = Form("kills-the-engine", in_function="os.kill(os.getppid(), signal.SIGKILL)")
    code = install_form(tmp_path / "site", form, 5)
    claims = write(tmp_path / "claims.csv", [claim(), claim(setl_id="e", insu_admdvs=f"{code[:2]}0101")])
    line = [sys.executable, "-m", "qingsuan", "settle", claims, "--insured", world.year[1], "--year", "2022"]
    path = os.pathsep.join([str(tmp_path / "site"), str(world.honest)])
    ended = subprocess.run(
        [*map(str, line), "--out", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "run.json").exists()
