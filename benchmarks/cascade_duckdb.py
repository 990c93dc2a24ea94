"""The full cascade as DuckDB SQL: ``python cascade_duckdb.py SAMPLE OUT THREADS CEILING``.

What makes windows possible: a layer whose deductible, bands and cap stay the same over a person's year pays a function
of running sums, so each takes one window. Deductible, bands and cap of critical illness and assistance depend on the
identity class, so this holds for all whose class does not change; those whose class does (one in six hundred) are
settled step by step: all first claims at once, then all second ones. A ceiling over all layers that takes back what lies
above it ends windows altogether: what is taken back does not count as paid. With one, everybody goes step by step.

What makes them cheap: people are numbers, and only those whom a layer can touch go through its window. Whoever stays
below a cap over the whole year needs no window for it; nor does critical illness below its deductible, assistance for
who is in no class, the account for who has no balance. Wide columns wait aside and are joined when all is reckoned.
"""

# ruff: noqa: S608 -- every text that goes into a query is written in this folder

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2"
SCHEMES = "'310','320','330','340','350','360','370','380','390','391','392','399','410','510'"
CARES = "'11','12','13','14','140104','140201','19','21','22','23','24','41','51','52','53'"
BILL = ("medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
MUST = ("setl_id", "psn_no", "insutype", "med_type", "insu_admdvs", "begndate", "setl_time", *BILL)

CHECKS = f"""
CASE WHEN {" OR ".join(f"{name} IS NULL" for name in MUST)} OR (refd_setl_flag = '1' AND init_setl_id IS NULL)
     THEN 'E_MISSING'
     WHEN refl_flag NOT IN ('0', '1') OR er_flag NOT IN ('0', '1') OR acct_used_flag NOT IN ('0', '1')
       OR refd_setl_flag NOT IN ('0', '1')
       OR NOT regexp_full_match(insu_admdvs, '[0-9]{{6}}') OR NOT regexp_full_match(fix_blng_admdvs, '[0-9]{{6}}')
     THEN 'E_FORM'
     WHEN insutype NOT IN ({SCHEMES}) OR med_type NOT IN ({CARES}) THEN 'E_CODE'
     WHEN greatest({", ".join(f"abs({name})" for name in BILL)}) > 100000000000 THEN 'E_RANGE'
     WHEN least({", ".join(BILL)}) < 0 AND refd_setl_flag IS DISTINCT FROM '1' THEN 'E_NEGATIVE'
     WHEN medfee_sumamt <> fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_scp_amt THEN 'E_COMPOSITION'
     WHEN enddate < begndate OR setl_time < TIMESTAMP '2021-01-01' OR setl_time >= TIMESTAMP '2022-01-01' THEN 'E_DATE'
     WHEN insu_admdvs NOT LIKE '9901%' THEN 'E_POOL' END"""

RULES = """
CREATE MACRO fen(exact) AS (exact + 5000) // 10000;
CREATE MACRO bands(t, u1, u2, r1, r2, r3) AS
    r1 * least(t, u1) + r2 * greatest(least(t, u2) - u1, 0) + r3 * greatest(t - u2, 0);
CREATE MACRO critical(x, up) AS fen(bands(greatest(x, 0), 5000000, 10000000, 6000 + up, 6500 + up, 7000 + up));
CREATE MACRO yuan(fen) AS (fen::DECIMAL(16, 0) * 0.01)::DECIMAL(16, 2);

-- What the pooled fund pays, by kind of care and level. A stay has its deductible by visit number (d0, d1, d2), other
-- care one a year. One cap (most) is for stays and special care together, one for chronic, one for ordinary outpatient.
CREATE TABLE rates AS SELECT * FROM (VALUES
    ( 1, '21',     '1', 1, 2, 15000000,  20000, 15000, 10000, 1000000, 5000000, 8500, 9000, 9500),
    ( 2, '21',     '2', 1, 2, 15000000,  60000, 40000, 30000, 1000000, 5000000, 7500, 8000, 8500),
    ( 3, '21',     '3', 1, 2, 15000000, 120000, 90000, 70000, 1000000, 5000000, 6000, 6500, 7250),
    ( 4, '140201', '1', 2, 2, 15000000,  50000,     0,     0,       0,       0, 8000, 8000, 8000),
    ( 5, '140201', '2', 2, 2, 15000000,  50000,     0,     0,       0,       0, 7000, 7000, 7000),
    ( 6, '140201', '3', 2, 2, 15000000,  50000,     0,     0,       0,       0, 6250, 6250, 6250),
    ( 7, '140104', '1', 3, 3,   300000,  30000,     0,     0,       0,       0, 7000, 7000, 7000),
    ( 8, '140104', '2', 3, 3,   300000,  30000,     0,     0,       0,       0, 6500, 6500, 6500),
    ( 9, '140104', '3', 3, 3,   300000,  30000,     0,     0,       0,       0, 6000, 6000, 6000),
    (10, '11',     '1', 4, 4,    60000,  10000,     0,     0,       0,       0, 6000, 6000, 6000),
    (11, '11',     '2', 4, 4,    60000,  10000,     0,     0,       0,       0, 5500, 5500, 5500),
    (12, '11',     '3', 4, 4,    60000,  10000,     0,     0,       0,       0, 5000, 5000, 5000)
) AS rates(rate, med_type, dedc_hosp_lv, kind, pot, most, d0, d1, d2, u1, u2, r1, r2, r3);

CREATE TABLE rules AS SELECT * FROM (VALUES
    (0, 'waiting-period'), (1, '990100/390/2021-01-01:inpatient-unreferred'), (2, '990100/390/2021-01-01:inpatient'),
    (3, '990100/390/2021-01-01:inpatient-in-region'), (4, '990100/390/2021-01-01:inpatient-outside-region'),
    (5, '990100/390/2021-01-01:special'), (6, '990100/390/2021-01-01:chronic'), (7, '990100/390/2021-01-01:outpatient')
) AS rules(rule, rule_id);

-- Identity classes, the highest rank first, and what they get: of critical illness the deductible (line), points more (up)
-- and the cap (most), of assistance deductible, ratio and cap.
CREATE TABLE classes AS SELECT * FROM (VALUES
    (1, '2301', 1), (2, '2304', 1), (3, '2307', 1), (4, '2303', 2), (5, '7202', 2), (6, '2306', 3), (7, '7201', 3), (8, '7204', 3)
) AS classes(rank, psn_idet_type, class);
CREATE TABLE tilts AS SELECT * FROM (VALUES
    (0, 1400000,   0, 30000000,              0,     0,       0),
    (1,  700000, 500, 9000000000000000,      0, 10000, 5000000),
    (2,  700000, 500, 9000000000000000,  50000,  7250, 3000000),
    (3, 1400000,   0, 30000000,         200000,  6000, 2000000)
) AS tilts(class, line, up, most, maf_line, maf_bp, maf_most);
"""

INTAKE = f"""
CREATE TABLE insured AS
SELECT file_row_number::INTEGER AS person, psn_no, begndate, coalesce(enddate, DATE '9999-12-31') AS enddate, psn_type,
       insu_admdvs, coalesce(wait_end_date, DATE '1000-01-01') AS wait_end, (acct_balc * 100)::BIGINT AS balance
FROM read_parquet('$sample/insured.parquet', file_row_number = true)
WHERE insutype = '390' AND insu_admdvs LIKE '9901%';

CREATE TABLE several AS SELECT psn_no, min(person) AS person FROM insured GROUP BY psn_no HAVING count(*) > 1;

-- Their account opens with what the row says that holds on 1 January, or else the one that begins first.
CREATE TABLE opening AS
SELECT psn_no, coalesce(january[5], earliest[5]) AS balance
FROM (SELECT psn_no, min(ROW(begndate, enddate, psn_type, insu_admdvs, balance)) AS earliest,
             max(ROW(begndate, enddate, psn_type, insu_admdvs, balance))
                 FILTER (DATE '2021-01-01' BETWEEN begndate AND enddate) AS january
      FROM insured SEMI JOIN several USING (psn_no) WHERE balance IS NOT NULL GROUP BY psn_no);

CREATE TABLE identities AS
SELECT psn_no, begntime, coalesce(endtime, DATE '9999-12-31') AS endtime, rank, class
FROM read_parquet('$sample/identities.parquet') JOIN classes USING (psn_idet_type);

-- Every claim with what is wrong with it alone, its person (if there is one insured row for them), its rate and rule.
CREATE TABLE claims AS
WITH judged AS (
    SELECT *, {CHECKS} AS code,
           CASE WHEN fix_blng_admdvs IS NULL OR fix_blng_admdvs LIKE '9901%' THEN 0
                WHEN fix_blng_admdvs LIKE '99%' THEN 1 ELSE 2 END AS place
    FROM read_parquet('$sample/claims/*.parquet', file_row_number = true)
)
SELECT file_row_number::INTEGER AS row, setl_id, judged.psn_no, insutype, judged.insu_admdvs, med_type, fixmedins_code,
       setl_time, judged.begndate, {", ".join(BILL)}, code, acct_used_flag = '1' AS account,
       coalesce(refd_setl_flag = '1', false) AS back, refl_flag, er_flag, init_setl_id,
       hash(judged.psn_no, setl_id) AS hash, rate::TINYINT AS rate,
       (CASE WHEN kind = 1 AND place > 0 AND refl_flag IS DISTINCT FROM '1' AND er_flag IS DISTINCT FROM '1' THEN 1
             WHEN kind = 1 THEN place + 2
             WHEN place = 0 AND NOT (kind = 2 AND coalesce(dise_code, '') IN ('M02207', 'M07109')) THEN kind + 3
        END)::TINYINT AS rule,
       one.person, one.balance, one.wait_end
FROM judged LEFT JOIN rates USING (med_type, dedc_hosp_lv)
LEFT JOIN (FROM insured ANTI JOIN several USING (psn_no)) AS one
    ON one.psn_no = judged.psn_no AND judged.begndate BETWEEN one.begndate AND one.enddate AND insutype = '390';

CREATE TABLE rejected AS SELECT row, code FROM claims WHERE code IS NOT NULL;
"""

TAKEN_OUT = f"""
-- The same setl_id again for the same person: the first in order stays. A hash finds the candidates, the texts decide.
CREATE TABLE copies AS
WITH good AS (FROM claims WHERE code IS NULL), alike AS (SELECT hash FROM good GROUP BY hash HAVING count(*) > 1)
SELECT row FROM good SEMI JOIN alike USING (hash)
QUALIFY row_number() OVER (PARTITION BY psn_no, setl_id ORDER BY setl_time, account, begndate, rate, fixmedins_code,
                           init_setl_id, inscp_scp_amt, er_flag, refl_flag, row) > 1;
INSERT INTO rejected SELECT row, 'E_DUPLICATE' FROM copies;

-- Reversals: the first that names a claim takes it back, if it negates it; the others find nothing to take back.
CREATE TABLE reversals AS
WITH good AS (FROM claims WHERE code IS NULL)
SELECT back.row, first.row AS original, {" AND ".join(f"back.{name} = -first.{name}" for name in BILL)} AS negates,
       original IS NOT NULL AND row_number() OVER (PARTITION BY original ORDER BY back.setl_time, back.setl_id) = 1 AS takes
FROM (SELECT *, hash(psn_no, init_setl_id) AS named FROM good ANTI JOIN copies USING (row) WHERE back) AS back
LEFT JOIN (FROM good ANTI JOIN copies USING (row) WHERE NOT back) AS first
    ON first.hash = back.named AND first.psn_no = back.psn_no AND first.setl_id = back.init_setl_id;
INSERT INTO rejected SELECT row, 'E_REVERSAL_ORPHAN' FROM reversals WHERE NOT takes;
INSERT INTO rejected SELECT unnest([row, original]), 'E_REVERSAL_MISMATCH' FROM reversals WHERE takes AND NOT negates;
CREATE TABLE gone AS
SELECT row FROM rejected UNION ALL SELECT unnest([row, original]) FROM reversals WHERE takes AND negates;

-- Who has several insured rows: of those that hold when the visit begins the latest.
CREATE TABLE chosen AS
SELECT claims.row, min(several.person) AS person,
       max(ROW(insured.begndate, insured.enddate, psn_type, insured.insu_admdvs, opening.balance, insured.wait_end)) AS latest
FROM (SELECT row, psn_no, begndate FROM claims WHERE person IS NULL AND code IS NULL AND insutype = '390') AS claims
JOIN several USING (psn_no)
JOIN insured ON insured.psn_no = claims.psn_no AND claims.begndate BETWEEN insured.begndate AND insured.enddate
LEFT JOIN opening ON opening.psn_no = claims.psn_no
GROUP BY claims.row;

INSERT INTO rejected
SELECT row, CASE WHEN claims.person IS NULL AND chosen.person IS NULL THEN 'E_PERSON' ELSE 'E_NO_RULE' END
FROM (FROM claims ANTI JOIN gone USING (row) WHERE person IS NULL OR rule IS NULL) AS claims LEFT JOIN chosen USING (row)
WHERE rule IS NULL OR (claims.person IS NULL AND chosen.person IS NULL);

-- Only a row that passes every check can be the same again: of a copy nobody is insured for either.
UPDATE rejected SET code = 'E_PERSON' WHERE code = 'E_DUPLICATE' AND row IN (
    SELECT claims.row FROM claims SEMI JOIN copies USING (row) LEFT JOIN chosen USING (row)
    WHERE claims.person IS NULL AND chosen.person IS NULL);
"""

POOLED = """
-- The highest class that holds when the visit begins; only claims of people who have one.
CREATE TABLE held AS
SELECT row, arg_min(class, rank) AS class FROM claims JOIN identities USING (psn_no)
WHERE begndate BETWEEN begntime AND endtime GROUP BY row;

-- The order inside a person, the number of the visit and what entered so far: all from one window.
CREATE TABLE numbered AS
WITH ours AS (
    SELECT claims.row, coalesce(claims.person, chosen.person) AS person, coalesce(claims.balance, latest[5], 0) AS opening,
           coalesce(class, 0)::TINYINT AS class, account, setl_time, setl_id, rate, (medfee_sumamt * 100)::BIGINT AS total,
           (CASE WHEN begndate <= coalesce(claims.wait_end, latest[6]) THEN 0 ELSE rule END)::TINYINT AS due,
           (inscp_scp_amt * 100)::BIGINT AS scope,
           CASE WHEN due <= 1 THEN 0 WHEN due = 3 THEN fen(scope * 9000) WHEN due = 4 THEN fen(scope * 8000) ELSE scope END AS entered
    FROM claims ANTI JOIN gone USING (row) LEFT JOIN chosen USING (row) LEFT JOIN held USING (row)
    WHERE rule IS NOT NULL AND (claims.person IS NOT NULL OR chosen.person IS NOT NULL)
)
SELECT row, person, class, account, rate, total, due, entered, (row_number() OVER w)::INTEGER AS k, first_value(opening) OVER w AS balance,
       (CASE WHEN due < 5 THEN count(*) FILTER (due BETWEEN 2 AND 4) OVER w - 1
             WHEN due = 5 THEN sum(CASE WHEN due = 5 THEN entered END) OVER w
             WHEN due = 6 THEN sum(CASE WHEN due = 6 THEN entered END) OVER w
             ELSE sum(CASE WHEN due = 7 THEN entered END) OVER w END)::BIGINT AS so_far
FROM ours WINDOW w AS (PARTITION BY person ORDER BY setl_time, setl_id ROWS UNBOUNDED PRECEDING);

-- Deductible and bands.
CREATE TABLE rated AS
SELECT row, person, class, account, total, due, k, balance, pot, most, entered,
       CASE WHEN due <= 1 THEN 0
            WHEN kind = 1 THEN least(entered, CASE so_far WHEN 0 THEN d0 WHEN 1 THEN d1 ELSE d2 END)
            ELSE least(d0, so_far) - least(d0, so_far - entered) END AS d,
       CASE WHEN kind = 1 THEN d ELSE 0 END AS p0, entered - d AS x,
       bands(p0 + x, u1, u2, r1, r2, r3) AS high, bands(p0, u1, u2, r1, r2, r3) AS low,
       (CASE WHEN due <= 1 THEN 0 WHEN x = 0 THEN r1 ELSE (2 * (high - low) + x) // (2 * x) END)::SMALLINT AS share,
       CASE WHEN due <= 1 THEN 0 ELSE fen(high) - fen(low) END AS raw
FROM numbered JOIN rates USING (rate);
"""

WINDOWS = """
-- The yearly cap: what was paid so far is the lesser of the cap and of what would have been.
CREATE TABLE capped AS
SELECT row, least(upto, most) - least(upto - raw, most) AS hifp
FROM (
    SELECT row, raw, most, (sum(raw) OVER (PARTITION BY person, pot ORDER BY k ROWS UNBOUNDED PRECEDING))::BIGINT AS upto
    FROM rated SEMI JOIN (SELECT person, pot FROM rated GROUP BY person, pot HAVING sum(raw) > any_value(most)) USING (person, pot)
);

CREATE TABLE pooled AS
SELECT row, person, class, account, total, due, k, balance, d, share, coalesce(capped.hifp, raw) AS hifp,
       entered - coalesce(capped.hifp, raw) AS base
FROM rated LEFT JOIN capped USING (row);

-- People whose class changes during the year.
CREATE TABLE changing AS
SELECT person FROM pooled SEMI JOIN (SELECT DISTINCT person FROM pooled WHERE class > 0) USING (person)
GROUP BY person HAVING min(class) <> max(class);

-- Critical illness, where the class does not change: one window over what the pooled fund left.
CREATE TABLE critical_paid AS
SELECT row, least(critical(upto - line, up), most) - least(critical(upto - base - line, up), most) AS hifmi
FROM (
    SELECT row, class, base, (sum(base) OVER (PARTITION BY person ORDER BY k ROWS UNBOUNDED PRECEDING))::BIGINT AS upto
    FROM pooled SEMI JOIN (SELECT person FROM pooled GROUP BY person HAVING sum(base) > 700000) USING (person)
    ANTI JOIN changing USING (person)
) JOIN tilts USING (class);

-- Assistance, likewise.
CREATE TABLE assisted AS
WITH opened AS (
    SELECT row, person, k, base - coalesce(hifmi, 0) AS rest, maf_line, maf_bp, maf_most,
           (sum(rest) OVER (PARTITION BY person ORDER BY k ROWS UNBOUNDED PRECEDING))::BIGINT AS upto
    FROM (FROM pooled ANTI JOIN changing USING (person) WHERE class > 0) LEFT JOIN critical_paid USING (row) JOIN tilts USING (class)
), rated AS (
    SELECT *, fen(maf_bp * (rest - least(maf_line, upto) + least(maf_line, upto - rest))) AS raw FROM opened
), summed AS (
    SELECT *, (sum(raw) OVER (PARTITION BY person ORDER BY k ROWS UNBOUNDED PRECEDING))::BIGINT AS drawn FROM rated
)
SELECT row, least(drawn, maf_most) - least(drawn - raw, maf_most) AS maf FROM summed;

CREATE TABLE due AS FROM rated SEMI JOIN changing USING (person);
"""

STEPS = """
CREATE TABLE stepped (row INTEGER, hifp BIGINT, hifmi BIGINT, maf BIGINT);
CREATE TABLE state AS
SELECT DISTINCT person, 0::BIGINT AS used, 0::BIGINT AS excess, 0::BIGINT AS paid, 0::BIGINT AS maf_used, 0::BIGINT AS maf_paid,
       0::BIGINT AS drawn2, 0::BIGINT AS drawn3, 0::BIGINT AS drawn4 FROM due;
"""

STEP = """
-- All k-th claims at once, each from what the person's claims before it have used up. What the ceiling takes back, from the
-- last layer first, does not count as paid.
CREATE OR REPLACE TABLE state AS
WITH before AS (
    SELECT *, CASE pot WHEN 2 THEN drawn2 WHEN 3 THEN drawn3 ELSE drawn4 END AS drawn
    FROM (SELECT row, person, pot, most AS pot_most, entered, raw, total, class FROM due WHERE k = $k)
    JOIN (SELECT person, used, excess, paid, maf_used, maf_paid, drawn2, drawn3, drawn4 FROM state) USING (person)
    JOIN tilts USING (class)
), turns AS (
    SELECT *, greatest(least(raw, pot_most - drawn), 0) AS pay, entered - pay AS base,
           least(base, greatest(line - used, 0)) AS taken, excess + base - taken AS reached,
           greatest(least(critical(reached, up) - critical(excess, up), most - paid), 0) AS ill,
           base - ill AS rest, least(rest, greatest(maf_line - maf_used, 0)) AS maf_taken,
           greatest(least(fen(maf_bp * (rest - maf_taken)), maf_most - maf_paid), 0) AS help,
           pay + ill + help - fen(total * $ceiling) AS beyond,
           help - least(help, greatest(beyond, 0)) AS maf, ill - least(ill, greatest(beyond - help, 0)) AS hifmi,
           pay - least(pay, greatest(beyond - help - ill, 0)) AS hifp
    FROM before
)
SELECT person, used + taken AS used, reached AS excess, paid + hifmi AS paid, maf_used + maf_taken AS maf_used,
       maf_paid + maf AS maf_paid, drawn2 + CASE pot WHEN 2 THEN hifp ELSE 0 END AS drawn2,
       drawn3 + CASE pot WHEN 3 THEN hifp ELSE 0 END AS drawn3, drawn4 + CASE pot WHEN 4 THEN hifp ELSE 0 END AS drawn4,
       row, hifp, hifmi, maf
FROM turns;
INSERT INTO stepped SELECT row, hifp, hifmi, maf FROM state;
"""

AFTER_WINDOWS = """
INSERT INTO critical_paid SELECT row, hifmi FROM stepped;
INSERT INTO assisted SELECT row, maf FROM stepped;
"""

EVERYBODY = "CREATE VIEW due AS FROM rated;"
AFTER_EVERYBODY = """
CREATE TABLE pooled AS SELECT row, person, account, total, due, k, balance, d, share, hifp FROM rated JOIN stepped USING (row);
CREATE TABLE critical_paid AS SELECT row, hifmi FROM stepped WHERE hifmi > 0;
CREATE TABLE assisted AS SELECT row, maf FROM stepped WHERE maf > 0;
"""

ACCOUNT = """
-- The personal account pays last, for whoever has one: the lesser of its balance and of what it was asked for so far.
CREATE TABLE from_account AS
SELECT row, least(upto, balance) - least(upto - asked, balance) AS acct, balance - least(upto, balance) AS rest
FROM (
    SELECT row, balance, CASE WHEN account THEN total - hifp - coalesce(hifmi, 0) - coalesce(maf, 0) ELSE 0 END AS asked,
           (sum(asked) OVER (PARTITION BY person ORDER BY k ROWS UNBOUNDED PRECEDING))::BIGINT AS upto
    FROM pooled LEFT JOIN critical_paid USING (row) LEFT JOIN assisted USING (row) WHERE balance > 0
);
"""

NOTHING = "0::DECIMAL(16, 2)"
OUTPUT = f"""
COPY (
    SELECT setl_id, psn_no, insutype, insu_admdvs, med_type, setl_time, fixmedins_code, rule_id, {", ".join(BILL)},
           yuan(d) AS act_pay_dedc, (share * 0.0001)::DECIMAL(5, 4) AS pool_prop_selfpay,
           yuan(hifp) AS hifp_pay, yuan(hifmi) AS hifmi_pay, {NOTHING} AS hifob_pay, {NOTHING} AS cvlserv_pay,
           {NOTHING} AS hifes_pay, {NOTHING} AS hifdm_pay, yuan(maf) AS maf_pay, {NOTHING} AS oth_pay,
           {NOTHING} AS hosp_part_amt, yuan(funds) AS fund_pay_sumamt, yuan(total - funds) AS psn_part_amt,
           yuan(acct) AS acct_pay, {NOTHING} AS acct_mulaid_pay, yuan(total - funds - acct) AS psn_cash_pay, yuan(rest) AS balc
    FROM (
        SELECT row, due, total, d, share, hifp, coalesce(critical_paid.hifmi, 0) AS hifmi, coalesce(assisted.maf, 0) AS maf,
               coalesce(from_account.acct, 0) AS acct, coalesce(from_account.rest, 0) AS rest,
               hifp + coalesce(critical_paid.hifmi, 0) + coalesce(assisted.maf, 0) AS funds
        FROM pooled LEFT JOIN critical_paid USING (row) LEFT JOIN assisted USING (row) LEFT JOIN from_account USING (row)
    ) JOIN claims USING (row) JOIN rules ON rules.rule = due
) TO '$out/settled/part-0.parquet' ({PARQUET});

COPY (
    WITH pairs AS (FROM reversals WHERE takes AND negates),
         sides AS (SELECT original AS row, row AS other, '0' AS flag FROM pairs UNION ALL SELECT row, original, '1' FROM pairs)
    SELECT one.setl_id, one.psn_no, one.insutype, one.insu_admdvs, one.med_type, one.setl_time, one.fixmedins_code,
           flag AS refd_setl_flag, other.setl_id AS other_setl_id, {", ".join(f"one.{name}" for name in BILL)}
    FROM sides JOIN claims AS one USING (row) JOIN claims AS other ON other.row = sides.other
) TO '$out/reversed/part-0.parquet' ({PARQUET});

COPY (
    SELECT row + 1 AS source_row, code, claims.* EXCLUDE (file_row_number)
    FROM read_parquet('$sample/claims/*.parquet', file_row_number = true) AS claims
    JOIN rejected ON rejected.row = file_row_number
) TO '$out/rejected/part-0.parquet' ({PARQUET});
"""

NO_CEILING = 10_000


def step_by_step(connection: duckdb.DuckDBPyConnection, ceiling: int) -> None:
    """Settle the claims of ``due``, all first ones, then all second ones, and so on."""
    connection.execute(STEPS)
    last = connection.sql("SELECT coalesce(max(k), 0) FROM due").fetchall()[0][0]
    for k in range(1, last + 1):
        connection.execute(STEP.replace("$k", str(k)).replace("$ceiling", str(ceiling)))


def main(sample: str, out: str, threads: str, ceiling: str) -> None:
    """Settle the sample; ``out`` gets the folders settled, reversed and rejected. ``ceiling`` is in basis points."""
    for table in ("settled", "reversed", "rejected"):
        (Path(out) / table).mkdir(parents=True, exist_ok=True)
    windows = int(ceiling) == NO_CEILING
    with duckdb.connect(config={"threads": int(threads), "preserve_insertion_order": "false"}) as connection:
        for step in (RULES, INTAKE.replace("$sample", sample), TAKEN_OUT, POOLED, WINDOWS if windows else EVERYBODY):
            connection.execute(step)
        step_by_step(connection, int(ceiling))
        for step in (AFTER_WINDOWS if windows else AFTER_EVERYBODY, ACCOUNT, OUTPUT):
            connection.execute(step.replace("$sample", sample).replace("$out", out))


if __name__ == "__main__":
    main(*sys.argv[1:])
