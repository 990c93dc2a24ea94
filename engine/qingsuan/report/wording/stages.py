"""The stages of a check, of a run's and of a year's, as a person is told of them."""

from __future__ import annotations

from qingsuan.messages import Words, marked

__all__ = ["stage_says"]

_STAGES = {
    "accounts, uses and totals": marked("accounts, uses and totals"),
    "accumulators": marked("accumulators"),
    "comparing": marked("comparing"),
    "contracts, cases and totals": marked("contracts, cases and totals"),
    "digests": marked("digests"),
    "entries, books and totals": marked("entries, books and totals"),
    "heads, duplicates and amounts": marked("heads, duplicates and amounts"),
    "identities of the year": marked("identities of the year"),
    "input rows": marked("input rows"),
    "inputs": marked("inputs"),
    "people, lists and amounts": marked("people, lists and amounts"),
    "rows and sums": marked("rows and sums"),
    "settling again": marked("settling again"),
}


def stage_says(words: Words, stage: str) -> str:
    """A stage in the language of ``words``; of a closed year behind the name of the part.

    >>> stage_says(Words("en"), "settle: rows and sums"), stage_says(Words("zh"), "digests")
    ('settle: rows and sums', '内容摘要')
    """
    part, _, inner = stage.rpartition(": ")
    said = words.speak(_STAGES[inner]) if inner in _STAGES else inner
    return f"{part}{'：' if words.lang == 'zh' else ': '}{said}" if part else said
