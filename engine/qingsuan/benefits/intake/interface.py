"""Columns of the national interface that say more about a claim than is settled: rows in which they do are refused.

Which they are, and why, is written in :data:`qingsuan.tables.INTERFACE`. A pool whose rule set reads such a column as a
dimension of its own understands it, and decides by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.benefits.intake.batch import Rows
from qingsuan.benefits.setup import Setup
from qingsuan.errors import InputError
from qingsuan.tables import INTERFACE, InterfaceColumn

__all__ = ["REFUSED_WHEN_SET", "check_refused_types", "refuse_when_set"]

REFUSED_WHEN_SET: tuple[str, ...] = tuple(column.name for column in INTERFACE if column.treated == "refused")
"""The columns that are looked at only to refuse rows; read where a file has them."""

Mask = npt.NDArray[np.bool_]

_NO_AMOUNT_TEXT = r"^[+-]?0*\.?0*(E[+-]?\d+)?$"
_OUTPATIENT = ("1", "41", "51")
"""How codes of care begin that are no stay (住院): outpatient care, pharmacies, outpatient maternity care."""

_HARMLESS: Mapping[str, tuple[str, ...]] = {
    "pay_loc": ("1", "2", "5"),
    "nwb_flag": ("0",),
    "psn_setlway": ("01",),
    "cal_ipt_cnt": ("1",),
    "out_flag": ("0",),
    "fund_pay_type": (),
    "fund_payamt": (),
}
_ABROAD: Mapping[str, tuple[str, ...]] = {"pay_loc": ("3", "4"), "out_flag": ("1", "2")}
_AMOUNTS = ("hosp_part_amt", "ownpay_hosp_part", "crov_old_balc", "crov_new_balc")


def check_refused_types(where: str, schema: pa.Schema) -> None:
    """Check that the columns that are looked at only to refuse rows can be read as texts.

    Raises
    ------
    InputError
        One of them is of a type that has no texts.
    """
    there = set(schema.names)
    for name in REFUSED_WHEN_SET:
        if name in there:
            kind = schema.field(name).type
            try:
                _texts(pa.array([], kind))
            except pa.ArrowException:
                raise InputError(
                    f"{where}: column {name}",
                    found=f"type {kind}",
                    expected="text, or a number: a row in which it says something is refused",
                    do="write the extract again with the column's true type, or without it",
                ) from None


def refuse_when_set(setup: Setup, rows: Rows, codes: Mapping[str, pa.Array]) -> None:
    """Refuse rows in which a column says what is not settled.

    Parameters
    ----------
    codes
        Code columns of the rows, as numbers of the run's vocabularies.
    """
    for column in INTERFACE:
        if column.treated == "refused" and column.name in rows.batch.schema.names:
            _refuse(setup, rows, codes, column)


def _refuse(setup: Setup, rows: Rows, codes: Mapping[str, pa.Array], column: InterfaceColumn) -> None:
    encoded = _texts(rows.batch.column(column.name)).dictionary_encode()
    texts = [text or "" for text in encoded.dictionary.to_pylist()]
    said = np.array([text != "" and not _is_harmless(setup, column.name, text) for text in texts], np.bool_)
    if not said.any():
        return
    which = pc.fill_null(encoded.indices, 0).to_numpy(zero_copy_only=False)
    mask: Mask = said[which] & encoded.indices.is_valid().to_numpy(zero_copy_only=False)
    mask &= ~_understood(setup, column.name, codes)
    excused = _EXCUSES.get(column.name)
    if excused is not None:
        mask &= ~excused(setup, codes, np.array(texts, np.str_)[which])
    if mask.any():
        rows.refuse(mask, "E_CODE", column.name, f"nothing, or {column.unless}: {column.why}", encoded)


def _texts(column: pa.Array) -> pa.Array:
    """A column of any type as texts; of a flag, 0 and 1."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return column.cast(pa.string())


def _is_harmless(setup: Setup, name: str, text: str) -> bool:
    """Whether a value says nothing that would have to be settled, whatever else stands in the row."""
    if name in _AMOUNTS:
        return bool(pc.match_substring_regex(pa.scalar(text), _NO_AMOUNT_TEXT).as_py())
    if name == "year":
        return text in {str(setup.year), *(str(setup.year + 1) for _ in setup.other_years)}
    return text in _HARMLESS.get(name, ())


def _understood(setup: Setup, name: str, codes: Mapping[str, pa.Array]) -> Mask:
    """Rows of pools and schemes whose rule sets read the column themselves."""
    readers = {
        (rule_set.pool, scheme)
        for rule_set in setup.program.rule_sets
        if any(one.table == "claims" and one.column == name for one in rule_set.dimensions)
        for scheme in rule_set.schemes
    }
    area, scheme = (_column(codes, column) for column in ("insu_admdvs", "insutype"))
    found = np.zeros(len(area), np.bool_)
    if readers:
        pools, schemes = _pools(setup, "insu_admdvs", area), setup.vocabularies["insutype"].texts
        served = [pool.code for pool in setup.places.pools]
        for pool, name_of_scheme in sorted(readers):
            if name_of_scheme in schemes:
                found |= (pools == served.index(pool)) & (scheme == schemes.index(name_of_scheme))
    return found


def _column(codes: Mapping[str, pa.Array], name: str) -> npt.NDArray[np.int32]:
    numbers: npt.NDArray[np.int32] = codes[name].to_numpy(zero_copy_only=False)
    return numbers


def _pools(setup: Setup, name: str, areas: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """The pool of each area, -1 for none; each different one is looked up once."""
    texts = setup.vocabularies[name].texts
    table = np.full(len(texts), -1, np.int32)
    for number in np.unique(areas).tolist():
        table[number] = setup.places.pool_of(texts[number]) if texts[number] else -1
    found: npt.NDArray[np.int32] = table[areas]
    return found


def _is_away(setup: Setup, codes: Mapping[str, pa.Array]) -> Mask:
    """Whether a claim says that it was treated outside the pool."""
    treated = _column(codes, "fix_blng_admdvs")
    texts = setup.vocabularies["fix_blng_admdvs"].texts
    known = np.array([text != "" for text in texts], np.bool_)[treated]
    away: Mask = known & (
        _pools(setup, "fix_blng_admdvs", treated) != _pools(setup, "insu_admdvs", _column(codes, "insu_admdvs"))
    )
    return away


def _away(name: str) -> Callable[[Setup, Mapping[str, pa.Array], npt.NDArray[np.str_]], Mask]:
    return lambda setup, codes, texts: np.isin(texts, _ABROAD[name]) & _is_away(setup, codes)


def _no_stay(setup: Setup, codes: Mapping[str, pa.Array], texts: npt.NDArray[np.str_]) -> Mask:
    kinds = setup.vocabularies["med_type"].texts
    is_none = np.array([kind.startswith(_OUTPATIENT) for kind in kinds], np.bool_)
    found: Mask = (texts == "0") & is_none[_column(codes, "med_type")]
    return found


def _same_pool(setup: Setup, codes: Mapping[str, pa.Array], texts: npt.NDArray[np.str_]) -> Mask:
    """Also where nobody serves the pool: then that is the reason."""
    different, number = np.unique(texts, return_inverse=True)
    named = np.array([setup.places.pool_of(text) if text else -1 for text in different.tolist()], np.int32)[number]
    pools = _pools(setup, "insu_admdvs", _column(codes, "insu_admdvs"))
    found: Mask = (named == pools) | (pools < 0)
    return found


def _disease_known(setup: Setup, codes: Mapping[str, pa.Array], texts: npt.NDArray[np.str_]) -> Mask:
    known = np.array([text != "" for text in setup.vocabularies["dise_code"].texts], np.bool_)
    found: Mask = known[_column(codes, "dise_code")]
    return found


_EXCUSES: Mapping[str, Callable[[Setup, Mapping[str, pa.Array], npt.NDArray[np.str_]], Mask]] = {
    "pay_loc": _away("pay_loc"),
    "out_flag": _away("out_flag"),
    "cal_ipt_cnt": _no_stay,
    "poolarea_no": _same_pool,
    "dise_no": _disease_known,
}
"""Where other columns of the row say enough: which rows a value is no reason to refuse."""
