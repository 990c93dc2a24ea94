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
from qingsuan.benefits.setup import Setup
from qingsuan.errors import UsageError
from qingsuan.messages import Lang
from qingsuan.money import yuan
from qingsuan.plugins import Installed
from qingsuan.plugins.digest import digest_of
from qingsuan.policy.model import FUNDS, Region
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.record import of_plugins
from qingsuan.run.threads import in_threads
from qingsuan.simulation.adding import Added
from qingsuan.simulation.changing.asked import ALL_FUNDS, Change, Seek, Sweep, plain
from qingsuan.simulation.changing.working import Changed
from qingsuan.simulation.explaining import Explained, explained
from qingsuan.simulation.opened import Means, OpenedYear, open_year
from qingsuan.simulation.outcome import Simulation
from qingsuan.simulation.passing import Passing
from qingsuan.simulation.put_aside import Views
from qingsuan.simulation.seeking import Found, Tried, seek_value
from qingsuan.simulation.telling.effects import Told, tables_of
from qingsuan.simulation.variants import Scope, Variant, changed_series, variant_of
from qingsuan.simulation.views import Cells

__all__ = ["Asked", "simulate"]

FORMAT = 1


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
class _Asking:
    """An opened year, what is asked of it, and the variants that were made."""

    opened: OpenedYear
    asked: Asked
    seconds: dict[str, float] = field(default_factory=dict)
    variants: list[tuple[Variant, Changed]] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    found: Found | None = None

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        since = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - since, 3)

    def passing(self) -> Passing:
        return self.opened.passing(self.scope())

    def scope(self) -> Scope:
        """The pools and schemes whose rules any variant changes."""
        rules = self.opened.working.rule_sets
        return frozenset[tuple[str, str]]().union(*(changed_series(rules, one.rule_sets) for _, one in self.variants))


def simulate(
    year: PreparedYear,
    setup: Setup,
    installed: Installed,
    asked: Asked,
    means: Means,
    lang: Lang,
) -> Simulation:
    """Simulate changed rules over a prepared year.

    Parameters
    ----------
    setup, installed
        The rules in force.
    means
        What it works with; a quarter of its memory is for what a search keeps.
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
    one = _Asking(open_year(year, setup, installed, means), asked)
    one.seconds["prepare"] = round(time.perf_counter() - since, 3)
    if asked.seek is not None and asked.sweep is not None:
        added, cells, told = _sought(one, asked.seek, asked.sweep)
    else:
        added, cells, told = _passed(one)
    tables = tables_of(added, cells, told, one.tried)
    with one.timed("explain"):
        found = _explained(one, added, lang)
    return Simulation(_record(one), tables, _rules_of(one), found, lang)


# ---- one pass


def _passed(one: _Asking) -> tuple[Added, Cells, list[Told]]:
    with one.timed("rules"):
        told = _make_variants(one)
    with one.timed("simulate"):
        passing = one.passing()
        added = passing.over([variant for variant, _ in one.variants])
    return added, passing.cells, told


def _changed(one: _Asking) -> Changed:
    """The rules that hold for every variant: the file or folder that was given, with the numbers that were set."""
    asked = one.asked
    changed = one.opened.working.nothing() if asked.rules is None else one.opened.working.with_rules(asked.rules)
    return one.opened.working.with_numbers(changed, asked.changes)


def _make_variants(one: _Asking) -> list[Told]:
    common, sweep = _changed(one), one.asked.sweep
    if sweep is None:
        label = "; ".join([*map(str, one.asked.changes), *([one.asked.rules.name] if one.asked.rules else [])])
        one.variants.append((variant_of(one.opened.base, common.rule_sets, 1, label, "simulate"), common))
        return [Told(label)]
    unit = one.opened.working.check_sweep(common, sweep)
    for number, value in enumerate(sweep.values, 1):
        one.variants.append(one.opened.variant(common, sweep.change(value), number))
    return [Told(str(sweep.change(value)), value, unit) for value in sweep.values]


# ---- a search


def _sought(one: _Asking, seek: Seek, sweep: Sweep) -> tuple[Added, Cells, list[Told]]:
    """Pass over the year once, put what stands at the core's door aside, and try values on that."""
    common = _changed(one)
    unit = one.opened.working.check_sweep(common, sweep)
    made = {value: one.opened.variant(common, sweep.change(value)) for value in (sweep.low, sweep.high)}
    one.variants = [*made.values()]
    passing = one.passing()
    views = Views(one.opened.means.memory, one.opened.means.scratch / ".views")
    with one.timed("simulate"):
        passing.over((), views.put)

    def change_of(value: int) -> int:
        if value not in made:
            made[value] = one.opened.variant(common, sweep.change(value))
        variant = made[value][0]
        if variant.settler is None:
            funds = views.change(variant, one.opened.means.workers)[2:].tolist()
        else:
            funds = _of_year(passing, variant)
        return sum(funds) if seek.fund == ALL_FUNDS else funds[FUNDS.index(seek.fund)]

    with one.timed("seek"):
        found = seek_value(sweep, seek, change_of)
    one.found, one.tried = found, [*found.tried]
    one.variants = [made[found.nearest.value]]
    with one.timed("effects"):
        added = _effects_of(one, passing, views, one.variants[0][0])
    return added, passing.cells, [Told(str(sweep.change(found.nearest.value)), found.nearest.value, unit)]


def _of_year(passing: Passing, variant: Variant) -> list[int]:
    """The same where claims are sorted otherwise, and must be settled from the year's rows."""
    return [int(fund) for fund in passing.over([variant]).by_cell[1].sum(axis=0)[2:]]


def _effects_of(one: _Asking, passing: Passing, views: Views, variant: Variant) -> Added:
    if variant.settler is not None:
        return passing.over([variant])
    added = Added(1)

    def work(partition: int) -> None:
        view = views.get(partition)
        added.add_base(view)
        added.add(1, view, variant)

    for _ in in_threads(work, views.partitions(), one.opened.means.workers):
        continue
    return added


# ---- what is told


def _explained(one: _Asking, added: Added, lang: Lang) -> list[Explained]:
    """The biggest changes of the one variant explained, if that is asked for."""
    if not one.asked.explain or not added.biggest[1]:
        return []
    setups = one.opened.base.setup, one.variants[0][0].setup
    return explained(one.opened.rows, setups, added.biggest[1], one.opened.means.scratch / ".explained", lang)


def _record(one: _Asking) -> dict[str, Any]:
    record: dict[str, Any] = {
        "format": FORMAT,
        "simulation": "benefits 待遇结算",
        "mark": "working copy",
        "year": one.opened.base.setup.year,
        "engine": {"name": "qingsuan", "version": __version__},
        "plugins": _plugins(one.opened.installed),
        "prepared": {
            "folder": one.opened.year.path.resolve().name,
            "deliveries": list(one.opened.year.record.deliveries),
        },
        "asked": one.asked.record(),
        "at_hand": [{"pool": pool, "insutype": scheme} for pool, scheme in sorted(one.scope())],
        "base": {"compiled_rules": one.opened.in_force},
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


def _rules_of(one: _Asking) -> dict[str, dict[str, bytes]]:
    """The whole folders of the one variant's changed regions, fit for ``--rules-dir``; none of a sweep."""
    if len(one.variants) != 1:
        return {}
    changed = one.variants[0][1]
    by_code: dict[str, Region] = {region.code: region for region in one.opened.installed.regions}
    return {code: one.opened.working.files_of(changed, by_code[code]) for code in changed.files}
