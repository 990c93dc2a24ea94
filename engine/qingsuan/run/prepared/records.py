"""``year.json`` and ``delivery.json``: what they say, how they are written, and how they are read without trusting them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qingsuan.errors import InputError
from qingsuan.run.folder import draft, sync
from qingsuan.run.folder.disk import writing
from qingsuan.run.folder.known import MOST_PARTITIONS, TEMPORARY
from qingsuan.run.prepared.files import reading
from qingsuan.run.prepared.layout import (
    DELIVERY_RECORD,
    FORMAT,
    VERSION,
    YEAR_RECORD,
    delivery_name,
    part_name,
)
from qingsuan.run.prepared.sums import Stored

__all__ = ["DeliveryRecord", "YearRecord", "read_delivery", "read_year", "write_delivery", "write_year"]

_DIGEST = "delivery.json sha256"


@dataclass(frozen=True, slots=True)
class YearRecord:
    """What ``year.json`` says.

    Attributes
    ----------
    made_by
        Whatever JSON the maker of the year gave.
    deliveries
        The SHA-256 of each delivery's ``delivery.json``, in the order in which they were added.
    """

    settlement: str
    year: int
    partitions: int
    made_by: Any
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What ``delivery.json`` says.

    Attributes
    ----------
    state
        Whatever JSON the maker of the delivery gave.
    tables
        The tables that are in parts, each with the Arrow types of its columns.
    files
        Every file of the delivery by name, with its size and digest.
    """

    state: Any
    tables: Mapping[str, Mapping[str, str]]
    files: Mapping[str, Stored]


def write_year(folder: Path, record: YearRecord) -> None:
    """Write or replace ``year.json``: from now on the year is what it says. It is the old one or the new one at any moment.

    Raises
    ------
    RunError
        It cannot be written.
    """
    content = {
        "format": FORMAT,
        "version": VERSION,
        "settlement": record.settlement,
        "year": record.year,
        "partitions": record.partitions,
        "made_by": record.made_by,
        "deliveries": [
            {"folder": delivery_name(number), _DIGEST: digest} for number, digest in enumerate(record.deliveries, 1)
        ],
    }
    temporary = folder / f"{TEMPORARY}{YEAR_RECORD}"
    draft(temporary, lambda path: path.write_bytes(_json(content)), YEAR_RECORD)
    with writing(folder / YEAR_RECORD):
        temporary.replace(folder / YEAR_RECORD)
        sync(folder)


def write_delivery(folder: Path, record: DeliveryRecord) -> str:
    """Write ``delivery.json``, and return its SHA-256.

    Raises
    ------
    RunError
        It cannot be written.
    """
    files = [asdict(written) for _, written in sorted(record.files.items())]
    content = _json({"state": record.state, "tables": record.tables, "files": files})
    return draft(folder / DELIVERY_RECORD, lambda path: path.write_bytes(content), DELIVERY_RECORD).sha256


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def read_year(folder: Path) -> YearRecord:
    """Read ``year.json``.

    Raises
    ------
    InputError
        It is none, or one of another version.
    """
    path = folder / YEAR_RECORD
    with reading(path):
        content = json.loads(path.read_bytes())
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(str(path), found="not the record of a prepared year", expected=f'"format": "{FORMAT}"')
    if content.get("version") != VERSION:
        raise InputError(
            str(path),
            found=f"version {content.get('version')} of the format",
            expected=f"version {VERSION}",
            do="use the qingsuan that prepared it, or prepare the year again",
        )
    with reading(path):
        record = YearRecord(
            _of(str, content["settlement"]),
            _of(int, content["year"]),
            _of(int, content["partitions"]),
            content["made_by"],
            tuple(_of(str, delivery[_DIGEST]) for delivery in content["deliveries"]),
        )
        names = [delivery["folder"] for delivery in content["deliveries"]]
        if names != [delivery_name(number) for number in range(1, len(names) + 1)] or not names:
            raise ValueError(f"deliveries are {delivery_name(1)} and so on, not {', '.join(map(str, names)) or 'none'}")
        if not 1 <= record.partitions <= MOST_PARTITIONS:
            raise ValueError(f"partitions are 1 … {MOST_PARTITIONS}, not {record.partitions}")
    return record


def read_delivery(folder: Path, sha256: str, partitions: int) -> DeliveryRecord:
    """Read ``delivery.json``, which must have the digest that ``year.json`` names.

    Raises
    ------
    InputError
        It has another, or does not say what it has to.
    """
    path = folder / DELIVERY_RECORD
    with reading(path):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError(f"its SHA-256 is not the one in {YEAR_RECORD}")
        said = json.loads(content)
        files = {
            one["file"]: Stored(one["file"], _of(int, one["size"]), _of(str, one["checksum"])) for one in said["files"]
        }
        record = DeliveryRecord(said["state"], dict(said["tables"]), files)
        for table in record.tables:
            missing = next((part for part in range(partitions) if part_name(table, part) not in files), None)
            if missing is not None:
                raise ValueError(f"it does not list {part_name(table, missing)}")
    return record


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r} where {kind.__name__} is expected")
    return value
