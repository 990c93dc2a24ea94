"""Making a prepared year, and adding a delivery to one: one process at a time, and never anything half-written.

A delivery counts from the moment on in which ``year.json`` names it. What a killed process left is not named, and is removed by
the next that writes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from qingsuan.errors import UsageError
from qingsuan.run.folder import sync
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.known import LITTER, MOST_PARTITIONS, TEMPORARY
from qingsuan.run.folder.lock import LOCK, held
from qingsuan.run.prepared.layout import YEAR_RECORD, aside_of, delivery_name, foreign_in
from qingsuan.run.prepared.opened import PreparedYear
from qingsuan.run.prepared.records import YearRecord, write_year
from qingsuan.run.prepared.writer import INDEX_MEMORY_BYTES, DeliveryWriter

__all__ = ["add_delivery", "create_year"]

_YEAR_DRAFT = f"{TEMPORARY}{YEAR_RECORD}"


@contextmanager
def create_year(
    folder: Path,
    *,
    settlement: str,
    year: int,
    partitions: int,
    made_by: Any,
    memory_bytes: int = INDEX_MEMORY_BYTES,
    workers: int = 1,
) -> Iterator[DeliveryWriter]:
    """Make a prepared year of one delivery, which is written and finished inside; it is there when that is left.

    Parameters
    ----------
    folder
        An empty one, or one that is not there, or one in which nobody came to the end of this.
    settlement, made_by
        What the year was prepared for, and whatever JSON says by whom.
    memory_bytes, workers
        See :class:`DeliveryWriter`.

    Raises
    ------
    UsageError
        Something else is there.
    RunError
        Another process writes there, or a file cannot be written.
    """
    if not 1 <= partitions <= MOST_PARTITIONS:
        raise ValueError(f"a year has 1 … {MOST_PARTITIONS} partitions, not {partitions}")
    _check_new(folder)  # nothing is locked, nor a lock left, where other things are
    with held(folder):
        _check_new(folder)
        record = YearRecord(settlement, year, partitions, made_by)
        with _added(folder, record, memory_bytes, workers) as writer:
            yield writer


@contextmanager
def add_delivery(folder: Path, *, memory_bytes: int = INDEX_MEMORY_BYTES, workers: int = 1) -> Iterator[DeliveryWriter]:
    """Add a delivery to a prepared year, which is written and finished inside; what is there already is not touched.

    Raises
    ------
    InputError
        There is no prepared year, or not as it was written.
    UsageError
        Something else is in the place of the new delivery.
    RunError
        Another process writes there, or a file cannot be written.
    """
    PreparedYear.open(folder)  # nothing is made where no year is
    with held(folder):
        record = PreparedYear.open(folder).record
        with _added(folder, record, memory_bytes, workers) as writer:
            yield writer


@contextmanager
def _added(folder: Path, record: YearRecord, memory_bytes: int, workers: int) -> Iterator[DeliveryWriter]:
    delivery = folder / delivery_name(len(record.deliveries) + 1)
    _sweep(folder, delivery)
    try:
        writer = DeliveryWriter(delivery, record.partitions, memory_bytes=memory_bytes, workers=workers)
        yield writer
        if not writer.sha256:
            raise ValueError("the delivery was not finished")
    except BaseException:
        with suppress(OSError):  # what the machine cannot remove, the next one sweeps
            _take_away(delivery)
        raise
    with writing(folder):
        sync(folder)
    # what fails from here on may have come after the year named the delivery, which therefore stays
    write_year(folder, replace(record, deliveries=(*record.deliveries, writer.sha256)))


def _take_away(delivery: Path) -> None:
    """Remove a delivery that no year names; what is left of it if that fails has beside it what says that it is one."""
    aside_of(delivery).mkdir(exist_ok=True)
    if delivery.exists():
        shutil.rmtree(delivery)
    shutil.rmtree(aside_of(delivery))


def _check_new(folder: Path) -> None:
    """Check that a year can be made here.

    Raises
    ------
    UsageError
        Something else is there, or the folder cannot be looked into.
    """
    with looking_into(folder):
        if not folder.exists() and not folder.is_symlink():
            return
        names = {entry.name for entry in folder.iterdir()}
    if YEAR_RECORD in names:
        raise UsageError(
            str(folder),
            found="a prepared year",
            expected="an empty folder, or none",
            do="give another --out, or --add to add a delivery to it",
        )
    others = sorted(names - {LOCK, delivery_name(1), aside_of(folder / delivery_name(1)).name, _YEAR_DRAFT, *LITTER})
    if others:
        raise UsageError(
            str(folder),
            found=f"it holds other things: {', '.join(others[:5])}",
            expected="an empty folder, or none",
            do="give another --out",
        )


def _sweep(folder: Path, delivery: Path) -> None:
    """Remove what a killed process left of the delivery that comes next.

    Raises
    ------
    UsageError
        Something in them is none of ours.
    """
    if os.path.lexists(delivery):
        foreign = delivery.name if delivery.is_symlink() or not delivery.is_dir() else foreign_in(delivery)
        if foreign:
            raise UsageError(
                str(delivery),
                found=f"it holds other things: {foreign}",
                expected="a delivery that was not finished, with files of its own",
                do="take it away: nothing is removed that was not written here, nor is a link followed",
            )
    with writing(folder):
        if delivery.exists() or aside_of(delivery).exists():
            _take_away(delivery)
        (folder / _YEAR_DRAFT).unlink(missing_ok=True)
