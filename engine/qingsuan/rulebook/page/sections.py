"""The parts of one rule set on the page: its head, layers with every table beside its source, rules, what is missing, sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from qingsuan.policy.model import Layer, RuleSet
from qingsuan.rulebook.grids import Grid, grids
from qingsuan.rulebook.page.html import badge, element, table, text
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
}
_SETTINGS = {
    "adjust": "倾斜",
    "bands": "支付比例",
    "caps": "支付限额",
    "deductible": "起付线",
    "entry": "进入本层的金额",
    "limit": "纳入金额封顶",
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


def rule_set_section(rule_set: RuleSet, words: Words, number: int) -> str:
    """One rule set; ``number`` tells it from the others on the page."""
    said = statements(rule_set, words)
    until = f" 至 {rule_set.until}" if rule_set.until else " 起"
    named = f"{text(rule_set.title)} {element('span', text(rule_set.name), class_='en')}"
    parts = [
        element("h2", named),
        element("p", f"施行 {rule_set.effective}{until}。{text(rule_set.file)}"),
        _beside(table(["", ""], _head(said)), rule_set, (rule_set.source,)),
    ]
    for layer in rule_set.layers.values():
        parts.append(_layer(rule_set, layer, words))
    parts += [
        element("h3", "规则 " + element("span", "rules", class_="en")),
        table(["规则", "情形", "依次支付", "另", "依据"], _rules(rule_set, said))
        if rule_set.rules
        else element("p", "无。"),
    ]
    parts += [element("h3", "缺少的参数 " + element("span", "missing", class_="en")), _missing(said)]
    beyond = [[text(one.key), text(one.text), text(one.source)] for one in said if one.place == "beyond"]
    if beyond:
        parts += [element("h3", "超出授权 " + element("span", "beyond", class_="en"))]
        parts.append(table(["参数", "理由", "依据"], beyond))
    explained = [[text(one.key), text(one.text), text(one.source)] for one in said if one.place == "explained"]
    if explained:
        parts += [element("h3", "异常数字的说明 " + element("span", "explained", class_="en"))]
        parts.append(table(["何处", "说明", "依据"], explained))
    parts += [element("h3", "依据 " + element("span", "sources", class_="en")), _sources(rule_set)]
    return element("section", "\n".join(parts), class_="rule-set", id=f"r{number}")


def _head(said: Iterable[Statement]) -> Iterator[list[str]]:
    for one in said:
        place = f"{one.place}.{one.key}".rstrip(".")
        if (
            one.place in ("ruleset", "identity_rank", "identities", "groups", "dimensions", "who", "figures", "waiting")
            and one.key != "title"
        ):
            kind = _KINDS.get(one.place)
            name = f"{kind} {one.key}" if kind else _HEAD.get(place, place)
            yield [text(name), text(_DATES.get(one.text, one.text))]


def _beside(shown: str, rule_set: RuleSet, sources: Iterable[str], caption: str = "") -> str:
    """A table with its sources and their grades beside it."""
    cited = element("div", "".join(_cited(rule_set, sources)), class_="source")
    head = element("div", caption, class_="caption") if caption else ""
    return element("div", head + element("div", element("div", shown) + cited, class_="pair"), class_="matrix")


def _cited(rule_set: RuleSet, sources: Iterable[str]) -> Iterator[str]:
    for key in dict.fromkeys(each for one in sources for each in one.split(", ") if each):
        source = rule_set.sources[key]
        document = source.document.split(" (", maxsplit=1)[0]  # in full among the sources below
        said = f"{badge(source.grade)} {element('code', text(key))} {text(document)}: {text(source.article)}"
        yield element("div", said)


def _layer(rule_set: RuleSet, layer: Layer, words: Words) -> str:
    fund = f"{FUND_TITLES.get(layer.fund, '')} {layer.fund}"
    parts = [element("h3", text(layer.name) + element("span", text(fund), class_="fund"))]
    parts += [_grid(rule_set, grid) for grid in grids(rule_set, layer, words)]
    return "\n".join(parts)


def _grid(rule_set: RuleSet, grid: Grid) -> str:
    title = element("b", _SETTINGS.get(grid.key, text(grid.key)))
    if len(grid.rows) == 1 and grid.columns == ("",) and grid.rows[0][0] == "所有情形":
        shown = table([], [[text(grid.rows[0][1][0])]])
    else:
        rows = [[text(name), *map(_stacked, cells)] for name, cells in grid.rows]
        columns = map(text, grid.columns) if any(grid.columns) else [_SETTINGS.get(grid.key, text(grid.key))]
        shown = table([text(grid.across or grid.down), *columns], rows, numbers_from=1 if _short(grid) else None)
    by_visit = grid.key == "deductible" and any(" / " in cell for _, cells in grid.rows for cell in cells)
    order = ";依次为第 1 次、第 2 次,最后一个为以后各次" if by_visit else ""
    return _beside(shown, rule_set, grid.sources, f"{title}{text(grid.frame)}{order}")


def _stacked(cell: str) -> str:
    """The items of a cell one below the other, where they are few."""
    items = cell.split(" / ")
    return "<br>".join(map(text, items)) if len(items) <= _MOST_STACKED else text(cell)


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
        cells = [rule.id, own["when"].text, own["layers"].text, "; ".join(more), ", ".join(sources)]
        yield [text(cell) for cell in cells]


def _missing(said: Iterable[Statement]) -> str:
    rows = [
        [element("code", text(one.key)), text(one.text), text(one.condition) if one.condition else "不拒付,仅提示"]
        for one in said
        if one.place == "missing"
    ]
    if not rows:
        return element("p", "无。")
    return table(["参数", "为何缺少", "因此拒付的情形"], rows, class_="missing")


def _sources(rule_set: RuleSet) -> str:
    rows = [
        [element("code", text(one.key)), badge(one.grade), text(one.document), text(one.article), text(one.owner)]
        for one in rule_set.sources.values()
    ]
    return table(["代号", "等级", "文件", "条款", "负责"], rows)
