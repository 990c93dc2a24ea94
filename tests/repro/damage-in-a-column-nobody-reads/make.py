"""A Parquet file with page checksums, whole, and with one letter of a remark changed."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

same = {
    "insutype": "390",
    "med_type": "21",
    "insu_admdvs": "150102",
    "dedc_hosp_lv": "3A",
    "begndate": "2021-03-09",
    "setl_time": "2021-03-09 10:00:00",
    "medfee_sumamt": "10000.00",
    "fulamt_ownpay_amt": "0.00",
    "overlmt_selfpay": "0.00",
    "preselfpay_amt": "0.00",
    "inscp_scp_amt": "10000.00",
}
columns = {"setl_id": ["S1", "S2"], "psn_no": ["P1", "P9"], **{name: [text] * 2 for name, text in same.items()}}
table = pa.table({**columns, "remark": ["remark-one", "remark-two"]})
options = {"compression": "none", "use_dictionary": False, "write_page_checksum": True, "write_statistics": False}
pq.write_table(table, "whole.parquet", **options)
Path("claims.parquet").write_bytes(Path("whole.parquet").read_bytes().replace(b"remark-one", b"remark-0ne", 1))
