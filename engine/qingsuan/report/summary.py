"""A run folder in plain text: what came in, what each fund paid, what was rejected and why, what to know beside it.

Everything is read from ``run.json`` and ``totals/``: no claim is looked at again, and sums stay exact.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.errors import InputError
from qingsuan.messages import Words, marked
from qingsuan.policy.model import FUNDS
from qingsuan.report.text import folded, grouped_amount, grouped_yuan, headed, percent, table
from qingsuan.report.wording.names import RunNames, pool_names
from qingsuan.report.wording.reasons import REJECTIONS
from qingsuan.report.wording.warnings import warning_lines

__all__ = ["read_record", "settle_summary"]

_Sums = dict[tuple[str, str], Counter[str]]
"""Pool and scheme -> column -> number of claims, or fen."""


_COLUMNS = 100
"""Cells in a line."""

_MEANING = 64
"""Cells for the meaning of a rejection code, so that a line fits in 100."""

_TABLES = ("claims", "insured", "identities", "registrations")
"""The tables that go in, in the order in which their rejected rows are told."""

_OUTCOMES = ("settled", "reversed", "rejected")
"""What became of rows that carry what was paid."""

_CONTRADICTIONS = {
    "same-account": marked("same scheme and pool on one day"),
    "birth": marked("two dates of birth"),
    "balance": marked("two opening balances"),
    "place": marked("two counties on one day"),
}
"""Kinds of contradictions between two insured rows of one person."""

_LOUD_PERCENT = 50
"""Where so many percent of the claims were rejected, or more, the summary says it loudly."""


def settle_summary(out_dir: Path, words: Words) -> str:
    """Say what a finished run settled, in tables no wider than 100 columns.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    names = RunNames(words, pool_names(record))
    sums = _sums(out_dir / "totals" / "care.parquet")
    parts = [_alarm(names, record), _counts(names, record), _by_pool(names, sums), _by_fund(names, sums)]
    parts += [_differences(names, out_dir / "totals" / "differences.parquet"), _refunds_of_part(names, record)]
    parts += [_rejected(names, record, table_name, out_dir) for table_name in _TABLES]
    parts += [_contradictions(names, record, out_dir), _identities_of_nobody(names, record)]
    parts += [warning_lines(words, record["warnings"]), _alarm(names, record)]
    return "\n\n".join(part for part in parts if part)


def read_record(out_dir: Path) -> dict[str, Any]:
    """Read the record of a finished run.

    Raises
    ------
    InputError
        The folder holds no finished run, or a record that cannot be read.
    """
    path = out_dir / "run.json"
    if not path.is_file():
        raise InputError(
            str(path),
            found="no run record",
            expected="the folder of a finished run; run.json is written last",
            do="settle first, or finish the run with --resume",
        )
    try:
        record: dict[str, Any] = dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            str(path),
            found=f"cannot be read: {error}",
            expected="the record of a finished run",
            do="see “qingsuan verify”; fetch the folder again, or settle anew",
        ) from error
    return record


def _sums(path: Path) -> _Sums:
    """Add up the kinds of care of each pool and scheme."""
    sums: _Sums = defaultdict(Counter)
    for row in pq.read_table(path).to_pylist():
        for name, value in row.items():
            if name not in ("pool", "insutype", "med_type"):
                sums[row["pool"], row["insutype"]][name] += _whole(value)
    return dict(sorted(sums.items()))


def _whole(value: Decimal | int) -> int:
    return int(value.scaleb(2)) if isinstance(value, Decimal) else value


def _counts(names: RunNames, record: Mapping[str, Any]) -> str:
    """Rows and cost that came in and where they went; a reversal and its original cancel out."""
    speak = names.words.speak
    rows = [
        (
            names.outcome(name),
            f"{record['rows'][name]:,}",
            grouped_amount(record["amounts"]["medfee_sumamt"][name]),
        )
        for name in ("in", *_OUTCOMES)
    ]
    headers = ("", speak("rows"), speak("total cost, yuan"))
    return headed(names.table("claims").capitalize(), table(headers, rows, "lrr"))


def _by_pool(names: RunNames, sums: _Sums) -> str:
    """In-scope cost, what the funds paid of it, by pool and scheme."""
    speak = names.words.speak
    rows: list[tuple[str, ...]] = []
    whole: Counter[str] = Counter()
    for (pool, scheme), amounts in sums.items():
        whole.update(amounts)
        rows.append((names.pool(pool), names.scheme(scheme), *_costs(amounts)))
    rows += [(), (speak("in all"), "", *_costs(whole))]
    headers = [
        speak(text)
        for text in (
            marked("pool"),
            marked("scheme"),
            marked("claims"),
            marked("in scope"),
            marked("funds"),
            marked("ratio"),
        )
    ]
    return headed(speak("Paid by pool and scheme, in yuan"), table(headers, rows, "llrrrr"))


def _costs(amounts: Mapping[str, int]) -> tuple[str, ...]:
    scope, funds = amounts["inscp_scp_amt"], amounts["fund_pay_sumamt"]
    return f"{amounts['claims']:,}", grouped_yuan(scope), grouped_yuan(funds), percent(funds, scope)


def _by_fund(names: RunNames, sums: _Sums) -> str:
    """What each fund paid, by pool and scheme; a fund that paid nothing anywhere is left out."""
    speak = names.words.speak
    rows: list[tuple[str, ...]] = []
    for fund in FUNDS:
        paid = {key: amounts[fund] for key, amounts in sums.items() if amounts[fund]}
        label = names.fund(fund)
        for (pool, scheme), fen in paid.items():
            rows.append((label, names.pool(pool), names.scheme(scheme), grouped_yuan(fen)))
            label = ""
        if len(paid) > 1:
            rows.append(("", speak("together"), "", grouped_yuan(sum(paid.values()))))
    headers = [speak(text) for text in (marked("fund"), marked("pool"), marked("scheme"), marked("paid"))]
    return headed(speak("Paid by each fund, in yuan"), table(headers, rows, "lllr"))


def _differences(names: RunNames, path: Path) -> str:
    """What was paid during the year and what is to be paid or taken back, by what became of the row."""
    if not path.is_file():
        return ""
    speak = names.words.speak
    sums: dict[str, Counter[str]] = {outcome: Counter() for outcome in _OUTCOMES}
    for row in pq.read_table(path).to_pylist():
        sums[row["outcome"]].update({name: _whole(row[name]) for name in ("paid", "to_pay", "to_take_back")})
    rows = [
        (names.outcome(outcome), *(grouped_yuan(found[name]) for name in ("paid", "to_pay", "to_take_back")))
        for outcome, found in sums.items()
    ]
    headers = ("", speak("paid during the year"), speak("to pay"), speak("to take back"))
    title = speak("Differences to what was paid during the year, in yuan")
    return headed(title, table(headers, rows, "lrrr"))


def _refunds_of_part(names: RunNames, record: Mapping[str, Any]) -> str:
    """Refunds of a part of a claim, of which neither is settled; nothing when there is none."""
    count = record["refunds_of_part"]
    if not count:
        return ""
    text = names.words.speak(
        "{count} claims have a reversal that does not negate them: both are rejected (E_REVERSAL_MISMATCH). "
        "Send the corrected settlements.",
        count=f"{count:,}",
    )
    return "\n    ".join(folded(text, _COLUMNS - 4))


def _alarm(names: RunNames, record: Mapping[str, Any]) -> str:
    """A loud line where most claims were rejected; it stands first and last, so that nobody misses it."""
    rows = record["rows"]
    if not rows["rejected"] or rows["rejected"] * 100 < rows["in"] * _LOUD_PERCENT:
        return ""
    codes: Mapping[str, int] = record["rejected"]["claims"]
    most = max(codes, key=lambda code: codes[code])
    text = names.words.speak(
        "!!! {rejected} of {all} claims were rejected ({share}), {most} of them with {code}: {reason}. "
        "Check --year, the files and the plugins.",
        rejected=f"{rows['rejected']:,}",
        all=f"{rows['in']:,}",
        share=percent(rows["rejected"], rows["in"]),
        most=f"{codes[most]:,}",
        code=most,
        reason=names.words.speak(REJECTIONS[most]),
    )
    return "\n    ".join(folded(text, _COLUMNS - 4))


def _rejected(names: RunNames, record: Mapping[str, Any], table_name: str, out_dir: Path) -> str:
    """Rejected rows of one table that went in, by code, and where they lie; nothing when none was."""
    codes: Mapping[str, int] = record["rejected"].get(table_name, {})
    if not codes:
        return ""
    speak = names.words.speak
    rows: list[tuple[str, ...]] = []
    for code, number in sorted(codes.items()):
        first, *rest = folded(speak(REJECTIONS[code]), _MEANING)
        rows += [(code, f"{number:,}", first), *(("", "", line) for line in rest)]
    title = speak("Rejected by code: {table}", table=names.table(table_name))
    prefix = "" if table_name == "claims" else f"{table_name}-"
    files = out_dir / "rejected" / f"{prefix}part-*.parquet"
    shown = table((speak("code"), speak("rows"), speak("why")), rows, "lrl")
    where = speak("whole, with their reasons, in {files}", files=str(files))
    return f"{headed(title, shown)}\n  {where}"


def _contradictions(names: RunNames, record: Mapping[str, Any], out_dir: Path) -> str:
    """Insured rows that contradict each other, by kind, and where they lie; nothing when there are none."""
    kinds: Mapping[str, Mapping[str, int]] = record["contradictions"]
    if not kinds:
        return ""
    speak = names.words.speak
    counted = {
        "pairs": marked("pairs"),
        "people": marked("people"),
        "claims": marked("claims"),
        "would_differ": marked("would differ"),
        "not_known": marked("not known"),
    }
    rows = [(speak(_CONTRADICTIONS[kind]), *(f"{found[name]:,}" for name in counted)) for kind, found in kinds.items()]
    headers = (speak("kind"), *(speak(text) for text in counted.values()))
    files = out_dir / "contradictions" / "part-*.parquet"
    notes = (
        speak("would differ: had the other row of the pair decided, a claim's result would be another"),
        speak("each pair, and which of the two decides, in {files}", files=str(files)),
    )
    shown = headed(speak("Insured rows that contradict each other"), table(headers, rows, "lrrrrr"))
    return "\n".join([shown, *(f"  {note}" for note in notes)])


def _identities_of_nobody(names: RunNames, record: Mapping[str, Any]) -> str:
    """Identity rows of people whom the insured table does not have, by class; nothing when there is none."""
    classes: Mapping[str, int] = record["identities_of_nobody"]
    if not classes:
        return ""
    speak = names.words.speak
    rows = [(name, f"{number:,}") for name, number in sorted(classes.items())]
    title = speak("Identity rows whose psn_no no insured row has, by class")
    return headed(title, table(("psn_idet_type", speak("rows")), rows, "lr"))
