"""What is settled after a person's last claim of the year (年终二次报销), as tables: a year is one claim, of what all claims of it left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.model import PERSONAL_ACCOUNT, Bands, Entry, RuleSet
from qingsuan.policy.numeric import Tables, Writer
from qingsuan.policy.resolve import Resolved, ResolvedLayer

__all__ = ["YearEnds", "YearEndsWriter", "agree_on_the_account", "by_claim"]

Int32 = npt.NDArray[np.int32]

_YEAR = "year"
_EVERYTHING = (Entry("inscp_scp_amt"),)
_COUNTED = ResolvedLayer(
    _YEAR, "oth_pay", None, None, Bands((0,), (), "period", "excess", _YEAR), None, (), _EVERYTHING
)
"""A layer that pays nothing and counts what enters: bands that the year's sum selects read it there."""


@dataclass(frozen=True)
class YearEnds:
    """How years are settled once they are over.

    Attributes
    ----------
    tables : rules by which a year is settled as one claim; the first of them only counts what enters.
    of : (variants,) int32
        By the variant of a claim, which of them settles the year whose last claim it is; -1: no layer of the rule is of the year's end.
    groups : (variants,) int32
        The group in which the year is added up, by its place among those of its pool; -1 likewise.
    entry_bp : (variants,) int64
        The share of a claim's in-scope amount that enters at all.
    layers : the layer of each rule in ``tables`` but the first.
    """

    tables: Tables
    of: Int32
    groups: Int32
    entry_bp: npt.NDArray[np.int64]
    layers: tuple[ResolvedLayer, ...]


def by_claim(resolved: Resolved) -> Resolved:
    """What of a rule is settled claim by claim."""
    return replace(resolved, layers=tuple(one for one in resolved.layers if one.year_end is None))


def _as_one_claim(layer: ResolvedLayer) -> ResolvedLayer:
    """A layer of the year's end as it settles one claim, the year: what was per year is per visit."""
    deductible, limit, bands = layer.deductible, layer.limit, layer.bands
    select = None if bands.select is None else replace(bands.select, group=_YEAR)
    return replace(
        layer,
        deductible=None if deductible is None else replace(deductible, per="visit", group=None, credits=False),
        limit=None if limit is None else replace(limit, per="visit", group=None),
        bands=replace(bands, per="visit", group=None, select=select),
        caps=tuple(replace(cap, per="visit", group=None) for cap in layer.caps if cap.amount_fen is not None),
        year_end=None,
    )


@dataclass
class YearEndsWriter:
    """Writes the layers of the year's end, variant after variant."""

    writer: Writer = field(default_factory=Writer)
    known: dict[ResolvedLayer, int] = field(default_factory=dict)
    of: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)
    entry_bp: list[int] = field(default_factory=list)

    def add(self, resolved: Resolved, groups: Sequence[str]) -> None:
        """Take in the next variant of a pool whose groups have these names."""
        found = [(layer, layer.year_end) for layer in resolved.layers if layer.year_end is not None]
        self.entry_bp.append(resolved.entry_bp)
        layer, end = found[0] if found else (None, None)
        self.of.append(-1 if layer is None else self._number(layer))
        self.groups.append(-1 if end is None else groups.index(end.group))

    def _number(self, layer: ResolvedLayer) -> int:
        if not self.known:
            self._write(_COUNTED)
        if layer not in self.known:
            self.known[layer] = self._write(_as_one_claim(layer))
        return self.known[layer]

    def _write(self, layer: ResolvedLayer) -> int:
        return self.writer.add(Resolved(0, BP_ONE, (layer,), None, ""), {_YEAR: 0}, (layer.name,), {})

    def year_ends(self) -> YearEnds | None:
        """All of them; None where no rule has a layer of the year's end."""
        if not self.known:
            return None
        return YearEnds(
            self.writer.tables(1, 1, []),
            np.array(self.of, np.int32),
            np.array(self.groups, np.int32),
            np.array(self.entry_bp, np.int64),
            tuple(self.known),
        )


def agree_on_the_account(rule_sets: Sequence[RuleSet]) -> None:
    """Refuse a turn of the personal account beside a layer of the year's end, in rule sets that follow one another.

    Raises
    ------
    PolicyError
        What the account may spend in such a turn would depend on what the end of the year gives back.
    """
    ends = [(one, layer) for one in rule_sets for layer in one.layers.values() if layer.year_end is not None]
    turns = [(one, layer) for one in rule_sets for layer in one.layers.values() if layer.fund == PERSONAL_ACCOUNT]
    if ends and turns:
        (rule_set, layer), (other, turn) = ends[0], turns[0]
        raise PolicyError(
            f"{rule_set.file}: layers.{layer.name}.year_end",
            found=f"a layer of the year's end, and layer “{turn.name}” of {other.file}, which the personal account pays",
            expected="one or the other in a pool and scheme: what is paid at the end leaves the account more than its turn knew of",
            do="let the account pay last, as it does by itself, or settle the year's end outside",
        )
