"""``qingsuan policy show``: the rules of a region or pool on a date, as tables."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import UsageError
from qingsuan.messages import Lang
from qingsuan.policy.model import RuleSet
from qingsuan.rulebook.grids import grids
from qingsuan.rulebook.statements import statements
from qingsuan.rulebook.text import rules_text
from qingsuan.rulebook.which import choose, dates_of, in_force
from qingsuan.rulebook.words import Words

__all__ = ["command"]


@click.command("show")
@click.argument("name", metavar="REGION|POOL")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The date on which the rules hold.")
@click.option("--scheme", help="Only this scheme (险种), such as 390.")
@rules_option
@lang_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document instead of the tables.")
@results_apart
def command(
    *, name: str, date: dt.datetime, scheme: str | None, rules_dir: Path | None, lang: Lang, as_json: bool
) -> None:
    """Show the rules of a region or pool, by code or name, that are in force on a date.

    Amounts are yuan. Each table names the sources of its numbers; what is not known is listed with the claims it refuses.
    """
    chosen = choose(name, rules_dir)
    found = in_force(chosen.rule_sets, date.date(), scheme)
    if not found:
        raise UsageError(
            f"--date {date.date()}",
            found=f"no rules of {name}{f', scheme {scheme},' if scheme is not None else ''} are in force on that date",
            expected=f"a date and scheme of: {dates_of(chosen.rule_sets)}",
        )
    if as_json:
        show_json([_record(one, rules_dir) for one in found])
        return
    show(rules_text(found, chosen.region, lang, rules_dir))


def _record(rule_set: RuleSet, rules_dir: Path | None) -> dict[str, Any]:
    return {
        "file": rule_set.file,
        "working_copy": None if rules_dir is None else str(rules_dir),
        "pool": rule_set.pool,
        "schemes": list(rule_set.schemes),
        "title": rule_set.title,
        "effective": rule_set.effective.isoformat(),
        "until": rule_set.until.isoformat() if rule_set.until else None,
        "layers": {
            name: {
                "fund": layer.fund,
                "tables": [asdict(grid) for grid in grids(rule_set, layer, Words(rule_set, "en"))],
            }
            for name, layer in rule_set.layers.items()
        },
        "statements": [asdict(one) for one in statements(rule_set)],
        "sources": {
            one.key: {"document": one.document, "article": one.article, "grade": one.grade}
            for one in rule_set.sources.values()
        },
    }
