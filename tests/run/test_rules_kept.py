"""Rules that were read once are gone by again, as long as every file of theirs is what it was."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qingsuan import Pool, Region
from qingsuan.benefits.setup import Setup
from qingsuan.plugins import Installed, load
from qingsuan.plugins.finding import Plugin
from qingsuan.run import regions
from rule_heads import head

RULES = (
    head(source="X1")
    + """\
[dimensions.kinds]
kind = "list"
column = "dise_code"
file = "kinds.txt"
[layers.pooled]
fund = "hifp_pay"
bands = { percent = [60], source = "X1" }
[[rules]]
id = "some"
when = { kinds = ["in"] }
layers = ["pooled"]
"""
)


@pytest.fixture
def region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Region:
    monkeypatch.setattr(regions, "_KEPT", {})
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.toml").write_text(RULES, "utf-8")
    (rules / "kinds.txt").write_text("M1\nM2\n", "utf-8")
    return Region("990000", "made up", (Pool("990100", "one", ("9901",)),), rules=rules)


def read(region: Region, *, compiled: bool = True) -> regions.Rules:
    plugin = Plugin("one", "qingsuan-one", "2022.1", region)
    found = regions.read_regions(Installed((plugin,)), compiled=compiled)
    assert found.installed.broken == ()
    return found.rules[region.code]


def percent(rules: regions.Rules) -> tuple[int, ...]:
    (rule_set,) = rules.rule_sets
    bands = rule_set.layers["pooled"].cases[0].bands
    assert bands is not None
    return bands.ratio_bp


def test_files_that_are_what_they_were_are_not_read_for_rules_again(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(region)
    monkeypatch.setattr(regions, "read_rule_sets", lambda _: pytest.fail("they were read again"))
    assert read(region) is first
    assert read(replace(region)) is first, "another object that says the same"


def rewrite(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(rules: Path) -> None:
        text = (rules / name).read_text("utf-8")
        assert old in text
        (rules / name).write_text(text.replace(old, new), "utf-8")

    return change


CHANGES: dict[str, Callable[[Path], Any]] = {
    "a percentage": rewrite("a.toml", "[60]", "[70]"),
    "an entry of a list": rewrite("kinds.txt", "M2", "M3"),
    "another file": lambda rules: (rules / "b.toml").write_text(
        RULES.replace('schemes = ["390"]', 'schemes = ["310"]'), "utf-8"
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_changes_is_read_again_and_what_is_changed_back_too(region: Region, change: Callable[[Path], Any]) -> None:
    first = read(region)
    before = {file: file.read_bytes() for file in region.rules.iterdir()}
    change(region.rules)
    changed = read(region)
    assert changed.rule_sets != first.rule_sets
    for file in region.rules.iterdir():
        file.unlink()
    for file, content in before.items():
        file.write_bytes(content)
    assert read(region) == first


def test_a_file_that_goes_away_is_missed(region: Region) -> None:
    CHANGES["another file"](region.rules)
    assert len(read(region).rule_sets) == 2
    (region.rules / "b.toml").unlink()
    assert len(read(region).rule_sets) == 1
    (region.rules / "kinds.txt").unlink()
    broken = regions.read_regions(Installed((Plugin("one", "qingsuan-one", "2022.1", region),))).installed.broken
    assert 'no file "kinds.txt"' in str(broken[0].problem)


def test_rules_that_cannot_be_trusted_are_not_kept(region: Region) -> None:
    percents = region.rules / "a.toml"
    percents.write_text(RULES.replace("[60]", "[160]"), "utf-8")
    plugin = Plugin("one", "qingsuan-one", "2022.1", region)
    for _ in range(2):
        assert "the whole number 160" in str(regions.read_regions(Installed((plugin,))).installed.broken[0].problem)
    percents.write_text(RULES, "utf-8")
    assert percent(read(region)) == (6000,)


def test_a_region_that_says_something_else_has_rules_of_its_own(region: Region, tmp_path: Path) -> None:
    first = read(region)
    assert read(replace(region, codes={"dise_code": {"M9": "made up"}})) is not first
    assert read(replace(region, pools=(*region.pools, Pool("990200", "two", ("9902",))))) is not first
    (tmp_path / "none").mkdir()
    assert read(replace(region, funding=tmp_path / "none")) is not first


TWICE = RULES + RULES[RULES.index("[[rules]]") :].replace('"some"', '"others"')


def test_what_was_only_read_is_compiled_when_that_is_asked(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(region, compiled=False)
    compiled: list[int] = []
    monkeypatch.setattr(regions, "compile_rule_sets", lambda rule_sets: compiled.append(len(rule_sets)))
    assert read(region) is first
    assert read(region) is first
    assert read(region, compiled=False) is first
    assert compiled == [1]


def test_what_does_not_compile_is_told_as_if_it_were_read_now(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    (region.rules / "a.toml").write_text(TWICE, "utf-8")
    plugin = Plugin("one", "qingsuan-one", "2022.1", region)
    (anew,) = regions.read_regions(Installed((plugin,))).installed.broken
    assert "rules “some” and “others” can match the same claim" in str(anew.problem)
    monkeypatch.setattr(regions, "_KEPT", {})
    read(region, compiled=False)
    for _ in range(2):
        assert regions.read_regions(Installed((plugin,))).installed.broken == (anew,)


def test_the_same_rules_are_compiled_once(region: Region) -> None:
    def setup(**how: Any) -> Setup:
        return Setup((region,), read(region).rule_sets, 2021, **how)

    first = setup()
    assert (setup().program, setup().core) == (first.program, first.core)
    assert first.fork().core is first.core
    assert setup(apart=True).program is not first.program
    CHANGES["a percentage"](region.rules)
    assert (setup().program is first.program, setup().core is first.core) == (False, False)
    assert setup().program.digest != first.program.digest


def test_only_some_of_what_was_compiled_is_kept(region: Region) -> None:
    (rule_set,) = read(region).rule_sets
    first = Setup((region,), (rule_set,), 2021)
    for number in range(4):
        Setup((region,), (replace(rule_set, title=f"another {number}"),), 2021)
    assert Setup((region,), (rule_set,), 2021).program is not first.program


def test_rules_that_are_no_files_of_the_machine_are_read_each_time(region: Region, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as archive:
        for file in region.rules.iterdir():
            archive.write(file, f"rules/{file.name}")
    with zipfile.ZipFile(tmp_path / "rules.zip") as archive:
        packed = replace(region, rules=zipfile.Path(archive, "rules/"))
        assert read(packed) == read(packed)
        assert read(packed) is not read(packed)


def test_only_so_many_are_kept(region: Region) -> None:
    names = [f"made up {number}" for number in range(regions._MOST_KEPT + 1)]
    for name in names:
        read(replace(region, name=name))
    assert len(regions._KEPT) == 1
    assert read(replace(region, name=names[-1])) is read(replace(region, name=names[-1]))


def test_what_a_digest_is_of_is_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is opened a second time for its digest may hold something else by then."""
    monkeypatch.setattr(regions, "_KEPT", {})
    installed = load()
    monkeypatch.setattr(Path, "read_bytes", lambda file: pytest.fail(f"{file} is read once more"))
    assert installed.regions, "make setup installs two"
    found = regions.read_regions(installed)
    assert found.installed.broken == ()
    noted = [kept.noted.files for kept in regions._KEPT.values()]
    digests = {str(file): digest.hex() for files in noted for file, digest in files.items()}
    said = [
        rule
        for rules in found.rules.values()
        for rule in (
            *rules.funding.values(),
            *rules.premiums.rules.values(),
            *rules.accounts,
            *rules.funds,
            *rules.ways,
        )
    ]
    assert {rule.file: rule.digest for rule in said}.items() <= digests.items()
    assert len({type(rule) for rule in said}) == 5
