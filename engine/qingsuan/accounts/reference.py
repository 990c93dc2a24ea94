"""The slow twin: personal accounts in plain Python, person by person and use by use, over rules as they are written.

It knows neither NumPy nor Arrow nor partitions. Random years must come out equal to the fen; it is never a fallback.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qingsuan.accounts.rule.model import RELATIONS, TRANSFERS, UNFIT, AccountRule, RetiredSum
from qingsuan.money import apply_bp

__all__ = ["Month", "Told", "Year", "settle"]

Row = Mapping[str, Any]

_BACK = {"spouse": "spouse", "parent": "child", "child": "parent"}


@dataclass
class Month:
    """A month of an account, in fen."""

    opening: int = 0
    credit: int = 0
    interest: int = 0
    withheld: int = 0
    own_uses: int = 0
    family_uses: int = 0
    transfers: int = 0
    closing: int = 0
    credited_as: str = ""


@dataclass
class Told:
    """A use: the row, whose account it is of, what was paid and left, and why it was refused."""

    row: Row
    account: tuple[str, str] | None = None
    code: str = ""
    paid: int = 0
    of_carried: int = 0
    balance: int | None = None
    original: Told | None = None


@dataclass
class Year:
    """What comes out: months by person and pool, uses, and codes of people who cannot be settled."""

    accounts: dict[tuple[str, str], list[Month]] = field(default_factory=dict)
    uses: list[Told] = field(default_factory=list)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, code: str, column: str) -> None:
        super().__init__(code)
        self.code, self.column = code, column


def settle(
    year: int,
    rules: Sequence[AccountRule],
    insured: Iterable[Row],
    months: Iterable[Row] = (),
    uses: Iterable[Row] = (),
    families: Iterable[Row] = (),
    opening: Iterable[Row] = (),
    claims: Iterable[Row] = (),
) -> Year:
    """Settle a year.

    Parameters
    ----------
    insured, months, uses, families, opening, claims
        Rows that can be read, as dicts of the columns of ``docs/accounts.md``; amounts in fen, absent cells None. Insured rows
        carry the ``pool`` of their place.
    """
    twin = _Twin(year, rules, list(months), list(families), list(opening))
    by_person: dict[str, list[Row]] = {}
    for row in insured:
        by_person.setdefault(row["psn_no"], []).append(row)
    for row in twin.opening:
        by_person.setdefault(row["psn_no"], [])
    for person, rows in by_person.items():
        twin.credit(person, rows)
    twin.judge(list(uses), list(claims))
    for key in twin.out.accounts:
        twin.book(key)
    return twin.out


class _Twin:
    def __init__(
        self, year: int, rules: Sequence[AccountRule], months: list[Row], families: list[Row], opening: list[Row]
    ) -> None:
        self.year, self.rules, self.months, self.families, self.opening = year, rules, months, families, opening
        self.out = Year()
        self.since: dict[str, list[tuple[dt.date, str]]] = {}
        self.of_account: dict[tuple[str, str], list[Told]] = {}
        self.opens: dict[tuple[str, str], int] = {}

    def rule(self, pool: str, month: int) -> AccountRule | None:
        """The rule of a pool in a month."""
        day = dt.date(self.year, month, 1)
        return next((rule for rule in self.rules if pool in rule.pools and rule.covers(day)), None)

    # ---- credits

    def credit(self, person: str, rows: Sequence[Row]) -> None:
        """Find a person's accounts and credit them, or note why they cannot be settled."""
        try:
            accounts, since = self._credited(person, rows)
        except _Refused as refused:
            self.out.refused[person] = refused.code, refused.column
            return
        self.out.accounts.update(accounts)
        self.since[person] = since

    def _credited(
        self, person: str, rows: Sequence[Row]
    ) -> tuple[dict[tuple[str, str], list[Month]], list[tuple[dt.date, str]]]:
        paid = [row for row in self.months if row["psn_no"] == person]
        deciding = {month: self._deciding(rows, month) for month in range(1, 13)}
        if any(
            self._touches(row, month) and self.rule(row["pool"], month) is None for row in rows for month in deciding
        ):
            raise _Refused("E_NO_RULE", "insu_admdvs")
        holding = {month: row for month, row in deciding.items() if row is not None and self._kind(row)}
        for row, rule in self._with_rules(holding):
            if rule.members == "acct_mode" and row.get("acct_mode") is None:
                raise _Refused("E_MISSING", "acct_mode")
        holding = {
            month: row
            for month, row in holding.items()
            if self._rule_of(row, month).members == "all" or row.get("acct_mode")
        }
        amounts = self._amounts(holding, paid)
        made = [row for row in rows if any(row is one for one in holding.values())]
        keys = {(person, row["pool"]) for row in made}
        keys |= {(person, row["pool"]) for row in self.opening if row["psn_no"] == person}
        for key in keys:
            told = {row["acct_balc"] for row in made if row["pool"] == key[1] and row.get("acct_balc") is not None}
            told |= {row["balc"] for row in self.opening if (row["psn_no"], row["pool"]) == key}
            if len(told) > 1:
                raise _Refused("E_CONTRADICTION", "acct_balc")
            self.opens[key] = told.pop() if told else 0
        accounts = {key: [Month() for _ in range(12)] for key in sorted(keys)}
        for month, row in holding.items():
            one = accounts[person, row["pool"]][month - 1]
            one.credit, one.withheld, one.credited_as = amounts[month]
        since = sorted((max(row["begndate"], dt.date(self.year - 1, 12, 31)), row["pool"]) for row in made)
        return accounts, since

    def _with_rules(self, holding: Mapping[int, Row]) -> Iterable[tuple[Row, AccountRule]]:
        return [(row, self._rule_of(row, month)) for month, row in holding.items()]

    def _rule_of(self, row: Row, month: int) -> AccountRule:
        found = self.rule(row["pool"], month)
        assert found is not None
        return found

    def _days(self, month: int) -> tuple[dt.date, dt.date]:
        return dt.date(self.year, month, 1), dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    def _touches(self, row: Row, month: int) -> bool:
        first, last = self._days(month)
        return bool(row["begndate"] <= last and (row.get("enddate") or dt.date.max) >= first)

    def _deciding(self, rows: Sequence[Row], month: int) -> Row | None:
        """Of the rows that count in a month the one that begins last."""
        first, last = self._days(month)
        counting = []
        for row in rows:
            rule, end = self.rule(row["pool"], month), row.get("enddate") or dt.date.max
            if rule is None:
                continue
            whole = row["begndate"] <= first and end >= last
            counts = {"first-day": row["begndate"] <= first <= end, "any-day": self._touches(row, month)}
            if counts.get(rule.counts, whole):
                counting.append(row)
        early = dt.date.min

        def late(row: Row) -> tuple[Any, ...]:
            mode = row.get("acct_mode")
            return (
                row["begndate"],
                row.get("enddate") or dt.date.max,
                row["pool"],
                {"11": 0, "12": 1}.get(row["psn_type"][:2], 2),
                row.get("retire_date") or early,
                row.get("brdy") or early,
                -1 if row.get("acct_balc") is None else row["acct_balc"],
                -1 if row.get("cntr_base") is None else row["cntr_base"],
                -1 if mode is None else mode,
            )

        return max(counting, key=late, default=None)

    def _kind(self, row: Row) -> bool:
        return row["psn_type"][:2] in ("11", "12")

    def _is_retired(self, row: Row, month: int) -> bool:
        """In service up to and including the month of the day of retirement, retired from the next month on."""
        retires = row.get("retire_date")
        if retires is None:
            return bool(row["psn_type"][:2] == "12")
        return bool((retires.year, retires.month) < (self.year, month))

    def _amounts(self, holding: Mapping[int, Row], paid: Sequence[Row]) -> dict[int, tuple[int, int, str]]:
        """Credit, what of it is withheld, and by which rule, of each month; or the first reason why that cannot be said."""
        retired = {month: row for month, row in holding.items() if self._is_retired(row, month)}
        serving = {month: row for month, row in holding.items() if month not in retired}
        of_month = {month: [row for row in paid if row["month"] == month] for month in range(1, 13)}
        if any(len(of_month[month]) > 1 for month in serving):
            raise _Refused("E_DUPLICATE", "month")
        serving = {month: row for month, row in serving.items() if self._arrived(row, month, of_month[month])}
        if any(self._rule_of(row, month).in_service_bp is None for month, row in serving.items()):
            raise _Refused("E_NO_RULE", "psn_type")
        found = dict.fromkeys(holding, (0, 0, ""))
        found.update({month: self._of_retired(row, month) for month, row in self._with_sums(retired).items()})
        bases = {month: self._base(row, of_month[month]) for month, row in serving.items()}
        for month, base in bases.items():
            rule = self._rule_of(serving[month], month)
            withheld = apply_bp(base, rule.withheld.percent_bp) if rule.withheld else 0
            found[month] = apply_bp(base, rule.in_service_bp or 0), withheld, "in-service"
        return found

    def _arrived(self, row: Row, month: int, paid: Sequence[Row]) -> bool:
        """Whether a month in service counts as far as its contribution is concerned."""
        return not self._rule_of(row, month).received or bool(paid and paid[0].get("clct_flag") in (None, 1))

    def _base(self, row: Row, paid: Sequence[Row]) -> int:
        """The base that the month says, or else the insured row."""
        told = paid[0].get("cntr_base") if paid else None
        base = row.get("cntr_base") if told is None else told
        if base is None:
            raise _Refused("E_MISSING", "cntr_base")
        return int(base)

    def _with_sums(self, retired: Mapping[int, Row]) -> Mapping[int, Row]:
        """The same months, once each has a sum and, where that depends on the age, a date of birth."""
        sums = {month: self._sum_of(row, month) for month, row in retired.items()}
        if any(one is not None and one.ages and retired[month].get("brdy") is None for month, one in sums.items()):
            raise _Refused("E_MISSING", "brdy")
        if any(one is None for one in sums.values()):
            raise _Refused("E_NO_RULE", "psn_type")
        return retired

    def _sum_of(self, row: Row, month: int) -> RetiredSum | None:
        return self._rule_of(row, month).retired_on(dt.date(self.year, month, 1))

    def _of_retired(self, row: Row, month: int) -> tuple[int, int, str]:
        rule, one = self._rule_of(row, month), self._sum_of(row, month)
        assert one is not None
        band = sum(self._age(row["brdy"], month) >= age for age in one.ages) if one.ages else 0
        return one.fen[band], rule.withheld.retired_fen if rule.withheld else 0, "retired"

    def _age(self, born: dt.date, month: int) -> int:
        return self.year - born.year - ((month, 1) < (born.month, born.day))

    # ---- uses

    def judge(self, uses: list[Row], claims: list[Row]) -> None:
        """Say of each use whose account it is of, and why it is refused before a balance is looked at."""
        told = [Told({**row, "of_claim": 0}) for row in uses]
        for claim in claims:
            told += self._of_claim(claim, told[: len(uses)])
        told.sort(key=_order)
        for one in told:
            self._account(one)
            if not one.code and not one.row.get("refd_setl_flag"):
                one.code = self._refusal(one)
        self._pair(told)
        for one in told:
            if not one.code and one.account:
                self.of_account.setdefault(one.account, []).append(one)
        self.out.uses = told

    def _of_claim(self, claim: Row, uses: list[Told]) -> list[Told]:
        base = {name: claim[name] for name in ("psn_no", "setl_id", "date", "use")} | {"of_claim": 1}
        found = []
        if claim["acct_pay"]:
            found.append(Told({**base, "payer_psn_no": claim["psn_no"], "amount": claim["acct_pay"]}))
        family = self._family(claim["psn_no"])
        naming = [
            one
            for one in uses
            if one.row.get("setl_id") == claim["setl_id"]
            and one.row["psn_no"] == claim["psn_no"]
            and _payer(one.row) != claim["psn_no"]
            and not one.row.get("refd_setl_flag")
            and _payer(one.row) in family
        ]
        if sum(one.row["amount"] for one in naming) != claim["acct_mulaid_pay"]:
            for one in naming:
                one.row = {**one.row, "unlike": True}
            if claim["acct_mulaid_pay"]:
                apart = Told({**base, "payer_psn_no": "", "amount": claim["acct_mulaid_pay"]})
                apart.code = "E_FAMILY"
                found.append(apart)
        return found

    def _family(self, person: str) -> set[str]:
        """Everybody who is tied to a person by relations, whatever they are and whenever they hold."""
        found, left = {person}, [person]
        while left:
            one = left.pop()
            for row in self.families:
                ends = {row["psn_no"], row["member_psn_no"]}
                if one in ends:
                    left += ends - found
                    found |= ends
        return found

    def _account(self, one: Told) -> None:
        payer = _payer(one.row)
        if one.code:
            return
        mine = sorted(key for key in self.out.accounts if key[0] == payer)
        if not mine:
            one.code = "E_PERSON"
            return
        since = [pool for first, pool in self.since[payer] if first <= one.row["date"]]
        one.account = (payer, since[-1]) if since else mine[0]

    def _refusal(self, one: Told) -> str:
        assert one.account is not None
        rule, row = self.rule(one.account[1], one.row["date"].month), one.row
        is_family = _payer(row) != row["psn_no"]
        if rule is None or rule.uses is None:
            return "E_NO_RULE"
        use = rule.uses.allowed.get(row["use"])
        if row["use"] in UNFIT or use is None or (not is_family and not use.own):
            return "E_USE"
        if is_family and not (use.family and self._related(rule, _payer(row), row["psn_no"], row["date"])):
            return "E_FAMILY"
        return "E_COMPOSITION" if row.get("unlike") else ""

    def _related(self, rule: AccountRule, payer: str, person: str, day: dt.date) -> bool:
        assert rule.uses is not None
        for row in self.families:
            ends = row["psn_no"], row["member_psn_no"]
            relation = row["relation"] if ends == (payer, person) else _BACK[row["relation"]]
            holds = (row.get("begndate") or dt.date.min) <= day <= (row.get("enddate") or dt.date.max)
            if set(ends) == {payer, person} and holds and relation in rule.uses.relations and relation in RELATIONS:
                return True
        return False

    def _pair(self, told: list[Told]) -> None:
        """Refuse copies, and find for each reversal what it takes back."""
        heads: dict[tuple[Any, ...], Told] = {}
        for one in sorted(told, key=lambda one: not one.row["of_claim"]):
            row = one.row
            if one.account and row.get("setl_id") and not row.get("refd_setl_flag"):
                key = one.account, row["setl_id"], row["use"]
                if heads.setdefault(key, one) is not one and not one.code:
                    one.code = "E_DUPLICATE"
        taken: list[Told] = []
        for place, one in enumerate(told):
            row = one.row
            if not row.get("refd_setl_flag") or one.code:
                continue
            head = heads.get((one.account, row["init_setl_id"], row["use"]))
            if head is None or head.code or told.index(head) > place:
                one.code = "E_REVERSAL_ORPHAN"
            elif head.row["psn_no"] != row["psn_no"] or head.row["amount"] != -row["amount"]:
                one.code = "E_REVERSAL_MISMATCH"
            elif any(head is other for other in taken):
                one.code = "E_REVERSAL_ORPHAN"
            else:
                one.original = head
                taken.append(head)

    # ---- the ledger

    def book(self, key: tuple[str, str]) -> None:
        """Go through the months of an account."""
        carried, current, products = self.opens[key], 0, [0, 0]
        uses = self.of_account.get(key, [])
        for month, one in enumerate(self.out.accounts[key], 1):
            rule = self.rule(key[1], month)
            one.opening = current + carried
            products = [products[0] + current, products[1] + carried]
            current += one.credit - one.withheld
            rates = rule.rates_on(dt.date(self.year, month, 1)) if rule else None
            if rule and rule.interest and rates and month in rule.interest.months:
                one.interest = _interest(products[0], rates.current_bp) + _interest(products[1], rates.carried_bp)
                current, products = current + one.interest, [0, 0]
            for use in uses:
                if use.row["date"].month == month:
                    current, carried = self._use(use, one, rule, current, carried)
            one.closing = current + carried

    def _use(self, use: Told, month: Month, rule: AccountRule | None, current: int, carried: int) -> tuple[int, int]:
        if use.original is not None:
            use.paid, use.of_carried = -use.original.paid, -use.original.of_carried
            use.code = "" if use.paid else "E_REVERSAL_ORPHAN"
        else:
            amount, there = use.row["amount"], current + carried
            part = rule is not None and rule.uses is not None and rule.uses.part
            use.paid = amount if amount <= there else (there if part else 0)
            use.code = "" if use.paid else "E_BALANCE"
            carried_first = rule is not None and rule.interest is not None and rule.interest.draws == "carried"
            use.of_carried = min(carried, use.paid) if carried_first else use.paid - min(current, use.paid)
        carried, current = carried - use.of_carried, current - use.paid + use.of_carried
        use.balance = current + carried
        if use.row["use"] in TRANSFERS:
            month.transfers += use.paid
        elif _payer(use.row) != use.row["psn_no"]:
            month.family_uses += use.paid
        else:
            month.own_uses += use.paid
        return current, carried


def _payer(row: Row) -> str:
    payer = row.get("payer_psn_no")
    return str(row["psn_no"] if payer is None else payer)


def _order(one: Told) -> tuple[Any, ...]:
    """Day, what pays before what gives back, setl_id; then whatever tells uses of one account apart."""
    row = one.row
    back = row.get("refd_setl_flag") or 0
    setl_id = (row.get("setl_id") or "").encode()
    rest = (row["use"].encode(), abs(row["amount"]), row["psn_no"].encode(), (row.get("init_setl_id") or "").encode())
    return row["date"], back, setl_id, -row["of_claim"], *rest


def _interest(product: int, rate_bp: int) -> int:
    """A month's part of a year's interest on monthly products, rounded half away from zero to the fen."""
    return (product * rate_bp * 2 + 120_000) // 240_000
