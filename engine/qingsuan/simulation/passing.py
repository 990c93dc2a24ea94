"""One pass over a prepared year: each partition is read once, settled by the rules in force, and by every variant at the same door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qingsuan.run.executors.prepared import YearRows
from qingsuan.run.model import Progress
from qingsuan.run.threads import in_threads
from qingsuan.simulation.adding import Added
from qingsuan.simulation.variants import Base, Scope, Variant
from qingsuan.simulation.views import Cells, Sorter, View, people_in_scope

__all__ = ["Passing"]


@dataclass(frozen=True)
class Passing:
    """What passes over a year have in common: its rows, the rules in force, the pools and schemes at hand, how they work."""

    rows: YearRows
    base: Base
    scope: Scope
    cells: Cells
    workers: int
    progress: Progress

    def over(self, variants: Sequence[Variant], keep: Callable[[int, View], None] | None = None) -> Added:
        """Settle the year by the rules in force and by every variant; ``keep`` is given each partition's view."""
        added = Added(len(variants))
        partitions = range(self.rows.year.record.partitions)
        self.progress.stage("simulating", len(partitions))

        def work(partition: int) -> None:
            self._settle(partition, variants, added, keep)

        for _ in in_threads(work, partitions, self.workers):
            self.progress.step()
        self.progress.end()
        return added

    def _settle(
        self, partition: int, variants: Sequence[Variant], added: Added, keep: Callable[[int, View], None] | None
    ) -> None:
        settler = self.base.settler
        claims, *others = self.rows.of(partition)
        claims = people_in_scope(settler, self.scope, claims)
        sorter = Sorter(settler, self.scope, self.cells)
        view = sorter.view(*settler.at_door(claims, *others))
        added.add_base(view)
        if keep is not None:
            keep(partition, view)
        for place, variant in enumerate(variants, 1):
            if variant.settler is None:
                added.add(place, view, variant)
            else:
                other = Sorter(variant.settler, self.scope, self.cells)
                work, door = variant.settler.at_door(claims, *others)
                added.add_other(place, view, other.view(work, door, view.bucket))
