"""A small year as its rows: few people, few claims, some of which cannot be settled, and ids and amounts of odd forms."""

from __future__ import annotations

from random import Random

from settling import claim, insured

__all__ = ["ODD_AMOUNTS", "ODD_IDS", "claims", "people"]

PEOPLE = ("p1", "p2", "甲乙", "P-3")
ODD_IDS = (
    *(
        "a b",
        " lead",
        "trail ",
        "a,b",
        'a"b',
        '"a"',
        "a\nb",
        "a\r\nb",
        "a\tb",
        "=1+1",
        "-1",
        "NULL",
        "null",
        "NaN",
        "N/A",
        "#N/A",
    ),
    *(
        "001",
        "1e5",
        "2.20102E+17",
        "220102199001011234",
        "Ｓ１",
        "\u200bs",
        "s\u00ad",
        "\u00e9",
        "e\u0301",
        "😀",
        "true",
        "a" * 300,
    ),
    *("\u3000s", "s\u00a0", "\u202es", "a\x00b", "\x1b[31m", "结算１", "'s", "s'", "\\", "\\N", "a\x85b", "a\u2028b"),
)
ODD_AMOUNTS = (
    *(
        "1000",
        "1000.0",
        "1000.000",
        "+1000.00",
        "1e3",
        "1,000.00",
        " 1000.00",
        "1000.00 ",
        "-0.00",
        "١٠٠٠",
        "0x3e8",
        ".5",
        "5.",
        "1_000",
    ),
    *(
        "99999999999.99",
        "100000000000.00",
        "100000000000.01",
        "9" * 40,
        "1e999",
        "NaN",
        "inf",
        "０.00",
        "--1",
        "￥1000.00",
        "0.001",
        "-0.01",
    ),
)
ODD_DATES = (
    "2022-3-1",
    "2022/03/01",
    "20220301",
    "2022-02-30",
    "0000-00-00",
    "9999-12-31",
    "2022-03-01 00:00:00",
    "44621",
    "2022-13-01",
    "1e9",
)


def people() -> list[dict[str, str | None]]:
    return [insured(psn_no=name) for name in PEOPLE]


def claims(dice: Random, *, odd: bool) -> list[dict[str, str]]:
    """Up to a dozen claims, some with their reversal; with ``odd`` some cells have forms that a year should not have."""
    rows: list[dict[str, str]] = []
    for number in range(dice.choice((1, 2, 3, 5, 8, 12))):
        rows.append(_claim(dice, f"s{number}"))
        if dice.random() < 0.2:
            rows.append(_reversal(rows[-1], f"r{number}"))
    dice.shuffle(rows)
    for row in rows if odd else ():
        if dice.random() < 0.4:
            _spoil(dice, row)
    return rows


def _claim(dice: Random, setl_id: str) -> dict[str, str]:
    total = f"{dice.choice((0, 1, 9_999, 10_000, 10_001, 123_456, 5_000_000)) / 100:.2f}"
    day = f"2022-{dice.randint(2, 12):02d}-{dice.randint(1, 28):02d}"
    made = claim(
        setl_id=setl_id,
        psn_no=dice.choice((*PEOPLE, "stranger")),
        med_type=dice.choice(("21", "21", "21", "11")),
        begndate=day,
        enddate=day,
        setl_time=f"{day} {dice.randint(0, 23):02d}:30:00",
        medfee_sumamt=total,
        fulamt_ownpay_amt="0.00",
        overlmt_selfpay="0.00",
        preselfpay_amt="0.00",
        inscp_scp_amt=total,
    )
    return {name: text or "" for name, text in made.items()} | {
        "note": dice.choice(("", "plain", "住院 费用", 'a, "b"'))
    }


def _reversal(row: dict[str, str], setl_id: str) -> dict[str, str]:
    amounts = {name: _negated(text) for name, text in row.items() if name.endswith(("amt", "selfpay"))}
    return row | amounts | {"setl_id": setl_id, "refd_setl_flag": "1", "init_setl_id": row["setl_id"]}


def _negated(text: str) -> str:
    return text if text == "0.00" else f"-{text}"


def _spoil(dice: Random, row: dict[str, str]) -> None:
    name = dice.choice([*row])
    if name.endswith(("amt", "selfpay")):
        row[name] = dice.choice(ODD_AMOUNTS)
    elif name.endswith(("date", "time")):
        row[name] = dice.choice(ODD_DATES)
    else:
        row[name] = dice.choice((*ODD_IDS, ""))
