"""``qingsuan policy diff``: two dates, two files, two folders, or what is installed and a folder: what changed, and in which document."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import UsageError
from qingsuan.messages import Lang, Words
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.changes import changes, changes_text, paired
from qingsuan.rulebook.which import choose, choose_all, in_force, read_file, words_by_pool

__all__ = ["command"]

INSTALLED = "installed"


@click.command("diff")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--of", "name", metavar="REGION|POOL", help="Whose rules, where A or B is a date or “installed”.")
@click.option("--scheme", help="Only this scheme (险种), such as 390.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of lines.")
@results_apart
def command(*, before: str, after: str, name: str | None, scheme: str | None, lang: Lang, as_json: bool) -> None:
    """Say what changed between A and B, table by table, and in which document it stands.

    A and B are dates (2021-12-31 2022-01-01), files, folders of rule sets, or the word “installed” beside a folder.
    """
    sides = [_side(one, name, scheme) for one in (before, after)]
    found = paired(*sides)
    if not found:
        raise UsageError(f"{before} {after}", found="no rule set on either side", expected="rules to compare")
    if as_json:
        show_json([_record(*pair) for pair in found])
        return
    show("\n\n".join(_text(*pair, lang) for pair in found))


def _side(given: str, name: str | None, scheme: str | None) -> tuple[RuleSet, ...]:
    found = _rule_sets(given, name)
    return tuple(one for one in found if scheme is None or scheme in one.schemes)


def _rule_sets(given: str, name: str | None) -> tuple[RuleSet, ...]:
    path = Path(given)
    if path.is_dir():
        chosen = choose(name, path, "") if name else choose_all((), path, "")[0]
        return chosen.rule_sets
    if path.is_file():
        return (read_file(path),)
    date = _date(given)
    if date is None and given != INSTALLED:
        raise UsageError(
            given, found="neither a date, a file nor a folder", expected="such as 2021-12-31, a *.toml, or rules/"
        )
    if name is None:
        raise UsageError("--of", found="none", expected="a region or pool: whose rules are meant", do="add --of POOL")
    rule_sets = choose(name).rule_sets
    return rule_sets if date is None else in_force(rule_sets, date)


def _date(given: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        return None


def _text(before: RuleSet | None, after: RuleSet | None, lang: Lang) -> str:
    if before is None or after is None:
        one = before or after
        assert one is not None, "a pair has one of the two"
        named = {"name": one.name, "file": one.file, "side": "A" if after is None else "B"}
        return Words(lang).speak("{name} ({file}): only in {side}", **named)
    words = (words_by_pool(before, lang), words_by_pool(after, lang))
    return changes_text(before, after, changes(before, after, words), lang)


def _record(before: RuleSet | None, after: RuleSet | None) -> dict[str, Any]:
    both = before is not None and after is not None
    return {
        "before": None if before is None else {"name": before.name, "file": before.file},
        "after": None if after is None else {"name": after.name, "file": after.file},
        "changes": [asdict(one) for one in changes(before, after)] if both else [],  # type: ignore[arg-type]
    }
