"""Rule sets compiled to numeric tables, once per run: what the compiled core reads instead of Python.

Every table is an int64 (or int32) array; its columns are named by the ``…_FIELDS`` tuples, which the compiled modules
mirror as enums (a test compares them). A *series* is the succession of rule sets of one pool and scheme; its groups are
numbered as *slots*, and a slot's reference packs its number with the length of its period.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.decision import Diagram, Step, build
from qingsuan.policy.model import COUNTERS, FUNDS, Bands, Cap, Entry, RuleSet
from qingsuan.policy.resolve import Resolved, ResolvedLayer, resolve_rule

__all__ = ["EPOCH", "MAX_LAYERS", "Program", "Series", "Tables", "compile_rule_sets"]

EPOCH = dt.date(1970, 1, 1)
MAX_LAYERS = 16
MAX_ENTRIES = 16
FOREVER = 2**31 - 1
PERIODS = ("year", "quarter", "month")

VARIANT_FIELDS = (
    "entry_bp",
    "layer_start",
    "layer_end",
    "ceiling_bp",
    "ceiling_on_total",
    "ceiling_mask",
    "visits_start",
    "visits_end",
    "pooled_layer",
)
LAYER_FIELDS = (
    "fund",
    "entry_start",
    "entry_end",
    "limit_kind",
    "limit_fen",
    "limit_slot",
    "limit_mask",
    "deductible_kind",
    "amount_start",
    "amount_last",
    "deductible_slot",
    "deductible_mask",
    "exempt",
    "credits",
    "visits_slot",
    "bands_kind",
    "band_start",
    "band_end",
    "bands_slot",
    "select_slot",
    "select_counter",
    "cap_start",
    "cap_end",
    "draw_start",
    "draw_end",
)
BAND_FIELDS = ("lower_fen", "ratio_bp", "below_fen", "below_rest")
CAP_FIELDS = ("per_period", "cap_fen", "cap_slot", "cap_mask")
ENTRY_FIELDS = ("part", "of_layer", "entry_ratio_bp")

_KINDS = {None: 0, "visit": 1, "period": 2}
_BANDS_KINDS = {("visit", "excess"): 0, ("visit", "absolute"): 1, ("period", "excess"): 2, ("period", "absolute"): 3}
_SELECTED = 4
_PARTS = {
    "inscp_scp_amt": 0,
    "preselfpay_amt": 1,
    "overlmt_selfpay": 2,
    "fulamt_ownpay_amt": 3,
    "left_by_ratio": 4,
    "cut_by_cap": 5,
    "deductible": 6,
}

Table = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tables:
    """The numbers of all resolved rules.

    Attributes
    ----------
    variants, layers, bands, caps, entries : (n, len(…_FIELDS)) int64
    amounts : (n,) int64
        Deductibles in fen.
    draws, visits : (n,) int64
        Slot references: what a layer's payments are counted on; where a rule's visits are counted.
    slots : int
        How many slots an account needs.
    """

    variants: Table
    layers: Table
    bands: Table
    caps: Table
    entries: Table
    amounts: Table
    draws: Table
    visits: Table
    slots: int


@dataclass(frozen=True)
class Series:
    """The rule sets of one pool and scheme in order of date, and the groups of the pool, numbered by their place."""

    pool: str
    scheme: str
    sets: tuple[int, ...]
    slots: tuple[str, ...]
    benefit_date: str


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
    digest : SHA-256 over every table and name.
    """

    rule_sets: tuple[RuleSet, ...]
    series: tuple[Series, ...]
    diagrams: tuple[Diagram, ...]
    rules: tuple[tuple[int, int], ...]
    resolved: tuple[Resolved, ...]
    tables: Tables
    digest: str = ""
    effective_days: tuple[tuple[int, int], ...] = ()

    def rule_id(self, variant: int) -> str:
        """The name of a variant's rule in results: ``pool/schemes/effective:rule``."""
        number, rule = self.rules[variant]
        return f"{self.rule_sets[number].name}:{self.rule_sets[number].rules[rule].id}"


@dataclass
class _Writer:
    """The growing tables."""

    variants: list[list[int]] = field(default_factory=list)
    layers: list[list[int]] = field(default_factory=list)
    bands: list[list[int]] = field(default_factory=list)
    caps: list[list[int]] = field(default_factory=list)
    entries: list[list[int]] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    visits: list[int] = field(default_factory=list)

    def tables(self, slots: int) -> Tables:
        def table(rows: list[list[int]], names: Sequence[str]) -> Table:
            return np.array(rows, np.int64).reshape(len(rows), len(names))

        return Tables(
            table(self.variants, VARIANT_FIELDS),
            table(self.layers, LAYER_FIELDS),
            table(self.bands, BAND_FIELDS),
            table(self.caps, CAP_FIELDS),
            table(self.entries, ENTRY_FIELDS),
            np.array(self.amounts, np.int64),
            np.array(self.draws, np.int64),
            np.array(self.visits, np.int64),
            slots,
        )

    def add(self, resolved: Resolved, slots: dict[str, int]) -> int:
        """Write one resolved rule; returns its number."""
        start = len(self.layers)
        for number, layer in enumerate(resolved.layers):
            self.layers.append(self._layer(number, layer, resolved.layers, slots))
        ceiling = resolved.ceiling
        mask = 0 if ceiling is None else _mask(layer.name in ceiling.layers for layer in resolved.layers)
        visits_start = len(self.visits)
        counted = (layer.visits for layer in resolved.layers if layer.visits is not None and layer.visits.counts)
        self.visits.extend(dict.fromkeys(slots[visits.group] for visits in counted))
        pooled = [number for number, layer in enumerate(resolved.layers) if layer.fund == "hifp_pay"]
        self.variants.append(
            [
                resolved.entry_bp,
                start,
                len(self.layers),
                -1 if ceiling is None else ceiling.ratio_bp,
                int(ceiling is not None and ceiling.of == "medfee_sumamt"),
                mask,
                visits_start,
                len(self.visits),
                pooled[0] if pooled else -1,
            ]
        )
        return len(self.variants) - 1

    def _layer(
        self, number: int, layer: ResolvedLayer, layers: tuple[ResolvedLayer, ...], slots: dict[str, int]
    ) -> list[int]:
        earlier = layers[:number]
        limit, deductible, visits, bands = layer.limit, layer.deductible, layer.visits, layer.bands

        def slot(group: str | None) -> int:
            return -1 if group is None else slots[group]

        row = [FUNDS.index(layer.fund), *self._entries(layer.entry, earlier)]
        row += [
            _KINDS[limit.per if limit else None],
            limit.amount_fen if limit else 0,
            slot(limit.group) if limit and limit.per == "period" else -1,
            _mask(
                limit is not None
                and limit.per == "period"
                and other.limit is not None
                and other.limit.per == "period"
                and other.limit.group == limit.group
                for other in earlier
            ),
        ]
        amounts = deductible.amounts_fen if deductible else (0,)
        self.amounts.extend(amounts)
        row += [
            _KINDS[deductible.per if deductible else None],
            len(self.amounts) - len(amounts),
            len(self.amounts) - 1,
            slot(deductible.group) if deductible else -1,
            _mask(
                deductible is not None
                and deductible.group is not None
                and other.deductible is not None
                and other.deductible.group == deductible.group
                for other in earlier
            ),
            int(deductible is not None and deductible.exempt),
            int(deductible is not None and deductible.credits),
            slot(visits.group) if visits else -1,
        ]
        row += [*self._bands(bands), slot(bands.group)]
        select = bands.select
        row += [slot(select.group) if select else -1, COUNTERS.index(select.counter) if select else 0]
        return row + self._caps(layer.caps, earlier, slots)

    def _entries(self, entry: tuple[Entry, ...], earlier: tuple[ResolvedLayer, ...]) -> list[int]:
        start = len(self.entries)
        names = [layer.name for layer in earlier]
        for component in entry:
            of_layer = -1 if component.layer is None else names.index(component.layer)
            self.entries.append([_PARTS[component.part], of_layer, component.ratio_bp])
        return [start, len(self.entries)]

    def _bands(self, bands: Bands) -> list[int]:
        """Write bands with what all lower bands amount to: whole fen, and a rest in 1/10 000 fen."""
        start = len(self.bands)
        below = 0
        for lower, upper, ratio in zip((0, *bands.upto_fen), (*bands.upto_fen, 0), bands.ratio_bp, strict=True):
            self.bands.append([lower, ratio, below // BP_ONE, below % BP_ONE])
            below += ratio * (upper - lower)
        kind = _SELECTED if bands.select is not None else _BANDS_KINDS[bands.per, bands.measured]
        return [kind, start, len(self.bands)]

    def _caps(self, caps: tuple[Cap, ...], earlier: tuple[ResolvedLayer, ...], slots: dict[str, int]) -> list[int]:
        start, draw_start = len(self.caps), len(self.draws)
        for cap in caps:
            mask = _mask(cap.group is not None and any(c.group == cap.group for c in o.caps) for o in earlier)
            if cap.amount_fen is not None:
                reference = -1 if cap.group is None else slots[cap.group]
                self.caps.append([int(cap.per == "period"), cap.amount_fen, reference, mask])
        self.draws.extend(dict.fromkeys(slots[cap.group] for cap in caps if cap.group is not None))
        return [start, len(self.caps), draw_start, len(self.draws)]


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << number for number, bit in enumerate(bits) if bit)


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


def _check_growth(rule_set: RuleSet, resolved: Resolved) -> None:
    """A base may not exceed the bill so many times over that sums of bases could leave 64 bits."""
    growth_bp: dict[str, int] = {}
    for layer in resolved.layers:
        growth_bp[layer.name] = sum(
            entry.ratio_bp * growth_bp.get(entry.layer or "", BP_ONE) // BP_ONE for entry in layer.entry
        )
        if growth_bp[layer.name] > MAX_ENTRIES * BP_ONE:
            raise PolicyError(
                f"{rule_set.file}: layers.{layer.name}.entry",
                found=f"components that may add up to {growth_bp[layer.name] // BP_ONE} times the bill",
                expected=f"at most {MAX_ENTRIES} times",
                do="let fewer parts enter this layer",
            )


def _series_of(rule_sets: Sequence[RuleSet]) -> tuple[Series, ...]:
    members: dict[tuple[str, str], list[int]] = {}
    groups: dict[str, set[str]] = {}
    for number, rule_set in enumerate(rule_sets):
        groups.setdefault(rule_set.pool, set()).update(rule_set.groups)
        for scheme in rule_set.schemes:
            members.setdefault((rule_set.pool, scheme), []).append(number)
    found = []
    for (pool, scheme), numbers in sorted(members.items()):
        ordered = sorted(numbers, key=lambda number: rule_sets[number].effective)
        _agree_on_dates(rule_sets, ordered)
        slots = tuple(sorted(groups[pool]))
        found.append(Series(pool, scheme, tuple(ordered), slots, rule_sets[ordered[0]].benefit_date))
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
        for group, period in rule_set.groups.items():
            if periods.setdefault(group, period) != period:
                raise PolicyError(
                    f"{rule_set.file}: groups.{group}",
                    found=period,
                    expected=f"{periods[group]}, as in the earlier rule set of this pool",
                    do="give the group another name, if it is another accumulator",
                )


def _slots(rule_set: RuleSet, names: Sequence[str]) -> dict[str, int]:
    """Slot references of a set's groups: ``slot * 4 + period``."""
    return {name: names.index(name) * 4 + PERIODS.index(rule_set.groups[name]) for name in rule_set.groups}


def compile_rule_sets(rule_sets: Iterable[RuleSet]) -> Program:
    """Compile rule sets to a program.

    Raises
    ------
    PolicyError
        See :func:`qingsuan.policy.decision.build` and :func:`qingsuan.policy.resolve.resolve_rule`.
    """
    ordered = tuple(sorted(rule_sets, key=lambda rule_set: (rule_set.pool, rule_set.schemes, rule_set.effective)))
    series = _series_of(ordered)
    writer = _Writer()
    rules: list[tuple[int, int]] = []
    resolutions: list[Resolved] = []
    diagrams = []
    names = {one.pool: one.slots for one in series}
    for number, rule_set in enumerate(ordered):
        _check_size(rule_set)
        slots = _slots(rule_set, names[rule_set.pool])
        known: dict[Resolved, int] = {}

        def resolve(
            rule: int,
            cases: dict[str, tuple[int, ...]],
            example: str,
            *,
            number: int = number,
            known: dict[Resolved, int] = known,
            slots: dict[str, int] = slots,
        ) -> int:
            resolved = resolve_rule(ordered[number], rule, cases, example)
            if resolved not in known:
                _check_growth(ordered[number], resolved)
                known[resolved] = writer.add(resolved, slots)
                rules.append((number, rule))
                resolutions.append(resolved)
            return known[resolved]

        diagrams.append(build(rule_set, resolve))
    tables = writer.tables(max((len(one.slots) for one in series), default=0) or 1)
    days = tuple(
        ((r.effective - EPOCH).days, FOREVER if r.until is None else (r.until - EPOCH).days) for r in ordered
    )
    digest = _digest(ordered, series, diagrams, tables)
    return Program(ordered, series, tuple(diagrams), tuple(rules), tuple(resolutions), tables, digest, days)


def _digest(
    rule_sets: Sequence[RuleSet], series: Sequence[Series], diagrams: Sequence[Diagram], tables: Tables
) -> str:
    digest = hashlib.sha256()
    digest.update(repr([(r.name, r.until, r.benefit_date, r.identity_date, r.identities) for r in rule_sets]).encode())
    digest.update(repr(series).encode())
    for diagram in diagrams:
        digest.update(repr([_describe(step) for step in diagram.steps]).encode())
        digest.update(np.array(diagram.transitions, np.int64).tobytes())
    for name in Tables.__dataclass_fields__:
        value = getattr(tables, name)
        digest.update(name.encode() + (value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()))
    return digest.hexdigest()


def _describe(step: Step) -> tuple[str, object, object]:
    return step.dimension, step.classes.conditions, step.classes.breaks
