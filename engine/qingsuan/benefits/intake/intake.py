"""Rows as they come, checked on their own and made small: fen, days, code numbers.

What is wrong with a row alone is found here, in the order of the rejection codes; what needs other rows is found later, person by person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.apart.code import PluginCodeError, call_plugin
from qingsuan.benefits.intake.batch import Mask, Rows
from qingsuan.benefits.intake.dates import (
    deciding_dates,
    deciding_years,
    may_be_of_another_year,
    refuse_dates,
    refuse_missing_end,
)
from qingsuan.benefits.intake.interface import refuse_when_set
from qingsuan.benefits.intake.restore import blanks
from qingsuan.benefits.intake.roles import IDS, ids_of_shadows, role_of_flags, role_of_refused, role_outside_year
from qingsuan.benefits.named import hashes_of_named, named_ids
from qingsuan.benefits.order import ROLE
from qingsuan.benefits.setup import CLAIM_CODES, FAMILY_NO, OwnColumn, Setup, registered_amount
from qingsuan.columns.cells import (
    NO_AMOUNT,
    NO_DATE,
    OPEN_END,
    Torn,
    TypeRefused,
    read_dates,
    read_texts,
)
from qingsuan.columns.forms import CODE_FORM, form_of_kind
from qingsuan.columns.pieces import Pieces
from qingsuan.columns.rows import arrow
from qingsuan.divisions import retired
from qingsuan.errors import InputError, PluginError
from qingsuan.money import yuan
from qingsuan.policy.per_claim.names import FAMILY_KEY
from qingsuan.settlement import Taken
from qingsuan.tables import BILL, BILL_PARTS, CLAIMS, CODES, IDENTITIES, INSURED, REGISTRATIONS

__all__ = ["take_claims", "take_identities", "take_insured", "take_registrations"]

_WHOLE = r"^-?\d{1,15}$"


def _encode(setup: Setup, rows: Rows, names: Sequence[str]) -> dict[str, pa.Array]:
    fields = {}
    for name in names:
        cells = rows.cells[name]
        if cells is None:
            fields[name] = arrow(np.zeros(rows.size, np.int32))
        else:
            fields[name] = arrow(setup.vocabularies[name].encode(cells.values))
    return fields


def _refuse_codes(setup: Setup, rows: Rows, name: str, areas: npt.NDArray[np.int32]) -> None:
    """Refuse codes that neither the national table has nor the row's own region."""

    def local() -> Iterator[tuple[Mask, Sequence[str]]]:
        for region in setup.regions:
            if region.codes.get(name):
                yield setup.rows_of([region.code], areas), tuple(region.codes[name])

    rows.refuse_codes(name, tuple(CODES[name]), local)


def _own_fields(setup: Setup, rows: Rows, table: str, areas: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
    """Columns that only plugins read; which file has one of them not is remembered, for its own rows alone.

    No row of another region is refused for what it has there, and no function is given one.
    """
    fields = {}
    for own in setup.own(table):
        mine = setup.rows_asked(own.name, areas)
        if own.function:
            fields[own.name] = arrow(_call(setup, rows, own, mine))
        elif own.column not in rows.batch.schema.names:
            setup.learned.absent_columns.update((own.name, file) for file in rows.pieces.files.tolist())
            fields[own.name] = arrow(_nothing(rows, own))
        else:
            try:
                values = _values(setup, rows, own, mine)
            except (TypeRefused, pa.ArrowException) as error:
                if not mine.any():
                    fields[own.name] = arrow(_nothing(rows, own))
                    continue
                plain = own.is_number and not (own.is_amount or own.is_date)
                raise _of_other_type(
                    table, rows, own.column, "whole numbers, or text" if plain else str(error)
                ) from None
            fields[own.name] = arrow(values)
    return fields


def _nothing(rows: Rows, own: OwnColumn) -> npt.NDArray[np.int32] | npt.NDArray[np.int64]:
    return np.full(rows.size, NO_AMOUNT, np.int64) if own.is_number else np.zeros(rows.size, np.int32)


def _of_other_type(table: str, rows: Rows, column: str, expected: str) -> InputError:
    """A file has another type of column than a rule set can decide by."""
    return InputError(
        f"{table}: column {column}",
        found=f"type {rows.batch.column(column).type}: a rule set decides by this column",
        expected=expected,
        do="write the extract again with the column's true type",
    )


def _registered_amounts(setup: Setup, rows: Rows) -> dict[str, pa.Array]:
    """Amounts in columns of registrations (按个人审定金额), in fen; unknown where a file does not have the column."""
    fields = {}
    for column in setup.registered_amounts:
        values = np.full(rows.size, NO_AMOUNT, np.int64)
        if column in rows.batch.schema.names:
            try:
                values = _amounts(rows, column, np.ones(rows.size, np.bool_))
            except (TypeRefused, pa.ArrowException) as error:
                raise _of_other_type("registrations", rows, column, str(error)) from None
        fields[registered_amount(column)] = arrow(values)
    return fields


def _values(setup: Setup, rows: Rows, own: OwnColumn, mine: Mask) -> npt.NDArray[np.int32] | npt.NDArray[np.int64]:
    if own.is_amount:
        return _amounts(rows, own.column, mine)
    if own.is_date:
        return _dates(rows, own.column, mine)
    return _numbers(rows, own.column, mine) if own.is_number else _codes(setup, rows, own, mine)


def _amounts(rows: Rows, name: str, mine: Mask) -> npt.NDArray[np.int64]:
    """A plugin's column of yuan, in fen; a cell that is no amount is refused as in the columns of a bill, an empty one is unknown."""
    cells = rows.refuse_own_amounts(name, mine)
    return np.where(cells.absent, NO_AMOUNT, cells.values)


def _dates(rows: Rows, name: str, mine: Mask) -> npt.NDArray[np.int64]:
    """A plugin's column of dates, in days since 1970-01-01; a cell that is none is refused, an empty one is unknown."""
    cells = read_dates(rows.batch.column(name))
    if "E_FORM" in cells.faults:
        rows.refuse(cells.faults["E_FORM"] & mine, "E_FORM", name, form_of_kind("date"), rows.shown(name, "date"))
    return np.where(cells.values == NO_DATE, NO_AMOUNT, cells.values.astype(np.int64))


def _codes(setup: Setup, rows: Rows, own: OwnColumn, mine: Mask) -> npt.NDArray[np.int32]:
    column = rows.batch.column(own.column)
    if pa.types.is_integer(column.type):
        column = column.cast(pa.string())
    cells = read_texts(column)
    if "E_FORM" in cells.faults:
        bad = cells.faults["E_FORM"] & mine
        rows.refuse(bad, "E_FORM", own.column, CODE_FORM, rows.shown(own.column, "code"))
    return setup.vocabularies[own.name].encode(cells.values)


def _numbers(rows: Rows, name: str, mine: Mask) -> npt.NDArray[np.int64]:
    """A plugin's column of whole numbers; a cell that is none is refused, an empty one is unknown."""
    column = rows.batch.column(name)
    if not pa.types.is_integer(column.type):
        texts = read_texts(column)
        plain = texts.values.dictionary_decode() if pa.types.is_dictionary(texts.values.type) else texts.values
        good = pc.match_substring_regex(plain, _WHOLE).to_numpy(zero_copy_only=False)
        rows.refuse(
            ~good & ~texts.absent & mine,
            "E_FORM",
            name,
            "a whole number of at most 15 digits, or nothing",
            rows.shown(name, "count"),
        )
        column = pc.if_else(pa.array(good), plain, pa.scalar(None, pa.string()))
    numbers: npt.NDArray[np.int64] = pc.fill_null(column.cast(pa.int64()), NO_AMOUNT).to_numpy(zero_copy_only=False)
    return numbers


def _call(setup: Setup, rows: Rows, own: OwnColumn, mine: Mask) -> npt.NDArray[np.int32]:
    """Ask a plugin's function for the codes of its region's rows; it is given the columns that it declares, and no others."""
    codes = np.zeros(rows.size, np.int32)
    if not mine.any():
        return codes
    region = next(region for region in setup.regions if region.code == own.region)
    where = f"plugin of region {region.code}: function {own.function}"
    try:
        function = region.functions[own.function]
        batch = rows.typed(function.columns, mine)
        values = call_plugin(_texts_of, function.call, batch)
    except PluginCodeError as error:
        do = "mend the function, or ask those who wrote the plugin"
        raise PluginError(
            where, found=str(error), expected="an array of codes (text), one for each row", do=do
        ) from error
    if len(values) != batch.num_rows:
        raise PluginError(where, found=f"{len(values)} codes", expected=f"one for each of {batch.num_rows} rows")
    codes[mine] = setup.vocabularies[own.name].encode(values)
    return codes


def _texts_of(function: Callable[[Any], Any], batch: pa.RecordBatch) -> pa.Array:
    codes = function(batch)
    return read_texts(codes if isinstance(codes, pa.Array | pa.ChunkedArray) else pa.array(codes, pa.string())).values


def _refuse_amounts(rows: Rows, role: npt.NDArray[np.int8]) -> dict[str, npt.NDArray[np.int64]]:
    money = {name: rows.ints(name, np.int64, 0) for name in BILL}
    rows.refuse_faults("E_SCALE")
    rows.refuse_faults("E_RANGE")
    for column in rows.columns:
        cells = rows.cells[column.name]
        if column.kind == "money" and cells is not None and cells.values.min(initial=0) < 0:
            expected = "an amount of 0 or more; only a reversal (refd_setl_flag = 1) is negative"
            claim = (role & ROLE["reversal"]) == 0
            rows.refuse((cells.values < 0) & claim, "E_NEGATIVE", column.name, expected)
    first, *others = (money[name] for name in BILL_PARTS)
    total = first.copy()
    for part in others:
        total += part
    wrong = money["medfee_sumamt"] != total
    if wrong.any():
        sums = pa.array([yuan(int(amount)) for amount in total[wrong]], pa.string())
        places = np.zeros(rows.size, np.int64)
        places[wrong] = np.arange(int(wrong.sum()))
        expected = pc.binary_join_element_wise("the sum of its four parts, ", sums.take(pa.array(places)), "")
        rows.refusals.add(wrong, "E_COMPOSITION", "medfee_sumamt", rows.batch.column("medfee_sumamt"), expected)
    return money


def take_claims(setup: Setup, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
    """Read a batch of claims.

    Parameters
    ----------
    batch
        Claims with the columns of :data:`qingsuan.tables.CLAIMS` (checked by :func:`qingsuan.run.inputs.check_columns`).
    pieces
        Where its rows come from.
    torn
        Its rows that have too few or too many cells, all of them null.

    Returns
    -------
    Taken
        Its rows are those that stand so far; and as shadows those refused rows whose person can be read and that are
        not void: their ``role`` says so, and beside it the ids, the benefit date, the scheme and the area mean something, so
        far as they can be read.
    """
    rows = Rows(batch, CLAIMS, pieces, torn)
    rows.refuse_void()
    void = rows.refusals.refused.copy()
    rows.refuse_missing()
    fields = _encode(setup, rows, CLAIM_CODES)
    kinds, years = deciding_dates(setup, rows, fields), deciding_years(setup, rows, fields)
    refuse_missing_end(rows, kinds)
    rows.refuse_forms()
    for name in ("insu_admdvs", "fix_blng_admdvs"):
        rows.refuse_unlike_form(name)
    areas = fields["insu_admdvs"].to_numpy(zero_copy_only=False)
    fields.update(_own_fields(setup, rows, "claims", areas))
    for name in ("insutype", "med_type"):
        _refuse_codes(setup, rows, name, areas)
    refuse_when_set(setup, rows, fields)
    role = role_of_flags(rows.cells, rows.size)
    money = _refuse_amounts(rows, role)
    benefit = refuse_dates(rows, kinds, may_be_of_another_year(setup, role, areas), years)
    _refuse_unserved(setup, rows, areas)
    referral = rows.ints("refl_flag", np.int8, 0) + 2 * rows.ints("er_flag", np.int8, 0)
    fields.update(
        referral=arrow(referral.astype(np.int8)),
        acct_used=arrow(rows.ints("acct_used_flag", np.int8, 0).astype(np.int8)),
        benefit=arrow(benefit),
        begndate=arrow(rows.ints("begndate", np.int32, NO_DATE)),
        enddate=arrow(rows.ints("enddate", np.int32, NO_DATE)),
        setl_time=arrow(rows.ints("setl_time", np.int64, 0)),
        blank=arrow(blanks(batch, rows.cells)),
        **{name: arrow(values) for name, values in money.items()},
    )
    fields.update({name: arrow(_amount_or_none(rows, name)) for name in setup.paid_columns})
    refused = rows.refusals.refused
    if setup.has_stays:
        fields.update(
            mdtrt_id=ids_of_shadows("mdtrt_id", rows.texts("mdtrt_id"), rows.cells["mdtrt_id"], refused),
            mid_setl=arrow(rows.ints("mid_setl_flag", np.int8, 0).astype(np.int8)),
        )
    role = role_of_refused(role, refused, rows.cells, money)
    fields["role"] = arrow(role_outside_year(role, benefit, kinds, rows.cells, years))
    shadows = refused & ~void & ~rows.absent("psn_no") if refused.any() else None
    fields.update({name: ids_of_shadows(name, rows.texts(name), rows.cells[name], refused) for name in IDS})
    if role.any():
        _note_what_reversals_name(setup, rows, fields, void)
    return rows.finish(fields, shadows)


def _note_what_reversals_name(setup: Setup, rows: Rows, fields: Mapping[str, pa.Array], void: Mask) -> None:
    """Note which ids reversals name; where ``psn_no`` is absent or of a wrong form, claims of anybody may be meant."""
    reversal = ((fields["role"].to_numpy(zero_copy_only=False) & ROLE["reversal"]) != 0) & ~void
    if not reversal.any():
        return
    ids = fields["setl_id"], fields["init_setl_id"]
    setup.learned.named_by_reversals.append(hashes_of_named(*ids, np.flatnonzero(reversal)))
    of_nobody = np.flatnonzero(reversal & (rows.absent("psn_no") | rows.faulty("psn_no")))
    named = named_ids(*ids, rows.refusals.files, rows.refusals.rows, of_nobody)
    if named.num_rows:
        setup.learned.reversals_of_nobody.append(named)


def _amount_or_none(rows: Rows, name: str) -> npt.NDArray[np.int64]:
    """A column of amounts in fen; ``NO_AMOUNT`` where a cell, or the column, is absent."""
    cells = rows.cells[name]
    values = np.full(rows.size, NO_AMOUNT) if cells is None else np.where(cells.absent, NO_AMOUNT, cells.values)
    return values.astype(np.int64)


def _refuse_unserved(setup: Setup, rows: Rows, areas: npt.NDArray[np.int32]) -> None:
    """Claims of pools that no plugin serves: refused if that was asked for, else counted, to stop the run."""
    texts = setup.vocabularies["insu_admdvs"].texts
    numbers = np.flatnonzero(np.bincount(areas))
    nobody = numbers[[setup.places.pool_of(texts[number]) < 0 for number in numbers]]
    if not len(nobody):
        return
    mask = np.isin(areas, nobody)
    if setup.skip_unserved:
        for number in nobody:
            if moved := retired(texts[number]):
                rows.refuse(areas == number, "E_POOL", "insu_admdvs", f"the code of today: {moved}")
        rows.refuse(mask, "E_POOL", "insu_admdvs", "an area of a pool that an installed plugin serves")
        return
    counts = np.bincount(areas[mask & ~rows.refusals.refused], minlength=len(texts))
    setup.learned.unserved.update({texts[number]: int(counts[number]) for number in nobody if counts[number]})


def take_insured(setup: Setup, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
    """Read a batch of insured rows; like :func:`take_claims`."""
    rows = Rows(batch, INSURED, pieces, torn)
    rows.refuse_void()
    rows.refuse_missing()
    rows.refuse_forms()
    rows.refuse_unlike_form("insu_admdvs")
    fields = _encode(setup, rows, ("insutype", "insu_admdvs", "psn_type"))
    areas = fields["insu_admdvs"].to_numpy(zero_copy_only=False)
    own_fields = _own_fields(setup, rows, "insured", areas)
    for name in ("insutype", "psn_type"):
        _refuse_codes(setup, rows, name, areas)
    rows.refuse_faults("E_SCALE")
    rows.refuse_faults("E_RANGE")
    balance = rows.ints("acct_balc", np.int64, 0)
    if balance.min(initial=0) < 0:
        rows.refuse(balance < 0, "E_NEGATIVE", "acct_balc", "a balance of 0 or more")
    begin, end = _period(rows, "begndate", "enddate")
    fields.update(
        psn_no=rows.texts("psn_no"),
        begndate=arrow(begin),
        enddate=arrow(end),
        brdy=arrow(rows.ints("brdy", np.int32, NO_DATE)),
        wait_end=arrow(rows.ints("wait_end_date", np.int32, NO_DATE)),
        acct_balc=arrow(_amount_or_none(rows, "acct_balc")),
    )
    fields.update(own_fields)
    return rows.finish(fields)


def _period(rows: Rows, begin_name: str, end_name: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    begin = rows.ints(begin_name, np.int32, NO_DATE)
    end = rows.ints(end_name, np.int32, NO_DATE)
    closed = end != NO_DATE
    rows.refuse((end < begin) & closed, "E_DATE", end_name, f"a date not before {begin_name}")
    return begin.astype(np.int32), np.where(closed, end, OPEN_END).astype(np.int32)


def take_identities(setup: Setup, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
    """Read a batch of identities; like :func:`take_claims`. Codes that no rule set knows are kept, to be counted."""
    rows = Rows(batch, IDENTITIES, pieces, torn)
    rows.refuse_void()
    rows.refuse_missing()
    rows.refuse_forms()
    rows.refuse_unlike_form("psn_idet_type")
    begin, end = _period(rows, "begntime", "endtime")
    fields = _encode(setup, rows, ("psn_idet_type",))
    fields.update(psn_no=rows.texts("psn_no"), begntime=arrow(begin), endtime=arrow(end))
    return rows.finish(fields)


def take_registrations(setup: Setup, batch: pa.RecordBatch, pieces: Pieces, torn: Sequence[Torn] = ()) -> Taken:
    """Read a batch of registrations (备案); like :func:`take_claims`. Those that no rule set asks for are kept: rules change."""
    rows = Rows(batch, REGISTRATIONS, pieces, torn)
    rows.refuse_void()
    rows.refuse_missing()
    rows.refuse_forms()
    begin, end = _period(rows, "begndate", "enddate")
    by_family = setup.by_family and not setup.asks_families
    fields = _encode(setup, rows, ("reg_type",) if by_family else ("reg_type", "reg_value"))
    if setup.by_family:
        fields.update(_families(setup, rows))
    fields.update(_registered_amounts(setup, rows))
    fields.update(psn_no=rows.texts("psn_no"), begndate=arrow(begin), enddate=arrow(end))
    return rows.finish(fields)


def _families(setup: Setup, rows: Rows) -> dict[str, pa.Array]:
    """Numbers of families (户号) as texts: there are as many as families, and no vocabulary learns them unless a dimension asks."""
    types, values = rows.texts("reg_type"), rows.texts("reg_value")
    is_family = pc.equal(types, FAMILY_KEY)
    found = {FAMILY_NO: pc.if_else(is_family, values, "").cast(pa.string())}
    if not setup.asks_families:
        others = pc.if_else(is_family, "", values)
        found["reg_value"] = arrow(setup.vocabularies["reg_value"].encode(others))
    return found
