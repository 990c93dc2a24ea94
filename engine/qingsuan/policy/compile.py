"""Rule sets compiled once per run: diagrams that classify claims, and tables that the core reads instead of Python.

A *series* is the succession of rule sets of one pool and scheme; a pool's groups are numbered as *slots*.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.counting.ended import ended_of
from qingsuan.policy.decision import Diagram, Resolve, build
from qingsuan.policy.diagram.classes import Step
from qingsuan.policy.model import RuleSet
from qingsuan.policy.numeric import MAX_ENTRIES, MAX_LAYERS, PERIODS, Tables, Writer
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.policy.resolve import Known, Resolved, is_per_visit, name_of, resolve_rule
from qingsuan.policy.when.waiting import Waiting
from qingsuan.policy.who.waiting import only_exemptions
from qingsuan.policy.year_end.tables import YearEnds, YearEndsWriter, agree_on_the_account, by_claim

__all__ = ["EPOCH", "Program", "Series", "compile_rule_sets", "sorted_by"]

EPOCH = dt.date(1970, 1, 1)
FOREVER = 2**31 - 1
_THERE_WHERE_USED = ("keys", "ended", "choices", "steps", "shared")
"""Tables without rows where no rule set says anything of the kind: its digest is what it was before there was such a table."""
MAX_GROWTH = 64
"""How many times the bill the bases of all layers of a rule may add up to: it bounds what a group can count."""


@dataclass(frozen=True)
class Series:
    """The rule sets of one pool and scheme in order of date, and the groups and layers of the pool, numbered by their place."""

    pool: str
    scheme: str
    sets: tuple[int, ...]
    slots: tuple[str, ...]
    layers: tuple[str, ...]
    benefit_date: str
    year_begins: tuple[int, int] = field(default=(1, 1), repr=False)


@dataclass(frozen=True)
class Program:
    """All rule sets of a run, compiled.

    Attributes
    ----------
    rule_sets : the sets themselves, numbered by their place.
    series : each pool and scheme's succession of sets.
    diagrams : one per set; leaves number ``rules`` and ``tables.variants``.
    rules : (set, rule) of each variant.
    resolved : each variant as it was resolved, for those who ask why.
    exemptions : one diagram per set, for claims inside a waiting period (等待期): a leaf of 0 or more is of whom it spares.
    digest : SHA-256 over every table and name.
    keys : by what groups are kept apart, in any rule set, sorted; ``tables.keys`` numbers them.
    year_ends : what is settled after people's last claims of the year; None where no rule set says anything of the kind.
    """

    rule_sets: tuple[RuleSet, ...]
    series: tuple[Series, ...]
    diagrams: tuple[Diagram, ...]
    rules: tuple[tuple[int, int], ...]
    resolved: tuple[Resolved, ...]
    tables: Tables
    digest: str = ""
    effective_days: tuple[tuple[int, int], ...] = ()
    keys: tuple[str, ...] = ()
    exemptions: tuple[Diagram, ...] = ()
    year_ends: YearEnds | None = None

    @cached_property
    def per_visit(self) -> tuple[bool, ...]:
        """Of each variant, whether several settlements of one stay are paid otherwise than one."""
        return tuple(is_per_visit(one) for one in self.resolved)

    def rule_id(self, variant: int) -> str:
        """The name of a variant's rule in results: ``pool/schemes/effective:rule``."""
        number, rule = self.rules[variant]
        return f"{self.rule_sets[number].name}:{self.rule_sets[number].rules[rule].id}"

    def variant_id(self, variant: int) -> str:
        """The name of a variant in results, which tells it from the others of its rule (:func:`name_of`)."""
        return name_of(self.resolved[variant])


def _check_size(rule_set: RuleSet) -> None:
    for rule in rule_set.rules:
        if len(rule.layers) > MAX_LAYERS:
            raise PolicyError(
                rule_set.file,
                found=f"rule “{rule.id}” has {len(rule.layers)} layers",
                expected=f"at most {MAX_LAYERS}",
                do="merge layers that pay from the same fund",
            )
    for layer in rule_set.layers.values():
        if any(len(case.entry or ()) > MAX_ENTRIES for case in layer.cases):
            raise PolicyError(
                rule_set.file, found=f"layer “{layer.name}” has too many components", expected=f"at most {MAX_ENTRIES}"
            )


def _check_growth(rule_set: RuleSet, rule: int, resolved: Resolved) -> None:
    """A base may not exceed the bill so many times over that sums of bases could leave 64 bits."""
    growth_bp: dict[str, int] = {}
    for layer in resolved.layers:
        growth_bp[layer.name] = sum(
            max(0, entry.ratio_bp) * growth_bp.get(entry.layer or "", BP_ONE) // BP_ONE for entry in layer.entry
        )
        if growth_bp[layer.name] > MAX_ENTRIES * BP_ONE:
            raise PolicyError(
                f"{rule_set.file}: layers.{layer.name}.entry",
                found=f"components that may add up to {growth_bp[layer.name] // BP_ONE} times the bill",
                expected=f"at most {MAX_ENTRIES} times",
                do="let fewer parts enter this layer",
            )
    if sum(growth_bp.values()) > MAX_GROWTH * BP_ONE:
        raise PolicyError(
            f"{rule_set.file}: rule “{rule_set.rules[rule].id}”",
            found=f"layers whose components may add up to {sum(growth_bp.values()) // BP_ONE} times the bill",
            expected=f"at most {MAX_GROWTH} times",
            do="let fewer parts enter its layers",
        )


def _series_of(rule_sets: Sequence[RuleSet]) -> tuple[Series, ...]:
    members: dict[tuple[str, str], list[int]] = {}
    groups: dict[str, set[str]] = {}
    layers: dict[str, set[str]] = {}
    for number, rule_set in enumerate(rule_sets):
        groups.setdefault(rule_set.pool, set()).update(rule_set.groups)
        layers.setdefault(rule_set.pool, set()).update(rule_set.layers)
        for scheme in rule_set.schemes:
            members.setdefault((rule_set.pool, scheme), []).append(number)
    found = []
    for (pool, scheme), numbers in sorted(members.items()):
        ordered = sorted(numbers, key=lambda number: rule_sets[number].effective)
        _agree_on_dates(rule_sets, ordered)
        agree_on_the_account([rule_sets[one] for one in ordered])
        slots, names = tuple(sorted(groups[pool])), tuple(sorted(layers[pool]))
        found.append(
            Series(
                pool,
                scheme,
                tuple(ordered),
                slots,
                names,
                rule_sets[ordered[0]].benefit_date,
                rule_sets[ordered[0]].year_begins,
            )
        )
    return tuple(found)


def _agree_on_dates(rule_sets: Sequence[RuleSet], ordered: list[int]) -> None:
    """Successive sets must measure the year by the same column and keep a group's period."""
    periods: dict[str, str] = {}
    for number in ordered:
        rule_set = rule_sets[number]
        first = rule_sets[ordered[0]]
        if rule_set.benefit_date != first.benefit_date:
            raise PolicyError(
                f"{rule_set.file}: ruleset.benefit_date",
                found=rule_set.benefit_date,
                expected=f"{first.benefit_date}, as in {first.file}",
                do="let all rule sets of one pool and scheme decide by the same date",
            )
        if rule_set.year_begins != first.year_begins:
            found, expected = (f"{one.year_begins[0]:02d}-{one.year_begins[1]:02d}" for one in (rule_set, first))
            raise PolicyError(
                f"{rule_set.file}: ruleset.year_begins",
                found=found,
                expected=f"{expected}, as in {first.file}",
                do="let all rule sets of one pool and scheme have one benefit year",
            )
        for group, period in rule_set.groups.items():
            if periods.setdefault(group, period) != period:
                raise PolicyError(
                    f"{rule_set.file}: groups.{group}",
                    found=period,
                    expected=f"{periods[group]}, as in the earlier rule set of this pool",
                    do="give the group another name, if it is another accumulator",
                )
        _agree_on_keys(rule_sets, ordered, number)
        _agree_on_what_is_left(rule_sets, ordered, number)


def _agree_on_keys(rule_sets: Sequence[RuleSet], ordered: list[int], number: int) -> None:
    """A group of successive sets is kept apart by the same key in each: else what one counted is nowhere in the next."""
    rule_set = rule_sets[number]
    for earlier in (rule_sets[other] for other in ordered[: ordered.index(number)]):
        for group in sorted(rule_set.groups.keys() & earlier.groups.keys()):
            found, before = _key_of(rule_set, group), _key_of(earlier, group)
            if found != before:
                raise PolicyError(
                    f"{rule_set.file}: groups.{group}.by",
                    found=f"kept apart by {found[0]}",
                    expected=f"kept apart by {before[0]}, as in {earlier.file}",
                    do="give the group another name, if it is another accumulator; a dimension of your own is the same column in both",
                )


def _agree_on_what_is_left(rule_sets: Sequence[RuleSet], ordered: list[int], number: int) -> None:
    """A group of successive sets carries over in each or in none, and counts the same periods: one may begin here and end there."""
    rule_set = rule_sets[number]
    for earlier in (rule_sets[other] for other in ordered[: ordered.index(number)]):
        for group in sorted(rule_set.groups.keys() & earlier.groups.keys()):
            found, before = _left_of(rule_set, group), _left_of(earlier, group)
            if found != before:
                raise PolicyError(
                    f"{rule_set.file}: groups.{group}",
                    found=found,
                    expected=f"{before}, as in {earlier.file}",
                    do="give the group another name, if it is another accumulator",
                )


def _left_of(rule_set: RuleSet, group: str) -> str:
    """What is left of a group's periods when they are over."""
    carried = "carried over" if group in rule_set.carry_over else "not carried over"
    counted = rule_set.group_counts.get(group)
    return f"what is not used is {carried}" if counted is None else f"periods of “{counted}” are counted"


def _key_of(rule_set: RuleSet, group: str) -> tuple[str, ...]:
    """The key that keeps a group apart, and what it is read from."""
    by = rule_set.group_keys.get(group)
    own = next((one for one in rule_set.dimensions if one.name == by), None)
    return (
        "no key" if by is None else f"“{by}”",
        *(() if own is None else (own.kind, own.table, own.column, own.function)),
    )


def _slots(rule_set: RuleSet, names: Sequence[str]) -> dict[str, int]:
    """Slot references of a set's groups: ``slot * 4 + period``."""
    return {name: names.index(name) * 4 + PERIODS.index(rule_set.groups[name]) for name in rule_set.groups}


@dataclass
class _Numbering:
    """Numbers resolved rules as diagrams meet them, and writes each into the tables once; ``apart``, each combination of cases."""

    writer: Writer
    apart: bool = False
    rules: list[tuple[int, int]] = field(default_factory=list)
    resolved: list[Resolved] = field(default_factory=list)
    year_ends: YearEndsWriter = field(default_factory=YearEndsWriter)

    def of(
        self, number: int, rule_set: RuleSet, groups: Sequence[str], layers: Sequence[str], keys: Sequence[str]
    ) -> Resolve:
        """What a rule set's diagram asks at its leaves."""
        met: dict[object, int] = {}
        decided: Known = {}
        slots = _slots(rule_set, groups)
        known: dict[Resolved, int] = {}
        key_of = {group: keys.index(by) for group, by in rule_set.group_keys.items()}

        def resolve(rule: int, cases: dict[str, tuple[int, ...]], example: Callable[[], str]) -> int:
            combination = (rule, *cases.values())
            if combination not in met:
                resolved = resolve_rule(rule_set, rule, cases, example(), decided)
                if self.apart or resolved not in known:
                    _check_growth(rule_set, rule, resolved)
                    ended = ended_of(rule_set, resolved, example())
                    known[resolved] = self.writer.add(by_claim(resolved), slots, layers, key_of, ended)
                    self.year_ends.add(resolved, groups)
                    self.rules.append((number, rule))
                    self.resolved.append(resolved)
                met[combination] = known[resolved]
            return met[combination]

        return resolve


def compile_rule_sets(rule_sets: Iterable[RuleSet], *, apart: bool = False) -> Program:
    """Compile rule sets to a program.

    Parameters
    ----------
    apart
        Whether each combination of a rule and its cases is a variant of its own, equal terms or not. Variants are then numbered by
        conditions alone: rule sets that differ in amounts only have the same numbers (:func:`sorted_by`).

    Raises
    ------
    PolicyError
        See :func:`qingsuan.policy.decision.build` and :func:`qingsuan.policy.resolve.resolve_rule`.
    """
    ordered = tuple(sorted(rule_sets, key=lambda rule_set: (rule_set.pool, rule_set.schemes, rule_set.effective)))
    series = _series_of(ordered)
    numbering = _Numbering(Writer(), apart)
    diagrams = []
    slots_of = {one.pool: one.slots for one in series}
    layers_of = {one.pool: one.layers for one in series}
    keys = tuple(sorted({by for rule_set in ordered for by in rule_set.group_keys.values()}))
    for number, rule_set in enumerate(ordered):
        _check_size(rule_set)
        groups, layers = slots_of[rule_set.pool], layers_of[rule_set.pool]
        diagrams.append(build(rule_set, numbering.of(number, rule_set, groups, layers, keys)))
    tables = numbering.writer.tables(
        max((len(one.slots) for one in series), default=0) or 1,
        max((len(one.layers) for one in series), default=0),
        [number for number, by in enumerate(keys) if by == FAMILY_KEY],
    )
    days = tuple(((r.effective - EPOCH).days, FOREVER if r.until is None else (r.until - EPOCH).days) for r in ordered)
    spared = tuple(build(only_exemptions(rule_set), lambda *_: 0) for rule_set in ordered)
    year_ends = numbering.year_ends.year_ends()
    digest = _digest(ordered, series, diagrams, tables, year_ends)
    return Program(
        ordered,
        series,
        tuple(diagrams),
        tuple(numbering.rules),
        tuple(numbering.resolved),
        tables,
        digest,
        days,
        keys,
        spared,
        year_ends,
    )


def sorted_by(program: Program) -> str:
    """SHA-256 over all that decides which variant a claim has, and over what groups count, keep apart and carry over."""
    digest = _of_conditions(program.rule_sets, program.series, (*program.diagrams, *program.exemptions))
    digest.update(repr(program.effective_days).encode())
    for one in program.rule_sets:
        digest.update(repr([sorted(one.groups.items()), sorted(one.group_keys.items())]).encode())
        carried = [(name, said.most_fen) for name, said in sorted(one.carry_over.items())]
        digest.update(repr([carried, sorted(one.group_counts.items())]).encode())
    found: str = digest.hexdigest()
    return found


def _digest(
    rule_sets: Sequence[RuleSet],
    series: Sequence[Series],
    diagrams: Sequence[Diagram],
    tables: Tables,
    year_ends: YearEnds | None,
) -> str:
    digest = _of_conditions(rule_sets, series, diagrams)
    _digest_tables(digest, tables)
    if year_ends is not None:
        _digest_tables(digest, year_ends.tables)
        digest.update(year_ends.of.tobytes() + year_ends.groups.tobytes())
    found: str = digest.hexdigest()
    return found


def _digest_tables(digest: Any, tables: Tables) -> None:
    for name in Tables.__dataclass_fields__:
        value = getattr(tables, name)
        if name in _THERE_WHERE_USED and not value.size:
            continue
        digest.update(name.encode() + (value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()))


def _of_conditions(rule_sets: Sequence[RuleSet], series: Sequence[Series], diagrams: Sequence[Diagram]) -> Any:
    """A digest, begun, over what rule sets decide by and how they sort claims."""
    digest = hashlib.sha256()
    digest.update(repr([_decides(rule_set) for rule_set in rule_sets]).encode())
    digest.update(repr(series).encode())
    for diagram in diagrams:
        digest.update(repr([_describe(step) for step in diagram.steps]).encode())
        digest.update(np.array(diagram.transitions, np.int64).tobytes())
    return digest


def _decides(rule_set: RuleSet) -> tuple[object, ...]:
    """What decides about a claim beside conditions and numbers: names, dates, vocabularies, where values come from."""
    dimensions = [
        (d.name, d.kind, d.table, d.column, sorted(d.members), d.function, *filter(None, (d.reg_type, d.asked)))
        for d in rule_set.dimensions
    ]
    missing = [(one.parameter, one.why) for one in rule_set.missing]
    rules = [rule.id for rule in rule_set.rules]
    dates = (rule_set.until, rule_set.benefit_date, rule_set.identity_date)
    said = rule_set.interim_settlements
    stays = None if said is None else said.count_as if said.new_year is None else (said.count_as, said.new_year)
    identities = [(one.name, sorted(one.codes)) for one in rule_set.identities]
    known = sorted(rule_set.identities_without_effect)
    keys: list[object] = [sorted(rule_set.group_keys.items())] if rule_set.group_keys else []
    keys += [] if rule_set.year_begins == (1, 1) else [rule_set.year_begins]
    keys += [asked] if any(asked := [rule.registered for rule in rule_set.rules]) else []
    waits = () if rule_set.waiting is None else (_decides_waiting(rule_set.waiting),)
    return (rule_set.name, *dates, rule_set.levels, identities, known, rules, dimensions, missing, stays, *keys, *waits)


def _decides_waiting(waiting: Waiting) -> tuple[object, ...]:
    """What decides about a waiting period: its column, its schemes, whom it spares."""
    return waiting.column, sorted(waiting.schemes), [repr(dict(one.when)) for one in waiting.exempt]


def _describe(step: Step) -> tuple[str, str, object, object]:
    return step.dimension, step.identity, step.classes.conditions, step.classes.breaks
