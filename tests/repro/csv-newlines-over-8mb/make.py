"""A sound file: one cell in each row has line ends, quoted as RFC 4180 says."""

import pathlib

head = pathlib.Path("head.txt").read_text("utf-8").strip() + ",note\n"
bill = "100.00,0.00,0.00,0.00,100.00"
with pathlib.Path("claims.csv").open("w", encoding="utf-8", newline="") as out:
    out.write(head)
    for i in range(10_000):
        day = f"2021-{1 + i % 12:02d}-{1 + i % 28:02d}"
        note = "ab\n" * (600 + i % 7)
        out.write(f'S{i:06d},P{i % 400:05d},390,11,150102,2,{day},{day} 10:00:00,{bill},"{note}"\n')
people = "".join(f"P{i:05d},390,150102,1501,2021-01-01,1990-01-01\n" for i in range(400))
pathlib.Path("insured.csv").write_text("psn_no,insutype,insu_admdvs,psn_type,begndate,brdy\n" + people, "utf-8")
