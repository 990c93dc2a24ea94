"""What can be said against a rule set before anything is compiled.

Names that lead nowhere, names nobody uses (a typing error's usual trace), codes outside their vocabulary, bands that
descend, limits below deductibles. Rules that overlap, combinations no rule covers and cases that collide are found by
:mod:`qingsuan.policy.compile`, which has the numeric tables for it. All findings are returned, as data
(:mod:`qingsuan.policy.findings`): who mends a file wants to know of all of them, and a tool wants none of them in words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from qingsuan.money import BP_ONE, fen_of_yuan, yuan
from qingsuan.policy.checking.conditions import Conditions
from qingsuan.policy.checking.names import LocalCodes
from qingsuan.policy.conditions import check_group_keys
from qingsuan.policy.counting.check import check_counting, selects_of
from qingsuan.policy.findings import Finding
from qingsuan.policy.identities import check_identities
from qingsuan.policy.layers.account import check_account_turns
from qingsuan.policy.layers.amounts import asked_by_amounts, check_amounts
from qingsuan.policy.layers.guarantees import check_guarantees
from qingsuan.policy.layers.leftovers import check_leftovers
from qingsuan.policy.layers.rounding import check_rounding
from qingsuan.policy.layers.toward import check_toward
from qingsuan.policy.layers.year_end import check_year_end
from qingsuan.policy.matrices.said import said_once
from qingsuan.policy.model import (
    Adjust,
    Bands,
    Cap,
    Case,
    Ceiling,
    Layer,
    Missing,
    Rule,
    RuleSet,
    When,
)
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.alternatives import check_alternatives, plain
from qingsuan.policy.who.registrations import asked_registrations, check_registrations
from qingsuan.policy.who.waiting import check_waiting, exemptions, sources_of_waiting

__all__ = ["check"]


def check(
    rule_set: RuleSet, *, codes: LocalCodes | None = None, functions: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Check one rule set; returns everything that is wrong with it, in the order in which it was found.

    Parameters
    ----------
    codes
        Local additions to the national code tables: column -> code -> meaning.
    functions
        The names a dimension of kind ``function`` may use.
    """
    checker = _Check(rule_set, codes or {})
    checker.head()
    for path, source in sources_of_waiting(rule_set):
        checker.source(source, path)
    checker.functions(functions)
    checker.used["dimensions"].update(rule_set.group_keys.values(), asked_registrations(rule_set))
    checker.findings += [*check_group_keys(rule_set), *check_registrations(rule_set)]
    for layer in rule_set.layers.values():
        checker.layer(layer)
    checker.rules()
    tables = list(plain(_whens(rule_set)))
    for path, when in tables:
        checker.when(path, when)
    checker.findings += [
        one for path, when in _whens(rule_set) for one in check_alternatives(rule_set.file, path, when)
    ]
    checker.findings += [*check_waiting(rule_set), *check_identities(rule_set, tables)]
    checker.findings += check_leftovers(rule_set)
    checker.findings += check_amounts(rule_set)
    checker.used["dimensions"] |= asked_by_amounts(rule_set)
    checker.findings += check_guarantees(rule_set)
    checker.findings += check_account_turns(rule_set)
    checker.findings += [*check_toward(rule_set), *check_rounding(rule_set), *check_counting(rule_set)]
    checker.findings += check_year_end(rule_set)
    checker.unused()
    return said_once(rule_set, checker.findings)


def _case_path(layer: Layer, number: int) -> str:
    """``cases[0]`` of the model is the layer itself; the first conditional case is ``cases[1]``, as messages count.

    A case that stands for a cell of a matrix is named by row and column.
    """
    if layer.cases[number].cell:
        return layer.cases[number].cell
    return f"layers.{layer.name}" if number == 0 else f"layers.{layer.name}.cases[{number}]"


def _rule_path(number: int, rule: Rule) -> str:
    return f'rules[{number}] "{rule.id}"'


def _whens(rule_set: RuleSet) -> Iterator[tuple[str, When]]:
    for group in rule_set.who:
        yield f"who.{group.name}", group.when
    for layer in rule_set.layers.values():
        for number, case in enumerate(layer.cases):
            yield f"{_case_path(layer, number)}.when", case.when
    for number, rule in enumerate(rule_set.rules, 1):
        yield f"{_rule_path(number, rule)}.when", rule.when
    for number, missing in enumerate(rule_set.missing, 1):
        yield f"missing[{number}].when", missing.when or {}
    for number, covers in enumerate(rule_set.covers, 1):
        yield f"covers[{number}].when", covers.when
    yield from exemptions(rule_set)


class _Check(Conditions):
    """The checks of one rule set; notes what is wrong, and the names that are used on the way."""

    def head(self) -> None:
        self.source(self.set.year_source, "ruleset.year_begins")
        for name, carried in self.set.carry_over.items():
            self.source(carried.source, f"groups.{name}.carry_over")
        if self.set.interim_settlements is not None:
            self.source(self.set.interim_settlements.source, "ruleset.interim_settlements")
        for number, scheme in enumerate(self.set.schemes, 1):
            if scheme not in self.schemes:
                expected = f"one of {', '.join(self.schemes)}"
                do = 'a local scheme is declared in Region(codes={"insutype": …})'
                self.refuse(f"ruleset.schemes[{number}]", found=f'no scheme "{scheme}"', expected=expected, do=do)
        if not self.set.schemes:
            self.refuse(
                "ruleset.schemes", found="an empty list", expected="at least one scheme", do='for example "390"'
            )
        if self.set.until is not None and self.set.until < self.set.effective:
            self.refuse(
                "ruleset.until",
                found=f"until {self.set.until}, before effective {self.set.effective}",
                expected="a date not before effective",
                do="correct one of the two",
            )
        for number, code in enumerate(self.set.levels, 1):
            if code.endswith("*"):
                self.refuse(f"ruleset.levels[{number}]", found=f'"{code}"', expected="a code", do="write it in full")
        self.sources_of("figures", self.set.figures)
        self.sources_of("identities", self.set.identities)
        if self.set.identity_rank is not None:
            self.source(self.set.identity_rank.source, "identity_rank")

    def functions(self, functions: Collection[str]) -> None:
        for dimension in self.set.dimensions:
            if dimension.kind == "function" and dimension.function not in functions:
                self.refuse(
                    f"dimensions.{dimension.name}.function",
                    found=f'no function "{dimension.function}"',
                    expected=f"one of {', '.join(functions) or '(the region hands over none)'}",
                    do=did_you_mean(dimension.function, functions) or "hand it over in Region(functions=…)",
                )

    # ---- layers

    def layer(self, layer: Layer) -> None:
        if not any(case.bands for case in layer.cases):
            do = "add bands: without them nothing says what is paid"
            self.refuse(f"layers.{layer.name}", found="no bands in the layer or its cases", expected="bands", do=do)
        if layer.year_end is not None:
            self.group(layer.year_end.group, f"layers.{layer.name}.year_end", layer.year_end.source)
            self.source(layer.year_end.source, f"layers.{layer.name}.year_end")
        for number, case in enumerate(layer.cases):
            self.case(layer, case, _case_path(layer, number))

    def case(self, layer: Layer, case: Case, path: str) -> None:
        def at(key: str) -> str:
            return path if case.cell else f"{path}.{key}"  # a cell is of one setting

        if case.visits is not None:
            self.group(case.visits.group, at("visits"), case.visits.source)
            self.source(case.visits.source, at("visits"))
        for key, select in selects_of(case):
            self.group(select.group, f"{at(key)}.select", getattr(getattr(case, key, None), "source", ""))
        self.deductible(case, at("deductible"))
        if case.bands is not None:
            self.bands(case.bands, at("bands"))
        if case.limit is not None:
            self.group(case.limit.group, at("limit"), case.limit.source, must=case.limit.per == "period")
            self.source(case.limit.source, at("limit"))
        for number, cap in enumerate(case.caps or (), 1):
            self.cap(cap, at(f"caps[{number}]"))
        for number, entry in enumerate(case.entry or (), 1):
            self.source(entry.source, f"{path}.entry[{number}]")
            if entry.layer is not None:
                self.name("layers", entry.layer, self.set.layers, f"{path}.entry[{number}].layer", entry.source)
        self.payment(case, path)
        if case.adjust is not None:
            self.source(case.adjust.source, at("adjust"))
            self.lifted(layer, case.adjust, f"{at('adjust')}.lift_caps")
        self.above_deductible(layer, case, path)

    def payment(self, case: Case, path: str) -> None:
        """What becomes of a payment: where it counts beside its fund, and to what it is rounded."""
        if case.counts_toward is not None:
            self.group(case.counts_toward.group, f"{path}.counts_toward", case.counts_toward.source)
            self.source(case.counts_toward.source, f"{path}.counts_toward")
        if case.rounding is not None:
            self.source(case.rounding.source, f"{path}.rounding")

    def deductible(self, case: Case, path: str) -> None:
        deductible = case.deductible
        if deductible is None:
            return
        source = deductible.source
        self.group(deductible.group, path, source, must=deductible.per == "period" or deductible.credits)
        self.source(deductible.source, path)
        if not deductible.amounts_fen:
            do = "write 0 for none"
            self.refuse(f"{path}.yuan", found="an empty list", expected="at least one amount", do=do, source=source)
        if deductible.credits and not deductible.exempt:
            do = "an ordinary deductible credits its group anyway: take credits out, or add exempt = true"
            expected = "exempt = true"
            self.refuse(f"{path}.credits", found="credits without exempt", expected=expected, do=do, source=source)

    def bands(self, bands: Bands, path: str) -> None:
        source = bands.source
        self.group(bands.group, path, source, must=bands.per == "period")
        self.source(bands.source, path)
        if bands.select is not None and bands.per == "period":
            do = "take per out: selected bands are not crossed"
            found = '"period" beside select'
            self.refuse(f"{path}.per", found=found, expected="select alone", do=do, source=source)
        self.bounds(bands, f"{path}.upto")
        for number, ratio_bp in enumerate(bands.ratio_bp, 1):
            if not 0 <= ratio_bp <= BP_ONE:
                found = f"{yuan(ratio_bp)} %"
                self.refuse(
                    f"{path}.percent[{number}]",
                    found=found,
                    expected="from 0 to 100 %",
                    do="write the percentage of the document",
                    source=source,
                )

    def bounds(self, bands: Bands, path: str) -> None:
        """Bounds are one fewer than percentages; those of visits are whole numbers, all others amounts."""
        of_visits = bands.select is not None and bands.select.counter == "visits"
        written = bands.upto_fen if bands.select is None else bands.select.upto
        if len(written) != len(bands.ratio_bp) - 1:
            self.refuse(
                path,
                found=f"{len(written)} inner bounds for {len(bands.ratio_bp)} percentages",
                expected="one bound fewer than percentages: the last band is open",
                do="add or take out a bound or a percentage",
                source=bands.source,
            )
        whole = [number for number, bound in enumerate(written, 1) if isinstance(bound, int)]
        if of_visits and len(whole) < len(written):
            number = next(number for number in range(1, len(written) + 1) if number not in whole)
            expected = "a whole number: the counter visits counts visits, not yuan"
            found, do = f'"{written[number - 1]}"', "write a whole number"
            self.refuse(f"{path}[{number}]", found=found, expected=expected, do=do, source=bands.source)
            return
        in_yuan = bands.select is not None and not of_visits
        upto = [fen_of_yuan(bound) for bound in written] if in_yuan else [int(bound) for bound in written]
        self.ascending(upto, of_visits, path, bands.source)

    def ascending(self, upto: Iterable[int], of_visits: bool, path: str, source: str) -> None:
        for number, (lower, upper) in enumerate(pairwise([0, *upto]), 1):
            if lower >= upper:
                low, high = (f"{lower}", f"{upper}") if of_visits else (yuan(lower), yuan(upper))
                self.refuse(
                    f"{path}[{number}]",
                    found=f"{high} after {low}: the bands do not ascend",
                    expected=f"{'a number of visits' if of_visits else 'an amount'} above {low}",
                    do="sort the bounds, and the percentages with them",
                    source=source,
                )

    def cap(self, cap: Cap, path: str) -> None:
        self.group(cap.group, path, cap.source, must=cap.per == "period")
        self.source(cap.source, path)

    def lifted(self, layer: Layer, adjust: Adjust, path: str) -> None:
        caps = [cap for case in layer.cases for cap in case.caps or () if cap.amount_fen is not None]
        known = {cap.group for cap in caps if cap.group} | (
            {"visit"} if any(cap.per == "visit" for cap in caps) else set()
        )
        for number, name in enumerate(adjust.lift_caps, 1):
            if name not in known:
                self.refuse(
                    f"{path}[{number}]",
                    found=f'layer "{layer.name}" has no cap "{name}"',
                    expected=f"one of {', '.join(sorted(known)) or '(the layer has no caps)'}",
                    do=did_you_mean(name, known) or "name the group of one of its caps",
                    source=adjust.source,
                )

    def above_deductible(self, layer: Layer, case: Case, path: str) -> None:
        """Refuse a limit on the base below the deductible of the same scope: nothing could ever be paid.

        A cap on the payment may lie below it: 1000 deducted of 3000, and of 80 % of the rest no more than 500.
        """
        own = layer.cases[0]
        deductible, limit = case.deductible or own.deductible, case.limit or own.limit
        if deductible is None or deductible.exempt or limit is None or (case.deductible, case.limit) == (None, None):
            return
        scope = self.scope(deductible.per, deductible.group)
        largest_fen = max(deductible.amounts_fen, default=0)
        if limit.amount_fen and limit.amount_fen < largest_fen and self.scope(limit.per, limit.group) == scope:
            self.refuse(
                f"{path}.limit.yuan",
                found=f"{yuan(limit.amount_fen)} yuan per {scope} enter at most, and {yuan(largest_fen)} yuan per {scope} "
                "are deducted: nothing is ever paid",
                expected="a limit not below the deductible, or 0",
                do="correct one of the two; what bounds the payment is a cap, under caps",
                source=limit.source,
            )

    def scope(self, per: str, group: str | None) -> str:
        return per if per == "visit" or group is None else self.set.groups.get(group, group)

    # ---- rules

    def rules(self) -> None:
        if not self.set.rules and all(missing.when is None for missing in self.set.missing):
            expected = "at least one [[rules]], or a [[missing]] with when that says why there is none"
            self.refuse("rules", found="no rule", expected=expected, do="write one")
        ids = [rule.id for rule in self.set.rules]
        for number, rule in enumerate(self.set.rules, 1):
            path = _rule_path(number, rule)
            if rule.id in ids[: number - 1]:
                found = f'the id "{rule.id}" of rules[{ids.index(rule.id) + 1}] again'
                self.refuse(f"{path}.id", found=found, expected="every id once", do="give it a name of its own")
            self.rule_layers(rule, path)
            self.source(rule.source, path)
            for place, other in enumerate(rule.overrides, 1):
                self.override(rule, other, f"{path}.overrides[{place}]")
        for number, missing in enumerate(self.set.missing, 1):
            self.missing_overrides(missing, f"missing[{number}].overrides", ids)

    def missing_overrides(self, missing: Missing, path: str, ids: Collection[str]) -> None:
        if missing.overrides and missing.when is None:
            do = "say under when which claims are refused, or take overrides out"
            self.refuse(path, found="overrides without when", expected="the key when", do=do)
        for place, name in enumerate(missing.overrides, 1):
            if name not in ids:
                do = did_you_mean(name, ids) or "mend the id"
                self.refuse(f"{path}[{place}]", found=f'no rule "{name}"', expected="the id of a rule", do=do)

    def rule_layers(self, rule: Rule, path: str) -> None:
        for place, name in enumerate(rule.layers, 1):
            if not self.name("layers", name, self.set.layers, f"{path}.layers[{place}]", rule.source):
                continue
            earlier = rule.layers[: place - 1]
            for number, case in enumerate(self.set.layers[name].cases):
                for entry in case.entry or ():
                    if entry.layer is not None and entry.layer not in earlier:
                        self.refuse(
                            f"{path}.layers[{place}]",
                            found=f'"{entry.layer}" is not before "{name}", which takes its {entry.part} in',
                            expected=f'"{entry.layer}" earlier in the list',
                            do=f"reorder the layers, or mend the entry of {_case_path(self.set.layers[name], number)}",
                            source=rule.source,
                        )
        if rule.ceiling is not None:
            self.ceiling(rule, rule.ceiling, f"{path}.ceiling")
        if rule.guarantee is not None:
            self.source(rule.guarantee.source, f"{path}.guarantee")

    def ceiling(self, rule: Rule, ceiling: Ceiling, path: str) -> None:
        self.source(ceiling.source, path)
        for place, name in enumerate(ceiling.layers, 1):
            if name not in rule.layers:
                self.refuse(
                    f"{path}.layers[{place}]",
                    found=f'"{name}" is not a layer of this rule',
                    expected=f"one of {', '.join(rule.layers) or '(the rule has none)'}",
                    do=did_you_mean(name, rule.layers) or "mend the name",
                    source=ceiling.source,
                )
        if not ceiling.layers:
            found, expected, do = "an empty list", "at least one layer", "name the layers that it binds"
            self.refuse(f"{path}.layers", found=found, expected=expected, do=do, source=ceiling.source)

    def override(self, rule: Rule, other: str, path: str) -> None:
        others = {each.id: each for each in self.set.rules if each.id != rule.id}
        if other not in others:
            do = did_you_mean(other, others) or "mend the id"
            self.refuse(path, found=f'no other rule "{other}"', expected="the id of another rule", do=do)
        elif rule.id in others[other].overrides:
            found = f'"{other}" overrides "{rule.id}" too'
            self.refuse(path, found=found, expected="one rule that yields", do="take one of the two out")
