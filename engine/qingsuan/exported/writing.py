"""A finished run written for others, table by table, in bounded memory; whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qingsuan.errors import InputError, UsageError
from qingsuan.exported.columns import is_about_people, without_people
from qingsuan.exported.pseudonyms import Pseudonyms
from qingsuan.finished import Folder
from qingsuan.finished.folder import digests_of
from qingsuan.finished.opening import run_in
from qingsuan.run.folder import Written
from qingsuan.run.folder.disk import looking_into, writing
from qingsuan.run.folder.modes import private_files

__all__ = ["EXPORT_RECORD", "export"]

EXPORT_RECORD = "export.json"
_ROWS_AT_ONCE = 65_536


def export(folder: Path, out: Path, pseudonyms: Pseudonyms) -> dict[str, Any]:
    """Write the tables of a finished run without people's numbers.

    Returns
    -------
    dict
        What stands in ``export.json``: of which run, by which key, each file with its digest, and which columns were left out.

    Raises
    ------
    UsageError
        Something is in the place of ``out``, or it lies in the run.
    InputError
        There is no finished run, or a file of it is not as it was written.
    RunError
        The machine cannot write.
    """
    run = run_in(Folder(folder))
    _check_out(folder, out)
    lines = digests_of(folder).splitlines()
    files: dict[str, str] = {}
    left_out: dict[str, list[str]] = {}
    with _unfinished(out) as place:
        for digest, _, name in (line.partition("  ") for line in lines):
            if Written.of(folder, name).sha256 != digest:
                raise InputError(
                    str(folder / name),
                    found="not the file that the run wrote",
                    expected=f"SHA-256 {digest}",
                    do="see “qingsuan verify”; fetch the folder again",
                )
            gone = _write(folder, place, name, pseudonyms)
            files[name] = Written.of(place, name).sha256
            if gone:
                left_out[name] = gone
        of = {"settlement": run.record["settlement"], "year": run.year, "record_sha256": run.record_sha256}
        record = {"format": 1, "of": of, "key": pseudonyms.name, "files": files, "left_out": left_out}
        (place / EXPORT_RECORD).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return record


def _write(folder: Path, place: Path, name: str, pseudonyms: Pseudonyms) -> list[str]:
    """Write one file; returns the columns that were left out."""
    (place / name).parent.mkdir(exist_ok=True)
    with pq.ParquetFile(folder / name) as read:
        schema: pa.Schema = read.schema_arrow
        if not is_about_people(name, schema):
            shutil.copyfile(folder / name, place / name)
            return []
        kept = without_people(name, pa.RecordBatch.from_pylist([], schema), pseudonyms).schema
        with pq.ParquetWriter(place / name, kept) as writer:
            for batch in read.iter_batches(_ROWS_AT_ONCE, use_threads=False):
                writer.write_batch(without_people(name, batch, pseudonyms).cast(kept))
    return [column for column in schema.names if column not in kept.names]


@contextmanager
def _unfinished(out: Path) -> Iterator[Path]:
    """A folder beside ``out`` that is written until it takes its name."""
    place = out.with_name(f".unfinished-{out.name}")
    with private_files(), writing(out):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        try:
            yield place
            os.replace(place, out)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _check_out(folder: Path, out: Path) -> None:
    with looking_into(out):
        if os.path.lexists(out):
            raise UsageError(str(out), found="something is there", expected="a new folder", do="give another --to")
        if folder.resolve() in out.resolve().parents:
            raise UsageError(str(out), found="a folder in the run", expected="a folder outside of it")
