"""A year cleared by hand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract, Terms
from qingsuan.clearing.reference.alliances import shared_sums
from qingsuan.clearing.reference.points import emptied, points_of, rules_of
from qingsuan.clearing.reference.rows import Case, Claim, decimals, whole
from qingsuan.clearing.reference.shares import returned, shared

__all__ = ["ByHand", "clear_by_hand"]


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
    borne : what special payers bear, by contract, part and payer.
    values : of a point, by pool, scheme and kind of care.
    unsettled : rows by kind and table.
    """

    terms: dict[int, dict[str, int]] = field(default_factory=dict)
    cases: dict[tuple[str, str, str], int] = field(default_factory=dict)
    values: dict[tuple[str, str, str], Fraction] = field(default_factory=dict)
    borne: Counter[tuple[int, str, str]] = field(default_factory=Counter)
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
    alone = [one for number, those in mine.items() if bureau.contracts[number].terms.way == "special" for one in those]
    apart = Counter((one.pool, one.insutype, one.setl_id) for one in alone)
    out.unsettled["no-claim", "cases"] += sum(len(rows) for key, rows in told.items() if key not in asked)
    valued = {
        contract.number: _points_of_contract(bureau, contract, mine[contract.number], told, asked)
        for contract in bureau.contracts
        if contract.terms.points is not None and not contract.lacks and not contract.refused
    }
    shares, problems = _shares(bureau, valued, out)
    sums, spent = shared_sums(bureau, claims, mine)
    problems |= spent
    for contract in bureau.contracts:
        problem = "missing-parameter" if contract.lacks else problems.get(contract.number, "")
        problem = "other-way" if contract.refused else problem
        claims = mine[contract.number]
        if problem:
            out.unsettled[problem, "contracts"] += 1
            out.unsettled[problem, "settled"] += len(claims)
        elif contract.number in sums:
            share, remainder, others = sums[contract.number]
            standard = share + remainder + others
            out.terms[contract.number] = _finished(contract, claims, 0, standard, remainder) | {"others": others}
        elif contract.number in valued:
            out.terms[contract.number] = _terms_by_points(bureau, contract, valued, shares, out)
        else:
            out.terms[contract.number] = _terms_of(bureau, contract, claims, told, (asked, apart), out)
    _deposits(bureau, out)
    out.unsettled = +out.unsettled
    return out


def _deposits(bureau: Bureau, out: ByHand) -> None:
    """Take off what is kept of deposits."""
    groups: dict[tuple[str, str], list[Contract]] = defaultdict(list)
    for contract in sorted(bureau.contracts, key=lambda one: (one.fixmedins_code, one.clr_type, one.first_month)):
        if contract.number in out.terms and contract.terms.deposit is not None:
            groups[contract.key, contract.terms.id].append(contract)
    for contracts in groups.values():
        for number, back in returned(contracts).items():
            own, withheld = out.terms[number], bureau.contracts[number].deposit_fen
            own.update(deposit=withheld, deposit_returned=back, deposit_kept=withheld - back)
            own["payable"] -= own["deposit_kept"]
            own["clearing"] -= own["deposit_kept"]


def _contract_of(bureau: Bureau, claim: Claim, out: ByHand) -> Contract | None:
    kind = next((one.clr_type for one in bureau.terms.kinds if claim.med_type in one.med_types), None)
    listed = bureau.specials.get((claim.setl_id, claim.pool, claim.insutype))
    kind = listed.clr_type if listed else kind
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
    times: tuple[Mapping[tuple[str, str, str], int], Mapping[tuple[str, str, str], int]],
    out: ByHand,
) -> dict[str, int]:
    """How often each claim stands among those that go by cases, and among those with special payers, ``times`` says."""
    terms, (asked, apart) = contract.terms, times
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
    elif terms.way == "special":
        cleared = [one for one in claims if apart[one.pool, one.insutype, one.setl_id] == 1]
        out.unsettled["claim-twice", "settled"] += len(claims) - len(cleared)
        standard = sum(_borne(out, contract, cleared))
    elif terms.counts:
        quantity = sum(one.number for one in contract.quantities)
        standard = sum(_of_quantity(terms, one.month, one.what, one.number) for one in contract.quantities)
    else:
        standard = sum(claim.funds for claim in claims)
    return _finished(contract, cleared, quantity, standard)


def _borne(out: ByHand, contract: Contract, claims: Sequence[Claim]) -> Iterator[int]:
    """What special payers bear of each claim, part by part: the last payer bears the rest."""
    for part in contract.terms.parts:
        for claim in claims:
            amount = claim.funds if part.of == "funds" else claim.person
            left = amount
            for payer in part.payers[:-1]:
                own = whole(Fraction(amount * payer.bp, 10_000))
                out.borne[contract.number, part.of, payer.name] += own
                left -= own
            out.borne[contract.number, part.of, part.payers[-1].name] += left
            yield amount


def _finished(
    contract: Contract, cleared: Sequence[Claim], quantity: int, standard: int, remainder: int = 0
) -> dict[str, int]:
    budget, terms = contract.budget_fen, contract.terms
    surplus = overrun = kept = borne = 0
    if budget is not None:
        surplus, overrun = max(0, budget - standard), max(0, standard - budget)
        kept, borne = shared(terms.surplus, surplus, budget), shared(terms.overrun, overrun, budget)
    payable = standard + kept - (overrun - borne) + contract.procurement_fen - contract.audit_fen
    return {
        "psntime": len(cleared),
        "medfee_sumamt": sum(claim.medfee for claim in cleared),
        "claims": sum(claim.funds for claim in cleared),
        "quantity": quantity,
        "remainder": remainder,
        "others": 0,
        "standard": standard,
        "surplus": surplus,
        "kept": kept,
        "overrun": overrun,
        "borne_by_fund": borne,
        "borne_by_institution": overrun - borne,
        "procurement": contract.procurement_fen,
        "audit": contract.audit_fen,
        "deposit": 0,
        "deposit_returned": 0,
        "deposit_kept": 0,
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
    return "", whole(Fraction(standard * terms.disease_share_bp, 10_000)), 0


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
        worth = fault or points_of(bureau, contract, claim, cases[0])
        found.append(worth if isinstance(worth, str) else _Worth(claim, worth[0]))
    return found


def _shares(
    bureau: Bureau, valued: Mapping[int, Sequence[_Worth | str]], out: ByHand
) -> tuple[dict[int, tuple[Fraction, int | None]], dict[int, str]]:
    """What a point of each contract is worth and, where its pool is emptied, what it gets; and why a pool gets nothing."""
    shares: dict[int, tuple[Fraction, int | None]] = {}
    problems: dict[int, str] = {}
    pools: dict[tuple[str, str, str], list[Contract]] = defaultdict(list)
    for number in valued:
        contract = bureau.contracts[number]
        rate = rules_of(contract).rate_fen
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
    budget, rules = bureau.budgets.get(name), rules_of(contracts[0])
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
    if rules.by_ratio and (not scope or paid * 1000 < scope):
        return "no-ratio"
    there = Fraction(available, 100) / (Fraction(paid, scope) if rules.by_ratio else 1)
    value = decimals(there / sum(points), rules.value_decimals)
    out.values[name] = value
    due = [whole(one * value * 100) for one in points]
    given = emptied(points, due, available) if rules.empties else [None] * len(due)
    shares.update({contract.number: (value, one) for contract, one in zip(contracts, given, strict=True)})
    return ""


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
    (value, given), rules = shares[contract.number], rules_of(contract)
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
            worth, before = whole(so_far * value * 100) - before, whole(so_far * value * 100)
        else:
            worth = whole(one.points * value * 100)
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
    return whole(Fraction(number * rate * terms.bands.get(what, 10_000), 10_000))
