"""A few hostile inputs of each kind; ``make hostile`` tries thousands. What a campaign is for is noticed, too."""

from __future__ import annotations

import os

import pytest

from hostile.campaign import campaign
from hostile.kinds import KINDS, amounts_of

FIRST = int(os.environ.get("QINGSUAN_HOSTILE_SEED", "1"))
AMOUNTS = amounts_of(os.environ.get("QINGSUAN_HOSTILE", ""))
MOST_TOLD = 10


@pytest.mark.parametrize("kind", KINDS)
def test_hostile(kind: str) -> None:
    found, endings = campaign(kind, KINDS[kind].run, range(FIRST, FIRST + AMOUNTS[kind]))
    head = f"{kind}: seeds {FIRST} to {FIRST + AMOUNTS[kind] - 1}; exit statuses {dict(sorted(endings.items()))}"
    print(head)  # noqa: T201  # make hostile shows it
    assert not found, f"{head}; {len(found)} findings\n\n" + "\n".join(found[:MOST_TOLD])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("killed", "ended with -11, a signal"),
        ("quits", "the process of the command ended with 0"),
        ("raises", "ZeroDivisionError"),
        ("loses_a_row", "lost, or changed: ("),
    ],
)
def test_what_no_command_may_do_is_noticed(what: str, said: str) -> None:
    found, _ = campaign("faulty", f"hostile.faulty:{what}", range(1, 4))
    assert len(found) >= (1 if what == "killed" else 3)
    assert all("seed 2" in text for text in found) or what != "killed"
    assert said in "".join(found)


def test_kinds_are_told_by_name_and_number() -> None:
    assert amounts_of("conservation=3") == {name: kind.in_test for name, kind in KINDS.items()} | {"conservation": 3}
    with pytest.raises(ValueError, match="xlsx"):
        amounts_of("xlsx=3")
