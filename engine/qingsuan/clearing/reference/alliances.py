"""The sums of county alliances shared by hand: what was spent outside is found claim by claim."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.reference.points import emptied
from qingsuan.clearing.reference.rows import Claim, whole

__all__ = ["shared_sums"]

_Key = tuple[str, str, str]


def shared_sums(
    bureau: Bureau, claims: Sequence[Claim], mine: Mapping[int, Sequence[Claim]]
) -> tuple[dict[int, tuple[int, int, int]], dict[int, str]]:
    """Share, remainder and care of others of each member's contract, by its number; and why others get nothing.

    Parameters
    ----------
    claims, mine
        All claims of the year, and those of each contract.
    """
    members: dict[_Key, list[Contract]] = defaultdict(list)
    for contract in bureau.contracts:
        if contract.terms.way == "07" and (contract.alliance, contract.pool, contract.insutype) in bureau.alliances:
            members[contract.alliance, contract.pool, contract.insutype].append(contract)
    shares: dict[int, tuple[int, int, int]] = {}
    problems: dict[int, str] = {}
    for key, contracts in members.items():
        contracts.sort(key=lambda one: (one.fixmedins_code, one.clr_type, one.first_month))
        inside = [claim for one in contracts for claim in mine.get(one.number, ())]
        problem = _share(bureau, key, contracts, claims, inside, mine, shares)
        problems.update({one.number: problem for one in contracts if problem})
    return shares, problems


def _share(
    bureau: Bureau,
    key: _Key,
    contracts: Sequence[Contract],
    claims: Sequence[Claim],
    inside: Sequence[Claim],
    mine: Mapping[int, Sequence[Claim]],
    shares: dict[int, tuple[int, int, int]],
) -> str:
    for one in contracts:
        if one.refused or one.lacks:
            return "other-way" if one.refused else "missing-parameter"
    if len({one.terms.id for one in contracts}) > 1:
        return "several-terms"
    alliance = bureau.alliances[key]
    care = {kind for one in bureau.terms.kinds if one.clr_type in alliance.kinds for kind in one.med_types}
    of_its_people = [
        one for one in claims if one.insu_admdvs in alliance.divisions and (one.pool, one.insutype) == key[1:]
    ]
    at_home = {id(claim) for claim in inside}
    available = alliance.amount_fen
    for claim in of_its_people:
        is_apart = (claim.setl_id, claim.pool, claim.insutype) in bureau.specials
        if claim.med_type in care and not is_apart and id(claim) not in at_home:
            available -= claim.funds
    if available < 0:
        return "sum-spent"
    weights = [Fraction(one.weight or 0, 10_000) for one in contracts]
    if not sum(weights):
        return "no-weight"
    due = [whole(available * weight / sum(weights)) for weight in weights]
    for one, part, given in zip(contracts, due, emptied(weights, due, available), strict=True):
        guests = [claim for claim in mine.get(one.number, ()) if claim.insu_admdvs not in alliance.divisions]
        others = sum(claim.funds for claim in guests) if one.terms.others == "item" else 0
        shares[one.number] = part, (given or 0) - part, others
    return ""
