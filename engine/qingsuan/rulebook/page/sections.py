"""What the page says of one rule set, for its template: its head, layers with tables and sources, rules, what is missing, sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qingsuan.pages.tables import filled
from qingsuan.policy.model import Layer, RuleSet, Source
from qingsuan.rulebook.grids import Grid, grids
from qingsuan.rulebook.statements import Statement, statements
from qingsuan.rulebook.words import Words

__all__ = ["FUND_TITLES", "rule_set_section"]

FUND_TITLES = {
    "hifp_pay": "基本医保统筹基金",
    "cvlserv_pay": "公务员医疗补助",
    "hifes_pay": "企业补充医疗保险",
    "hifmi_pay": "居民大病保险",
    "hifob_pay": "职工大额医疗补助",
    "hifdm_pay": "伤残人员医疗保障",
    "maf_pay": "医疗救助",
    "oth_pay": "其他基金",
    "acct_pay": "个人账户",
}
_SETTINGS = {
    "adjust": "倾斜",
    "bands": "支付比例",
    "caps": "支付限额",
    "counts_toward": "支付计入起付线",
    "deductible": "起付线",
    "entry": "进入本层的金额",
    "limit": "纳入金额封顶",
    "rounding": "舍入",
    "visits": "次数",
}
_HEAD = {
    "ruleset.benefit_date": "决定待遇的日期",
    "ruleset.identity_date": "认定身份的日期",
    "ruleset.levels": "医院等级",
    "ruleset.until": "有效期至",
    "ruleset.year_begins": "待遇年度开始日",
    "ruleset.interim_settlements": "中途结算",
    "ruleset.identities_without_effect": "不影响待遇的身份代码",
    "identity_rank": "身份优先顺序",
}

_KINDS = {
    "dimensions": "自定义条件",
    "figures": "公布的数字",
    "groups": "累计",
    "identities": "人员身份",
    "waiting": "等待期",
    "who": "人群",
}
_MOST_STACKED = 5
_DATES = {"setl_time": "结算时间 setl_time", "begndate": "开始日期 begndate", "enddate": "结束日期 enddate"}
_MORE: Mapping[str, str] = {
    "entry_percent": "进入比例",
    "ceiling": "总封顶",
    "guarantee": "保底",
    "overrides": "优先于",
    "registered": "须有备案",
}


def rule_set_section(rule_set: RuleSet, words: Words, number: int) -> Mapping[str, Any]:
    """One rule set as its template takes it; ``number`` tells it from the others on the page."""
    said = statements(rule_set, words)
    return {
        "id": f"r{number}",
        "title": rule_set.title,
        "name": rule_set.name,
        "effective": str(rule_set.effective),
        "until": rule_set.until,
        "file": rule_set.file,
        "head": list(_head(said)),
        "cited": list(_cited(rule_set, (rule_set.source,))),
        "layers": [_layer(rule_set, layer, words) for layer in rule_set.layers.values()],
        "rules": filled(["规则", "情形", "依次支付", "另", "依据"], list(_rules(rule_set, said))),
        "missing": [(one.key, one.text, one.condition) for one in said if one.place == "missing"],
        "beyond": filled(["参数", "理由", "依据"], _of_place(said, "beyond")),
        "explained": filled(["何处", "说明", "依据"], _of_place(said, "explained")),
        "sources": [_source(key, source) for key, source in rule_set.sources.items()],
    }


def _of_place(said: Iterable[Statement], place: str) -> list[list[str]]:
    return [[one.key, one.text, one.source] for one in said if one.place == place]


def _head(said: Iterable[Statement]) -> Iterator[list[str]]:
    for one in said:
        place = f"{one.place}.{one.key}".rstrip(".")
        if (
            one.place in ("ruleset", "identity_rank", "identities", "groups", "dimensions", "who", "figures", "waiting")
            and one.key != "title"
        ):
            kind = _KINDS.get(one.place)
            name = f"{kind} {one.key}" if kind else _HEAD.get(place, place)
            yield [name, _DATES.get(one.text, one.text)]


def _cited(rule_set: RuleSet, sources: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """The sources of a table, to stand beside it with their grades."""
    for key in dict.fromkeys(each for one in sources for each in one.split(", ") if each):
        source = _source(key, rule_set.sources[key])
        yield {
            **source,
            "document": re.split(r" \(|（", source["document"], maxsplit=1)[0],
        }  # in full among the sources below


def _source(key: str, source: Source) -> dict[str, str]:
    named = {name: getattr(source, name) for name in ("grade", "document", "article", "owner")}
    return {"key": key, **named}


def _layer(rule_set: RuleSet, layer: Layer, words: Words) -> Mapping[str, Any]:
    fund = f"{FUND_TITLES.get(layer.fund, '')} {layer.fund}"
    return {
        "name": layer.name,
        "fund": fund,
        "grids": [_grid(rule_set, grid) for grid in grids(rule_set, layer, words)],
    }


def _grid(rule_set: RuleSet, grid: Grid) -> Mapping[str, Any]:
    title = _SETTINGS.get(grid.key, grid.key)
    by_visit = grid.key == "deductible" and any(" / " in cell for _, cells in grid.rows for cell in cells)
    order = ";依次为第 1 次、第 2 次,最后一个为以后各次" if by_visit else ""
    beside = {"title": title, "caption": f"{grid.frame}{order}", "cited": list(_cited(rule_set, grid.sources))}
    if len(grid.rows) == 1 and grid.columns == ("",) and grid.rows[0][0] == "所有情形":
        return {**beside, "headers": [], "rows": [[grid.rows[0][1][0]]], "numbers_from": None}
    rows = [[name, *map(_stacked, cells)] for name, cells in grid.rows]
    columns = grid.columns if any(grid.columns) else [title]
    headers, rows = filled([grid.across or grid.down, *columns], rows)
    return {**beside, "headers": headers, "rows": rows, "numbers_from": 1 if _short(grid) else None}


def _stacked(cell: str) -> str | list[str]:
    """The items of a cell one below the other, where they are few."""
    items = cell.split(" / ")
    return items if 1 < len(items) <= _MOST_STACKED else cell


def _short(grid: Grid) -> bool:
    return all(len(cell) <= 30 for _, cells in grid.rows for cell in cells)


def _rules(rule_set: RuleSet, said: Iterable[Statement]) -> Iterator[list[str]]:
    by_place: dict[str, dict[str, Statement]] = {}
    for one in said:
        by_place.setdefault(one.place, {})[one.key] = one
    for rule in rule_set.rules:
        own = by_place[f"rules.{rule.id}"]
        more = [f"{_MORE.get(key, key)}: {one.text}" for key, one in own.items() if key not in ("when", "layers")]
        sources = dict.fromkeys(key for one in own.values() for key in one.source.split(", ") if key)
        yield [rule.id, own["when"].text, own["layers"].text, "; ".join(more), ", ".join(sources)]
