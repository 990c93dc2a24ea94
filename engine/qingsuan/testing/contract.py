"""What every plugin promises, as tests to subclass. pytest finds them; nothing here imports it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from qingsuan.cases.casefile import collect_cases
from qingsuan.cases.outcome import Result
from qingsuan.plugins import load
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import Region, RuleSet
from qingsuan.policy.reader import read_rule_sets
from qingsuan.subsidies.reader import read_region
from qingsuan.testing.runner import run_case

__all__ = ["PluginContract"]


@cache
def _result(case: Path, plugin: str) -> Result:
    """Run a case once, however many tests ask for it; a failure is not kept."""
    return run_case(case, require=[plugin])


class PluginContract:
    """Subclass this in a plugin's tests: it is a test class of pytest's, one test per promise and per case file.

    Attributes
    ----------
    plugin
        The distribution's name, such as ``qingsuan-example``.
    cases
        The folder of its case files.
    grades
        Grades of sources that the plugin allows itself. A plugin with made-up numbers adds ``made-up``.
    untested
        Rules, as ``pool/schemes/date:rule``, for which no case is wanted; each should be an exception.
    """

    plugin: ClassVar[str]
    cases: ClassVar[Path]
    grades: ClassVar[frozenset[str]] = frozenset({"A", "B", "reading", "derived"})
    untested: ClassVar[frozenset[str]] = frozenset()

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Make one test of each case file (called by pytest)."""
        if "case" in metafunc.fixturenames:
            files = collect_cases(self.cases)
            metafunc.parametrize("case", files, ids=[file.relative_to(self.cases).as_posix() for file in files])

    def region(self) -> Region:
        """Hand over the plugin's region, or fail with the reason for which it is refused."""
        named = [plugin for plugin in load().plugins if plugin.distribution == self.plugin]
        assert named, f"{self.plugin} is not installed: pip install -e it, and check its entry point"
        for plugin in named:
            assert plugin.region is not None, f"{plugin.title} is refused: {plugin.problem}"
        region: Region = named[0].region  # type: ignore[assignment]  # checked above
        return region

    def rule_sets(self) -> tuple[RuleSet, ...]:
        """Read the plugin's rule sets."""
        return read_rule_sets(self.region())

    def test_plugin_is_loaded(self) -> None:
        """It imports, its hook is named right and marked, it fits this qingsuan, and nobody else claims its region."""
        self.region()

    def test_region_and_pools_are_sane(self) -> None:
        """Every pool lies in the region, insures its own code, and has at least one rule set."""
        region = self.region()
        assert region.pools, "a region without pools settles nothing"
        settled = {rule_set.pool for rule_set in self.rule_sets()}
        for pool in region.pools:
            assert pool.code[:2] == region.code[:2], f"pool {pool.code} is not in region {region.code}"
            assert any(pool.code.startswith(prefix) for prefix in pool.prefixes), (
                f"pool {pool.code} is not covered by its own prefixes"
            )
            assert pool.name, f"pool {pool.code} has no name"
            assert pool.code in settled, f"pool {pool.code} has no rule set"

    def test_rule_sets_compile(self) -> None:
        """No overlapping rules, no promise unkept, no two cases that set the same thing."""
        rule_sets = self.rule_sets()
        assert len(compile_rule_sets(rule_sets).rule_sets) == len(rule_sets)

    def test_funding_rules_are_read(self) -> None:
        """Every funding rule (财政补助) that the plugin hands over can be trusted; it may hand over none."""
        region = self.region()
        assert bool(read_region(region)) == (region.funding is not None), "a funding folder without a rule"

    def test_sources_have_allowed_grades(self) -> None:
        """Every value names a source (the reader sees to it), and every source has a grade that is allowed here."""
        files = [(rule_set.file, rule_set.sources) for rule_set in self.rule_sets()]
        files += [(funding.file, funding.sources) for funding in read_region(self.region()).values()]
        for file, sources in files:
            for source in sources.values():
                assert source.grade in self.grades, f"{file}: source {source.key} has grade {source.grade}"

    def test_case(self, case: Path) -> None:
        """The case comes out as its file says."""
        _result(case, self.plugin)

    def test_every_rule_has_a_case(self) -> None:
        """No rule without a case that meets it, or is written among ``untested``."""
        rules = {f"{rule_set.name}:{rule.id}" for rule_set in self.rule_sets() for rule in rule_set.rules}
        met = {row["rule_id"] for case in collect_cases(self.cases) for row in _result(case, self.plugin).settled}
        assert rules - met - self.untested == set()
