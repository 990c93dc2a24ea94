"""What the documentation says is what is there: commands, columns, codes, hooks, terms, links."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest

from qingsuan import hookspecs, tables
from qingsuan.cli import COMMANDS, cli
from qingsuan.cli.policy import COMMANDS as POLICY_COMMANDS
from qingsuan.policy.model import COUNTERS, FUNDS, GRADES

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine" / "qingsuan"
READMES = ("README.md", "README.zh-CN.md")
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "plugins/*.md", "plugins/*/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
INPUTS = {
    name.lower(): columns
    for name, columns in vars(tables).items()
    if name.isupper() and isinstance(columns, tuple) and columns and isinstance(columns[0], tables.Column)
}


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(text: str, title: str) -> str:
    """The text below the heading ``title`` up to the next heading of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$(.*?)(?=^#{{1,3}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {title!r}"
    return found[2]


def commands_in(text: str) -> list[list[str]]:
    """Every call of ``qingsuan`` in the fenced blocks of a page, continued lines joined, prompts taken off."""
    fenced = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    blocks = "\n".join(block for language, block in fenced if language in ("", "bash", "console", "sh"))
    lines = blocks.replace("\\\n", " ").splitlines()
    calls = (re.match(r"^(?:\$ )?(?:\S*bin/)?qingsuan (.*)", line) for line in lines)
    return [call[1].split("#")[0].split() for call in calls if call]


def command_of(name: str, arguments: list[str]) -> click.Command:
    """A command; of a group, the one that the first argument names, unless that is an option of the group's own."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    if isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        command = command.get_command(click.Context(command), arguments[0])
        assert command is not None, f"qingsuan {name} has no {arguments[0]}"
    return command


def options_of(name: str, arguments: list[str]) -> set[str]:
    command = command_of(name, arguments)
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("page", READMES)
def test_every_command_is_in_the_readme(page: str) -> None:
    named = {call[0] for call in commands_in(read(page)) if call}
    assert set(COMMANDS) <= named, f"{page} shows no call of {sorted(set(COMMANDS) - named)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_call_that_is_shown_exists(page: Path) -> None:
    for name, *arguments in (call for call in commands_in(page.read_text("utf-8")) if call):
        if name.startswith("-"):
            continue
        assert name in COMMANDS, f"{page.name} calls qingsuan {name}"
        shown = {argument.split("=")[0] for argument in arguments if argument.startswith("--")}
        assert shown <= options_of(name, arguments) | {"--help"}, f"{page.name}: qingsuan {name} {sorted(shown)}"


@pytest.mark.parametrize("page", [*READMES, "docs/policy.md"])
def test_every_command_of_the_policy_clerk_is_shown(page: str) -> None:
    named = {call[1] for call in commands_in(read(page)) if call[:1] == ["policy"] and len(call) > 1}
    assert set(POLICY_COMMANDS) <= named, f"{page} shows no call of {sorted(set(POLICY_COMMANDS) - named)}"


def test_both_readmes_show_the_same_calls() -> None:
    english, chinese = (commands_in(read(page)) for page in READMES)
    assert english == chinese


CALLS = sorted([name] for name in COMMANDS) + sorted(["policy", name] for name in POLICY_COMMANDS)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_option_has_a_help_text(call: list[str]) -> None:
    command = command_of(call[0], call[1:])
    assert command.help
    missing = [
        parameter.name for parameter in command.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not missing


@pytest.mark.parametrize("table", sorted(INPUTS))
def test_every_column_is_documented(table: str) -> None:
    described = section(read("docs/tables.md"), table)
    for column in INPUTS[table]:
        row = f"| `{column.name}` | {column.kind} | {'yes' if column.must else ''} | {column.meaning} |"
        assert row in described, f"docs/tables.md, {table}: expected the row\n{row}"
    rows = re.findall(r"^\| `(\w+)` \|", described, re.MULTILINE)
    assert rows == [column.name for column in INPUTS[table]]


def test_every_column_of_the_interface_is_documented() -> None:
    described = section(read("docs/tables.md"), "Other columns of the interface")
    rows = re.findall(r"^\| (`\w+` \| .*) \|$", described, re.MULTILINE)
    assert rows == [f"`{c.name}` | {c.term} | {c.treated} | {c.unless} | {c.why}" for c in tables.INTERFACE]


def test_a_column_of_the_interface_is_read_where_claims_have_it_and_listed_once() -> None:
    claims = {column.name for column in tables.CLAIMS}
    names = [column.name for column in tables.INTERFACE]
    assert len(names) == len(set(names))
    for column in tables.INTERFACE:
        assert (column.treated == "read") == (column.name in claims), column.name
        assert bool(column.unless) == (column.treated == "refused"), column.name


def test_every_rejection_code_is_documented() -> None:
    rows = re.findall(r"^\| `(E_\w+)` \|", read("docs/rejections.md"), re.MULTILINE)
    assert rows == list(tables.REJECTION_CODES), "the page states the order of the checks"


def test_every_rejection_code_is_used_and_none_is_invented() -> None:
    source = {path: path.read_text("utf-8") for path in ENGINE.rglob("*.py")}
    elsewhere = "\n".join(text for path, text in source.items() if path.name != "tables.py")
    used = set(re.findall(r"\bE_[A-Z_]+[A-Z]\b", elsewhere))
    assert used == set(tables.REJECTION_CODES)


def test_every_hook_is_documented() -> None:
    hooks = [name for name in hookspecs.__all__ if name.startswith("qingsuan_")]
    assert hooks
    for name in hooks:
        assert name in read("plugins/README.md")
        doc = getattr(hookspecs, name).__doc__
        assert "Called" in doc
        assert "Must return" in doc or "must return" in doc
        assert "Since" in doc
        assert "Example" in doc


def test_the_plugin_page_names_every_fund_counter_and_grade() -> None:
    page = read("plugins/README.md")
    for word in (*FUNDS, *COUNTERS, *GRADES):
        assert re.search(rf"\b{re.escape(word)}\b", page), word


def test_every_dependency_earns_its_line() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for name, extra in project["project"]["optional-dependencies"].items():
        wanted += extra if name != "all" else ()
    for page in READMES:
        text = read(page)
        for requirement in wanted:
            name = re.split(r"[<>=!~\[; ]", requirement)[0]
            assert re.search(rf"^\| `{name}` \|", text, re.MULTILINE), f"{page} has no line for {name}"


def test_all_is_every_extra_that_is_not_for_working_on_qingsuan() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    (everything,) = extras["all"]
    named = everything.removeprefix("qingsuan[").removesuffix("]").split(",")
    assert sorted(named) == sorted(extras.keys() - {"all", "test", "bench", "lint", "release"})
    for page in READMES:
        assert 'pip install "qingsuan[all]"' in read(page), page


def statutory_terms(path: Path) -> set[str]:
    """Chinese terms that stand in parentheses in the docstrings of a module."""
    tree = ast.parse(path.read_text("utf-8"))
    places = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, places)]
    inside = re.findall(r"\(([\u4e00-\u9fff][\u4e00-\u9fff、，, ]*)\)", "\n".join(texts))
    return {term.strip() for terms in inside for term in re.split(r"[、，,]", terms) if term.strip()}


def test_every_statutory_term_is_in_the_glossary() -> None:
    glossary = read("docs/glossary.md")
    for path in sorted(ENGINE.rglob("*.py")):
        unknown = {term for term in statutory_terms(path) if term not in glossary}
        assert not unknown, f"{path.relative_to(ROOT)}: {sorted(unknown)} not in docs/glossary.md"


def test_every_name_in_the_glossary_exists() -> None:
    code = "\n".join(path.read_text("utf-8") for path in [*ENGINE.rglob("*.py"), *ROOT.glob("plugins/**/*.toml")])
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| ([^|]+) \|", read("docs/glossary.md"), re.MULTILINE)
    for name in {name for row in rows for name in re.findall(r"`([^`]+)`", row)}:
        assert name.split()[-1].strip("…*_") in code, f"docs/glossary.md names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"


def test_every_decision_is_listed() -> None:
    index = read("docs/decisions/README.md")
    for path in sorted((ROOT / "docs/decisions").glob("0*.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        number, said = title.split(" ", 1)
        assert f"| [{number}]({path.name}) | {said} |" in index


def test_the_map_names_every_module_that_is_there() -> None:
    described = read("ARCHITECTURE.md")
    for path in sorted(ENGINE.iterdir()):
        if path.suffix == ".py" or (path / "__init__.py").exists():
            assert path.name == "__init__.py" or f"`{path.name}" in described, (
                f"ARCHITECTURE.md does not name {path.name}"
            )
    for path in sorted((ROOT / "ext").rglob("*.pyx")):
        assert f"`{path.stem}`" in described, f"ARCHITECTURE.md does not name {path.stem}"


def test_the_changelog_has_a_place_for_what_is_unreleased() -> None:
    text = read("CHANGELOG.md")
    assert "## [Unreleased]" in text
    assert re.search(r"^### (Added|Changed|Fixed|Removed)$", text, re.MULTILINE)


def test_help_lists_every_command() -> None:
    code = "from qingsuan.cli import main; main(['--help'])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in COMMANDS:
        assert re.search(rf"^ +{name}\b", shown, re.MULTILINE)


def rows_of(title: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", section(read("docs/tables.md"), title), re.MULTILINE)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made-up year, settled, with its subsidy: through the commands, as a reader of the README would."""
    folder = tmp_path_factory.mktemp("year")
    insured = ["--insured", str(folder / "sample/insured.parquet")]
    identities = ["--identities", str(folder / "sample/identities.parquet")]
    classes = ["--classes", str(folder / "sample/classes.csv")]
    inner = [str(folder / "inner.csv")]
    Path(inner[0]).write_text("psn_no,insutype,insu_admdvs,begndate\nP1,390,150102,2021-01-01\n", "utf-8")
    for call in (
        ["sample", str(folder / "sample"), "--people", "300", "--seed", "1", "--bad-rows", "12"],
        [
            "settle",
            str(folder / "sample/claims"),
            *insured,
            *identities,
            "--year",
            "2021",
            "--out",
            str(folder / "settled"),
            "--detail",
        ],
        ["subsidy", insured[1], "--year", "2021", *classes, "--out", str(folder / "subsidy")],
        ["premium", *inner, *identities, "--year", "2021", "--out", str(folder / "premium")],
    ):
        cli.main(args=call, standalone_mode=False)
    return folder


def columns_of(folder: Path) -> list[str]:
    names: list[str] = pq.read_schema(sorted(folder.glob("part-*.parquet"))[0]).names
    return names


@pytest.mark.parametrize(
    ("run", "table"),
    [
        ("settled", "settled"),
        ("settled", "reversed"),
        ("settled", "setldetail"),
        ("subsidy", "due"),
        ("subsidy", "duplicates"),
    ],
)
def test_every_column_that_comes_out_is_documented(year: Path, run: str, table: str) -> None:
    assert columns_of(year / run / table) == rows_of(table)


@pytest.mark.parametrize(
    ("table", "title"),
    [("premiums", "each person"), ("carried", "shortfalls"), ("gaps", "gaps"), ("unapplied", "unapplied")],
)
def test_every_column_of_premiums_that_comes_out_is_documented(year: Path, table: str, title: str) -> None:
    assert columns_of(year / "premium" / table) == rows_of(title)


def test_a_rejected_row_comes_with_its_reason_first(year: Path) -> None:
    claims = [column.name for column in tables.CLAIMS]
    columns = columns_of(year / "settled/rejected")
    reasons = rows_of("rejected")
    assert columns[: len(reasons)] == reasons
    assert set(columns[len(reasons) :]) <= set(claims)


def test_every_folder_that_comes_out_is_documented(year: Path) -> None:
    for run in ("settled", "subsidy", "premium"):
        for entry in (year / run).iterdir():
            assert re.search(rf"\b{re.escape(entry.name)}\b", read("docs/tables.md")), f"{run}/{entry.name}"
    for page in READMES:
        for entry in (year / "settled").iterdir():
            assert re.search(rf"`{re.escape(entry.name)}/?`", read(page)), f"{page} does not name {entry.name}"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    for named in re.findall(r"`([\w/.*-]+\.(?:py|toml|md|pyi?x?))`", read(page)):
        places = [ROOT.glob(named), ENGINE.rglob(named)]
        assert any(True for place in places for _ in place), f"{page} names {named}"
