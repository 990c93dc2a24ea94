"""``qingsuan policy doc``: the rule book of a region as one HTML file."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

import click

from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show
from qingsuan.errors import UsageError
from qingsuan.messages import Lang, Words
from qingsuan.pages.files import write_page
from qingsuan.rulebook.page.book import book
from qingsuan.rulebook.which import choose

__all__ = ["command"]


@click.command("doc")
@click.argument("name", metavar="REGION|POOL")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The HTML file to write.")
@rules_option
@lang_option
@results_apart
def command(*, name: str, out: Path, rules_dir: Path | None, lang: Lang) -> None:
    """Write the rule book of a region or pool: one HTML file without a network, in one language, that prints on A4.

    It has every table beside its sources and their grades, what is missing and which claims that refuses, and the versions along
    the years; from the parameter files and nothing else, so the same files give the same bytes.
    """
    chosen = choose(name, rules_dir)
    if not chosen.rule_sets:
        raise UsageError(name, found="no rule set", expected="a region or pool with rules")
    files = sorted({PurePath(one.file).name for one in chosen.rule_sets})
    digests = {file: hashlib.sha256(chosen.content(file)).hexdigest() for file in files}
    speak = Words(lang).speak
    note = "" if rules_dir is None else f"{speak('working copy, not released')}: {rules_dir.resolve().name}"
    page = book(chosen.region, chosen.rule_sets, digests, lang, note)
    write_page(page, out, private=False)
    show(speak("{out}: {count} rule sets", out=str(out), count=len(chosen.rule_sets)))
