"""Three claims with typed dates and times, two of them far beyond any year."""

import pyarrow as pa
import pyarrow.ipc

DAY, MIDNIGHT = 18_695, 18_695 * 86_400_000  # 2021-03-09
same = {"psn_no": "P1", "insutype": "390", "med_type": "21", "insu_admdvs": "150102", "dedc_hosp_lv": "3A"}
amounts = {"medfee_sumamt": "10000.00", "inscp_scp_amt": "10000.00"}
nothing = dict.fromkeys(("fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt"), "0.00")
columns = {
    "setl_id": ["S1", "S2", "S3"],
    **{name: [text] * 3 for name, text in (same | amounts | nothing).items()},
    "begndate": pa.array([DAY, 2**31 - 1, DAY], pa.int32()).cast(pa.date32()),
    "setl_time": pa.array([MIDNIGHT, MIDNIGHT, 2**63 - 1], pa.int64()).cast(pa.timestamp("ms")),
}
table = pa.table(columns)
with pa.ipc.new_file("claims.arrow", table.schema) as out:
    out.write_table(table)
