"""From ``[figures]`` and ``{ times = 6, figure = "average_wage" }`` to amounts, and to what is refused where a figure has no value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from qingsuan.money import BP_ONE, MAX_FEN, apply_bp, fen_of_yuan, yuan
from qingsuan.policy.matrices.conditions import Unsayable, meet, without
from qingsuan.policy.model import Bands, Case, Interval, Missing, Rule, Source, When
from qingsuan.policy.sources import cite
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.figures import Figure, FigureFen, Multiple
from qingsuan.policy.when.values import written_out

__all__ = ["Figures"]

_S = TypeVar("_S")

_FIRST_YEAR, _LAST_YEAR = 1949, 2999
_MOST_TIMES_BP = 1000 * BP_ONE
_HOLDERS = ("deductible", "bands", "limit", "caps")


class Figures:
    """The figures of a rule set; works out the amounts that name one, and remembers which settings hang on one without a value."""

    def __init__(self, root: Table, sources: Mapping[str, Source]) -> None:
        self.known = {name: _figure(name, table, sources) for name, table in root.named_tables("figures").items()}
        self.multiples: list[Multiple] = []
        self._in_a_setting = False
        self._without_value: dict[int, tuple[object, tuple[str, ...]]] = {}

    def amount_fen(self, table: Table) -> int:
        """Read ``{ times = 6, figure = … }`` or ``{ percent = 5, figure = … }``: the amount, rounded once to the fen; 0 without a value.

        Raises
        ------
        PolicyError
            The figure is not declared, there is not one of ``times`` and ``percent``, or the amount is beyond all bounds.
        """
        name = table.text("figure")
        if name not in self.known:
            hint = did_you_mean(name, self.known) or f"declare it: {name} = {{ … }} under [figures]"
            expected = f"one of {', '.join(self.known) or '(none is declared)'}"
            table.refuse("figure", found=f'no figure "{name}"', expected=expected, do=hint)
        if table.has("times") == table.has("percent"):
            found = "both times and percent" if table.has("times") else "neither times nor percent"
            table.refuse("", found=found, expected="one of the two", do='write { times = 6, figure = "…" }')
        if self.known[name].amount_fen is None and not self._in_a_setting:
            do = "name the parameter under [[missing]], with the claims that it refuses"
            found = f'the figure "{name}", which has no value'
            table.refuse(
                "figure", found=found, expected="a figure with a value: this amount decides about claims", do=do
            )
        factor_bp = _times_bp(table) if table.has("times") else table.percent_bp("percent", high=_MOST_TIMES_BP)
        self.multiples.append(Multiple(table.path, name, factor_bp))
        amount_fen = FigureFen(apply_bp(self.known[name].amount_fen or 0, factor_bp), self.known[name], factor_bp)
        if amount_fen > MAX_FEN:
            table.refuse(
                "", found=f"{yuan(amount_fen)} yuan", expected=f"at most {yuan(MAX_FEN)}", do="mend the factor"
            )
        return amount_fen

    def noted(self, read: Callable[[Table], _S]) -> Callable[[Table], _S]:
        """A reader of settings that remembers which figures without a value a setting hangs on."""

        def reading(table: Table) -> _S:
            before, self._in_a_setting = len(self.multiples), True
            setting = read(table)
            self._in_a_setting = False
            named = dict.fromkeys(one.figure for one in self.multiples[before:])
            unknown = tuple(name for name in named if self.known[name].amount_fen is None)
            if unknown and isinstance(setting, Bands):
                table.refuse(
                    "upto",
                    found=f'bounds by the figure "{unknown[0]}", which has no value',
                    expected="bounds that are known: without them nobody can say in which order the bands lie",
                    do="name the parameter under [[missing]], with the claims that it refuses",
                )
            if unknown:
                self._without_value[id(setting)] = (setting, unknown)
            return setting

        return reading

    def refuse_unused(self, root: Table) -> None:
        """Refuse a figure that no amount names, once all amounts are read."""
        named = {one.figure for one in self.multiples}
        for name in self.known:
            if name not in named:
                do = "take it out, or mend the name where it was meant to be used"
                root.refuse(f"figures.{name}", found="this figure is used nowhere", expected="an amount by it", do=do)

    def missing(self, cases: Mapping[str, tuple[Case, ...]], rules: Iterable[Rule]) -> tuple[Missing, ...]:
        """The parameters that are missing, one for each figure without a value and rule with claims that would need it."""
        found = []
        for rule in rules:
            for layer in rule.layers:
                for number, case in enumerate(cases.get(layer, ())):
                    for key, name in self._of(case):
                        whens = _needed(rule.when, cases[layer], number, key)
                        found += [Missing(f"figures.{name}", self.known[name].why, when, (rule.id,)) for when in whens]
        return tuple(one for number, one in enumerate(found) if one not in found[:number])

    def _of(self, case: Case) -> Iterator[tuple[str, str]]:
        """The settings of a case that hang on a figure without a value, each with its name."""
        for key in _HOLDERS:
            value = getattr(case, key)
            for one in value if isinstance(value, tuple) else (value,):
                yield from ((key, name) for name in self._without_value.get(id(one), (None, ()))[1])


def _needed(rule: When, cases: tuple[Case, ...], number: int, key: str) -> tuple[When, ...]:
    """For which claims of a rule a case's setting decides; all of the rule's where that cannot be said."""
    try:
        if number:
            return meet(rule, cases[number].when)
        others = [case.when for case in cases[1:] if getattr(case, key) is not None]
        by_number = any(isinstance(c, Interval) for when in others for one in written_out(when) for c in one.values())
        return (
            (rule,) if by_number else without(rule, others)
        )  # an unknown number is in no interval, and not beside one
    except Unsayable:
        return (rule,)


def _figure(name: str, table: Table, sources: Mapping[str, Source]) -> Figure:
    year = table.whole("year", low=_FIRST_YEAR, high=_LAST_YEAR)
    if not table.has("yuan"):
        if not table.has("why"):
            do = 'write its value, or why = "…": claims that need it are then refused by its name'
            table.refuse("yuan", found="no value, and no word why", expected="yuan, or why", do=do)
        return Figure(name, year, None, table.text("why"), cite(table, sources, must=False))
    amount_fen = table.yuan_fen("yuan")
    if amount_fen == 0:
        table.refuse("yuan", found="0", expected="an amount above 0", do="leave it out with why if it is not known")
    return Figure(name, year, amount_fen, "", cite(table, sources))


def _times_bp(table: Table) -> int:
    value = table.values["times"]
    try:
        hundredths = fen_of_yuan(value) if isinstance(value, int | str) and not isinstance(value, bool) else 0
    except ValueError:
        hundredths = 0
    if not 0 < hundredths * 100 <= _MOST_TIMES_BP:
        expected = 'above 0, at most 1000: a whole number (6) or a text with at most two decimals ("1.5")'
        table.refuse("times", found=f"{value!r}", expected=expected, do="write how many times the figure it is")
    return hundredths * 100
