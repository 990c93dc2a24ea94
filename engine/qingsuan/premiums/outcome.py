"""What the run record says of a finished run of premiums: rules, tables, counts, amounts, and what is worth a warning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qingsuan.heads.counting import DEDUP_RULE, KINDS
from qingsuan.heads.small_tables import longest
from qingsuan.money import yuan
from qingsuan.premiums.model import BEARERS, PremiumRule
from qingsuan.premiums.results import AMOUNTS, Sum, sums_of
from qingsuan.premiums.terms import Lists
from qingsuan.settlement import Books

__all__ = ["record_of"]

_MONEY_COUNTS = ("applied", "unapplied")


def record_of(lists: Lists, books: Books) -> dict[str, Any]:
    """The part of ``run.json`` that this settlement knows."""
    sums = sums_of(books.totals.get("sums", ()))
    used = [lists.rules.rules[prefix] for prefix in sorted({each.admdvs[:2] for each in sums})]
    counts, came = books.counts, books.sums_in
    return {
        "year": lists.rules.year,
        "counted_once": DEDUP_RULE,
        "rules": [_rule(rule) for rule in used],
        "tables": [{"table": each.table, "file": each.name, "sha256": each.sha256} for each in lists.tables.files],
        "grades": sorted({source.grade for rule in used for source in rule.cited}),
        "rows": {
            "in": books.rows_read["insured"],
            "counted": counts["rows_counted"],
            "not_counted": {"other-scheme": came["other_scheme"], "outside-year": came["outside_year"]},
            "duplicates": counts["rows_duplicate"],
            "rejected": dict(sorted(books.rejected.get("insured", {}).items())),
        },
        "heads": counts["heads"],
        "persons": counts["persons"],
        "persons_with_duplicates": counts["persons_duplicate"],
        "duplicates_by_kind": {kind: counts[f"duplicates.{kind}"] for kind in KINDS},
        "gaps": {kind: counts[f"gaps.{kind}"] for kind in ("not-insured", "interrupted")},
        "identities": {
            "in": books.rows_read["identities"],
            "without_effect": came["identities_without_effect"],
            "rejected": dict(sorted(books.rejected.get("identities", {}).items())),
        },
        "received": {
            "in": books.rows_read["premiums"],
            **{part: _money(books, "premiums", part) for part in _MONEY_COUNTS},
            "other_year": {"rows": came["premiums_other_year"], "amount": yuan(came["premiums_fen_other_year"])},
            "other_scheme": {"rows": came["premiums_other_scheme"], "amount": yuan(came["premiums_fen_other_scheme"])},
            "rejected": dict(sorted(books.rejected.get("premiums", {}).items())),
        },
        "carried_in": {
            "in": books.rows_read["shortfalls"],
            **{part: _money(books, "shortfalls", part) for part in _MONEY_COUNTS},
        },
        "in_arrears": sum(each.in_arrears for each in sums),
        "amounts": [
            {"region": rule.region, **{name: yuan(_total(sums, rule, name)) for name in AMOUNTS}} for rule in used
        ],
        "warnings": _warnings(lists, books, used, sums),
    }


def _money(books: Books, name: str, part: str) -> dict[str, Any]:
    return {"rows": books.counts[f"{name}.{part}"], "amount": yuan(books.counts[f"{name}.{part}_fen"])}


def _total(sums: Sequence[Sum], rule: PremiumRule, name: str) -> int:
    return sum(each.amount(name) for each in sums if each.admdvs.startswith(rule.prefix))


def _warnings(lists: Lists, books: Books, used: Sequence[PremiumRule], sums: Sequence[Sum]) -> list[str]:
    """What a reader of the amounts should know."""
    found = [f"{file.name}: {comment}" for file in lists.tables.files for comment in file.comments]
    for rule in used:
        made_up = ", ".join(source.document for source in rule.cited if source.grade == "made-up")
        found += [f"{rule.region}: {made_up} is marked made-up"] if made_up else []
        counties = sorted({each.admdvs for each in sums if each.admdvs.startswith(rule.prefix)})
        least = [code for code in counties if longest(lists.tables.standards, code) is None]
        if rule.standard.minimum and least:
            found.append(
                f"{rule.region}: {len(least)} of {len(counties)} counties at the least premium, {yuan(rule.standard.fen)}: "
                f"no --standards table says otherwise"
            )
        found += [f"{rule.region}: {each.parameter} is missing: {each.why}" for each in rule.unknown]
    without = books.sums_in["identities_without_effect"]
    if without:
        found.append(f"{without} rows of identities are of classes that no premium rule names: they assist nobody")
    aside = books.counts["premiums.unapplied_fen"]
    if books.counts["premiums.unapplied"]:
        found.append(f"{yuan(aside)} yuan received are nobody's premium of the year: unapplied/ has them row by row")
    return found


def _rule(rule: PremiumRule) -> dict[str, Any]:
    return {
        "region": rule.region,
        "title": rule.title,
        "file": rule.file.replace("\\", "/").rsplit("/", 1)[-1],
        "sha256": rule.digest,
        "standard": yuan(rule.standard.fen),
        "minimum": rule.standard.minimum,
        "carry_into": rule.carry_into,
        "groups": [{"id": group.id, "title": group.title} for group in rule.groups],
        "bearers": sorted({payer.bearer for group in rule.groups for payer in group.payers}, key=BEARERS.index),
        "missing": [{"parameter": each.parameter, "codes": list(each.codes), "why": each.why} for each in rule.unknown],
        "sources": [
            {"key": each.key, "document": each.document, "article": each.article, "grade": each.grade}
            for each in rule.cited
        ],
    }
