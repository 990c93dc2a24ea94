"""Out to a workbook, and back into the parameter files of a working folder: checked as a whole before a byte is written."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from qingsuan.errors import InputError, PolicyError, UsageError
from qingsuan.needed import need
from qingsuan.plugins import load, with_rules
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.sheets.editing import edited
from qingsuan.rulebook.sheets.layout import Sheet, sheets_of
from qingsuan.rulebook.sheets.others import Row, check_others, others_of
from qingsuan.rulebook.sheets.reading import Edit, Listed, edits_of, listed_in, open_workbook
from qingsuan.rulebook.sheets.writing import INDEX, check_ending, write_workbook
from qingsuan.rulebook.which import Chosen

__all__ = ["Brought", "Taken", "bring", "take"]

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Brought:
    """A parameter file that a workbook changes: what it says before and after, and its bytes then."""

    path: Path
    before: RuleSet
    after: RuleSet
    content: bytes
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a workbook has: its sheets, how many settings that are no table; and which files have no table, and are not in it."""

    sheets: tuple[Sheet, ...]
    others: int
    left_out: tuple[str, ...]


def take(chosen: Chosen, path: Path) -> Taken:
    """Write the matrices of the chosen rule sets to a workbook, and beside them what is no matrix.

    Raises
    ------
    UsageError
        No rule set has a matrix, or the workbook cannot be written.
    """
    check_ending(path)
    sheets: list[Sheet] = []
    others: list[Row] = []
    left_out: list[str] = []
    digests: dict[str, str] = {}
    for pool in chosen.pools:
        for rule_set in chosen.of(pool):
            name = PurePath(rule_set.file).name
            own = sheets_of(rule_set, name, len(sheets) + 1)
            if own:
                sheets += own
                others += others_of(rule_set, name)
                digests[name] = hashlib.sha256(chosen.content(name)).hexdigest()
            else:
                left_out.append(name)
    if not sheets:
        names = ", ".join(pool.code for pool in chosen.pools)
        expected = "a table with rows, as plugins/README.md has it under “Tables of a notice”"
        raise UsageError(names, found="rule sets without a table that has rows", expected=expected)
    write_workbook(path, sheets, digests, others)
    return Taken(tuple(sheets), len(others), tuple(left_out))


def bring(workbook: Path, rules_dir: Path) -> tuple[Brought, ...]:
    """What a workbook changes in the files of a working folder; nothing is written.

    Raises
    ------
    InputError
        A sheet, row, column or cell is not what it must be; the workbook is of another version of a file.
    PolicyError
        The changed files cannot be trusted.
    UsageError
        There is no such folder or file, or a library is missing.
    """
    need("tomlkit")
    book = open_workbook(workbook)
    listed = listed_in(book, workbook)
    _, rule_sets = with_rules(load(), rules_dir)
    by_name = {PurePath(one.file).name: one for one in rule_sets}
    changed: dict[str, tuple[bytes, tuple[Edit, ...]]] = {}
    by_file = dict.fromkeys(one.file for one in listed)
    for file, sheets in _sheets(listed, by_name, workbook, rules_dir):
        edits = tuple(edit for sheet in sheets for edit in edits_of(book, workbook, sheet))
        if edits:
            content = (rules_dir / file).read_bytes()
            mark = _BOM if content.startswith(_BOM) else b""
            changed[file] = mark + edited(content[len(mark) :].decode("utf-8"), edits).encode(), edits
    check_others(book, workbook, [row for file in by_file for row in others_of(by_name[file], file)])
    after = _read_again(rules_dir, {file: content for file, (content, _) in changed.items()})
    return tuple(
        Brought(rules_dir / file, by_name[file], after[file], content, edits)
        for file, (content, edits) in changed.items()
    )


def _sheets(
    listed: Sequence[Listed], rule_sets: dict[str, RuleSet], workbook: Path, rules_dir: Path
) -> Iterator[tuple[str, tuple[Sheet, ...]]]:
    """The sheets of each file, as they would be written today: the same as the list has."""
    first = 1
    for file in dict.fromkeys(one.file for one in listed):
        own = [one for one in listed if one.file == file]
        place = f"{workbook}: {INDEX}"
        if file not in rule_sets:
            do = "name the folder that the workbook was made from, or a copy of it"
            raise InputError(
                place, found=f"{file}, which is not in {rules_dir}", expected=f"a file of {rules_dir}", do=do
            )
        digest = hashlib.sha256((rules_dir / file).read_bytes()).hexdigest()
        if {one.sha256 for one in own} != {digest}:
            raise InputError(
                place,
                found=f"{file} was changed since it was exported",
                expected=f"SHA-256 {own[0].sha256}, found {digest}",
                do="export it again and bring the numbers over: what was changed meanwhile would be undone",
            )
        sheets = sheets_of(rule_sets[file], file, first)
        if [(one.name, one.table) for one in sheets] != [(one.sheet, one.table) for one in own]:
            raise InputError(
                place,
                found=f"for {file} the tables {', '.join(one.table for one in own)}",
                expected=", ".join(one.table for one in sheets),
                do="leave the list as it was exported",
            )
        first += len(sheets)
        yield file, sheets


def _read_again(rules_dir: Path, changed: dict[str, bytes]) -> dict[str, RuleSet]:
    """The rule sets as they would be, read, checked and compiled in a copy of the folder."""
    if not changed:
        return {}
    with tempfile.TemporaryDirectory(prefix="qingsuan-rules-") as scratch:
        copy = Path(scratch) / rules_dir.resolve().name
        copy.mkdir()
        for file in rules_dir.iterdir():
            if file.is_file():
                shutil.copyfile(file, copy / file.name)
        for name, content in changed.items():
            (copy / name).write_bytes(content)
        try:
            _, rule_sets = with_rules(load(), copy)
        except PolicyError as error:
            where = error.where.replace(f"{scratch}/", "")
            raise PolicyError(where, found=error.found, expected=error.expected, do=error.do) from error
    return {PurePath(one.file).name: one for one in rule_sets}
