"""Amounts, percentages and short phrases, in Chinese or English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from qingsuan.money import yuan
from qingsuan.rulebook.codes import CODES_IN_ENGLISH

__all__ = [
    "Lang",
    "amount",
    "aside",
    "code_name",
    "counted",
    "counter_name",
    "day",
    "dimension_name",
    "percentage",
    "phrase",
    "plain_fen",
    "signs",
]

Lang = Literal["zh", "en"]

_PHRASES: dict[str, tuple[str, str]] = {
    "absolute": ("按费用分段（含起付线）", "bands on the amount itself"),
    "above": ("超过", "above"),
    "all": ("同时为", "all of"),
    "any": ("任一", "any of"),
    "below": ("不满", "below"),
    "by": ("分", "by"),
    "carried over": ("未用部分结转下期", "what is not used is carried over"),
    "carried over within": ("未用部分结转下期，最多", "what is not used is carried over, at most"),
    "counts toward": ("支付计入起付线", "payments count as deductible used of"),
    "counts periods of": ("计已支付的期数：", "counts the periods that have paid of"),
    "at year end": ("年终结算一次，累计于", "settled once, at the end of the year, over"),
    "counted in": ("计入", "counted in"),
    "of payment": ("支付金额", "what is paid"),
    "of own_share": ("个人负担金额", "the person's share"),
    "side down": ("舍去至", "down to whole"),
    "side half": ("四舍五入至", "half up to whole"),
    "side up": ("进位至", "up to whole"),
    "credits": ("但视同已付", "but credited"),
    "deductible times": ("起付线乘以", "deductible times"),
    "every": ("所有情形", "any"),
    "excess": ("按起付线以上部分分段", "bands above the deductible"),
    "exempt": ("免起付线", "none is taken"),
    "from": ("自", "from"),
    "highest": ("最高身份为", "highest is"),
    "left in": ("其余由组内余额限制", "no amount of its own"),
    "lifts": ("不设限", "lifts"),
    "none": ("均非", "none of"),
    "not": ("除", "not"),
    "not counted": ("本次不计次", "this one not counted"),
    "of layer": ("所属", "of layer"),
    "or": ("或", "or"),
    "others": ("其余人员", "everybody else"),
    "own times": ("个人负担乘以", "own share times"),
    "no value": ("无数值", "no value"),
    "no cap": ("无封顶", "no cap"),
    "pays nothing": ("不予支付", "pays nothing"),
    "people": ("人群", "people"),
    "period": ("每期", "per period"),
    "points": ("百分点", "points"),
    "rest": ("以上", "and above"),
    "until": ("至", "until"),
    "unlimited": ("不限", "unlimited"),
    "upto": ("至", "up to"),
    "visit": ("每次", "per visit"),
    "when": ("情形", "when"),
    "year": ("每年", "per year"),
    "quarter": ("每季", "per quarter"),
    "month": ("每月", "per month"),
    "day": ("每日", "per day"),
}


_COUNTERS = {
    "visits": "次数",
    "deductible_used": "已用起付线",
    "base": "已进入金额",
    "excess": "起付线以上金额",
    "paid": "已支付金额",
}

_DIMENSIONS = {
    "insutype": "险种",
    "med_type": "医疗类别",
    "dedc_hosp_lv": "医院等级",
    "psn_type": "人员类别",
    "psn_idet_type": "身份",
    "place": "就医地",
    "referral": "转诊",
    "dise_code": "病种",
    "age": "年龄",
    "medfee_sumamt": "医疗费总额",
    "date": "待遇日期",
}

_VALUES = {
    ("place", "pool"): "统筹区内",
    ("place", "region"): "省内异地",
    ("place", "outside"): "省外",
    ("referral", "none"): "未转诊",
    ("referral", "referred"): "已转诊",
    ("referral", "emergency"): "急诊",
    ("referral", "both"): "转诊且急诊",
}


def signs(lang: Lang) -> tuple[str, str, str]:
    """Comma, semicolon and colon."""
    return ("，", "；", "：") if lang == "zh" else (", ", "; ", ": ")


def aside(text: str, lang: Lang) -> str:
    """A text in brackets, to stand behind another.

    >>> f"LC_CAP{aside('B', 'en')}", f"LC_CAP{aside('B', 'zh')}"
    ('LC_CAP (B)', 'LC_CAP（B）')
    """
    return f"（{text}）" if lang == "zh" else f" ({text})"


def dimension_name(name: str, lang: Lang) -> str:
    """What a dimension is called; in English by the name of its column."""
    return _DIMENSIONS.get(name, name) if lang == "zh" else name


def counter_name(group: str, counter: str, lang: Lang) -> str:
    """What a counter of a group is called.

    >>> counter_name("pooled", "paid", "en"), counter_name("pooled", "paid", "zh")
    ('pooled paid', '按 pooled 已支付金额选段')
    """
    return f"按 {group} {counted(counter, lang)}选段" if lang == "zh" else f"{group} {counter}"


def counted(counter: str, lang: Lang) -> str:
    """What a counter counts.

    >>> counted("visits", "en"), counted("visits", "zh")
    ('visits', '次数')
    """
    return _COUNTERS.get(counter, counter) if lang == "zh" else counter.replace("_", " ")


def code_name(dimension: str, code: str, lang: Lang, codes: Mapping[str, Mapping[str, str]]) -> str:
    """A code with what it means; in English a code of a region's own alone. An absent value is ``∅``.

    >>> code_name("med_type", "21", "zh", {"med_type": {"21": "普通住院"}}), code_name("med_type", "", "en", {})
    ('21 普通住院', '∅')
    >>> code_name("psn_type", "14*", "en", {})
    '14* resident under age'
    """
    if lang == "zh" and (dimension, code) in _VALUES:
        return _VALUES[dimension, code]
    meanings = codes if lang == "zh" else CODES_IN_ENGLISH
    meaning = meanings.get(dimension, {}).get(code.removesuffix("*"), "")
    return f"{code} {meaning}".rstrip() or ("无" if lang == "zh" else "∅")


def phrase(name: str, lang: Lang) -> str:
    """A phrase in a language; a name that has none is said as it is."""
    chinese, english = _PHRASES.get(name, (name, name))
    return chinese if lang == "zh" else english


def amount(fen: int) -> str:
    """Fen as yuan, thousands apart, without decimals where there are none.

    >>> amount(120_000_000), amount(9280), amount(-5)
    ('1,200,000', '92.80', '-0.05')
    """
    whole, _, cents = yuan(abs(fen)).partition(".")
    return f"{'-' if fen < 0 else ''}{int(whole):,}{'' if cents == '00' else f'.{cents}'}"


def plain_fen(value: object) -> int | None:
    """An amount that the file itself states; None of one that is unlimited, or follows only when a year is settled."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def percentage(bp: int) -> str:
    """Basis points as a percentage.

    >>> percentage(6500), percentage(1250), percentage(-5001)
    ('65%', '12.5%', '-50.01%')
    """
    whole, _, cents = yuan(abs(bp)).partition(".")
    decimals = cents.rstrip("0")
    return f"{'-' if bp < 0 else ''}{whole}{f'.{decimals}' if decimals else ''}%"


def day(number: int) -> str:
    """A day since 1970-01-01 as a date.

    >>> day(18628)
    '2021-01-01'
    """
    return (dt.date(1970, 1, 1) + dt.timedelta(days=number)).isoformat()
