"""An Arrow file with a column whose name is 备注 in GBK."""

from pathlib import Path

import pyarrow as pa
import pyarrow.ipc

row = "S1,P1,390,21,150102,3A,2021-03-09,2021-03-09 10:00:00,10000.00,0.00,0.00,0.00,10000.00,note"
names = (
    "setl_id,psn_no,insutype,med_type,insu_admdvs,dedc_hosp_lv,begndate,setl_time,medfee_sumamt,fulamt_ownpay_amt,"
    "overlmt_selfpay,preselfpay_amt,inscp_scp_amt,name"
)
table = pa.table({name: [text] for name, text in zip(names.split(","), row.split(","), strict=True)})
with pa.ipc.new_file("whole.arrow", table.schema) as out:
    out.write_table(table)
Path("claims.arrow").write_bytes(Path("whole.arrow").read_bytes().replace(b"name", "备注".encode("gbk")))
