"""A simulation from what is asked to its tables: which rules change, who is at hand, one pass over the year, or a search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from qingsuan import __version__
from qingsuan.benefits.partition import Settler
from qingsuan.benefits.settlement import Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.messages import Lang
from qingsuan.money import yuan
from qingsuan.plugins import Installed
from qingsuan.plugins.digest import digest_of
from qingsuan.policy.model import FUNDS, Region
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.executors.prepared import YearRows
from qingsuan.run.model import Progress
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.record import of_plugins
from qingsuan.run.restart.fingerprint import check_prepared, read_by
from qingsuan.run.threads import in_threads
from qingsuan.simulation.adding import Added
from qingsuan.simulation.changing.asked import ALL_FUNDS, Change, Seek, Sweep, plain
from qingsuan.simulation.changing.working import Changed, Working
from qingsuan.simulation.explaining import Explained, explained
from qingsuan.simulation.outcome import Simulation
from qingsuan.simulation.passing import Passing
from qingsuan.simulation.seeking import Found, Tried, Views, seek_value
from qingsuan.simulation.telling.effects import Told, tables_of
from qingsuan.simulation.variants import Base, Scope, Variant, changed_series, variant_of
from qingsuan.simulation.views import Cells, measured

__all__ = ["Asked", "simulate"]

FORMAT = 1
_SHARE_OF_MEMORY = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What a simulation is asked for; ``changes`` and ``rules`` hold for every value of a sweep.

    ``explain`` asks for the biggest changes explained, of the one variant.
    """

    changes: tuple[Change, ...] = ()
    rules: Path | None = None
    sweep: Sweep | None = None
    seek: Seek | None = None
    explain: bool = False

    def check(self) -> None:
        """Check that something is asked for, and that a seek says among which values.

        Raises
        ------
        UsageError
            It is not so.
        """
        if not self.changes and self.rules is None and self.sweep is None:
            expected = "--set, --rules or --sweep: what is to be changed"
            raise UsageError("simulate", found="nothing that is changed", expected=expected)
        if self.seek is not None and self.sweep is None:
            do = f"add --sweep PATH=LOW..HIGH, with or without a step, beside --seek {self.seek}"
            raise UsageError("--seek", found="no --sweep", expected="the number that is tried, and its bounds", do=do)

        if self.explain and self.sweep is not None and self.seek is None:
            expected = "one variant: the explanations of every value are more than anybody reads"
            raise UsageError("--explain", found="beside --sweep", expected=expected, do="explain one value, with --set")

    def record(self) -> dict[str, Any]:
        """As ``simulate.json`` has it."""
        said = {"rules": self.rules and self.rules.name, "sweep": self.sweep, "seek": self.seek}
        return {"set": [*map(str, self.changes)], **{name: one and str(one) for name, one in said.items()}}


@dataclass
class _Year:
    """A prepared year with the rules in force, and the variants that were made of them."""

    year: PreparedYear
    installed: Installed
    asked: Asked
    workers: int
    memory: int
    scratch: Path
    progress: Progress
    base: Base
    in_force: str
    rows: YearRows
    working: Working
    seconds: dict[str, float] = field(default_factory=dict)
    variants: list[tuple[Variant, Changed]] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    found: Found | None = None

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        since = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - since, 3)

    def passing(self, scope: Scope) -> Passing:
        cells = Cells(self.base.settler)
        return Passing(self.rows, self.base, scope, cells, self.workers, self.progress)

    def scope(self) -> Scope:
        """The pools and schemes whose rules any variant changes."""
        rules = self.working.rule_sets
        return frozenset[tuple[str, str]]().union(*(changed_series(rules, one.rule_sets) for _, one in self.variants))


def simulate(
    year: PreparedYear,
    setup: Setup,
    installed: Installed,
    asked: Asked,
    scratch: Path,
    *,
    workers: int,
    memory: int,
    progress: Progress,
    lang: Lang,
) -> Simulation:
    """Simulate changed rules over a prepared year.

    Parameters
    ----------
    setup, installed
        The rules in force.
    scratch
        A folder of the caller's for what memory does not hold.
    memory
        What may be held in memory, in bytes; a quarter of it for what a search keeps.
    lang
        The language of workbook and summary.

    Raises
    ------
    UsageError, PolicyError
        A path leads nowhere, or a changed rule set cannot be trusted; a search finds nothing.
    InputError, PluginError
        The year cannot be read, or was prepared by other plugins.
    """
    asked.check()
    since = time.perf_counter()
    one = _opened(year, setup, installed, asked, (workers, memory, scratch, progress))
    one.seconds["prepare"] = round(time.perf_counter() - since, 3)
    if asked.seek is not None and asked.sweep is not None:
        added, cells, told = _sought(one, asked.seek, asked.sweep)
    else:
        added, cells, told = _passed(one)
    tables = tables_of(added, cells, told, one.tried)
    with one.timed("explain"):
        found = _explained(one, added, lang)
    return Simulation(_record(one), tables, _rules_of(one), found, lang)


def _opened(
    year: PreparedYear, setup: Setup, installed: Installed, asked: Asked, how: tuple[int, int, Path, Progress]
) -> _Year:
    apart = Setup(
        setup.regions,
        setup.rule_sets,
        setup.year,
        setup.skip_unserved,
        registrations=setup.registrations,
        apart=True,
    )
    settlement = Benefits(apart)
    check_prepared(year.record.made_by, read_by(settlement, installed), str(year.path))
    inputs = inputs_of(year)
    settlement.begin({table.name: inputs.of(table.name) for table in settlement.inputs})
    rows = YearRows(year, settlement)
    settlement.freeze(tuple(f"{plugin.title}: {plugin.problem}" for plugin in installed.broken))
    base = Base.of(Settler(apart))
    workers, memory, scratch, progress = how
    working = Working(installed, setup.rule_sets, setup.year)
    return _Year(year, installed, asked, workers, memory, scratch, progress, base, setup.program.digest, rows, working)


# ---- one pass


def _passed(one: _Year) -> tuple[Added, Cells, list[Told]]:
    with one.timed("rules"):
        told = _make_variants(one)
    with one.timed("simulate"):
        passing = one.passing(one.scope())
        added = passing.over([variant for variant, _ in one.variants])
    return added, passing.cells, told


def _changed(one: _Year) -> Changed:
    """The rules that hold for every variant: the file or folder that was given, with the numbers that were set."""
    asked = one.asked
    changed = one.working.nothing() if asked.rules is None else one.working.with_rules(asked.rules)
    return one.working.with_numbers(changed, asked.changes)


def _make_variants(one: _Year) -> list[Told]:
    common, sweep = _changed(one), one.asked.sweep
    if sweep is None:
        label = "; ".join([*map(str, one.asked.changes), *([one.asked.rules.name] if one.asked.rules else [])])
        one.variants.append((variant_of(one.base, common.rule_sets, 1, label, "simulate"), common))
        return [Told(label)]
    unit = one.working.check_sweep(common, sweep)
    for number, value in enumerate(sweep.values, 1):
        one.variants.append(_variant(one, common, sweep, value, number))
    return [Told(str(sweep.change(value)), value, unit) for value in sweep.values]


def _variant(one: _Year, common: Changed, sweep: Sweep, value: int, number: int) -> tuple[Variant, Changed]:
    change = sweep.change(value)
    changed = one.working.with_numbers(common, [change], "--sweep")
    return variant_of(one.base, changed.rule_sets, number, change.value, f"--sweep {change}"), changed


# ---- a search


def _sought(one: _Year, seek: Seek, sweep: Sweep) -> tuple[Added, Cells, list[Told]]:
    """Pass over the year once, put what stands at the core's door aside, and try values on that."""
    common = _changed(one)
    unit = one.working.check_sweep(common, sweep)
    made = {value: _variant(one, common, sweep, value, 1) for value in (sweep.low, sweep.high)}
    one.variants = [*made.values()]
    passing = one.passing(one.scope())
    views = Views(one.memory // _SHARE_OF_MEMORY, one.scratch / ".views")
    with one.timed("simulate"):
        passing.over((), views.put)

    def change_of(value: int) -> int:
        if value not in made:
            made[value] = _variant(one, common, sweep, value, 1)
        variant = made[value][0]
        funds = _of_views(one, views, variant) if variant.settler is None else _of_year(passing, variant)
        return sum(funds) if seek.fund == ALL_FUNDS else funds[FUNDS.index(seek.fund)]

    with one.timed("seek"):
        found = seek_value(sweep, seek, change_of)
    one.found, one.tried = found, [*found.tried]
    one.variants = [made[found.nearest.value]]
    with one.timed("effects"):
        added = _effects_of(one, passing, views, one.variants[0][0])
    return added, passing.cells, [Told(str(sweep.change(found.nearest.value)), found.nearest.value, unit)]


def _of_views(one: _Year, views: Views, variant: Variant) -> list[int]:
    """By how much each fund pays more, from what was put aside."""

    def work(partition: int) -> list[int]:
        _, door, before = views.get(partition).touched(variant.touched)
        if not len(door.person):
            return [0] * len(FUNDS)
        change = measured(door, variant.core.run(door)) - before
        return [int(fund) for fund in change[2:].sum(axis=1)]

    sums = [0] * len(FUNDS)
    for funds in in_threads(work, views.partitions(), one.workers):
        sums = [total + fund for total, fund in zip(sums, funds, strict=True)]
    return sums


def _of_year(passing: Passing, variant: Variant) -> list[int]:
    """The same where claims are sorted otherwise, and must be settled from the year's rows."""
    return [int(fund) for fund in passing.over([variant]).by_cell[1].sum(axis=0)[2:]]


def _effects_of(one: _Year, passing: Passing, views: Views, variant: Variant) -> Added:
    if variant.settler is not None:
        return passing.over([variant])
    added = Added(1)

    def work(partition: int) -> None:
        view = views.get(partition)
        added.add_base(view)
        added.add(1, view, variant)

    for _ in in_threads(work, views.partitions(), one.workers):
        continue
    return added


# ---- what is told


def _explained(one: _Year, added: Added, lang: Lang) -> list[Explained]:
    """The biggest changes of the one variant explained, if that is asked for."""
    if not one.asked.explain or not added.biggest[1]:
        return []
    setups = one.base.setup, one.variants[0][0].setup
    return explained(one.rows, setups, added.biggest[1], one.scratch / ".explained", lang)


def _record(one: _Year) -> dict[str, Any]:
    record: dict[str, Any] = {
        "format": FORMAT,
        "simulation": "benefits 待遇结算",
        "mark": "working copy",
        "year": one.base.setup.year,
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": _plugins(one.installed),
        "prepared": {"folder": one.year.path.resolve().name, "deliveries": list(one.year.record.deliveries)},
        "asked": one.asked.record(),
        "at_hand": [{"pool": pool, "insutype": scheme} for pool, scheme in sorted(one.scope())],
        "base": {"compiled_rules": one.in_force},
        "variants": [
            {"variant": number, "value": variant.label, "files": changed.digests()}
            for number, (variant, changed) in enumerate(one.variants, 1)
        ],
        "sorted_otherwise": any(variant.settler is not None for variant, _ in one.variants),
        "seconds": one.seconds,
    }
    if one.found is not None:
        record["found"] = _told_of(one.found)
    return record


def _plugins(installed: Installed) -> list[dict[str, Any]]:
    """Every plugin as a run record has it, with the digest of all that decides what it pays."""
    found = zip(installed.plugins, of_plugins(installed), strict=True)
    return [{**told, "sha256": digest_of([plugin])} for plugin, told in found]


def _told_of(found: Found) -> dict[str, Any]:
    in_order = sorted(found.tried, key=lambda each: each.value)
    steps = [following.change - each.change for each, following in pairwise(in_order)]
    return {
        **_of_tried(found.nearest),
        "other": None if found.other is None else _of_tried(found.other),
        "tried": [_value(each) for each in found.tried],
        "is_monotone": all(step >= 0 for step in steps) or all(step <= 0 for step in steps),
    }


def _of_tried(tried: Tried) -> dict[str, str]:
    return {"value": _value(tried), "change": yuan(tried.change), "off": yuan(tried.off)}


def _value(tried: Tried) -> str:
    return plain(Decimal(tried.value) / 100)


def _rules_of(one: _Year) -> dict[str, dict[str, bytes]]:
    """The whole folders of the one variant's changed regions, fit for ``--rules-dir``; none of a sweep."""
    if len(one.variants) != 1:
        return {}
    changed = one.variants[0][1]
    by_code: dict[str, Region] = {region.code: region for region in one.installed.regions}
    return {code: one.working.files_of(changed, by_code[code]) for code in changed.files}
