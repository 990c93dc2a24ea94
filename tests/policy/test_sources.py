"""Every resolved number says where it is from: the document, article and grade of the value, and of what changed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qingsuan.plugins import load
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import GRADES, RuleSet, Source
from qingsuan.policy.reader import read_rule_set, read_rule_sets
from qingsuan.policy.resolve import Resolved, ResolvedLayer
from rule_heads import head

TEXT = (
    head(source="F", sources={"F": "1", "D": "2", "B": "3", "C": "4", "P": "5", "O": "6", "L": "7", "R": "8"})
    + """\
[identities]
poor = { title = "特困", codes = ["2304"], source = "F" }
low = { title = "低保", codes = ["2303"], source = "F" }
[groups]
pooled = "year"
[layers.pooled]
fund = "hifp_pay"
deductible = { per = "visit", yuan = [1000, 700], source = "D", reading = "F" }
bands = { percent = [55], source = "B" }
caps = [{ group = "pooled", yuan = 200000, source = "C" }]
[[layers.pooled.cases]]
when = { psn_idet_type = { any = ["poor"] } }
adjust = { points = 5, deductible_percent = 50, source = "P" }
[[layers.pooled.cases]]
when = { psn_idet_type = { any = ["low"] } }
adjust = { own_percent = 50, lift_caps = ["pooled"], source = "O", reading = "L" }
[[layers.pooled.cases]]
when = { age = { below = 18 } }
adjust = { points = 3, source = "P" }
[[rules]]
id = "any"
when = {}
layers = ["pooled"]
entry_percent = 90
source = "R"
"""
)
ADJUSTED = {
    # deductible, bands, cap
    ((100_000, 70_000), (5500,), 20_000_000): ("D, F", "B", "C"),
    ((100_000, 70_000), (5800,), 20_000_000): ("D, F", "B, P", "C"),
    ((100_000, 70_000), (7750,), None): ("D, F", "B, O, L", "C, O, L"),
    ((100_000, 70_000), (7900,), None): ("D, F", "B, O, L, P", "C, O, L"),
    ((50_000, 35_000), (6000,), 20_000_000): ("D, F, P", "B, P", "C"),
    ((50_000, 35_000), (6300,), 20_000_000): ("D, F, P", "B, P", "C"),
    ((50_000, 35_000), (8000,), None): ("D, F, P", "B, P, O, L", "C, O, L"),
    ((50_000, 35_000), (8150,), None): ("D, F, P", "B, P, O, L", "C, O, L"),
}


@pytest.fixture
def rule_set(tmp_path: Path) -> RuleSet:
    file = tmp_path / "a.toml"
    file.write_text(TEXT, "utf-8")
    return read_rule_set(file)


def test_a_changed_value_names_its_own_source_and_those_of_what_changed_it(rule_set: RuleSet) -> None:
    found = {}
    for resolved in compile_rule_sets([rule_set]).resolved:
        (layer,) = resolved.layers
        assert layer.deductible is not None
        numbers = layer.deductible.amounts_fen, layer.bands.ratio_bp, layer.caps[0].amount_fen
        found[numbers] = layer.deductible.source, layer.bands.source, layer.caps[0].source
        assert (resolved.entry_bp, resolved.source) == (9000, "R")
    assert found == ADJUSTED


def test_a_source_is_document_article_and_grade(rule_set: RuleSet) -> None:
    assert rule_set.cited("D, F") == (Source("D", "made up", "2", "made-up"), Source("F", "made up", "1", "made-up"))
    assert rule_set.cited("") == ()


def test_a_rule_set_keeps_why_it_is_in_force(rule_set: RuleSet) -> None:
    assert rule_set.source == "F"
    assert [one.article for one in rule_set.cited(rule_set.source)] == ["1"]


def values(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Every number of a resolved rule that a document has to say, with its source."""
    if resolved.entry_bp != 10_000:
        yield "entry_bp", resolved.source
    if resolved.ceiling is not None:
        yield "ceiling", resolved.ceiling.source
    if resolved.guarantee is not None:
        yield "guarantee", resolved.guarantee.source
    for layer in resolved.layers:
        for name, source in of_layer(layer):
            yield f"{layer.name}.{name}", source


def of_layer(layer: ResolvedLayer) -> Iterator[tuple[str, str]]:
    yield "bands", layer.bands.source
    if layer.deductible is not None:
        yield "deductible", layer.deductible.source
    if layer.limit is not None:
        yield "limit", layer.limit.source
    yield from (("cap", cap.source) for cap in layer.caps if cap.amount_fen is not None)
    yield from (("entry", entry.source) for entry in layer.entry if entry.ratio_bp != 10_000)


def test_every_resolved_number_of_the_plugins_says_where_it_is_from() -> None:
    count = 0
    for region in load().regions:
        program = compile_rule_sets(read_rule_sets(region))
        assert all(rule_set.cited(rule_set.source) for rule_set in program.rule_sets)
        for (number, _), resolved in zip(program.rules, program.resolved, strict=True):
            for name, source in values(resolved):
                cited = program.rule_sets[number].cited(source)
                assert cited, name
                assert all(one.document and one.article and one.grade in GRADES for one in cited)
                count += 1
    assert count > 400
