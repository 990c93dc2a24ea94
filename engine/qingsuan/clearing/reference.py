"""The slow twin of clearing: the same calculation in plain Python, claim by claim, from the rules as they are written.

It judges :mod:`qingsuan.clearing.partition` and is never a fallback. It shares the contracts as they were read, and nothing
of what works them out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract, Terms

__all__ = ["ByHand", "Case", "Claim", "clear_by_hand"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A settled claim: month is that of its benefit date, amounts are fen."""

    setl_id: str
    pool: str
    insutype: str
    med_type: str
    fixmedins_code: str
    month: int
    medfee: int
    fund_all: int
    funds: int
    person: int


@dataclass(frozen=True, slots=True)
class Case:
    """A row of cases."""

    setl_id: str
    pool: str
    insutype: str
    group: str
    days: int


@dataclass(slots=True)
class ByHand:
    """What came out.

    Attributes
    ----------
    terms : every term of each contract that is settled, by its number.
    cases : the standard of each case by pool, scheme and ``setl_id``.
    unsettled : rows by kind and table.
    """

    terms: dict[int, dict[str, int]] = field(default_factory=dict)
    cases: dict[tuple[str, str, str], int] = field(default_factory=dict)
    unsettled: Counter[tuple[str, str]] = field(default_factory=Counter)


def clear_by_hand(bureau: Bureau, claims: Sequence[Claim], cases: Sequence[Case]) -> ByHand:
    """Clear a year."""
    out = ByHand()
    mine: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        owner = _contract_of(bureau, claim, out)
        if owner is not None:
            mine[owner.number].append(claim)
    told: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
    for case in cases:
        told[case.pool, case.insutype, case.setl_id].append(case)
    by_cases = [one for number, those in mine.items() if bureau.contracts[number].terms.of_cases for one in those]
    asked = Counter((one.pool, one.insutype, one.setl_id) for one in by_cases)
    out.unsettled["no-claim", "cases"] += sum(len(rows) for key, rows in told.items() if key not in asked)
    for contract in bureau.contracts:
        if contract.lacks:
            out.unsettled["missing-parameter", "contracts"] += 1
            out.unsettled["missing-parameter", "settled"] += len(mine[contract.number])
        else:
            out.terms[contract.number] = _terms_of(bureau, contract, mine[contract.number], told, asked, out)
    out.unsettled = +out.unsettled
    return out


def _contract_of(bureau: Bureau, claim: Claim, out: ByHand) -> Contract | None:
    kind = next((one.clr_type for one in bureau.terms.kinds if claim.med_type in one.med_types), None)
    if kind is None:
        out.unsettled["no-kind", "settled"] += 1
        return None
    name = claim.fixmedins_code, claim.pool, claim.insutype, kind
    for contract in bureau.contracts:
        if contract.name == name and contract.first_month <= claim.month <= contract.last_month:
            return contract
    out.unsettled["no-contract", "settled"] += 1
    return None


def _terms_of(
    bureau: Bureau,
    contract: Contract,
    claims: Sequence[Claim],
    told: Mapping[tuple[str, str, str], Sequence[Case]],
    asked: Mapping[tuple[str, str, str], int],
    out: ByHand,
) -> dict[str, int]:
    terms = contract.terms
    cleared, standard, quantity = list(claims), 0, 0
    if terms.of_cases:
        cleared = []
        for claim in claims:
            key = claim.pool, claim.insutype, claim.setl_id
            fault, worth, days = _worth(bureau, terms, claim, told.get(key, ()), asked[key])
            if fault:
                out.unsettled[fault, "settled"] += 1
                continue
            cleared.append(claim)
            out.cases[key] = worth
            standard += worth
            quantity += days if terms.way == "03" else 1
    elif terms.counts:
        quantity = sum(one.number for one in contract.quantities)
        standard = sum(_of_quantity(terms, one.month, one.what, one.number) for one in contract.quantities)
    else:
        standard = sum(claim.funds for claim in claims)
    payable = standard - contract.audit_fen
    return {
        "psntime": len(cleared),
        "medfee_sumamt": sum(claim.medfee for claim in cleared),
        "claims": sum(claim.funds for claim in cleared),
        "quantity": quantity,
        "standard": standard,
        "audit": contract.audit_fen,
        "payable": payable,
        "advances": contract.advances_fen,
        "clearing": payable - contract.advances_fen,
    }


def _worth(bureau: Bureau, terms: Terms, claim: Claim, cases: Sequence[Case], claims: int) -> tuple[str, int, int]:
    """What is wrong with a claim that goes by cases, or what it is worth, and for how many days."""
    if not cases:
        return "no-case", 0, 0
    if len(cases) > 1:
        return "case-twice", 0, 0
    if claims > 1:
        return "claim-twice", 0, 0
    case = cases[0]
    if not case.group:
        return "no-group", 0, 0
    if terms.way == "03":
        return _bed_days(terms, case)
    standard = bureau.groups.get((terms.id, case.group))
    if standard is None:
        return "no-standard", 0, 0
    if terms.disease_share_bp is None:
        return "", max(0, standard - claim.person), 0
    return "", _round(Fraction(standard * terms.disease_share_bp, 10_000)), 0


def _bed_days(terms: Terms, case: Case) -> tuple[str, int, int]:
    if case.days == 0:
        return "no-days", 0, 0
    rates = {rate.first: rate.fen for rate in terms.days if rate.level == case.group}
    if not rates:
        return "no-standard", 0, 0
    return "", sum(rates[max(day for day in rates if day <= today)] for today in range(1, case.days + 1)), case.days


def _of_quantity(terms: Terms, month: str, what: str, number: int) -> int:
    if terms.way == "unit":
        return number * terms.units[what]
    rate = [fen for since, fen in terms.per_head if since <= month][-1]
    return _round(Fraction(number * rate * terms.bands.get(what, 10_000), 10_000))


def _round(amount: Fraction) -> int:
    """Half away from zero."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole
