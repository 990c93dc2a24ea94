"""What qingsuan-neimenggu promises: the contract of every plugin, and its cases."""

from pathlib import Path

from qingsuan.testing import PluginContract


class TestNeimenggu(PluginContract):
    plugin = "qingsuan-neimenggu"
    cases = Path(__file__).parent / "cases"
    grades = frozenset({"A", "B", "C", "reading"})  # C: what the codes of identity classes mean

    def test_pools(self):
        region = self.region()
        assert (region.code, region.name) == ("150000", "内蒙古自治区")
        assert {pool.code: pool.prefixes for pool in region.pools} == {
            "150100": ("1501",),
            "150781": ("150781",),
            "150900": ("1509",),
            "152501": ("152501",),
        }

    def test_each_pool_and_scheme_has_its_rule_set(self):
        found = sorted((rule_set.pool, *rule_set.schemes) for rule_set in self.rule_sets())
        assert found == [
            ("150100", "310"),
            ("150100", "390"),
            ("150781", "310", "390"),
            ("150900", "310"),
            ("150900", "390"),
            ("152501", "310", "390"),
        ]

    def test_employees_of_ulanqab_are_refused_by_name_not_by_silence(self):
        (rule_set,) = (each for each in self.rule_sets() if (each.pool, each.schemes) == ("150900", ("310",)))
        assert rule_set.rules == ()
        assert {each.parameter for each in rule_set.missing if each.when is not None} == {
            "employees.inpatient.deductible_in_city",
            "employees.inpatient.ratio_outside_city",
            "employees.chronic.deductible",
            "employees.outpatient",
            "employees.pharmacies",
        }

    def test_what_the_document_orders_without_a_number_has_a_name(self):
        missing = {(rule_set.pool, each.parameter) for rule_set in self.rule_sets() for each in rule_set.missing}
        wanted = ("two_diseases", "dual_channel_drugs", "pharmacies", "waiting_period", "tilted_assistance")
        for pool in ("150100", "150900"):
            assert {(pool, f"residents.{name}") for name in (*wanted, "assistance.outpatient")} <= missing
