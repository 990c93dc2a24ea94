"""A finished run settled again: whatever was changed and sealed again is named, by settling again and by the key, each by itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import tampering
from qingsuan.again.comparing import compare
from qingsuan.again.settling import settle_again
from qingsuan.errors import InputError, QingsuanError
from qingsuan.signatures.keys import new_pair, private_key, public_key
from qingsuan.signatures.signature import check_signature, sign
from qingsuan.verify.findings import Findings
from qingsuan.verify.finished import verify
from settling import BILL, claim, install, insured, only, run, settle, write

EVERY = {
    f"{kind}: {name}": (kind, tamper)
    for kind, several in {
        "cell": tampering.CELLS,
        "table": tampering.TABLES,
        "record": tampering.RECORDS,
        "ledger": tampering.LEDGERS,
    }.items()
    for name, tamper in several.items()
}


def bill(number: int, **changes: str) -> dict[str, str | None]:
    """A claim of its own cost: 1,000 yuan and 100 more for each that went before."""
    more = {"medfee_sumamt": f"{1000 + 100 * number}.00", "inscp_scp_amt": f"{800 + 100 * number}.00"}
    return claim(setl_time=f"2022-03-{number + 5:02} 10:00:00", **more, **changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny year of a made-up region, settled with every table, signed; the same settled again; and a pair of keys."""
    place = tmp_path_factory.mktemp("again")
    with pytest.MonkeyPatch.context() as patch:
        install(place / "site")
        only(place / "site", patch)
        claims = [bill(n, setl_id=f"s{n}", psn_no=f"p{n % 3}", paid_hifp_pay="1.00") for n in range(6)]
        reversal = bill(0, setl_id="r0", psn_no="p0", refd_setl_flag="1", init_setl_id="s0", paid_hifp_pay="-1.00")
        reversal |= {name: f"-{reversal[name]}" for name in BILL}
        bad = [claim(setl_id=f"bad{n}", med_type="x") for n in range(2)]
        bad = [{**row, "paid_hifp_pay": ""} for row in bad]
        write(place / "in" / "claims.csv", [*claims, reversal, *bad])
        write(place / "in" / "insured.csv", [insured(psn_no=f"p{n}") for n in range(3)])
        more = ("--accumulators", "--detail")
        assert settle(place / "in/claims.csv", place / "in/insured.csv", place / "out", *more).status == 0
        assert settle(place / "in/claims.csv", place / "in/insured.csv", place / "again", *more).status == 0
        new_pair(place / "bureau.key")
        sign(place / "out", private_key(place / "bureau.key", str))
        yield place


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "out", tmp_path / "out"))


def by_key(out: Path, made: Path) -> Findings:
    found = Findings()
    check_signature(out, public_key(made / "bureau.key.pub"), found)
    return found


def by_settling(out: Path, made: Path) -> Findings:
    found = Findings()
    compare(out, made / "again", found)
    return found


def plainly(out: Path) -> str:
    try:
        return " ".join(f"{one.file} {one.found} {one.expected}" for one in verify(out).findings.told)
    except QingsuanError as error:
        return str(error)


def test_what_nobody_changed_is_found_whole(made: Path) -> None:
    assert by_key(made / "out", made).total == by_settling(made / "out", made).total == 0
    ran = run("verify", made / "out", "--settle", "--inputs", made / "in", "--key", made / "bureau.key.pub")
    assert ran.status == 0, ran
    assert "signature of the key" in ran.out
    assert "settled again: out" in ran.out


def test_there_are_sixty_kinds() -> None:
    assert len(EVERY) >= 60


@pytest.mark.parametrize("name", EVERY)
def test_what_was_changed_is_named(name: str, made: Path, out: Path) -> None:
    kind, tamper = EVERY[name]
    tamper(out)
    if kind != "ledger":  # a line of the ledger carries its own check: who changes it has sealed it
        assert plainly(out), "unsealed"
    tampering.seal_all(out)
    settled, signed = by_settling(out, made), by_key(out, made)
    assert settled.total, "settled again"
    assert signed.total, "by the key"
    changed = {"record": "run.json", "ledger": "ledger.jsonl", "cell": f"{name.split()[1]}/"}.get(kind, "")
    assert any(one.file.startswith(changed) for one in settled.told), settled.told


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cell: rejected found", "rejected/part-00000.parquet, row 2: settled again, column found"),
        ("record: a warning taken away", "run.json: settled again, warnings[1]"),
        ("record: rules_digest", "run.json: settled again, rules_digest"),
        ("record: the digest of an input", "claims: claims.csv: "),
        ("ledger: numpy", "ledger.jsonl: settled again, its software"),
    ],
)
def test_the_command_names_what_was_changed_and_sealed(name: str, words: str, made: Path, out: Path) -> None:
    """With everything that says the same changed alike, where plain ``verify`` would tell the two apart."""
    EVERY[name][1](out)
    if name == "record: rules_digest":
        tampering.change_ledger(out, lambda header: header["rules"].update({"compiled rules": "0" * 64}))
    if name == "record: the digest of an input":
        tampering.change_ledger(out, lambda header: header["inputs"]["claims 1 claims.csv"].update(sha256="0" * 64))
    tampering.seal_all(out)
    (out / "SIGNATURE").unlink()
    ran = run("verify", out, "--settle", "--inputs", made / "in")
    assert ran.status == 3, ran
    assert words in ran.out + ran.err, ran


def test_what_is_found_first_is_not_settled_again(made: Path, out: Path) -> None:
    (out / "settled/part-00000.parquet").unlink()
    ran = run("verify", out, "--settle", "--inputs", made / "in")
    assert (ran.status, "it is not settled again" in ran.out) == (3, True)


# ---- every way in which a run is asked


def test_options_and_an_approved_list_are_those_of_the_run(made: Path, tmp_path: Path) -> None:
    assert run("plugins", "seal", tmp_path / "approved.toml").status == 0
    inputs = (made / "in/claims.csv", made / "in/insured.csv")
    more = ("--strict", "--skip-unserved", "--partitions", 4, "--allow", tmp_path / "approved.toml")
    assert settle(*inputs, tmp_path / "out", *more).status == 0
    assert settle_again(tmp_path / "out", [made / "in", tmp_path / "approved.toml"], {}).findings.told == []
    with pytest.raises(InputError, match=r"--allow: approved\.toml"):
        settle_again(tmp_path / "out", [made / "in"], {})


def test_a_year_is_found_where_it_lay(made: Path, tmp_path: Path) -> None:
    inputs = ("--insured", made / "in/insured.csv", "--year", 2022)
    assert run("prepare", made / "in/claims.csv", *inputs, "--out", tmp_path / "year").status == 0
    assert run("settle", tmp_path / "year", "--year", 2022, "--out", tmp_path / "out").status == 0
    from_year = settle_again(tmp_path / "out", [], {})
    assert (from_year.findings.told, str(tmp_path / "year") in from_year.runs[0]) == ([], True)
    from_files = settle_again(tmp_path / "out", [made / "in"], {})
    assert (from_files.findings.told, from_files.runs) == ([], ["out"])
    shutil.rmtree(tmp_path / "year")
    with pytest.raises(InputError, match="not the prepared year"):
        settle_again(tmp_path / "out", [], {})


def test_a_run_goes_on_from_the_one_it_went_on_from(made: Path, tmp_path: Path) -> None:
    write(tmp_path / "in/later.csv", [claim(setl_id="late", psn_no="p1", setl_time="2022-09-01 10:00:00")])
    inputs = (tmp_path / "in/later.csv", made / "in/insured.csv")
    assert settle(*inputs, tmp_path / "out", "--opening", made / "out").status == 0
    assert settle_again(tmp_path / "out", [tmp_path / "in", made], {}).findings.told == []
    with pytest.raises(InputError, match="the run of --opening"):
        settle_again(tmp_path / "out", [tmp_path / "in", made / "in"], {})


def test_a_working_copy_of_the_rules_has_to_be_given(made: Path, tmp_path: Path) -> None:
    rules = Path(shutil.copytree(made / "site/qingsuan_settling/rules", tmp_path / "rules"))
    text = (rules / "a.toml").read_text("utf-8")
    (rules / "a.toml").write_text(text.replace("yuan = [100, 50]", "yuan = [90, 50]"), "utf-8")
    inputs = (made / "in/claims.csv", made / "in/insured.csv")
    assert settle(*inputs, tmp_path / "out", "--rules-dir", rules).status == 0
    with_rules = run("verify", tmp_path / "out", "--settle", "--inputs", made / "in", "--rules-dir", rules)
    assert with_rules.status == 0, with_rules
    without = run("verify", tmp_path / "out", "--settle", "--inputs", made / "in", "--json")
    assert without.status == 3
    assert any("column act_pay_dedc" in one["check"] for one in json.loads(without.out)["findings"])


def test_files_that_lie_in_another_order_are_told(made: Path, tmp_path: Path) -> None:
    for name, number in (("a", 1), ("b", 2)):
        write(tmp_path / f"in/{name}.csv", [claim(setl_id=f"s{number}")])
    inputs = (tmp_path / "in", made / "in/insured.csv")
    assert settle(*inputs, tmp_path / "out").status == 0
    for name, folder in (("a", "z"), ("b", "y")):
        (tmp_path / "moved" / folder).mkdir(parents=True)
        (tmp_path / "in" / f"{name}.csv").rename(tmp_path / "moved" / folder / f"{name}.csv")
    with pytest.raises(InputError, match="as they lay when the run read them"):
        settle_again(tmp_path / "out", [tmp_path / "moved", made / "in"], {})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rules-dir", "in"), "without --settle"),
        (("--settle",), "no file of this name where --inputs says"),
        (("--key", "in/claims.csv"), "no public key"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], words: str, made: Path) -> None:
    ran = run("verify", made / "out", *(made / one if one.startswith("in") else one for one in arguments))
    assert ran.status in {2, 3}
    assert words in ran.err
