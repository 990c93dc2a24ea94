"""The rule book of a region: versions, rule sets, sources; the same bytes from the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qingsuan.policy.model import Region, RuleSet
from qingsuan.rulebook.page.html import STYLE, badge, element, table, text
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

_ABOUT = (
    "本手册由参数文件生成,不含其他内容。金额单位为元。每张表旁列出依据及其等级;"
    "没有依据的数字不写,缺少的参数及因此拒付的情形单列。"
)


def book(region: Region, rule_sets: Sequence[RuleSet], digests: Mapping[str, str], note: str = "") -> str:
    """The whole page; ``digests`` has the SHA-256 of each parameter file, ``note`` stands below the title."""
    pools = {pool.code: pool.name for pool in region.pools}
    ordered = sorted(rule_sets, key=lambda one: (one.pool, one.schemes, one.effective))
    lines: dict[str, list[RuleSet]] = {}
    for one in ordered:
        lines.setdefault(f"{pools.get(one.pool, one.pool)} {'+'.join(one.schemes)}", []).append(one)
    contents = [
        element(
            "li",
            element("a", f"{text(one.title)} {element('span', str(one.effective), class_='en')}", href=f"#r{number}"),
        )
        for number, one in enumerate(ordered, 1)
    ]
    used = {source.grade for one in ordered for source in one.sources.values()}
    parts = [
        element("h1", f"{text(region.name)}医保待遇规则手册"),
        element("p", f"Rule book of {region.code}", class_="en"),
        *([element("p", element("b", text(note)))] if note else []),
        element("p", _ABOUT),
        element("h3", "各版本施行时间 " + element("span", "versions", class_="en")),
        timeline(list(lines.items())),
        element("h3", "目录 " + element("span", "contents", class_="en")),
        element("ol", "".join(contents), class_="contents"),
        element("h3", "依据的等级 " + element("span", "grades", class_="en")),
        table([], [[badge(grade), meaning] for grade, meaning in _GRADES if grade in used]),
        *(rule_set_section(one, Words(one, "zh", region.codes), number) for number, one in enumerate(ordered, 1)),
        element("footer", "<br>".join(f"{text(name)} SHA-256 {digest}" for name, digest in sorted(digests.items()))),
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{text(region.name)}医保待遇规则手册</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>{head}\n<style>\n{STYLE}</style></head>\n<body>\n'
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )
