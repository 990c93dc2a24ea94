"""Plugins: found, opened one by one, refused with the reason, and never able to stop or shadow one another."""

import json
import sys
from dataclasses import dataclass, field
from importlib import import_module, invalidate_caches
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from opened_here import load_here
from qingsuan import Function, Pool, Region, __version__, hookimpl
from qingsuan.cli import plugins as cli_plugins
from qingsuan.cli.plugins import listing
from qingsuan.errors import PluginError, UsageError
from qingsuan.plugins import Installed, load, require
from qingsuan.policy.reader import read_rule_sets
from qingsuan.run import regions
from rule_heads import head

ONE = Region("990000", "made up", (Pool("990100", "one", ("9901",)), Pool("990200", "two", ("9902", "990199"))))
OTHER = Region("980000", "made up too", (Pool("980100", "three", ("9801",)),))


@dataclass
class FakePoint:
    """An entry point that was never installed."""

    module: Any
    name: str = "one"
    distribution: str = "qingsuan-one"
    version: str = "2022.1"
    requires: list[str] = field(default_factory=lambda: ["qingsuan>=0.1,<0.2"])

    @property
    def dist(self) -> Any:
        return SimpleNamespace(metadata={"Name": self.distribution}, version=self.version, requires=self.requires)

    def load(self) -> Any:
        if isinstance(self.module, BaseException):
            raise self.module
        return self.module


def module(region: object = ONE, hook: str = "qingsuan_region") -> ModuleType:
    made = ModuleType("made_up")

    def implementation() -> Any:
        if isinstance(region, BaseException):
            raise region
        return region

    implementation.__name__ = hook
    setattr(made, hook, hookimpl(implementation))
    return made


def other(**changes: Any) -> FakePoint:
    return FakePoint(module(OTHER), **{"name": "other", "distribution": "qingsuan-other", **changes})


def problem(point: FakePoint) -> str:
    """Load a plugin beside a healthy one, and say why it is refused; the healthy one must not suffer."""
    installed = load_here([point, other()])
    assert [region.code for region in installed.regions] == ["980000"]
    (broken,) = installed.broken
    assert (broken.distribution, broken.version, broken.region) == ("qingsuan-one", point.version, None)
    assert broken.problem is not None
    return broken.problem


def test_healthy_plugins_are_sorted_and_serve_their_pools() -> None:
    installed = load_here([FakePoint(module()), other()])
    assert installed == load_here([other(), FakePoint(module())])
    assert [plugin.title for plugin in installed.plugins] == ["qingsuan-one 2022.1", "qingsuan-other 2022.1"]
    assert [region.code for region in installed.regions] == ["980000", "990000"]
    assert installed.broken == ()


@pytest.mark.parametrize(
    ("admdvs", "pool"),
    [
        ("990101", "990100"),
        ("990199", "990200"),
        ("990200", "990200"),
        ("980122", "980100"),
        ("990300", None),
        ("", None),
    ],
)
def test_a_pool_is_found_by_its_longest_prefix(admdvs: str, pool: str | None) -> None:
    found = load_here([FakePoint(module()), other()]).pool_of(admdvs)
    assert (found[1].code if found else None) == pool


def test_nothing_installed_serves_nothing() -> None:
    installed = load_here([])
    assert (installed.plugins, installed.regions, installed.pool_of("990101")) == ((), (), None)


@pytest.mark.parametrize("error", [ImportError("no module named x"), SystemExit(3), ValueError("bad")])
def test_a_plugin_that_does_not_import_is_listed(error: BaseException) -> None:
    said = problem(FakePoint(error))
    assert said.startswith(f"it cannot be imported: {type(error).__name__}: {error}")
    assert "test_plugins.py, line" in said


def test_a_hook_that_fails_is_listed() -> None:
    said = problem(FakePoint(module(KeyError("x"))))
    assert said.startswith("its hook qingsuan_region failed: KeyError: 'x' (test_plugins.py, line")


def test_a_misspelt_hook_is_refused() -> None:
    assert problem(FakePoint(module(hook="qingsuan_regoin"))) == (
        'no hook is called qingsuan_regoin: did you mean "qingsuan_region"?'
    )


def test_a_misspelt_hook_beside_a_good_one_is_refused() -> None:
    made = module()
    made.qingsuan_other = module(hook="qingsuan_other").qingsuan_other  # type: ignore[attr-defined]
    assert problem(FakePoint(made)).startswith("no hook is called qingsuan_other: ")


def test_a_hook_without_its_mark_is_refused() -> None:
    made = ModuleType("made_up")
    made.qingsuan_region = lambda: ONE  # type: ignore[attr-defined]
    assert problem(FakePoint(made)) == "it has no hook qingsuan_region: is it marked with @hookimpl?"
    assert "write one" in problem(FakePoint(ModuleType("empty")))


def test_a_hook_with_an_argument_of_its_own_is_refused() -> None:
    made = ModuleType("made_up")

    @hookimpl
    def qingsuan_region(year: int) -> Region:
        return ONE

    made.qingsuan_region = qingsuan_region  # type: ignore[attr-defined]
    assert problem(FakePoint(made)).startswith("its hooks cannot be registered: PluginValidationError")


@pytest.mark.parametrize("returned", [None, "990000", {"code": "990000"}])
def test_what_is_not_a_region_is_refused(returned: object) -> None:
    assert "not a qingsuan.Region" in problem(FakePoint(module(returned)))


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (Region("99000", "x"), 'its region "99000" "x" is not a six-digit code'),
        (Region("990100", "x"), "ending in 0000"),
        (Region("99００00", "x"), "six-digit code"),
        (Region(990000, "x"), "six-digit code"),  # type: ignore[arg-type]
        (Region("990000", ""), "with a name"),
        (Region("990000", "x", [Pool("990100", "p", ("9901",))]), "not a tuple of qingsuan.Pool"),  # type: ignore[arg-type]
        (Region("990000", "x", ("990100",)), "not a tuple of qingsuan.Pool"),  # type: ignore[arg-type]
        (
            Region("990000", "x", (Pool("980100", "p", ("9901",)),)),
            'its pool "980100" p is not a six-digit code of region',
        ),
        (Region("990000", "x", (Pool("9901", "p", ("9901",)),)), 'its pool "9901" p'),
        (Region("990000", "x", (Pool("990100", "p", ()),)), "its pool 990100 p has no tuple of prefixes"),
        (Region("990000", "x", (Pool("990100", "p", "9901"),)), "no tuple of prefixes"),  # type: ignore[arg-type]
        (
            Region("990000", "x", (Pool("990100", "p", ("9801",)),)),
            'its pool 990100 claims "9801": not two to six digits',
        ),
        (Region("990000", "x", (Pool("990100", "p", ("9",)),)), 'claims "9": not two to six digits'),
        (Region("990000", "x", (Pool("990100", "p", ("9901011",)),)), "not two to six digits"),
        (
            Region("990000", "x", (Pool("990100", "p", ("9901",)), Pool("990200", "q", ("9901",)))),
            'its pools 990100 and 990200 both claim "9901"',
        ),
        (
            Region("990000", "x", (Pool("990100", "p", ("9901",)), Pool("990100", "q", ("9902",)))),
            "has a pool code twice: 990100, 990100",
        ),
        (
            Region("990000", "x", codes={"medtype": {"15": "x"}}),
            'no column of codes "medtype": did you mean "med_type"?',
        ),
        (Region("990000", "x", codes={"med_type": {"11": "x"}}), 'redefines the national med_type "11"'),
        (Region("990000", "x", functions={"f": 1}), '"f"'),  # type: ignore[dict-item]
        (Region("990000", "x", functions={"f": len}), 'write Function(f, columns=("setl_time",))'),  # type: ignore[dict-item]
        (Region("990000", "x", functions={"f": Function(1, ("psn_no",))}), "is not a qingsuan.Function"),  # type: ignore[arg-type]
        (Region("990000", "x", functions={"f": Function(len, ())}), "has no tuple of columns"),
        (Region("990000", "x", functions={"f": Function(len, ["psn_no"])}), "has no tuple of columns"),  # type: ignore[arg-type]
        (Region("990000", "x", functions={"f": Function(len, ("setl_tim",))}), 'did you mean "setl_time"?'),
        (Region("990000", "x", functions={"f": Function(len, ("psn_no", "psn_no"))}), "names a column twice"),
    ],
)
def test_a_region_that_cannot_be_is_refused(region: Region, said: str) -> None:
    assert said in problem(FakePoint(module(region)))


@pytest.mark.parametrize(
    ("wants", "said"),
    [
        (["qingsuan>=99"], f"it wants qingsuan>=99, and this is qingsuan {__version__}"),
        (["numpy", "Qingsuan<0.1"], "it wants Qingsuan<0.1"),
        (["qingsuan>=>1"], "its metadata cannot be read"),
    ],
)
def test_a_plugin_for_another_qingsuan_is_refused_before_it_is_imported(wants: list[str], said: str) -> None:
    assert said in problem(FakePoint(AssertionError("imported"), requires=wants))


def test_a_requirement_that_does_not_apply_here_is_no_reason() -> None:
    point = FakePoint(module(), requires=['qingsuan>=99; python_version < "3"', f"qingsuan=={__version__}"])
    assert load_here([point]).broken == ()


def test_a_version_that_is_none_is_refused() -> None:
    assert "its metadata cannot be read" in problem(FakePoint(module(), version="two"))


def test_one_region_has_one_owner() -> None:
    installed = load_here([FakePoint(module()), other(), FakePoint(module(), "twin", "qingsuan-twin", "3")])
    assert [plugin.title for plugin in installed.broken] == ["qingsuan-one 2022.1", "qingsuan-twin 3"]
    for plugin in installed.broken:
        assert "region 990000 is claimed by" in str(plugin.problem)
        assert "qingsuan-one 2022.1" in str(plugin.problem)
        assert "qingsuan-twin 3" in str(plugin.problem)
    assert installed.pool_of("990101") is None
    assert installed.pool_of("980101") is not None


def test_one_entry_point_name_has_one_owner() -> None:
    twin = FakePoint(module(Region("970000", "x")), "one", "qingsuan-twin", "3")
    installed = load_here([FakePoint(module()), other(), twin])
    assert [plugin.title for plugin in installed.broken] == ["qingsuan-one 2022.1", "qingsuan-twin 3"]
    assert 'entry point "one" is also the name of one of qingsuan-twin 3' in str(installed.broken[0].problem)
    assert "qingsuan-one 2022.1" in str(installed.broken[1].problem)


def test_a_distribution_that_is_there_in_two_versions_is_refused() -> None:
    installed = load_here(
        [FakePoint(module()), other(), FakePoint(module(), distribution="Qingsuan_One", version="2021.9")]
    )
    assert len(installed.broken) == 2
    assert {"2022.1", "2021.9"} == {plugin.version for plugin in installed.broken}
    assert all("is installed twice, the other time as" in str(plugin.problem) for plugin in installed.broken)


# ---- requirements


def installed_one() -> Installed:
    return load_here([FakePoint(module()), other(requires=["qingsuan>=99"])])


@pytest.mark.parametrize("text", ["qingsuan-one", "qingsuan-one>=2022.1", "Qingsuan.One==2022.1", "qingsuan-one<2023"])
def test_a_requirement_that_is_met_says_nothing(text: str) -> None:
    require(installed_one(), [text])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "qingsuan-on",
            "qingsuan-on is not installed\n  expected: among the plugins installed: qingsuan-one, qingsuan-other",
        ),
        ("qingsuan-one>=2022.2", "qingsuan-one 2022.1 is installed\n  expected: a version >=2022.2"),
        ("qingsuan-other", "qingsuan-other 2022.1 is installed but refused: it wants qingsuan>=99"),
    ],
)
def test_a_requirement_that_is_not_met_says_what_is_installed(text: str, said: str) -> None:
    with pytest.raises(PluginError) as caught:
        require(installed_one(), [text])
    assert f"--require {text}: {said}" in str(caught.value)
    assert caught.value.exit_status == 4


def test_what_is_no_requirement_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="--require qingsuan one: not a requirement"):
        require(installed_one(), ["qingsuan one"])


# ---- a real distribution, and the command

RULES = (
    head(source="X1")
    + """\
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [60], source = "X1" }
[[rules]]
id = "all"
when = {}
layers = ["pooled"]
[[missing]]
parameter = "residents.ratio"
why = "made up"
"""
)

CODE = """\
from importlib.resources import files
from qingsuan import Function, Pool, Region, hookimpl

@hookimpl
def qingsuan_region():
    pools = (Pool("990100", "one", ("9901",)), Pool("990200", "two", ("9902",)))
    return Region("990000", "made up", pools, rules=files(__name__) / "rules")
"""


def install(folder: Path, version: str = "2022.1") -> None:
    """Put a distribution into a folder as pip would."""
    rules = folder / "qingsuan_made_up" / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    (rules.parent / "__init__.py").write_text(CODE, "utf-8")
    (rules / "a.toml").write_text(RULES, "utf-8")
    info = folder / f"qingsuan_made_up-{version}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: qingsuan-made-up\nVersion: {version}\nRequires-Dist: qingsuan>=0.1\n"
    (info / "METADATA").write_text(metadata, "utf-8")
    (info / "entry_points.txt").write_text("[qingsuan]\nmade-up = qingsuan_made_up\n", "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own on the path, and nothing else installed that is a plugin."""
    install(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("qingsuan_made_up", None)
    invalidate_caches()
    return tmp_path


def made_up(installed: Installed) -> list[str]:
    return [plugin.version for plugin in installed.plugins if plugin.distribution == "qingsuan-made-up"]


def test_an_installed_distribution_is_found(site: Path) -> None:
    installed = load()
    assert made_up(installed) == ["2022.1"]
    found = installed.pool_of("990122")
    assert found is not None
    assert (found[0].code, found[1].code) == ("990000", "990100")
    require(installed, ["qingsuan-made-up>=2022.1"])


def test_a_second_version_left_behind_is_seen(site: Path) -> None:
    install(site, "2021.9")
    installed = load()
    assert sorted(made_up(installed)) == ["2021.9", "2022.1"]
    assert installed.pool_of("990122") is None


def only(monkeypatch: pytest.MonkeyPatch, *points: FakePoint) -> None:
    monkeypatch.setattr(listing, "load", lambda: load_here(points))


def test_the_command_lists_pools_rule_sets_and_missing_parameters(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, FakePoint(import_module("qingsuan_made_up")))
    result = CliRunner().invoke(cli_plugins.command, [])
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "qingsuan-one 2022.1   990000 made up",
        "  990100 one   insu_admdvs 9901…",
        "    390 from 2021-01-01   1 rules, 1 missing parameters   made up",
        "  990200 two   insu_admdvs 9902…",
        "    (no rule set)",
    ]
    (record,) = json.loads(CliRunner().invoke(cli_plugins.command, ["--json"]).output)
    assert record["region"] == {"code": "990000", "name": "made up"}
    assert record["rule_sets"][0]["missing"] == ["residents.ratio"]
    assert record["problem"] is None


def test_a_rule_set_that_does_not_read_makes_its_plugin_a_broken_one(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = site / "qingsuan_made_up" / "rules" / "a.toml"
    rules.write_text(RULES.replace("percent = [60]", "percent = [160]"), "utf-8")
    only(monkeypatch, FakePoint(import_module("qingsuan_made_up")), other())
    result = CliRunner().invoke(cli_plugins.command, ["--json"])
    assert isinstance(result.exception, PluginError)
    assert result.exception.exit_status == 4
    assert "1 of 2 refused: qingsuan-one" in str(result.exception)
    broken, healthy = json.loads(result.stdout)
    assert "rules/a.toml: layers.pooled.bands.percent[1]: the whole number 160" in broken["problem"]
    assert (broken["region"], healthy["problem"]) == (None, None)
    assert (
        "qingsuan-one 2022.1   entry point one   REFUSED\n  its rule sets cannot be trusted: "
        in CliRunner().invoke(cli_plugins.command, []).output
    )


def test_all_that_is_wrong_with_the_rules_of_a_plugin_is_shown(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = site / "qingsuan_made_up" / "rules" / "a.toml"
    wrong = RULES.replace('layers = ["pooled"]', 'layers = ["poold"]')
    assert wrong != RULES
    rules.write_text(wrong, "utf-8")
    only(monkeypatch, FakePoint(import_module("qingsuan_made_up")))
    (broken,) = json.loads(CliRunner().invoke(cli_plugins.command, ["--json"]).stdout)
    keys = [finding["key"] for finding in broken["findings"]]
    assert len(keys) == 2, keys
    assert keys[1] == "layers.pooled"
    assert broken["findings"][1]["found"] == "this layer is used nowhere"
    assert broken["problem"].endswith("\n  and 1 more: qingsuan plugins shows all")
    read: list[str] = []
    monkeypatch.setattr(regions, "read_rule_sets", lambda region: read.append(region.code) or read_rule_sets(region))
    lines = CliRunner().invoke(cli_plugins.command, []).stdout.splitlines()
    assert read == ["990000"], "rules that cannot be trusted are read once, not again to say why"
    assert lines[1].startswith("  its rule sets cannot be trusted: ")
    assert lines[1].endswith('.layers[1]: no layer "poold"')
    assert any(line.endswith("layers.pooled: this layer is used nowhere") for line in lines)


def test_a_required_plugin_whose_rules_do_not_read_is_not_there(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "qingsuan_made_up" / "rules" / "a.toml").write_text("format = 2", "utf-8")
    only(monkeypatch, FakePoint(import_module("qingsuan_made_up")))
    result = CliRunner().invoke(cli_plugins.command, ["--require", "qingsuan-one"])
    assert "is installed but refused: its rule sets cannot be trusted" in str(result.exception)


def test_the_command_says_so_when_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    result = CliRunner().invoke(cli_plugins.command, [])
    assert (result.exit_code, result.output.splitlines()[0][:33]) == (0, "No regional plugin is installed. ")
    assert CliRunner().invoke(cli_plugins.command, ["--json"]).output == "[]\n"
    assert isinstance(CliRunner().invoke(cli_plugins.command, ["--require", "qingsuan-x"]).exception, PluginError)
