"""What Polars writes: texts as string_view, and codes as a dictionary of those. PyArrow makes the same."""

from pathlib import Path

import pyarrow as pa
from pyarrow import csv, ipc

names = Path("claims.csv").read_text("utf-8").splitlines()[0].split(",")
table = csv.read_csv("claims.csv", convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())))
views = table.cast(pa.schema([(name, pa.string_view()) for name in names]))
codes = pa.DictionaryArray.from_arrays(pa.array([0] * len(table), pa.uint32()), pa.array(["390"], pa.string_view()))
both = views.set_column(views.schema.get_field_index("insutype"), "insutype", codes)
for name, content in (("views.arrow", views), ("categories.arrow", both)):
    with ipc.new_file(name, content.schema) as out:
        out.write_table(content)
