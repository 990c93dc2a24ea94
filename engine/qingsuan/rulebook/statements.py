"""A rule set taken apart into single statements: where it says what, under which condition, and from which source.

Two rule sets that make the same statements say the same, in whatever order and form they are written; so this is what is compared, and
what is shown where no table of a notice shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from qingsuan.policy.model import Case, Layer, RuleSet
from qingsuan.rulebook.origins import figure_text, hanging
from qingsuan.rulebook.phrases import percentage, phrase
from qingsuan.rulebook.words import Words, sources_of

__all__ = ["SETTINGS", "Statement", "condition_of", "every_statement", "statements"]

SETTINGS = tuple(field.name for field in fields(Case) if field.name not in ("when", "cell"))
"""What a case of a layer can set, in the order of the model."""

_KNOWN = frozenset(
    {
        *(
            "file",
            "pool",
            "schemes",
            "title",
            "effective",
            "until",
            "benefit_date",
            "identity_date",
            "levels",
            "identities",
        ),
        *("carry_over", "group_counts"),
        *("sources", "groups", "dimensions", "layers", "rules", "missing", "covers", "identity_rank"),
        *(
            "identities_without_effect",
            "interim_settlements",
            "source",
            "beyond",
            "explained",
            "who",
            "matrices",
            "figures",
            "multiples",
            "waiting",
            "year_begins",
            "year_source",
        ),
    }
)
"""Fields of a rule set that are taken apart here; any other one is said as it stands."""


_HEAD = frozenset({"ruleset", "identity_rank", "identities", "groups", "dimensions", "who", "figures", "waiting"})
"""Places that hold for the whole rule set."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that a rule set says.

    Attributes
    ----------
    place : the part of the file, such as ``layers.inpatient``, ``rules.chronic``.
    key : what is said of it, such as ``deductible``; empty where the place itself says it.
    condition : where it holds, in words; empty where it always does.
    text : what it says, in words.
    source : the keys of the sources it names.
    cell, frame : of a setting of a layer: what a table has in its cell, and what its cells have in common.
    """

    place: str
    key: str
    condition: str
    text: str
    source: str = ""
    cell: str = ""
    frame: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        """What makes it the same statement in another version."""
        return self.place, self.key, self.condition

    @property
    def is_of_head(self) -> bool:
        """Whether it holds for the whole rule set, and is not its title, which stands above."""
        return self.place in _HEAD and self.key != "title"


def statements(rule_set: RuleSet, words: Words | None = None, *, by_cell: bool = True) -> tuple[Statement, ...]:
    """Everything that a rule set says, in the order of its file: head, layers, rules, what is missing, sources.

    What stands in a table of the notice is named by its row and column; without ``by_cell`` by its conditions, as cases are.
    """
    words = Words(rule_set, "en") if words is None else words
    return tuple(dict.fromkeys(every_statement(words, by_cell=by_cell)))


def every_statement(words: Words, *, by_cell: bool) -> Iterator[Statement]:
    """The statements of the rule set of ``words``, what it says twice as well: as many in each language, in the same order."""
    rule_set = words.rule_set
    yield from _head(rule_set, words)
    yield from _waiting(rule_set, words)
    for layer in rule_set.layers.values():
        yield from _layer(layer, words, by_cell=by_cell)
    yield from _rules(rule_set, words)
    yield from _missing(rule_set, words)
    yield from _sources(rule_set)


def condition_of(case: Case, words: Words) -> str:
    """Where a case holds: the row and column of the cell that it stands for, else its conditions; empty where it always holds."""
    if case.cell:
        row = case.cell.partition(".rows.")[2]
        return words.comma.join(filter(None, row.removesuffix("]").split("[", maxsplit=1)))
    return words.when(case.when) if case.when else ""


def _year(rule_set: RuleSet) -> Iterator[Statement]:
    """On which day the benefit year begins, where it is another than 1 January."""
    if rule_set.year_begins != (1, 1):
        begins = "{:02d}-{:02d}".format(*rule_set.year_begins)
        yield Statement("ruleset", "year_begins", "", begins, rule_set.year_source)


def _head(rule_set: RuleSet, words: Words) -> Iterator[Statement]:
    plain = {
        "title": rule_set.title,
        "until": str(rule_set.until or ""),
        "benefit_date": rule_set.benefit_date,
        "identity_date": rule_set.identity_date,
        "levels": words.listed(rule_set.levels),
        "identities_without_effect": words.listed(rule_set.identities_without_effect),
    }
    for key, text in plain.items():
        if text:
            yield Statement("ruleset", key, "", text, rule_set.source if key == "title" else "")
    if rule_set.interim_settlements is not None:
        interim = rule_set.interim_settlements
        yield Statement("ruleset", "interim_settlements", "", words.anything(interim), interim.source)
    yield from _year(rule_set)
    for one in rule_set.identities:
        yield Statement("identities", one.name, "", f"{one.title}{words.colon}{words.listed(one.codes)}", one.source)
    if rule_set.identity_rank is not None:
        yield Statement(
            "identity_rank", "", "", " > ".join(rule_set.identity_rank.order), rule_set.identity_rank.source
        )
    for name, period in rule_set.groups.items():
        carried = rule_set.carry_over.get(name)
        said = words.group(str(period), rule_set.group_keys.get(name), carried, rule_set.group_counts.get(name))
        yield Statement("groups", name, "", said, "" if carried is None else carried.source)
    for dimension in rule_set.dimensions:
        yield Statement("dimensions", dimension.name, "", words.anything(dimension))
    for group in rule_set.who:
        yield Statement("who", group.name, "", words.when(group.when))
    for explained in rule_set.explained:
        yield Statement("explained", explained.oddity, "", explained.why, explained.source)
    yield from _others(rule_set, words)


def _others(rule_set: RuleSet, words: Words) -> Iterator[Statement]:
    """Published figures, and what the file says beside all that this page knows by name."""
    for figure in rule_set.figures:
        amounts = (
            [] if words.by_figure else [f"{place} {factor} ×" for place, factor, _ in hanging(rule_set, figure.name)]
        )
        said = words.semicolon.join([figure_text(figure, words.lang), *amounts])
        yield Statement("figures", figure.name, "", said, figure.source)
    for one in fields(rule_set):
        value = getattr(rule_set, one.name)
        if one.name not in _KNOWN and value not in (None, "", (), {}):
            yield Statement("ruleset", one.name, "", words.anything(value, one.name))


def _waiting(rule_set: RuleSet, words: Words) -> Iterator[Statement]:
    if rule_set.waiting is not None:
        of = words.listed(rule_set.waiting.schemes)
        yield Statement("waiting", rule_set.waiting.column, "", of, rule_set.waiting.source)
        for number, one in enumerate(rule_set.waiting.exempt, 1):
            yield Statement("waiting", f"exempt[{number}]", "", words.when(one.when), one.source)


def _layer(layer: Layer, words: Words, *, by_cell: bool) -> Iterator[Statement]:
    place = f"layers.{layer.name}"
    yield Statement(place, "fund", "", layer.fund)
    if layer.year_end is not None:
        yield Statement(place, "year_end", "", words.setting(layer.year_end), layer.year_end.source)
    for case in layer.cases:
        condition = condition_of(case if by_cell else replace(case, cell=""), words)
        for key in SETTINGS:
            value = getattr(case, key)
            if value is not None and value != ():
                yield Statement(place, key, condition, words.setting(value), sources_of(value), *words.cell(value))
    for one in fields(layer):
        if one.name not in ("name", "fund", "cases", "year_end") and getattr(layer, one.name) not in (None, (), ""):
            yield Statement(place, one.name, "", words.anything(getattr(layer, one.name), one.name))


def _rules(rule_set: RuleSet, words: Words) -> Iterator[Statement]:
    for rule in rule_set.rules:
        place = f"rules.{rule.id}"
        yield Statement(place, "when", "", words.when(rule.when), rule.source)
        yield Statement(place, "layers", "", " > ".join(rule.layers) or phrase("pays nothing", words.lang))
        if rule.entry_bp != 10_000:
            yield Statement(place, "entry_percent", "", percentage(rule.entry_bp), rule.source)
        if rule.ceiling is not None:
            yield Statement(place, "ceiling", "", words.setting(rule.ceiling), rule.ceiling.source)
        if rule.guarantee is not None:
            yield Statement(place, "guarantee", "", words.setting(rule.guarantee), rule.guarantee.source)
        if rule.overrides:
            yield Statement(place, "overrides", "", words.listed(rule.overrides))
        if rule.registered:
            yield Statement(place, "registered", "", words.listed(rule.registered))
        for one in fields(rule):
            known = ("id", "when", "layers", "entry_bp", "ceiling", "guarantee", "overrides", "registered", "source")
            value = getattr(rule, one.name)
            if one.name not in known and value not in (None, (), ""):
                yield Statement(place, one.name, "", words.anything(value, one.name), sources_of(value))


def _missing(rule_set: RuleSet, words: Words) -> Iterator[Statement]:
    for one in rule_set.missing:
        condition = words.when(one.when) if one.when is not None else ""
        over = f" [{words.listed(one.overrides)}]" if one.overrides else ""
        yield Statement("missing", one.parameter, condition, one.why + over)
    for beyond in rule_set.beyond:
        yield Statement("beyond", beyond.parameter, "", beyond.why, beyond.source)
    for covered in rule_set.covers:
        yield Statement("covers", "", words.when(covered.when), "")


def _sources(rule_set: RuleSet) -> Iterator[Statement]:
    for one in rule_set.sources.values():
        owner = f", {one.owner}" if one.owner else ""
        yield Statement("sources", one.key, "", f"{one.document}: {one.article} ({one.grade}{owner})")
