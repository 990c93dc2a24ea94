"""Groups kept apart by a key (单病种限额, 定点一家): which of them a rule has, and where the counters of each key are kept.

Each person, account and key has a *block*, which has the cells of an account's groups. The core knows no text: blocks are numbered
here, within their person from 1, and of each claim it is told the number for every key that the claim's rule counts by. The block of a
key that people share (以户为单位) is of no account; then those who share stand at the core's door as one person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qingsuan.benefits.core.ranges import Ranges, columns_of

__all__ = [
    "BLOCK_CELLS",
    "KEYED_GROUP_FIELDS",
    "KEYED_VARIANT_FIELDS",
    "Carried",
    "Key",
    "KeyedPlan",
    "check_keyed",
    "no_blocks",
    "number_blocks",
    "number_carried",
    "write_keyed",
]

KEYED_VARIANT_FIELDS = ("group_start", "group_end")
KEYED_GROUP_FIELDS = ("slot_cell", "key", "shared")
BLOCK_CELLS = 2
"""Before the groups of a block: for whom it is opened; and of which account it is, or where people share it, of which day (-1 - day)."""

Bool = npt.NDArray[np.bool_]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
_KEYED = Ranges("plan: keys")
NOTHING_SHARED: Mapping[int, Int32] = MappingProxyType({})


class Key(NamedTuple):
    """Claims that count by one key, read from one column: its number, what messages call it, places, values, which of these are absent.

    ``values`` are numbers of ``texts``.
    """

    number: int
    called: str
    places: Int32
    values: Int32
    absent: Bool
    texts: Sequence[str]


class Carried(NamedTuple):
    """The blocks of all accounts, numbered from 1.

    Attributes
    ----------
    numbers : (keys, n) int32
        Of each claim and key the number of its block, 0 where it does not count by the key.
    opened : (o,) int32
        The number of each block that was opened before.
    account, value : (b,) int32
        Of each block its account, and the number of the key's value.
    """

    numbers: Int32
    opened: Int32
    account: Int32
    value: Int32


@dataclass(frozen=True)
class KeyedPlan:
    """Tables for :class:`qingsuan._kernel.Tables`, all int64; without rows where no group is kept apart by a key.

    Attributes
    ----------
    variants, groups : (n, len(KEYED_…_FIELDS))
        Rows of ``variants`` are those of the plan.
    needs : (variants, keys) bool
        By which keys a rule counts: its claims must have them.
    shared : (keys,) bool
        Which keys people share.
    width : int
        How many cells the groups of an account have.
    """

    variants: Int64
    groups: Int64
    needs: Bool
    shared: Bool
    width: int

    @property
    def block_width(self) -> int:
        """How many cells a block has."""
        return self.width + BLOCK_CELLS

    def check_numbers(self, variant: Int32, keys: Int32) -> Bool | None:
        """Check that every claim has a number for each key by which its rule counts; returns which claims count by any.

        Raises
        ------
        ValueError
            One has none, or ``keys`` has not a column for each key: a bug in the caller.
        """
        if not len(self.variants):
            return None
        if keys.shape != (self.needs.shape[1], len(variant)):
            raise ValueError("keys: a row for each key, and as many columns as there are claims, are needed")
        wanted: Bool = np.concatenate([self.needs, np.zeros((1, self.needs.shape[1]), np.bool_)])[variant].T
        if (wanted & (keys < 1)).any():
            raise ValueError("keys: a claim whose rule counts by a key has none")
        return np.asarray(wanted.any(axis=0))


def write_keyed(
    keys: Int64, shared: Int64, groups: Sequence[Collection[int]], group_width: int, slots: int
) -> KeyedPlan:
    """Write the tables.

    Parameters
    ----------
    keys : (variants, slots)
        By which key a rule's slot is kept apart, -1 for none; or no rows.
    shared
        The keys that people share.
    groups
        The slots that each rule reads or counts on.
    """
    variants: list[list[int]] = []
    rows: list[list[int]] = []
    needs = np.zeros((len(keys), int(keys.max(initial=-1)) + 1), np.bool_)
    for variant, key_of in enumerate(keys.tolist()):
        start = len(rows)
        mine = [slot for slot in sorted(groups[variant]) if key_of[slot] >= 0]
        rows += [[slot * group_width, key_of[slot], int(key_of[slot] in shared)] for slot in mine]
        needs[variant, [key_of[slot] for slot in mine]] = True
        variants.append([start, len(rows)])
    return KeyedPlan(
        np.array(variants, np.int64).reshape(-1, len(KEYED_VARIANT_FIELDS)),
        np.array(rows, np.int64).reshape(-1, len(KEYED_GROUP_FIELDS)),
        needs,
        np.isin(np.arange(needs.shape[1]), shared),
        slots * group_width,
    )


def check_keyed(plan: KeyedPlan, variants: int, group_width: int, slots: int) -> None:
    """Check that nothing of it leads the core out of a table, an account or a block.

    Raises
    ------
    ValueError
        Something does: a mistake in what made the plan.
    """
    if len(plan.variants) not in (0, variants) or len(plan.needs) != len(plan.variants):
        raise ValueError(f"plan: keys: {len(plan.variants)} rows of variants, expected none or {variants}")
    if plan.width != slots * group_width:
        raise ValueError(f"plan: keys: {plan.width} cells, expected those of {slots} groups")
    spans, groups = columns_of(plan.variants, KEYED_VARIANT_FIELDS), columns_of(plan.groups, KEYED_GROUP_FIELDS)
    _KEYED.spans("groups", spans["group_start"], spans["group_end"], len(plan.groups))
    cell = groups["slot_cell"]
    of_a_group = (cell >= 0) & (cell < plan.width) & (cell % group_width == 0)
    _KEYED.must("slot_cell", cell, of_a_group, "the first cell of a group")
    _KEYED.within("key", groups["key"], 0, plan.needs.shape[1] - 1)
    if len(plan.shared) != plan.needs.shape[1] or not np.array_equal(plan.shared[groups["key"]], groups["shared"]):
        raise ValueError("plan: keys: a group is shared, and its key is not; or its key is, and it is not")
    for number, (start, end) in enumerate(plan.variants.tolist()):
        if not plan.needs[number, plan.groups[start:end, 1]].all():
            raise ValueError(f"plan: keys: rule {number} counts by a key that it does not need")


def no_blocks() -> Int32:
    """What a claim's keys are where no rule counts by any."""
    return np.zeros((0, 0), np.int32)


def number_carried(
    account: Int32, claims: Sequence[tuple[int, Int32, Int32]], opened: tuple[Int32, Int32, Int32], keys: int
) -> Carried:
    """Number the blocks of all accounts from 1, in their order: those of claims, and those that were opened before.

    Parameters
    ----------
    account : (n,) int32
        By place.
    claims
        As for :func:`number_blocks`; all number values alike.
    opened
        Account, key and value of each block that was opened before; a block may be there several times.
    keys
        How many keys there are.
    """
    places = [at for _, at, _ in claims]
    of_claims = [(account[at], np.full(len(at), number, np.int32), value) for number, at, value in claims]
    columns = np.stack([np.concatenate(some) for some in zip(opened, *of_claims, strict=True)])
    blocks, number = np.unique(columns, axis=1, return_inverse=True)
    number = (number.reshape(-1) + 1).astype(np.int32)
    numbers = np.zeros((keys, len(account)), np.int32)
    start = len(opened[0])
    for (key, _, _), at in zip(claims, places, strict=True):
        numbers[key, at] = number[start : start + len(at)]
        start += len(at)
    return Carried(numbers, number[: len(opened[0])].astype(np.int32), blocks[0], blocks[2])


def number_blocks(
    person: Int32,
    account: Int32,
    claims: Sequence[tuple[int, Int32, Int32]],
    keys: int,
    shared_in: Mapping[int, Int32] = NOTHING_SHARED,
) -> Int32:
    """Number each person's blocks from 1.

    Parameters
    ----------
    person, account : (n,) int32
        By place: never falling; and an account of the person.
    claims
        Some claims that count by a key: its number, their places, and the number of its value at each. One account's claims
        of one key number values alike.
    keys
        How many keys there are.
    shared_in
        Of each key that people share, what takes the place of the account, by place: a number of scheme and pool.

    Returns
    -------
    (keys, n) int32: the number of the block, 0 where a claim does not count by the key.
    """
    numbers = np.zeros((keys, len(person)), np.int32)
    if not claims:
        return numbers
    places = np.concatenate([at for _, at, _ in claims])
    key = np.repeat(np.array([number for number, _, _ in claims], np.int32), [len(at) for _, at, _ in claims])
    owner = np.concatenate([shared_in.get(number, account)[at] for number, at, _ in claims])
    columns = [np.concatenate([value for _, _, value in claims]), key, owner, person[places]]
    order = np.lexsort(columns)
    differs, first = (
        np.r_[True, np.logical_or.reduce([one[order][1:] != one[order][:-1] for one in some])]
        for some in (columns, columns[-1:])
    )
    count = np.cumsum(differs)
    before = np.maximum.accumulate(np.where(first, count - 1, 0))
    numbers[key[order], places[order]] = count - before
    return numbers
