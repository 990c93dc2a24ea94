"""One table of a notice is one table of the file, and means the cases that it stands for; a table that does not fit is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from qingsuan.errors import PolicyError
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.identities import alternatives
from qingsuan.policy.matrices.conditions import Unsayable, meet, without
from qingsuan.policy.model import Bands, Cap, Case, Codes, Condition, Deductible, Held, Interval, RuleSet, When
from qingsuan.policy.reader import read_rule_set
from qingsuan.policy.when.values import ANY_OF, AnyOf, written_out
from rule_heads import head

HEAD = (
    head(levels=("1", "2", "3"), sources={"X": "1", "R": "2"})
    + """\
[identities]
poor = { title = "低保", codes = ["2303"], source = "X" }
[who]
poor = { psn_idet_type = { any = ["poor"] } }
minors = { psn_type = ["14*"] }
[groups]
special = "year"
pooled = "year"
"""
)

TABLES = """\
[layers.inpatient]
fund = "hifp_pay"
[layers.inpatient.deductible]
columns = { dedc_hosp_lv = ["1", "2", "3"] }
rows.poor = [100, "100.50", 0]
rows.minors = [100, 200, 300]
rows.others = [200, 400, 800]
per = "visit"
source = "X"
readings = { poor = "R" }
[layers.inpatient.bands]
upto = [30000]
columns = { dedc_hosp_lv = ["1", ["2", "3"]] }
rows.minors = [[80, 85], [70, 75]]
rows.others = [[70, 75], [60, 65]]
per = "visit"
measured = "absolute"
source = "X"
[[layers.inpatient.caps]]
group = "pooled"
rows.minors = 300000
rows.others = 200000
source = "X"
[layers.special]
fund = "hifp_pay"
deductible = { like = "inpatient", per = "period", group = "special", source = "R" }
bands = { like = "inpatient", source = "R" }
"""

RULES = """\
[rules]
inpatient = { when = { med_type = ["21"], dedc_hosp_lv = ["1", "2", "3"] }, layers = ["inpatient"] }
special = { when = { med_type = ["140201"], dedc_hosp_lv = ["1", "2"] }, layers = ["special"] }
[missing]
"x.y" = [{ why = "not found", when = { med_type = ["11"] } }, { why = "not found" }]
[covers]
inpatient = { med_type = ["21"], dedc_hosp_lv = ["1", "2", "3"] }
"""

CASES = """\
[layers.inpatient]
fund = "hifp_pay"
[[layers.inpatient.cases]]
when = { dedc_hosp_lv = ["3"] }
caps = [{ group = "pooled", yuan = 5, source = "X" }]
"""


def read(folder: Path, text: str) -> RuleSet:
    file = folder / "a.toml"
    file.write_text(text, "utf-8")
    rule_set = read_rule_set(file)
    compile_rule_sets([rule_set])
    return rule_set


def message(folder: Path, text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        read(folder, text)
    return str(caught.value)


def holds(when: When, claim: dict[str, object]) -> bool:
    return any(all(_holds(condition, claim[name]) for name, condition in one.items()) for one in written_out(when))


def _holds(condition: Condition, value: object) -> bool:
    match condition, value:
        case Codes(patterns, negated), str():
            found = any(value.startswith(p[:-1]) if p.endswith("*") else value == p for p in patterns)
            return found != negated
        case Interval(low, high), int():
            return (low is None or low <= value) and (high is None or value < high)
        case Held(), frozenset():
            return any(one.held <= value and not one.not_held & value for one in alternatives(condition))
    raise AssertionError((condition, value))


def met(rule_set: RuleSet, layer: str, setting: str, **claim: object) -> list[object]:
    """What the cases of a layer set for a claim."""
    cases: tuple[Case, ...] = rule_set.layers[layer].cases[1:]
    found = [getattr(case, setting) for case in cases if getattr(case, setting) is not None and holds(case.when, claim)]
    return [one for each in found for one in (each if isinstance(each, tuple) else (each,))]


NOBODY: frozenset[str] = frozenset()
POOR = frozenset({"poor"})


def test_a_matrix_means_the_cases_of_its_cells(tmp_path: Path) -> None:
    rules = read(tmp_path, HEAD + TABLES + RULES)
    adult = {"psn_type": "1501", "psn_idet_type": NOBODY}
    assert met(rules, "inpatient", "deductible", dedc_hosp_lv="2", **adult) == [
        Deductible("visit", (40_000,), source="X")
    ]
    assert met(rules, "inpatient", "deductible", dedc_hosp_lv="3", **adult) == [
        Deductible("visit", (80_000,), source="X")
    ]
    minor = {"psn_type": "1401", "psn_idet_type": NOBODY}
    assert met(rules, "inpatient", "deductible", dedc_hosp_lv="2", **minor) == [
        Deductible("visit", (20_000,), source="X")
    ]
    for who in ("1401", "1501"):  # the first group that a person is in decides
        assert met(rules, "inpatient", "deductible", dedc_hosp_lv="2", psn_type=who, psn_idet_type=POOR) == [
            Deductible("visit", (10_050,), source="X, R")
        ]
    assert met(rules, "inpatient", "deductible", dedc_hosp_lv="9", **adult) == []
    for level in ("2", "3"):  # a table in which the poor are no row of their own
        assert met(rules, "inpatient", "bands", dedc_hosp_lv=level, psn_type="1401", psn_idet_type=POOR) == [
            Bands((7000, 7500), (3_000_000,), "visit", "absolute", source="X")
        ]
    assert met(rules, "inpatient", "caps", dedc_hosp_lv="1", **adult) == [Cap(20_000_000, "period", "pooled", "X")]
    assert met(rules, "inpatient", "caps", dedc_hosp_lv="1", **minor) == [Cap(30_000_000, "period", "pooled", "X")]


def test_a_table_that_is_like_another_says_only_what_differs(tmp_path: Path) -> None:
    rules = read(tmp_path, HEAD + TABLES + RULES)
    claim = {"dedc_hosp_lv": "2", "psn_type": "1501", "psn_idet_type": POOR}
    assert met(rules, "special", "deductible", **claim) == [Deductible("period", (10_050,), "special", source="R")]
    assert met(rules, "special", "bands", **claim) == [
        Bands((6000, 6500), (3_000_000,), "visit", "absolute", source="R")
    ]


def test_the_tables_are_kept_as_they_stand(tmp_path: Path) -> None:
    rules = read(tmp_path, HEAD + TABLES + RULES)
    deductible, bands, caps, special, _ = rules.matrices
    assert (deductible.table, deductible.layer, deductible.setting) == (
        "layers.inpatient.deductible", "inpatient", "deductible",
    )  # fmt: skip
    assert (deductible.rows_by, deductible.rows) == ("who", ("poor", "minors", "others"))
    assert (deductible.columns_by, deductible.columns) == ("dedc_hosp_lv", ("1", "2", "3"))
    assert deductible.written == ((100, "100.50", 0), (100, 200, 300), (200, 400, 800))
    assert deductible.cells[2][2] == Deductible("visit", (80_000,), source="X")
    assert (deductible.source, deductible.like) == ("X", "")
    assert bands.columns == ("1", "2, 3")
    assert (caps.table, caps.columns, caps.written) == ("layers.inpatient.caps[1]", (), ((300_000,), (200_000,)))
    assert (special.table, special.like, special.source) == ("layers.special.deductible", "inpatient", "R")
    assert [group.name for group in rules.who] == ["poor", "minors"]
    assert rules.layers["inpatient"].cases[1].cell == "layers.inpatient.deductible.rows.poor[1]"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rows.minors = [100, 200, 300]", "rows.minors = [100, 200]",
         ('layers.inpatient.deductible.rows.minors: 2 cells in row "minors"', "3, one for each column: 1, 2, 3", "the cell of column 3")),
        ("rows.minors = [100, 200, 300]", "rows.minors = [100, 200, 300, 400]", ('4 cells in row "minors"', "one cell for each column")),
        ("rows.minors = [100, 200, 300]", "rows.minors = 100", ('no list of cells in row "minors"', "3, one for each column")),
        ("rows.minors = [100, 200, 300]", "rows.minor = [100, 200, 300]",
         ('layers.inpatient.deductible.rows.minor: no group "minor"', "poor, minors, others", 'did you mean "minors"?')),
        ("rows.minors = [100, 200, 300]", 'rows.minors = [100, "x", 300]', ("layers.inpatient.deductible.rows.minors[2]", 'the text "x"', "an amount in yuan")),
        ("rows.minors = [100, 200, 300]", "rows.minors = [100, 0.5, 300]", ("layers.inpatient.deductible.rows.minors[2]", "the float 0.5")),
        ("rows.minors = [100, 200, 300]", "rows.all = [100, 200, 300]", ('the row "all" beside 2 more', 'name the row "others"')),
        ('["1", "2", "3"] }\nrows.poor', '["1", "2", "2"] }\nrows.poor', ('deductible.columns.dedc_hosp_lv[3]: the column "2" again', "every column once")),
        ('["1", ["2", "3"]]', '["1", ["1", "3"]]', ('the columns "1" and "1, 3" hold at once', "narrow one of the two")),
        ('["1", ["2", "3"]]', '["1", ["2", "5"]]', ('"5" is no dedc_hosp_lv here', "layers.inpatient.bands.rows.minors[2, 5]")),
        ("columns = { dedc_hosp_lv", "columns = { dedc_hosp", ('unknown dimension "dedc_hosp"', 'did you mean "dedc_hosp_lv"?')),
        ("columns = { dedc_hosp_lv = [\"1\", \"2\", \"3\"] }", "columns = {}", ("columns by nothing", "one dimension, or who")),
        ("columns = { dedc_hosp_lv = [\"1\", \"2\", \"3\"] }", 'columns = { dedc_hosp_lv = "1" }', ("no list of columns",)),
        ('minors = { psn_type = ["14*"] }', 'minors = { psn_type = ["14*"] }\nold = { age = { from = 60 } }',
         ("who.old: this group is used nowhere", "take it out")),
        ('minors = { psn_type = ["14*"] }', 'minors = { psn_idet_type = { any = ["poor"] }, psn_type = ["14*"] }',
         ('nobody is left for the row "minors": whoever is in it is in poor', "exchange the two under [who]")),
        ('minors = { psn_type = ["14*"] }', "minors = {}", ("who.minors: a group without a condition",)),
        ('minors = { psn_type = ["14*"] }', 'others = { psn_type = ["14*"] }', ('who.others: a group named "others"', "another name")),
        ('minors = { psn_type = ["14*"] }', 'minors = { psn_type = ["94*"] }', ('who.minors.psn_type[1]: "94*" is no psn_type here',)),
        ("readings = { poor", "readings = { poors", ('readings.poors: no row "poors"', 'did you mean "poor"?')),
        ("per = \"visit\"\nsource = \"X\"\nreadings", "source = \"X\"\nreadings", ("layers.inpatient.deductible.per: this key is missing",)),
        ("per = \"visit\"\nsource = \"X\"\nreadings", "pr = 1\nper = \"visit\"\nsource = \"X\"\nreadings", ('layers.inpatient.deductible.pr: unknown key "pr"',)),
        ("per = \"visit\"\nsource = \"X\"\nreadings", "yuan = 5\nper = \"visit\"\nsource = \"X\"\nreadings", ("yuan beside rows", "each cell says it")),
        ("per = \"visit\"\nsource = \"X\"\nreadings", "per = \"visit\"\nsource = \"Y\"\nreadings", ('layers.inpatient.deductible.source: no source "Y"',)),
        ('bands = { like = "inpatient"', 'bands = { like = "inpatent"', ('layers.special.bands.like: like "inpatent"', 'did you mean "inpatient"?')),
        ('bands = { like = "inpatient"', 'bands = { like = "special"', ('like "special"', "another layer")),
        ('bands = { like = "inpatient"', 'limit = { like = "inpatient"', ('layer "inpatient" has no limit', "a layer that says its limit itself")),
        ('bands = { like = "inpatient"', 'bands = { like = "inpatient", rows.others = 5', ('rows beside like = "inpatient"', "in full without like")),
        ('bands = { like = "inpatient", source = "R" }', 'bands = { like = "inpatient" }', ("layers.special.bands.source: this key is missing",)),
        ("rows.others = [[70, 75], [60, 65]]", "", ("nothing sets bands for rule “inpatient”",)),
        ("[layers.special]", '[[layers.inpatient.caps]]\ngroup = "pooled"\nrows.others = 1\nsource = "X"\n[layers.special]',
         ("rows in caps[1] and in caps[2]", "at most one cap with rows")),
        ("[layers.inpatient]\nfund = \"hifp_pay\"\n", CASES,
         ("case 1 and layers.inpatient.caps[1].rows.others both set caps for rule “inpatient”",)),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, said: tuple[str, ...]) -> None:
    text = HEAD + TABLES + RULES
    assert old in text
    found = message(tmp_path, text.replace(old, new, 1))
    for words in said:
        assert words in found, found


def test_what_is_wrong_in_every_cell_is_said_once(tmp_path: Path) -> None:
    text = (HEAD + TABLES + RULES).replace(
        'per = "visit"\nsource = "X"\nreadings', 'per = "period"\nsource = "X"\nreadings', 1
    )
    found = message(tmp_path, text)
    assert "layers.inpatient.deductible.rows.poor[1]: a period without a group" in found
    assert "more" not in found.replace("qingsuan plugins shows all", "")


def test_rows_may_be_levels_and_columns_people(tmp_path: Path) -> None:
    tables = """\
[layers.inpatient]
fund = "hifp_pay"
[layers.inpatient.bands]
rows_by = "dedc_hosp_lv"
columns = { who = ["others", "minors", "poor"] }
rows.1 = [80, 90, "-"]
rows.others = [60, 70, 75]
source = "X"
[[layers.inpatient.cases]]
when = { dedc_hosp_lv = ["1"], psn_idet_type = { any = ["poor"] } }
bands = { percent = [100], source = "X" }
[layers.special]
fund = "hifp_pay"
visits = { group = "special", counts = false, source = "R" }
deductible = { per = "period", group = "special", rows.poor = { exempt = true }, rows.others = 500, source = "X" }
bands = { percent = [50], source = "X" }
caps = [{ group = "pooled", yuan = 1000, source = "X" }]
"""
    rules = read(tmp_path, HEAD + tables + RULES)

    def paid(level: str, who: str, classes: frozenset[str]) -> list[object]:
        found = met(rules, "inpatient", "bands", dedc_hosp_lv=level, psn_type=who, psn_idet_type=classes)
        return [one.ratio_bp[0] for one in found if isinstance(one, Bands)]

    assert [paid("1", "1501", NOBODY), paid("1", "1401", NOBODY), paid("1", "1401", POOR)] == [[8000], [9000], [10_000]]
    assert [paid("2", "1501", NOBODY), paid("3", "1401", NOBODY), paid("", "1401", POOR)] == [[6000], [7000], [7500]]
    exempt = met(rules, "special", "deductible", psn_idet_type=POOR)
    assert exempt == [Deductible("period", (0,), "special", exempt=True, source="X")]


def test_what_is_left_of_a_group_is_what_no_group_before_it_has() -> None:
    chance = random.Random(5)
    names = ("a", "b", "c", "d")
    claims = [
        {"psn_type": code, "age": age, "psn_idet_type": frozenset(n for n in names if chance.random() < 0.4)}
        for code in ("11", "1101", "12", "1401", "", "9")
        for age in (0, 17, 18, 59, 60, 90)
        for _ in range(4)
    ]
    met_once = 0
    for _ in range(400):
        one, *others = [_some_when(chance, names) for _ in range(chance.randint(2, 4))]
        try:
            left, together = without(one, others), meet(one, others[0])
        except Unsayable:
            continue
        for claim in claims:
            first = holds(one, claim) and not any(holds(other, claim) for other in others)
            assert sum(holds(when, claim) for when in left) == first
            assert sum(holds(when, claim) for when in together) == (holds(one, claim) and holds(others[0], claim))
            met_once += first
    assert met_once > 1000


def _some_when(chance: random.Random, names: tuple[str, ...]) -> When:
    if chance.random() < 0.2:
        return {ANY_OF: AnyOf((_some_conditions(chance, names), _some_conditions(chance, names)))}
    return _some_conditions(chance, names)


def _some_conditions(chance: random.Random, names: tuple[str, ...]) -> When:
    def some() -> tuple[str, ...]:
        return tuple(chance.sample(names, chance.randint(0, 2)))

    held = Held(some(), some(), some(), tuple(n for n in names[:3] if chance.random() < 0.3), names[:3])
    whole: dict[str, Condition] = {
        "psn_type": Codes(tuple(chance.sample(("11*", "1101", "12", "14*", ""), 2)), chance.random() < 0.5),
        "age": chance.choice((Interval(18, None), Interval(None, 60), Interval(18, 60))),
    }
    if held.any or held.all or held.none or held.highest:
        whole["psn_idet_type"] = held
    kept = chance.sample(sorted(whole), chance.randint(1, len(whole)))
    return {name: whole[name] for name in kept}


def test_a_prefix_with_a_hole_cannot_be_said(tmp_path: Path) -> None:
    text = HEAD.replace('poor = { psn_idet_type = { any = ["poor"] } }', 'poor = { psn_type = ["1401"] }')
    text = text.replace('[identities]\npoor = { title = "低保", codes = ["2303"], source = "X" }\n', "")
    found = message(tmp_path, text + TABLES + RULES)
    assert 'rows.minors: "minors" would be a prefix of codes without "1401"' in found
    assert "write the codes out instead of the prefix" in found


def test_a_document_is_named_once_for_all_its_sources(tmp_path: Path) -> None:
    sources = """\
[documents]
N = { title = "示医保发〔2020〕1号", grade = "made-up" }
[sources]
X = { document = "N", article = "第三条" }
R = { document = "a reading", article = "R", grade = "reading" }
"""
    start = HEAD.index("[sources.X]")
    text = HEAD[:start] + sources + HEAD[HEAD.index("[identities]") :] + TABLES + RULES
    rules = read(tmp_path, text)
    assert (rules.sources["X"].document, rules.sources["X"].grade) == ("示医保发〔2020〕1号", "made-up")
    assert rules.sources["R"].document == "a reading"
    for old, new, said in (
        ('"第三条"', '"第三条", grade = "A"', "sources.X.grade: a grade beside a document of [documents]"),
        ('document = "N"', 'document = "M"', "sources.X.grade: this key is missing"),
        ('"a reading"', '"N"', "sources.R.grade: a grade beside a document of [documents]"),
        ('document = "N"', 'document = "K", grade = "A"', "documents.N: this document is used nowhere"),
        ('grade = "made-up" }', 'grade = "D" }', 'documents.N.grade: grade "D": unverified'),
    ):
        assert said in message(tmp_path, text.replace(old, new, 1))


PAGE = (Path(__file__).parents[2] / "plugins" / "README.md").read_text("utf-8")

WRITTEN_OUT = """\
[layers.inpatient]
fund = "hifp_pay"
[[layers.inpatient.cases]]
when = { psn_type = ["14*"] }
caps = [{ group = "pooled", yuan = 300000, source = "X1" }]
[[layers.inpatient.cases]]
when = { psn_type = { not = ["14*"] } }
caps = [{ group = "pooled", yuan = 200000, source = "X1" }]
"""


def block(start: str) -> str:
    """The block of the page that begins with this line."""
    return PAGE[PAGE.index(f"{start}\n") :].partition("```")[0]


def written_as_cases() -> str:
    """The tables of the page, as somebody would write them who had no tables."""
    text = [WRITTEN_OUT]
    poor, minor, other = (
        'psn_idet_type = { any = ["low_income", "extreme_poverty"] }',
        'psn_type = ["14*"], psn_idet_type = { none = ["low_income", "extreme_poverty"] }',
        'psn_type = { not = ["14*"] }, psn_idet_type = { none = ["low_income", "extreme_poverty"] }',
    )
    exempt = "exempt = true"
    amounts = {
        (poor, "1"): "yuan = 100", (poor, "2"): "yuan = 150", (poor, "3"): "yuan = 200",
        (minor, "1"): "yuan = 100", (minor, "2"): "yuan = 200", (minor, "3"): exempt,
        (other, "1"): "yuan = 200", (other, "2"): "yuan = 400", (other, "3"): "yuan = 800",
    }  # fmt: skip
    ratios = {("14", "1"): [80, 85], ("14", "23"): [70, 75], ("", "1"): [70, 75], ("", "23"): [60, 65]}
    for layer, scope in (("inpatient", 'per = "visit"'), ("special", 'per = "period", group = "special"')):
        if layer == "special":
            text.append('[layers.special]\nfund = "hifp_pay"')
        for (who, level), amount in amounts.items():
            text.append(f'[[layers.{layer}.cases]]\nwhen = {{ {who}, dedc_hosp_lv = ["{level}"] }}')
            text.append(f'deductible = {{ {scope}, {amount}, source = "X1" }}')
        for (who, levels), percent in ratios.items():
            people = 'psn_type = ["14*"]' if who else 'psn_type = { not = ["14*"] }'
            text.append(f"[[layers.{layer}.cases]]\nwhen = {{ {people}, dedc_hosp_lv = {list(levels)} }}")
            text.append(
                f'bands = {{ per = "visit", measured = "absolute", upto = [30000], percent = {percent}, source = "X1" }}'
            )
    text.append('[layers.chronic]\nfund = "hifp_pay"\nbands = { percent = [60], source = "X1" }')
    text.append('[[layers.chronic.cases]]\nwhen = { dedc_hosp_lv = ["1"] }\nbands = { percent = [80], source = "X1" }')
    text.append(f'[[layers.chronic.cases]]\nwhen = {{ {poor} }}\nadjust = {{ points = 5, source = "X1" }}')
    return "\n".join(text) + "\n"


def test_the_example_of_the_page_is_what_its_cases_would_be(tmp_path: Path) -> None:
    top = (
        head(levels=("1", "2", "3"), source="X1").partition("[sources")[0]
        + """\
[identities]
extreme_poverty = { title = "特困", codes = ["2304"], source = "X1" }
low_income = { title = "低保", codes = ["2303"], source = "X1" }
[groups]
pooled = "year"
special = "year"
"""
    )
    lines = block("# 9901-lines")
    tables = read(tmp_path, top + block("# 9901-tables") + lines)
    cases = read(tmp_path, top + written_as_cases() + lines)
    assert {group.name for group in tables.who} == {"poor", "minors"}
    assert not cases.matrices

    def variants(rule_set: RuleSet) -> list[tuple[str, str]]:
        program = compile_rule_sets([rule_set])
        return sorted((program.rule_id(v), program.variant_id(v)) for v in range(len(program.resolved)))

    assert variants(tables) == variants(cases)
    assert len(variants(tables)) > 20
