"""A prepared year opened by the rules in force: its rows, the core that settles them, and the working copy that changes are made in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qingsuan.benefits.partition import Settler
from qingsuan.benefits.settlement import Benefits
from qingsuan.benefits.setup import Setup
from qingsuan.plugins import Installed
from qingsuan.run.deliveries import inputs_of
from qingsuan.run.executors.prepared import YearRows
from qingsuan.run.model import Progress
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.restart.fingerprint import check_prepared, read_by
from qingsuan.simulation.changing.asked import Change
from qingsuan.simulation.changing.working import Changed, Working
from qingsuan.simulation.passing import Passing
from qingsuan.simulation.variants import Base, Scope, Variant, variant_of
from qingsuan.simulation.views import Cells

__all__ = ["Means", "OpenedYear", "open_year"]


@dataclass(frozen=True, slots=True)
class Means:
    """What a simulation works with.

    Attributes
    ----------
    workers : threads that work.
    memory : what may be held in memory, in bytes.
    scratch : a folder of the caller's for what memory does not hold.
    progress : told how it gets on.
    """

    workers: int
    memory: int
    scratch: Path
    progress: Progress


@dataclass(frozen=True)
class OpenedYear:
    """A prepared year with the rules in force.

    Attributes
    ----------
    in_force : the digest of the compiled rules in force.
    """

    year: PreparedYear
    installed: Installed
    means: Means
    base: Base
    in_force: str
    rows: YearRows
    working: Working

    def passing(self, scope: Scope) -> Passing:
        """What passes over the claims of some pools and schemes."""
        cells = Cells(self.base.settler)
        return Passing(self.rows, self.base, scope, cells, self.means.workers, self.means.progress)

    def variant(
        self, common: Changed, change: Change, number: int = 1, option: str = "--sweep"
    ) -> tuple[Variant, Changed]:
        """Rules that are changed already, with one more number in the place of another.

        Raises
        ------
        UsageError, PolicyError
            The path leads nowhere, or the changed rules cannot be trusted.
        """
        changed = self.working.with_numbers(common, [change], option)
        return variant_of(self.base, changed.rule_sets, number, change.value, f"{option} {change}"), changed


def open_year(year: PreparedYear, setup: Setup, installed: Installed, means: Means) -> OpenedYear:
    """Open a prepared year.

    Raises
    ------
    InputError, PluginError
        It cannot be read, or was prepared by other plugins.
    """
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
    working = Working(installed, setup.rule_sets, setup.year)
    return OpenedYear(year, installed, means, base, setup.program.digest, rows, working)
