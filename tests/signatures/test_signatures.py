"""A folder that a bureau signed: its key and no other one tells it from every other folder; keys are for their owner alone."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qingsuan.errors import UsageError
from qingsuan.signatures.keys import new_pair, private_key, public_key
from settling import claim, install, insured, only, run, settle, write


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tiny runs, the first one signed by the bureau; the bureau's keys, and an attacker's."""
    place = tmp_path_factory.mktemp("signed")
    with pytest.MonkeyPatch.context() as patch:
        install(place / "site")
        only(place / "site", patch)
        people = write(place / "insured.csv", [insured()])
        for number in (1, 2):
            claims = write(place / f"claims{number}.csv", [claim(setl_id=f"s{number}")])
            assert settle(claims, people, place / f"run{number}").status == 0
    for name in ("bureau", "attacker"):
        ran = run("sign", "--new-key", place / f"{name}.key")
        assert (ran.status, f"{name}.key.pub: the public key" in ran.out) == (0, True)
    assert run("sign", place / "run1", "--key", place / "bureau.key").status == 0
    return place


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "run1", tmp_path / "run1"))


def checks(out: Path, made: Path) -> list[str]:
    ran = run("verify", out, "--key", made / "bureau.key.pub", "--json")
    found = json.loads(ran.out)["findings"]
    assert ran.status == (3 if found else 0)
    return [f"{one['file']}: {one['check']}" for one in found]


def test_what_the_bureau_signed_is_told_by_its_key(made: Path, out: Path) -> None:
    assert checks(out, made) == []
    told = run("verify", out)
    assert told.status == 0
    assert "signed by the key" in told.out
    assert "was not checked" in told.out


def test_a_signature_by_another_key_is_none(made: Path, out: Path) -> None:
    assert run("sign", out, "--key", made / "attacker.key").status == 0
    assert checks(out, made) == ["SIGNATURE: it is of this key", "SIGNATURE: it was made with this key"]
    said = json.loads((out / "SIGNATURE").read_text("utf-8"))
    said["key"] = json.loads((made / "run1/SIGNATURE").read_text("utf-8"))["key"]
    (out / "SIGNATURE").write_text(json.dumps(said), "utf-8")
    assert checks(out, made) == ["SIGNATURE: it was made with this key"]


def test_a_signature_of_another_run_is_none(made: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(made / "run2", tmp_path / "run2"))
    assert checks(other, made) == ["SIGNATURE: it is there"]
    shutil.copy(made / "run1/SIGNATURE", other / "SIGNATURE")
    mixed = ["run.json: its SHA-256 is that in SIGNATURE", "ledger.jsonl: its SHA-256 is that in SIGNATURE"]
    assert sorted(checks(other, made)) == sorted(mixed)
    assert run("verify", other).status == 3, "without the key, too"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"signature": 2}', '{"signature": 1, "key": 1}', "\x00"])
def test_what_is_no_signature_is_said_to_be_none(text: str, made: Path, out: Path) -> None:
    (out / "SIGNATURE").write_text(text, "utf-8")
    assert checks(out, made) == ["SIGNATURE: it is a signature"]
    assert run("verify", out).status == 3


def test_the_value_of_a_signature_is_checked(made: Path, out: Path) -> None:
    text = (out / "SIGNATURE").read_text("utf-8")
    value = json.loads(text)["value"]
    for wrong in ("0" * 128, value[:-2], "not hexadecimal"):
        (out / "SIGNATURE").write_text(text.replace(value, wrong), "utf-8")
        assert checks(out, made) == ["SIGNATURE: it was made with this key"]


def test_a_file_more_in_the_signature_is_told(made: Path, out: Path) -> None:
    said = json.loads((out / "SIGNATURE").read_text("utf-8"))
    said["signs"]["settle/ledger.jsonl"] = "0" * 64
    (out / "SIGNATURE").write_text(json.dumps(said), "utf-8")
    assert "settle/ledger.jsonl: its SHA-256 is that in SIGNATURE" in checks(out, made)


def test_what_is_not_whole_is_not_signed(made: Path, out: Path) -> None:
    (out / "SIGNATURE").unlink()
    (out / "totals/care.parquet").unlink()
    ran = run("sign", out, "--key", made / "bureau.key")
    assert (ran.status, "not signed" in ran.out, (out / "SIGNATURE").exists()) == (3, True, False)


def test_signing_speaks_chinese(made: Path, out: Path) -> None:
    asked = ("sign", out, "--key", made / "bureau.key", "--lang", "zh")
    ran = run(*asked)
    assert ran.status == 0, ran
    assert f"{out}：已签名，密钥 " in ran.out
    assert "正在检查：内容摘要……" in ran.err
    (out / "totals/care.parquet").unlink()
    refused = run(*asked)
    assert refused.status == 3
    assert f"{out}：未签名：发现问题 " in refused.out
    told = re.sub(r"[!-~]*/[!-~]*", "", f"{ran.out}{ran.err}{refused.out}{refused.err}")
    assert re.findall(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", told) == []


def test_a_run_that_is_settled_anew_has_no_signature_any_more(
    made: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(made / "site", monkeypatch)
    assert settle(made / "claims2.csv", made / "insured.csv", out, "--overwrite").status == 0
    assert not (out / "SIGNATURE").exists()


# ---- keys


def test_a_private_key_is_for_its_owner_alone(made: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE((made / "bureau.key").stat().st_mode) == 0o600
    open_to_all = Path(shutil.copy(made / "bureau.key", tmp_path / "open.key"))
    open_to_all.chmod(0o644)
    with pytest.raises(UsageError, match="others than its owner may read it"):
        private_key(open_to_all, str)


def test_no_key_is_written_over(made: Path) -> None:
    before = (made / "bureau.key").read_bytes()
    assert run("sign", "--new-key", made / "bureau.key").status == 2
    assert (made / "bureau.key").read_bytes() == before


def test_a_passphrase_is_asked_for(tmp_path: Path) -> None:
    new_pair(tmp_path / "locked.key", "long enough")
    assert private_key(tmp_path / "locked.key", lambda: "long enough")
    with pytest.raises(UsageError, match="it cannot be read"):
        private_key(tmp_path / "locked.key", lambda: "another one")


def test_keys_of_another_kind_are_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no public key"):
        public_key(made / "bureau.key")
    with pytest.raises(UsageError, match="it cannot be read"):
        private_key(made / "bureau.key.pub", str)
    with pytest.raises(UsageError, match="it cannot be read"):
        public_key(tmp_path / "nowhere")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is not installed")
def test_keys_of_openssl_are_keys(made: Path, tmp_path: Path, out: Path) -> None:
    key, public = tmp_path / "own.key", tmp_path / "own.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True, capture_output=True)
    key.chmod(0o600)
    assert run("sign", out, "--key", key).status == 0
    assert run("verify", out, "--key", public).status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--key", "bureau.key"),
        ("run1",),
        ("run1", "--new-key", "new.key"),
        ("run1", "--key", "bureau.key", "--passphrase"),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...], made: Path) -> None:
    ran = run("sign", *(one if one.startswith("--") else made / one for one in arguments))
    assert (ran.status, "what to do: qingsuan sign" in ran.err) == (2, True)


def test_without_the_library_the_extra_is_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    ran = run("verify", made / "run1", "--key", made / "bureau.key.pub")
    assert (ran.status, 'pip install "qingsuan[signing]"' in ran.err) == (2, True)
    assert run("verify", made / "run1").status == 0
