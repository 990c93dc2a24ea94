"""Contracts of some pools and schemes settled: claims and cases together, each contract with all of its terms."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qingsuan.clearing.alliances import share_sums
from qingsuan.clearing.cases import FAULTS, REASONS, Cases, worth
from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.contracts.model import Contract
from qingsuan.clearing.intake.crossing import Crossing
from qingsuan.clearing.intake.sums import Sums
from qingsuan.clearing.joining import join, summed
from qingsuan.clearing.lines import CLAIMED, Line, Unsettled, claimed_of
from qingsuan.clearing.pools import value_pools, value_rates
from qingsuan.clearing.results import Outcome
from qingsuan.clearing.sharing import return_deposits, share_with
from qingsuan.clearing.special.claims import Specials, of_claims
from qingsuan.clearing.standards import of_quantities
from qingsuan.columns.rows import add_up, numbers
from qingsuan.settlement import Settled

__all__ = ["settle_contracts"]

Mask = npt.NDArray[np.bool_]
_CLAIMS = ["contract", "month", *CLAIMED]
_NO_CONTRACT = "contracts.csv has no contract of this institution, pool, scheme and kind of care for the month"
_NO_KIND = "no [[kinds]] of terms.toml has this kind of care (med_type)"
_NO_CLAIM = "no settled claim of a contract that goes by cases has its setl_id"


def settle_contracts(
    bureau: Bureau, added: Sums, crossing: Crossing, settled: pa.Table, cases: pa.Table, contracts: pa.Table
) -> Settled:
    """Settle the contracts of a partition; see :class:`qingsuan.clearing.settlement.ContractClearing`."""
    order = np.sort(numbers(contracts["contract"]))
    lines = {int(number): Line(bureau.contracts[number]) for number in order}
    of_cases, of_specials, sums = _apart(settled, bureau)
    valued = worth(join(of_cases, cases, [one.key for one in bureau.contracts]), bureau)
    special = of_claims(of_specials, bureau.contracts)
    for line in lines.values():
        if line.contract.refused:
            line.problem = ("other-way", line.contract.refused)
        elif line.contract.lacks:
            line.problem = ("missing-parameter", "; ".join(line.contract.lacks))
    pools = value_pools(list(lines.values()), bureau.budgets, valued, _with_case(lines, bureau, valued))
    alliances = share_sums(lines, bureau, crossing)
    value_rates(list(lines.values()), valued, _with_case(lines, bureau, valued))
    whole, has_case = _whole(lines, len(bureau.contracts)), _with_case(lines, bureau, valued)
    own = [added.rows(list(lines)), sums.filter(pc.greater_equal(sums["contract"], 0))]
    own = pa.concat_tables([table.select(_CLAIMS) for table in own])
    claimed = pa.concat_tables([own, summed(valued.joined.claims, has_case), summed(special.claims, ~special.twice)])
    of_whole = claimed.filter(pa.array(whole[numbers(claimed["contract"])]))
    _fill(lines, of_whole)
    _standards(lines, valued, has_case, special)
    unsettled = [*_of_claims(bureau, lines, own, sums, valued, special), *_of_cases(cases, valued)]
    unsettled += [_of_contract(line) for line in lines.values() if line.problem]
    done = [line for line in lines.values() if line.problem is None]
    return_deposits(done)
    for line in done:
        share_with(line)
        line.settle()
    apart = sum(line.contract.procurement_fen for line in lines.values() if line.problem)
    shared = (pools, alliances)
    return Outcome(bureau, done, unsettled, valued, has_case, shared, special, of_whole, apart).settled(len(cases))


def _apart(settled: pa.Table, bureau: Bureau) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Claims that go by cases, claims with special payers, and sums of the others."""
    alone = pc.not_equal(settled["setl_id"], "").combine_chunks().to_numpy(zero_copy_only=False)
    # claims that stand alone are of a contract; sums may be of none, whose number is -1
    special = np.array([*(one.terms.way == "special" for one in bureau.contracts), False], np.bool_)
    is_special = alone & special[numbers(settled["contract"])]
    return tuple(settled.filter(pa.array(mask)) for mask in (alone & ~is_special, is_special, ~alone))


def _with_case(lines: dict[int, Line], bureau: Bureau, cases: Cases) -> Mask:
    """Which claims that go by cases are settled."""
    settled: Mask = _whole(lines, len(bureau.contracts))[cases.contract] & (cases.fault == 0)
    return settled


def _whole(lines: dict[int, Line], contracts: int) -> Mask:
    """Which contracts, by number, are settled."""
    whole = np.zeros(contracts, np.bool_)
    whole[[number for number, line in lines.items() if line.problem is None]] = True
    return whole


def _fill(lines: dict[int, Line], claimed: pa.Table) -> None:
    """Add the claims of contracts up."""
    for number, amounts in _added_up(lines, claimed).items():
        lines[number].claimed = amounts


def _added_up(lines: Collection[int], claimed: pa.Table) -> dict[int, dict[str, int]]:
    most = max(lines, default=-1) + 1
    sums = add_up(numbers(claimed["contract"]), most, [numbers(claimed[name]) for name in CLAIMED])
    return {number: {name: int(own[number]) for name, own in zip(CLAIMED, sums, strict=True)} for number in lines}


def _standards(lines: dict[int, Line], cases: Cases, settled: Mask, special: Specials) -> None:
    """What each contract is due by its way of payment."""
    most, at = max(lines, default=-1) + 1, np.flatnonzero(settled)
    amounts = np.ones(len(at), np.int64), cases.joined.days[at], cases.units[at], cases.standard[at]
    count, days, units, due = add_up(cases.contract[at], most, amounts)
    of_special = special.standards(most)
    for number, line in lines.items():
        if line.problem is not None:
            continue
        terms = line.contract.terms
        if terms.of_cases:
            line.quantity = int((days if terms.way == "03" else count)[number])
            line.standard = int(due[number]) + line.remainder
            line.units = int(units[number]) if terms.points else None
        elif terms.way == "07":
            line.standard = line.share + line.remainder + line.others
        elif terms.way == "special":
            line.standard = int(of_special[number])
        elif terms.counts:
            line.quantity, line.standard = of_quantities(line.contract)
        else:
            line.standard = line.claimed["funds"]


def _of_claims(
    bureau: Bureau, lines: dict[int, Line], own: pa.Table, sums: pa.Table, cases: Cases, special: Specials
) -> Iterable[Unsettled]:
    """Claims that are not settled: of no contract, of one that is not, without their case."""
    nobody = sums.filter(pc.less(sums["contract"], 0))
    by = ["key", "institution", "clr_type", "med_type"]
    added = nobody.group_by(by, use_threads=False).aggregate([(name, "sum") for name in CLAIMED])
    for row in added.sort_by([(name, "ascending") for name in by]).to_pylist():
        pool, scheme = row["key"].split("|")
        kind, reason = ("no-contract", _NO_CONTRACT) if row["clr_type"] else ("no-kind", _NO_KIND)
        name = row["institution"], pool, scheme, row["clr_type"]
        claimed = claimed_of({each: row[f"{each}_sum"] for each in CLAIMED})
        yield Unsettled(kind, "settled", "", reason, name, row["med_type"], "", row["rows_sum"], claimed)
    alone = cases.joined.claims
    amounts: dict[int, dict[str, int]] = {}
    if any(line.problem for line in lines.values()):
        each_claim = [summed(table, np.ones(len(table), np.bool_)) for table in (alone, special.claims)]
        amounts = _added_up(lines, pa.concat_tables([own, *each_claim]))
    for number, line in lines.items():
        if line.problem is None or not amounts[number]["rows"]:
            continue
        kind, reason = line.problem
        rows, claimed = amounts[number]["rows"], claimed_of(amounts[number])
        yield Unsettled(kind, "settled", line.contract.where, reason, line.contract.name, rows=rows, claimed=claimed)
    faulty = np.flatnonzero((cases.fault > 0) & _whole(lines, len(bureau.contracts))[cases.contract])
    for row, at in zip(alone.take(pa.array(faulty)).to_pylist(), faulty.tolist(), strict=True):
        kind = FAULTS[cases.fault[at]]
        contract = bureau.contracts[row["contract"]]
        found = f': "{cases.joined.groups[at].as_py()}"' if kind == "no-standard" else ""
        reason = f"{REASONS[kind]}{found}"
        yield Unsettled(
            kind, "settled", contract.where, reason, contract.name, "", row["setl_id"], row["rows"], claimed_of(row)
        )
    twice = special.twice & _whole(lines, len(bureau.contracts))[special.contract]
    kind = "claim-twice"
    for row in special.claims.filter(pa.array(twice)).to_pylist():
        contract = bureau.contracts[row["contract"]]
        told = contract.name, "", row["setl_id"], row["rows"], claimed_of(row)
        yield Unsettled(kind, "settled", contract.where, REASONS[kind], *told)


def _of_cases(cases: pa.Table, valued: Cases) -> Iterable[Unsettled]:
    """Rows of cases whose claim is not there."""
    unused = cases.take(pa.array(np.flatnonzero(valued.joined.unused)))
    for row in unused.sort_by([("key", "ascending"), ("setl_id", "ascending")]).to_pylist():
        pool, scheme = row["key"].split("|")
        yield Unsettled("no-claim", "cases", "", _NO_CLAIM, ("", pool, scheme, ""), "", row["setl_id"], 1)


def _of_contract(line: Line) -> Unsettled:
    kind, reason = line.problem or ("", "")
    contract: Contract = line.contract
    return Unsettled(kind, "contracts", contract.where, reason, contract.name, rows=1)
