"""``qingsuan verify``: a finished run folder, checked again."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from qingsuan.errors import InputError
from qingsuan.run.verify import Verified, verify

__all__ = ["command"]


@click.command("verify")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="DIR")
@click.option("--json", "as_json", is_flag=True, help="Print what was checked and found as JSON.")
def command(folder: Path, as_json: bool) -> None:
    """Check a finished run folder again, without its inputs: digests, rows, sums, what every claim satisfies.

    Ends with status 3 if anything is off.
    """
    verified = verify(
        folder, (lambda _: None) if as_json else (lambda stage: click.echo(f"checking {stage} …", err=True))
    )
    click.echo(_as_json(folder, verified) if as_json else _as_text(folder, verified))
    if verified.findings.total:
        sys.exit(InputError.exit_status)


def _as_json(folder: Path, verified: Verified) -> str:
    findings = verified.findings
    told = {
        "folder": str(folder),
        "settlement": verified.settlement,
        "whole": not findings.total,
        "files": verified.files,
        "settled_rows": verified.rows_checked,
        "findings": [asdict(finding) for finding in findings.told],
        "findings_in_all": findings.total,
    }
    return json.dumps(told, ensure_ascii=False, indent=2)


def _as_text(folder: Path, verified: Verified) -> str:
    findings = verified.findings
    head = f"{folder}: {verified.settlement}: {verified.files} files, {verified.rows_checked:,} settled rows checked"
    if not findings.total:
        return f"{head}; all as it was written, and everything adds up"
    return "\n".join([f"{head}; {findings.total} findings", *map(str, findings.told), *findings.left_out()])
