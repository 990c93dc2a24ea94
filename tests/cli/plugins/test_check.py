"""``qingsuan plugins check``: a made-up plugin that keeps every promise, then breaks them one by one."""

from __future__ import annotations

import json
from importlib import invalidate_caches
from pathlib import Path

import pytest

from qingsuan.testing.promises import PROMISES
from rule_heads import head
from settling import Ran, declared, run

RULES = (
    head(source="X1")
    + """\
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [60], source = "X1" }
[[rules]]
id = "inpatient"
when = { med_type = ["21"] }
layers = ["pooled"]
"""
)
CASE = """\
format = 1
title = "one stay"
source = "made up"
constructed = true
year = 2021
[[insured]]
insutype = "390"
insu_admdvs = "{pool}"
psn_type = "1501"
[[claims]]
setl_id = "S1"
insutype = "390"
insu_admdvs = "{pool}"
med_type = "21"
inscp_scp_amt = "100"
[[expect]]
setl_id = "S1"
hifp_pay = "60.00"
"""
CONTRACT = """\
from pathlib import Path
from qingsuan.testing import PluginContract

class TestTwo(PluginContract):
    plugin = "qingsuan-two"
    cases = Path(__file__).parent / "cases"
    grades = frozenset({"made-up"})
"""
METADATA = "Metadata-Version: 2.1\nName: qingsuan-two\nVersion: 2022.1\n"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source of the distribution qingsuan-two, which has two regions, installed from there as pip would install it."""
    root = tmp_path / "two"
    info = "qingsuan_two-2022.1.dist-info"
    files = {
        "pyproject.toml": '[project]\nname = "qingsuan-two"\n',
        "tests/test_two.py": CONTRACT,
        f"{info}/METADATA": METADATA,
        f"{info}/entry_points.txt": "[qingsuan]\ntwo-a = qingsuan_two_a\ntwo-b = qingsuan_two_b\n",
        f"{info}/direct_url.json": json.dumps({"url": root.as_uri(), "dir_info": {"editable": True}}),
    }
    for letter, code in (("a", "980000"), ("b", "990000")):
        package = f"qingsuan_two_{letter}"
        pool = (f"{code[:2]}0100", "one", f"{code[:2]}01")
        files[f"{package}/region.toml"] = declared("rules", code=code, pools=[pool])
        files[f"{package}/rules/a.toml"] = RULES.replace("990100", f"{code[:2]}0100")
        files[f"tests/cases/{letter}.toml"] = CASE.format(pool=f"{code[:2]}0100")
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(str(root))
    invalidate_caches()
    return root


def change(file: Path, written: str, instead: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(written) == 1, (file, written)
    file.write_text(text.replace(written, instead), "utf-8")


def broken(ran: Ran) -> dict[str, list[dict[str, str]]]:
    """What is not kept, by promise, of a check that wrote JSON and ended with status 4."""
    assert ran.status == 4, ran
    return {each["promise"]: each["findings"] for each in json.loads(ran.out)["promises"] if not each["kept"]}


def test_a_plugin_that_keeps_its_promises_is_told_so_by_name_and_by_folder(source: Path) -> None:
    for named in ("qingsuan-two", str(source)):
        ran = run("plugins", "check", named)
        assert (ran.status, ran.out.count("  kept "), "BROKEN" in ran.out) == (0, len(PROMISES), False), ran
        assert ran.out.startswith("qingsuan-two 2022.1   cases in ")


def test_every_region_of_a_distribution_is_examined(source: Path) -> None:
    change(source / "qingsuan_two_b/rules/a.toml", "percent = [60]", "percent = [61]")
    found = broken(run("plugins", "check", "qingsuan-two", "--json"))
    assert list(found) == ["cases", "tested"]
    assert [one["found"] for one in found["cases"]] == ["claim S1 of P1: hifp_pay: found 61.00, expected 60.00"]
    assert found["cases"][0]["where"].endswith("b.toml: one stay")
    assert found["tested"][0]["where"] == "990100/390/2021-01-01:inpatient"


def test_an_entry_point_that_is_refused_is_named(source: Path) -> None:
    change(source / "qingsuan_two_b/region.toml", 'name = "made up"\n', "")
    found = broken(run("plugins", "check", "qingsuan-two", "--json"))
    assert list(found) == ["loaded"], "nothing else is asked of a plugin that does not open"
    assert found["loaded"][0]["where"] == "qingsuan-two 2022.1: entry point two-b"
    assert "qingsuan_two_b/region.toml: name: this key is missing" in found["loaded"][0]["found"]
    assert "qingsuan-two 2022.1   entry point two-b   REFUSED" in run("plugins").out


@pytest.mark.parametrize(
    ("file", "written", "instead", "promise", "said"),
    [
        ("qingsuan_two_a/rules/a.toml", "percent = [60]", "percent = [160]", "rules", "the whole number 160"),
        ("qingsuan_two_a/rules/a.toml", 'grade = "made-up"', 'grade = "C"', "grades", "the source has grade C"),
        ("qingsuan_two_a/region.toml", '["9801"]', '["9802"]', "pools", "prefixes 9802, none of which"),
        ("qingsuan_two_a/region.toml", '["9801"]\n', '["9801"]\n[[pools]]\ncode = "980200"\nname = "two"\nprefixes = ["9802"]\n', "pools", "no rule set"),
        ("tests/cases/a.toml", 'med_type = "21"', 'med_type = "11"', "cases", "found E_NO_RULE"),
        ("tests/cases/a.toml", "format = 1", "format = 2", "cases", "it cannot be settled"),
        ("tests/test_two.py", '"made-up"})', '"made-up"})\n    untested = frozenset({"x"})', "tested", "there is no such rule"),
    ],
)  # fmt: skip
def test_a_promise_that_is_broken_is_told_with_what_to_do(
    source: Path, file: str, written: str, instead: str, promise: str, said: str
) -> None:
    change(source / file, written, instead)
    found = broken(run("plugins", "check", "qingsuan-two", "--json"))
    assert promise in found
    assert any(said in one["found"] and one["do"] for one in found[promise]), found
    told = run("plugins", "check", "qingsuan-two")
    assert told.status == 4
    assert "what to do: " in told.out
    assert f"{len(found)} of {len(PROMISES)} promises are not kept: {', '.join(found)}" in told.err


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("qingsuan-none", "neither a folder nor the name of a distribution that is installed"),
        ("click", "has no entry point of the group qingsuan"),
        ("{root}/tests", "no name of a distribution can be read there"),
    ],
)
def test_what_is_no_plugin_is_refused(source: Path, argument: str, said: str) -> None:
    ran = run("plugins", "check", argument.format(root=source))
    assert ran.status in (2, 4)
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("url", "argument", "said"),
    [
        ("", "qingsuan-two", "it is installed without its source"),
        ("{}", "{root}", "qingsuan-two is installed from a package"),
        ('{"url": "file:///elsewhere"}', "{root}", "qingsuan-two is installed from /elsewhere"),
    ],
)
def test_a_plugin_that_was_not_installed_from_its_source(source: Path, url: str, argument: str, said: str) -> None:
    (source / "qingsuan_two-2022.1.dist-info/direct_url.json").write_text(url, "utf-8")
    ran = run("plugins", "check", argument.format(root=source))
    assert (ran.status, said in ran.err, "pip install -e" in ran.err) == (4, True, True), ran


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("PluginContract)", "object)", "0 classes that subclass PluginContract"),
        ('"made-up"})', '"made-up"})\n\nclass TestAgain(TestTwo):\n    pass', "2 classes that subclass PluginContract: TestTwo"),
        ("import Path", "import Pfad", "it cannot be imported: ImportError"),
        ('    cases = Path(__file__).parent / "cases"\n', "", "it does not say cases"),
    ],
)  # fmt: skip
def test_tests_that_say_nothing_of_the_plugin_are_refused(source: Path, written: str, instead: str, said: str) -> None:
    change(source / "tests/test_two.py", written, instead)
    ran = run("plugins", "check", "qingsuan-two")
    assert (ran.status, said in ran.err, ran.out) == (4, True, ""), ran


def test_options_of_the_list_are_not_lost_before_the_command(source: Path) -> None:
    ran = run("plugins", "--json", "check", "qingsuan-two")
    assert (ran.status, "options of the command, after its name" in ran.err) == (2, True)
