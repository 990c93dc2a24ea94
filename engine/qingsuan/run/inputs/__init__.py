"""Input files: what comes in as paths, folders and globs goes out as batches of rows that know where they come from.

``places`` finds files, and says what it leaves out. ``csv``, ``parquet`` and ``ipc`` each open and read one format, and
count its rows a second way (``messages`` and ``layout`` do that for IPC).
``reading`` opens any file, cuts it into chunks, and compares the two counts; ``joining`` reads small ones together.
``columns`` judges a file's columns before a row is read, ``names`` those that are nearly the interface's, ``types`` those
that cannot be carried into ``rejected/``.
``streams`` writes tables that come as Arrow streams to files, ``database`` is one of PostgreSQL as such a stream. ``binding``
brings a file together with what an intake file (``intake``) says of its table, so that what comes out has the interface's columns.
Everything here ends with an
:class:`~qingsuan.errors.InputError` that names file and place, or gives every row of the file; nothing is skipped in between.
"""

from qingsuan.run.inputs.binding import bound
from qingsuan.run.inputs.columns import check_columns, check_door
from qingsuan.run.inputs.formats.source import BATCH_ROWS, FORMATS, Source, check_as_it_was, digest_of, ending_of
from qingsuan.run.inputs.intake.reader import intake_of, read_intake
from qingsuan.run.inputs.intake.reading import Reading
from qingsuan.run.inputs.intake.said import Intake, TableIntake
from qingsuan.run.inputs.joining import Joined, joined, parcels
from qingsuan.run.inputs.names import INTERFACE_NAMES, names_unread, told_of_inputs, unread_names
from qingsuan.run.inputs.places import Found, find_files
from qingsuan.run.inputs.reading import (
    Chunk,
    Rows,
    chunks,
    count_rows,
    fetch_rows,
    names_of,
    open_again,
    open_files,
    open_sources,
)
from qingsuan.run.inputs.streams import Given, Spool, Streamed, Table, open_streams
from qingsuan.run.inputs.types import as_text, carried_as

__all__ = [
    "BATCH_ROWS",
    "FORMATS",
    "INTERFACE_NAMES",
    "Chunk",
    "Found",
    "Given",
    "Intake",
    "Joined",
    "Reading",
    "Rows",
    "Source",
    "Spool",
    "Streamed",
    "Table",
    "TableIntake",
    "as_text",
    "bound",
    "carried_as",
    "check_as_it_was",
    "check_columns",
    "check_door",
    "chunks",
    "count_rows",
    "digest_of",
    "ending_of",
    "fetch_rows",
    "find_files",
    "intake_of",
    "joined",
    "names_of",
    "names_unread",
    "open_again",
    "open_files",
    "open_sources",
    "open_streams",
    "parcels",
    "read_intake",
    "told_of_inputs",
    "unread_names",
]
