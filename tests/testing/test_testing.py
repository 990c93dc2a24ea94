"""The tools for plugin authors: a case must be able to fail, and say where."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from qingsuan.errors import InputError
from qingsuan.testing import CaseFailedError, PluginContract, collect_cases, read_case, run_case

HEAD = 'format = 1\ntitle = "t"\nsource = "made up"\nconstructed = true\nyear = 2021\n'
CASE = f"""{HEAD}
[defaults.claims]
insutype = "390"
insu_admdvs = "220102"
med_type = "21"
dedc_hosp_lv = "3P"

[[insured]]
insutype = "390"
insu_admdvs = "220102"
psn_type = "1501"

[[claims]]
setl_id = "S1"
inscp_scp_amt = "80000"

[[claims]]
setl_id = "S2"
med_type = "41"
medfee_sumamt = "10.00"
preselfpay_amt = "1.50"

[[expect]]
setl_id = "S1"
hifp_pay = "46840.00"

[[expect]]
setl_id = "S2"
rejected = "E_NO_RULE"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "case.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_fill_in_what_a_case_does_not_care_about(tmp_path: Path) -> None:
    case = read_case(write(tmp_path, CASE))
    first, second = case.claims
    assert first["psn_no"] == "P1"
    assert (first["begndate"], first["setl_time"]) == ("2021-03-01", "2021-03-01 09:00:00")
    assert second["setl_time"] == "2021-03-02 09:00:00"
    assert (first["medfee_sumamt"], first["fulamt_ownpay_amt"]) == ("80000.00", "0.00")
    assert (second["inscp_scp_amt"], second["preselfpay_amt"], second["dedc_hosp_lv"]) == ("8.50", "1.50", "3P")
    assert case.insured[0]["begndate"] == "2021-01-01"
    assert case.constructed


def test_a_right_case_passes_through_the_public_command(tmp_path: Path) -> None:
    result = run_case(write(tmp_path, CASE), require=["qingsuan-jilin"])
    assert [row["setl_id"] for row in result.settled] == ["S1"]


@pytest.mark.parametrize(
    ("written", "instead", "message"),
    [
        ('"46840.00"', '"46840.01"', "claim S1 of P1: hifp_pay: found 46840.00, expected 46840.01"),
        ('"46840.00"', '"46839.99"', "claim S1 of P1: hifp_pay: found 46840.00, expected 46839.99"),
        ('"46840.00"', '"much"', "hifp_pay: found 46840.00, expected much"),
        ("hifp_pay", "hifp_payment", "hifp_payment: found no such column"),
        ('"E_NO_RULE"', '"E_PERSON"', "claim S2 of P1: found E_NO_RULE"),
        (
            '"E_NO_RULE"',
            '"E_NO_RULE"\nnames = "nothing of the kind"',
            'expected a reason that names "nothing of the kind"',
        ),
        ('rejected = "E_NO_RULE"', "reversed = true", "expected reversed"),
        ('rejected = "E_NO_RULE"', 'hifp_pay = "0.00"', "claim S2 of P1: found E_NO_RULE"),
    ],
)
def test_a_wrong_case_fails_and_says_where(tmp_path: Path, written: str, instead: str, message: str) -> None:
    assert CASE.count(written) == 1
    with pytest.raises(CaseFailedError, match=re.escape(message)):
        run_case(write(tmp_path, CASE.replace(written, instead)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = 1\n[[", "cannot be read"),
        (CASE.replace("format = 1", "format = 2"), "format: format 2"),
        (CASE.replace('title = "t"', 'titel = "t"'), "titel: an unknown key"),
        (CASE.replace('source = "made up"\n', ""), "source: nothing"),
        (CASE.replace("constructed = true", 'constructed = "yes"'), "constructed: 'yes'"),
        (CASE.replace("year = 2021", 'year = "2021"'), "year: '2021'"),
        (CASE.replace('"80000"', "80000.5"), "claims[1].inscp_scp_amt: 80000.5"),
        (CASE.replace('"80000"', '"80000.005"'), "claims[1]: not an amount"),
        (CASE.replace('setl_id = "S1"\ninscp', "inscp"), "claims[1]: no setl_id"),
        (
            CASE.replace('setl_id = "S2"\nrejected', 'setl_id = "S3"\nrejected'),
            'expect[2]: no claim "S3" of person "P1"',
        ),
        (CASE.replace('\nhifp_pay = "46840.00"', ""), "expect[1]: nothing to compare"),
        (CASE.replace("E_NO_RULE", "E_NO_RULES"), 'expect[2].rejected: "E_NO_RULES"'),
        (CASE + 'hifp_pay = "0.00"\n', "expect[2]: E_NO_RULE and the columns hifp_pay"),
        (CASE.replace("[defaults.claims]", "[defaults.claim]"), "defaults: "),
        (CASE.replace("[[insured]]", "[insured]"), "insured: "),
        (HEAD, "claims: none"),
    ],
)
def test_a_case_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read_case(write(tmp_path, text))


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no case file"):
        collect_cases(tmp_path)


def test_nothing_here_needs_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; import qingsuan.testing"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_contract_fails_for_a_plugin_that_is_not_there(tmp_path: Path) -> None:
    class Absent(PluginContract):
        plugin = "qingsuan-absent"
        cases = tmp_path

    with pytest.raises(AssertionError, match="qingsuan-absent is not installed"):
        Absent().test_plugin_is_loaded()


def test_the_contract_refuses_a_grade_that_is_not_allowed() -> None:
    class Strict(PluginContract):
        plugin = "qingsuan-jilin"
        grades = frozenset({"A"})

    with pytest.raises(AssertionError, match="has grade B"):
        Strict().test_sources_have_allowed_grades()


def test_a_contract_says_why_where_pytest_shows_no_values() -> None:
    class Forgetful(PluginContract):
        plugin = "qingsuan-jilin"
        cases = Path(__file__).parents[1] / "cases"
        untested = frozenset({"no-such-rule"})

    with pytest.raises(AssertionError, match="no case meets this rule") as caught:
        Forgetful().test_every_rule_has_a_case()
    assert "220100/390/2021-01-01:inpatient" in str(caught.value)
    assert "no-such-rule: the plugin's test (untested) names it" in str(caught.value)
