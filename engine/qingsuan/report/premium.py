"""Premiums told to people: what is due, assisted, paid and owed, by prefecture; English beside Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qingsuan.money import fen_of_yuan
from qingsuan.report.summary import read_record
from qingsuan.report.text import grouped_yuan, table

__all__ = ["premium_summary"]

_HEADINGS = {
    "heads": "heads 人数",
    "assisted": "assisted 资助",
    "carried_in": "made up 补缴",
    "due": "due 应缴",
    "paid": "paid 已缴",
    "shortfall": "owed 欠缴",
    "overpaid": "overpaid 多缴",
}


def premium_summary(out_dir: Path) -> str:
    """Tell a finished run in plain text, for a terminal with a monospaced font; amounts in yuan.

    Raises
    ------
    InputError
        The folder holds no finished run.
    """
    record = read_record(out_dir)
    prefectures = pq.read_table(out_dir / "totals" / "prefecture.parquet").to_pylist()
    blocks = [_head(record), *(_region(rule, prefectures) for rule in record["rules"]), _rows(record), _money(record)]
    blocks += [f"warning: {warning}" for warning in record["warnings"]]
    return "\n\n".join(blocks)


def _head(record: Mapping[str, Any]) -> str:
    def total(name: str) -> str:
        return grouped_yuan(sum(fen_of_yuan(one[name]) for one in record["amounts"]))

    return (
        f"Premiums (个人缴费) {record['year']}: {total('due')} yuan due from {record['heads']:,} people, {total('paid')} paid,\n"
        f"{total('shortfall')} owed by {record['in_arrears']:,} (欠缴), {total('carried_out')} of it carried on (补缴); "
        f"{total('assisted')} borne for them (资助参保)"
    )


def _region(rule: Mapping[str, Any], prefectures: Sequence[Mapping[str, Any]]) -> str:
    """One region: a table of prefectures with its sum."""
    rows = [row for row in prefectures if row["region"] == rule["region"]]
    lines = [
        [f"{row['prefecture']} {row['name']}", f"{row['heads']:,}", *(f"{row[name]:,}" for name in list(_HEADINGS)[1:])]
        for row in rows
    ]
    sums = [f"{sum(row[name] for row in rows):,}" for name in _HEADINGS]
    headings = ["prefecture 市/州/盟", *_HEADINGS.values()]
    documents = ", ".join(dict.fromkeys(source["document"] for source in rule["sources"]))
    least = "at least " if rule["minimum"] else ""
    title = f"{rule['region']} {rule['title']}: {least}{rule['standard']} per head and year ({documents})"
    return f"{title}\n{table(headings, [*lines, ['all 合计', *sums]], 'l' + 'r' * len(_HEADINGS))}"


def _rows(record: Mapping[str, Any]) -> str:
    rows, gaps = record["rows"], record["gaps"]
    account = (
        f"rows in (行) {rows['in']:,} = counted (计入) {rows['counted']:,}"
        f" + other scheme (其他险种) {rows['not_counted']['other-scheme']:,}"
        f" + outside the year (不在年度内) {rows['not_counted']['outside-year']:,}"
        f" + counted elsewhere (重复) {rows['duplicates']:,} + rejected (退回) {sum(rows['rejected'].values()):,}"
    )
    lines = [
        account,
        f"insured last year and not now (漏保): {gaps['not-insured']:,}; with a gap inside the year (断保): {gaps['interrupted']:,}",
    ]
    rejected = ", ".join(f"{code} {number:,}" for code, number in rows["rejected"].items())
    return "\n".join([*lines, f"rejected by reason: {rejected}"] if rejected else lines)


def _money(record: Mapping[str, Any]) -> str:
    came = record["received"]
    parts = {
        "applied (计入)": came["applied"],
        "nobody's premium (未计入)": came["unapplied"],
        "another year (其他年度)": came["other_year"],
        "another scheme (其他险种)": came["other_scheme"],
    }
    told = " + ".join(
        f"{name} {part['rows']:,}: {grouped_yuan(fen_of_yuan(part['amount']))}" for name, part in parts.items()
    )
    rejected = sum(came["rejected"].values())
    return f"payments in (缴费记录) {came['in']:,} = {told} + rejected (退回) {rejected:,}"
