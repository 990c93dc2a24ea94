"""The rule book of a region: versions, rule sets, sources; the same bytes from the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qingsuan.messages import Lang
from qingsuan.messages import Words as Speech
from qingsuan.pages.rendering import HTML_LANG, render
from qingsuan.plugins.texts import rules_in_chinese
from qingsuan.policy.model import Region, RuleSet
from qingsuan.rulebook.headings import GRADES, Headings
from qingsuan.rulebook.page.sections import rule_set_section
from qingsuan.rulebook.page.timeline import timeline
from qingsuan.rulebook.words import Words

__all__ = ["book"]


def book(
    region: Region, rule_sets: Sequence[RuleSet], digests: Mapping[str, str], lang: Lang = "zh", note: str = ""
) -> str:
    """The whole page; ``digests`` has the SHA-256 of each parameter file, ``note`` stands below the title.

    Raises
    ------
    UsageError
        Jinja2 or matplotlib is not installed.
    """
    pools = {pool.code: pool.name for pool in region.pools}
    told = [rules_in_chinese(one, region) for one in rule_sets] if lang == "zh" else rule_sets
    ordered = sorted(told, key=lambda one: (one.pool, one.schemes, one.effective))
    lines: dict[str, list[RuleSet]] = {}
    for one in ordered:
        lines.setdefault(f"{pools.get(one.pool, one.pool)} {'+'.join(one.schemes)}", []).append(one)
    speech = Speech(lang)
    headings = Headings(speech)
    used = {source.grade for one in ordered for source in one.sources.values()}
    return render(
        Path(__file__).parent / "templates",
        "book.html.j2",
        html_lang=HTML_LANG[lang],
        speak=speech.speak,
        region=region,
        note=note,
        timeline=timeline(list(lines.items()), speech),
        sections=[
            rule_set_section(one, Words(one, lang, region.codes), headings, number)
            for number, one in enumerate(ordered, 1)
        ],
        badges=headings.grades(),
        grades=[(grade, speech.speak(meaning)) for grade, meaning in GRADES.items() if grade in used],
        digests=sorted(digests.items()),
    )
