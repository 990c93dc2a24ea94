"""The calculation told to people: what each level of government owes, by prefecture; English beside Chinese."""

from __future__ import annotations

from qingsuan.money import yuan
from qingsuan.report.text import grouped_yuan, table
from qingsuan.subsidies.model import FundingRule
from qingsuan.subsidies.outcome import Outcome
from qingsuan.subsidies.results import prefecture_table

__all__ = ["summary"]

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
    blocks = [_head(outcome), *(_region(outcome, rule) for rule in outcome.used), _rows(outcome)]
    blocks += [f"warning: {warning}" for warning in outcome.warnings()]
    return "\n\n".join(blocks)


def _head(outcome: Outcome) -> str:
    heads = sum(due.heads.heads for due in outcome.dues)
    permits = sum(due.heads.permits for due in outcome.dues)
    owed = sum(due.owed.total_fen for due in outcome.dues)
    return (
        f"Subsidy (财政补助) {outcome.funding.year}: {grouped_yuan(owed)} yuan for {heads:,} heads,\n"
        f"{permits:,} of them by residence permit (居住证), counted like local people"
    )


def _region(outcome: Outcome, rule: FundingRule) -> str:
    """One region: a table of prefectures with its sum."""
    rows = prefecture_table([due for due in outcome.dues if due.region == rule.region], split=outcome.split).to_pylist()
    levels = [name for name in _HEADINGS if name in rows[0] and name not in ("name", "heads")]
    lines = [
        [f"{row['prefecture']} {row['name']}", f"{row['heads']:,}", *(f"{row[level]:,}" for level in levels)]
        for row in rows
    ]
    sums = [f"{sum(row[level] for row in rows):,}" for level in levels]
    lines.append(["all 合计", f"{sum(row['heads'] for row in rows):,}", *sums])
    least = "at least " if rule.standard.minimum else ""
    documents = ", ".join(dict.fromkeys(source.document for source in rule.cited))
    title = f"{rule.region} {rule.title}: {least}{yuan(rule.standard.fen)} per head and {rule.count} ({documents})"
    headings = [_HEADINGS[name] for name in ("name", "heads", *levels)]
    return f"{title}\n{table(headings, lines, 'l' + 'r' * (len(headings) - 1))}"


def _rows(outcome: Outcome) -> str:
    rows, counted = outcome.rows, outcome.counted
    rejected = ", ".join(f"{code} {number:,}" for code, number in sorted(rows.rejected.items()))
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in counted.duplicates_by_kind.items() if number)
    account = (
        f"rows in (行) {rows.rows_in:,} = counted (计入) {rows.counted:,}"
        f" + other scheme (其他险种) {rows.other_scheme:,} + outside the year (不在年度内) {rows.outside_year:,}"
        f" + counted elsewhere (重复) {rows.duplicates:,} + rejected (退回) {sum(rows.rejected.values()):,}"
    )
    several = f"people with more than one row (避免重复参保): {counted.persons_duplicate:,}"
    lines = [account, f"{several} ({kinds})" if kinds else several]
    return "\n".join([*lines, f"rejected by reason: {rejected}"] if rejected else lines)
