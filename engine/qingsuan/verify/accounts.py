"""The accumulators of a finished run, counted again from its settled rows and from what ``--opening`` brought along.

A group that is kept apart by a key (单病种限额) is held against its rows with all its keys together: settled rows name a
rule's key only where it is one of their own columns. Of a group that carries over what is not used, or whose periods are counted,
settled rows do not say which period it holds: it holds no more than all of them and what was brought along, and a count of periods
no more than a year has. What such groups hold to the fen, a settlement of the same inputs says.

Partition by partition. A balance, a day, a number of visits and most payments are told exactly by settled rows, which name
their pool, benefit date and variant; other counters at least between two bounds
(:mod:`qingsuan.benefits.accumulators.bounds`). It takes the rules that the run had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.benefits.accumulators.bounds import AMOUNTS, Moved, Name, by_name, moved
from qingsuan.benefits.accumulators.opening import ITSELF, Groups, Opening, check_opening, empty_opening, take_opening
from qingsuan.benefits.core.accounts import MAX_CARRIED
from qingsuan.benefits.core.calendar import DAYS_AT_MOST
from qingsuan.benefits.results import WAITING
from qingsuan.benefits.setup import Setup
from qingsuan.columns.cells import NO_DATE, day_text, read_dates, read_money, read_texts, read_times
from qingsuan.columns.rows import numbers
from qingsuan.contents import content
from qingsuan.errors import InputError
from qingsuan.money import yuan
from qingsuan.people import Numbering, Texts, partition_of
from qingsuan.plugins import load
from qingsuan.policy.model import COUNTERS
from qingsuan.policy.resolve import Resolved
from qingsuan.run.inputs import BATCH_ROWS, Chunk, Source, chunks
from qingsuan.run.regions import read_regions
from qingsuan.tables import ACCUMULATORS
from qingsuan.verify.findings import Findings

__all__ = ["check_accounts", "rules_of"]

FOLDER = "accumulators"
DAY_US = 86_400_000_000
_MONEY = (*AMOUNTS, "balc")
_TOLD = ("insu_admdvs", "pool", "setl_time", "benefit_date", "rule_id", "variant")
_SETTLED = ("psn_no", "insutype", *_TOLD, *_MONEY)

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def rules_of(record: Mapping[str, Any]) -> Setup | str:
    """The rules of a run, if the installed plugins are those it had; else why its accumulators cannot be counted again."""
    setup = read_regions(load()).setup(int(record["year"]), accumulators=True)
    if setup.program.digest != record.get("rules_digest"):
        return (
            "accumulators are not counted again: the installed plugins have other rules than the run "
            "(rules_digest in run.json); install those it had to have them counted"
        )
    return setup


def check_accounts(
    folder: Path, partitions: int, setup: Setup, opening: Sequence[Source] | None, findings: Findings
) -> int:
    """Count the accumulators of every partition again; gives how many accounts there are.

    Parameters
    ----------
    opening
        The files of ``--opening``, empty if the run had none; None where they are not at hand: then accounts must
        hold what the settled rows tell, and may hold more.
    """
    groups = Groups(setup)
    brought = None if opening is None else _Brought(groups, opening, partitions)
    rules = by_name(setup.program)
    accounts = 0
    for number in range(partitions):
        try:
            told, row_of = _told(folder, number, groups)
            settled = _settled(folder, number)
            before = None if brought is None else brought.of(number)
            work = _Partition(setup, groups, number, told, row_of, settled, before, findings)
        except InputError as error:
            findings.add(error.where, "it can be trusted", error.found, error.expected, do=error.do)
            continue
        except (OSError, ValueError, pa.ArrowException) as error:
            name = f"{FOLDER}/{_part(number)}"
            findings.add(name, "it can be counted again", " ".join(str(error).split())[:200], "whole tables")
            continue
        work.check(rules)
        accounts += len(work.told.person)
    return accounts


def _part(number: int) -> str:
    return f"part-{number:05d}.parquet"


def _told(folder: Path, number: int, groups: Groups) -> tuple[pa.Table, Int64]:
    """A partition's accumulators as the engine reads them, and their row numbers."""
    name = f"{FOLDER}/{_part(number)}"
    batches, row = [empty_opening(groups)], 0
    with pq.ParquetFile(folder / name) as file:
        for batch in file.iter_batches(BATCH_ROWS, use_threads=False):
            batches.append(take_opening(groups, batch, name, row))
            row += batch.num_rows
    table = pa.Table.from_batches(batches)
    check_opening(groups, table)
    return table, np.arange(1, row + 1)


def _settled(folder: Path, number: int) -> pa.Table:
    path = folder / "settled" / _part(number)
    return pq.read_table(path, columns=list(_SETTLED), use_threads=False)


class _Brought:
    """The rows of ``--opening``, found by partition: each part of a file knows between which partitions its people lie."""

    def __init__(self, groups: Groups, sources: Sequence[Source], partitions: int) -> None:
        self.groups, self.partitions = groups, partitions
        self.chunks = [chunk for source in sources for chunk in chunks(source)]
        self.between = [self._between(chunk) for chunk in self.chunks]

    def _between(self, chunk: Chunk) -> tuple[int, int]:
        first, last = self.partitions, -1
        for _, batch, _ in chunk.whole_rows(["psn_no"]):
            places = self._places(batch)
            first, last = int(places.min(initial=first)), int(places.max(initial=last))
        return first, last

    def _places(self, batch: pa.RecordBatch) -> Int32:
        return partition_of(Texts.of(read_texts(batch.column("psn_no")).values), self.partitions)

    def of(self, partition: int) -> pa.Table:
        """The rows of one partition, as the engine reads them."""
        batches = [empty_opening(self.groups)]
        for chunk, (first, last) in zip(self.chunks, self.between, strict=True):
            there = set(chunk.source.schema.names)
            names = [column.name for column in ACCUMULATORS if column.name in there]
            for first_row, batch, _ in chunk.whole_rows(names) if first <= partition <= last else ():
                taken = take_opening(self.groups, batch, str(chunk.source.path), first_row)
                batches.append(taken.filter(pa.array(self._places(taken) == partition)))
        table = pa.Table.from_batches(batches)
        check_opening(self.groups, table)
        return table


class _Rows:
    """The settled rows of a partition, in order, with the account of each."""

    def __init__(self, setup: Setup, groups: Groups, table: pa.Table) -> None:
        self.size = table.num_rows
        self.fen = {}
        for name in _MONEY:
            cells = read_money(table.column(name))
            if cells.absent.any() or any(mask.any() for mask in cells.faults.values()):
                raise ValueError(f"column {name} of settled has cells that hold no amount")
            self.fen[name] = cells.values
        day: Int32 = read_dates(table.column("benefit_date")).values
        self.day = day
        pools, schemes = groups.known["pool"], groups.known["insutype"]
        pool = _numbered(table, "pool", lambda code: pools.get(code, -1))
        self.series: Int32 = groups.series_table[pool, _numbered(table, "insutype", lambda text: schemes.get(text, -1))]
        self.in_other_pool: Mask = pool != _numbered(table, "insu_admdvs", lambda area: _pool(setup, pools, area))
        year = groups.year_of[np.maximum(self.series, 0)]
        if ((day < groups.first_days[year]) | (day > groups.last_days[year])).any():
            raise ValueError(f"column benefit_date of settled has cells that hold no date in {setup.year}")
        by_setl_time = np.array([*(one.benefit_date == "setl_time" for one in groups.series), False], np.bool_)
        settled = read_times(table.column("setl_time")).values // DAY_US
        self.on_other_day: Mask = by_setl_time[self.series] & (day != settled)
        self.rules, self.variants = _encoded(table, "rule_id"), _encoded(table, "variant")


def _pool(setup: Setup, pools: Mapping[str, int], area: str) -> int:
    number = setup.places.pool_of(area)
    return pools.get(setup.places.pools[number].code, -1) if number >= 0 else -1


def _encoded(table: pa.Table, name: str) -> pa.DictionaryArray:
    values = read_texts(table.column(name)).values
    return values if pa.types.is_dictionary(values.type) else values.dictionary_encode()


def _numbered(table: pa.Table, name: str, number: Callable[[str], int]) -> Int32:
    """A column of codes as numbers; each different code is looked at once."""
    encoded = _encoded(table, name)
    table_of = np.array([number(text) for text in encoded.dictionary.to_pylist()] or [-1], np.int32)
    found: Int32 = table_of[encoded.indices.to_numpy(zero_copy_only=False)]
    return found


class _Partition:
    """One partition: what its accounts are told to hold, and what they must hold."""

    def __init__(
        self,
        setup: Setup,
        groups: Groups,
        number: int,
        told: pa.Table,
        row_of: Int64,
        settled: pa.Table,
        before: pa.Table | None,
        findings: Findings,
    ) -> None:
        self.groups, self.findings, self.whole = groups, findings, before is not None
        self.file, self.settled_file = f"{FOLDER}/{_part(number)}", f"settled/{_part(number)}"
        before = pa.Table.from_batches([empty_opening(groups)]) if before is None else before
        self.settled, self.rows = settled, _Rows(setup, groups, settled)
        parts = [settled.column("psn_no"), told.column("psn_no"), before.column("psn_no")]
        self.names = pa.chunked_array([chunk.cast(pa.string()) for part in parts for chunk in part.chunks], pa.string())
        person = Numbering(Texts.of(self.names)).numbers
        ends = np.cumsum([len(part) for part in parts])
        own, of_told, of_before = (person[end - len(part) : end] for end, part in zip(ends, parts, strict=True))
        self.told, self.before = Opening.of(told, of_told), Opening.of(before, of_before)
        keys = [self._keys(own, self.rows.series), *(self._keys(o.person, o.series) for o in (self.told, self.before))]
        self.every, first = np.unique(np.concatenate(keys), return_index=True)
        self.account, self.told_at, self.before_at = (np.searchsorted(self.every, key) for key in keys)
        self.series = (self.every % len(groups.series)).astype(np.int32)
        people = np.concatenate([own, self.told.person, self.before.person])
        a_row = np.zeros(int(person.max(initial=0)) + 1, np.int64)
        a_row[person] = np.arange(len(person))
        self.a_name = a_row[people[first]]
        self.slots = setup.program.tables.slots
        self._note_rows(told, of_told, row_of)

    def _keys(self, person: Int32, series: Int32) -> Int64:
        keys: Int64 = person.astype(np.int64) * len(self.groups.series) + series
        return keys

    def _note_rows(self, told: pa.Table, person: Int32, row_of: Int64) -> None:
        """Where each account and group stands in the file: 0 where it does not."""
        account = np.searchsorted(self.every, self._keys(person, numbers(told.column("series"))))
        self.file_row = np.zeros((len(self.every), self.slots + 1), np.int64)
        self.file_row[account, numbers(told.column("slot")) + 1] = row_of

    def _say(self, check: str, account: int, found: str, expected: str, slot: int = ITSELF) -> None:
        one = self.groups.series[self.series[account]]
        person = content(self.names[int(self.a_name[account])].as_py())
        told = f"psn_no {person}, pool {one.pool}, scheme {one.scheme}: {found}"
        if slot != ITSELF:
            told = f"psn_no {person}, pool {one.pool}, scheme {one.scheme}, group {one.slots[slot]}: {found}"
        row = int(self.file_row[account, slot + 1]) or int(self.file_row[account, 0])
        self.findings.add(self.file, check, told, expected, row)

    def _say_rows(self, check: str, wrong: Mask, names: tuple[str, ...]) -> None:
        """Tell of settled rows in which columns contradict each other."""
        for place in np.flatnonzero(wrong).tolist():
            found = ", ".join(f"{name} {self.settled.column(name)[place].as_py()}" for name in names)
            self.findings.add(self.settled_file, check, found, check, place + 1)

    def check(self, rules: Mapping[Name, Resolved]) -> None:
        """Compare accounts, days, balances and counters."""
        if (self.rows.series < 0).any():
            row = int(np.flatnonzero(self.rows.series < 0)[0]) + 1
            check = "a settled row is of a pool and scheme that have rules"
            self.findings.add(self.settled_file, check, "one that is not", "the pools of run.json's rule_sets", row)
            return
        self._say_rows("pool is that of insu_admdvs", self.rows.in_other_pool, ("pool", "insu_admdvs"))
        by_day = "benefit_date is the day of setl_time, where the rule set decides by that"
        self._say_rows(by_day, self.rows.on_other_day, ("benefit_date", "setl_time"))
        self._check_which()
        self._check_until()
        self._check_balances()
        self._check_counters(rules)

    def _check_which(self) -> None:
        """Accounts are those with settled rows, and those that were brought along."""
        is_told, is_known = np.zeros(len(self.every), np.bool_), np.zeros(len(self.every), np.bool_)
        is_told[self.told_at] = True
        is_known[self.account] = is_known[self.before_at] = True
        for account in np.flatnonzero(is_known & ~is_told).tolist():
            self._say("every account is there", account, "no row", "its balance and counters")
        for account in np.flatnonzero(is_told & ~is_known).tolist() if self.whole else ():
            self._say("every account has settled rows, or was brought along", account, "neither", "no such account")
        self.is_told = is_told

    def _check_until(self) -> None:
        """``settled_until`` is the last benefit date."""
        until = np.full(len(self.every), NO_DATE, np.int32)
        until[self.before_at] = self.before.until
        np.maximum.at(until, self.account, self.rows.day)
        self.until = until.copy()
        self.until[self.told_at] = self.told.until
        nowhere = self.until == NO_DATE  # accounts that are told nowhere: found to be missing
        self.until[nowhere] = self.groups.first_days[self.groups.year_of[self.series[nowhere]]]
        wrong = self.is_told & (until != NO_DATE) & (self.until != until)
        for account in np.flatnonzero(wrong).tolist():
            found, expected = day_text(int(self.until[account])), day_text(int(until[account]))
            self._say("settled_until is the last day that was settled", account, found, expected)

    def _check_balances(self) -> None:
        """Each balance is the one before less what was paid from it; the last is the account's."""
        fen = self.rows.fen
        order = np.argsort(self.account, kind="stable")
        account = self.account[order]
        begins = np.r_[True, account[1:] != account[:-1]][: len(order)]
        opened = np.full(len(self.every), -1, np.int64)
        opened[self.before_at] = self.before.balance
        previous = np.where(begins, opened[account], np.roll(fen["balc"][order], 1))
        wrong = (previous >= 0) & (previous - fen["acct_pay"][order] != fen["balc"][order])
        self.findings.rows(
            self.settled_file,
            0,
            "balc = the balance before − acct_pay",
            _in_file_order(wrong, order),
            {"balc": fen["balc"], "acct_pay": fen["acct_pay"]},
        )
        last = opened
        last[account] = fen["balc"][order]  # of several the last in order stays
        told = np.full(len(self.every), -1, np.int64)
        told[self.told_at] = self.told.balance
        for at in np.flatnonzero(self.is_told & (last >= 0) & (told != last)).tolist():
            self._say("balc is that after the last settled row", at, yuan(int(told[at])), yuan(int(last[at])))

    def _check_counters(self, rules: Mapping[Name, Resolved]) -> None:
        shape = (len(self.every), self.slots, len(COUNTERS))
        told, least = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        np.add.at(told, (self.told_at[self.told.account], self.told.slot), self.told.counters)
        whose = self.before_at[self.before.account]
        kind = self._kinds(whose, self.before.slot)
        going_on = self.before.key == self.groups.current(self.series[whose], kind, self.until[whose])
        going_on |= self._leaves()[whose, self.before.slot]
        held = np.maximum(self.before.counters[going_on], 0)  # what is carried over may be used, or left anew
        np.add.at(least, (whose[going_on], self.before.slot[going_on]), held)
        most = least.copy()
        for rows, counted in self._counted(rules):
            for (name, counter), (low, high) in counted.items():
                accounts, slots, within = self._within(rows, name)
                np.add.at(least[:, :, counter], (accounts, slots), low[within])
                np.add.at(most[:, :, counter], (accounts, slots), high[within])
        least = np.where(self._leaves()[:, :, None], -MAX_CARRIED, least)
        most[:, :, 0] += self._counts_periods() * DAYS_AT_MOST
        wrong = (told < least) | (told > most if self.whole else False)
        wrong &= self.is_told[:, None, None]
        for account, slot, counter in np.argwhere(wrong).tolist():
            at = account, slot, counter
            self._say_counter(account, slot, counter, int(told[at]), int(least[at]), int(most[at]))

    def _counted(self, rules: Mapping[Name, Resolved]) -> Iterator[tuple[Int64, Moved]]:
        """Rows of each variant, and what they moved."""
        names, variants = (one.dictionary.to_pylist() for one in (self.rows.rules, self.rows.variants))
        numbers_of = (one.indices.to_numpy(zero_copy_only=False) for one in (self.rows.rules, self.rows.variants))
        rule, variant = (numbers.astype(np.int64) for numbers in numbers_of)
        keys = rule * len(variants) + variant
        order = np.argsort(keys, kind="stable")
        different, starts = np.unique(keys[order], return_index=True)
        for key, rows in zip(different.tolist(), np.split(order, starts)[1:], strict=True):
            name = names[key // len(variants)], variants[key % len(variants)]
            if name == (WAITING, WAITING):
                continue
            if name not in rules:
                check = "rule_id and variant name a variant of the run's rules"
                self.findings.add(self.settled_file, check, " ".join(name), "one that exists", int(rows[0]) + 1)
                continue
            yield rows, moved(rules[name], {column: self.rows.fen[column][rows] for column in AMOUNTS})

    def _within(self, rows: Int64, name: str) -> tuple[Int64, Int32, Mask]:
        """Account and slot of those rows that lie in the period for which a group counts, and which these are."""
        account = self.account[rows]
        slot = self.groups.slots[self.series[account], self.groups.names.index(name)]
        kind = self._kinds(account, slot)
        days = self.rows.day[rows], self.until[account]
        this, last = (self.groups.current(self.series[account], kind, day) for day in days)
        within: Mask = (this == last) & (slot >= 0)  # no slot: a rule of another pool than the row's
        within |= self._leaves()[account, slot] & (slot >= 0)
        return account[within], slot[within], within

    def _leaves(self) -> Mask:
        """(accounts, slots): groups of which something is left when their period is over; they may hold what an earlier one left."""
        found: Mask = (self.groups.carries | self.groups.counted)[self.series, 1:]
        return found

    def _counts_periods(self) -> Mask:
        """(accounts, slots): groups that count the periods of another."""
        found: Mask = self.groups.counting[self.series, 1:]
        return found

    def _kinds(self, account: npt.NDArray[np.intp], slot: Int32) -> npt.NDArray[np.int8]:
        kinds: npt.NDArray[np.int8] = self.groups.kinds[self.series[account], slot + 1]
        return kinds

    def _say_counter(self, account: int, slot: int, counter: int, told: int, least: int, most: int) -> None:
        said = str if counter == 0 else yuan
        if not self.whole:
            expected = f"at least {said(least)}"
        elif least == most:
            expected = said(least)
        else:
            expected = f"from {said(least)} to {said(min(most, MAX_CARRIED))}"
        self._say(f"{COUNTERS[counter]} is what settled rows add up to", account, said(told), expected, slot)


def _in_file_order(ordered: Mask, order: npt.NDArray[np.intp]) -> Mask:
    found = np.zeros(len(ordered), np.bool_)
    found[order] = ordered
    return found
