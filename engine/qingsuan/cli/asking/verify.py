"""``qingsuan verify``: a finished run folder, checked again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from qingsuan.again.settling import Again, settle_again, settle_year_again
from qingsuan.cli.asking.verified import as_text, more_in_words
from qingsuan.cli.options.execution import machine_options
from qingsuan.cli.options.language import lang_option
from qingsuan.cli.output import results_apart, show, show_json, tell
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.verifying import verify_year
from qingsuan.errors import InputError, UsageError
from qingsuan.messages import Lang, Words
from qingsuan.report.wording.stages import stage_says
from qingsuan.signatures.keys import fingerprint_of, public_key
from qingsuan.signatures.signature import check_signature, note_of
from qingsuan.verify.finished import Verified, verify

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option(
    "--inputs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Where inputs of the run are, to be compared too: file or folder (repeatable).",
)
@click.option("--csv-encoding", default="utf8", show_default=True, help="Encoding of CSV files among the inputs.")
@click.option(
    "--settle",
    "is_settled_again",
    is_flag=True,
    help="Settle it again from its inputs (--inputs) or its prepared year, below TMPDIR, and compare every table.",
)
@click.option(
    "--rules-dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With --settle: the working folder of rules, where the run was settled by one.",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A bureau's public key: the folder has to carry its signature (“qingsuan sign”).",
)
@machine_options
@click.option("--json", "as_json", is_flag=True, help="Print what was checked and found as JSON.")
@lang_option
@results_apart
def command(
    folder: Path,
    inputs: tuple[Path, ...],
    csv_encoding: str,
    is_settled_again: bool,
    rules_dir: Path | None,
    key: Path | None,
    workers: int,
    memory: int,
    as_json: bool,
    lang: Lang,
) -> None:
    """Check a finished run folder again: digests, rows, sums, what every claim satisfies, accumulators; of a closed year, every part.

    It needs the folder only. With --inputs (claims, insured, identities, the folder of --opening) it also checks that
    they are the files the run read, and that every claim is settled, reversed or rejected exactly once. With --settle
    it does the year again and compares every table, and with --key it checks who signed it. Ends with status 3 if anything is off.
    """
    public = None if key is None else public_key(key)
    if rules_dir is not None and not is_settled_again:
        raise UsageError("--rules-dir", found="without --settle", expected="both: nothing is settled otherwise")
    words = Words(lang)
    say = (lambda _: None) if as_json else (lambda stage: _tell_stage(words, stage))
    verified = _verified(folder, say, () if is_settled_again and is_closed_year(folder) else inputs, csv_encoding)
    if public is None:
        verified.notes += note_of(folder, verified.findings)
    else:
        check_signature(folder, public, verified.findings)
    again = None
    if is_settled_again and verified.findings.total:
        verified.notes.append("it is not settled again: what was found is enough not to use it")
    elif is_settled_again:
        how: dict[str, Any] = {"workers": workers, "memory": memory}
        again = _settled_again(folder, inputs, how if rules_dir is None else {**how, "rules_dir": rules_dir}, say)
        verified.findings.take(again.findings)
    more: dict[str, Any] = {} if public is None else {"key": fingerprint_of(public)}
    more |= {} if again is None else {"settled_again": again.runs, "files_compared": again.files}
    if as_json:
        show_json({**_as_json(folder, verified), **more})
    else:
        show(as_text(words, folder, verified, more_in_words(words, public, again)))
    if verified.findings.total:
        sys.exit(InputError.exit_status)


def _settled_again(folder: Path, inputs: tuple[Path, ...], how: dict[str, Any], say: Callable[[str], None]) -> Again:
    """Settle a run, or every part of a closed year, again."""
    settle = settle_year_again if is_closed_year(folder) else settle_again
    return settle(folder, inputs, how, say)


def _tell_stage(words: Words, stage: str) -> None:
    tell(words.speak("checking {stage} …", stage=stage_says(words, stage)))


def _verified(folder: Path, say: Callable[[str], None], inputs: tuple[Path, ...], csv_encoding: str) -> Verified:
    """Check a run, or a closed year with all of its parts.

    Raises
    ------
    UsageError
        Inputs are given for a closed year: its parts are held against them one by one.
    """
    if not is_closed_year(folder):
        return verify(folder, say, inputs, csv_encoding)
    if inputs:
        raise UsageError(
            "--inputs",
            found=f"{folder} is a closed year",
            expected="the folder of one settlement",
            do=f"give --inputs for a folder in it, such as {folder / 'settle'}",
        )
    return verify_year(folder, say)


def _as_json(folder: Path, verified: Verified) -> dict[str, Any]:
    findings = verified.findings
    return {
        "folder": str(folder),
        "settlement": verified.settlement,
        "whole": not findings.total,
        "files": verified.files,
        **_looked_at(verified),
        "input_files": verified.input_files,
        "claims_compared": verified.claims_compared,
        "rows_compared": verified.rows_compared,
        "notes": verified.notes,
        "findings": [asdict(finding) for finding in findings.told],
        "findings_in_all": findings.total,
    }


def _looked_at(verified: Verified) -> dict[str, int]:
    """What rows were looked at, by their kind."""
    if verified.rows:
        return verified.rows
    for checked in (verified.subsidy, verified.ledgers, verified.premiums, verified.clearing, verified.books):
        if checked is not None:
            return asdict(checked)
    return {"settled_rows": verified.rows_checked, "accounts": verified.accounts}
