"""The parts of a year: which settlement each is, what of a case it takes, and which parts it reads from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from qingsuan.finished import FinishedRun
from qingsuan.messages import marked

__all__ = ["PARTS", "Kind", "Part", "part_called"]

Kind = Literal["path", "date", "flag"]
"""How an option is written: a file or folder from the case file on, a TOML date, true or false."""


@dataclass(frozen=True, slots=True)
class Part:
    """One settlement of the year.

    Attributes
    ----------
    name : of its table in the case file and of its folder.
    kind : how its ``run.json`` begins to name it.
    title : what people call it.
    function : module and name of what settles it in :mod:`qingsuan.api`.
    tables : the input tables that it takes, and whether it needs them.
    options : its further keys.
    reads : the argument that takes the folder of an earlier part -> that part.
    needs : the earlier parts without which it cannot be settled, and why.
    must : the options that it cannot do without.
    takes_plugins : whether a plugin has a say, so that it is told which must be there and which are allowed.
    """

    name: str
    kind: str
    title: str
    function: tuple[str, str]
    tables: Mapping[str, bool]
    options: Mapping[str, Kind] = field(default_factory=dict)
    reads: Mapping[str, str] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    takes_plugins: bool = True

    def settle(self, **arguments: Any) -> FinishedRun:
        """Settle it; arguments and errors are those of its function."""
        module, name = self.function
        run: FinishedRun = getattr(import_module(f"qingsuan.api.{module}"), name)(**arguments)
        return run


_SKIP: Mapping[str, Kind] = {"skip_unserved": "flag"}

_WATCHED = ("targets", "faults", "means", "budgets", "lines", "printed", "burden", "identities", "applications")
"""Tables that the books are held against."""

PARTS: tuple[Part, ...] = (
    Part(
        name="settle",
        kind="benefits",
        title=marked("benefits"),
        function=("benefits", "settle"),
        tables={"claims": True, "insured": True, "identities": False, "registrations": False},
        options={**_SKIP, "strict": "flag", "detail": "flag", "accumulators": "flag", "opening": "path"},
    ),
    Part(
        name="subsidy",
        kind="subsidy",
        title=marked("subsidies"),
        function=("subsidies", "subsidy"),
        tables={"insured": True},
        options={
            **_SKIP,
            **dict.fromkeys(("classes", "standards", "local_split", "receipts", "budgets"), "path"),
            "as_of": "date",
        },
    ),
    Part(
        name="premium",
        kind="premium",
        title=marked("premiums"),
        function=("premiums", "premium"),
        tables={"insured": True, "identities": False, "premiums": False},
        options={**_SKIP, **dict.fromkeys(("carried", "standards", "must_insure"), "path")},
    ),
    Part(
        name="account",
        kind="account",
        title=marked("personal accounts"),
        function=("accounts", "account"),
        tables={"insured": True, "months": False, "uses": False, "families": False},
        options={**_SKIP, "opening": "path"},
        reads={"claims": "settle"},
        needs={"settle": "accounts are held against what claims say was paid from them"},
    ),
    Part(
        name="operator",
        kind="operator",
        title=marked("critical illness contracts"),
        function=("agreements.operators", "operator"),
        tables={},
        options=dict.fromkeys(("contracts", "heads", "movements", "carried"), "path"),
        reads={"settled": "settle"},
        needs={"settle": "operators pay for claims that are settled"},
        must=("contracts", "heads"),
        takes_plugins=False,
    ),
    Part(
        name="outside",
        kind="outside",
        title=marked("care outside the pool"),
        function=("agreements.outside", "outside"),
        tables={},
        options=dict.fromkeys(("arrangement", "institutions", "pools", "movements"), "path"),
        reads={"settled": "settle"},
        needs={"settle": "pools clear with each other what claims that are settled came to"},
        must=("arrangement", "institutions", "pools"),
        takes_plugins=False,
    ),
    Part(
        name="procurement",
        kind="procurement",
        title=marked("central procurement"),
        function=("agreements.procurement", "procurement"),
        tables={"purchases": True, "agreed": True},
        options=dict.fromkeys(("batches", "items", "scores", "movements"), "path"),
        must=("batches", "items"),
        takes_plugins=False,
    ),
    Part(
        name="clear",
        kind="clearing",
        title=marked("clearing with institutions"),
        function=("clearing", "clear"),
        tables={"cases": False},
        options={**_SKIP, "contracts": "path"},
        reads={"settled": "settle", "procurement": "procurement"},
        needs={"settle": "institutions are cleared for claims that are settled"},
        must=("contracts",),
    ),
    Part(
        name="fund",
        kind="fund",
        title=marked("the fund's books"),
        function=("closing.funds", "fund"),
        tables={"entries": True},
        options={**_SKIP, **dict.fromkeys(("opening", "earlier", "cleared", *_WATCHED), "path")},
        reads={
            "settled": "settle",
            "premiums": "premium",
            "subsidies": "subsidy",
            "accounts": "account",
            "operators": "operator",
            "clearing": "clear",
        },
        needs={"settle": "the books have the benefits of claims that are settled"},
    ),
)
"""The parts in the order in which they run."""


def part_called(name: str) -> Part:
    """The part of this name.

    Raises
    ------
    KeyError
        There is none.
    """
    return {part.name: part for part in PARTS}[name]
