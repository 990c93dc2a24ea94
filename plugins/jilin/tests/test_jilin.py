"""What qingsuan-jilin promises: the contract of every plugin, and its cases."""

from pathlib import Path

from qingsuan.testing import PluginContract


class TestJilin(PluginContract):
    plugin = "qingsuan-jilin"
    cases = Path(__file__).parent / "cases"
    grades = frozenset({"A", "B", "C", "reading"})  # C: what the codes of identity classes mean

    def test_pools_and_local_codes(self):
        region = self.region()
        assert (region.code, region.name) == ("220000", "吉林省")
        assert {pool.code: pool.prefixes for pool in region.pools} == {
            "220100": ("2201",),
            "220200": ("2202",),
            "220581": ("220581",),
            "229900": ("2299",),
        }
        assert region.codes["med_type"]["15"] == "特药"

    def test_each_pool_and_scheme_has_its_rule_set(self):
        found = sorted((rule_set.pool, *rule_set.schemes) for rule_set in self.rule_sets())
        assert found == [
            ("220100", "310"),
            ("220100", "390"),
            ("220200", "310"),
            ("220200", "390"),
            ("220581", "310", "390"),
            ("229900", "310", "390"),
        ]

    def test_what_is_not_known_has_a_name(self):
        missing = {(rule_set.pool, each.parameter) for rule_set in self.rule_sets() for each in rule_set.missing}
        assert {
            ("220100", "employees.large_sums.deductible_ratio"),
            ("220100", "employees.civil_servants.ratio"),
            ("220100", "residents.critical_illness.deductible_ratio_cap"),
            ("220100", "residents.pku.amounts"),
            ("220200", "employees.large_sums.deductible_ratio"),
            ("220200", "residents.critical_illness.deductible_ratio_cap"),
            ("220200", "residents.pku.amounts"),
            ("220200", "residents.outpatient.deductible"),
            ("220200", "employees.civil_servants"),
            ("220200", "employees.special_drugs"),
            ("220200", "residents.special_drugs"),
        } <= missing
        for pool in ("220100", "220200"):
            of_residents = ("critical_illness.tilt", "assistance", "special.institutions")
            assert {(pool, f"residents.{name}") for name in of_residents} <= missing
            for people in ("employees", "residents"):
                both = ("pku.amounts", "two_diseases", "dual_channel_drugs", "pharmacies")
                assert {(pool, f"{people}.{name}") for name in both} <= missing
