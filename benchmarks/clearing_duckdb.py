"""The clearing of ``clearing_year.py`` in DuckDB's SQL: contracts, cases, forms by month and what is not cleared, Parquet to Parquet.

Started with the folder of the year and the one to write to. It joins claims to contracts once, gives each claim that goes by cases its
standard, adds everything up by contract and month, and takes the rest from that small table. It checks nothing.
"""

from __future__ import annotations

import sys

import duckdb

CLEAR = """
create table kinds as
  select * from (values ('21', '21'), ('11', '11'), ('140104', '11'), ('140201', '11')) kinds (med_type, clr_type);
create table contracts as select *, row_number() over () as contract, cast(right(begin_month, 2) as tinyint) as first_month,
  cast(right(end_month, 2) as tinyint) as last_month from read_csv('YEAR/contracts/contracts.csv', all_varchar = true);
create table groups as select "group", cast(standard as decimal(16, 2)) as standard
  from read_csv('YEAR/contracts/groups.csv', all_varchar = true);
create table advances as select fixmedins_code, pool, insutype, clr_type, sum(cast(amount as decimal(16, 2))) as advances
  from read_csv('YEAR/contracts/advances.csv', all_varchar = true) group by all;
create table claims as
  select setl_id, pool, insutype, contract, terms, strftime(setl_time, '%Y%m') as setlym, medfee_sumamt, inscp_scp_amt, fund_pay_sumamt,
    hifp_pay, psn_part_amt, acct_pay + acct_mulaid_pay as accounts, psn_cash_pay
  from read_parquet('YEAR/claims/*.parquet') left join kinds using (med_type)
  left join contracts using (fixmedins_code, pool, insutype, clr_type) where month(benefit_date) between first_month and last_month;
create table cases as
  select setl_id, pool, insutype, contract, terms, "group", days, medfee_sumamt, hifp_pay as claims, setlym, inscp_scp_amt, fund_pay_sumamt,
    accounts, psn_cash_pay, case terms when 'disease' then cast(round(standard * 7 / 10, 2) as decimal(16, 2))
      else least(days, 30) * 680 + greatest(days - 30, 0) * 500 end as standard
  from claims join read_parquet('YEAR/cases/*.parquet') using (setl_id, pool, insutype) left join groups using ("group")
  where terms in ('disease', 'bed-day');
create table forms as
  select contract, setlym, count(*) as psntime, sum(medfee_sumamt) as medfee_sumamt, sum(inscp_scp_amt) as inscp_scp_amt,
    sum(fund_pay_sumamt) as fund_pay_sumamt, sum(hifp_pay) as claims, sum(psn_cash_pay) as cash, sum(accounts) as accounts,
    sum(hifp_pay) as standard
  from claims where terms = 'item' group by all
  union all
  select contract, setlym, count(*), sum(medfee_sumamt), sum(inscp_scp_amt), sum(fund_pay_sumamt), sum(claims), sum(psn_cash_pay),
    sum(accounts), sum(standard) from cases group by all;
create table clearing as
  select fixmedins_code, pool, insutype, clr_type, terms, coalesce(sum(psntime), 0) as psntime, sum(medfee_sumamt) as medfee_sumamt,
    sum(inscp_scp_amt) as inscp_scp_amt, sum(fund_pay_sumamt) as fund_pay_sumamt, sum(claims) as claims,
    coalesce(sum(standard), 0) as standard,
    coalesce(any_value(advances), 0) as advances, coalesce(sum(standard), 0) - coalesce(any_value(advances), 0) as clearing
  from contracts left join forms using (contract) left join advances using (fixmedins_code, pool, insutype, clr_type) group by all;
copy (select * from clearing order by fixmedins_code, clr_type) to 'OUT/clearing.parquet' (format parquet, compression zstd);
copy (select fixmedins_code, clr_type, setlym, psntime, medfee_sumamt, claims, cash, accounts
  from forms join contracts using (contract) order by all) to 'OUT/forms.parquet' (format parquet, compression zstd);
copy (select setl_id, fixmedins_code, pool, insutype, clr_type, terms, "group", days, medfee_sumamt, claims, standard,
    standard - claims as difference
  from cases join contracts using (contract, pool, insutype, terms) order by contract, setl_id)
  to 'OUT/cases.parquet' (format parquet, compression zstd);
"""


def main() -> None:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("set enable_progress_bar = false")
    connection.execute(CLEAR.replace("YEAR", sys.argv[1]).replace("OUT", sys.argv[2]))


if __name__ == "__main__":
    main()
