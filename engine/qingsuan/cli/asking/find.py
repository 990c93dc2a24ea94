"""``qingsuan find``: one person, or one settlement, of a prepared year."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from qingsuan.cli.output import results_apart, show, show_json
from qingsuan.errors import InputError, UsageError
from qingsuan.prepared import Prepared
from qingsuan.report.prepared import rows_as_text

__all__ = ["command"]


@click.command("find")
@click.argument("year", type=click.Path(path_type=Path), metavar="YEAR")
@click.option("--psn-no", help="The person whose rows are wanted, of every table.")
@click.option("--setl-id", help="The settlement whose claim, and reversals of the same id, are wanted.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@results_apart
def command(year: Path, psn_no: str | None, setl_id: str | None, as_json: bool) -> None:
    """Look a person or a settlement up in a prepared year: nothing but their rows is read, however large it is.

    YEAR is a folder of “qingsuan prepare”. Rows are as they are kept there: amounts in fen, codes as texts. Rejected rows
    are not among them.
    """
    if (psn_no is None) == (setl_id is None):
        raise UsageError("find", found="both of them" if psn_no else "neither", expected="--psn-no or --setl-id")
    prepared = Prepared(year)
    tables = prepared.person(psn_no) if psn_no is not None else {"claims": prepared.claim(str(setl_id))}
    if not any(rows.num_rows for rows in tables.values()):
        raise InputError(
            str(year),
            found=f"no row of {f'psn_no {psn_no}' if psn_no is not None else f'setl_id {setl_id}'}",
            expected="one that was prepared, and not rejected",
            do="check the number; rejected rows are in rejected/ of a settled run",
        )
    if as_json:
        show_json({name: _json(rows) for name, rows in tables.items()})
    else:
        show(rows_as_text(tables))


def _json(rows: pa.Table) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows.to_pylist()]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)
