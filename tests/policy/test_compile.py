"""Compiling rule sets: contradictions are found before a claim comes, and every combination ends where a plain scan ends."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import fields, replace
from datetime import date
from itertools import combinations, product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from qingsuan.benefits.reference.rules import Value, missing_parameter, plan_of, variant_of
from qingsuan.columns.cells import LAST_DAY
from qingsuan.errors import PolicyError
from qingsuan.money import BP_ONE
from qingsuan.policy.compile import MAX_GROWTH, Program, compile_rule_sets
from qingsuan.policy.decision import NO_RULE
from qingsuan.policy.diagram.classes import Classes
from qingsuan.policy.identities import MAX_CLASSES
from qingsuan.policy.model import (
    Adjust,
    AnyOf,
    Bands,
    Cap,
    Case,
    Ceiling,
    Codes,
    Condition,
    Covers,
    Deductible,
    Dimension,
    Entry,
    Guarantee,
    Held,
    IdentityClass,
    Interval,
    Layer,
    Limit,
    Missing,
    Rule,
    RuleSet,
    Visits,
    When,
)
from qingsuan.policy.numeric import MAX_ENTRIES, MAX_LAYERS
from qingsuan.policy.reader import read_rule_set
from qingsuan.tables import PLACES
from settling import RULES

CLASSES = {"low": "2303", "five": "2307", "poor": "2304"}
RANK = ("five", "poor")
HALF = Bands((5000,))
LAYER = Layer("L", "hifp_pay", (Case(bands=HALF),))
RULE = Rule("r", {"med_type": Codes(("21",))}, ("L",))


def made(**changes: Any) -> RuleSet:
    settings: dict[str, Any] = {
        "file": "a.toml",
        "pool": "990100",
        "schemes": ("390",),
        "title": "made up",
        "effective": date(2021, 1, 1),
        "until": None,
        "benefit_date": "setl_time",
        "identity_date": "begndate",
        "levels": ("1",),
        "identities": tuple(IdentityClass(name, name.upper(), (code,)) for name, code in CLASSES.items()),
        "sources": {},
        "groups": {"g": "year"},
        "dimensions": (),
        "layers": {"L": LAYER},
        "rules": (RULE,),
    }
    return RuleSet(**{**settings, **changes})


def layer(*cases: Case, bands: Bands | None = HALF) -> dict[str, Layer]:
    return {"L": Layer("L", "hifp_pay", (Case(bands=bands), *cases))}


def fault(*rule_sets: RuleSet) -> str:
    with pytest.raises(PolicyError) as caught:
        compile_rule_sets(rule_sets)
    said = str(caught.value)
    assert said.startswith("a.toml")
    assert "expected: " in said
    return said


ADULT, OLD = {"age": Interval(18, None)}, {"age": Interval(60, None)}
CARE: When = {"med_type": Codes(("2*",))}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"rules": (RULE, Rule("s", CARE, ("L",)))},
            ("“r” and “s” can match the same claim: med_type=21", "overrides"),
        ),
        ({"rules": (RULE, Rule("s", ADULT, ()))}, ("“r” and “s”", "med_type=21, age=18")),
        (
            {"rules": (RULE, Rule("s", {"medfee_sumamt": Interval(2001, None)}, ()))},
            ("med_type=21, medfee_sumamt=20.01",),
        ),
        ({"rules": (RULE, Rule("s", {"date": Interval(18628, None)}, ()))}, ("med_type=21, date=2021-01-01",)),
        ({"covers": (Covers({"date": Interval(LAST_DAY + 1, None)}),)}, ("date=9999-12-31",)),
        ({"covers": (Covers(CARE),)}, ("no rule for a combination that [[covers]] promises: med_type=2…",)),
        ({"rules": (), "covers": (Covers({}),)}, ("no rule for a combination", "any claim")),
        (
            {"missing": (Missing("m", "why", CARE),)},
            ("rule “r” pays a claim that missing parameter “m” refuses", "med_type=21"),
        ),
        (
            {"layers": layer(Case(ADULT, limit=Limit(1)), Case(OLD, limit=Limit(2)))},
            ("layers.L: cases 1 and 2 both set limit for rule “r”", "age=60"),
        ),
        (
            {"layers": layer(Case(ADULT, adjust=Adjust(own_bp=1)), Case(OLD, adjust=Adjust(own_bp=2)))},
            ("layers.L: 2 cases adjust own_percent at once", "points add up, factors do not", "age=60"),
        ),
        (
            {"layers": layer(Case(ADULT, adjust=Adjust(5000)), Case(OLD, adjust=Adjust(5000)))},
            ("layers.L: 2 cases adjust deductible_percent at once",),
        ),
        (
            {"layers": layer(Case(ADULT, bands=HALF), bands=None)},
            ("layers.L: nothing sets bands for rule “r”", "age=unknown"),
        ),
    ],
)
def test_a_contradiction_is_found_with_an_example(changes: dict[str, Any], said: tuple[str, ...]) -> None:
    text = fault(made(**changes))
    for words in said:
        assert words in text


@pytest.mark.parametrize(
    "changes",
    [
        {"rules": (RULE, Rule("s", CARE, ("L",), overrides=("r",)))},
        {"rules": (RULE, Rule("s", {"med_type": Codes(("21",), negated=True)}, ()))},
        {"missing": (Missing("m", "why"),)},
        {
            "missing": (Missing("m", "why", {"med_type": Codes(("11",))}),),
            "covers": (Covers({"med_type": Codes(("11", "21"))}),),
        },
        {"layers": layer(Case(ADULT, adjust=Adjust(points_bp=1)), Case(OLD, adjust=Adjust(points_bp=2)))},
        {"layers": layer(Case(ADULT, limit=Limit(1)), Case({"age": Interval(None, 18)}, limit=Limit(2)))},
        # cases that contradict each other where no rule uses the layer
        {"layers": {**layer(), "M": Layer("M", "maf_pay", (Case(), Case(ADULT, bands=HALF), Case(OLD, bands=HALF)))}},
        {"rules": (), "layers": {}},
    ],
)
def test_what_does_not_contradict_itself_compiles(changes: dict[str, Any]) -> None:
    compile_rule_sets([made(**changes)])


def test_sixteen_layers_and_no_more() -> None:
    for count in (MAX_LAYERS, MAX_LAYERS + 1):
        names = tuple(f"L{number}" for number in range(count))
        layers = {name: replace(LAYER, name=name) for name in names}
        rule_set = made(layers=layers, rules=(replace(RULE, layers=names),))
        if count == MAX_LAYERS:
            compile_rule_sets([rule_set])
        else:
            assert "rule “r” has 17 layers" in fault(rule_set)


def test_components_may_not_grow_beyond_what_sums_can_hold() -> None:
    whole, more = Entry("inscp_scp_amt"), Entry("deductible", layer="L0")
    taken = Deductible("visit", (1,))

    def chain(first: int, second: int) -> RuleSet:
        layers = {
            "L0": Layer("L0", "hifp_pay", (Case(bands=HALF, deductible=taken, entry=(whole,) * first),)),
            "L1": Layer("L1", "maf_pay", (Case(bands=HALF, entry=(more,) * second),)),
        }
        return made(layers=layers, rules=(replace(RULE, layers=("L0", "L1")),))

    compile_rule_sets([chain(4, 4)])
    assert "layers.L1.entry: components that may add up to 20 times the bill" in fault(chain(4, 5))
    assert "too many components" in fault(chain(MAX_ENTRIES + 1, 1))


def test_all_layers_of_a_rule_together_may_not_outgrow_a_counter() -> None:
    """Bases of 64 times the bill in one group leave 64 bits room; one per cent more is one too many."""

    def grown(*more: Entry) -> RuleSet:
        entries = [(Entry("inscp_scp_amt"),) * 16] * (MAX_GROWTH // 16) + ([more] if more else [])
        layers = {f"L{n}": Layer(f"L{n}", "hifp_pay", (Case(bands=HALF, entry=e),)) for n, e in enumerate(entries)}
        return made(layers=layers, rules=(replace(RULE, layers=tuple(layers)),))

    compile_rule_sets([grown()])
    text = fault(grown(Entry("inscp_scp_amt")))
    assert "rule “r”: layers whose components may add up to 65 times the bill" in text
    assert "expected: at most 64 times" in text
    assert "what to do: let fewer parts enter its layers" in text
    assert "at most 64 times" in fault(grown(Entry("inscp_scp_amt", 100)))


def test_successive_sets_agree_on_date_and_periods() -> None:
    later = date(2022, 1, 1)
    assert "ruleset.benefit_date: begndate" in fault(made(), made(effective=later, benefit_date="begndate"))
    assert "groups.g: month" in fault(made(), made(effective=later, groups={"g": "month"}))
    compile_rule_sets([made(), made(effective=later, schemes=("310",), benefit_date="begndate", groups={"g": "month"})])


def test_successive_sets_have_one_benefit_year() -> None:
    later, july = date(2022, 1, 1), {"year_begins": (7, 1)}
    text = fault(made(**july), made(effective=later, file="a.toml b"))
    assert "ruleset.year_begins: 01-01" in text
    assert "expected: 07-01, as in a.toml" in text
    program = compile_rule_sets([made(**july), made(effective=later, **july), made(schemes=("310",))])
    assert [one.year_begins for one in program.series] == [(1, 1), (7, 1)]
    assert compile_rule_sets([made()]).digest != compile_rule_sets([made(**july)]).digest


def test_successive_sets_keep_a_group_apart_by_the_same_key() -> None:
    later, own = date(2022, 1, 1), (Dimension("ward", "code", "claims", "x_ward"),)
    by = {"group_keys": {"g": "dise_code"}}
    text = fault(made(), made(effective=later, **by))
    assert "groups.g.by: kept apart by “dise_code”" in text
    assert "expected: kept apart by no key, as in" in text
    by_ward = {"group_keys": {"g": "ward"}}
    elsewhere = made(effective=later, dimensions=(replace(own[0], column="x_other"),), **by_ward)
    assert "groups.g.by: kept apart by “ward”" in fault(made(dimensions=own, **by_ward), elsewhere)
    compile_rule_sets([made(**by), made(effective=later, **by), made(schemes=("310",), dimensions=own, **by_ward)])


def test_a_key_is_in_the_digest_and_numbered_in_the_tables() -> None:
    plain, by = compile_rule_sets([made()]), compile_rule_sets([made(group_keys={"g": "dise_code"})])
    assert plain.tables.keys.shape == (0, plain.tables.slots)
    assert (by.keys, by.tables.keys.tolist()) == (("dise_code",), [[0]])
    assert plain.digest != by.digest


def test_sets_follow_each_other_by_date_whatever_their_order() -> None:
    sets = [made(effective=date(2021, month, 1), file=f"{month}.toml") for month in (3, 1, 2)]
    program = compile_rule_sets(sets)
    (series,) = program.series
    assert [program.rule_sets[number].effective.month for number in series.sets] == [1, 2, 3]
    assert compile_rule_sets(sets[::-1]).digest == program.digest


# ---- the digest


def test_the_digest_is_that_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    digests = set()
    for folder in ("a", "b/c"):
        file = tmp_path / folder / f"{folder[0]}.toml"
        file.parent.mkdir(parents=True)
        file.write_text(RULES, "utf-8")
        digests.add(compile_rule_sets([read_rule_set(file)]).digest)
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("yuan = [100, 50]", 'yuan = [100, "50.01"]'),
        ("yuan = [100, 50]", "yuan = [100, 50, 50]"),
        ("upto = [5000]", 'upto = ["5000.01"]'),
        ('percent = [50, "62.5"]', 'percent = [50, "62.51"]'),
        ("yuan = 20000", 'yuan = "19999.99"'),
        ("percent = [60]", "percent = [61]"),
        ('stay = "year"', 'stay = "month"'),
        ('measured = "excess"', 'measured = "absolute"'),
        ("effective = 2021-02-01", "effective = 2021-02-02"),
        ("effective = 2021-02-01", "effective = 2021-02-01\nuntil = 2023-01-01"),
        ('benefit_date = "setl_time"', 'benefit_date = "begndate"'),
        ('identity_date = "begndate"', 'identity_date = "setl_time"'),
        ('codes = ["2303", "7019"]', 'codes = ["2303"]'),
        ('levels = ["1", "2"]', 'levels = ["1", "2"]\nidentities_without_effect = ["21*"]'),
        ('{ any = ["low"] }', '{ none = ["low"] }'),
        ('levels = ["1", "2"]', 'levels = ["1", "3"]'),
        ('med_type = ["21"]', 'med_type = ["22"]'),
        ('med_type = ["21"]', 'med_type = ["21", "22"]'),
        ('id = "inpatient"', 'id = "stay"'),
        ('layers = ["pooled", "critical"]\n', 'layers = ["pooled", "critical"]\nentry_percent = 99\nsource = "X"\n'),
        ('fund = "hifmi_pay"', 'fund = "maf_pay"'),
        ('schemes = ["310", "390"]', 'schemes = ["390"]'),
        ('parameter = "outpatient.ratio"', 'parameter = "outpatient.other"'),
    ],
)
def test_the_digest_changes_with_everything_that_decides(tmp_path: Path, old: str, new: str) -> None:
    digests = []
    assert RULES.count(old) == 1, old
    for number, text in enumerate((RULES, RULES.replace(old, new))):
        (tmp_path / f"{number}.toml").write_text(text, "utf-8")
        digests.append(compile_rule_sets([read_rule_set(tmp_path / f"{number}.toml")]).digest)
    assert digests[0] != digests[1]


def test_the_digest_changes_with_a_list_and_with_where_a_dimension_is_read() -> None:
    named = Dimension("named", "list", "claims", "fixmedins_code", frozenset({"H1", "H2", "H3"}))
    rule = replace(RULE, when={"named": Codes(("in",))})
    changes = (
        {"members": frozenset({"H1", "H2"})},
        {"column": "dise_code"},
        {"members": frozenset({"H3", "H2", "H1"})},
    )
    wanted = compile_rule_sets([made(dimensions=(named,), rules=(rule,))]).digest
    found = [compile_rule_sets([made(dimensions=(replace(named, **c),), rules=(rule,))]).digest for c in changes]  # type: ignore[arg-type]
    assert [digest == wanted for digest in found] == [False, False, True]


# ---- the diagram against a plain scan

MED = ("", "11", "14", "1401", "140104", "14010", "2", "21")
AGES = (None, *range(6))
HELD = [frozenset(names) for size in range(4) for names in combinations(CLASSES, size)]
DOMAIN: list[dict[str, Value]] = [
    {"med_type": med, "age": age, "place": place, "tier": tier, "psn_idet_type": held}
    for med, age, place, tier, held in product(MED, AGES, PLACES, ("", "T1", "T2", "x"), HELD)
]


def held(dice: Random) -> Held:
    """Any condition on the three classes, also one that nobody meets."""
    some = [tuple(dice.sample(list(CLASSES), dice.choice((0, 0, 1, 2)))) for _ in range(3)]
    highest = tuple(dice.sample(RANK, dice.choice((0, 0, 1, 2))))
    found = Held(*some, highest, RANK if highest else ())
    return found if found != Held() else Held(any=("low",))


def condition(dice: Random, dimension: str) -> Condition:
    if dimension == "psn_idet_type":
        return held(dice)
    if dimension == "age":
        low, high = dice.choice((None, *range(5))), dice.choice((None, *range(1, 6)))
        return Interval(low, high) if low is None or high is None or low < high else Interval(high, low + 1)
    patterns = {"med_type": ("", "11", "14*", "1401*", "140104", "2*", "21"), "place": PLACES, "tier": ("", "T*", "T1")}
    found = dice.sample(patterns[dimension], dice.randint(1, 2))
    return Codes(tuple(found), dice.random() < 0.3)


def when(dice: Random, count: int) -> When:
    """Conditions on some dimensions; one in four times some of them are alternatives."""
    names = dice.sample(("med_type", "age", "place", "tier", "psn_idet_type"), count)
    if dice.random() < 0.75:
        return {name: condition(dice, name) for name in names}
    beside, inside = names[: count // 2], names[count // 2 :]
    whens = [
        {name: condition(dice, name) for name in dice.sample(inside, dice.randint(1, len(inside)))}
        for _ in range(dice.randint(2, 3))
    ]
    return {**{name: condition(dice, name) for name in beside}, "any_of": AnyOf(tuple(whens))}


def case(dice: Random, number: int) -> Case:
    kind = dice.randrange(5)
    return Case(
        when(dice, dice.randint(1, 2)),
        bands=Bands((100 * number,)) if kind == 0 else None,
        limit=Limit(number) if kind == 1 else None,
        visits=Visits("g") if kind == 2 else None,
        adjust=Adjust(5000 if dice.random() < 0.2 else None, 10 * number) if kind > 2 else None,
    )


def random_set(dice: Random) -> RuleSet:
    names = [f"r{number}" for number in range(dice.randint(1, 4))]
    layers = {}
    for name in ("L", "M"):
        own = Case(bands=HALF if dice.random() < 0.9 else None, deductible=Deductible("visit", (100,)))
        layers[name] = Layer(name, "hifp_pay", (own, *(case(dice, n + 1) for n in range(dice.choice((0, 0, 1, 2))))))
    rules = tuple(
        Rule(
            name,
            when(dice, dice.randint(1, 3)),
            dice.choice((("L",), ("M",), ("L", "M"), ())),
            overrides=tuple(other for other in names[:number] if dice.random() < 0.7),
        )
        for number, name in enumerate(names)
    )
    missing = tuple(
        Missing(f"m{n}", "why", when(dice, 3), dice.choice(((), tuple(names[:2]))))
        for n in range(dice.choice((0, 0, 1, 2)))
    )
    covers = tuple(Covers(when(dice, 3)) for _ in range(dice.choice((0, 0, 0, 1))))
    tier = (Dimension("tier", "code", "insured", "tier"),)
    return made(layers=layers, rules=rules, missing=missing, covers=covers, dimensions=tier)


def scan(rule_set: RuleSet, values: dict[str, Value]) -> object:
    """What the rule set says of one combination, read as it is written."""
    plan = plan_of(rule_set, values)
    missing = missing_parameter(rule_set, values)
    if plan is not None and missing is not None and not missing.overrides:
        raise PolicyError("both", found="both")
    if missing is not None:
        return missing.parameter
    if plan is None:
        if any(plan_of(made(rules=(Rule("c", covers.when, ()),)), values) for covers in rule_set.covers):
            raise PolicyError("covers", found="covers")
        return None
    settings = [(s.layer, s.limit, s.visits, s.ratio_bp, s.standards_fen) for s in plan.settings]
    return plan.rule.id, settings


def class_of_number(classes: Classes, value: Value) -> int:
    """The class of a whole number, or of an unknown one, as the core finds it."""
    assert value is None or isinstance(value, int)
    return 0 if value is None else 1 + bisect_right(classes.breaks, value)


def walk(program: Program, values: dict[str, Value]) -> object:
    """What the diagram says of it."""
    (diagram,) = program.diagrams
    node = diagram.root
    for step in diagram.steps:
        value = values[step.dimension]
        if step.identity:
            node = diagram.transitions[node + (step.identity in value)]  # type: ignore[operator]
            continue
        number = isinstance(step.classes.conditions[0], Interval)
        c = class_of_number(step.classes, value) if number else step.classes.of_code(str(value))
        node = diagram.transitions[node + c]
    if node == NO_RULE:
        return None
    if node < NO_RULE:
        return program.rule_sets[0].missing[-2 - node].parameter
    rule = program.rule_sets[0].rules[program.rules[node][1]].id
    layers = program.resolved[node].layers
    return rule, [
        (one.name, one.limit, one.visits, one.bands.ratio_bp, one.deductible.amounts_fen if one.deductible else ())
        for one in layers
    ]


def test_every_combination_ends_where_a_plain_scan_ends() -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(75):
        rule_set = random_set(Random(seed))
        try:
            wanted = [scan(rule_set, values) for values in DOMAIN]
        except PolicyError:
            with pytest.raises(PolicyError):
                compile_rule_sets([rule_set])
            outcomes["contradiction"] += 1
            continue
        program = compile_rule_sets([rule_set])
        assert [walk(program, values) for values in DOMAIN] == wanted, seed
        outcomes.update({type(one).__name__ for one in wanted})
    assert min(outcomes[kind] for kind in ("contradiction", "NoneType", "tuple", "str")) > 5, outcomes


EITHER = {"any_of": AnyOf(({"med_type": Codes(("2*",))}, {"age": Interval(60, None)})), "tier": Codes(("T1",))}
TIER = (Dimension("tier", "code", "insured", "tier"),)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"rules": (RULE, Rule("s", EITHER, ()))},
            "“r” and “s” can match the same claim: med_type=21, age=unknown, tier=T1",
        ),
        (
            {"rules": (Rule("s", EITHER, ()), Rule("t", OLD, ()))},
            "“s” and “t” can match the same claim: med_type=absent, age=60, tier=T1",
        ),
        (
            {"covers": (Covers(EITHER),)},
            "no rule for a combination that [[covers]] promises: med_type=absent, age=60, tier=T1",
        ),
        (
            {"missing": (Missing("m", "why", EITHER),)},
            "pays a claim that missing parameter “m” refuses: med_type=21, age=unknown, tier=T1",
        ),
    ],
)
def test_what_is_wrong_with_one_alternative_is_found(changes: dict[str, Any], said: str) -> None:
    assert said in fault(made(dimensions=TIER, **changes))


def test_an_alternative_that_no_longer_matters_makes_no_node() -> None:
    rules = (Rule("r", {"any_of": AnyOf(({"med_type": Codes(("21",))}, {"age": Interval(60, None)}))}, ()),)
    (diagram,) = compile_rule_sets([made(rules=rules)]).diagrams
    assert [step.dimension for step in diagram.steps] == ["med_type", "age"]
    assert (
        len(diagram.transitions) == 2 + 2 * 3
    )  # of care 21, age is asked in one node, whose three ways lead to one leaf
    assert len(set(diagram.transitions[2:5])) + len(set(diagram.transitions[5:8])) == 3


def test_an_example_names_the_identity_classes_that_are_held_together() -> None:
    five, poor = {"psn_idet_type": Held(any=("five",))}, {"psn_idet_type": Held(any=("poor", "low"))}
    text = fault(made(rules=(Rule("r", five, ("L",)), Rule("s", poor, ()))))
    assert "“r” and “s” can match the same claim: a person who holds FIVE (five) and POOR (poor)" in text
    apart = {"psn_idet_type": Held(highest=("poor",), rank=("five", "poor"))}
    compile_rule_sets([made(rules=(Rule("r", five, ("L",)), Rule("s", apart, ())))])
    text = fault(made(rules=(Rule("r", five, ("L",)),), covers=(Covers({"med_type": Codes(("21",))}),)))
    assert "promises: med_type=21, a person who holds no identity class that decides" in text


def test_a_missing_parameter_refuses_what_the_rules_that_it_overrides_would_pay() -> None:
    poor = {"psn_idet_type": Held(any=("poor",))}
    visit = Rule("visit", {"med_type": Codes(("11",))}, ())
    program = compile_rule_sets([made(rules=(RULE, visit), missing=(Missing("m", "why", poor, ("r",)),))])
    values: dict[str, Value] = {"psn_idet_type": frozenset({"poor"})}
    found = [walk(program, {**values, "med_type": med}) for med in ("21", "11", "41")]
    assert found == ["m", ("visit", []), None]


def test_sixty_two_identity_classes_are_told_apart() -> None:
    """A condition on any of the most classes there can be: the diagram grows with their number, not with its power."""
    names = tuple(f"c{number}" for number in range(MAX_CLASSES))
    classes = tuple(IdentityClass(name, name, (f"{number:04}",)) for number, name in enumerate(names))
    rules = (
        Rule("some", {"psn_idet_type": Held(any=names)}, ("L",)),
        Rule("none", {"psn_idet_type": Held(none=names)}, ()),
    )
    program = compile_rule_sets([made(identities=classes, rules=rules)])
    assert len(program.diagrams[0].transitions) < 5 * MAX_CLASSES
    assert walk(program, {"psn_idet_type": frozenset({"c61"})}) == walk(program, {"psn_idet_type": frozenset(names)})
    assert walk(program, {"psn_idet_type": frozenset()}) == ("none", [])


def test_ratios_never_leave_nought_and_one() -> None:
    for points, own, wanted in (
        (6000, None, BP_ONE),
        (-6000, None, 0),
        (0, 20_001, 0),
        (0, 1, 9999),
        (1000, 13_100, 4760),
    ):
        layers = layer(Case(ADULT, adjust=Adjust(None, points, own)))
        program = compile_rule_sets([made(layers=layers)])
        assert {one.layers[0].bands.ratio_bp for one in program.resolved} == {(5000,), (wanted,)}


def test_every_setting_of_a_case_is_resolved() -> None:
    """A setting added to the model and forgotten in the resolution would be paid as if it were not written."""
    assert {field.name for field in fields(Case)} == {
        *(
            "when",
            "visits",
            "deductible",
            "bands",
            "limit",
            "caps",
            "entry",
            "adjust",
            "counts_toward",
            "rounding",
            "cell",
        )
    }
    assert {field.name for field in fields(Adjust)} == {"deductible_bp", "points_bp", "own_bp", "lift_caps", "source"}


# ---- what variants are called


def called(**changes: Any) -> list[tuple[str, str]]:
    program = compile_rule_sets([made(**changes)])
    return [(program.rule_id(variant), program.variant_id(variant)) for variant in range(len(program.rules))]


def test_a_variant_is_called_the_same_in_every_run() -> None:
    """Results name it: a release that changes this name says so in its changelog."""
    assert called() == [("990100/390/2021-01-01:r", NAME)]


NAME = "ff8576afb166"
OTHER_TERMS: list[dict[str, Any]] = [
    {"layers": layer(bands=Bands((5001,)))},
    {"layers": layer(bands=Bands((5000,), per="period", group="g"))},
    {"layers": {"L": Layer("L", "maf_pay", (Case(bands=HALF),))}},
    {"layers": {"M": Layer("M", "hifp_pay", (Case(bands=HALF),))}, "rules": (replace(RULE, layers=("M",)),)},
    {"rules": (replace(RULE, entry_bp=9999),)},
    {"rules": (replace(RULE, layers=()),)},
    {"rules": (replace(RULE, ceiling=Ceiling(9000, "medfee_sumamt", ("L",))),)},
    {"rules": (replace(RULE, guarantee=Guarantee(5000, "medfee_sumamt", ("L",), "L")),)},
    {"layers": layer(Case(deductible=Deductible("visit", (1,))))},
    {"layers": layer(Case(limit=Limit(1)))},
    {"layers": layer(Case(entry=(Entry("preselfpay_amt"),)))},
    {"layers": layer(Case(caps=(Cap(1, "visit"),)))},
    {"layers": layer(Case(caps=(Cap(1, "visit"),), adjust=Adjust(lift_caps=("visit",))))},
]


def test_other_terms_have_another_name() -> None:
    names = {called(**changes)[0][1] for changes in OTHER_TERMS}
    assert len(names - {NAME}) == len(OTHER_TERMS)


def test_what_decides_no_amount_is_not_in_the_name() -> None:
    sourced = layer(bands=replace(HALF, source="elsewhere"))
    rule = replace(RULE, id="b", source="X")
    assert called(effective=date(2021, 7, 1), layers=sourced, rules=(rule,)) == [("990100/390/2021-07-01:b", NAME)]


def test_cases_are_told_apart_by_their_terms_alone() -> None:
    """Two cases that come to the same are one name; the slow twin gives each claim's on its own."""
    cases = (Case(ADULT, bands=Bands((7000,))), Case({"age": Interval(None, 6)}, bands=Bands((7000,), source="X")))
    rule_set = made(layers=layer(*cases), rules=(replace(RULE, when={"age": Interval(0, None)}),))
    program = compile_rule_sets([rule_set])
    ours = {program.variant_id(variant) for variant in range(len(program.rules))}
    theirs = [plan_of(rule_set, {"age": age}) for age in (5, 10, 30)]
    named = [variant_of(plan) for plan in theirs if plan is not None]
    assert (len(ours), set(named), named[0] == named[2] != named[1]) == (2, ours, True)
