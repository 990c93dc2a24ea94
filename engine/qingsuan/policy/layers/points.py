"""Points that grow with a number of the person's (每连续参保一年提高 1 个百分点): how a file says them, and the cases that they are.

Nothing else knows of them: for each number up to that at which they stop growing there is a case with its points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qingsuan.policy.model import Adjust, Case, Dimension, Interval, Rule, When
from qingsuan.policy.strict import Table
from qingsuan.policy.toml.told import did_you_mean
from qingsuan.policy.when.values import written_out

__all__ = ["Growing", "cases_of", "grows", "only_grows", "read_growing", "refuse_unknown"]

MOST_STEPS = 100
"""How often points may grow: beyond it a typing error is likelier than a policy."""


@dataclass(frozen=True, slots=True)
class Growing:
    """``base_bp`` points where ``number`` is ``first`` or less, ``step_bp`` more for each that it is above, at most ``upto_bp``."""

    number: str
    base_bp: int
    step_bp: int
    first: int
    upto_bp: int

    def points(self) -> Iterator[tuple[Interval, int]]:
        """Each interval of the number with its points in basis points, lowest first."""
        low: int | None = None
        number, points = self.first, self.base_bp
        while points < self.upto_bp:
            yield Interval(low, number + 1), points
            number, points = number + 1, min(points + self.step_bp, self.upto_bp)
            low = number
        yield Interval(low, None), points


def grows(table: Table) -> bool:
    """Whether the points of an adjustment grow."""
    return table.has("points") and table.is_table("points")


def only_grows(table: Table) -> bool:
    """Whether they grow, and nothing else is adjusted."""
    return grows(table) and set(table.names()) <= {"points", "source", "reading"}


def read_growing(table: Table, dimensions: tuple[Dimension, ...]) -> Growing | None:
    """Read ``points`` where it is a table; None where it is a number, or absent.

    Raises
    ------
    PolicyError
        The number is not one of the rule set's own, or the points do not grow, or too often.
    """
    if not grows(table):
        return None
    points = table.table("points")
    numbers = [one.name for one in dimensions if one.kind in ("number", "registrations")]
    name = points.text("number")
    if name not in numbers:
        expected = f"one of {', '.join(numbers) or '(no dimension of kind number is declared)'}"
        do = did_you_mean(name, numbers) or f"declare it: [dimensions.{name}] of kind number"
        points.refuse("number", found=f'no number "{name}"', expected=expected, do=do)
    base, step, upto = points.points_bp("base", 0), points.points_bp("step"), points.points_bp("upto")
    growing = Growing(name, base, step, points.whole("from"), upto)
    points.done()
    if step <= 0:
        points.refuse("step", found="points that do not grow", expected="more than 0", do="write how many for each one")
    if upto <= base:
        points.refuse(
            "upto", found="not more than base: they never grow", expected="more than base", do="correct one of the two"
        )
    if upto - base > MOST_STEPS * step:
        expected = f"at most {MOST_STEPS} steps from base to upto"
        points.refuse("step", found="points that grow too often", expected=expected, do="correct step or upto")
    return growing


def cases_of(table: Table, growing: Growing, when: When, source: str) -> Iterator[Case]:
    """The cases that growing points are, for claims for which ``when`` holds.

    Raises
    ------
    PolicyError
        ``when`` asks for the number itself.
    """
    asked = {name for one in written_out(when) for name in one}
    if growing.number in asked:
        found = f"a case by {growing.number}, whose points grow with it"
        table.refuse("points", found=found, expected="one of the two", do="write the points of each case as a number")
    for interval, points_bp in growing.points():
        if points_bp:
            yield Case({**when, growing.number: interval}, adjust=Adjust(points_bp=points_bp, source=source))


def refuse_unknown(table: Table, rule: Rule, numbers: dict[str, set[str]]) -> None:
    """Refuse a rule that does not say what holds where a number is unknown with which points of its layers grow.

    Parameters
    ----------
    numbers
        By layer the numbers with which its points grow.

    Raises
    ------
    PolicyError
        The rule pays claims of which the number is unknown.
    """
    for layer in rule.layers:
        for number in sorted(numbers.get(layer, ())):
            if not all(number in one for one in written_out(rule.when)):
                table.refuse(
                    "when",
                    found=f"rule “{rule.id}”: any {number}, an unknown one too, where points of layer “{layer}” grow with it",
                    expected=f"a condition on {number}: an unknown number is never taken as 0",
                    do=f"write {number} = {{ from = 0 }} in when: claims without it are then refused by name",
                )
