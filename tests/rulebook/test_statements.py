"""A rule set taken apart: every value is said, in a table or in words, and two versions differ exactly where they differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from generate import Dice, rule_set
from qingsuan.plugins import load
from qingsuan.policy.model import (
    Adjust,
    AnyOf,
    Bands,
    Beyond,
    Cap,
    Case,
    Ceiling,
    Codes,
    Deductible,
    Entry,
    Function,
    Held,
    Interval,
    Limit,
    Pool,
    Region,
    RuleSet,
    Select,
    Visits,
)
from qingsuan.policy.per_claim.amount import Amount
from qingsuan.policy.reader import read_rule_sets
from qingsuan.rulebook.changes import changes, changes_text, paired
from qingsuan.rulebook.grids import grids
from qingsuan.rulebook.statements import SETTINGS, Statement, statements
from qingsuan.rulebook.which import in_force
from qingsuan.rulebook.words import Words

SHIPPED = [one for region in load().regions for one in read_rule_sets(region)]
BASE = (
    Deductible("period", (100_00,), "g"),
    Bands((5000, 6000), (1000_00,), "period", "excess", "g"),
    Cap(100_00, "period", "g"),
    Limit(100_00, "period", "g"),
    Entry("inscp_scp_amt", 5000),
    Adjust(5000, 100, 13_100, ("g",)),
    Visits("g"),
    Ceiling(9000, "medfee_sumamt", ("a",)),
)


def generated(seed: int) -> RuleSet:
    return rule_set(Dice(Random(seed)), "990100", ("390",), dt.date(2021, 1, 1), {"a": "year", "b": "month"})


def other(value: Any) -> Any:
    """A value of the same kind that is not the same."""
    match value:
        case bool():
            return not value
        case int():
            return value + 100
        case "period":
            return "visit"
        case str():
            return f"{value}_other"
        case tuple():
            return tuple(other(one) for one in value) or ("more",)
        case None:
            return 77
    return None


@pytest.mark.parametrize("base", BASE, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_field_of_a_setting_is_left_unsaid(base: Any, lang: Any) -> None:
    words = Words(SHIPPED[0], lang)
    said = words.setting(base)
    for one in fields(base):
        if one.name in ("source", "credits", "measured", "select"):  # the last three: see below
            continue
        changed = replace(base, **{one.name: other(getattr(base, one.name))})
        assert words.setting(changed) != said, one.name
        assert "_fen" not in words.setting(changed)


def test_what_is_credited_and_how_bands_are_measured() -> None:
    words = Words(SHIPPED[0], "en")
    exempt = Deductible("visit", (0,), exempt=True)
    assert words.setting(exempt) == "none is taken"
    assert words.setting(replace(exempt, credits=True)) == "none is taken, but credited"
    two = Bands((5000, 6000), (1000_00,), "visit", "absolute")
    assert words.setting(two) == "up to 1,000: 50% | and above: 60%, bands on the amount itself, per visit"
    assert words.setting(replace(two, measured="excess")) != words.setting(two)
    selected = replace(two, upto_fen=(), select=Select("g", "visits", (3,)))
    assert words.setting(selected) == "up to 3: 50% | and above: 60%, g visits, bands on the amount itself"
    assert words.setting(replace(selected, measured="excess")) == "up to 3: 50% | and above: 60%, g visits"


def test_conditions_in_words() -> None:
    (residents,) = [one for one in SHIPPED if one.pool == "220100" and one.schemes == ("390",)]
    words = Words(residents, "en")
    assert words.when({}) == "any"
    assert words.condition("psn_type", Codes(("14*", ""), negated=True)) == "not 14* resident under age, ∅"
    assert words.condition("age", Interval(18, 60)) == "from 18 below 60"
    assert words.condition("medfee_sumamt", Interval(3_000_001, None)) == "above 30,000"
    assert words.condition("date", Interval(18_628, 18_993)) == "from 2021-01-01 until 2021-12-31"
    either = AnyOf(({"age": Interval(60)}, {"psn_type": Codes(("14*",))}))
    assert words.when({"med_type": Codes(("21",)), "any_of": either}) == (
        "med_type 21 inpatient care; (age from 60) or (psn_type 14* resident under age)"
    )
    assert words.condition("psn_idet_type", Held(none=("low_income",))) == "none of 低保"


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.name)
def test_every_number_of_a_layer_stands_in_a_table(one: RuleSet) -> None:
    words = Words(one, "en")
    for layer in one.layers.values():
        shown = grids(one, layer, words)
        cells = {
            key: {text for grid in shown if grid.key == key for _, row in grid.rows for text in row} for key in SETTINGS
        }
        frames = {grid.frame for grid in shown}
        for case in layer.cases:
            for key in SETTINGS:
                value = getattr(case, key)
                if value not in (None, ()):
                    text, frame = words.cell(value)
                    assert text in cells[key], f"{layer.name}: {key} {text}"
                    assert frame in frames


def test_a_table_has_the_levels_as_columns_and_people_as_rows() -> None:
    (residents,) = [one for one in SHIPPED if one.pool == "220100" and one.schemes == ("390",)]
    grid = next(
        one
        for one in grids(residents, residents.layers["inpatient"], Words(residents, "en"))
        if one.key == "deductible"
    )
    assert grid.columns == ("1", "2", "3M", "3P")
    assert sorted(cells for _, cells in grid.rows) == [
        ("100", "100", "200", "300"),
        ("100", "200", "400", "600"),
        ("200", "400", "800", "1,200"),
    ]
    assert [name for name, _ in grid.rows] == ["low_income", "minors", "others"], "as the file has them"
    assert "LC_DEDUCTIBLE" in grid.sources
    chinese = next(
        one
        for one in grids(residents, residents.layers["inpatient"], Words(residents, "zh"))
        if one.key == "deductible"
    )
    names = ["low_income：身份 任一 低保", "minors：人员类别 14* 居民(未成年)", "others 其余人员"]
    assert [name for name, _ in chinese.rows] == names


@pytest.mark.parametrize("seed", range(12))
def test_a_rule_set_has_no_difference_from_itself_and_one_from_its_neighbour(seed: int) -> None:
    """Whatever single setting of whatever case is changed, exactly the statements of that setting differ."""
    one = generated(seed)
    assert changes(one, one) == ()
    for name, layer in one.layers.items():
        for number, case in enumerate(layer.cases):
            for key in ("deductible", "bands", "limit", "adjust"):
                if getattr(case, key) is None:
                    continue
                changed = replace(case, **{key: _nudged(getattr(case, key))})
                if changed == case:
                    continue
                cases = (*layer.cases[:number], changed, *layer.cases[number + 1 :])
                after = replace(one, layers={**one.layers, name: replace(layer, cases=cases)})
                found = changes(one, after)
                assert [(each.place, each.key) for each in found] == [(f"layers.{name}", key)]
                assert found[0].before != found[0].after


def _nudged(value: Any) -> Any:
    if isinstance(value, Deductible):
        return replace(value, amounts_fen=(value.amounts_fen[0] + 1, *value.amounts_fen[1:]))
    if isinstance(value, Bands):
        return replace(value, ratio_bp=(*value.ratio_bp[:-1], value.ratio_bp[-1] ^ 1))
    if isinstance(value, Limit):
        return replace(value, amount_fen=value.amount_fen + 1)
    return replace(value, points_bp=value.points_bp + 1)


def test_what_changed_is_told_with_its_document() -> None:
    (residents,) = [one for one in SHIPPED if one.pool == "220100" and one.schemes == ("390",)]
    layer = residents.layers["chronic"]
    bands = replace(layer.cases[0].bands, ratio_bp=(7100,))  # type: ignore[type-var]
    cases: tuple[Case, ...] = (replace(layer.cases[0], bands=bands), *layer.cases[1:])
    after = replace(residents, layers={**residents.layers, "chronic": replace(layer, cases=cases)})
    text = changes_text(residents, after, changes(residents, after))
    assert "layers.chronic.bands" in text
    assert "70% → 71%" in text
    assert "门诊慢病: 70 %" in text, "the document that the number stands in"
    gone = replace(residents, missing=residents.missing[1:])
    assert f"gone: {residents.missing[0].why}" in changes_text(residents, gone, changes(residents, gone))


def test_a_cell_of_a_table_is_named_by_its_row_and_column() -> None:
    (residents,) = [one for one in SHIPPED if one.pool == "220100" and one.schemes == ("390",)]
    said = {one.name: one for one in statements(residents)}
    assert said["layers.inpatient", "deductible", "minors, 3M"].cell == "400"
    assert said["who", "minors", ""].text == "psn_type 14* resident under age"
    by_condition = {one.condition for one in statements(residents, by_cell=False)}
    assert not by_condition & {"minors, 3M", "others, 1"}
    without = replace(residents, matrices=())
    assert changes(residents, without) == (), "the same cases, whether or not they stand for cells of a table"


def test_rule_sets_are_paired_by_pool_scheme_and_date() -> None:
    old, new, alone = generated(1), generated(2), replace(generated(3), pool="990200")
    later = replace(old, effective=dt.date(2022, 1, 1))
    assert paired((old,), (alone,)) == ((old, alone),), "two alone are compared whatever they are of"
    assert paired((old, alone), (new,)) == ((old, new), (alone, None))
    assert paired((later, old), (new, alone)) == ((old, new), (later, None), (None, alone))


def test_what_is_in_force_on_a_date() -> None:
    old = replace(generated(1), file="a", until=dt.date(2021, 6, 30))
    later = replace(old, file="b", effective=dt.date(2022, 1, 1), until=None)
    for date, found in (("2020-12-31", ()), ("2021-06-30", (old,)), ("2021-07-01", ()), ("2022-01-01", (later,))):
        assert in_force((later, old), dt.date.fromisoformat(date)) == found
    assert in_force((later,), dt.date(2022, 1, 1), "310") == ()


def test_a_construct_without_words_of_its_own_is_still_said() -> None:
    words = Words(SHIPPED[0], "en")
    said = words.anything(Limit(1_234_00, "visit", "g", "X"))
    assert "1,234" in said
    assert "g" in said
    assert all(one.default is not MISSING or one.name == "amount_fen" for one in fields(Limit))


def test_what_goes_beyond_the_list_is_said_with_its_reason_and_source() -> None:
    one = replace(SHIPPED[0], beyond=(Beyond("ratio", "a trial", "START"),))
    assert set(statements(one)) - set(statements(SHIPPED[0])) == {Statement("beyond", "ratio", "", "a trial", "START")}


@pytest.mark.parametrize("one", SHIPPED, ids=lambda one: one.name)
def test_every_part_of_a_file_makes_statements(one: RuleSet) -> None:
    places = {each.place.split(".")[0] for each in statements(one)}
    assert {"ruleset", "rules", "missing", "sources"} <= places or not one.rules
    assert {each.key for each in statements(one) if each.place == "sources"} == set(one.sources)


CITIES = Path(__file__).parents[1] / "plugins/cities/src/qingsuan_cities/rules"
POOLS = tuple(Pool(code, code, (code[:4],)) for code in (*(f"990{n}00" for n in range(1, 10)), "991000"))
EVERY_CONSTRUCT = read_rule_sets(
    Region("990000", "made up", POOLS, rules=CITIES, functions={"season": Function(len, ("setl_time",))})
)
SAYS_NOTHING = {"file", "matrices", "cell", "pool", "schemes", "rank", "multiples"}
"""Where a rule set is written, and of whom it is, which is said above its changes; a rank repeats that of ``identity_rank``, and the
list of multiples what the amounts say themselves."""


OTHER_WORD = {"visit": "period", "period": "visit", "absolute": "excess", "excess": "absolute"}


def mutants(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Where something is changed, and the value with that one thing changed."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [one.name for one in fields(value) if one.name not in SAYS_NOTHING | derived(value)]
        parts = [(name, getattr(value, name)) for name in names]
        yield from _with_one(parts, path, lambda name, changed: replace(value, **{name: changed}))
    elif isinstance(value, Mapping):
        yield from _with_one(value.items(), path, lambda name, changed: {**value, name: changed})
    elif isinstance(value, tuple):
        yield from _with_one(enumerate(value), path, lambda at, changed: (*value[:at], changed, *value[at + 1 :]))
    else:
        yield from ((path, changed) for changed in _other_values(value))


def derived(value: Any) -> set[str]:
    """Fields that no file states: what a row and a column make of a case, and what stands in for an amount that a counter selects."""
    if isinstance(value, Amount) and value.select is not None:
        return {one.name for one in fields(value)} - {"select", "amounts_fen"}
    selected = getattr(getattr(value, "of_claim", None), "select", None) is not None
    return ({"when"} if getattr(value, "cell", "") else set()) | ({"amount_fen"} if selected else set())


def _with_one(parts: Iterable[tuple[Any, Any]], path: str, put: Callable[[Any, Any], Any]) -> Iterator[tuple[str, Any]]:
    for name, part in parts:
        for where, changed in mutants(part, f"{path}.{name}"):
            yield where, put(name, changed)


def _other_values(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield not value
        case int():
            yield value + 1
        case str() if value:
            yield OTHER_WORD.get(value, f"{value}x")
        case dt.date():
            yield value + dt.timedelta(days=1)


def differs(before: RuleSet, after: RuleSet) -> bool:
    try:
        return changes(before, after) != ()
    except KeyError:  # the changed key of a source leads nowhere: loading refuses it
        return True


@pytest.mark.parametrize("one", EVERY_CONSTRUCT, ids=lambda one: one.name)
def test_no_change_of_any_construct_goes_unsaid(one: RuleSet) -> None:
    """Ten made-up cities use every construct of the model: whatever is changed in one of them is a difference."""
    tried = list(mutants(one))
    assert len(tried) > 40
    unsaid = [path for path, after in tried if not differs(one, after)]
    assert not unsaid, unsaid
