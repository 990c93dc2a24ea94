"""``docs/coverage.md``: every clause of the five documents once, each ending in something that exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from qingsuan.accounts.rule.reader import read_account_rules
from qingsuan.clearing.ways.reader import read_ways_rules
from qingsuan.cli import cli
from qingsuan.funds.gaps.reader import read_gap_rules
from qingsuan.plugins import load
from qingsuan.policy.authority.reader import read_authorities
from qingsuan.policy.reader import read_rule_sets
from qingsuan.premiums.reader import read_premiums
from qingsuan.subsidies.reader import read_region

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coverage.md").read_text("utf-8")
CLAUSES = {"J21": 42, "N21": 64, "P20": 44, "J22": 25, "E21": 33}
"""How many clauses each document has, by the letters of its rows."""

ENDINGS = ("rule + test", "command + test", "needs a figure", "not computed")
DOCUMENTS = re.compile(
    r"吉医保联〔2021〕20号|内医保发〔2021〕9号|吉政发〔2020〕3号|吉医保联〔2022〕25号|吉政办发〔2021〕59号"
)
LEAST_WORDS = 4


@cache
def rules() -> dict[str, set[str]]:
    """``pool/scheme`` -> the ids of its rules; ``region/authority`` and ``region/funding`` likewise."""
    found: dict[str, set[str]] = {}
    for region in load().regions:
        for rule_set in read_rule_sets(region):
            for scheme in rule_set.schemes:
                found.setdefault(f"{rule_set.pool}/{scheme}", set()).update(rule.id for rule in rule_set.rules)
        found[f"{region.code}/funding"] = {str(year) for year in read_region(region)}
        found[f"{region.code}/premiums"] = {str(year) for year in read_premiums(region).rules}
        found[f"{region.code}/accounts"] = {pool for rule in read_account_rules(region) for pool in rule.pools}
        found[f"{region.code}/funds"] = {f"{rule.effective.year}" for rule in read_gap_rules(region)}
        found[f"{region.code}/clearing"] = {str(rule.effective) for rule in read_ways_rules(region)}
        for authority in read_authorities(region):
            ids = {one.id for one in (*authority.authorised, *authority.equal_tilts)}
            found.setdefault(f"{region.code}/authority", set()).update(ids)
    return found


@cache
def missing() -> dict[str, dict[str, str]]:
    """``pool/scheme`` -> its missing parameters, and why they are missing."""
    found: dict[str, dict[str, str]] = {}
    for region in load().regions:
        for rule_set in read_rule_sets(region):
            for scheme in rule_set.schemes:
                of = found.setdefault(f"{rule_set.pool}/{scheme}", {})
                of.update({one.parameter: of.get(one.parameter, "") + one.why for one in rule_set.missing})
        premiums = read_premiums(region)
        groups = (gap for rule in premiums.rules.values() for gap in rule.unknown)
        found[f"{region.code}/premiums"] = {gap.parameter: gap.why for gap in (*premiums.missing, *groups)}
        accounts = [one for rule in read_account_rules(region) for one in rule.missing]
        found[f"{region.code}/accounts"] = {one.parameter: one.why for one in accounts}
        gaps = [one for rule in read_gap_rules(region) for one in rule.missing]
        found[f"{region.code}/funds"] = {one.parameter: one.why for one in gaps}
        ways = [one for rule in read_ways_rules(region) for one in rule.missing]
        found[f"{region.code}/clearing"] = {one.parameter: one.why for one in ways}
    return found


@cache
def words() -> frozenset[str]:
    """Names of columns, codes and folders, as the pages on tables, rejections and folders have them."""
    pages = [
        (ROOT / "docs" / name).read_text("utf-8")
        for name in (
            "tables.md",
            "rejections.md",
            "run-folder.md",
            "subsidy.md",
            "premium.md",
            "accounts.md",
            "clearing.md",
            "fund.md",
        )
    ]
    return frozenset(re.findall(r"`([^`\n]+)`", "\n".join(pages)))


def rows(page: str) -> Iterator[tuple[str, str]]:
    """Number and ending of each row."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"[A-Z]\d\d-\d+", cells[0]) and len(cells) > 1:
            yield cells[0], cells[-1]


def problems(page: str) -> Iterator[str]:
    """Everything that is wrong with a page."""
    found = list(rows(page))
    numbers = [number for number, _ in found]
    for letters, count in CLAUSES.items():
        of = [int(number[4:]) for number in numbers if number.startswith(letters)]
        yield from (f"{letters}-{n:02}: {of.count(n)} rows" for n in range(1, count + 1) if of.count(n) != 1)
        yield from (f"{letters}-{n:02}: no clause" for n in of if n > count)
    yield from (f"{number}: of no document" for number in numbers if number[:3] not in CLAUSES)
    for number, ending in found:
        kind, colon, said = ending.partition(": ")
        if kind not in ENDINGS or not colon:
            yield f"{number}: the ending {kind!r}"
            continue
        yield from (f"{number}: {one}" for one in _wrong(kind, said))
        yield from (f"{number}: as {other}" for other in re.findall(r"\b[A-Z]\d\d-\d+\b", said) if other not in numbers)


@cache
def _wrong(kind: str, said: str) -> tuple[str, ...]:
    return tuple(_faults(kind, said))


def _faults(kind: str, said: str) -> Iterator[str]:
    kinds = []
    for token in re.findall(r"`([^`]+)`", said):
        what = _kind_of(token)
        kinds.append(what)
        if what == "nothing":
            yield f"`{token}` is nothing that exists"
    if kind == "rule + test" and not ("rule" in kinds and "test" in kinds):
        yield "no rule, or no test"
    if kind == "command + test" and not ("command" in kinds and "test" in kinds):
        yield "no command, or no test"
    if kind == "needs a figure" and "missing" not in kinds:
        yield "no missing parameter"
    if (
        kind == "not computed"
        and len(said.split()) < LEAST_WORDS
        and not said.startswith("as ")
        and ": as " not in said
    ):
        yield "no reason"


def _kind_of(token: str) -> str:
    owner, _, name = token.partition(" ")
    if re.fullmatch(r"\d{6}/(\d{3}|authority|funding|accounts|premiums|funds|clearing)", owner):
        if name in rules().get(owner, ()):
            return "rule"
        return "missing" if name in missing().get(owner, {}) else "nothing"
    if token.startswith("qingsuan "):
        return "command" if _command(token.split()[1:]) else "nothing"
    if token.startswith("--"):
        return (
            "word"
            if any(token in option.opts for command in _commands(cli) for option in command.params)
            else "nothing"
        )
    if re.match(r"(tests|plugins|docs|engine)/", token):
        return _kind_of_path(token)
    return "word" if token in words() else "nothing"


def _kind_of_path(token: str) -> str:
    path, _, test = token.partition("::")
    if not (ROOT / path).exists():
        return "nothing"
    if test:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        if test not in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}:
            return "nothing"
    return "test" if path.startswith("tests/") or "/tests/" in path else "rule"


def _command(names: list[str]) -> bool:
    command: click.Command | None = cli
    for name in names:
        command = command.get_command(click.Context(command), name) if isinstance(command, click.Group) else None
    return command is not None


def _commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command)
        elif command is not None:
            yield command


def test_every_clause_ends_in_something_that_exists() -> None:
    assert list(problems(PAGE)) == []


def test_every_figure_that_one_of_the_documents_wants_stands_on_the_page() -> None:
    for owner, parameters in missing().items():
        for parameter, why in parameters.items():
            if DOCUMENTS.search(why):
                assert f"`{owner} {parameter}`" in PAGE, (owner, parameter)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("| J22-08 |", "| J22-09 |", "J22-08: 0 rows"),
        ("| J22-08 |", "| J22-09 |", "J22-09: 2 rows"),
        ("| E21-33 |", "| E21-34 |", "E21-34: no clause"),
        ("| E21-33 |", "| X21-33 |", "X21-33: of no document"),
        (
            "`220100/390 special-from-2023`",
            "`220100/390 special-from-2024`",
            "J22-08: `220100/390 special-from-2024` is nothing that exists",
        ),
        (
            "`220100/390 residents.pku.amounts`",
            "`220100/390 residents.pku`",
            "J21-11: `220100/390 residents.pku` is nothing that exists",
        ),
        (
            "`220000/authority retirees`",
            "`220000/authority retired`",
            "E21-06: `220000/authority retired` is nothing that exists",
        ),
        (
            "::test_the_tilt_is_one_thing`",
            "::test_the_tilt`",
            "N21-22: `tests/policy/test_authority.py::test_the_tilt` is nothing that exists",
        ),
        (
            "cases/pools-without-rules/province-level.toml",
            "cases/none.toml",
            "P20-38: `plugins/jilin/tests/cases/none.toml` is nothing that exists",
        ),
        ("`--classes`", "`--class`", "N21-04: `--class` is nothing that exists"),
        (
            "`qingsuan diff`",
            "`qingsuan differ`",
            "E21-08: `qingsuan differ` is nothing that exists",
        ),
        ("`overlmt_selfpay`", "`overlmt_amt`", "J21-23: `overlmt_amt` is nothing that exists"),
        ("not computed: scheme 410", "not yet: scheme 410", "P20-14: the ending 'not yet'"),
        ("not computed: nothing reads a grade of care", "not computed: later", "P20-15: no reason"),
        (
            "; `plugins/jilin/tests/cases/changchun-residents/dated-diseases-2022.toml`, ",
            "; `engine`, ",
            "J22-08: `engine` is nothing that exists",
        ),
        ("not computed: as J21-37", "not computed: as J21-97", "N21-59: as J21-97"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(old: str, new: str, problem: str) -> None:
    assert problem in set(problems(PAGE.replace(old, new, 1))) - set(problems(PAGE))
