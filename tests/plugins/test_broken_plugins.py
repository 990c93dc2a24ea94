"""Plugins and distributions that break in every way: each is refused by name, and the others serve their pools."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from importlib import invalidate_caches
from importlib.metadata import EntryPoint, EntryPoints, PathDistribution
from pathlib import Path
from typing import Any

import pytest

from opened_here import load_here
from qingsuan import Pool, Region, hookimpl
from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.errors import RunError
from qingsuan.plugins import GROUP, Installed, Plugin, load
from qingsuan.plugins.entry_points import find
from qingsuan.run.regions import read_regions
from settling import OWN_RULES, RULES, claim, install_code, insured, run, settle, write

HEALTHY = Region("980000", "made up", (Pool("980100", "one", ("9801",)),))


def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, rules: str = RULES) -> Path:
    """A folder on the path with the distribution qingsuan-settling, whose package begins with this code."""
    install_code(tmp_path, rules=rules)
    package = tmp_path / "qingsuan_settling" / "__init__.py"
    package.write_text(f"{code}\n{package.read_text('utf-8')}", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()
    return tmp_path


def problem_of(name: str) -> str:
    """Why the plugin is refused; the regions of the others are there."""
    installed = load()
    (found,) = [plugin for plugin in installed.plugins if name in {plugin.name, plugin.distribution}]
    assert [region.code for region in installed.regions] == ["150000", "220000"]
    assert found.region is None
    return str(found.problem)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os\nos._exit(0)", "opening it ended its process with status 0, without a word"),
        (
            "import faulthandler, os, signal\nfaulthandler.disable()\nos.kill(os.getpid(), signal.SIGSEGV)",
            "opening it crashed its process (SIGSEGV)",
        ),
        ("raise KeyboardInterrupt", "opening it failed: KeyboardInterrupt"),
        ("raise SystemExit(0)", "it cannot be imported: SystemExit: 0"),
        ("raise GeneratorExit", "it cannot be imported: GeneratorExit"),
        ("class Own(BaseException): pass\nraise Own('mine')", "it cannot be imported: Own: mine"),
        (
            "class Own(BaseException):\n    def __str__(self): raise SystemExit(0)\nraise Own",
            "it cannot be imported: Own: (its message cannot be shown: SystemExit)",
        ),
        ("def f(): f()\nf()", "it cannot be imported: RecursionError"),
        ("input()", "it cannot be imported: "),
        ("x = (", "it cannot be imported: SyntaxError"),
        ("import no_such_module", "it cannot be imported: ModuleNotFoundError"),
    ],
)
def test_whatever_an_import_does_is_the_plugins_fault(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(tmp_path, monkeypatch, code)
    assert problem_of("settling").startswith(said)


def test_an_import_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(tmp_path, monkeypatch, "import time\ntime.sleep(3600)")
    monkeypatch.setenv("QINGSUAN_PLUGIN_SECONDS", "1")
    assert problem_of("settling").startswith("opening it took more than 1 seconds")


def test_a_process_that_cannot_be_started_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    site(tmp_path, monkeypatch, "")
    monkeypatch.setattr(subprocess, "Popen", refused)
    with pytest.raises(RunError, match="no process can be started"):
        load()


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("METADATA", b"", "its METADATA in qingsuan_settling-2022.1.dist-info says no name"),
        ("METADATA", b"Metadata-Version: 2.1\nName: qingsuan-settling\n", "says no version"),
        ("METADATA", b"Name: qingsuan-settling\nVersion: two\n", "its metadata cannot be read: InvalidVersion"),
        ("METADATA", b"Name: qingsuan-settling\nVersion: 1\nRequires-Dist: =\n", "cannot be read: InvalidRequirement"),
        ("METADATA", b"\xff\xfe\x00", "its metadata cannot be read: UnicodeDecodeError"),
        ("METADATA", None, "its METADATA in qingsuan_settling-2022.1.dist-info says no name"),
        ("entry_points.txt", b"[qingsuan]\nsettling\n", "its entry points cannot be read: "),
        ("entry_points.txt", b"[qingsuan]\nsettling = \n", "it cannot be imported: "),
        ("entry_points.txt", b"[qingsuan]\nsettling = a b c\n", "it cannot be imported: "),
        ("entry_points.txt", b"[qingsuan]\nsettling = qingsuan_settling\xff\n", "its entry points cannot be read: "),
        ("entry_points.txt", b"", "it is installed in part only"),
    ],
)
def test_a_distribution_that_was_cut_off_is_named_by_its_folder(
    file: str, content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(tmp_path, monkeypatch, "")
    path = tmp_path / "qingsuan_settling-2022.1.dist-info" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    (refused,) = load().broken
    assert said in str(refused.problem)
    assert refused.distribution in ("qingsuan-settling", "qingsuan_settling-2022.1.dist-info")
    ran = run("plugins")
    assert (ran.status, "REFUSED" in ran.out, "Traceback" in ran.err) == (4, True, False)


@pytest.mark.parametrize("name", ["qingsuan_settling", "other"])
def test_entry_points_that_nobody_can_read_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "installed in part only" in problem_of(f"{name}-1.dist-info")


def test_entry_points_of_a_finders_own_making_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(PathDistribution):
        @property
        def entry_points(self) -> Any:
            return EntryPoints([EntryPoint("own", "nowhere", GROUP)._for(self)])

    folder = tmp_path / "another-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: another\nVersion: 1\n", "utf-8")
    for kind, found in ((Own, ["own"]), (PathDistribution, [])):
        monkeypatch.setattr("qingsuan.plugins.entry_points.distributions", lambda kind=kind: [kind(folder)])
        assert [one.point.name for one in find()] == found


def test_broken_distributions_of_others_are_none_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other-1.dist-info").mkdir()
    (tmp_path / "other-1.dist-info" / "entry_points.txt").write_text("[console_scripts]\nother\n")
    (tmp_path / "qingsuan_tools-1.dist-info").mkdir()
    (tmp_path / "qingsuan_tools-1.dist-info" / "METADATA").write_text(f"Name: {GROUP}-tools\nVersion: 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load().broken == ()


BAD: dict[str, Any] = {
    "code": (None, 990000, b"990000", ["990000"]),
    "name": (None, 1, ("x",)),
    "pools": (None, "990100", [None], (None,), {"990100": 1}),
    "rules": (5, b"rules", ["rules"]),
    "funding": (5, b"funding", {"a": 1}),
    "codes": (None, 5, ["med_type"], {"med_type": None}, {"med_type": ["15"]}, {"med_type": {15: "x"}}, {1: {}}),
    "functions": (None, 5, ["f"], {1: len}, {"f": None}),
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_every_field_of_a_region_has_its_type(field: str, value: Any) -> None:
    region = replace(Region("990000", "x", (Pool("990100", "p", ("9901",)),)), **{field: value})
    (refused,) = load_here([Point(region)]).plugins
    assert refused.region is None
    assert "its region" in str(refused.problem) or f"Region({field}=" in str(refused.problem)


@pytest.mark.parametrize(("field", "value"), [("code", None), ("name", None), ("prefixes", None), ("prefixes", (1,))])
def test_every_field_of_a_pool_has_its_type(field: str, value: Any) -> None:
    pool = replace(Pool("990100", "p", ("9901",)), **{field: value})
    (refused,) = load_here([Point(Region("990000", "x", (pool,)))]).plugins
    assert "its pool" in str(refused.problem)


def test_a_field_that_fails_when_it_is_read_is_the_plugins_fault() -> None:
    class Trap(dict[str, Any]):
        def __iter__(self) -> Any:
            raise SystemExit(0)

    (refused,) = load_here([Point(Region("990000", "x", codes=Trap()))]).plugins
    assert str(refused.problem).startswith("its Region cannot be read: SystemExit: 0")


class Point:
    """An entry point that was never installed."""

    name = "one"
    dist = None

    def __init__(self, region: Region) -> None:
        self.region = region

    def load(self) -> Any:
        class Module:
            @staticmethod
            @hookimpl
            def qingsuan_region() -> Region:
                return self.region

        return Module


# ---- files of rules, and functions


def refusal(region: Region) -> str:
    others = Plugin("other", "qingsuan-other", "1", HEALTHY), Plugin("one", "qingsuan-one", "1", region)
    regions = read_regions(Installed(others))
    assert list(regions.rules) == ["980000"]
    assert regions.setup(2022).regions == (HEALTHY,)
    (broken,) = regions.installed.broken
    return str(broken.problem)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "an empty file"),
        (b"# nothing yet\n", "this key is missing"),
        (b"\xff", "is not UTF-8"),
        (b"format = ", "not TOML"),
        (RULES.replace('fund = "hifp_pay"', 'fund = "hifp"').encode(), "layers.pooled.fund"),
        (RULES.replace("[groups]", "[gruops]").encode(), "gruops"),
        ((RULES + '[[rules]]\nid = "again"\nwhen = { med_type = ["21"] }\nlayers = ["pooled"]\n').encode(), "again"),
    ],
)
def test_a_file_of_rules_that_cannot_be_trusted_refuses_its_region(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    region = Region("990000", "x", (Pool("990100", "p", ("9901",)),), rules=tmp_path)
    found = refusal(region)
    assert found.startswith("its rule sets cannot be trusted: ")
    assert said in found
    assert "a.toml" in found


def test_folders_that_are_not_there_or_of_the_plugins_own_making(tmp_path: Path) -> None:
    class Folder:
        def iterdir(self) -> Any:
            raise SystemExit(0)

    assert "cannot be read" in refusal(Region("990000", "x", rules=tmp_path / "nothing"))
    assert "its funding rules cannot be trusted" in refusal(Region("990000", "x", funding=str(tmp_path / "nothing")))
    assert "SystemExit: 0" in refusal(Region("990000", "x", rules=Folder()))
    assert "SystemExit: 0" in refusal(Region("990000", "x", funding=Folder()))


FUNCTION = """\
def which(batch):
    {body}
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; sys.exit(0)", "function f: SystemExit: 0"),
        ("raise BaseException('x')", "function f: BaseException: x"),
        ("return 5", "TypeError"),
        ("return [b'1'] * (len(batch) + 1)", "codes"),
    ],
)
def test_a_function_that_fails_or_ends_the_process_stops_the_run(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = site(tmp_path / "site", monkeypatch, FUNCTION.format(body=body), OWN_RULES)
    package = folder / "qingsuan_settling" / "__init__.py"
    text = (
        package.read_text("utf-8")
        .replace("import Pool", "import Function, Pool")
        .replace(
            'rules=files(__name__) / "rules"',
            'rules=files(__name__) / "rules", functions={"f": Function(which, ("setl_time",))}',
        )
    )
    package.write_text(text, "utf-8")
    claims, people = write(tmp_path / "claims.csv", [claim()]), write(tmp_path / "insured.csv", [insured()])
    ran = settle(claims, people, tmp_path / "out")
    assert (ran.status, ran.out, "Traceback" in ran.err) == (4, "", False), ran
    assert "plugin of region 990000: function f" in ran.err
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_ctrl_c_is_nobodys_fault() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def wrong() -> None:
        raise ValueError("x")

    with pytest.raises(KeyboardInterrupt):
        call_plugin(interrupted)
    with pytest.raises(PluginCodeError, match="ValueError: x"):
        call_plugin(wrong)
