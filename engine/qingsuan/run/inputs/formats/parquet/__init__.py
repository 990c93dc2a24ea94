"""Parquet files: opened, counted a second way, decoded and checked; small ones of the same columns as one.

A path goes in, or files that were opened; a :class:`~qingsuan.run.inputs.formats.source.Source` comes out, or rows in batches. ``file``
opens and reads one, ``pages`` counts rows by the heads of its pages, which ``thrift`` reads; ``sound`` checks what PyArrow decoded;
``footers`` reads the footer of a small file and puts several under one, so that ``together`` decodes them as one; ``amounts`` has decimals
decoded as numbers of 64 bits. It does not know what a column means, but for those whose texts seldom repeat.
"""

from qingsuan.run.inputs.formats.parquet.file import (
    count_parquet_rows,
    open_parquet,
    open_to_read,
    read_parquet,
    row_groups,
)
from qingsuan.run.inputs.formats.parquet.together import MOST_BYTES, read_together, size_together

__all__ = [
    "MOST_BYTES",
    "count_parquet_rows",
    "open_parquet",
    "open_to_read",
    "read_parquet",
    "read_together",
    "row_groups",
    "size_together",
]
