"""``qingsuan explain``: why a settlement, or a person's year, came to what it came to."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import click

from qingsuan.api.explaining import explain
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.options.rules import rules_option
from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.explain.document import Explanation, plain
from qingsuan.messages import Lang
from qingsuan.pages.files import write_page

__all__ = ["command"]

DIFFERS = 1
"""The exit status where the run folder says something else than the explanation."""


@click.command("explain")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option("--setl-id", help="The settlement that is explained.")
@click.option("--psn-no", help="The person whose year is explained; beside --setl-id whose settlement it is.")
@lang_option
@click.option(
    "--format", "how", type=click.Choice(["text", "json", "html"]), default="text", show_default=True,
    help="Lines for a terminal, the document of docs/explain.schema.json, or one page that prints on A4.",
)  # fmt: skip
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="Show nothing after this benefit date.")
@click.option("--prepared", type=click.Path(path_type=Path), help="The prepared year, if not where the run names it.")
@click.option("--claims", multiple=True, help="The claims of the run, if it kept no prepared year (repeatable).")
@click.option("--insured", multiple=True, help="Likewise the insured people (repeatable).")
@click.option("--identities", multiple=True, help="Likewise the identities (repeatable).")
@click.option("--registrations", multiple=True, help="Likewise the registrations 备案 (repeatable).")
@click.option("--csv-encoding", default="utf8", show_default=True, help="Encoding of CSV files, e.g. gb18030.")
@click.option("--opening", type=click.Path(path_type=Path), help="The earlier run with whose accumulators it went on.")
@rules_option
@click.option(
    "--to", type=click.Path(path_type=Path), help="Write it to a file that only you can read, and print nothing."
)
@results_apart
def command(
    out: Path,
    setl_id: str | None,
    psn_no: str | None,
    lang: Lang,
    how: str,
    at: dt.datetime | None,
    prepared: Path | None,
    claims: tuple[str, ...],
    insured: tuple[str, ...],
    identities: tuple[str, ...],
    registrations: tuple[str, ...],
    csv_encoding: str,
    opening: Path | None,
    rules_dir: Path | None,
    to: Path | None,
) -> None:
    """Explain a settlement, or a person's year, step by step: the rule, every layer, every band, every counter, with their sources.

    OUT is the folder of a finished run of benefits. Every step is worked out again by the slow twin and held against the run
    folder; where the two differ this is said, and the exit status is 1.
    """
    found = explain(
        out,
        setl_id=setl_id,
        psn_no=psn_no,
        lang=lang,
        at=None if at is None else at.date(),
        prepared=prepared,
        claims=claims or None,
        insured=insured or None,
        identities=identities or None,
        registrations=registrations or None,
        csv_encoding=csv_encoding,
        opening=opening,
        rules_dir=rules_dir,
    )
    if to is not None:
        write_page(_said(found, how) + ("" if how == "html" else "\n"), to, private=True)
    elif how == "json":
        show_json(plain(found))
    else:
        show(_said(found, how))
    if not found.agrees:
        sys.exit(DIFFERS)


def _said(found: Explanation, how: str) -> str:
    if how == "json":
        return json.dumps(plain(found), ensure_ascii=False, indent=2)
    if how == "html":
        from qingsuan.explain.page.page import page_of

        return page_of(found)
    from qingsuan.explain.text.whole import text_of

    return text_of(found)
