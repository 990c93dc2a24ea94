"""The claims as Spark and Hive write them in China: times as INT96, moved to UTC."""

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

names = Path("claims.csv").read_text("utf-8").splitlines()[0].split(",")
table = csv.read_csv("claims.csv", convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))
at = table.schema.get_field_index("setl_time")
local = table["setl_time"].cast(pa.timestamp("us")).to_pylist()
times = pa.array([time - dt.timedelta(hours=8) for time in local])
pq.write_table(table.set_column(at, "setl_time", times), "claims.parquet", use_deprecated_int96_timestamps=True)
