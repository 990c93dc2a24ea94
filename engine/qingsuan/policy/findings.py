"""What is wrong with the rule sets of a region, as data: all of it, said in words only where somebody reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from qingsuan.errors import PolicyError

__all__ = ["Finding", "PolicyFindings", "findings_of", "refuse_findings"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    rule_set : the file.
    key : where in it, such as ``layers.pooled.caps[1]``; empty where it is the whole file.
    found, expected, do : what was found there, what was expected, and what the reader can do about it.
    source : the keys of ``[sources]`` that the value names (依据); empty where it names none.
    """

    rule_set: str
    key: str
    found: str
    expected: str = ""
    do: str = ""
    source: str = ""

    @property
    def where(self) -> str:
        """File and key."""
        return f"{self.rule_set}: {self.key}" if self.key else self.rule_set

    def error(self) -> PolicyError:
        """It as an error."""
        return PolicyError(self.where, found=self.found, expected=self.expected, do=self.do)

    def __str__(self) -> str:
        return str(self.error())

    def record(self) -> dict[str, str]:
        """For machines."""
        return asdict(self)


class PolicyFindings(PolicyError):
    """Rule sets cannot be trusted: the first finding in full, and how many more there are.

    ``findings`` are all of them.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        first, more = self.findings[0], len(self.findings) - 1
        self.besides = f"and {more} more: qingsuan plugins shows all" if more else ""
        super().__init__(first.where, found=first.found, expected=first.expected, do=first.do)


def findings_of(error: PolicyError) -> tuple[Finding, ...]:
    """The findings of an error; one where reading stopped at the first."""
    if isinstance(error, PolicyFindings):
        return error.findings
    rule_set, _, key = error.where.partition(": ")
    return (Finding(rule_set, key, error.found, error.expected, error.do),)


def refuse_findings(findings: Sequence[Finding]) -> None:
    """Raise what was found, if anything was.

    Raises
    ------
    PolicyFindings
        There is a finding.
    """
    if findings:
        raise PolicyFindings(findings)
