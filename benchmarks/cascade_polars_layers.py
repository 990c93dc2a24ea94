"""The layers of the full cascade as Polars expressions, and their numbers: fen, basis points.

A running sum within a person needs no grouping: on rows that lie in order it is the sum over all rows, less what it was
where the person began (:func:`upto`).
"""

from __future__ import annotations

import polars as pl

__all__ = ["CLASSES", "KINDS", "RULES", "accounts", "changing", "later", "pooled", "stepped"]

KINDS = {"21": 1, "140201": 2, "140104": 3, "11": 4}
_STAYS = ("inpatient-unreferred", "inpatient", "inpatient-in-region", "inpatient-outside-region")
RULES = dict(enumerate((*_STAYS, "special", "chronic", "outpatient"), start=1))
STAYS = {  # by level: deductible of the first, second and later visit, ratios of the bands
    1: ((20_000, 15_000, 10_000), (8_500, 9_000, 9_500)),
    2: ((60_000, 40_000, 30_000), (7_500, 8_000, 8_500)),
    3: ((120_000, 90_000, 70_000), (6_000, 6_500, 7_250)),
}
STAY_BOUNDS = (1_000_000, 5_000_000)
OTHERS = {  # by kind: deductible of the year, ratio by level
    2: (50_000, {1: 8_000, 2: 7_000, 3: 6_250}),
    3: (30_000, {1: 7_000, 2: 6_500, 3: 6_000}),
    4: (10_000, {1: 6_000, 2: 5_500, 3: 5_000}),
}
CAPS = {2: 15_000_000, 3: 300_000, 4: 60_000}  # stays share that of special care
CLASSES = {"2301": 1, "2304": 1, "2307": 1, "2303": 2, "7202": 2, "2306": 3, "7201": 3, "7204": 3}  # highest rank first
NO_CAP = 9_000_000_000_000_000
LINE = {1: 700_000, 2: 700_000, 0: 1_400_000}
UP = {1: 500, 2: 500, 0: 0}
MOST = {1: NO_CAP, 2: NO_CAP, 0: 30_000_000}
MAF_LINE = {2: 50_000, 3: 200_000, 0: 0}
MAF_BP = {1: 10_000, 2: 7_250, 3: 6_000, 0: 0}
MAF_MOST = {1: 5_000_000, 2: 3_000_000, 3: 2_000_000, 0: 0}

c = pl.col


# --- small words ------------------------------------------------------------------------------------------------------


def by(key: str, numbers: dict[int, int]) -> pl.Expr:
    """A number by a column of small whole numbers; the last one where nothing else fits."""
    *others, last = numbers.items()
    found = pl.lit(last[1], pl.Int64)
    for value, number in others:
        found = pl.when(c(key) == value).then(pl.lit(number, pl.Int64)).otherwise(found)
    return found


def choose(condition: pl.Expr, then: pl.Expr | int, otherwise: pl.Expr | int = 0) -> pl.Expr:
    return pl.when(condition).then(then).otherwise(otherwise)


def least(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when(one < other).then(one).otherwise(other)


def fen(exact: pl.Expr) -> pl.Expr:
    """Fen times basis points, rounded."""
    return (exact + 5_000) // 10_000


def bands(t: pl.Expr, bounds: tuple[int, int], ratios: list[pl.Expr]) -> pl.Expr:
    low, high = bounds
    middle = (t.clip(upper_bound=high) - low).clip(0)
    return ratios[0] * t.clip(upper_bound=low) + ratios[1] * middle + ratios[2] * (t - high).clip(0)


def critical(x: pl.Expr, up: pl.Expr) -> pl.Expr:
    """What critical illness has paid when so much of the year's excess is reached."""
    return fen(bands(x.clip(0), (5_000_000, 10_000_000), [6_000 + up, 6_500 + up, 7_000 + up]))


def upto(amount: pl.Expr) -> pl.Expr:
    """The running sum within a person, on rows in order; ``first`` says where a person begins."""
    total = amount.cum_sum()
    return total - pl.when("first").then(total - amount).forward_fill()


def capped(raw: pl.Expr, so_far: pl.Expr, most: pl.Expr | int) -> pl.Expr:
    """A payment under a cap on running payments: they are the lesser of the cap and of what they would have been."""
    most = pl.lit(most, pl.Int64) if isinstance(most, int) else most
    return least(so_far, most) - least(so_far - raw, most)


# --- the pooled fund --------------------------------------------------------------------------------------------------


def in_order(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Claims person after person; ``due`` is the rule, or 0 in a waiting period; ``entered`` what comes into the layers."""
    waits = (c("begndate") <= c("wait")).fill_null(False)
    scope = c("scope")
    entered = (pl.when(c("due") <= 1).then(0).when(c("due") == 3).then(fen(scope * 9_000)).when(c("due") == 4)).then(
        fen(scope * 8_000)
    )
    return (
        counted.with_columns(choose(waits, 0, c("rule")).cast(pl.Int8).alias("due"))
        .sort("person", "setl_time", "setl_id")
        .with_columns(
            (c("person") != c("person").shift(1)).fill_null(True).alias("first"),
            entered.otherwise(scope).alias("entered"),
        )
        .drop("setl_time", "setl_id", "begndate", "wait", "scope", "rule")
    )


def deductible() -> pl.Expr:
    """By visit number for a stay; what is left of the year's for other care."""
    visit = upto(((c("kind") == 1) & (c("due") > 1)).cast(pl.Int64))
    first, second, third = (by("level", {level: one[0][n] for level, one in STAYS.items()}) for n in range(3))
    found = least(c("entered"), choose(visit == 1, first, choose(visit == 2, second, third)))
    for kind, (line, _) in OTHERS.items():
        so_far = upto(choose(c("kind") == kind, c("entered")))
        found = choose(c("kind") == kind, capped(c("entered"), so_far, line), found)
    return choose(c("due") > 1, found)


def ratio(band: int) -> pl.Expr:
    found = by("level", {level: one[1][band] for level, one in STAYS.items()})
    for kind, (_, ratios) in OTHERS.items():
        found = choose(c("kind") == kind, by("level", ratios), found)
    return found


def pooled(counted: pl.LazyFrame) -> pl.LazyFrame:
    """Deductible, bands and yearly cap of the pooled fund; ``base`` is what it leaves to the layers that follow."""
    pays, excess = c("due") > 1, c("high") - c("low")
    ratios = [c("r0"), c("r1"), c("r2")]
    share = choose(c("x") == 0, c("r0"), (2 * excess + c("x")) // (2 * c("x")))
    rated = (
        in_order(counted)
        .with_columns(deductible().alias("d"), *(ratio(band).alias(f"r{band}") for band in range(3)))
        .with_columns((c("entered") - c("d")).alias("x"), choose(c("kind") == 1, c("d")).alias("p0"))
        .with_columns(
            bands(c("p0") + c("x"), STAY_BOUNDS, ratios).alias("high"), bands(c("p0"), STAY_BOUNDS, ratios).alias("low")
        )
        .with_columns(
            choose(pays, fen(c("high")) - fen(c("low"))).alias("raw"),
            choose(pays, share).alias("share"),
        )
    )
    paid = pl.lit(0, pl.Int64)
    for pot, most in CAPS.items():
        mine = c("kind").clip(2) == pot
        paid = choose(mine, capped(c("raw"), upto(choose(mine, c("raw"))), most), paid)
    kept = (
        "row",
        "person",
        "first",
        "due",
        "class",
        "account",
        "balance",
        "total",
        "d",
        "share",
        "entered",
        "raw",
        "kind",
    )
    return rated.select(*kept, paid.alias("hifp")).with_columns((c("entered") - c("hifp")).alias("base"))


# --- critical illness, assistance, account ----------------------------------------------------------------------------


def later(paid: pl.LazyFrame) -> pl.LazyFrame:
    """Critical illness and assistance as functions of running sums: true where a person's class does not change."""
    line, up, most = by("class", LINE), by("class", UP), by("class", MOST)
    so_far = c("so_far") - line
    hifmi = least(critical(so_far, up), most) - least(critical(so_far - c("base"), up), most)
    assisted, rest = c("class") > 0, c("base") - c("hifmi")
    taken = capped(rest, upto(choose(assisted, rest)), by("class", MAF_LINE))
    return (
        paid.with_columns(upto(c("base")).alias("so_far"))
        .with_columns(hifmi.alias("hifmi"))
        .with_columns(choose(assisted, fen(by("class", MAF_BP) * (rest - taken))).alias("help"))
        .with_columns(choose(assisted, capped(c("help"), upto(c("help")), by("class", MAF_MOST))).alias("maf"))
        .drop("so_far", "help")
    )


def changing(paid: pl.DataFrame) -> pl.DataFrame:
    """The claims of people whose class changes during the year."""
    some = paid.filter(c("class") > 0).select("person").unique()
    theirs = paid.join(some, on="person", how="semi", maintain_order="left")
    return theirs.filter(c("class").min().over("person") != c("class").max().over("person"))


def taken_back(amount: str, beyond: pl.Expr) -> pl.Expr:
    return c(amount) - least(c(amount), beyond.clip(0))


def stepped(theirs: pl.DataFrame, ceiling: int) -> pl.DataFrame:
    """All layers claim after claim, under a ceiling in basis points of the total: row, hifp, hifmi, maf.

    All first claims at once, then all second ones, each from what the person's claims before it have used up. What the
    ceiling takes back, from the last layer first, does not count as paid.
    """
    numbered = theirs.select(
        *("row", "person", "kind", "class", "entered", "raw", "total"),
        (pl.int_range(pl.len()) - pl.when("first").then(pl.int_range(pl.len())).forward_fill()).alias("k"),
    )
    drawn = [f"drawn{pot}" for pot in CAPS]
    zero = {name: pl.lit(0, pl.Int64) for name in ("used", "excess", "paid", "maf_used", "maf_paid", *drawn)}
    state = numbered.select("person").unique().with_columns(**zero)
    schema = {"row": theirs.schema["row"], "hifp": pl.Int64, "hifmi": pl.Int64, "maf": pl.Int64}
    found = [pl.DataFrame(schema=schema)]
    for _, now in sorted(numbered.partition_by("k", as_dict=True).items()):
        here = one_step(now.lazy().join(state.lazy(), on="person"), ceiling).collect()
        found.append(here.select(*schema))
        state = here.select("person", *zero)
    return pl.concat(found)


def one_step(now: pl.LazyFrame, ceiling: int) -> pl.LazyFrame:
    """One claim of each person, and the counters after it."""
    up, pot = by("class", UP), c("kind").clip(2)
    room = by("kind", {3: CAPS[3], 4: CAPS[4], 1: CAPS[2]})
    drawn = choose(pot == 2, c("drawn2"), choose(pot == 3, c("drawn3"), c("drawn4")))
    return (
        now.with_columns(pay=least(c("raw"), room - drawn).clip(0))
        .with_columns(base=c("entered") - c("pay"))
        .with_columns(taken=least(c("base"), (by("class", LINE) - c("used")).clip(0)))
        .with_columns(reached=c("excess") + c("base") - c("taken"))
        .with_columns(due=critical(c("reached"), up) - critical(c("excess"), up))
        .with_columns(ill=least(c("due"), by("class", MOST) - c("paid")).clip(0))
        .with_columns(rest=c("base") - c("ill"))
        .with_columns(maf_taken=least(c("rest"), (by("class", MAF_LINE) - c("maf_used")).clip(0)))
        .with_columns(due=fen(by("class", MAF_BP) * (c("rest") - c("maf_taken"))))
        .with_columns(help=least(c("due"), by("class", MAF_MOST) - c("maf_paid")).clip(0))
        .with_columns(beyond=c("pay") + c("ill") + c("help") - fen(c("total") * ceiling))
        .with_columns(
            maf=taken_back("help", c("beyond")),
            hifmi=taken_back("ill", c("beyond") - c("help")),
            hifp=taken_back("pay", c("beyond") - c("help") - c("ill")),
        )
        .with_columns(
            c("used") + c("taken"),
            c("paid") + c("hifmi"),
            c("maf_used") + c("maf_taken"),
            c("maf_paid") + c("maf"),
            *(c(f"drawn{one}") + choose(pot == one, c("hifp")) for one in CAPS),
            excess=c("reached"),
        )
    )


def accounts(funded: pl.LazyFrame) -> pl.LazyFrame:
    """The personal account pays last: the lesser of its balance and of what it was asked for so far."""
    opening = pl.when("first").then("balance").forward_fill()
    asked = choose(c("account"), c("own"))
    acct = capped(asked, upto(asked), opening)
    return (
        funded.with_columns((c("hifp") + c("hifmi") + c("maf")).alias("funds"))
        .with_columns((c("total") - c("funds")).alias("own"))
        .select(
            *("row", "due", "d", "share", "hifp", "hifmi", "maf", "funds", "own"),
            acct.alias("acct"),
            (opening - least(upto(asked), opening)).alias("rest"),
        )
    )
