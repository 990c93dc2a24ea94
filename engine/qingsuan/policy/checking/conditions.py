"""Conditions of a rule set: of the kind that their dimension takes, with values that there can be, and codes of their vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

from qingsuan.policy.checking.names import Names
from qingsuan.policy.model import Codes, Condition, Held, Interval, When
from qingsuan.policy.toml.told import did_you_mean

__all__ = ["Conditions"]

_KINDS: Mapping[type, str] = {Codes: "code", Interval: "number", Held: "identity class"}
_VOCABULARY = {
    "insutype": "ruleset.schemes",
    "dedc_hosp_lv": "ruleset.levels",
    "place": "of the engine",
    "referral": "of the engine",
    "psn_type": "national codes and Region.codes",
    "med_type": "national codes and Region.codes",
}


def _same(code: str, pattern: str) -> bool:
    return code.startswith(pattern[:-1]) if pattern.endswith("*") else code == pattern


class Conditions(Names):
    """Checks conditions, and the names in them."""

    def when(self, path: str, when: When) -> None:
        """Check conditions that must all hold."""
        for name, condition in when.items():
            if self.name("dimensions", name, self.kinds, f"{path}.{name}"):
                self.condition(name, condition, f"{path}.{name}")

    def condition(self, name: str, condition: Condition, path: str) -> None:
        """Check the condition on one dimension."""
        kind = _KINDS[type(condition)]
        if kind != self.kinds[name]:
            expected = f"a condition on {self.kinds[name]}s"
            self.refuse(
                path,
                found=f"a condition on {kind}s",
                expected=expected,
                do=f"{name} takes conditions on {self.kinds[name]}s",
            )
        elif isinstance(condition, Interval):
            if condition.low is not None and condition.high is not None and condition.low >= condition.high:
                found = "an interval that holds no value: its upper bound is not above its lower one"
                self.refuse(path, found=found, expected="lower bound below upper bound", do="exchange or mend them")
        elif isinstance(condition, Codes):
            self.codes(name, condition, path)

    def codes(self, name: str, condition: Codes, path: str) -> None:
        """Refuse codes that are not of their vocabulary."""
        known = self.known.get(name)
        if known is None:
            return
        for number, pattern in enumerate(condition.patterns, 1):
            if pattern and not any(_same(code, pattern) for code in known):
                self.refuse(
                    f"{path}[{number}]",
                    found=f'"{pattern}" is no {name} here',
                    expected=f"{', '.join(known) or 'no code at all'} ({_VOCABULARY.get(name, 'their table')})",
                    do=did_you_mean(pattern, known) or "mend the code, or declare it there",
                )
