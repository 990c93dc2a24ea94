"""What accounts bring along is checked before the unchecked core goes on with it: each fault has its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from qingsuan.benefits.core.accounts import MAX_CARRIED, Accounts
from qingsuan.benefits.core.core import Core, Paid
from qingsuan.money import MAX_FEN
from qingsuan.policy.compile import compile_rule_sets
from qingsuan.policy.model import COUNTERS
from qingsuan.policy.reader import read_rule_set
from quarterly import QUARTERLY

MOON, STAY, THIRD, TODAY = range(4)
YEAR, QUARTER, MONTH, DAY = range(4)
KINDS = {MOON: MONTH, STAY: YEAR, THIRD: QUARTER, TODAY: DAY}
MAY_1 = 4 * 31

Column = npt.NDArray[Any]


def ints(*values: int, of: type = np.int32) -> Column:
    return np.array(values, of)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    file = tmp_path_factory.mktemp("rules") / "a.toml"
    file.write_text(QUARTERLY, "utf-8")
    return Core(compile_rule_sets([read_rule_set(file)]).tables)


class Given:
    """Two people, the first with two accounts; three claims in May, one on each account; what the accounts held."""

    def __init__(self) -> None:
        slots = [MOON, STAY, THIRD, TODAY, STAY]
        self.before = Accounts(
            person=ints(0, 0, 1),
            balance=ints(-1, 500, 0, of=np.int64),
            account=ints(0, 0, 0, 0, 2),
            slot=ints(*slots),
            block=ints(0, 0, 0, 0, 0),
            key=ints(5, 1, 2, MAY_1 + 1, 1, of=np.int64),
            counters=np.arange(25, dtype=np.int64).reshape(5, 5),
            account_of_block=ints(),
        )
        self.kind = np.array([KINDS[slot] for slot in slots], np.int8)
        self.person, self.account = ints(0, 0, 1), ints(0, 1, 2)
        self.day = np.full(3, MAY_1, np.int16)

    def settle(self, core: Core) -> tuple[Paid, Accounts]:
        bill = np.full((1, 3), 100_000, np.int64)
        nothing = np.zeros((3, 3), np.int64)
        rows = (ints(0, 0, 0), self.day, np.concatenate([bill, nothing, bill]))
        flags = (np.zeros(3, np.int8), np.full(3, 700, np.int64))
        return core.settle_on(self.person, self.account, *rows, *flags, self.before, self.kind)


def held(**changes: Callable[[Column], Column]) -> Callable[[Given], None]:
    def change(given: Given) -> None:
        given.before = replace(given.before, **{n: how(getattr(given.before, n).copy()) for n, how in changes.items()})

    return change


def put(place: Any, value: int) -> Callable[[Column], Column]:
    def change(column: Column) -> Column:
        column[place] = value
        return column

    return change


def rows(name: str, place: int, value: int) -> Callable[[Given], None]:
    return lambda given: put(place, value)(getattr(given, name)) is None


def shorter(column: Column) -> Column:
    return column[:-1]


FAULTS: list[tuple[Callable[[Given], Any], str]] = [
    (held(balance=shorter), "columns differ in length"),
    (held(counters=shorter), "columns differ in length"),
    (held(counters=lambda counters: counters[:, :4]), "columns differ in length"),
    (held(slot=shorter), "columns differ in length"),
    (held(key=shorter), "columns differ in length"),
    (lambda given: setattr(given, "kind", given.kind[:-1]), "columns differ in length"),
    (held(person=put(0, 1)), "a person's rows are not contiguous"),
    (rows("account", 2, 3), "an account is not there"),
    (rows("account", 1, 2), "a row's account is another person's"),
    (held(balance=put(0, -2)), "balance out of range"),
    (held(balance=put(1, MAX_CARRIED + 1)), "balance out of range"),
    (held(counters=put((1, 2), -1)), "counters out of range"),
    (held(counters=put((4, 4), MAX_CARRIED + 1)), "counters out of range"),
    (held(slot=put(0, -1)), "slot out of range"),
    (held(slot=put(4, 4)), "slot out of range"),
    (held(account=put(0, -1)), "account out of range"),
    (held(account=put(4, 3)), "account out of range"),
    (held(slot=put(1, MOON)), "counters are not in order, or a group is there twice"),
    (held(slot=put(1, THIRD)), "counters are not in order, or a group is there twice"),
    (held(account=put(0, 1)), "counters are not in order, or a group is there twice"),
    (rows("kind", 0, 4), "period length out of range"),
    (rows("kind", 0, -1), "period length out of range"),
    (held(key=put(0, 6)), "period out of range"),  # June, before a claim in May
    (held(key=put(0, 0)), "period out of range"),
    (held(key=put(1, 2)), "period out of range"),  # a year has one period
    (held(key=put(2, 3)), "period out of range"),  # the third quarter
    (held(key=put(3, MAY_1 + 2)), "period out of range"),  # the day after the claim
    (rows("day", 0, MAY_1 - 1), "period out of range"),  # the claim goes back to April
]


def test_what_earlier_claims_left_is_gone_on_with(core: Core) -> None:
    given = Given()
    _, after = given.settle(core)
    stay = after.counters[(after.account == 2) & (after.slot == STAY)][0]
    assert stay[0] == given.before.counters[4, 0] + 1
    assert (stay >= given.before.counters[4]).all()
    assert after.balance.tolist() == [700, 500, 0]  # only an account that nothing has opened takes the claim's balance


def test_the_bounds_themselves_are_good(core: Core) -> None:
    given = Given()
    held(balance=put(1, MAX_CARRIED), counters=put((4, 4), MAX_CARRIED), key=put(0, 1))(given)
    given.settle(core)
    assert MAX_FEN < MAX_CARRIED
    assert len(COUNTERS) == 5


@pytest.mark.parametrize(("spoil", "said"), FAULTS)
def test_what_no_earlier_claims_can_have_left_is_refused(core: Core, spoil: Callable[[Given], Any], said: str) -> None:
    given = Given()
    spoil(given)
    with pytest.raises(ValueError, match=f"^accounts: .*{said}"):
        given.settle(core)
