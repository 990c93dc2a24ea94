"""``--allow``: a run takes what was approved, by name, version and digest, and nothing else; else it stops before the first row."""

from __future__ import annotations

import json
import py_compile
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

import qingsuan
from qingsuan.errors import UsageError
from qingsuan.plugins import allow_list, load
from qingsuan.plugins.allowed import _trees
from qingsuan.plugins.entry_points import find
from settling import Ran, claim, install, install_code, insured, only, run, settle, write

PACKAGE = "qingsuan_settling"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the distribution qingsuan-settling, which is all that is installed."""
    folder = tmp_path / "site"
    install(folder)
    only(folder, monkeypatch)
    return folder


@pytest.fixture
def code(site: Path) -> Path:
    """The same with its region handed over by a hook."""
    (site / PACKAGE / "region.toml").unlink()
    install_code(site)
    return site


@pytest.fixture
def year(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "claims.csv", [claim()]), write(tmp_path / "insured.csv", [insured()])


def approved(folder: Path) -> Path:
    """The file that the command writes."""
    file = folder / "approved.toml"
    ran = run("plugins", "seal", file)
    assert ran.status == 0, ran
    return file


def digest() -> str:
    (plugin,) = tomllib.loads(allow_list(load()))["plugins"]
    return str(plugin["digest"])


def settle_allowed(year: tuple[Path, Path], out: Path, file: Path, *more: str) -> Ran:
    return settle(*year, out, "--allow", str(file), *more)


def test_what_was_approved_is_taken_and_recorded(site: Path, year: tuple[Path, Path], tmp_path: Path) -> None:
    file = approved(tmp_path)
    ran = settle_allowed(year, tmp_path / "out", file)
    assert ran.status == 0, ran
    allowed = json.loads((tmp_path / "out/run.json").read_text("utf-8"))["allowed"]
    assert allowed["file"] == "approved.toml"
    assert [(one["name"], one["version"], one["digest"]) for one in allowed["plugins"]] == [
        ("qingsuan-settling", "2022.1", digest())
    ]
    assert settle(*year, tmp_path / "plain").status == 0
    assert "allowed" not in json.loads((tmp_path / "plain/run.json").read_text("utf-8"))
    for name in ("settled", "totals"):
        for part in (tmp_path / "out" / name).iterdir():
            assert part.read_bytes() == (tmp_path / "plain" / name / part.name).read_bytes()


@pytest.mark.parametrize("file", ["rules/a.toml", "region.toml", "rules/hospitals.txt", "helper.py"])
def test_a_changed_file_under_the_same_version_stops_the_run(
    site: Path, year: tuple[Path, Path], tmp_path: Path, file: str
) -> None:
    listed, before = approved(tmp_path), digest()
    with (site / PACKAGE / file).open("a", encoding="utf-8") as stream:
        stream.write("# a word\n")
    ran = settle_allowed(year, tmp_path / "out", listed)
    assert ran.status == 4, ran
    assert f"qingsuan-settling 2022.1 has the digest {digest()}" in ran.err
    assert f"expected: {before}, which was approved" in ran.err
    assert not (tmp_path / "out").exists()


def test_what_python_keeps_beside_the_code_and_where_it_lies_changes_no_digest(site: Path) -> None:
    before = digest()
    (site / PACKAGE / "__pycache__").mkdir(exist_ok=True)
    (site / PACKAGE / "__pycache__/helper.cpython-311.pyc").write_bytes(b"\0")
    (site / "beside.txt").write_text("not of the package", "utf-8")
    assert digest() == before


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ('"qingsuan-settling"', '"qingsuan-setting"', "qingsuan-setting is not installed\n  expected: among the plugins installed: qingsuan-settling"),
        ('"2022.1"', '"2022.2"', "qingsuan-settling 2022.1 is installed\n  expected: version 2022.2, which was approved"),
        ("format = 1", "format = 2", "format: 2"),
        ("format = 1", "format = 1\nnames = []", "names: an unknown key"),
        ('version = "2022.1"\n', "", "plugins[1].version: this key is missing"),
        ('version = "2022.1"', "version = 2022", "plugins[1].version: 2022, not a text"),
        ('version = "2022.1"', 'version = "2022.1"\nnote = "x"', "plugins[1].note: an unknown key"),
        ('digest = "', 'digest = "x', "not 64 digits of a SHA-256"),
        ("[[plugins]]", "[plugins]", "plugins: "),
        ("format = 1", "format = ", "it cannot be read: "),
    ],
)  # fmt: skip
def test_a_list_that_is_wrong_stops_the_run(
    site: Path, year: tuple[Path, Path], tmp_path: Path, written: str, instead: str, said: str
) -> None:
    file = approved(tmp_path)
    text = file.read_text("utf-8")
    assert text.count(written) == 1
    file.write_text(text.replace(written, instead), "utf-8")
    ran = settle_allowed(year, tmp_path / "out", file)
    assert (ran.status, said in ran.err, "what to do: " in ran.err) == (4, True, True), ran
    assert not (tmp_path / "out").exists()


def test_a_list_with_nothing_or_one_plugin_twice_is_refused(
    site: Path, year: tuple[Path, Path], tmp_path: Path
) -> None:
    file = approved(tmp_path)
    text = file.read_text("utf-8")
    head, block = text.split("\n[[plugins]]")
    file.write_text(f"{text}\n[[plugins]]{block}".replace("qingsuan-settling", "Qingsuan_Settling", 1), "utf-8")
    assert "plugins[2].name: qingsuan-settling a second time" in settle_allowed(year, tmp_path / "out", file).err
    file.write_text(head, "utf-8")
    assert "plugins: no plugin" in settle_allowed(year, tmp_path / "out", file).err
    assert "it cannot be read" in settle_allowed(year, tmp_path / "out", tmp_path / "nothing.toml").err


def test_a_plugin_that_is_not_in_the_list_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    text = allow_list(load())
    blocks = text.split("\n[[plugins]]")
    file = tmp_path / "approved.toml"
    file.write_text("\n[[plugins]]".join(one for one in blocks if "settling" not in one), "utf-8")
    year = write(tmp_path / "claims.csv", [claim()]), write(tmp_path / "insured.csv", [insured()])
    ran = settle_allowed(year, tmp_path / "out", file)
    assert ran.status == 4, ran
    assert "refused plugin qingsuan-settling 2022.1: it does not stand in the file of --allow" in ran.err
    assert settle_allowed(year, tmp_path / "out", file, "--skip-unserved").status == 0
    record = json.loads((tmp_path / "out/run.json").read_text("utf-8"))
    assert record["rejected"]["claims"] == {"E_POOL": 1}
    assert any(w.startswith("plugin qingsuan-settling 2022.1 is refused: it does not") for w in record["warnings"])


def test_a_refused_plugin_cannot_be_approved(code: Path, year: tuple[Path, Path], tmp_path: Path) -> None:
    file = approved(tmp_path)
    (code / PACKAGE / "__init__.py").write_text("x = (\n", "utf-8")
    ran = settle_allowed(year, tmp_path / "out", file)
    assert (ran.status, "qingsuan-settling 2022.1 has the digest" in ran.err) == (4, True), ran
    ran = run("plugins", "seal", tmp_path / "another.toml")
    assert (ran.status, "not in it: qingsuan-settling 2022.1: it cannot be imported: SyntaxError" in ran.err) == (
        4,
        True,
    )
    assert "[[plugins]]" not in (tmp_path / "another.toml").read_text("utf-8")


def test_a_prepared_year_and_a_subsidy_are_held_to_the_list_too(
    site: Path, year: tuple[Path, Path], tmp_path: Path
) -> None:
    file = approved(tmp_path)
    claims, people = map(str, year)
    prepared = qingsuan.prepare(claims, people, year=2022, out=tmp_path / "year", allow=file)
    (delivery,) = (tmp_path / "year").rglob("delivery.json")
    assert json.loads(delivery.read_text("utf-8"))["state"]["allowed"]["plugins"][0]["digest"] == digest()
    assert prepared.record["deliveries"]
    from_year = ("settle", str(tmp_path / "year"), "--year", "2022", "--allow", str(file))
    assert run(*from_year, "--out", str(tmp_path / "out")).status == 0
    file.write_text(file.read_text("utf-8").replace("2022.1", "2021.1"), "utf-8")
    for arguments in (
        ("prepare", claims, "--insured", people, "--out", str(tmp_path / "again")),
        ("subsidy", people, "--out", str(tmp_path / "again")),
        ("settle", str(tmp_path / "year"), "--out", str(tmp_path / "again")),
    ):
        ran = run(*arguments, "--year", "2022", "--allow", str(file))
        assert (ran.status, "expected: version 2021.1, which was approved" in ran.err) == (4, True), ran
        assert not (tmp_path / "again").exists()


def test_a_run_goes_on_only_by_the_same_list(site: Path, year: tuple[Path, Path], tmp_path: Path) -> None:
    file = approved(tmp_path)
    assert settle_allowed(year, tmp_path / "out", file).status == 0
    (tmp_path / "out/run.json").unlink()
    file.write_text(file.read_text("utf-8") + "# another word\n", "utf-8")
    ran = settle_allowed(year, tmp_path / "out", file, "--resume")
    assert (ran.status, "--resume with other options: allow: its content changed" in ran.err) == (2, True), ran


def test_a_working_folder_was_not_approved(site: Path, year: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rules of a working folder are not what was approved"):
        qingsuan.settle(*map(str, year), year=2022, allow=approved(tmp_path), rules_dir=site / PACKAGE / "rules")


# ---- nothing of what was not approved is imported


def telling(site: Path, place: Path) -> None:
    """Have the plugin leave a word wherever it is imported, the trial in another process included."""
    file = site / PACKAGE / "__init__.py"
    file.write_text(f"__import__('pathlib').Path({str(place)!r}).touch()\n{file.read_text('utf-8')}", "utf-8")


def test_a_plugin_that_was_changed_or_is_not_in_the_list_is_not_imported(
    year: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_code(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    listed = approved(tmp_path)
    telling(tmp_path / "site", tmp_path / "word")
    ran = settle_allowed(year, tmp_path / "out", listed)
    assert (ran.status, "has the digest" in ran.err) == (4, True), ran
    others = [one for one in listed.read_text("utf-8").split("\n[[plugins]]") if "settling" not in one]
    listed.write_text("\n[[plugins]]".join(others), "utf-8")
    ran = settle_allowed(year, tmp_path / "out", listed)
    assert (ran.status, "it does not stand in the file of --allow" in ran.err) == (4, True), ran
    assert not (tmp_path / "word").exists()
    assert settle(*year, tmp_path / "out").status == 0, "without a list it is opened"
    assert (tmp_path / "word").exists()


def test_what_python_kept_of_the_code_is_not_run_in_its_place(
    code: Path, year: tuple[Path, Path], tmp_path: Path
) -> None:
    listed = approved(tmp_path)
    other = tmp_path / "other.py"
    other.write_text(
        f"open({str(tmp_path / 'word')!r}, 'w').close()\n{(code / PACKAGE / '__init__.py').read_text('utf-8')}", "utf-8"
    )
    kept = code / PACKAGE / "__pycache__" / f"__init__.{sys.implementation.cache_tag}.pyc"
    kept.parent.mkdir(exist_ok=True)
    py_compile.compile(str(other), str(kept), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert settle_allowed(year, tmp_path / "out", listed).status == 0
    assert not (tmp_path / "word").exists()


def test_rules_that_lie_outside_of_what_was_approved_are_refused(
    code: Path, year: tuple[Path, Path], tmp_path: Path
) -> None:
    rules = Path(shutil.copytree(code / PACKAGE / "rules", tmp_path / "elsewhere"))
    file = code / PACKAGE / "__init__.py"
    text = file.read_text("utf-8").replace('files(__name__) / "rules"', f"__import__('pathlib').Path({str(rules)!r})")
    file.write_text(text, "utf-8")
    ran = settle_allowed(year, tmp_path / "out", approved(tmp_path))
    assert (ran.status, "has rules outside of its package" in ran.err) == (4, True), ran


def test_whatever_else_was_installed_with_it_is_in_the_digest(site: Path, tmp_path: Path) -> None:
    record = site / "qingsuan_settling-2022.1.dist-info" / "RECORD"
    (site / "beside.py").write_text("X = 1\n", "utf-8")
    record.write_text(f"{PACKAGE}/__init__.py,,\nbeside.py,,\n__editable__.settling.pth,,\n", "utf-8")
    (site / "__editable__.settling.pth").write_text(f"{site}\n", "utf-8")
    before = digest()
    (site / "__editable__.settling.pth").write_text("elsewhere\n", "utf-8")
    assert digest() == before
    (site / "beside.py").write_text("X = 2\n", "utf-8")
    assert digest() != before
    points = site / "qingsuan_settling-2022.1.dist-info" / "entry_points.txt"
    between = digest()
    points.write_text("[qingsuan]\nsettling = qingsuan_settling:__name__\n", "utf-8")
    assert settled_digest(site) != between


def settled_digest(site: Path) -> str:
    """The digest whether or not the plugin can be opened."""
    ((_, tree),) = _trees(find()).values()
    return tree.digest


def test_a_list_is_not_written_over(site: Path, tmp_path: Path) -> None:
    file = approved(tmp_path)
    assert run("plugins", "seal", file).status == 2
    assert run("plugins", "seal", file, "--overwrite").status == 0
