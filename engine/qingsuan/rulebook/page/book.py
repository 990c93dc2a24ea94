"""The rule book of a region: versions, rule sets, sources; the same bytes from the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qingsuan.pages.rendering import render
from qingsuan.plugins.texts import rules_in_chinese
from qingsuan.policy.model import Region, RuleSet
from qingsuan.rulebook.page.sections import rule_set_section
from qingsuan.rulebook.page.timeline import timeline
from qingsuan.rulebook.words import Words

__all__ = ["book"]

_GRADES = (
    ("A", "政府原文"),
    ("B", "注明出处的转载文本或汇编"),
    ("C", "公开源代码中所见的代码表"),
    ("E", "其他"),
    ("reading", "对未明之处的理解"),
    ("derived", "由其他数字推算"),
    ("made-up", "虚构"),
)


def book(region: Region, rule_sets: Sequence[RuleSet], digests: Mapping[str, str], note: str = "") -> str:
    """The whole page; ``digests`` has the SHA-256 of each parameter file, ``note`` stands below the title.

    Raises
    ------
    UsageError
        Jinja2 or matplotlib is not installed.
    """
    pools = {pool.code: pool.name for pool in region.pools}
    told = [rules_in_chinese(one, region) for one in rule_sets]
    ordered = sorted(told, key=lambda one: (one.pool, one.schemes, one.effective))
    lines: dict[str, list[RuleSet]] = {}
    for one in ordered:
        lines.setdefault(f"{pools.get(one.pool, one.pool)} {'+'.join(one.schemes)}", []).append(one)
    used = {source.grade for one in ordered for source in one.sources.values()}
    return render(
        Path(__file__).parent / "templates",
        "book.html.j2",
        region=region,
        note=note,
        timeline=timeline(list(lines.items())),
        sections=[
            rule_set_section(one, Words(one, "zh", region.codes), number) for number, one in enumerate(ordered, 1)
        ],
        grades=[(grade, meaning) for grade, meaning in _GRADES if grade in used],
        digests=sorted(digests.items()),
    )
