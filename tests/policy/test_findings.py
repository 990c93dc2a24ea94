"""All that is wrong with the rule sets of a region is found at once, as data; one error says the first and how many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.findings import Finding, PolicyFindings, findings_of
from qingsuan.policy.model import Pool, Region
from qingsuan.policy.reader import read_rule_sets
from settling import RULES

ONE = RULES.replace('caps = [{ group = "stay", yuan', 'caps = [{ group = "stays", yuan')


def findings(folder: Path, **texts: str) -> tuple[Finding, ...]:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    with pytest.raises(PolicyFindings) as caught:
        read_rule_sets(Region("990000", "made up", (Pool("990100", "one", ("9901",)),), rules=folder))
    assert findings_of(caught.value) == caught.value.findings
    return caught.value.findings


def test_a_finding_says_rule_set_key_found_expected_do_and_source(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, a=ONE)
    assert found == Finding(
        f"{tmp_path.parent.name}/{tmp_path.name}/a.toml",
        "layers.pooled.caps[1].group",
        'no group "stays"',
        "one of stay",
        'did you mean "stay"?',
        "X",
    )
    assert found.record()["source"] == "X"


def test_one_finding_is_told_as_an_error_of_its_own(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, a=ONE)
    error = PolicyError(found.where, found=found.found, expected=found.expected, do=found.do)
    assert str(PolicyFindings([found])) == str(found) == str(error)


def test_every_finding_of_every_file_is_there(tmp_path: Path) -> None:
    two = ONE.replace('"pooled", "critical"]', '"poold", "critical"]')
    found = findings(tmp_path, a=two, b="format = 2", c=RULES.replace('pool = "990100"', 'pool = "990200"'))
    assert [(one.rule_set[-6:], one.key) for one in found] == [
        ("a.toml", "layers.pooled.caps[1].group"),
        ("a.toml", 'rules[1] "inpatient".layers[1]'),
        ("a.toml", "layers.pooled"),  # nothing names it any more
        ("b.toml", "format"),
        ("c.toml", "ruleset.pool"),
    ]
    text = str(PolicyFindings(found))
    assert text == f"{found[0]}\n  and 4 more: qingsuan plugins shows all"


@pytest.mark.parametrize(
    ("old", "new", "keys"),
    [
        # what would follow from a name that leads nowhere is not looked at, and does not stop the rest
        ('med_type = ["21"]', 'insutype = ["340"], dedc_hosp_lv = ["9"]',
         ['rules[1] "inpatient".when.insutype[1]', 'rules[1] "inpatient".when.dedc_hosp_lv[1]']),
        ('any = ["low"]', 'any = ["lw"], all = ["lo"]',
         ["layers.critical.cases[1].when.psn_idet_type.any[1]", "layers.critical.cases[1].when.psn_idet_type.all[1]"]),
        ('upto = [5000], percent = [50, "62.5"]', 'upto = [5000, 4000], percent = [50]',
         ["layers.pooled.bands.upto", "layers.pooled.bands.upto[2]"]),
        ('codes = ["2303", "7019"]', 'codes = ["23", "701"]', ["identities.low.codes[1]", "identities.low.codes[2]"]),
    ],
)  # fmt: skip
def test_checking_goes_on_behind_what_is_wrong(tmp_path: Path, old: str, new: str, keys: list[str]) -> None:
    assert old in RULES
    found = [one.key for one in findings(tmp_path, a=RULES.replace(old, new))]
    assert [key for key in found if key in keys] == keys


def test_where_reading_stopped_is_one_finding() -> None:
    error = PolicyError("rules/a.toml: layers.pooled.fund", found="x", expected="y", do="z")
    assert findings_of(error) == (Finding("rules/a.toml", "layers.pooled.fund", "x", "y", "z"),)
