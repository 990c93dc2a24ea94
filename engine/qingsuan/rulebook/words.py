"""What a rule set says, value by value, in words.

What this page does not know by name is still said, as ``key value``: a construct of the model is never left out in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import MappingProxyType
from typing import Any

from qingsuan.money import fen_of_yuan
from qingsuan.policy.conditions import said_as
from qingsuan.policy.model import (
    Adjust,
    AnyOf,
    Bands,
    Cap,
    CarryOver,
    Ceiling,
    Codes,
    Condition,
    Deductible,
    Entry,
    Guarantee,
    Held,
    Interval,
    Limit,
    Matrix,
    Rounding,
    RuleSet,
    Select,
    Toward,
    Visits,
    When,
    YearEnd,
)
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.when.figures import FigureFen, beside
from qingsuan.rulebook.origins import origin
from qingsuan.rulebook.phrases import (
    Lang,
    amount,
    code_name,
    counted,
    counter_name,
    day,
    dimension_name,
    percentage,
    phrase,
    signs,
)
from qingsuan.tables import CODES

__all__ = ["Words", "sources_of"]

_NO_SOURCE = ("source", "reading")
_PARTS = {
    "zh": {
        "inscp_scp_amt": "符合政策范围金额",
        "preselfpay_amt": "先行自付金额",
        "overlmt_selfpay": "超限价自费",
        "fulamt_ownpay_amt": "全自费金额",
        "left_by_ratio": "按比例自付部分",
        "cut_by_cap": "超限额部分",
        "deductible": "起付线部分",
        "cost_above_cap": "超过封顶线以上的医疗费用",
        "cost_above_limit": "超过限额以上的医疗费用",
        "column": "单列金额",
        "medfee_sumamt": "医疗费总额",
    },
    "en": {},
}


def sources_of(value: Any) -> str:
    """The sources that a setting names; of a list of settings those of each, once."""
    values = value if isinstance(value, tuple) else (value,)
    keys = [key for one in values for key in getattr(one, "source", "").split(", ") if key]
    return ", ".join(dict.fromkeys(keys))


def _if_selected(value: Amount | None) -> tuple[str, ...]:
    """The name of the field that has an amount of the claim's own, where the words for it say it already."""
    return ("of_claim",) if isinstance(value, Amount) and value.select is not None else ()


class Words:
    """Says the values of one rule set in a language; amounts are yuan. ``codes`` are those that the region adds to the national tables.

    With ``by_figure`` a multiple of a figure is said without numbers that come from it: it stays the same where only the figure is another.
    """

    def __init__(
        self,
        rule_set: RuleSet,
        lang: Lang,
        codes: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        *,
        by_figure: bool = False,
    ) -> None:
        self.lang, self.by_figure, self.rule_set = lang, by_figure, rule_set
        self.codes = {column: {**CODES.get(column, {}), **codes.get(column, {})} for column in {*CODES, *codes}}
        self.titles = {one.name: one.title for one in rule_set.identities}
        self.groups = rule_set.groups
        self.comma, self.semicolon, self.colon = signs(lang)

    def by_figures(self) -> Words:
        """The same words, without numbers that come from a figure."""
        return Words(self.rule_set, self.lang, self.codes, by_figure=True)

    def _say(self, name: str) -> str:
        return phrase(name, self.lang)

    def listed(self, names: Sequence[str]) -> str:
        """Several names or codes, one after the other."""
        return ("、" if self.lang == "zh" else ", ").join(names)

    # ---- conditions

    def when(self, when: When) -> str:
        """Conditions that must all hold; any claim if there are none."""
        parts = [
            self._alternatives(condition)
            if isinstance(condition, AnyOf)
            else f"{dimension_name(name, self.lang)} {self.condition(name, condition)}"
            for name, condition in when.items()
        ]
        return self.semicolon.join(parts) if parts else self._say("every")

    def _alternatives(self, condition: AnyOf) -> str:
        return f" {self._say('or')} ".join(f"({self.when(one)})" for one in condition.alternatives)

    def condition(self, dimension: str, condition: Condition) -> str:
        """One condition, without the name of its dimension."""
        if isinstance(condition, Codes):
            listed = self.listed([code_name(dimension, one, self.lang, self.codes) for one in condition.patterns])
            return f"{self._say('not')} {listed}" if condition.negated else listed
        if isinstance(condition, Interval):
            return self._interval(said_as(self.rule_set, dimension), condition)
        if isinstance(condition, Held):
            return self._held(condition)
        return self.anything(condition)

    def _interval(self, dimension: str, condition: Interval) -> str:
        if dimension == "medfee_sumamt":  # in fen, above the bound and up to it
            low = "" if condition.low is None else f"{self._say('above')} {self.money(beside(condition.low, -1))}"
            high = "" if condition.high is None else f"{self._say('upto')} {self.money(beside(condition.high, -1))}"
        elif dimension == "date":
            low = "" if condition.low is None else f"{self._say('from')} {day(condition.low)}"
            high = "" if condition.high is None else f"{self._say('until')} {day(condition.high - 1)}"
        else:
            low = "" if condition.low is None else f"{self._say('from')} {condition.low}"
            high = "" if condition.high is None else f"{self._say('below')} {condition.high}"
        return " ".join(filter(None, (low, high)))

    def _held(self, condition: Held) -> str:
        parts = []
        for key in ("any", "all", "none", "highest"):
            names = getattr(condition, key)
            if names:
                parts.append(f"{self._say(key)} {self.listed([self.titles.get(name, name) for name in names])}")
        return self.semicolon.join(parts)

    def row(self, rule_set: RuleSet, matrix: Matrix, name: str) -> str:
        """What a row of a table is called: its name, and in Chinese who is in it."""
        if matrix.rows_by != "who":
            return code_name(matrix.rows_by, name, self.lang, self.codes)
        if name == "all":
            return self._say("every")
        group = next((one for one in rule_set.who if one.name == name), None)
        if self.lang == "en":
            return name
        return f"{name}{self.colon}{self.when(group.when)}" if group is not None else f"{name} {self._say(name)}"

    def group(self, period: str, by: str | None, carried: CarryOver | None, counts: str | None) -> str:
        """What a group counts for: its period, its key, what it carries over, the group of which it counts periods."""
        said = [self._say(period)] + ([] if by is None else [f"{self._say('by')} {by}"])
        if carried is not None:
            most = carried.most_fen
            said.append(
                self._say("carried over") if most is None else f"{self._say('carried over within')} {self.money(most)}"
            )
        return self.comma.join(said if counts is None else [*said, f"{self._say('counts periods of')} {counts}"])

    def counted(self, counter: str) -> str:
        """What a counter counts."""
        return counted(counter, self.lang)

    # ---- settings of a layer

    def setting(self, value: Any) -> str:
        """A setting of a layer or of a rule: what it says, without its source."""
        if isinstance(value, tuple):
            return self.semicolon.join(self.setting(one) for one in value)
        known: dict[type, Callable[[Any], tuple[list[str], tuple[str, ...]]]] = {
            Deductible: self._deductible,
            Bands: self._bands,
            Cap: self._cap,
            Limit: self._limit,
            Entry: self._entry,
            Adjust: self._adjust,
            Visits: self._visits,
            Toward: self._toward,
            Rounding: self._rounding,
            YearEnd: self._year_end,
            Ceiling: self._ceiling,
            Guarantee: self._guarantee,
        }
        if type(value) not in known:
            return self.anything(value)
        said, names = known[type(value)](value)
        return self.comma.join([*said, *self._others(value, names)])

    def cell(self, value: Any) -> tuple[str, str]:
        """A setting as a cell of a table says it, and what all cells of that table have in common."""
        if isinstance(value, tuple) and len(value) == 1:
            value = value[0]
        if isinstance(value, Deductible | Cap | Limit) and self._selected(value.of_claim):
            return self.setting(value), ""
        if isinstance(value, Deductible) and not value.exempt:
            others = self._others(value, ("per", "amounts_fen", "group", "exempt"))
            return " / ".join(map(self.money, value.amounts_fen)), self.comma.join(
                [self._scope(value.per, value.group), *others]
            )
        if isinstance(value, Bands):
            said, names = self._bands(value)
            ratios = " / ".join(map(percentage, value.ratio_bp))
            upto = (
                [self.money(one) for one in value.upto_fen]
                if value.select is None
                else self._select_bounds(value.select)
            )
            frame = [f"{self._say('upto')} {' / '.join(upto)} / {self._say('rest')}"] if upto else []
            return ratios, self.comma.join([*frame, *said[1:], *self._others(value, names)])
        if isinstance(value, Cap | Limit) and value.amount_fen is not None:
            others = self._others(value, ("amount_fen", "per", "group"))
            return self.money(value.amount_fen), self.comma.join([self._scope(value.per, value.group), *others])
        return self.setting(value), ""

    def money(self, value: Any) -> str:
        """An amount: of fen, with its origin where it is a multiple of a figure, or a construct that becomes one only for a claim."""
        if isinstance(value, FigureFen):
            return origin(value, self.lang, by_figure=self.by_figure)
        return amount(value) if isinstance(value, int) else self.anything(value)

    def _scope(self, per: str, group: str | None) -> str:
        if per == "visit":
            return self._say("visit") + ("" if group is None else f" ({self._say('counted in')} {group})")
        period = self.groups.get(group or "")
        return f"{self._say(period if isinstance(period, str) else 'period')} ({group})"

    def _deductible(self, value: Deductible) -> tuple[list[str], tuple[str, ...]]:
        if value.exempt:
            said = [self._say("exempt")] + ([self._say("credits")] if value.credits else [])
            said += [" / ".join(map(self.money, value.amounts_fen))] if any(value.amounts_fen) else []
            said += [] if (value.per, value.group) == ("visit", None) else [self._scope(value.per, value.group)]
        else:
            standards = " / ".join(map(self.money, value.amounts_fen))
            said = [self._selected(value.of_claim) or standards, self._scope(value.per, value.group)]
            said += [self._say("credits")] if value.credits else []
        return said, ("per", "amounts_fen", "group", "exempt", "credits", *_if_selected(value.of_claim))

    def _bands(self, value: Bands) -> tuple[list[str], tuple[str, ...]]:
        names = ("ratio_bp", "upto_fen", "per", "measured", "group", "select")
        if len(value.ratio_bp) == 1 and value.select is None:
            return [percentage(value.ratio_bp[0]), *self._one_ratio(value)], names
        if value.select is not None:
            bounds = self._select_bounds(value.select)
            where = self.comma.join([self._counter(value.select), *self._one_ratio(value)])
        else:
            bounds = [self.money(bound) for bound in value.upto_fen]
            where = self.comma.join([self._say(value.measured), self._scope(value.per, value.group)])
        parts = [
            f"{self._say('upto')} {bound}{self.colon}{percentage(ratio)}"
            for bound, ratio in zip(bounds, value.ratio_bp, strict=False)
        ]
        parts.append(f"{self._say('rest')}{self.colon}{percentage(value.ratio_bp[-1])}")
        return [" | ".join(parts), where], names

    def _counter(self, select: Select) -> str:
        return counter_name(select.group, select.counter, self.lang)

    def _select_bounds(self, select: Select) -> list[str]:
        """Bounds of selected bands: visits, or amounts as the file has them."""
        if select.counter == "visits":
            return [str(bound) for bound in select.upto]
        return [amount(fen_of_yuan(bound)) for bound in select.upto]

    def column(self, matrix: Matrix, name: str) -> str:
        """What a column of a table is called: as in the file, an interval in words."""
        first, _, rest = name.partition(" ")
        return f"{self._say(first)} {rest}" if first in ("upto", "above", "from", "below") else name

    def _one_ratio(self, value: Bands) -> list[str]:
        """How a single ratio is measured, where that is not as it is by default."""
        said = [] if value.measured == "excess" else [self._say(value.measured)]
        return said if (value.per, value.group) == ("visit", None) else [*said, self._scope(value.per, value.group)]

    def _cap(self, value: Cap) -> tuple[list[str], tuple[str, ...]]:
        if value.is_none:
            return [self._say("no cap")], ("amount_fen", "per", "group")
        text = self._say("left in") if value.amount_fen is None else self.money(value.amount_fen)
        said = [self._selected(value.of_claim) or text, self._scope(value.per, value.group)]
        return said, ("amount_fen", "per", "group", *_if_selected(value.of_claim))

    def _limit(self, value: Limit) -> tuple[list[str], tuple[str, ...]]:
        said = [self._selected(value.of_claim) or self.money(value.amount_fen), self._scope(value.per, value.group)]
        return said, ("amount_fen", "per", "group", *_if_selected(value.of_claim))

    def _selected(self, value: Amount | None) -> str:
        """Amounts of which a counter selects one; nothing where none does."""
        if not isinstance(value, Amount) or value.select is None:
            return ""
        *amounts, last = (self.money(fen) for fen in value.amounts_fen or ())
        steps = zip(self._select_bounds(value.select), amounts, strict=True)
        parts = [*(f"{self._say('upto')} {bound}: {fen}" for bound, fen in steps), f"{self._say('rest')}: {last}"]
        return f"{' | '.join(parts)} ({self._counter(value.select)})"

    def _part(self, part: str) -> str:
        return _PARTS[self.lang].get(part, part)

    def _entry(self, value: Entry) -> tuple[list[str], tuple[str, ...]]:
        of = "" if value.layer is None else f" ({self._say('of layer')} {value.layer})"
        return [f"{percentage(value.ratio_bp)} {self._part(value.part)}{of}"], ("part", "ratio_bp", "layer")

    def _rounding(self, value: Rounding) -> tuple[list[str], tuple[str, ...]]:
        side, of = self._say(f"side {value.side}"), self._say(f"of {value.of}")
        return [f"{of}{self.colon}{side} {self.money(value.unit_fen)}"], ("unit_fen", "side", "of")

    def _year_end(self, value: YearEnd) -> tuple[list[str], tuple[str, ...]]:
        return [f"{self._say('at year end')} {value.group}"], ("group",)

    def _toward(self, value: Toward) -> tuple[list[str], tuple[str, ...]]:
        return [f"{self._say('counts toward')} {value.group}"], ("group",)

    def _adjust(self, value: Adjust) -> tuple[list[str], tuple[str, ...]]:
        said = []
        if value.deductible_bp is not None:
            said.append(f"{self._say('deductible times')} {percentage(value.deductible_bp)}")
        if value.points_bp:
            said.append(f"{'+' if value.points_bp > 0 else ''}{percentage(value.points_bp)[:-1]} {self._say('points')}")
        if value.own_bp is not None:
            said.append(f"{self._say('own times')} {percentage(value.own_bp)}")
        if value.lift_caps:
            said.append(f"{self._say('lifts')} {self.listed(value.lift_caps)}")
        return said, ("deductible_bp", "points_bp", "own_bp", "lift_caps")

    def _visits(self, value: Visits) -> tuple[list[str], tuple[str, ...]]:
        said = [f"{self._say('counted in')} {value.group}"]
        return said + ([] if value.counts else [self._say("not counted")]), ("group", "counts")

    def _ceiling(self, value: Ceiling) -> tuple[list[str], tuple[str, ...]]:
        return [f"{percentage(value.ratio_bp)} {self._part(value.of)} ({self.listed(value.layers)})"], (
            "ratio_bp",
            "of",
            "layers",
        )

    def _guarantee(self, value: Guarantee) -> tuple[list[str], tuple[str, ...]]:
        said = f"{percentage(value.ratio_bp)} {self._part(value.of)} ({self.listed(value.layers)}) → {value.to}"
        return [said], ("ratio_bp", "of", "layers", "to")

    # ---- what has no words of its own

    def _others(self, value: Any, said: tuple[str, ...]) -> list[str]:
        """Fields that nothing above says, where they are not what they are by default."""
        others = []
        for one in fields(value):
            if one.name in said or one.name in _NO_SOURCE:
                continue
            default = one.default_factory() if one.default_factory is not MISSING else one.default
            found = getattr(value, one.name)
            if found != default:
                others.append(f"{_plain_name(one.name)} {self.anything(found, one.name)}")
        return others

    def anything(self, value: Any, name: str = "") -> str:
        """Any value of the model, by the names of its fields."""
        if is_dataclass(value) and not isinstance(value, type):
            return "{" + ", ".join(self._others(value, ())) + "}"
        if isinstance(value, Mapping):
            return self.listed([f"{key}: {self.anything(one, name)}" for key, one in value.items()])
        if isinstance(value, tuple | list | frozenset):
            items = sorted(value) if isinstance(value, frozenset) else value
            return self.listed([self.anything(one, name) for one in items])
        if isinstance(value, int) and not isinstance(value, bool):
            return (
                self.money(value)
                if name.endswith("_fen")
                else percentage(value)
                if name.endswith("_bp")
                else str(value)
            )
        return str(value)


def _plain_name(name: str) -> str:
    return name.removesuffix("_fen").removesuffix("_bp")
