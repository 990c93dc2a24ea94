"""A Parquet file with page checksums, as Spark writes them, and one bit of its data flipped."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

names = Path("claims.csv").read_text("utf-8").splitlines()[0].split(",")
table = csv.read_csv("claims.csv", convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))
plain = {"write_statistics": False, "compression": "none", "use_dictionary": False}
pq.write_table(table, "claims.parquet", write_page_checksum=True, **plain)
data = bytearray(Path("claims.parquet").read_bytes())
data[data.index(b"2021-03-09 10:00:00") + 6] ^= 4  # the month of setl_time: 03 becomes 07
Path("claims.parquet").write_bytes(data)
