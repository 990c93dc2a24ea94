"""What every plugin promises, as tests to subclass. pytest finds them; nothing here imports it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from qingsuan.cases.casefile import collect_cases
from qingsuan.policy.findings import Finding
from qingsuan.policy.model import Region, RuleSet
from qingsuan.testing.promises import PROMISES, Contract, broken_case

__all__ = ["PluginContract"]


@cache
def _contract(plugin: str, cases: Path, grades: frozenset[str], untested: frozenset[str]) -> Contract:
    """One for all tests of a class: a plugin is opened once, and a case is run once."""
    return Contract(plugin, cases, grades, untested)


def _keep(broken: list[Finding]) -> None:
    """Fail with everything that is not kept: pytest shows no values of assertions outside of test files."""
    if broken:
        raise AssertionError("\n".join(map(str, broken)))


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

    @classmethod
    def contract(cls) -> Contract:
        """What is asked of this plugin, as ``qingsuan plugins check`` asks it, too."""
        return _contract(cls.plugin, getattr(cls, "cases", Path()), cls.grades, cls.untested)

    def regions(self) -> tuple[Region, ...]:
        """Hand over every region of the plugin, or fail with the reason for which one is refused."""
        self.test_plugin_is_loaded()
        return self.contract().regions

    def region(self) -> Region:
        """Hand over the region of a plugin that has one."""
        regions = self.regions()
        if len(regions) != 1:
            codes = ", ".join(region.code for region in regions)
            raise AssertionError(f"{self.plugin} has {len(regions)} regions ({codes}): ask for regions()")
        return regions[0]

    def rule_sets(self) -> tuple[RuleSet, ...]:
        """Read the rule sets of all its regions."""
        self.test_plugin_is_loaded()
        return self.contract().rule_sets

    def test_plugin_is_loaded(self) -> None:
        """It imports, its hook is named right and marked, it fits this qingsuan, and nobody else claims its region."""
        _keep(PROMISES["loaded"].broken(self.contract()))

    def test_region_and_pools_are_sane(self) -> None:
        """Every pool lies in the region, insures its own code, and has at least one rule set."""
        self._keeps("pools")

    def test_rule_sets_compile(self) -> None:
        """No overlapping rules, no promise unkept, no two cases that set the same thing."""
        self._keeps("rules")

    def test_funding_rules_are_read(self) -> None:
        """Every funding rule (财政补助) that the plugin hands over can be trusted; it may hand over none."""
        self._keeps("funding")

    def test_account_rules_are_read(self) -> None:
        """Every rule of personal accounts (个人账户) that the plugin hands over can be trusted; it may hand over none."""
        self._keeps("accounts")

    def test_gap_rules_are_read(self) -> None:
        """Every rule of who bears a gap (基金缺口分担) that the plugin hands over can be trusted; it may hand over none."""
        self._keeps("gaps")

    def test_tables_of_ways_are_read(self) -> None:
        """Every table of ways of payment (支付方式) that the plugin hands over can be trusted; it may hand over none."""
        self._keeps("ways")

    def test_premium_rules_are_read(self) -> None:
        """Every premium rule (个人缴费) that the plugin hands over can be trusted; it may hand over none."""
        self._keeps("premiums")

    def test_nothing_goes_beyond_what_is_authorised(self) -> None:
        """No value of a rule set goes beyond what the region authorises its pools to set (待遇清单), if it says that at all."""
        self._keeps("authority")

    def test_sources_have_allowed_grades(self) -> None:
        """Every value names a source (the reader sees to it), and every source has a grade that is allowed here."""
        self._keeps("grades")

    def test_case(self, case: Path) -> None:
        """The case comes out as its file says."""
        _keep(broken_case(self.contract(), case))

    def test_every_rule_has_a_case(self) -> None:
        """No rule without a case that meets it, or is written among ``untested``."""
        self._keeps("tested")

    def _keeps(self, name: str) -> None:
        self.test_plugin_is_loaded()
        _keep(PROMISES[name].broken(self.contract()))
