"""``qingsuan verify``: a finished run folder, checked again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from qingsuan.again.settling import Again, settle_again, settle_year_again
from qingsuan.cli.options.execution import machine_options
from qingsuan.cli.output import results_apart, show, show_json, tell
from qingsuan.closing.folder import is_closed_year
from qingsuan.closing.verifying import verify_year
from qingsuan.errors import InputError, UsageError
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
) -> None:
    """Check a finished run folder again: digests, rows, sums, what every claim satisfies, accumulators; of a closed year, every part.

    It needs the folder only. With --inputs (claims, insured, identities, the folder of --opening) it also checks that
    they are the files the run read, and that every claim is settled, reversed or rejected exactly once. With --settle
    it does the year again and compares every table, and with --key it checks who signed it. Ends with status 3 if anything is off.
    """
    public = None if key is None else public_key(key)
    if rules_dir is not None and not is_settled_again:
        raise UsageError("--rules-dir", found="without --settle", expected="both: nothing is settled otherwise")
    say = (lambda _: None) if as_json else (lambda stage: tell(f"checking {stage} …"))
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
        show(_as_text(folder, verified, _more_in_words(public, again)))
    if verified.findings.total:
        sys.exit(InputError.exit_status)


def _settled_again(folder: Path, inputs: tuple[Path, ...], how: dict[str, Any], say: Callable[[str], None]) -> Again:
    """Settle a run, or every part of a closed year, again."""
    settle = settle_year_again if is_closed_year(folder) else settle_again
    return settle(folder, inputs, how, say)


def _more_in_words(public: Any, again: Again | None) -> list[str]:
    """What was checked beside what every folder is checked for."""
    told = [] if public is None else [f"signature of the key {fingerprint_of(public)}"]
    return told + ([] if again is None else [f"settled again: {', '.join(again.runs)}, {again.files} files compared"])


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


def _as_text(folder: Path, verified: Verified, more: list[str]) -> str:
    findings = verified.findings
    checked = [f"{verified.files} files", *_looked_at_in_words(verified)]
    checked += [f"{verified.input_files} input files"] if verified.input_files else []
    checked += [f"{verified.claims_compared:,} claims that came in"] if verified.claims_compared else []
    checked += [f"{verified.rows_compared:,} rows of insured people in the input"] if verified.rows_compared else []
    checked += more
    head = f"{folder}: {verified.settlement}: {', '.join(checked)} checked{_holds(verified)}"
    notes = [f"note: {note}" for note in verified.notes]
    if not findings.total:
        return "\n".join([f"{head}; all as it was written, and everything adds up", *notes])
    return "\n".join([f"{head}; {findings.total} findings", *map(str, findings.told), *findings.left_out(), *notes])


def _looked_at(verified: Verified) -> dict[str, int]:
    """What rows were looked at, by their kind."""
    if verified.rows:
        return verified.rows
    for checked in (verified.subsidy, verified.ledgers, verified.premiums, verified.clearing, verified.books):
        if checked is not None:
            return asdict(checked)
    return {"settled_rows": verified.rows_checked, "accounts": verified.accounts}


def _looked_at_in_words(verified: Verified) -> list[str]:
    if verified.rows:
        return [f"{rows:,} rows of {table}" for table, rows in verified.rows.items()]
    one = verified.subsidy
    if one is not None:
        heads = f"{one.counties:,} counties with {one.heads:,} heads"
        return [heads, f"{one.duplicates:,} rows of duplicates", f"{one.rejected:,} rejected rows"]
    if verified.ledgers is not None:
        uses = f"{verified.ledgers.uses:,} uses, {verified.ledgers.refused:,} of them refused"
        return [f"{verified.ledgers.accounts:,} accounts of twelve months", uses]
    if verified.books is not None:
        kept = verified.books
        return [f"{kept.books:,} books of {kept.lines:,} lines", f"{kept.entries:,} entries"]
    other = verified.premiums
    if other is not None:
        lists = (
            f"{other.duplicates:,} rows of duplicates, {other.gaps:,} of gaps, {other.unapplied:,} of money not applied"
        )
        return [f"{other.people:,} people", lists]
    cleared = verified.clearing
    if cleared is not None:
        return [
            f"{cleared.contracts:,} contracts",
            f"{cleared.cases:,} cases",
            f"{cleared.unsettled:,} rows of what is not cleared",
        ]
    accounts = [f"{verified.accounts:,} accounts"] if verified.accounts else []
    return [f"{verified.rows_checked:,} settled rows", *accounts]


def _holds(verified: Verified) -> str:
    """What holds of rows that are no settled claims."""
    if verified.ledgers is not None:
        return _LEDGERS
    if verified.books is not None:
        return _BOOKS
    return _SUBSIDY if verified.subsidy is not None else ""


_LEDGERS = (
    " (opening + credit + interest - uses = closing, month after month, none below zero; uses of the ledger = uses paid; "
    "balances and totals as the ledger adds up)"
)
"""What holds of the rows of personal accounts."""

_BOOKS = (
    " (opening + income − expense = closing; opened + due − cash = outstanding − beyond, line by line; what is carried on; "
    "totals by fund and pool; entries in = accepted + rejected)"
)
"""What holds of a fund's books."""

_SUBSIDY = (
    " (due = standard × heads = central + province + local; totals by prefecture and region; "
    "kinds of duplicates; rows in = counted + not counted + duplicates + rejected)"
)
"""What holds of the rows of a subsidy."""
