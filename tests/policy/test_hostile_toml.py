"""Files of rules that nobody would write by hand: each is refused with its line or key, and no input reaches the last handler."""

from __future__ import annotations

from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.reader import read_rule_set
from qingsuan.subsidies.reader import read_funding
from settling import RULES

LONG = "9" * 4301


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (LONG, "the number 99999999… of 4301 digits is beyond what can be read (at line 25)"),
        (f"-{LONG}", "is beyond what can be read (at line 25)"),
        (f"[1, {LONG}]", "is beyond what can be read (at line 25)"),
        ("0x" + "f" * 5000, "the whole number of more than 30 digits"),
        ("9" * 4000, "the whole number of more than 30 digits"),
        ("1e99999999999999999999", "the number 1e99999999999999999999 is beyond what can be read (at line 25)"),
        ("1e999999999", "the float 1E+999999999"),
        ("1e5", 'write "100000" in quotes'),
        ("1e-999999999", "the float"),
        ("nan", "the float NaN"),
        ("-inf", "the float -Infinity"),
        (f'"{LONG}"', "the text"),
        ("'1e5'", "the text"),
        ("[" * 100_000, "brackets within brackets"),
        ("{a = " * 5_000, "brackets within brackets"),
        ("9999-12-31", "the date 9999-12-31"),
        ("0000-01-01", "at line 25"),
        ("2021-02-30", "at line 25"),
        ("25:00:00", "at line 25"),
        ("9999-12-31T23:59:60Z", "at line 25"),
        ('"\\ud800"', "at line 25"),
        ('"\x00"', "at line 25"),
        ("1__0", "at line 25"),
        ("", "at line 25"),
    ],
)
@pytest.mark.parametrize("read", [read_rule_set, read_funding])
def test_a_value_that_nobody_can_hold_is_refused(read: object, value: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(RULES.replace("[100, 50]", value), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read(file)  # type: ignore[operator]
    assert "a.toml" in str(caught.value)
    if read is read_rule_set:
        assert said in str(caught.value)


@pytest.mark.parametrize("value", ["nan", "-nan", "inf", "-inf", "1e-999999999", "-0.0", "0.5", "1e999999999"])
def test_a_float_inside_a_list_of_percents_is_refused_with_its_file(value: str, tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(RULES.replace("[100, 50]", f"[100, {value}]"), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_rule_set(file)
    told = str(caught.value)
    assert "a.toml" in told
    assert "the float" in told
    assert len(told) < 500


@pytest.mark.parametrize(
    "change",
    [
        ("effective = 2021-02-01", "effective = 0001-01-01"),
        ("effective = 2021-02-01", "effective = 9999-12-31"),
        ("effective = 2021-02-01", "effective = 2021-02-01\nuntil = 9999-12-31"),
        ("upto = [5000]", "upto = [99999999999]"),
    ],
)
def test_the_ends_of_what_can_be_said_are_said_or_refused(change: tuple[str, str], tmp_path: Path) -> None:
    from qingsuan import Pool, Region
    from qingsuan.plugins import Installed, Plugin
    from qingsuan.run.regions import read_regions

    (tmp_path / "a.toml").write_text(RULES.replace(*change), "utf-8")
    region = Region("990000", "x", (Pool("990100", "p", ("9901",)), Pool("990200", "q", ("9902",))), rules=tmp_path)
    regions = read_regions(Installed((Plugin("x", "qingsuan-x", "1", region),)))
    (plugin,) = regions.installed.plugins
    assert plugin.problem is None or "its rule sets cannot be trusted: " in plugin.problem
    assert "Error" not in str(plugin.problem)
    assert regions.setup(2022).year == 2022


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a = '\x80'", b"\xed\xa0\x80", b"\x00", b"\r", b"\xef\xbb\xbf\xef\xbb\xbf"]
)
def test_bytes_that_are_no_text_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(PolicyError, match=r"a\.toml"):
        read_rule_set(tmp_path / "a.toml")
