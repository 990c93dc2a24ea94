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
from qingsuan.clearing.contracts.points import Outlier, Points

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
    scope: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A row of cases."""

    setl_id: str
    pool: str
    insutype: str
    group: str
    days: int
    flag: str = ""
    points: int = -1


@dataclass(frozen=True, slots=True)
class _Worth:
    """A case with points: of which claim, how many, or None where it is paid its cost."""

    claim: Claim
    points: Fraction | None


@dataclass(slots=True)
class ByHand:
    """What came out.

    Attributes
    ----------
    terms : every term of each contract that is settled, by its number.
    cases : the standard of each case by pool, scheme and ``setl_id``.
    values : of a point, by pool, scheme and kind of care.
    unsettled : rows by kind and table.
    """

    terms: dict[int, dict[str, int]] = field(default_factory=dict)
    cases: dict[tuple[str, str, str], int] = field(default_factory=dict)
    values: dict[tuple[str, str, str], Fraction] = field(default_factory=dict)
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
    valued = {
        contract.number: _points_of_contract(bureau, contract, mine[contract.number], told, asked)
        for contract in bureau.contracts
        if contract.terms.points is not None and not contract.lacks
    }
    shares, problems = _shares(bureau, valued, out)
    for contract in bureau.contracts:
        problem = "missing-parameter" if contract.lacks else problems.get(contract.number, "")
        claims = mine[contract.number]
        if problem:
            out.unsettled[problem, "contracts"] += 1
            out.unsettled[problem, "settled"] += len(claims)
        elif contract.number in valued:
            out.terms[contract.number] = _terms_by_points(bureau, contract, valued, shares, out)
        else:
            out.terms[contract.number] = _terms_of(bureau, contract, claims, told, asked, out)
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
    return _finished(contract, cleared, quantity, standard)


def _finished(
    contract: Contract, cleared: Sequence[Claim], quantity: int, standard: int, remainder: int = 0
) -> dict[str, int]:
    payable = standard - contract.audit_fen
    return {
        "psntime": len(cleared),
        "medfee_sumamt": sum(claim.medfee for claim in cleared),
        "claims": sum(claim.funds for claim in cleared),
        "quantity": quantity,
        "remainder": remainder,
        "standard": standard,
        "audit": contract.audit_fen,
        "payable": payable,
        "advances": contract.advances_fen,
        "clearing": payable - contract.advances_fen,
    }


def _worth(bureau: Bureau, terms: Terms, claim: Claim, cases: Sequence[Case], claims: int) -> tuple[str, int, int]:
    """What is wrong with a claim that goes by cases, or what it is worth, and for how many days."""
    fault = _fault(cases, claims)
    if fault:
        return fault, 0, 0
    case = cases[0]
    if not case.group:
        return "no-group", 0, 0
    if terms.way == "03":
        return _bed_days(terms, case)
    group = bureau.groups.get((terms.id, case.group))
    if group is None or group.standard_fen is None:
        return "no-standard", 0, 0
    standard = group.standard_fen
    if terms.disease_share_bp is None:
        return "", max(0, standard - claim.person), 0
    return "", _round(Fraction(standard * terms.disease_share_bp, 10_000)), 0


def _fault(cases: Sequence[Case], claims: int) -> str:
    """What is wrong with a claim and its cases, whatever they are worth."""
    if not cases:
        return "no-case"
    if len(cases) > 1:
        return "case-twice"
    return "claim-twice" if claims > 1 else ""


def _points_of_contract(
    bureau: Bureau,
    contract: Contract,
    claims: Sequence[Claim],
    told: Mapping[tuple[str, str, str], Sequence[Case]],
    asked: Mapping[tuple[str, str, str], int],
) -> list[_Worth | str]:
    """Each claim of a contract with its points, in the order of ``setl_id``, or what is wrong with it."""
    found: list[_Worth | str] = []
    for claim in sorted(claims, key=lambda one: one.setl_id.encode()):
        key = claim.pool, claim.insutype, claim.setl_id
        cases = told.get(key, ())
        fault = _fault(cases, asked[key])
        worth = fault or _points(bureau, contract, claim, cases[0])
        found.append(worth if isinstance(worth, str) else _Worth(claim, worth[0]))
    return found


def _points(bureau: Bureau, contract: Contract, claim: Claim, case: Case) -> str | tuple[Fraction | None]:
    """The points of a case, None where it is paid its cost; or what is wrong with it."""
    points, factor = _rules(contract), Fraction(1)
    special = (points.special or {}).get(case.flag)
    if case.flag and special is None:
        return "no-group" if not case.group else "no-flag"
    if special is not None and special.form == "cost":
        return (None,)
    if not case.group:
        return "no-group"
    for name in points.factors:
        factor *= Fraction(contract.factors[name], 10_000)
    factor = _decimals(factor, points.factor_decimals)
    group = bureau.groups.get((contract.terms.id, case.group))
    own = case.points if case.points >= 0 else None if group is None else group.points
    mean = None if group is None else group.mean_fen
    asks_mean = special.form == "by-cost" if special else bool(points.low or points.high or points.extreme)
    if own is None or (mean is None and asks_mean):
        return "no-standard"
    if special is not None and special.form == "bed-days" and not case.days:
        return "no-days"
    ratio = Fraction(claim.medfee, mean) if mean else Fraction(1)
    if special is not None:
        times = {"percent": Fraction(1), "by-cost": ratio, "bed-days": Fraction(case.days)}[special.form]
        worth = times * Fraction(special.percent_bp, 10_000) * (factor if special.factor else 1)
    else:
        worth = _deviation(points, ratio, factor)
    return (_decimals(Fraction(own, 10_000) * worth, points.decimals),)


def _deviation(points: Points, ratio: Fraction, factor: Fraction) -> Fraction:
    """What the points of the group are multiplied by."""
    if points.extreme and _beyond(points.extreme, ratio, above=True):
        return factor
    high = points.high
    if high and _beyond(high, ratio, above=True):
        more = (ratio - Fraction(high.bound_bp, 10_000)) * Fraction(high.share_bp, 10_000)
        return {"multiply": (1 + more) * factor, "replace": factor + more, "drop": 1 + more}[high.factor]
    if points.low and _beyond(points.low, ratio, above=False):
        return ratio * factor if points.low.factor == "multiply" else ratio
    return factor


def _beyond(outlier: Outlier, ratio: Fraction, *, above: bool) -> bool:
    bound = Fraction(outlier.bound_bp, 10_000)
    return ratio == bound if outlier.at and ratio == bound else ratio > bound if above else ratio < bound


def _rules(contract: Contract) -> Points:
    if contract.terms.points is None:
        raise ValueError(f"{contract.where} does not go by points")
    return contract.terms.points


def _shares(
    bureau: Bureau, valued: Mapping[int, Sequence[_Worth | str]], out: ByHand
) -> tuple[dict[int, tuple[Fraction, int | None]], dict[int, str]]:
    """What a point of each contract is worth and, where its pool is emptied, what it gets; and why a pool gets nothing."""
    shares: dict[int, tuple[Fraction, int | None]] = {}
    problems: dict[int, str] = {}
    pools: dict[tuple[str, str, str], list[Contract]] = defaultdict(list)
    for number in valued:
        contract = bureau.contracts[number]
        rate = _rules(contract).rate_fen
        if rate is None:
            pools[contract.pool, contract.insutype, contract.clr_type].append(contract)
        else:
            shares[number] = Fraction(rate, 100), None
    for name, contracts in pools.items():
        contracts.sort(key=lambda one: (one.fixmedins_code, one.first_month))
        problem = _share_pool(bureau, name, contracts, valued, shares, out)
        problems.update({contract.number: problem for contract in contracts if problem})
    return shares, problems


def _share_pool(
    bureau: Bureau,
    name: tuple[str, str, str],
    contracts: Sequence[Contract],
    valued: Mapping[int, Sequence[_Worth | str]],
    shares: dict[int, tuple[Fraction, int | None]],
    out: ByHand,
) -> str:
    first = contracts[0].terms
    if any(one.terms.points != first.points or one.terms.way != first.way for one in contracts):
        return "several-terms"
    budget, rules = bureau.budgets.get(name), _rules(contracts[0])
    if budget is None:
        return "no-budget"
    cases = [one for contract in contracts for one in valued[contract.number] if isinstance(one, _Worth)]
    apart = sum(one.claim.funds for one in cases if one.points is None)
    available = budget.budget_fen - budget.reserve_fen - budget.outside_fen - apart
    if available < 0:
        return "budget-too-small"
    points = [_sum_of(valued[contract.number]) for contract in contracts]
    if not sum(points):
        return "no-points"
    paid, scope = (
        sum(getattr(one.claim, part) for one in cases if one.points is not None) for part in ("funds", "scope")
    )
    if rules.by_ratio and paid * 1000 < scope:
        return "no-ratio"
    whole = Fraction(available, 100) / (Fraction(paid, scope) if rules.by_ratio and scope else 1)
    value = _decimals(whole / sum(points), rules.value_decimals)
    out.values[name] = value
    due = [_round(one * value * 100) for one in points]
    given = _emptied(points, due, available) if rules.empties else [None] * len(due)
    shares.update({contract.number: (value, one) for contract, one in zip(contracts, given, strict=True)})
    return ""


def _emptied(points: Sequence[Fraction], due: Sequence[int], available: int) -> list[int | None]:
    """Fen by fen: the last takes what is left, unless somebody with more points then had less; then the one before."""
    given, step = list(due), 1 if available > sum(due) else -1
    turn = len(given)
    while sum(given) != available:
        turn = turn - 1 if turn > 0 else len(given) - 1
        while points[turn] and sum(given) != available and _in_order(points, given, turn, step):
            given[turn] += step
    return list(given)


def _in_order(points: Sequence[Fraction], given: Sequence[int], place: int, step: int) -> bool:
    """Whether an institution may get another fen, or one less."""
    after = given[place] + step
    if after < 0:
        return False
    return all(
        after <= other if more > points[place] else after >= other if more < points[place] else True
        for more, other in zip(points, given, strict=True)
    )


def _sum_of(cases: Sequence[_Worth | str]) -> Fraction:
    return sum((one.points for one in cases if isinstance(one, _Worth) and one.points is not None), Fraction(0))


def _terms_by_points(
    bureau: Bureau,
    contract: Contract,
    valued: Mapping[int, Sequence[_Worth | str]],
    shares: Mapping[int, tuple[Fraction, int | None]],
    out: ByHand,
) -> dict[str, int]:
    """Each case with its worth: where a pool is emptied they share what their contract gets, in their order."""
    (value, given), rules = shares[contract.number], _rules(contract)
    cleared: list[Claim] = []
    standard, before, so_far = 0, 0, Fraction(0)
    for one in valued[contract.number]:
        if isinstance(one, str):
            out.unsettled[one, "settled"] += 1
            continue
        if one.points is None:
            worth = one.claim.funds
        elif given is not None:
            so_far += one.points
            worth, before = _round(so_far * value * 100) - before, _round(so_far * value * 100)
        else:
            worth = _round(one.points * value * 100)
            worth -= one.claim.medfee - one.claim.funds if rules.deducts else 0
        cleared.append(one.claim)
        out.cases[one.claim.pool, one.claim.insutype, one.claim.setl_id] = worth
        standard += worth
    remainder = 0 if given is None else given - before
    return _finished(contract, cleared, len(cleared), standard + remainder, remainder)


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


def _decimals(number: Fraction, decimals: int) -> Fraction:
    """Half away from zero at so many decimals."""
    return Fraction(_round(number * 10**decimals), 10**decimals)


def _round(amount: Fraction) -> int:
    """Half away from zero."""
    whole = int(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole
