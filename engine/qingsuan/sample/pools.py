"""What the made-up year looks like: who is insured where, which care they use, what it costs.

Nothing here is a rule or a statistic of the four pools: the shares and prices are made up. The combinations of care
and level are those the rule sets of the pools know, plus a few per thousand that no rule covers, so that rejections show.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AGES_310",
    "AGES_390",
    "CARES",
    "CHRONIC_DISEASES",
    "IDENTITY_CODES",
    "IDENTITY_WEIGHTS",
    "LEVELS",
    "MARKETS",
    "PRICES",
    "SPECIAL_DISEASES",
    "STANDARDS",
    "STAYS",
    "TRANSFERS",
    "USES",
    "Care",
    "Market",
]

LEVELS = ("1", "2", "3", "3M", "3P", "3B", "3A")
"""Levels of institutions in the vocabularies of the four pools together."""


@dataclass(frozen=True, slots=True)
class Care:
    """One kind of care at one level: ``place`` 0 in the pool, 1 elsewhere in the region, 2 outside it."""

    med_type: str
    level: str
    weight: int
    place: int = 0


@dataclass(frozen=True, slots=True)
class Market:
    """One scheme of one pool: ``weight`` in 1/1000 of all people, ``visits`` per person in hundredths.

    ``elsewhere`` is where people of this pool go in their own region. Where it ``waits``, who enrols late has a waiting period.
    """

    prefix: str
    insutype: str
    weight: int
    visits: int
    counties: tuple[str, ...]
    elsewhere: str
    cares: tuple[Care, ...]
    waits: bool = False


_CHANGCHUN = (
    *("220102", "220103", "220104", "220105", "220106", "220112"),
    *("220113", "220122", "220182", "220183", "220184"),
)
_JILIN_CITY = ("220202", "220203", "220204", "220211", "220221", "220281", "220282", "220283", "220284")
_HOHHOT = ("150102", "150103", "150104", "150105", "150121", "150122", "150123", "150124", "150125")
_ULANQAB = (
    *("150902", "150921", "150922", "150923", "150924", "150925"),
    *("150926", "150927", "150928", "150929", "150981"),
)


def _cares(med_type: str, weights: dict[str, int], place: int = 0) -> tuple[Care, ...]:
    return tuple(Care(med_type, level, weight, place) for level, weight in weights.items())


MARKETS: tuple[Market, ...] = (
    Market(
        *("2201", "390", 250, 300, _CHANGCHUN, "220202"),
        (
            *_cares("21", {"1": 500, "2": 900, "3M": 420, "3P": 380}),
            *_cares("140201", {"1": 40, "2": 160, "3M": 260, "3P": 240}),
            *_cares("140104", {"1": 500, "2": 700, "3M": 200, "3P": 100}),
            *_cares("11", {"1": 3000, "2": 2600}),
            *_cares("11", {"3M": 14}),
            *_cares("21", {"3P": 4}, place=2),
        ),
    ),
    Market(
        *("2201", "310", 160, 370, _CHANGCHUN, "220202"),
        (
            *_cares("21", {"1": 250, "2": 600, "3M": 520, "3P": 430}),
            *_cares("140201", {"1": 40, "2": 160, "3M": 300, "3P": 300}),
            *_cares("140104", {"1": 500, "2": 900, "3M": 400, "3P": 200}),
            *_cares("11", {"1": 1400, "2": 2000, "3M": 1200, "3P": 800}),
            *_cares("21", {"3P": 8}, place=1),
        ),
    ),
    Market(
        *("2202", "390", 140, 190, _JILIN_CITY, "220102"),
        (
            *_cares("21", {"1": 1200, "2": 2600, "3": 2200}),
            *_cares("140201", {"2": 900, "3": 1100}),
            *_cares("140104", {"1": 2000}),
            *_cares("11", {"1": 15}),
            *_cares("21", {"3": 5}, place=2),
        ),
    ),
    Market(
        *("2202", "310", 90, 320, _JILIN_CITY, "220102"),
        (
            *_cares("21", {"1": 700, "2": 2000, "3": 2300}),
            *_cares("140201", {"1": 200, "2": 800, "3": 1300}),
            *_cares("140104", {"1": 800, "2": 1200, "3": 700}),
            *_cares("11", {"1": 1100, "2": 1700, "3": 900}),
            *_cares("21", {"3": 12}, place=1),
        ),
    ),
    Market(
        *("1501", "390", 120, 350, _HOHHOT, "150902"),
        (
            *_cares("21", {"1": 350, "2": 700, "3B": 350, "3A": 500}),
            *_cares("140104", {"1": 500, "2": 700, "3B": 150, "3A": 250}),
            *_cares("11", {"1": 2800, "2": 2000, "3B": 600, "3A": 1100}),
            *_cares("140201", {"3A": 14}),
            *_cares("21", {"3A": 5}, place=2),
        ),
        waits=True,
    ),
    Market(
        *("1501", "310", 107, 370, _HOHHOT, "150902"),
        (
            *_cares("21", {"1": 150, "2": 500, "3B": 350, "3A": 600}),
            *_cares("140104", {"1": 300, "2": 700, "3B": 350, "3A": 650}),
            *_cares("11", {"1": 1800, "2": 2000, "3B": 900, "3A": 1700}),
            *_cares("140201", {"3A": 14}),
        ),
    ),
    Market(
        *("1509", "390", 130, 46, _ULANQAB, "150105"),
        (
            *_cares("21", {"3": 8300}),
            *_cares("21", {"3": 1300}, place=1),
            *_cares("21", {"3": 390}, place=2),
            *_cares("11", {"3": 10}),
        ),
        waits=True,
    ),
    # No rule set for employees of this pool is known: every claim of theirs is rejected, so there are only a few.
    Market(*("1509", "310", 3, 60, _ULANQAB, "150105"), _cares("21", {"3": 100})),
)

CARES: tuple[Care, ...] = tuple(care for market in MARKETS for care in market.cares)
"""The cares of all markets, one after the other."""


def _prices(*medians_fen: int) -> dict[str, int]:
    return dict(zip(LEVELS, medians_fen, strict=True))


PRICES: dict[str, tuple[dict[str, int], int]] = {
    "21": (_prices(260_000, 520_000, 1_150_000, 1_050_000, 1_500_000, 900_000, 1_350_000), 95),
    "140201": (_prices(60_000, 90_000, 180_000, 170_000, 210_000, 160_000, 200_000), 105),
    "140104": (_prices(22_000, 31_000, 42_000, 42_000, 46_000, 42_000, 46_000), 65),
    "11": (_prices(11_000, 19_000, 32_000, 31_000, 38_000, 30_000, 36_000), 90),
}
"""Kind of care -> (level -> median cost in fen, standard deviation of its logarithm in hundredths)."""

STANDARDS: dict[str, int] = {"1501": 40_000, "1509": 38_000}
"""Pool -> what a resident pays for the year, in fen; only pools of a region whose premiums are known pay any."""

TRANSFERS: dict[str, dict[str, int]] = {
    "22": {"central": 34_800, "province": 13_920, "prefecture": 3_712, "county": 5_568},
    "15": {"central": 46_400, "province": 5_800, "prefecture": 2_320, "county": 3_480},
}
"""Region -> what each level of government transfers for a resident, in fen."""

USES = (
    *(("pharmacy", 640), ("care", 240), ("resident-premium", 50), ("large-sum-premium", 30)),
    *(("wellness", 20), ("sport", 15), ("public-health", 5)),
)
"""What accounts pay in pharmacies and elsewhere, with its weights; some of it no account may pay."""

STAYS: dict[str, int] = {"1": 6, "2": 8, "3": 9, "3M": 9, "3P": 10, "3B": 9, "3A": 10}
"""Median days of an inpatient stay by level."""

AGES_390 = ((0, 14), (1, 16), (6, 17), (18, 12), (23, 9), (60, 13), (76, 6), (92, 0))
"""Residents: from this age on, weight of each year of age."""

AGES_310 = ((0, 0), (20, 10), (30, 24), (50, 22), (60, 15), (72, 7), (90, 0))
"""Employees, retired ones too."""

IDENTITY_CODES = ("", "2301", "2302", "2303", "2304", "2305", "2306", "2307", "2308", "7201", "7202", "7204")
"""Identity classes (人员身份), "" for none: 三无, 建档立卡, 低保, 特困, 低收入, 因病致贫, 五保, 残疾, 低保边缘, 返贫致贫,
边缘易致贫."""

IDENTITY_WEIGHTS: dict[str, tuple[int, ...]] = {
    "310": (9960, 0, 0, 20, 0, 5, 5, 0, 10, 0, 0, 0),
    "390": (9480, 12, 120, 190, 45, 20, 15, 18, 50, 25, 15, 10),
    "1509/390": (8820, 25, 480, 420, 60, 25, 20, 45, 55, 25, 15, 10),
}
"""Weights by scheme; a pool and scheme of its own goes before."""

SPECIAL_DISEASES = (("M00500", 480), ("M07801", 250), ("M08300", 120), ("M01600", 147), ("M02207", 2), ("M07109", 1))
"""Diseases of special outpatient care with their weights. M02207 and M07109 have no rule before 2023-01-01."""

CHRONIC_DISEASES = (("M03900", 600), ("M01600", 400))
"""Diseases of chronic outpatient care with their weights."""
