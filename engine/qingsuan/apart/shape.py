"""What a region that a plugin hands over must look like: every field of its type, every code of its form."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.policy.model import FOLDERS, Function, Pool, Region
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.tables import CLAIMS, CODES, IDENTITIES, INSURED

__all__ = ["problem_of"]

_CODE_COLUMNS = {column.name for column in (*CLAIMS, *INSURED, *IDENTITIES) if column.kind == "code"}

_CLAIMS = tuple(column.name for column in CLAIMS)


class _ShapeError(Exception):
    """A field has another type than :class:`~qingsuan.Region` says, or a value that cannot be."""


def problem_of(region: Region) -> str:
    """Say what is wrong with a region, in one line for those who installed its plugin; nothing if it can be used."""
    try:
        _check(region)
    except _ShapeError as error:
        return str(error)
    return ""


def _check(region: Region) -> None:
    if not (_is_code(region.code, 6) and region.code.endswith("0000") and _is_text(region.name)):
        raise _ShapeError(
            f'its region "{region.code}" "{region.name}" is not a six-digit code ending in 0000 with a name'
        )
    if not _is_tuple_of(region.pools, Pool):
        raise _ShapeError("its Region(pools=…) is not a tuple of qingsuan.Pool")
    owners: dict[str, str] = {}
    for pool in region.pools:
        _check_pool(pool, region, owners)
    codes = [pool.code for pool in region.pools]
    if len(set(codes)) < len(codes):
        raise _ShapeError(f"its Region(pools=…) has a pool code twice: {', '.join(sorted(codes))}")
    for name in FOLDERS:
        _check_folder(getattr(region, name), name)
    _check_codes(region)
    _check_functions(region)


def _is_code(code: object, digits: int) -> bool:
    return isinstance(code, str) and len(code) == digits and code.isascii() and code.isdigit()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_tuple_of(value: object, kind: type) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, kind) for item in value)


def _check_folder(folder: object, field: str) -> None:
    if not (folder is None or callable(getattr(folder, "iterdir", None))):
        raise _ShapeError(f"its Region({field}=…) is {_kind(folder)}, not a folder, a path, or None")


def _check_functions(region: Region) -> None:
    if not _is_mapping(region.functions):
        raise _ShapeError(f"its Region(functions=…) is {_kind(region.functions)}, not a mapping of names to functions")
    for name, function in region.functions.items():
        if not (type(function) is Function and callable(function.call)):
            raise _ShapeError(
                f'its Region(functions={{"{name}": …}}) is not a qingsuan.Function: write Function({name}, columns=("setl_time",)) with '
                "the columns of claims that it reads"
            )
        if not (_is_tuple_of(function.columns, str) and function.columns):
            raise _ShapeError(f'its function "{name}" has no tuple of columns, such as ("setl_time",)')
        for column in function.columns:
            if column not in _CLAIMS:
                hint = did_you_mean(column, _CLAIMS) or "docs/tables.md lists them"
                raise _ShapeError(f'its function "{name}" names no column of claims "{column}": {hint}')
        if len(set(function.columns)) < len(function.columns):
            raise _ShapeError(f'its function "{name}" names a column twice: {", ".join(function.columns)}')


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _is_mapping(value: object) -> bool:
    """Whether it maps texts to anything."""
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def _check_pool(pool: Pool, region: Region, owners: dict[str, str]) -> None:
    inside = region.code[:2]
    if not _is_text(pool.name):
        raise _ShapeError(f'its pool "{pool.code}" has {_kind(pool.name)} as its name, not a text')
    if not (_is_code(pool.code, 6) and pool.code.startswith(inside)):
        raise _ShapeError(f'its pool "{pool.code}" {pool.name} is not a six-digit code of region {region.code}')
    if not (_is_tuple_of(pool.prefixes, str) and pool.prefixes):
        raise _ShapeError(f"its pool {pool.code} {pool.name} has no tuple of prefixes, such as ({pool.code[:4]!r},)")
    for prefix in pool.prefixes:
        if not (any(_is_code(prefix, digits) for digits in range(2, 7)) and prefix.startswith(inside)):
            raise _ShapeError(f'its pool {pool.code} claims "{prefix}": not two to six digits of region {region.code}')
        if prefix in owners:
            raise _ShapeError(f'its pools {owners[prefix]} and {pool.code} both claim "{prefix}"')
        owners[prefix] = pool.code


def _check_codes(region: Region) -> None:
    if not _is_mapping(region.codes):
        raise _ShapeError(f"its Region(codes=…) is {_kind(region.codes)}, not a mapping of columns to codes")
    for column, codes in region.codes.items():
        if column not in _CODE_COLUMNS:
            hint = did_you_mean(column, _CODE_COLUMNS) or f"one of {', '.join(sorted(_CODE_COLUMNS))}"
            raise _ShapeError(f'its Region(codes=…) names no column of codes "{column}": {hint}')
        if not (_is_mapping(codes) and all(_is_text(each) for pair in codes.items() for each in pair)):
            raise _ShapeError(
                f'its Region(codes={{"{column}": …}}) does not map codes to their meaning, all of them texts'
            )
        for code in codes:
            if code in CODES.get(column, {}):
                raise _ShapeError(
                    f'its Region(codes=…) redefines the national {column} "{code}": only additions are allowed'
                )
