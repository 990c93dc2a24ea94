"""County alliances that are paid a lump sum (县域医共体总额付费): what is left for care inside, by the weights of members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qingsuan.clearing.contracts.alliances import Alliance
from qingsuan.clearing.contracts.bureau import Bureau
from qingsuan.clearing.intake.crossing import Crossing
from qingsuan.clearing.lines import Line
from qingsuan.clearing.pools import emptied
from qingsuan.clearing.standards import rounded
from qingsuan.money import yuan

__all__ = ["Shared", "share_sums"]


@dataclass(slots=True)
class Shared:
    """An alliance whose sum is shared.

    Attributes
    ----------
    contracts : how many share it.
    rows, outside_fen : claims of its people elsewhere, and what the cleared funds paid of them.
    weight : of all contracts, in ten-thousandths.
    others_fen : paid by item for care of other people, beside the sum.
    remainder_fen, taken_by : what rounding left, and which institutions took it.
    """

    alliance: Alliance
    contracts: int
    rows: int
    outside_fen: int
    weight: int
    others_fen: int = 0
    remainder_fen: int = 0
    taken_by: tuple[str, ...] = ()

    @property
    def available_fen(self) -> int:
        """What is left for members."""
        return self.alliance.amount_fen - self.outside_fen

    def problem(self) -> tuple[str, str] | None:
        """Why it cannot be shared, as kind and words; None where it can."""
        if self.available_fen < 0:
            told = f"{yuan(self.outside_fen)} were spent outside it for its people, of a sum of {yuan(self.alliance.amount_fen)}"
            return "sum-spent", f"{self.alliance.where}: {told}"
        if not self.weight:
            return "no-weight", f"{self.alliance.where}: the weights of its members sum to zero"
        return None


def share_sums(lines: Mapping[int, Line], bureau: Bureau, crossing: Crossing) -> list[Shared]:
    """Share the sums of alliances; contracts of those that cannot be shared get the reason.

    Lines get their share and remainder, and what is paid beside the sum for care of other people.
    """
    members: dict[int, list[Line]] = {}
    for line in lines.values():
        alliance = bureau.alliance_of(line.contract)
        if alliance is not None:
            members.setdefault(alliance.number, []).append(line)
    found: list[Shared] = []
    alliances = {one.number: one for one in bureau.alliances.values()}
    for number, mine in sorted(members.items()):
        mine.sort(key=lambda line: (line.contract.fixmedins_code, line.contract.clr_type, line.contract.first_month))
        rows, fen = (int(sums[number]) for sums in crossing.outside)
        weight = sum(line.contract.weight or 0 for line in mine)
        shared = Shared(alliances[number], len(mine), rows, fen, weight)
        problem = _problem(mine) or shared.problem()
        for line in mine:
            line.problem = line.problem or problem
        if problem is None:
            _share(shared, mine, crossing)
            found.append(shared)
    return found


def _problem(lines: Sequence[Line]) -> tuple[str, str] | None:
    """Why these members cannot share a sum: one lacks something, or they do not have the same terms."""
    for line in lines:
        if line.problem is not None:
            kind, reason = line.problem
            return kind, f"{line.contract.where}, which shares the sum of its alliance: {reason}"
    terms = sorted({line.contract.terms.id for line in lines})
    if len(terms) > 1:
        told = " and ".join(f'"{name}"' for name in terms[:2])
        return "several-terms", f"contracts of one alliance have different terms: {told}"
    return None


def _share(shared: Shared, lines: Sequence[Line], crossing: Crossing) -> None:
    weights = [line.contract.weight or 0 for line in lines]
    due = [rounded(shared.available_fen * weight, shared.weight) for weight in weights]
    shared.remainder_fen = shared.available_fen - sum(due)
    for line, before, after in zip(lines, due, emptied(weights, due, shared.available_fen), strict=True):
        line.share, line.remainder = before, after - before
        if line.contract.terms.others == "item":
            line.others = int(crossing.others[1][line.contract.number])
    shared.others_fen = sum(line.others for line in lines)
    shared.taken_by = tuple(dict.fromkeys(line.contract.fixmedins_code for line in lines if line.remainder))
