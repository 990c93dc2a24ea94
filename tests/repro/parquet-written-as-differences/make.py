"""The claims as Parquet whose texts are written as differences."""

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

with open("claims.csv", encoding="utf-8") as file:
    names = file.readline().strip().split(",")
texts = pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
table = pa.csv.read_csv("claims.csv", convert_options=texts)
encodings = dict.fromkeys(names, "DELTA_BYTE_ARRAY")
pq.write_table(table, "claims.parquet", use_dictionary=False, column_encoding=encodings, data_page_version="2.0")
