"""The full cascade as Polars expressions: ``python cascade_polars.py SAMPLE OUT THREADS CEILING``.

The same reckoning as in ``cascade_duckdb.py``: a layer whose numbers stay the same over a person's year pays a function
of running sums, and those whose identity class changes, or everybody under a ceiling, go step by step. Here are reading,
checks and writing; the layers are in ``cascade_polars_layers.py``.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    os.environ["POLARS_MAX_THREADS"] = sys.argv[3]  # it is read when Polars is imported

import polars as pl

from cascade_polars_layers import CLASSES, KINDS, RULES, accounts, changing, later, pooled, stepped

SCHEMES = ["310", "320", "330", "340", "350", "360", "370", "380", "390", "391", "392", "399", "410", "510"]
CARES = ["11", "12", "13", "14", "140104", "140201", "19", "21", "22", "23", "24", "41", "51", "52", "53"]
BILL = ["medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"]
FEN = ["total", "own_fen", "over_fen", "first_fen", "scope"]
MUST = ["setl_id", "psn_no", "insutype", "med_type", "insu_admdvs", "begndate", "setl_time", *BILL]
FLAGS = ["refl_flag", "er_flag", "acct_used_flag", "refd_setl_flag"]
WIDE = ["setl_id", "psn_no", "insutype", "insu_admdvs", "med_type", "setl_time", "fixmedins_code"]
TIED = ["account", "begndate", "level", "fixmedins_code", "init_setl_id", "scope", "er_flag", "refl_flag", "row"]
PAYMENTS = {
    "act_pay_dedc": "d",
    "hifp_pay": "hifp",
    "hifmi_pay": "hifmi",
    "maf_pay": "maf",
    "fund_pay_sumamt": "funds",
    "psn_part_amt": "own",
    "acct_pay": "acct",
    "psn_cash_pay": "cash",
    "balc": "rest",
}
NOTHING = ["hifob_pay", "cvlserv_pay", "hifes_pay", "hifdm_pay", "oth_pay", "hosp_part_amt", "acct_mulaid_pay"]
MONEY = pl.Decimal(16, 2)
NO_CEILING = 10_000

c = pl.col


def is_set(flag: str) -> pl.Expr:
    return c(flag).eq_missing(pl.lit("1"))


def checks() -> pl.Expr:
    """What is wrong with a row alone: the first that fails."""
    back = is_set("refd_setl_flag")
    wrong_code = [~c("insutype").is_in(SCHEMES), ~c("med_type").is_in(CARES)]
    wrong_form = [~c(flag).is_in(["0", "1"]) for flag in FLAGS]
    wrong_form += [~c(area).str.contains(r"^\d{6}$") for area in ("insu_admdvs", "fix_blng_admdvs")]
    wrong_date = (c("enddate") < c("begndate")) | (c("setl_time").dt.year() != 2021)
    wrong = {
        "E_MISSING": pl.any_horizontal(c(MUST).is_null(), back & c("init_setl_id").is_null()),
        "E_FORM": pl.any_horizontal(wrong_form),
        "E_CODE": pl.any_horizontal(wrong_code),
        "E_RANGE": pl.any_horizontal(c(FEN).abs() > 10_000_000_000_000),
        "E_NEGATIVE": pl.any_horizontal(c(FEN) < 0) & ~back,
        "E_COMPOSITION": c("total") != c("own_fen") + c("over_fen") + c("first_fen") + c("scope"),
        "E_DATE": wrong_date,
        "E_POOL": ~c("insu_admdvs").str.starts_with("9901"),
    }
    found = pl.lit(None, pl.String)
    for code, mask in reversed(wrong.items()):
        found = pl.when(mask).then(pl.lit(code)).otherwise(found)
    return found


def rule() -> pl.Expr:
    """The number of the rule that matches."""
    stay, here = c("kind") == 1, c("place") == 0
    covered = (c("kind") != 2) | ~c("dise_code").fill_null("").is_in(["M02207", "M07109"])
    unreferred = stay & ~here & ~is_set("refl_flag") & ~is_set("er_flag")
    found = pl.when(unreferred).then(1).when(stay).then(c("place") + 2).when(here & covered).then(c("kind") + 3)
    return found.cast(pl.Int8)


def read_insured(sample: str) -> pl.DataFrame:
    """Insured rows of the pool, numbered by person."""
    insured = pl.scan_parquet(f"{sample}/insured.parquet").with_row_index("person")
    insured = insured.filter(c("insutype") == "390", c("insu_admdvs").str.starts_with("9901"))
    return insured.select(
        *("person", "psn_no", "begndate", "psn_type", "insu_admdvs"),
        c("enddate").fill_null(pl.date(9999, 12, 31)),
        c("wait_end_date").alias("wait"),
        c("acct_balc").to_physical().cast(pl.Int64).alias("balance"),
    ).collect()


def read_claims(sample: str) -> pl.DataFrame:
    """Claims with what is wrong with them alone, kind, level and rule; total and in-scope amount in fen."""
    area = c("fix_blng_admdvs").fill_null("9901")
    place = pl.when(area.str.starts_with("9901")).then(0).when(area.str.starts_with("99")).then(1).otherwise(2)
    amounts = (c(name).to_physical().cast(pl.Int64).alias(fen) for name, fen in zip(BILL, FEN, strict=True))
    claims = pl.scan_parquet(f"{sample}/claims/*.parquet").with_row_index("row").with_columns(*amounts)
    claims = claims.with_columns(
        checks().alias("code"),
        place.cast(pl.Int8).alias("place"),
        c("med_type").replace_strict(KINDS, default=None, return_dtype=pl.Int8).alias("kind"),
        c("dedc_hosp_lv").cast(pl.Int8, strict=False).alias("level"),
    ).with_columns(rule().alias("rule"))
    return claims.select(
        *("row", *WIDE, *BILL, "total", "scope", "begndate", "code", "kind", "level", "rule"),
        *("refl_flag", "er_flag", "init_setl_id"),
        is_set("acct_used_flag").alias("account"),
        is_set("refd_setl_flag").alias("back"),
    ).collect()


def coded(rows: pl.DataFrame, code: str, column: str = "row") -> pl.DataFrame:
    return rows.select(c(column).alias("row"), pl.lit(code).alias("code"))


def taken_out(claims: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows rejected so far (row, code), and reversals with what they take back (row, other)."""
    good = c("code").is_null()
    alike = claims.filter(good & (c("psn_no").hash(1) ^ c("setl_id").hash(2)).is_duplicated())
    copies = alike.sort("setl_time", *TIED).filter(~pl.struct("psn_no", "setl_id").is_first_distinct())
    back = claims.filter(good & c("back")).join(copies, on="row", how="anti").sort("psn_no", "setl_time", "setl_id")
    named = back.lazy().select("psn_no", c("init_setl_id").alias("setl_id"))
    meant = claims.lazy().filter(good & ~c("back")).select("row", "psn_no", "setl_id")
    meant = meant.join(named, on=["psn_no", "setl_id"], how="semi")
    first = claims[meant.collect()["row"]].join(copies, on="row", how="anti")
    first = first.select(
        "psn_no", c("setl_id").alias("init_setl_id"), c("row").alias("other"), c(BILL).name.suffix("_")
    )
    pairs = back.join(first, on=["psn_no", "init_setl_id"], how="left", maintain_order="left").with_columns(
        takes=c("other").is_not_null() & c("other").is_first_distinct(),
        negates=pl.all_horizontal(c(name) == -c(f"{name}_") for name in BILL),
    )
    unlike = pairs.filter(c("takes") & ~c("negates"))
    rejected = [
        claims.filter(c("code").is_not_null()).select("row", "code"),
        coded(copies, "E_DUPLICATE"),
        coded(pairs.filter(~c("takes")), "E_REVERSAL_ORPHAN"),
        coded(unlike, "E_REVERSAL_MISMATCH"),
        coded(unlike, "E_REVERSAL_MISMATCH", "other"),
    ]
    return pl.concat(rejected), pairs.filter(c("takes") & c("negates")).select("row", "other")


def without_copies_of_nobody(claims: pl.DataFrame, insured: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Only a row that passes every check can be the same again: of a copy nobody is insured for either."""
    copies = claims.lazy().join(rejected.lazy().filter(c("code") == "E_DUPLICATE").select("row"), on="row", how="semi")
    periods = insured.lazy().select("psn_no", since="begndate", until="enddate")
    held = copies.filter(c("insutype") == "390").join(periods, on="psn_no")
    held = held.filter(c("begndate").is_between("since", "until"))
    nobody = copies.join(held, on="row", how="anti").select("row").collect()["row"]
    return rejected.with_columns(
        code=pl.when(c("row").is_in(nobody.implode())).then(pl.lit("E_PERSON")).otherwise("code")
    )


def with_opening(several: pl.LazyFrame) -> pl.LazyFrame:
    """Give all rows of a person the balance of the one that holds on 1 January, or else of the one that begins first."""
    told = several.filter(c("balance").is_not_null()).sort("begndate", "enddate", "psn_type", "insu_admdvs")
    january = told.filter(pl.lit(dt.date(2021, 1, 1)).is_between("begndate", "enddate")).unique("psn_no", keep="last")
    both = pl.concat([january, told.unique("psn_no", keep="first")]).unique("psn_no", keep="first", maintain_order=True)
    return several.drop("balance").join(both.select("psn_no", "balance"), on="psn_no", how="left")


def with_people(claims: pl.LazyFrame, insured: pl.DataFrame, identities: pl.LazyFrame) -> pl.DataFrame:
    """Add person, opening balance, end of the waiting period, and class to the claims that are left."""
    names = ["row", "psn_no", "setl_id", "setl_time", "begndate", "kind", "level", "rule", "account", "total", "scope"]
    several = with_opening(insured.lazy().filter(c("psn_no").is_duplicated()))
    one = insured.lazy().filter(c("psn_no").is_unique()).drop("psn_type", "insu_admdvs").rename({"begndate": "since"})
    scheme = (c("insutype") == "390").alias("ours")
    found = claims.select(*names, scheme).join(one, on="psn_no", how="left")
    held = c("begndate").is_between("since", "enddate") & c("ours")
    found = found.with_columns(pl.when(held).then("person").alias("person")).drop("since", "enddate").collect().lazy()

    latest = found.filter("ours").select("row", "psn_no", "begndate").join(several, on="psn_no")
    latest = latest.filter(c("begndate").is_between("begndate_right", "enddate"))
    latest = latest.sort("row", "begndate_right", "enddate", "psn_type", "insu_admdvs").unique("row", keep="last")
    numbers = several.group_by("psn_no").agg(c("person").min().alias("who"))
    latest = latest.join(numbers, on="psn_no").select("row", person="who", wait="wait", balance="balance")

    ranks = pl.LazyFrame({"psn_idet_type": list(CLASSES), "rank": range(len(CLASSES)), "class": CLASSES.values()})
    classes = found.select("row", "psn_no", "begndate").join(identities.join(ranks, on="psn_idet_type"), on="psn_no")
    holds = (c("begndate") >= c("begntime")) & (c("begndate") <= c("endtime")).fill_null(True)
    classes = classes.filter(holds).sort("rank").unique("row", keep="first").select("row", c("class").cast(pl.Int8))

    joined = found.drop("psn_no", "ours").join(latest, on="row", how="left").join(classes, on="row", how="left")
    either = (pl.coalesce(f"{name}_right", name).alias(name) for name in ("person", "wait", "balance"))
    joined = joined.with_columns(*either, c("class").fill_null(0)).with_columns(c("balance").fill_null(0))
    return joined.drop("person_right", "wait_right", "balance_right").collect()


def yuan(name: str) -> pl.Expr:
    """Fen as yuan: exact, for a hundredth of so many yuan is so many fen."""
    return (c(name).cast(pl.Decimal(20, 2)) / 100).cast(MONEY)


def settled(claims: pl.DataFrame, funded: pl.DataFrame) -> pl.LazyFrame:
    """The columns that the engine writes; both frames have the same rows in the same order."""
    names = {0: "waiting-period"} | {number: f"990100/390/2021-01-01:{name}" for number, name in RULES.items()}
    share = (c("share").cast(pl.Decimal(9, 4)) * pl.lit("0.0001").cast(pl.Decimal(5, 4))).cast(pl.Decimal(5, 4))
    both = claims.select(*WIDE, *BILL).hstack(funded.drop("row")).lazy()
    return both.with_columns((c("own") - c("acct")).alias("cash")).select(
        *(*WIDE, *BILL),
        c("due").replace_strict(names, return_dtype=pl.String).alias("rule_id"),
        share.alias("pool_prop_selfpay"),
        *(yuan(column).alias(name) for name, column in PAYMENTS.items()),
        **dict.fromkeys(NOTHING, pl.lit(0).cast(MONEY)),
    )


def sides(claims: pl.DataFrame, pairs: pl.DataFrame) -> pl.LazyFrame:
    """Reversals and what they took back, side by side."""
    both = [pairs.with_columns(refd_setl_flag=pl.lit("1"))]
    both.append(pairs.select(row="other", other="row", refd_setl_flag=pl.lit("0")))
    rows = pl.concat(both).lazy().join(claims.lazy().select("row", *WIDE, *BILL), on="row")
    rows = rows.join(claims.lazy().select(other="row", other_setl_id="setl_id"), on="other")
    return rows.select(*WIDE, "refd_setl_flag", "other_setl_id", *BILL)


def write(frame: pl.LazyFrame, out: str, table: str) -> None:
    (Path(out) / table).mkdir(parents=True, exist_ok=True)
    path = Path(out) / table / "part-0.parquet"
    frame.sink_parquet(path, compression="zstd", compression_level=1, statistics=False, maintain_order=False)


def funds(counted: pl.LazyFrame, ceiling: int) -> pl.LazyFrame:
    """What each fund pays: by running sums where that is true, step by step elsewhere."""
    paid = pooled(counted)
    if ceiling == NO_CEILING:
        whole = later(paid).collect()
        theirs = stepped(changing(whole), ceiling)
    else:
        whole = paid.with_columns(hifmi=pl.lit(0, pl.Int64), maf=pl.lit(0, pl.Int64)).collect()
        theirs = stepped(whole, ceiling)
    both = whole.lazy().join(theirs.lazy(), on="row", how="left", maintain_order="left")
    return both.with_columns(pl.coalesce(f"{name}_right", name).alias(name) for name in ("hifp", "hifmi", "maf"))


def main(sample: str, out: str, ceiling: str) -> None:
    """Settle the sample; ``out`` gets the folders settled, reversed and rejected. ``ceiling`` is in basis points."""
    claims, insured = read_claims(sample), read_insured(sample)
    rejected, pairs = taken_out(claims)
    rejected = without_copies_of_nobody(claims, insured, rejected)
    gone = pl.concat([rejected["row"], pairs["row"], pairs["other"]])
    left = claims.lazy().filter(~c("row").is_in(gone.implode()))
    counted = with_people(left, insured, pl.scan_parquet(f"{sample}/identities.parquet"))
    nobody, no_rule = c("person").is_null(), c("rule").is_null()
    refused = [coded(counted.filter(nobody), "E_PERSON"), coded(counted.filter(~nobody & no_rule), "E_NO_RULE")]
    rejected = pl.concat([rejected, *refused])
    paid = funds(counted.lazy().filter(~nobody & ~no_rule), int(ceiling))
    funded = accounts(paid).sort("row").collect()
    write(settled(claims.filter(c("row").is_in(funded["row"].implode())), funded), out, "settled")
    write(sides(claims, pairs), out, "reversed")
    whole = pl.scan_parquet(f"{sample}/claims/*.parquet").with_row_index("row").join(rejected.lazy(), on="row")
    whole = whole.select((c("row").cast(pl.Int64) + 1).alias("source_row"), "code", pl.exclude("row", "code"))
    write(whole, out, "rejected")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[4])
