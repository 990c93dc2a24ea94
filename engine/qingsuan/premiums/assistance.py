"""What one person owes in one county and group: standard, assisted part, and who bears it. Exact, each product rounded once.

Worked out once for each pair of county and group; people only look it up.
"""

from __future__ import annotations

from dataclasses import dataclass

from qingsuan.errors import PolicyError
from qingsuan.heads.small_tables import longest
from qingsuan.money import apply_bp, yuan
from qingsuan.premiums.bureau import BureauTables, PoolStandard
from qingsuan.premiums.model import BEARERS, Group, PremiumRule, UnknownGroup

__all__ = ["Terms", "assisted_fen", "borne_fen", "check_standard", "terms_of"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds in one county.

    Attributes
    ----------
    standard_fen : the pool's standard.
    groups : those of the rule that hold there, in rank order.
    unknown : groups that hold there, of which the amount is not known.
    """

    standard_fen: int
    groups: tuple[Group, ...]
    unknown: tuple[UnknownGroup, ...]


def terms_of(rule: PremiumRule, tables: BureauTables, admdvs: str) -> Terms:
    """What holds in a county.

    Raises
    ------
    PolicyError
        The pool's own standard is not allowed.
    """
    own = longest(tables.standards, admdvs) or PoolStandard(rule.standard.fen, "")
    check_standard(rule, own)
    return Terms(
        own.fen,
        tuple(group for group in rule.groups if admdvs.startswith(group.prefixes)),
        tuple(group for group in rule.unknown if admdvs.startswith(group.prefixes)),
    )


def assisted_fen(group: Group, standard_fen: int) -> int:
    """What of the standard is borne for somebody of a group: never more than the standard.

    full | min(yuan, standard) | max(floor, round(standard × percent)).
    """
    if group.form == "full":
        return standard_fen
    if group.form == "yuan":
        return min(group.fen, standard_fen)
    return min(standard_fen, max(group.floor_fen, apply_bp(standard_fen, group.bp)))


def borne_fen(group: Group, assisted: int) -> tuple[int, ...]:
    """Who bears how much of what is assisted, as :data:`~qingsuan.premiums.model.BEARERS`: in the rule's order, the last one the rest."""
    parts = dict.fromkeys(BEARERS, 0)
    left = assisted
    for payer in group.payers:
        asked = left if payer.fen is None else payer.fen
        if payer.bp is not None:
            asked = apply_bp(assisted, payer.bp)
        parts[payer.bearer] = min(asked, left)
        left -= parts[payer.bearer]
    return tuple(parts.values())


def check_standard(rule: PremiumRule, own: PoolStandard) -> None:
    """A pool's standard must be the rule's, or above it where that is a minimum.

    Raises
    ------
    PolicyError
        It is not.
    """
    least = rule.standard.fen
    if own.fen == least or (own.fen > least and rule.standard.minimum):
        return
    bound = "at least" if rule.standard.minimum else "exactly"
    expected = f"{bound} {yuan(least)} per head in {rule.year} ({rule.standard.source}: {rule.file})"
    raise PolicyError(
        own.where, found=f"a premium of {yuan(own.fen)}", expected=expected, do="a bureau cannot set another one"
    )
