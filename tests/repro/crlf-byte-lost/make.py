"""A quoted cell whose CR LF lies across the end of the first 8 MiB."""

import pathlib

SIZE = 8 << 20
rest = ",390,11,150102,2,2021-03-09,2021-03-09 10:00:00,100.00,0.00,0.00,0.00,100.00,"
rows, i = [pathlib.Path("head.txt").read_text("utf-8").strip() + ",note\n"], 0
total = len(rows[0])
while True:
    row = f"S{i:06d},P{i % 400:05d}{rest}H1{'.' * 900}\n"
    if total + len(row) > SIZE - 2000:
        break
    rows.append(row)
    total, i = total + len(row), i + 1
start = f'SX,PX{rest}"'
rows.append(start + "A" * (SIZE - 1 - total - len(start)) + '\r\nB"\n')
pathlib.Path("claims.csv").write_bytes("".join(rows).encode())
people = "".join(f"P{i:05d},390,150102,1501,2021-01-01,1990-01-01\n" for i in range(400))
pathlib.Path("insured.csv").write_text("psn_no,insutype,insu_admdvs,psn_type,begndate,brdy\n" + people, "utf-8")
