"""The calculation told to people: what each level of government owes, by prefecture; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table
from qingsuan.subsidies.outcome import Outcome
from qingsuan.subsidies.results import prefecture_table

__all__ = ["subsidy_summary", "summary"]

_HEADINGS = {
    "name": "prefecture 市/州/盟",
    "heads": "heads 人数",
    "central": "central 中央",
    "province": "province 省级",
    "local": "local 市县",
    "local_prefecture": "of it 市/盟",
    "local_county": "of it 县/旗",
    "total": "total 合计",
}


def summary(outcome: Outcome) -> str:
    """Tell the outcome in plain text, for a terminal with a monospaced font; amounts in yuan."""
    return _told(outcome.record(), prefecture_table(outcome.dues, split=outcome.split).to_pylist())


def subsidy_summary(out_dir: Path) -> str:
    """Tell a finished run likewise, from its folder.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    return _told(record, pq.read_table(out_dir / "totals" / "prefecture.parquet").to_pylist())


def _told(record: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]) -> str:
    blocks = [_head(record), *(_region(record, rule, prefectures) for rule in record["rules"])]
    blocks += [_arrived(record["receipts"])] if "receipts" in record else []
    blocks.append(_rows(record))
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(blocks)


def _head(record: Mapping[str, Any]) -> str:
    owed = sum(fen_of_yuan(one["amount"]) for one in record["amounts"] if one["level"] == "total")
    return (
        f"Subsidy (财政补助) {record['year']}: {grouped_yuan(owed)} yuan for {record['heads']:,} heads,\n"
        f"{record['resd_permit_heads']:,} of them by residence permit (居住证), counted like local people"
    )


def _region(record: Mapping[str, Any], rule: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]) -> str:
    """One region: a table of prefectures with its sum."""
    region = rule["region"]
    rows = [row for row in prefectures if row["region"] == region]
    levels = [name for name in _HEADINGS if name in rows[0] and name not in ("name", "heads")]
    lines = [
        [f"{row['prefecture']} {row['name']}", f"{row['heads']:,}", *(f"{row[level]:,}" for level in levels)]
        for row in rows
    ]
    sums = [f"{sum(row[level] for row in rows):,}" for level in levels]
    lines.append(["all 合计", f"{sum(row['heads'] for row in rows):,}", *sums])
    least = "at least " if rule["minimum"] else ""
    documents = ", ".join(dict.fromkeys(source["document"] for source in rule["sources"]))
    per_head = f"{rule['standard']} per head and {record['count_unit'][region]}"
    headings = [_HEADINGS[name] for name in ("name", "heads", *levels)]
    title = f"{region} {rule['title']}: {least}{per_head} ({documents})"
    return f"{title}\n{table(headings, lines, 'l' + 'r' * (len(headings) - 1))}"


def _arrived(receipts: Mapping[str, Any]) -> str:
    """What has arrived, by region and level, up to the day."""
    headings = ["level 级次", "due 应到位", "received 已到位", "outstanding 未到位", "beyond 超出"]
    names = ("due", "received", "outstanding", "beyond")
    lines = [
        [f"{one['region']} {one['level']}", *(grouped_yuan(fen_of_yuan(one[name])) for name in names)]
        for one in receipts["levels"]
    ]
    told = ", ".join(f"{name} {one['rows']:,}" for name, one in receipts["lines"].items() if one["rows"])
    title = f"arrived up to {receipts['as_of']} (到位情况); receipts: {told or 'none'}"
    return f"{title}\n{table(headings, lines, 'lrrrr')}"


def _rows(record: Mapping[str, Any]) -> str:
    rows = record["rows"]
    rejected = ", ".join(f"{code} {number:,}" for code, number in rows["rejected"].items())
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in record["duplicates_by_kind"].items() if number)
    account = (
        f"rows in (行) {rows['in']:,} = counted (计入) {rows['counted']:,}"
        f" + other scheme (其他险种) {rows['not_counted']['other-scheme']:,}"
        f" + outside the year (不在年度内) {rows['not_counted']['outside-year']:,}"
        f" + counted elsewhere (重复) {rows['duplicates']:,} + rejected (退回) {sum(rows['rejected'].values()):,}"
    )
    several = f"people with more than one row (避免重复参保): {record['persons_with_duplicates']:,}"
    lines = [account, f"{several} ({kinds})" if kinds else several]
    return "\n".join([*lines, f"rejected by reason: {rejected}"] if rejected else lines)
